"""The tools on the Python SDK 2.x: py2.py stdio|mcp PORT TOOLS."""

import sys

from mcp.server.mcpserver import Context, MCPServer
from plain import offer

transport, port = sys.argv[1], int(sys.argv[2]) if sys.argv[2].isdigit() else 0
tools = int(sys.argv[3])
server = MCPServer("peer", log_level="WARNING")


@server.tool()
async def count(to: int, ctx: Context) -> str:
    """Counts, and reports each step"""
    for step in range(1, to + 1):
        await ctx.report_progress(step, to, "counting")
    return f"counted to {to}"


offer(server, tools)

if transport == "stdio":
    server.run()
else:
    server.run("streamable-http", port=port, json_response=True)
