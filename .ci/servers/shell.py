"""A shell of our client: a command in, one line of JSON out."""

import asyncio
import json
import shlex
import subprocess
from contextlib import asynccontextmanager

from kit.harness import Failed, expect


class Shell:
    def __init__(self, process):
        self.process = process
        self.notifications = []
        self.log = b""
        self._draining = asyncio.create_task(self._drain())

    async def _drain(self):
        while chunk := await self.process.stderr.read(4096):
            self.log = (self.log + chunk)[-8000:]

    async def run(self, *words, timeout=20):
        """What became of one command: `{"ok": …}` or `{"error": …}`."""
        self.process.stdin.write(shlex.join(words).encode() + b"\n")
        await self.process.stdin.drain()
        return await asyncio.wait_for(self._answer(words), timeout)

    async def _answer(self, words):
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            if "notification" not in answer:
                return answer
            self.notifications.append(answer["notification"])
        raise Failed(f"the client ended at {words}:\n{self.log.decode(errors='replace')}")

    async def ok(self, *words, **how):
        answer = await self.run(*words, **how)
        expect("ok" in answer, f"{shlex.join(words)}: {answer}\n{self.log.decode(errors='replace')[-1500:]}")
        return answer["ok"]

    async def text(self, tool, *arguments, **how):
        """Calls a tool and gives the text of its answer."""
        result = await self.ok("call", tool, *arguments, **how)
        expect(not result.get("isError"), f"{tool}: {result}")
        return result["content"][0]["text"]

    async def notified(self, method, timeout=5):
        """Waits for a notification; commands bring along what came before them."""
        for _ in range(int(timeout / 0.1)):
            found = [each for each in self.notifications if each.get("method") == method]
            if found:
                return found[0]
            await asyncio.sleep(0.1)
            await self.run("ping")
        raise Failed(f"no {method} among {self.notifications}")


@asynccontextmanager
async def shell(kit, target, *options):
    process = await asyncio.create_subprocess_exec(
        *kit.client, "--json", *options, "shell", *target,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, limit=8 << 20,
    )
    it = Shell(process)
    try:
        yield it
        process.stdin.close()
        code = await asyncio.wait_for(process.wait(), 15)
        expect(code == 0, f"the client ended with {code}:\n{it.log.decode(errors='replace')}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
