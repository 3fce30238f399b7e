"""A raw session over stdio: lines to a child process, lines from it."""

import asyncio
import json
import subprocess

from kit.harness import Failed
from kit.server import limits
from kit.session import Session


class StdioSession(Session):
    def __init__(self, process):
        super().__init__()
        self.process = process
        self.noise = []  # lines on stdout that are not JSON
        self._reading = None

    @classmethod
    async def open(cls, command, *flags, read=True):
        process = await asyncio.create_subprocess_exec(
            *command, "--stdio", *flags,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            limit=1 << 16, preexec_fn=limits,
        )
        session = cls(process)
        if read:
            session.read()
        return session

    def read(self):
        self._reading = asyncio.create_task(self._read())

    async def _read(self):
        rest = b""
        while piece := await self.process.stdout.read(1 << 16):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self._line(line)
        if rest:
            self.noise.append(rest)
        self.note_end("stdout ended")

    def _line(self, line):
        try:
            message = json.loads(line)
        except ValueError:
            self.noise.append(line)
        else:
            self.note_heard(message)

    async def send(self, frame):
        self.note_sent(frame)
        await self.send_bytes(json.dumps(frame).encode() + b"\n")

    async def send_at_once(self, frames):
        for frame in frames:
            self.note_sent(frame)
        await self.send_bytes(b"".join(json.dumps(frame).encode() + b"\n" for frame in frames))

    send_in_order = send_at_once  # a pipe keeps the order anyway

    async def send_bytes(self, data):
        self.process.stdin.write(data)
        await self.process.stdin.drain()

    def end_input(self):
        self.process.stdin.close()

    async def exit_code(self, timeout):
        try:
            code = await asyncio.wait_for(self.process.wait(), timeout)
        except TimeoutError:
            raise Failed(f"the server still runs {timeout} s later") from None
        if self._reading:
            await self._reading  # what was written before the exit
        return code

    async def close(self):
        if not self._reading:
            self.read()  # asyncio sees the end of the process only at the end of its output
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self._reading.cancel()
