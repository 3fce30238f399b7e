"""The tools on the Python SDK 1.x: py1.py stdio|sse|mcp PORT."""

import sys

from mcp.server.fastmcp import FastMCP

transport, port = sys.argv[1], int(sys.argv[2]) if sys.argv[2].isdigit() else 0
server = FastMCP("peer", port=port, log_level="WARNING", json_response=True)


@server.tool()
async def echo(text: str) -> str:
    """Says what it is told"""
    return text


server.run({"stdio": "stdio", "sse": "sse", "mcp": "streamable-http"}[transport])
