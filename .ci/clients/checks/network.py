"""Connections that misbehave below HTTP, and clients that die."""

import asyncio
import random
import time

from kit.frames import echo, ping, result, text
from kit.harness import check, expect
from kit.http import Connection
from kit.probe import beside, spawn
from kit.server import serving


async def half_open(server, number):
    """A connection that stops in the middle of a request: in its head, before its body, or within it."""
    connection = await Connection.open(server.address)
    head = connection.head("POST", "/messages?session_id=x", {"Content-Type": "application/json", "Content-Length": 99})
    connection.writer.write((head[:40], head, head + b'{"jsonrpc"', b"")[number % 4])
    return connection


@check("net.half_open")
async def half_open_many(kit):
    """500 connections that never finish a request slow nobody down and are forgotten when they close."""
    async with serving(kit) as server:
        async with beside(server):
            pass
        files, memory = server.files(), server.memory()
        async with beside(server) as delays:
            connections = [await half_open(server, number) for number in range(kit.count(500, 200))]
            await asyncio.sleep(1)
        for connection in connections:
            connection.close()
        await server.files_back_to(files)
        return f"{memory.judge()}, {delays.judge()}"


@check("net.half_open_ends", group="idle", slow=True, timeout=150)
async def half_open_ends(kit):
    """The server itself ends a connection whose request does not arrive: head, and body."""
    async with serving(kit) as server:
        connections = [await half_open(server, number) for number in (0, 1, 2)]
        started = time.monotonic()
        ended = []
        for connection, where in zip(connections, ("head", "before body", "body")):
            left = 90 - (time.monotonic() - started)
            try:
                await asyncio.wait_for(connection.reader.read(), left)
            except ConnectionError:
                pass
            except TimeoutError:
                expect(False, f"still open after 90 s: {where}")
            ended.append(f"{where} {time.monotonic() - started:.0f} s")
            connection.close()
        return ", ".join(ended)


@check("net.garbage")
async def garbage(kit):
    """Bytes that are no HTTP, or hostile HTTP, end their own connection and nothing else."""
    noise = random.Random(7)
    post = b"POST /messages?session_id=x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    samples = [
        noise.randbytes(20_000),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise.randbytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        b"\r\n" * 1000,
        b"GET /sse HTTP/1.1\r\n\r\n",
        b"GET /sse HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Long: " + b"a" * 2_000_000 + b"\r\n\r\n",
        b"GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Many: a\r\n" * 20_000 + b"\r\n",
        post + b"Content-Length: -1\r\n\r\n{}",
        post + b"Content-Length: 2\r\nContent-Length: 20\r\n\r\n{}",
        post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        post + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n",
    ]
    async with serving(kit) as server:
        session = await server.session()
        await session.handshake()
        memory = server.memory()
        for sample in samples:
            connection = await Connection.open(server.address)
            try:
                connection.writer.write(sample)
                await asyncio.wait_for(connection.writer.drain(), 5)
                await asyncio.wait_for(connection.reader.read(1 << 16), 0.5)
            except (OSError, TimeoutError):
                pass
            connection.close()
            text(await session.ask(echo(f"after {len(session.requests)}")))
        await session.settle()
        await session.close()
        return memory.judge()


@check("net.killed_clients")
async def killed(kit):
    """Clients killed with a request held leave nothing behind, and others notice nothing."""
    async with serving(kit) as server:
        session = await server.session()
        await session.handshake()
        files = server.files()
        clients = [await spawn("linger", server) for _ in range(kit.count(8, 3))]
        expect(server.files() > files, "the clients are not connected")
        for client in clients:
            client.kill()
            await client.wait()
        await server.files_back_to(files)
        text(await session.ask(echo(1)))
        await session.close()


@check("net.reset_streams")
async def reset(kit):
    """Streams that end with a TCP reset, some with unread answers, leave nothing behind."""
    async with serving(kit) as server:
        (await server.session()).stream.close()
        await asyncio.sleep(0.3)
        files = server.files()
        for number in range(kit.count(200, 50)):
            session = await server.session(read=bool(number % 2))
            await session.send(ping(1))
            await session.send(echo("held"))
            session._posts.close()
            session.stream.reset()
        await server.files_back_to(files)
        session = await server.session()
        result(await session.ask(ping("alive")))
        await session.close()


@check("net.dropped_posts")
async def dropped_posts(kit):
    """A POST whose connection closes before its answer is still one message: served once or not at all."""
    async with serving(kit) as server:
        session = await server.session()
        await session.handshake()
        for id in range(100):
            connection = await Connection.open(server.address)
            connection.write_post(session.endpoint, f'{{"jsonrpc":"2.0","id":{id},"method":"ping"}}'.encode())
            await connection.writer.drain()
            connection.reset() if id % 2 else connection.close()
        text(await session.ask(echo("after")))
        await asyncio.sleep(0.3)
        expect(all(len(answers) == 1 for answers in session.answers.values()), "a request was answered twice")
        await session.close()
