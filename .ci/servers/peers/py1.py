"""The peer on the Python SDK 1.x: py1.py stdio|sse|mcp [PORT]."""

import sys

import anyio
from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent
from pydantic import AnyUrl, BaseModel

transport, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
server = FastMCP("peer", port=port, log_level="WARNING")
cancelled = 0


class Answer(BaseModel):
    name: str


@server.tool()
def echo(text: str) -> str:
    return text


@server.tool()
async def count(to: int, ctx: Context) -> str:
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, f"step {step}")
        await anyio.sleep(0.02)
    return f"counted to {to}"


@server.tool()
async def sleep(seconds: float) -> str:
    global cancelled
    try:
        await anyio.sleep(seconds)
    except anyio.get_cancelled_exc_class():
        cancelled += 1
        raise
    return f"slept {seconds} s"


@server.tool(name="cancelled")
def cancelled_sleeps() -> str:
    return str(cancelled)


@server.tool()
async def ask(question: str, ctx: Context) -> str:
    answer = await ctx.elicit(question, Answer)
    return f"{answer.action}: {answer.data.name}" if answer.action == "accept" else answer.action


@server.tool()
async def sample(prompt: str, ctx: Context) -> str:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    result = await ctx.session.create_message([message], max_tokens=50)
    return result.content.text


@server.tool()
async def roots(ctx: Context) -> str:
    result = await ctx.session.list_roots()
    return " ".join(str(root.uri) for root in result.roots)


@server.tool()
async def touch(ctx: Context) -> str:
    await ctx.session.send_resource_updated(AnyUrl("peer://notes"))
    return "touched"


@server.resource("peer://notes")
def notes() -> str:
    return "notes of the peer"


@server.prompt()
def greeting(name: str) -> str:
    return f"Greet {name}"


@server._mcp_server.subscribe_resource()
async def subscribe(uri: AnyUrl) -> None:
    pass


@server._mcp_server.unsubscribe_resource()
async def unsubscribe(uri: AnyUrl) -> None:
    pass


server.run({"stdio": "stdio", "sse": "sse", "mcp": "streamable-http"}[transport])
