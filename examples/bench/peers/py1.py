"""The tools on the Python SDK 1.x: py1.py stdio|sse|mcp PORT TOOLS."""

import sys
from typing import Annotated, Literal

from mcp.server.fastmcp import FastMCP
from pydantic import Field

transport, port = sys.argv[1], int(sys.argv[2]) if sys.argv[2].isdigit() else 0
tools = int(sys.argv[3])
server = FastMCP("peer", port=port, log_level="WARNING", json_response=True)


@server.tool()
async def echo(text: str) -> str:
    """Says what it is told"""
    return text


async def filler(
    query: Annotated[str, Field(description="What to look for.")],
    limit: Annotated[int, Field(ge=1, le=1000)] = 50,
    order: Literal["ascending", "descending"] = "ascending",
) -> str:
    return "nothing"


for number in range(3, tools + 1):
    description = f"Looks through collection {number} and says what matches."
    server.add_tool(filler, f"tool_{number:04}", description=description, structured_output=False)

server.run({"stdio": "stdio", "sse": "sse", "mcp": "streamable-http"}[transport])
