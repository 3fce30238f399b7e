"""Cancelled requests and equal ids."""

import asyncio

from kit.frames import (
    INVALID_REQUEST, call, cancelled, echo, error, initialize, initialized, sequence, serial, text,
)
from kit.harness import expect
from kit.session import key
from kit.transports import each, race


@race("h_cancel_held")
async def h(kit, over):
    """A held request that is cancelled has no answer; its neighbours do."""

    async def scenario(session):
        await session.send_in_order([echo(1), echo(2), echo(3), cancelled(2)])
        await session.handshake()
        for id in (1, 3):
            text(await session.answer(id))
        await session.settle(unanswered=[2])

    async with over.sessions(kit, over.many(kit)) as sessions:
        await each(sessions, scenario)


@race("h_cancel_held_not_run")
async def h_not_run(kit, over):
    """A held request that is cancelled never reaches its tool."""
    async with over.sessions(kit, 1) as (session,):
        await session.send_in_order([sequence(1), sequence(2), sequence(3), cancelled(2)])
        await session.handshake()
        one, three = [serial(heard) for heard in await session.all_answers([1, 3])]
        expect(three == one + 1, f"{three - one - 1} calls ran between the two that were left")
        await session.settle(unanswered=[2])


@race("h_cancel_running")
async def h_running(kit, over):
    """A running call that is cancelled has no answer, and its id can be used again."""

    async def scenario(session):
        await session.handshake()
        await session.send(call("long", "sleep", ms=30_000))
        await asyncio.sleep(0.1)
        await session.send(cancelled("long"))
        text(await session.ask(echo("next")))
        await session.settle(unanswered=["long"])
        text(await session.ask(echo("long")))

    async with over.sessions(kit, min(over.many(kit), 20)) as sessions:
        await each(sessions, scenario)


@race("h_cancel_unknown")
async def h_unknown(kit, over):
    """Cancelling what does not exist, or initialize, or the same twice, does no harm."""
    async with over.sessions(kit, 1, "--init-delay-ms", "200") as (session,):
        await session.send_in_order([cancelled("none"), initialize(), cancelled("init"), initialized()])
        await session.answer("init")
        await session.send_in_order([call("long", "sleep", ms=30_000), cancelled("long"), cancelled("long")])
        text(await session.ask(echo("call")))
        await session.settle(unanswered=["long"])


async def two_with_id_7(session):
    """One of the two is refused with -32600, the other, the first, is served."""
    answers = session.answers[key(7)]
    expect(len(answers) == 2, f"{len(answers)} answers to two requests with id 7")
    refusals = [heard for heard in answers if "error" in heard.message]
    expect(len(refusals) == 1, f"{len(refusals)} of two requests with id 7 were refused")
    error(refusals[0], INVALID_REQUEST)
    served = next(heard for heard in answers if "result" in heard.message)
    expect(text(served) == "first", f"the second was served: {text(served)!r}")


@race("j_duplicate_held")
async def j_held(kit, over):
    """A second request with the id of a held one gets -32600; the first is served."""

    async def scenario(session):
        await session.send_in_order([echo(7, "first"), echo(7, "second")])
        error(await session.answer(7), INVALID_REQUEST)
        await session.handshake()
        text(await session.ask(echo(8)))
        await asyncio.sleep(0.2)
        await two_with_id_7(session)

    async with over.sessions(kit, over.many(kit)) as sessions:
        await each(sessions, scenario)


@race("j_duplicate_running")
async def j_running(kit, over):
    """A second request with the id of a running one gets -32600; the first is unaffected."""
    async with over.sessions(kit, 1) as (session,):
        await session.handshake()
        await session.send_in_order([call(7, "sleep", ms=300), echo(7, "second")])
        error(await session.answer(7), INVALID_REQUEST)
        # The first has its answer too, however slow the machine is; and neither has another.
        async with asyncio.timeout(10):
            while len(session.answers[key(7)]) < 2:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        _, of_first = session.answers[key(7)]
        text(of_first)


@race("j_types")
async def j_types(kit, over):
    """7, "7", a negative, a huge and an empty id are five requests, each answered under its own."""
    ids = [7, "7", -1, 9007199254740993, ""]

    async def scenario(session):
        await session.send_in_order([echo(id, repr(id)) for id in ids])
        await session.handshake()
        for id in ids:
            expect(text(await session.answer(id)) == repr(id), f"the answer to {id!r} is another's")
        await session.settle()

    async with over.sessions(kit, over.many(kit)) as sessions:
        await each(sessions, scenario)
