"""SIGTERM: what is running is answered, then the process ends with 0."""

import asyncio
import time

from kit.frames import call, echo, refused, text
from kit.harness import check, expect
from kit.http import once
from kit.server import Server
from kit.stdio import StdioSession

DEADLINE = 15.0  # a drain may take this long when calls do not end


async def ended(server, timeout):
    started = time.monotonic()
    code = await server.exit_code(timeout)
    expect(code == 0, f"exit code {code}")
    return f"{time.monotonic() - started:.2f} s"


@check("shutdown.idle")
async def idle(kit):
    """With open streams and nothing running the server ends within 3 s."""
    server = await Server.start(kit.server)
    try:
        sessions = [await server.session() for _ in range(20)]
        for session in sessions[:10]:
            await session.handshake()
        server.terminate()
        return await ended(server, 3)
    finally:
        await server.stop()


@check("shutdown.running")
async def running(kit):
    """Calls in flight are answered before the process ends, and nobody new is let in."""
    server = await Server.start(kit.server)
    try:
        sessions = [await server.session() for _ in range(5)]
        for session in sessions:
            await session.handshake()
            await session.send_in_order([call(id, "sleep", ms=1000) for id in range(10)])
        await asyncio.sleep(0.1)
        server.terminate()
        await asyncio.sleep(0.2)
        try:
            response = await once(server.address, "GET", "/sse", timeout=2)
            expect(response.status == 503, f"GET /sse answered {response.status} during the drain")
        except (OSError, EOFError):
            pass
        took = await ended(server, DEADLINE)
        for session in sessions:
            for heard in await session.all_answers(range(10), 2):
                text(heard)
        return took
    finally:
        await server.stop()


@check("shutdown.endless", slow=True)
async def endless(kit):
    """A call that would run for a minute does not keep the process past its drain deadline."""
    server = await Server.start(kit.server)
    try:
        session = await server.session()
        await session.handshake()
        await session.send(call(1, "sleep", ms=60_000))
        await asyncio.sleep(0.1)
        server.terminate()
        return await ended(server, DEADLINE)
    finally:
        await server.stop()


@check("shutdown.held")
async def held(kit):
    """Requests still held are refused rather than lost, and do not keep the process."""
    server = await Server.start(kit.server, "--hold-ms", "30000")
    try:
        session = await server.session()
        await session.send_in_order([echo(id) for id in range(10)])
        server.terminate()
        took = await ended(server, 5)
        for heard in await session.all_answers(range(10), 2):
            refused(heard, "not_initialized", "hold_timeout", "hold_queue_full")
        return took
    finally:
        await server.stop()


@check("shutdown.stdio")
async def stdio(kit):
    """SIGTERM on stdio: the same."""
    session = await StdioSession.open(kit.server)
    try:
        await session.handshake()
        await session.send_in_order([call(id, "sleep", ms=500) for id in range(10)])
        await asyncio.sleep(0.1)
        session.process.terminate()
        started = time.monotonic()
        code = await session.exit_code(DEADLINE)
        expect(code == 0, f"exit code {code}")
        for heard in await session.all_answers(range(10), 2):
            text(heard)
        return f"{time.monotonic() - started:.2f} s"
    finally:
        await session.close()
