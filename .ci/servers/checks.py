"""What must work with every server that is not ours."""

import asyncio
import os

from kit.harness import Failed, add, expect
from peers import ALL, target
from shell import shell

LEGACY = "2025-11-25"
ANSWERS = ("--elicit", '{"name":"Ada"}', "--sample", "sampled", "--root", "file:///tmp")


async def features(kit, peer, transport, options):
    """Lists and calls, progress, questions of the server, resources, prompts, ping."""
    async with target(kit, peer, transport) as (where, _), shell(kit, where, *ANSWERS, *options) as client:
        info = await client.ok("info")
        tools = {tool["name"] for tool in (await client.ok("tools"))["tools"]}
        expect({"echo", "count", "sleep"} <= tools, f"tools: {tools}")
        for said in ("hello", "", "ünï\u2028cödé 🦀", "x" * 300_000):
            expect(await client.text("echo", f"text={said}") == said, f"echo of {said[:20]!r}")
        expect(await client.text("count", "to=3") == "counted to 3", "count")
        steps = [it["params"]["progress"] for it in client.notifications if it["method"] == "notifications/progress"]
        expect(steps == [1, 2, 3], f"progress: {steps}")
        for tool, argument, expected in QUESTIONS:
            if can_ask(peer, transport, info):
                expect(await client.text(tool, *argument) == expected, tool)
        if "resources" not in peer.lacks:
            uris = [resource["uri"] for resource in (await client.ok("resources"))["resources"]]
            expect("peer://notes" in uris, f"resources: {uris}")
            contents = (await client.ok("read", "peer://notes"))["contents"]
            expect(contents[0]["text"] == "notes of the peer", f"notes: {contents}")
        if "prompts" not in peer.lacks:
            expect([it["name"] for it in (await client.ok("prompts"))["prompts"]] == ["greeting"], "prompts")
            messages = (await client.ok("prompt", "greeting", "name=Ada"))["messages"]
            expect(messages[0]["content"]["text"] == "Greet Ada", f"greeting: {messages}")
        await client.ok("ping")
        refused = await client.run("call", "no such tool")
        expect("error" in refused or refused["ok"].get("isError"), f"an unknown tool: {refused}")
        return f"{info['protocolVersion']}, {len(tools)} tools"


QUESTIONS = (
    ("ask", ["question=Who?"], "accept: Ada"),
    ("sample", ["prompt=Say something"], "sampled"),
    ("roots", [], "file:///tmp"),
)


def can_ask(peer, transport, info):
    # Without sessions it has nobody to ask; in the modern era it needs none.
    return not (peer.name == "ts2" and transport == "mcp" and info["protocolVersion"] == LEGACY)


async def cancel(kit, peer, transport, options):
    """A call that is given up is cancelled at the server, and the connection serves on."""
    async with target(kit, peer, transport) as (where, _), shell(kit, where, *options) as client:
        given_up = await client.run("cancel-after", "0.3", "sleep", "seconds=20")
        expect("error" in given_up, f"{given_up}")
        for _ in range(50):
            if await client.text("cancelled") == "1":
                return
            await asyncio.sleep(0.1)
        raise Failed("the server never heard of it")


async def subscribe(kit, peer, transport, options):
    """A subscribed resource that changes is told of."""
    async with target(kit, peer, transport) as (where, _), shell(kit, where, *options) as client:
        await client.ok("listen", "peer://notes")
        expect(await client.text("touch") == "touched", "touch")
        told = await client.notified("notifications/resources/updated")
        expect(told["params"]["uri"] == "peer://notes", f"{told}")


async def restart(kit, peer, transport, options):
    """The server is killed and started again: what was in flight ends honestly, the next commands work."""
    async with target(kit, peer, transport) as (where, running), shell(kit, where, *options) as client:
        expect(await client.text("echo", "text=before") == "before", "echo")
        call = asyncio.create_task(client.run("call", "sleep", "seconds=30"))
        await asyncio.sleep(0.5)
        await running.kill()
        await running.start()
        ended = await asyncio.wait_for(call, 15)
        expect("error" in ended, f"in flight: {ended}")
        for attempt in range(20):
            answer = await client.run("call", "echo", "text=after")
            if "ok" in answer:
                expect(answer["ok"]["content"][0]["text"] == "after", f"{answer}")
                return f"answered at attempt {attempt + 1}"
            await asyncio.sleep(0.25)
        raise Failed(f"never again: {answer}")


async def no_orphan(kit, peer, transport, options):
    """The server's process is gone when the client is, even when the client is killed."""
    async with target(kit, peer, transport) as (where, _):
        client = await asyncio.create_subprocess_exec(
            *kit.client, "--json", *options, "shell", *where,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )
        client.stdin.write(b"ping\n")
        await asyncio.wait_for(client.stdout.readline(), 20)
        children = children_of(client.pid)
        expect(children, "no server was started")
        client.kill()
        await client.wait()
        for _ in range(100):
            if not any(map(runs, children)):
                return
            await asyncio.sleep(0.1)
        raise Failed(f"still there: {children}")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        found = [int(child) for child in file.read().split()]
    return found or [
        int(entry) for entry in os.listdir("/proc")
        if entry.isdigit() and status(entry, "PPid") == str(pid)
    ]


def status(pid, name):
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((line.split()[1] for line in file if line.startswith(f"{name}:")), None)
    except OSError:
        return None


def runs(pid):
    return status(pid, "State") not in (None, "Z")


async def everything(kit, transport):
    """The reference server: its tools, a sum, a long operation with progress, a resource."""
    from peers import Running  # noqa: PLC0415

    program = ["node", str(kit.servers / "node_modules/@modelcontextprotocol/server-everything/dist/index.js")]
    if transport == "stdio":
        return await reference(kit, ["--", *program, "stdio"])
    running = Running(program, {"sse": "sse", "mcp": "streamableHttp"}[transport], f"/{transport}")
    running.command.pop()
    os.environ["PORT"] = str(running.port)
    await running.start()
    try:
        return await reference(kit, [running.url])
    finally:
        await running.kill()


async def reference(kit, where):
    async with shell(kit, where, *ANSWERS) as client:
        info = await client.ok("info")
        tools = {tool["name"] for tool in (await client.ok("tools"))["tools"]}
        expect("8" in await client.text("get-sum", "a=3", "b=5"), "get-sum")
        await client.ok("call", "trigger-long-running-operation", "duration=1", "steps=4")
        steps = [it for it in client.notifications if it["method"] == "notifications/progress"]
        expect(len(steps) == 4, f"progress: {steps}")
        resources = (await client.ok("resources"))["resources"]
        await client.ok("read", resources[0]["uri"])
        expect((await client.ok("prompts"))["prompts"], "prompts")
        return f"{info['protocolVersion']}, {len(tools)} tools, {len(resources)} resources"


def register():
    for peer in ALL:
        modes = (("auto", ()), ("legacy", ("--protocol", LEGACY))) if peer.modern else (("auto", ()),)
        for transport in peer.transports:
            for mode, options in modes:
                name = f"{peer.name}.{transport}" + (f".{mode}" if len(modes) > 1 else "")
                for what in checks_of(peer, transport, mode):
                    add(f"{name}.{what.__name__}",
                        lambda kit, what=what, peer=peer, transport=transport, options=options:
                            what(kit, peer, transport, options),
                        what.__doc__, group="peers", timeout=60)
    for transport in ("stdio", "sse", "mcp"):
        # One at a time: it takes its port from the environment.
        add(f"everything.{transport}", lambda kit, transport=transport: everything(kit, transport),
            everything.__doc__, group="alone", timeout=60)


def checks_of(peer, transport, mode):
    yield features
    yield cancel
    # The Python SDK 2.x and both eras of ts2 tell of changes in the modern era alone.
    tells = {"py1": True, "ts1": True, "py2": mode == "auto" and transport != "sse",
             "ts2": mode == "auto" and transport == "mcp", "rmcp": False}
    if tells[peer.name]:
        yield subscribe
    if transport == "stdio":
        yield no_orphan
    else:
        yield restart
