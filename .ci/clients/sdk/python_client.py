"""Drives a server with the Python SDK, version 1 or 2.

python_client.py py1|py2 auto|legacy features|questions|parallel=N URL|COMMAND...

A URL that ends in /mcp is Streamable HTTP. `questions` wants an everything server, the others a catalog server.

Prints a line per failed step and a summary; exits with 2 when a step failed.
"""

import asyncio
import sys
import time
import warnings
from contextlib import asynccontextmanager

from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

V2 = sys.argv[1] == "py2"
MODE = sys.argv[2]
TOOLS = 380
MODERN = "2026-07-28"

if V2:
    import mcp_types as types
    from mcp import Client, MCPError as ProtocolError

    warnings.simplefilter("ignore")
else:
    import mcp.types as types
    from mcp import ClientSession, McpError as ProtocolError
    from pydantic import AnyUrl


def transport(target):
    if target[0].endswith("/mcp"):
        return streamable_http_client(target[0])
    if target[0].startswith("http"):
        # A hundred sessions share one slow event loop here: it may take it long to see that it is connected.
        return sse_client(target[0], timeout=60)
    return stdio_client(StdioServerParameters(command=target[0], args=target[1:]))


@asynccontextmanager
async def connected(target, logs, **callbacks):
    """A session after its handshake; `logs` receives log notifications."""

    async def on_log(params):
        logs.append(params)

    callbacks["logging_callback"] = on_log
    if V2:
        async with Client(transport(target), mode=MODE, log_level="debug", **callbacks) as client:
            client.version = client.protocol_version
            yield client
    else:
        async with transport(target) as (read, write, *_), ClientSession(read, write, **callbacks) as session:
            session.version = (await session.initialize()).protocolVersion
            yield session


def wire(model):
    """A result as it was on the wire: the two versions name their attributes differently."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def everything(list_page, field):
    """All pages of a list."""
    found, cursor = [], None
    for _ in range(TOOLS):
        page = wire(await list_page(cursor))
        found += page[field]
        cursor = page.get("nextCursor")
        if cursor is None:
            return found
    raise AssertionError("the pages never end")


def page_of(session, name):
    method = getattr(session, name)
    if V2:
        return lambda cursor: method(cursor=cursor)
    return lambda cursor: method(params=types.PaginatedRequestParams(cursor=cursor) if cursor else None)


def uri(text):
    return text if V2 else AnyUrl(text)


def same(found, wanted):
    assert found == wanted, f"{found!r}, not {wanted!r}"


def text_of(result):
    result = wire(result)
    assert not result.get("isError"), result
    return result["content"][0]["text"]


class Steps:
    """The features, one method each."""

    def __init__(self, session, logs):
        self.session, self.logs = session, logs
        self.modern = session.version == MODERN

    async def tools(self):
        tools = await everything(page_of(self.session, "list_tools"), "tools")
        same(len(tools), TOOLS)
        same([tool["name"] for tool in tools[:2]], ["echo", "sequence"])
        same(len({tool["name"] for tool in tools}), TOOLS)
        same(tools[0]["inputSchema"]["properties"]["text"]["type"], "string")

    async def echo(self):
        for text in ("hello", "", "ünï\u2028cödé 🦀", "x" * 300_000):
            same(text_of(await self.session.call_tool("echo", {"text": text})), text)

    async def sequence(self):
        first = int(text_of(await self.session.call_tool("sequence", {})))
        assert int(text_of(await self.session.call_tool("sequence", {}))) > first

    async def together(self):
        texts = [str(number) for number in range(50)]
        results = await asyncio.gather(*(self.session.call_tool("echo", {"text": text}) for text in texts))
        same([text_of(result) for result in results], texts)

    async def unknown_tool(self):
        try:
            result = wire(await self.session.call_tool("no such tool", {}))
        except ProtocolError as failure:
            same(failure.error.code, -32602)
        else:
            raise AssertionError(f"a result: {result}")

    async def bad_arguments(self):
        try:
            result = wire(await self.session.call_tool("echo", {"text": 7}))
            assert result.get("isError"), result
        except ProtocolError as failure:
            same(failure.error.code, -32602)

    async def progress(self):
        seen = []

        async def on_progress(progress, total, message):
            seen.append(progress)

        text_of(await self.session.call_tool("progress", {"steps": 3}, progress_callback=on_progress))
        await asyncio.sleep(0.1)
        same(len(seen), 3)
        same(seen, sorted(set(seen)))
        text_of(await self.session.call_tool("progress", {"steps": 3}))

    async def log(self):
        if not self.modern:
            await self.session.set_logging_level("debug")
        before = len(self.logs)
        text_of(await self.session.call_tool("log", {"level": "info", "message": "a line of log"}))
        for _ in range(20):
            if len(self.logs) > before:
                break
            await asyncio.sleep(0.05)
        same(len(self.logs), before + 1)
        found = wire(self.logs[-1])
        same(found["level"], "info")
        assert "a line of log" in str(found["data"]), found

    async def prompts(self):
        prompts = await everything(page_of(self.session, "list_prompts"), "prompts")
        greeting = next(prompt for prompt in prompts if prompt["name"] == "greeting")
        same([argument["name"] for argument in greeting["arguments"]], ["name"])
        prompt = wire(await self.session.get_prompt("greeting", {"name": "Ada"}))
        assert "Ada" in prompt["messages"][0]["content"]["text"], prompt

    async def resources(self):
        resources = await everything(page_of(self.session, "list_resources"), "resources")
        assert "catalog://readme" in [resource["uri"] for resource in resources], resources
        contents = wire(await self.session.read_resource(uri("catalog://readme")))["contents"]
        same(contents[0]["uri"], "catalog://readme")
        assert contents[0]["text"], contents

    async def templates(self):
        templates = await everything(page_of(self.session, "list_resource_templates"), "resourceTemplates")
        assert "catalog://tool/{name}" in [template["uriTemplate"] for template in templates], templates
        contents = wire(await self.session.read_resource(uri("catalog://tool/echo")))["contents"]
        assert "echo" in contents[0]["text"], contents

    async def unknown_resource(self):
        try:
            await self.session.read_resource(uri("catalog://nothing"))
        except ProtocolError as failure:
            same(failure.error.code, -32602 if self.modern else -32002)
        else:
            raise AssertionError("a result")

    async def completion(self):
        ref = types.PromptReference(type="ref/prompt", name="greeting")
        result = wire(await self.session.complete(ref, {"name": "name", "value": "A"}))
        assert isinstance(result["completion"]["values"], list), result

    async def ping(self):
        if not self.modern:
            await self.session.send_ping()


class Questions:
    """What a server can ask, one method each; in the modern era every question takes a round."""

    FORM = {"name": "Ada", "color": "green", "ok": True, "context": "a test"}

    def __init__(self, session, logs):
        self.session, self.logs = session, logs

    @classmethod
    def _callbacks(cls):
        """A client whose user fills in every form, and whose model knows one capital."""

        async def on_elicit(context, params):
            fields = wire(params)["requestedSchema"]["properties"]
            return types.ElicitResult(action="accept", content={name: cls.FORM[name] for name in fields})

        async def on_sample(context, params):
            answer = types.TextContent(type="text", text="Paris")
            return types.CreateMessageResult(role="assistant", content=answer, model="kit")

        async def on_roots(context):
            return types.ListRootsResult(roots=[types.Root(uri=uri("file:///kit"), name="kit")])

        return {
            "elicitation_callback": on_elicit, "sampling_callback": on_sample, "list_roots_callback": on_roots,
        }

    async def _call(self, name):
        return text_of(await self.session.call_tool("test_input_required_result_" + name, {}))

    async def elicitation(self):
        same(await self._call("elicitation"), "Hello, Ada!")

    async def sampling(self):
        same(await self._call("sampling"), "The model says: Paris")

    async def roots(self):
        same(await self._call("list_roots"), "1 folders: file:///kit")

    async def several(self):
        same(await self._call("multiple_inputs"), "Paris (Ada, 1 folders)")

    async def one_by_one(self):
        same(await self._call("multi_round"), "Ada likes green.")

    async def memo(self):
        first, second = [(await self._call("request_state")).split() for _ in range(2)]
        same((first[0], first[3:], int(second[2]) - int(first[2])), ("state-ok:", ["is", "used"], 1))

    async def prompt(self):
        prompt = wire(await self.session.get_prompt("test_input_required_result_prompt"))
        assert "a test" in prompt["messages"][0]["content"]["text"], prompt

    async def reconnection(self):
        same(text_of(await self.session.call_tool("test_reconnection", {}))[:17], "Reconnection test")

    async def progress(self):
        seen = []

        async def on_progress(progress, total, message):
            seen.append((progress, total))

        text_of(await self.session.call_tool("test_tool_with_progress", {}, progress_callback=on_progress))
        await asyncio.sleep(0.1)
        same(seen, [(0, 100), (50, 100), (100, 100)])

    async def log(self):
        text_of(await self.session.call_tool("test_tool_with_logging", {}))
        await asyncio.sleep(0.1)
        same([wire(log)["data"].split()[-1] for log in self.logs], ["started", "data", "completed"])


async def features(target, kind, **callbacks):
    logs, failures = [], 0
    started = time.monotonic()
    async with connected(target, logs, **callbacks) as session:
        took = time.monotonic() - started
        if took > 1.5:
            failures += 1
            print(f"connect: took {took:.2f} s")
        steps = kind(session, logs)
        names = [name for name, step in vars(kind).items() if name.islower() and not name.startswith("_")]
        for name in names:
            try:
                await asyncio.wait_for(getattr(steps, name)(), 20)
            except Exception as failure:
                failures += 1
                print(f"{name}: {type(failure).__name__} {str(failure)[:300]}")
    print(f"{len(names)} steps, revision {session.version}, connected in {took * 1000:.0f} ms")
    return failures


async def one_of_many(target, number):
    async with connected(target, []) as session:
        tools = await everything(page_of(session, "list_tools"), "tools")
        same(len(tools), TOOLS)
        same(text_of(await session.call_tool("echo", {"text": str(number)})), str(number))


async def parallel(target, count):
    results = await asyncio.gather(*(one_of_many(target, number) for number in range(count)), return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in failures[:5]:
        print(f"session: {type(failure).__name__} {failure}")
    print(f"{count - len(failures)} of {count} sessions")
    return len(failures)


async def main(what, target):
    if what == "features":
        return await features(target, Steps)
    if what == "questions":
        return await features(target, Questions, **Questions._callbacks())
    return await parallel(target, int(what.removeprefix("parallel=")))


sys.exit(2 if asyncio.run(main(sys.argv[3], sys.argv[4:])) else 0)
