"""The peer on the Python SDK 2.x, which serves both eras: py2.py stdio|sse|mcp [PORT]."""

import sys
from typing import Annotated

from mcp.server.mcpserver import Context, Elicit, ElicitationResult, ListRoots, MCPServer, Resolve, Sample
from mcp_types import CreateMessageResult, ListRootsResult, SamplingMessage, TextContent

from plain import Answer, offer

transport, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
server = MCPServer("peer", log_level="WARNING")
offer(server, Context)


async def asked(question: str) -> Elicit[Answer]:
    return Elicit(question, Answer)


async def sampled(prompt: str) -> Sample:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    return Sample([message], max_tokens=50)


async def listed() -> ListRoots:
    return ListRoots()


@server.tool()
async def ask(question: str, answer: Annotated[ElicitationResult[Answer], Resolve(asked)]) -> str:
    return f"{answer.action}: {answer.data.name}" if answer.action == "accept" else answer.action


@server.tool()
async def sample(prompt: str, result: Annotated[CreateMessageResult, Resolve(sampled)]) -> str:
    return result.content.text


@server.tool()
async def roots(result: Annotated[ListRootsResult, Resolve(listed)]) -> str:
    return " ".join(str(root.uri) for root in result.roots)


@server.tool()
async def touch(ctx: Context) -> str:
    await ctx.notify_resource_updated("peer://notes")
    return "touched"


match transport:
    case "stdio":
        server.run()
    case "sse":
        server.run("sse", port=port)
    case "mcp":
        server.run("streamable-http", port=port)
