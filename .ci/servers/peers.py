"""The servers that are not ours: which there are, how each is started, what it can do."""

import asyncio
import socket
import subprocess
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kit.harness import Failed

PEERS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Peer:
    name: str
    transports: tuple[str, ...]
    modern: bool = False  # whether it serves 2026-07-28 too
    lacks: frozenset[str] = field(default_factory=frozenset)

    def command(self, kit):
        """Its command line, before the transport and the port."""
        if self.name.startswith("py"):
            return [str(kit.clients / self.name / "bin/python"), str(PEERS / f"{self.name}.py")]
        if self.name.startswith("ts"):
            return ["node", str(kit.servers / f"{self.name}.mjs")]
        return [str(kit.servers / "rmcp/release/rmcp-peer")]


ALL = (
    Peer("py1", ("stdio", "sse", "mcp")),
    Peer("py2", ("stdio", "sse", "mcp"), modern=True),
    Peer("ts1", ("stdio", "sse", "mcp")),
    Peer("ts2", ("stdio", "mcp"), modern=True),
    # It offers tools alone.
    Peer("rmcp", ("stdio", "mcp"), modern=True, lacks=frozenset({"resources", "prompts"})),
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A peer that serves HTTP; it can be killed and started again on the same port."""

    def __init__(self, command, transport, path):
        self.port = free_port()
        self.command = [*command, transport, str(self.port)]
        self.url = f"http://127.0.0.1:{self.port}{path}"
        self.process = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            except OSError:
                if self.process.returncode is not None or time.monotonic() > deadline:
                    raise Failed(f"{' '.join(self.command)} does not listen") from None
                await asyncio.sleep(0.05)

    async def kill(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def target(kit, peer, transport):
    """What follows a command of the client to make it talk to the peer, and the peer if it serves HTTP."""
    if transport == "stdio":
        yield ["--", *peer.command(kit), "stdio"], None
        return
    running = Running(peer.command(kit), transport, {"sse": "/sse", "mcp": "/mcp"}[transport])
    await running.start()
    try:
        yield [running.url], running
    finally:
        await running.kill()
