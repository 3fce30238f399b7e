"""Requests that arrive before, beside and after `initialize`: none lost, none twice, none -32602, order kept."""

import asyncio
import itertools

from kit.frames import (
    AT_ONCE, call, echo, initialize, initialized, list_tools, refused, result, rising, sequence, serial, text,
)
from kit.harness import expect
from kit.transports import each, race


@race("a_no_initialize", group="alone")
async def a(kit, over):
    """Calls without any initialize: the first is refused when the hold ends, later ones at once; then a handshake
    makes the same call work."""

    async def scenario(session):
        first = await session.ask(echo("first"))
        refused(first, "hold_timeout")
        expect(0.45 < session.delay(first) < 1.2, f"held for {session.delay(first):.2f} s, not 0.5")
        later = await session.ask(echo("later"))
        refused(later, "not_initialized", "hold_timeout")
        await session.handshake()
        expect(text(await session.ask(echo("again"))) == "hello", "echo returns something else")
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--hold-ms", "500") as sessions:
        await each(sessions, scenario)
    async with over.sessions(kit, 1, "--hold-ms", "300") as (session,):
        refused(await session.ask(echo(1)), "hold_timeout")
        late = session.delay(await session.ask(echo(2)))
        expect(late < AT_ONCE, f"refused only after {late:.2f} s")
    return f"at once: {late * 1000:.0f} ms"


@race("a_default_hold", group="alone")
async def a_default_hold(kit, over):
    """Without flags an early request is held for 2 s."""
    async with over.sessions(kit, 1) as (session,):
        heard = await session.ask(echo(1))
        refused(heard, "hold_timeout")
        waited = session.delay(heard)
        expect(1.9 < waited < 2.3, f"held for {waited:.2f} s")
        await session.settle()
    return f"{waited:.2f} s"


@race("a_one_deadline", group="alone")
async def a_one_deadline(kit, over):
    """The hold has one deadline per session: a later request does not extend it."""
    async with over.sessions(kit, 1, "--hold-ms", "600") as (session,):
        await session.send(echo(1))
        await asyncio.sleep(0.4)
        await session.send(echo(2))
        first, second = await session.all_answers([1, 2])
        refused(first, "hold_timeout")
        refused(second, "hold_timeout")
        expect(session.delay(second) < 0.4, f"the second was held for {session.delay(second):.2f} s")
        await session.settle()


@race("b_before")
async def b(kit, over):
    """A call and a list, then the handshake: both get results, and nothing leaves ahead of InitializeResult."""

    async def scenario(session):
        await session.send(call("log", "log", level="info", message="early"))
        await session.send(echo("call"))
        await session.send(list_tools("list"))
        await session.handshake()
        expect(text(await session.answer("call")) == "hello", "echo returns something else")
        tools = result(await session.answer("list", 30))["tools"]
        expect(tools[0]["name"] == "echo", f"the first tool is {tools[0]['name']}")
        await session.answer("log")
        expect(session.heard[0].message.get("id") == "init", f"the first message is {session.heard[0].message}")
        await session.settle()

    async with over.sessions(kit, over.many(kit)) as sessions:
        await each(sessions, scenario)


@race("c_at_once")
async def c(kit, over):
    """initialize, tools/list and tools/call on three connections at once, in all six orders."""
    orders = itertools.cycle(itertools.permutations((initialize(), list_tools("list"), echo("call"))))

    async def scenario(session):
        await session.send_at_once(next(orders))
        opened = await session.answer("init", 30)
        result(opened)
        await session.send(initialized())
        for id in ("list", "call"):
            heard = await session.answer(id, 30)
            result(heard)
            expect(heard.place > opened.place, f"{id} answered ahead of initialize")
        await session.settle()

    async with over.sessions(kit, max(6, over.many(kit))) as sessions:
        await each(sessions, scenario)


@race("d_late_initialized")
async def d(kit, over):
    """The gate opens with InitializeResult: requests are served with `initialized` late or never."""

    async def scenario(session, delay):
        result(await session.ask(initialize()))
        await session.send(echo("call"))
        await session.send(list_tools("list"))
        if delay is not None:
            await asyncio.sleep(delay)
            await session.send(initialized())
        for id in ("call", "list"):
            result(await session.answer(id, 30))
        await session.settle()

    for delay in (0.05, 0.5, None):
        async with over.sessions(kit, over.many(kit)) as sessions:
            await each(sessions, lambda session: scenario(session, delay))


@race("k_hundred_held", timeout=120)
async def k(kit, over):
    """100 requests, then initialize: all served after it, in the order they came."""
    ids = list(range(100))

    async def scenario(session):
        await session.send_in_order([sequence(id) for id in ids])
        opened = await session.handshake()
        heard = await session.all_answers(ids, 30)
        rising([serial(one) for one in heard], "served out of order")
        expect(all(one.place > opened.place for one in heard), "served ahead of InitializeResult")
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--hold-ms", "20000") as sessions:
        await each(sessions, scenario)
    return f"{len(sessions) * len(ids)} requests"


@race("k_mid")
async def k_mid(kit, over):
    """40 requests, initialize, 20 at its heels, 20 after its result: the held ones go before any newer one."""

    async def scenario(session):
        before, between, after = (list(range(*span)) for span in ((0, 40), (40, 60), (60, 80)))
        await session.send_in_order([sequence(id) for id in before])
        await session.send_in_order([initialize(), *(sequence(id) for id in between)])
        await session.answer("init", 20)
        await session.send_in_order([initialized(), *(sequence(id) for id in after)])
        heard = await session.all_answers(before + between + after, 20)
        rising([serial(one) for one in heard], "served out of order")
        await session.settle()

    for delay in ("0", "50"):
        async with over.sessions(kit, over.many(kit), "--init-delay-ms", delay, "--hold-ms", "20000") as sessions:
            await each(sessions, scenario)


@race("slow_initialize")
async def slow_initialize(kit, over):
    """initialize takes longer than the hold: every held request still has its one answer."""

    async def scenario(session):
        await session.send_in_order([echo("before"), initialize(), echo("between")])
        await asyncio.sleep(0.6)
        await session.send(echo("late"))
        await session.answer("init")
        for id in ("before", "between", "late"):
            heard = await session.answer(id)
            if "error" in heard.message:
                refused(heard, "hold_timeout", "not_initialized", expected=("initialize", "initialized"))
        text(await session.ask(echo("after")))
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--init-delay-ms", "1000", "--hold-ms", "300") as sessions:
        await each(sessions, scenario)


@race("hold_queue_full", group="alone")
async def hold_queue_full(kit, over):
    """Beyond --hold-max a request is refused at once; those held are served in order."""
    async with over.sessions(kit, 1, "--hold-max", "8") as (session,):
        await session.send_in_order([sequence(id) for id in range(20)])
        for heard in await session.all_answers(range(8, 20)):
            refused(heard, "hold_queue_full")
            expect(session.delay(heard) < AT_ONCE, f"refused only after {session.delay(heard):.2f} s")
        await session.handshake()
        rising([serial(one) for one in await session.all_answers(range(8))], "served out of order")
        await session.settle()
