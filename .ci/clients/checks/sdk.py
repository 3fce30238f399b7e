"""The published SDKs as clients: every feature over both transports, and many sessions at once."""

import asyncio
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from kit.harness import add, check, expect
from kit.server import serving

DRIVERS = Path(__file__).parent.parent / "sdk"
PYTHON = ("py1", "py2")
TYPESCRIPT = ("ts1", "ts2")
# Clients that know the modern era may probe for it first (`auto`), or keep to the handshake.
MODES = {"py1": ("legacy",), "py2": ("auto", "legacy"), "ts1": ("legacy",), "ts2": ("auto", "legacy")}

HTTP = (("sse", "/sse", "HTTP+SSE"), ("mcp", "/mcp", "Streamable HTTP"))


async def driver(kit, script, client, *arguments):
    """Starts a driver with the interpreter its SDK was installed for."""
    if client in PYTHON:
        program = kit.home / client / "bin" / "python"
        environment = dict(os.environ)
    else:
        program = "node"
        environment = dict(os.environ, MCP_CLIENTS_HOME=str(kit.home))
    expect(client in TYPESCRIPT or program.exists(), f"{program} is not there: run install.sh")
    return await asyncio.create_subprocess_exec(
        str(program), str(DRIVERS / script), client, *arguments, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


async def finish(process, timeout):
    """Waits for a driver; it prints a line per failure, a last line as summary, and exits with their number."""
    try:
        out, err = await asyncio.wait_for(process.communicate(), timeout)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = out.decode(errors="replace").splitlines()
    expect(process.returncode == 0 and lines,
           "\n".join(["", *lines, err.decode(errors="replace")[-2500:] if process.returncode not in (0, 2) else ""]))
    return lines[-1]


def script(client):
    return "python_client.py" if client in PYTHON else "ts_client.mjs"


async def over_http(kit, client, mode, path):
    """All features over {}: lists with 380 tools, calls, progress, logs, prompts, resources, completion, ping;
    nothing is left open afterwards."""
    async with serving(kit) as server:
        (await server.session()).stream.close()
        await asyncio.sleep(0.2)
        files = server.files()
        seen = await finish(await driver(kit, script(client), client, mode, "features", server.url + path), 60)
        await server.files_back_to(files)
        return seen


async def over_stdio(kit, client, mode):
    """The same features over stdio."""
    return await finish(await driver(kit, script(client), client, mode, "features", *kit.server, "--stdio"), 60)


async def questions(kit, client, mode, path):
    """What servers ask, over {}: forms, samples, roots, several at once and in turn; with progress, logs and a
    connection that is closed meanwhile. Runs against the everything server that lies beside the catalog server."""
    program, *flags = kit.server
    beside = Path(program).with_name(Path(program).name.replace("catalog", "everything"))
    async with serving(replace(kit, server=[str(beside), *flags])) as server:
        return await finish(await driver(kit, script(client), client, mode, "questions", server.url + path), 60)


async def parallel(kit, client, mode, path):
    """100 sessions at once over {}: each connects, lists 380 tools, calls echo and leaves; nothing stays."""
    count = kit.count(100, 25)
    async with serving(kit) as server:
        (await server.session()).stream.close()
        await asyncio.sleep(0.2)
        files = server.files()
        started = time.monotonic()
        process = await driver(kit, script(client), client, mode, f"parallel={count}", server.url + path)
        seen = await finish(process, 120)
        took = time.monotonic() - started
        await server.files_back_to(files)
        return f"{seen}, {took:.1f} s"


for client in PYTHON + TYPESCRIPT:
    for mode in MODES[client]:
        label = f"{client}.{mode}" if len(MODES[client]) > 1 else client
        for name, path, title in HTTP:
            add(f"sdk.{label}.{name}",
                lambda kit, client=client, mode=mode, path=path: over_http(kit, client, mode, path),
                over_http.__doc__.format(title), group="sdk", timeout=90)
            add(f"sdk.{label}.{name}.questions",
                lambda kit, client=client, mode=mode, path=path: questions(kit, client, mode, path),
                questions.__doc__.format(title), group="sdk", timeout=90)
        add(f"sdk.{label}.stdio", lambda kit, client=client, mode=mode: over_stdio(kit, client, mode),
            over_stdio.__doc__, group="sdk", timeout=90)
    for name, path, title in HTTP:
        label = f"{client}.parallel" if name == "sse" else f"{client}.parallel.{name}"
        add(f"sdk.{label}",
            lambda kit, client=client, path=path: parallel(kit, client, MODES[client][0], path),
            parallel.__doc__.format(title), timeout=150)


@check("sdk.installed", group="sdk")
async def installed(kit):
    """The SDKs are installed at the pinned versions."""
    return (kit.home / "versions").read_text().replace("\n", " ").strip()
