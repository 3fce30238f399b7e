"""A second client in a process of its own: it measures while the checks make noise.

`python -m kit.probe echo HOST PORT` opens a session and calls `echo` in a steady rhythm until stdin ends, then prints
the delays as JSON. `python -m kit.probe linger HOST PORT` opens a session, leaves a request held, and waits to be
killed.
"""

import asyncio
import json
import signal
import statistics
import sys
import time
from contextlib import asynccontextmanager

from kit.frames import echo, text
from kit.harness import expect
from kit.sse import SseSession


async def measure(session):
    delays = []
    end = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await session.handshake()
    print("ready", flush=True)
    while not end.done():
        started = time.monotonic()
        text(await session.ask(echo(len(delays)), 30))
        delays.append(time.monotonic() - started)
        await asyncio.sleep(0.02)
    print(json.dumps(delays), flush=True)


async def linger(session):
    await session.send(echo("held"))
    print("ready", flush=True)
    await asyncio.sleep(60)


async def main(what, host, port):
    await {"echo": measure, "linger": linger}[what](await SseSession.open((host, int(port))))


class Delays:
    def __init__(self):
        self.all = []

    def judge(self, median=0.05, worst=0.5):
        """Describes how another session fared, and fails when it was not served as usual."""
        middle, top = statistics.median(self.all), max(self.all)
        seen = f"{len(self.all)} calls beside it: median {middle * 1000:.1f} ms, worst {top * 1000:.0f} ms"
        expect(middle < median and top < worst, f"another session waits: {seen}")
        return seen


async def spawn(what, server):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kit.probe", what, server.address[0], str(server.address[1]),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24,
    )
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    expect(line == b"ready\n", f"the second client did not start: {line!r}")
    return process


@asynccontextmanager
async def beside(server):
    """Another session calls `echo` during the block; yields its delays, filled in when the block ends."""
    process, delays = await spawn("echo", server), Delays()
    try:
        yield delays
        process.stdin.close()
        line = await asyncio.wait_for(process.stdout.readline(), 40)
        expect(line, "the session beside failed")
        delays.all = json.loads(line)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
