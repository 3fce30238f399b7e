"""A bare HTTP/1.1 client: one socket, exact bytes, no pooling, no retries."""

import asyncio
import json
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class Connection:
    """One socket to the server."""

    def __init__(self, address, reader, writer):
        self.address, self.reader, self.writer = address, reader, writer

    @classmethod
    async def open(cls, address, receive_buffer=None):
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader, writer = await asyncio.open_connection(sock=sock, limit=receive_buffer or 1 << 20)
        except BaseException:
            sock.close()
            raise
        return cls(address, reader, writer)

    def head(self, method, path, headers=()):
        lines = {"Host": f"{self.address[0]}:{self.address[1]}"} | dict(headers)
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode()

    def write_post(self, path, body, headers=()):
        defaults = {"Content-Type": "application/json", "Content-Length": len(body)}
        self.writer.write(self.head("POST", path, defaults | dict(headers)) + body)

    async def read_head(self):
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name:
                headers[name.lower()] = value.strip()
        return int(lines[0].split()[1]), headers

    async def read_response(self):
        status, headers = await self.read_head()
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join([chunk async for chunk in self.chunks()])
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Response(status, headers, body)

    async def chunks(self):
        while True:
            size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            data = await self.reader.readexactly(size)
            await self.reader.readexactly(2)
            if size == 0:
                return
            yield data

    async def request(self, method, path, headers=(), body=None):
        if body is not None:
            headers = {"Content-Length": len(body)} | dict(headers)
        self.writer.write(self.head(method, path, headers) + (body or b""))
        await self.writer.drain()
        return await self.read_response()

    def close(self):
        self.writer.close()

    def reset(self):
        """Ends the connection as a killed process with unread data does."""
        linger = b"\x01\0\0\0\0\0\0\0"
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


async def once(address, method, path, headers=(), body=None, timeout=5.0):
    """One request on a connection of its own."""
    async with asyncio.timeout(timeout):
        connection = await Connection.open(address)
        try:
            return await connection.request(method, path, {"Connection": "close"} | dict(headers), body)
        finally:
            connection.close()
