"""What the peers on both Python SDKs offer alike."""

import anyio
from pydantic import BaseModel


class Answer(BaseModel):
    name: str


def offer(server, context):
    """Adds tools, a resource and a prompt; `context` is the SDK's type for what a tool can tell its client."""
    cancelled = 0

    @server.tool()
    def echo(text: str) -> str:
        return text

    @server.tool()
    async def count(to: int, ctx: context) -> str:
        for step in range(1, to + 1):
            await ctx.report_progress(step, to, f"step {step}")
            await anyio.sleep(0.02)
        return f"counted to {to}"

    @server.tool()
    async def sleep(seconds: float) -> str:
        nonlocal cancelled
        try:
            await anyio.sleep(seconds)
        except anyio.get_cancelled_exc_class():
            cancelled += 1
            raise
        return f"slept {seconds} s"

    @server.tool(name="cancelled")
    def cancelled_sleeps() -> str:
        return str(cancelled)

    @server.resource("peer://notes")
    def notes() -> str:
        return "notes of the peer"

    @server.prompt()
    def greeting(name: str) -> str:
        return f"Greet {name}"
