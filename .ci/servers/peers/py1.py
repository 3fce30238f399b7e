"""The peer on the Python SDK 1.x: py1.py stdio|sse|mcp [PORT]."""

import sys

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent
from pydantic import AnyUrl

from plain import Answer, offer

transport, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
server = FastMCP("peer", port=port, log_level="WARNING")
offer(server, Context)


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


@server._mcp_server.subscribe_resource()
async def subscribe(uri: AnyUrl) -> None:
    pass


@server._mcp_server.unsubscribe_resource()
async def unsubscribe(uri: AnyUrl) -> None:
    pass


server.run({"stdio": "stdio", "sse": "sse", "mcp": "streamable-http"}[transport])
