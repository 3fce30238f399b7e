"""The TypeScript clients reconnect their stream by themselves and never initialize again."""

import asyncio
import json

from kit.frames import AT_ONCE
from kit.harness import add, expect
from kit.proxy import proxying
from kit.server import serving
from checks.sdk import TYPESCRIPT, driver


async def play(kit, client, *flags):
    """Connects through the proxy, cuts the stream, lets the driver call and repair; returns its report."""
    async with serving(kit, *flags) as server, proxying(server) as proxy:
        process = await driver(kit, "ts_reconnect.mjs", client, proxy.url + "/sse")
        try:
            await line(process)  # connected, one call served
            proxy.cut()
            await proxy.stream_number(2, 15)
            await asyncio.sleep(0.3)
            expect(proxy.handshakes == 1, f"{proxy.handshakes} initialize: this client does more than it used to")
            process.stdin.write(b"go\n")
            return await line(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def line(process):
    data = await asyncio.wait_for(process.stdout.readline(), 30)
    if not data:
        error = (await process.stderr.read()).decode(errors="replace")
        expect(False, f"the driver failed:\n{error[-1500:]}")
    return json.loads(data)


def refusal(step, least, most):
    expect(step.get("code") == -32002, f"-32002 is due: {step}")
    expect(step["data"].get("expected") == "initialize", f"data {step['data']}")
    expect(least <= step["seconds"] < most, f"heard after {step['seconds']:.2f} s")


async def hold(kit, client):
    """After the stream was cut: the first call hears -32002 when the hold ends, the next at once, and a hand-sent
    initialize on the same transport repairs the session."""
    report = await play(kit, client)
    refusal(report["first"], 1.5, 2.3)
    refusal(report["second"], 0, 0.3)
    expect(report["repair"].get("result"), f"initialize: {report['repair']}")
    expect(report["after"].get("text") == "after", f"the call after it: {report['after']}")
    return f"{report['first']['seconds']:.2f} s, then {report['second']['seconds'] * 1000:.0f} ms"


async def serve(kit, client):
    """After the stream was cut and with --early serve: calls just work."""
    report = await play(kit, client, "--early", "serve")
    for step in ("first", "second"):
        expect(report[step].get("text") == step, f"{step}: {report[step]}")
        expect(report[step]["seconds"] < 2 * AT_ONCE, f"{step} took {report[step]['seconds']:.2f} s")


async def refuse(kit, client):
    """After the stream was cut and with --early refuse: both calls hear -32002 at once."""
    report = await play(kit, client, "--early", "refuse")
    refusal(report["first"], 0, 0.3)
    refusal(report["second"], 0, 0.3)
    expect(report["after"].get("text") == "after", f"the call after the repair: {report['after']}")


for client in TYPESCRIPT:
    for policy in (hold, serve, refuse):
        add(f"reconnect.{client}.{policy.__name__}",
            lambda kit, client=client, policy=policy: policy(kit, client), policy.__doc__, group="waiting")
