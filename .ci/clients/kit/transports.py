"""The two ways to reach a server, so that a race check is written once."""

import asyncio
from contextlib import asynccontextmanager

from kit import harness
from kit.server import serving
from kit.stdio import StdioSession


class Sse:
    """All sessions share one server process."""

    name = "sse"

    @staticmethod
    def many(kit):
        return kit.count(100, 20)

    @staticmethod
    @asynccontextmanager
    async def sessions(kit, count, *flags):
        async with serving(kit, *flags) as server:
            sessions = [await server.session() for _ in range(count)]
            try:
                yield sessions
            finally:
                await asyncio.gather(*(session.close() for session in sessions))


class Stdio:
    """Each session is a server process of its own."""

    name = "stdio"

    @staticmethod
    def many(kit):
        return kit.count(6, 2)

    @staticmethod
    @asynccontextmanager
    async def sessions(kit, count, *flags):
        sessions = [await StdioSession.open(kit.server, *flags) for _ in range(count)]
        try:
            yield sessions
            for session in sessions:
                harness.expect(session.process.returncode is None, "the server ended by itself")
                harness.expect(not session.noise, f"stdout holds {session.noise[:3]}")
        finally:
            await asyncio.gather(*(session.close() for session in sessions))


def race(name, group="race", **options):
    """Registers a check over both transports, as `sse.NAME` and `stdio.NAME`; one that measures time says `alone`."""

    def register(function):
        for over in (Sse, Stdio):
            harness.add(f"{over.name}.{name}", lambda kit, over=over: function(kit, over), function.__doc__,
                        group=group, **options)
        return function

    return register


async def each(sessions, scenario):
    """Plays one scenario in every session at once."""
    return await asyncio.gather(*(scenario(session) for session in sessions))
