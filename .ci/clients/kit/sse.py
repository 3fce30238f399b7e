"""A raw session over HTTP+SSE: a GET that streams, and POSTs on connections of their own."""

import asyncio
import json
import time
from collections import Counter

from kit.harness import Failed, expect
from kit.http import Connection
from kit.session import Session


class SseSession(Session):
    def __init__(self, address):
        super().__init__()
        self.address = address
        self.endpoint = None  # path and query, as the server sent it
        self.headers = {}
        self.comments = []  # when each comment line came
        self.stream = None
        self._rest = None
        self._reading = None
        self._posts = None  # the connection `send` keeps
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, address, headers=(), receive_buffer=None, read=True):
        """Opens the stream and waits for `endpoint`; with `read=False` nothing is read after it."""
        session = cls(address)
        session.stream = await Connection.open(address, receive_buffer)
        try:
            await session._start(headers, read)
        except BaseException:
            session.stream.close()
            raise
        return session

    async def _start(self, headers, read):
        stream = self.stream
        stream.writer.write(stream.head("GET", "/sse", {"Accept": "text/event-stream"} | dict(headers)))
        async with asyncio.timeout(10):
            status, self.headers = await stream.read_head()
            if status != 200:
                raise Refused(status)
            lines = self._lines()
            event = await anext(self._events(lines))
        expect(event[0] == "endpoint", f"the first event is {event}, not endpoint")
        self.endpoint = event[1]
        self._rest = lines
        if read:
            self.read()

    def read(self):
        """Reads the stream from here on."""
        self._reading = asyncio.create_task(self._read(self._rest))

    async def _lines(self):
        """Lines of the stream; CR LF and LF end one."""
        rest = b""
        pieces = self.stream.chunks() if self.headers.get("transfer-encoding") == "chunked" else self._raw()
        async for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.rstrip(b"\r").decode()

    async def _raw(self):
        while piece := await self.stream.reader.read(1 << 16):
            yield piece

    async def _events(self, lines):
        name, data = "message", []
        async for line in lines:
            if line.startswith(":"):
                self.comments.append(time.monotonic())
            elif line:
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
            else:
                if data:
                    yield name, "\n".join(data)
                name, data = "message", []

    async def _read(self, lines):
        try:
            async for name, data in self._events(lines):
                if name == "message":
                    self.note_heard(json.loads(data))
            self.note_end("the stream ended")
        except (OSError, EOFError) as failure:
            self.note_end(f"the stream broke: {failure!r}")

    async def post(self, body, path=None, headers=(), note=None):
        """One POST on a fresh connection; returns the response, whatever it is."""
        connection = await Connection.open(self.address)
        try:
            self.note_sent(note)
            connection.write_post(path or self.endpoint, body, {"Connection": "close"} | dict(headers))
            return await asyncio.wait_for(connection.read_response(), 10)
        finally:
            connection.close()

    async def send(self, frame):
        """Sends in order on one kept connection; the frame must be accepted."""
        async with self._lock:
            if self._posts is None:
                self._posts = await Connection.open(self.address)
            self.note_sent(frame)
            self._posts.write_post(self.endpoint, json.dumps(frame).encode())
            response = await asyncio.wait_for(self._posts.read_response(), 10)
            if response.headers.get("connection", "").lower() == "close":
                self._posts.close()
                self._posts = None
        expect(response.status == 202, f"POST answered {response.status} {response.body[:200]!r}")

    async def send_at_once(self, frames):
        """Writes each frame on its own connection, in this order, without waiting in between."""
        connections = [await Connection.open(self.address) for _ in frames]
        try:
            for connection, frame in zip(connections, frames):
                self.note_sent(frame)
                connection.write_post(self.endpoint, json.dumps(frame).encode())
            for connection in connections:
                response = await asyncio.wait_for(connection.read_response(), 10)
                expect(response.status == 202, f"POST answered {response.status} {response.body[:200]!r}")
        finally:
            for connection in connections:
                connection.close()

    async def pour(self, frames, window=64, timeout=30.0):
        """Pipelines the frames on one connection, `window` at a time; returns how often each status came. What is
        not accepted was no request. Ends early, without complaint, when the server ends the connection."""
        statuses = Counter()
        connection = await Connection.open(self.address)
        try:
            async with asyncio.timeout(timeout):
                for start in range(0, len(frames), window):
                    for frame in frames[start : start + window]:
                        self.note_sent(frame)
                        connection.write_post(self.endpoint, json.dumps(frame).encode())
                    await connection.writer.drain()
                    for frame in frames[start : start + window]:
                        status = (await connection.read_response()).status
                        statuses[status] += 1
                        if status != 202:
                            self.note_unsent(frame)
        except (OSError, EOFError):
            statuses["ended"] += 1
        finally:
            connection.close()
        return statuses

    async def send_in_order(self, frames):
        """Many frames on one connection, which keeps their order; all must be accepted."""
        statuses = await self.pour(frames)
        expect(statuses == {202: len(frames)}, f"POSTs answered {dict(statuses)}")

    async def close(self):
        if self._reading:
            self._reading.cancel()
        self.stream.close()
        if self._posts:
            self._posts.close()


class Refused(Failed):
    """The server did not open a stream."""

    def __init__(self, status):
        super().__init__(f"GET /sse answered {status}")
        self.status = status
