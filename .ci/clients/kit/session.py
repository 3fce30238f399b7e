"""A raw session: what was sent, what was heard, and when. No SDK, no politeness."""

import asyncio
import json
import time
from dataclasses import dataclass

from kit.frames import AT_ONCE, INVALID_PARAMS, initialize, initialized, ping, result, short
from kit.harness import Failed, expect


@dataclass(frozen=True)
class Heard:
    """A message from the server and when it came."""

    at: float
    place: int  # position among the messages of its session
    message: dict


def key(id):
    """Ids are equal only when type and value are: `7` is not `"7"`."""
    return json.dumps(id)


class Session:
    """Common to both transports; a transport adds `send`, `send_at_once`, `close`."""

    def __init__(self):
        self.heard = []
        self.answers = {}
        self.requests = {}  # id key -> when it was first sent
        self.ended = None  # why the stream is over
        self._waiting = {}

    # what the transports report

    def note_sent(self, frame):
        if isinstance(frame, dict) and "method" in frame and "id" in frame:
            self.requests.setdefault(key(frame["id"]), time.monotonic())

    def note_unsent(self, frame):
        self.requests.pop(key(frame.get("id")), None)

    def note_heard(self, message):
        heard = Heard(time.monotonic(), len(self.heard), message)
        self.heard.append(heard)
        if isinstance(message, dict) and "method" not in message:
            id = key(message.get("id"))
            self.answers.setdefault(id, []).append(heard)
            waiting = self._waiting.pop(id, None)
            if waiting and not waiting.done():
                waiting.set_result(heard)

    def note_end(self, why):
        self.ended = self.ended or why
        for id, waiting in self._waiting.items():
            if not waiting.done():
                waiting.set_exception(Failed(f"no answer to {id}: {self.ended}"))
        self._waiting.clear()

    # what the checks ask

    async def answer(self, id, timeout=10.0):
        """The first answer to `id`."""
        id = key(id)
        if id in self.answers:
            return self.answers[id][0]
        if self.ended:
            raise Failed(f"no answer to {id}: {self.ended}")
        waiting = self._waiting.setdefault(id, asyncio.get_running_loop().create_future())
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), timeout)
        except TimeoutError:
            self._waiting.pop(id, None)
            raise Failed(f"no answer to {id} within {timeout} s") from None

    async def all_answers(self, ids, timeout=10.0):
        async with asyncio.timeout(timeout + 1):
            return [await self.answer(id, timeout) for id in ids]

    def delay(self, heard):
        """Seconds from sending the request to hearing this answer."""
        return heard.at - self.requests[key(heard.message["id"])]

    async def ask(self, frame, timeout=10.0):
        await self.send(frame)
        return await self.answer(frame["id"], timeout)

    async def ask_promptly(self, frame):
        """Asks when the server is surely up (a process may only just have been started): the answer comes at once."""
        if key("up") not in self.answers:
            await self.ask(ping("up"))
        heard = await self.ask(frame, 5)
        expect(self.delay(heard) < AT_ONCE, f"{frame['method']} answered after {self.delay(heard):.2f} s")
        return heard

    async def handshake(self, id="init"):
        heard = await self.ask(initialize(id))
        result(heard)
        await self.send(initialized())
        return heard

    async def settle(self, unanswered=(), invalid=(), grace=0.2):
        """Every request has one answer, none has two, none is -32602 but for the `invalid`; `unanswered` have
        none at all."""
        await asyncio.sleep(grace)
        silent = {key(id) for id in unanswered}
        for id in self.requests:
            count = len(self.answers.get(id, ()))
            expect(count == (0 if id in silent else 1), f"{count} answers to request {id}")
        stray = set(self.answers) - set(self.requests)
        expect(not stray, f"answers nobody asked for: {sorted(stray)[:5]}")
        for heard in self.heard:
            if heard.message.get("error", {}).get("code") == INVALID_PARAMS and heard.message.get("id") not in invalid:
                raise Failed(f"-32602: {short(heard.message)}")
