"""What may pass the gate, and what may not open it."""

import asyncio

from kit.frames import (
    INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, MODERN, NOT_INITIALIZED, UNSUPPORTED_VERSION, discover,
    echo, error, initialize, initialized, list_tools, ping, refused, request, result, short, text,
)
from kit.harness import check, expect
from kit.server import serving
from kit.session import key
from kit.transports import Stdio, each, race


@race("e_ping", group="alone")
async def e(kit, over):
    """ping is answered at once while new, with requests held, during initialize, and when ready."""
    async with over.sessions(kit, 1, "--init-delay-ms", "700", "--hold-ms", "5000") as (session,):
        result(await session.ask_promptly(ping("new")))
        await session.send(echo("held"))
        result(await session.ask_promptly(ping("holding")))
        await session.send(initialize())
        result(await session.ask_promptly(ping("initializing")))
        expect(key("init") not in session.answers, "initialize was not slow, so this shows nothing")
        await session.answer("init")
        result(await session.ask_promptly(ping("before initialized")))
        await session.send(initialized())
        result(await session.ask_promptly(ping("ready")))
        text(await session.answer("held"))
        await session.settle()


@race("unknown_method", group="alone")
async def unknown_method(kit, over):
    """A method the server does not have gets -32601 at once, initialized or not."""
    async with over.sessions(kit, 1) as (session,):
        error(await session.ask_promptly(request("new", "no/such")), METHOD_NOT_FOUND)
        await session.handshake()
        error(await session.ask_promptly(request("ready", "no/such")), METHOD_NOT_FOUND)
        await session.settle()


@race("set_level_early", group="alone")
async def set_level_early(kit, over):
    """logging/setLevel is served between InitializeResult and initialized, the strict gate included."""
    for gate in ("result", "initialized"):
        async with over.sessions(kit, 1, "--gate", gate) as (session,):
            result(await session.ask(initialize()))
            result(await session.ask_promptly(request("level", "logging/setLevel", {"level": "info"})))
            await session.send(initialized())
            await session.settle()


@race("f_initialized_first")
async def f_early(kit, over):
    """`initialized` before initialize opens nothing."""

    async def scenario(session):
        await session.send(initialized())
        refused(await session.ask(echo("early")), "hold_timeout")
        await session.handshake()
        text(await session.ask(echo("after")))
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--hold-ms", "300") as sessions:
        await each(sessions, scenario)


@race("f_initialized_beside")
async def f_beside(kit, over):
    """`initialized` while initialize still runs opens nothing ahead of InitializeResult."""

    async def scenario(session):
        await session.send_in_order([initialize(), initialized(), echo("call")])
        opened = await session.answer("init")
        heard = await session.answer("call")
        text(heard)
        expect(heard.place > opened.place, "served ahead of InitializeResult")
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--init-delay-ms", "300") as sessions:
        await each(sessions, scenario)


@race("f_double")
async def f_double(kit, over):
    """Two initialize at once: one result and one -32600; a third, when ready, -32600 and nothing changes."""

    async def scenario(session):
        await session.send_at_once([initialize("one"), initialize("two")])
        both = await session.all_answers(["one", "two"])
        won = [heard for heard in both if "result" in heard.message]
        expect(len(won) == 1, f"{len(won)} results for two initialize")
        error(next(heard for heard in both if heard not in won), INVALID_REQUEST)
        await session.send(initialized())
        text(await session.ask(echo("call")))
        error(await session.ask(initialize("three")), INVALID_REQUEST)
        text(await session.ask(echo("still")))
        await session.settle()

    async with over.sessions(kit, over.many(kit), "--init-delay-ms", "200") as sessions:
        await each(sessions, scenario)


@race("n_refused_initialize")
async def n(kit, over):
    """A refused initialize opens nothing, not even with `initialized` at its heels; a good one then works and serves
    what was held."""

    async def scenario(session):
        await session.send(echo("held"))
        bad = request("bad", "initialize", {"protocolVersion": 7})
        await session.send_in_order([bad, initialized(), echo("after bad")])
        error(await session.answer("bad"), INVALID_PARAMS)
        await asyncio.sleep(0.2)
        for id in ("held", "after bad"):
            expect(key(id) not in session.answers, f"{id!r} was answered without a handshake")
        await session.handshake()
        for id in ("held", "after bad"):
            text(await session.answer(id))
        await session.settle(invalid=["bad"])

    async with over.sessions(kit, over.many(kit)) as sessions:
        await each(sessions, scenario)


@race("n_then_silence", group="alone")
async def n_then_silence(kit, over):
    """After a refused initialize a call is refused in time, as if there had been none."""
    async with over.sessions(kit, 1, "--hold-ms", "300") as (session,):
        error(await session.ask(request("bad", "initialize", {"protocolVersion": 7})), INVALID_PARAMS)
        heard = await session.ask(echo("call"))
        refused(heard, "hold_timeout", "not_initialized")
        expect(session.delay(heard) < 0.6, f"refused after {session.delay(heard):.2f} s")


@check("sse.m_probe")
async def m_sse(kit):
    """server/discover is answered at once with -32601 on HTTP+SSE, in every state and with requests held."""
    async with serving(kit, "--init-delay-ms", "500") as server:
        session = await server.session()
        error(await session.ask_promptly(discover("new")), METHOD_NOT_FOUND)
        await session.send(echo("held"))
        error(await session.ask_promptly(discover("holding")), METHOD_NOT_FOUND)
        await session.send(initialize())
        error(await session.ask_promptly(discover("initializing")), METHOD_NOT_FOUND)
        await session.answer("init")
        text(await session.answer("held"))
        error(await session.ask_promptly(discover("ready")), METHOD_NOT_FOUND)
        await session.settle()
        await session.close()


@race("m_probe_bare", group="alone")
async def m_bare(kit, over):
    """server/discover without the modern `_meta` is answered at once too, with an error that is not -32002."""
    async with over.sessions(kit, 1) as (session,):
        heard = await session.ask_promptly(request("bare", "server/discover", {}))
        found = error(heard, METHOD_NOT_FOUND, INVALID_PARAMS)
        result(await session.ask(initialize()))
    return f"{found['code']}"


@race("m_modern_call", group="alone")
async def m_modern_call(kit, over):
    """A tools/call of the modern era is never held and never hears -32002, new or with requests held."""
    modern = {"name": "echo", "arguments": {"text": "modern"}, "_meta": MODERN}
    async with over.sessions(kit, 1) as (session,):
        seen = []
        for id in ("new", "holding"):
            heard = await session.ask_promptly(request(id, "tools/call", modern))
            if "error" in heard.message:
                error(heard, UNSUPPORTED_VERSION)
            seen.append("error" if "error" in heard.message else text(heard))
            if id == "new" and seen == ["error"]:
                await session.send(echo("held"))
    return seen[0]


@check("stdio.m_probe")
async def m_stdio(kit):
    """server/discover is answered at once on stdio, with versions or -32601, and the handshake still works."""
    async with Stdio.sessions(kit, 1) as (session,):
        heard = await session.ask_promptly(discover("probe"))
        if "error" in heard.message:
            error(heard, METHOD_NOT_FOUND)
        else:
            expect(result(heard).get("supportedVersions"), f"no versions in {short(heard.message)}")
        await session.handshake()
        text(await session.ask(echo("call")))
        await session.settle()
        return "result" if "result" in heard.message else "-32601"


@check("sse.l_hint")
async def l_hint(kit):
    """The endpoint event says init_required=true, and POSTs work with and without that parameter."""
    async with serving(kit) as server:
        session = await server.session()
        expect("init_required=true" in session.endpoint.split("?", 1)[-1].split("&"), f"endpoint {session.endpoint}")
        await session.handshake()
        session.endpoint = session.endpoint.replace("&init_required=true", "").replace("init_required=true&", "")
        session._posts.close()
        session._posts = None
        text(await session.ask(echo(1)))
        await session.settle()
        await session.close()
        return session.endpoint


@race("early_methods")
async def early_methods(kit, over):
    """Every request a session can make is held like a call, and served after the handshake."""
    frames = [
        list_tools("tools"), request("prompts", "prompts/list"), request("resources", "resources/list"),
        request("templates", "resources/templates/list"),
        request("prompt", "prompts/get", {"name": "greeting", "arguments": {"name": "Ada"}}),
        request("read", "resources/read", {"uri": "catalog://readme"}),
        request("complete", "completion/complete",
                {"ref": {"type": "ref/prompt", "name": "greeting"}, "argument": {"name": "name", "value": "A"}}),
    ]

    async def scenario(session):
        await session.send_in_order(frames)
        opened = await session.handshake()
        for frame in frames:
            heard = await session.answer(frame["id"], 20)
            result(heard)
            expect(heard.place > opened.place, f"{frame['id']} answered ahead of initialize")
        await session.settle()

    async with over.sessions(kit, min(over.many(kit), 20)) as sessions:
        await each(sessions, scenario)


@race("early_read")
async def early_read(kit, over):
    """-32002 also means "no such resource": only `data` tells the two apart, so a refusal names a reason and no uri."""
    read = {"uri": "catalog://nothing"}
    async with over.sessions(kit, 1, "--early", "refuse") as (session,):
        data = refused(await session.ask(request("early", "resources/read", read)), "not_initialized")
        expect("uri" not in data, f"a uri in {data}")
        await session.handshake()
        found = error(await session.ask(request("after", "resources/read", read)), NOT_INITIALIZED)
        expect("reason" not in found.get("data", {}), f"a reason in {found}")
        await session.settle()


@race("versions")
async def versions(kit, over):
    """Each handshake revision is answered with itself, an unknown one with one the server has."""
    handshakes = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
    async with over.sessions(kit, 6) as sessions:
        for session, version in zip(sessions, handshakes + ("1999-01-01", "2026-07-28")):
            found = result(await session.ask(initialize(version=version)))["protocolVersion"]
            if version in handshakes:
                expect(found == version, f"asked for {version}, got {found}")
            else:
                expect(found in handshakes, f"asked for {version}, got {found}")
