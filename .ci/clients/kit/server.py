"""The server under test: start it, learn its address, look at it from outside, stop it."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import time
from contextlib import asynccontextmanager

from kit.harness import Failed, expect
from kit.sse import SseSession

URL = re.compile(r"https?://([0-9.]+|localhost|\[::1\]):(\d+)")


def limits():
    """As many open files as the machine allows: thousands of sessions need them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Server:
    def __init__(self, process):
        self.process = process
        self.address = None
        self.log = []

    @classmethod
    async def start(cls, command, *flags):
        server = cls(await asyncio.create_subprocess_exec(
            *command, "--http", "127.0.0.1:0", *flags,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            preexec_fn=limits,
        ))
        found = asyncio.get_running_loop().create_future()
        server._reading = asyncio.create_task(server._read(found))
        server.address = await asyncio.wait_for(found, 20)
        return server

    async def _read(self, found):
        while line := (await self.process.stdout.readline()).decode(errors="replace"):
            self.log = self.log[-200:] + [line]
            match = URL.search(line)
            if match and not found.done():
                found.set_result((match[1].strip("[]"), int(match[2])))
        if not found.done():
            found.set_exception(Failed("the server ended before it listened:\n" + "".join(self.log)))

    @property
    def url(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    async def session(self, **how):
        return await SseSession.open(self.address, **how)

    # seen from outside

    def memory(self):
        return Memory.of(self.process.pid)

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    async def files_back_to(self, count, timeout=10.0):
        """Waits until the server holds no more files than `count`: no socket outlives its client."""
        deadline = time.monotonic() + timeout
        while (now := self.files()) > count:
            expect(time.monotonic() < deadline, f"{now} files open {timeout:.0f} s after the clients left, not {count}")
            await asyncio.sleep(0.05)

    def expect_alive(self):
        code = self.process.returncode
        expect(code is None, f"the server ended with {code}:\n" + "".join(self.log[-20:]))

    # ending it

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    async def exit_code(self, timeout):
        try:
            return await asyncio.wait_for(self.process.wait(), timeout)
        except TimeoutError:
            raise Failed(f"the server still runs {timeout} s later") from None

    async def stop(self):
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        self._reading.cancel()


@asynccontextmanager
async def serving(kit, *flags):
    """A server for the length of a block; it must not have ended by itself."""
    server = await Server.start(kit.server, *flags)
    try:
        yield server
        server.expect_alive()
    finally:
        await server.stop()


class Memory:
    """Resident memory of a process, now and at its highest since `of` was called."""

    LIMIT = 24.0  # MiB a hostile load may add

    def __init__(self, pid, before):
        self.pid, self.before = pid, before

    @classmethod
    def of(cls, pid):
        with open(f"/proc/{pid}/clear_refs", "w") as file:
            file.write("5")  # forget the high-water mark
        return cls(pid, cls._read(pid, "VmRSS"))

    @staticmethod
    def _read(pid, field):
        with open(f"/proc/{pid}/status") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field))

    def judge(self, limit=LIMIT):
        """Describes the growth, and fails when it is not flat."""
        now, peak = self._read(self.pid, "VmRSS"), self._read(self.pid, "VmHWM")
        seen = f"RSS {self.before:.1f} MiB, peak {peak - self.before:+.1f}, after {now - self.before:+.1f}"
        expect(peak - self.before < limit, f"memory is not flat: {seen}")
        return seen
