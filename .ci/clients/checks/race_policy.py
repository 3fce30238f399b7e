"""The policies beside the default: --early refuse, --early serve, --gate initialized."""

import asyncio

from kit.frames import (
    echo, initialize, initialized, list_tools, ping, refused, result, rising, sequence, serial, text,
)
from kit.harness import expect
from kit.session import key
from kit.transports import each, race


@race("policy_refuse", group="alone")
async def policy_refuse(kit, over):
    """--early refuse: refused at once, the session survives; ping passes."""

    async def scenario(session):
        refused(await session.ask(echo("early")), "not_initialized")
        result(await session.ask(ping("ping")))
        await session.handshake()
        text(await session.ask(echo("after")))
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--early", "refuse") as sessions:
        await each(sessions, scenario)
    async with over.sessions(kit, 1, "--early", "refuse") as (session,):
        refused(await session.ask_promptly(echo("timed")), "not_initialized")


@race("policy_serve")
async def policy_serve(kit, over):
    """--early serve: calls and lists work without initialize, and a handshake afterwards works too."""

    async def scenario(session):
        text(await session.ask(echo("early")))
        result(await session.ask(list_tools("list"), 30))
        await session.handshake()
        text(await session.ask(echo("after")))
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--early", "serve") as sessions:
        await each(sessions, scenario)


@race("gate_initialized")
async def gate_initialized(kit, over):
    """--gate initialized: requests wait for `initialized` and are then served in order; ping does not wait."""

    async def scenario(session):
        await session.send(sequence(0))
        result(await session.ask(initialize()))
        await session.send_in_order([sequence(id) for id in range(1, 10)])
        result(await session.ask(ping("ping")))
        await asyncio.sleep(0.2)
        early = [id for id in range(10) if key(id) in session.answers]
        expect(not early, f"answered before initialized: {early}")
        await session.send_in_order([initialized(), sequence(10)])
        rising([serial(one) for one in await session.all_answers(range(11))], "served out of order")
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--gate", "initialized") as sessions:
        await each(sessions, scenario)


@race("gate_initialized_never", group="alone")
async def gate_initialized_never(kit, over):
    """--gate initialized, and it never comes: what was held is refused when the hold ends, and once `initialized`
    does come the session works."""
    async with over.sessions(kit, 1, "--gate", "initialized", "--hold-ms", "300") as (session,):
        result(await session.ask(initialize()))
        heard = await session.ask(echo("call"))
        refused(heard, "hold_timeout", expected=("initialize", "initialized", "notifications/initialized"))
        expect(session.delay(heard) < 0.7, f"refused after {session.delay(heard):.2f} s")
        await session.send(initialized())
        text(await session.ask(echo("after")))
        await session.settle()
