"""A TCP proxy that can cut the SSE streams that pass through it, as a load balancer or a laptop lid does."""

import asyncio
from contextlib import asynccontextmanager


class Proxy:
    def __init__(self, target):
        self.target = target
        self.url = None
        self.streams = 0  # how many GET requests went through
        self.handshakes = 0  # how many initialize requests went through
        self._open = []  # writers of the streams now open
        self._more = asyncio.Event()
        self._tasks = set()

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            up_reader, up_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, up_writer, writer, asking=True))
                group.create_task(self._pass(up_reader, writer, up_writer, asking=False))
        except* (OSError, asyncio.CancelledError):
            pass  # a side went away, or the proxy ends
        finally:
            writer.close()
            up_writer.close()
            self._tasks.discard(asyncio.current_task())

    async def _pass(self, reader, writer, back, asking):
        try:
            while data := await reader.read(1 << 16):
                if asking:
                    self.handshakes += data.count(b'"method":"initialize"')
                    if data.startswith(b"GET "):
                        self._open += [writer, back]
                elif b"event: endpoint" in data or b"event:endpoint" in data:
                    self.streams += 1
                    self._more.set()
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    def cut(self):
        """Ends every open stream, on both sides."""
        for writer in self._open:
            writer.close()
        self._open.clear()

    async def stream_number(self, number, timeout):
        """Waits until the `number`th stream has its endpoint."""
        async with asyncio.timeout(timeout):
            while self.streams < number:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def proxying(server):
    proxy = Proxy(server.address)
    listener = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    proxy.url = f"http://{host}:{port}"
    try:
        yield proxy
    finally:
        listener.close()
        for task in list(proxy._tasks):
            task.cancel()
        await asyncio.gather(*proxy._tasks, return_exceptions=True)
