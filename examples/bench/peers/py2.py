"""The tools on the Python SDK 2.x: py2.py stdio|mcp PORT TOOLS."""

import sys
from typing import Annotated, Literal

from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

transport, port = sys.argv[1], int(sys.argv[2]) if sys.argv[2].isdigit() else 0
tools = int(sys.argv[3])
server = MCPServer("peer", log_level="WARNING")


@server.tool()
async def echo(text: str) -> str:
    """Says what it is told"""
    return text


@server.tool()
async def count(to: int, ctx: Context) -> str:
    """Counts, and reports each step"""
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, "counting")
    return f"counted to {to}"


async def filler(
    query: Annotated[str, Field(description="What to look for.")],
    limit: Annotated[int, Field(ge=1, le=1000)] = 50,
    order: Literal["ascending", "descending"] = "ascending",
) -> str:
    return "nothing"


for number in range(3, tools + 1):
    description = f"Looks through collection {number} and says what matches."
    server.add_tool(filler, f"tool_{number:04}", description=description, structured_output=False)

if transport == "stdio":
    server.run()
else:
    server.run("streamable-http", port=port, json_response=True)
