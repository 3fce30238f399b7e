"""The tools on the Python SDK 1.x: py1.py stdio|sse|mcp PORT TOOLS."""

import sys

from mcp.server.fastmcp import FastMCP
from plain import offer

transport, port = sys.argv[1], int(sys.argv[2]) if sys.argv[2].isdigit() else 0
tools = int(sys.argv[3])
server = FastMCP("peer", port=port, log_level="WARNING", json_response=True)

offer(server, tools)
server.run({"stdio": "stdio", "sse": "sse", "mcp": "streamable-http"}[transport])
