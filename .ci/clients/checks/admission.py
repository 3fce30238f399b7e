"""Which HTTP requests the server lets in."""

import asyncio
import json
import time

from kit.frames import INVALID_REQUEST, PARSE_ERROR, echo, ping, result, text
from kit.harness import check, expect
from kit.http import Connection, once
from kit.server import serving
from kit.sse import Refused, SseSession

UNKNOWN_IDS = (
    "00000000-0000-4000-8000-000000000000", "00000000000040008000000000000000", "x", "..%2F..", "%00", "%FF",
    "a" * 4000,
)


def is_status(response, *statuses):
    expect(response.status in statuses, f"status {response.status} {response.body[:200]!r}, not {statuses}")
    return response


def bytes_of(frame):
    return json.dumps(frame).encode()


@check("http.stream")
async def stream(kit):
    """GET /sse answers 200 text/event-stream, uncached, at once, without a wildcard CORS header; session ids are
    long and never repeat."""
    async with serving(kit) as server:
        started = time.monotonic()
        sessions = [await server.session() for _ in range(100)]
        took = (time.monotonic() - started) / 100
        headers = sessions[0].headers
        expect(headers["content-type"].startswith("text/event-stream"), f"content-type {headers['content-type']}")
        cached = headers.get("cache-control", "")
        expect("no-cache" in cached or "no-store" in cached, f"cache-control {cached!r}")
        expect(headers.get("access-control-allow-origin") != "*", "any origin may read the stream")
        ids = {session.endpoint.partition("session_id=")[2].partition("&")[0] for session in sessions}
        expect(len(ids) == 100, f"{len(ids)} ids for 100 sessions")
        expect(min(map(len, ids)) >= 22, f"an id of {min(map(len, ids))} characters cannot hold 128 bits")
        expect(sessions[0].endpoint.startswith("/"), f"endpoint {sessions[0].endpoint}")
        await asyncio.gather(*(session.close() for session in sessions))
        return f"{took * 1000:.1f} ms each, id of {min(map(len, ids))} characters"


@check("http.sessions")
async def sessions(kit):
    """POST without session_id is 400, with an unknown one 404, after the stream is gone 404."""
    async with serving(kit) as server:
        session = await server.session()
        body = bytes_of(ping(1))
        is_status(await session.post(body, "/messages"), 400)
        is_status(await session.post(body, "/messages?other=1"), 400)
        for id in UNKNOWN_IDS:
            is_status(await session.post(body, f"/messages?session_id={id}"), 404)
        result(await session.ask(ping("alive")))
        await session.send(echo("held"))
        await session.close()
        deadline = time.monotonic() + 5
        while (await session.post(body)).status != 404:
            expect(time.monotonic() < deadline, "POST to a dropped session is still taken after 5 s")
            await asyncio.sleep(0.05)


@check("http.bodies")
async def bodies(kit):
    """Content types, sizes and JSON errors; none of them harms the session."""
    async with serving(kit) as server:
        session = await server.session()
        body = bytes_of(ping("odd"))
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None):
            is_status(await session.post(body, headers={"Content-Type": content_type}), 415)
        session.note_sent(ping("odd"))
        is_status(await session.post(body, headers={"Content-Type": "Application/JSON; charset=utf-8"}), 202)
        result(await session.answer("odd"))
        for bad in (b"{", b"", b"not json", b'{"jsonrpc":"2.0","id":1,"method":"ping"', b"\xff\xfe", b'"\xc3"'):
            response = is_status(await session.post(bad), 400)
            code = response.json().get("error", {}).get("code")
            expect(code == PARSE_ERROR, f"body {response.body[:200]!r} for {bad!r}")
        for bad in (b"7", b"null", b"{}", b"[]", b'{"jsonrpc":"2.0","id":null,"method":"ping"}',
                    b'{"jsonrpc":"2.0","id":1,"method":7}', b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]'):
            response = await session.post(bad)
            is_status(response, 400)
            code = response.json().get("error", {}).get("code")
            expect(code == INVALID_REQUEST, f"body {response.body[:200]!r} for {bad!r}")
        result(await session.ask(ping("alive")))
        await session.close()


@check("http.sizes")
async def sizes(kit):
    """Too large is 413 as soon as it is known, from the header or while a chunked body grows; 512 KiB is not."""
    async with serving(kit) as server:
        session = await server.session()
        memory = server.memory()
        connection = await Connection.open(server.address)
        connection.writer.write(connection.head("POST", session.endpoint, {
            "Content-Type": "application/json", "Content-Length": 1 << 30}))
        is_status(await asyncio.wait_for(connection.read_response(), 5), 413)
        connection.close()

        connection = await Connection.open(server.address)
        connection.writer.write(connection.head("POST", session.endpoint, {
            "Content-Type": "application/json", "Transfer-Encoding": "chunked"}))
        answered = asyncio.create_task(connection.read_response())
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(1024):  # 64 MiB
            if answered.done():
                break
            try:
                connection.writer.write(chunk)
                await connection.writer.drain()
            except OSError:
                break
        try:
            is_status(await asyncio.wait_for(answered, 5), 413)
        except (OSError, EOFError):
            pass  # cut off while it still sends: as good
        connection.close()

        await session.handshake()
        expect(len(text(await session.ask(echo("large", "x" * (512 << 10))))) == 512 << 10, "echo is cut")
        await session.close()
        return memory.judge()


@check("http.hosts")
async def hosts(kit):
    """A foreign Host or Origin is 403 on both endpoints, a local one is not; flags allow others."""
    async with serving(kit) as server:
        session = await server.session()
        port = server.address[1]
        body = bytes_of(ping(1))
        for headers in ({"Host": "evil.example"}, {"Host": f"evil.example:{port}"}, {"Host": "127.0.0.1.evil.example"},
                        {"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Origin": "http://localhost.evil.example"},
                        {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}):
            is_status(await once(server.address, "GET", "/sse", headers), 403)
            is_status(await session.post(body, headers=headers), 403)
        for headers in ({"Host": f"localhost:{port}"}, {"Origin": f"http://127.0.0.1:{port}"},
                        {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}):
            other = await SseSession.open(server.address, headers=headers)
            is_status(await other.post(body, headers=headers), 202)
            await other.close()
        await session.close()
    async with serving(kit, "--allow-host", "mcp.example", "--allow-origin", "https://app.example") as server:
        headers = {"Host": "mcp.example", "Origin": "https://app.example"}
        session = await SseSession.open(server.address, headers=headers)
        is_status(await session.post(bytes_of(ping(1)), headers=headers), 202)
        is_status(await session.post(bytes_of(ping(2)), headers={"Host": "other.example"}), 403)
        await session.close()


@check("http.methods")
async def methods(kit):
    """A wrong method is 405 with Allow, a wrong path 404."""
    async with serving(kit) as server:
        session = await server.session()
        for method, path, allowed in (("POST", "/sse", "GET"), ("PUT", "/sse", "GET"), ("DELETE", "/sse", "GET"),
                                      ("GET", session.endpoint, "POST"), ("DELETE", session.endpoint, "POST")):
            response = await once(server.address, method, path, {"Content-Type": "application/json"}, b"{}")
            allow = is_status(response, 405).headers.get("allow", "")
            expect(allowed in allow, f"{method} {path}: Allow {allow!r}")
        for path in ("/", "/sse/", "/nothing", "/messages/", "/../sse"):
            is_status(await once(server.address, "GET", path), 404)
        await session.close()


@check("http.max_sessions")
async def max_sessions(kit):
    """Beyond --max-sessions a stream is refused with 503, and a place is free again when a client leaves."""
    async with serving(kit, "--max-sessions", "5") as server:
        held = [await server.session() for _ in range(5)]
        try:
            extra = await server.session()
            await extra.close()
            expect(False, "a sixth session was opened")
        except Refused as refused:
            expect(refused.status == 503, f"status {refused.status}")
        await held.pop().close()
        deadline = time.monotonic() + 5
        while True:
            try:
                held.append(await server.session())
                break
            except Refused:
                expect(time.monotonic() < deadline, "the place is not free 5 s after the client left")
                await asyncio.sleep(0.05)
        await asyncio.gather(*(session.close() for session in held))


@check("http.keep_alive", group="idle", slow=True, timeout=100)
async def keep_alive(kit):
    """Comments keep an idle stream alive; a proxy cuts a silent one after a minute."""
    async with serving(kit) as server:
        session = await server.session()
        started = time.monotonic()
        while not session.comments:
            expect(time.monotonic() - started < 45, "no comment within 45 s")
            await asyncio.sleep(0.2)
        result(await session.ask(ping("alive")))
        await session.close()
        return f"after {session.comments[0] - started:.1f} s"
