"""More than an honest client sends: each request refused at the bound, memory flat, other sessions served."""

import asyncio
import json
import time
from collections import Counter

from kit.frames import call, echo, initialize, initialized, ping, refused, result, text
from kit.harness import check, expect
from kit.probe import beside
from kit.server import serving
from kit.session import key
from kit.sse import Refused

OVER = (503, 429)  # HTTP's own way to say that a bound is reached
BYTES_LIMIT = 32.0  # MiB: a server may hold 16 of early requests, beside what is being uploaded
UPLOADS = 4  # large bodies under way at one time


async def warm(server):
    """Lets the server allocate what it needs once, so that growth means growth."""
    session = await server.session()
    await session.handshake()
    await session.send_in_order([echo(id, "x" * 1000) for id in range(200)])
    await session.all_answers(range(200))
    await session.close()


async def tally(session, total):
    """Each accepted request has one answer, a result or a refusal; counts them."""
    counts = Counter()
    for id in range(total):
        if key(id) not in session.requests:
            counts["by status"] += 1
            continue
        heard = await session.answer(id, 20)
        message = heard.message
        if "result" in message:
            counts["served"] += 1
        else:
            counts[refused(heard, "hold_queue_full", "hold_timeout", "not_initialized")["reason"]] += 1
    return dict(counts)


@check("flood.count", timeout=120)
async def count(kit):
    """10,000 early requests on one session, initialize amid them: it is answered at once, each request gets a result
    or a refusal."""
    total = kit.count(10_000, 4_000)
    async with serving(kit) as server:
        await warm(server)
        memory = server.memory()
        async with beside(server) as delays:
            session = await server.session()
            lanes = [[echo(id) for id in range(lane, total, 4)] for lane in range(4)]
            pouring = [asyncio.create_task(session.pour(lane)) for lane in lanes]
            while len(session.requests) < total // 2:
                await asyncio.sleep(0.01)
            opened = await session.ask(initialize())
            result(opened)
            statuses = sum([await lane for lane in pouring], Counter())
            counts = await tally(session, total)
            await session.settle()
        expect(set(statuses) <= {202, *OVER}, f"POSTs answered {dict(statuses)}")
        expect(session.delay(opened) < 1.0, f"initialize waited {session.delay(opened):.2f} s")
        await session.close()
        return f"{counts}, initialize {session.delay(opened) * 1000:.0f} ms, {memory.judge()}, {delays.judge()}"


@check("flood.never_initialized", timeout=120)
async def never(kit):
    """10,000 early requests on one session that never initializes: all refused."""
    total = kit.count(10_000, 4_000)
    async with serving(kit) as server:
        await warm(server)
        memory = server.memory()
        async with beside(server) as delays:
            session = await server.session()
            statuses = await session.pour([echo(id) for id in range(total)])
            counts = await tally(session, total)
            await session.settle()
        expect("served" not in counts, f"served without initialize: {counts}")
        expect(set(statuses) <= {202, *OVER}, f"POSTs answered {dict(statuses)}")
        await session.close()
        return f"{counts}, {memory.judge()}, {delays.judge()}"


@check("flood.bytes", timeout=180)
async def many_bytes(kit):
    """128 MiB of early requests, 4 of 512 KiB on each of 64 sessions: refused beyond the server's bound, each in the
    stream or with a status; afterwards every session works."""
    count = kit.count(64, 24)
    large = [json.dumps(echo(id, "x" * (512 << 10))).encode() for id in range(4)]
    async with serving(kit) as server:
        await warm(server)
        memory = server.memory()
        statuses, reasons, slots = Counter(), Counter(), asyncio.Semaphore(UPLOADS)
        async with beside(server) as delays:
            sessions = [await server.session() for _ in range(count)]

            async def fill(session):
                for id, body in enumerate(large):
                    async with slots:
                        response = await session.post(body, note=echo(id))
                    statuses[response.status] += 1
                    if response.status == 202:
                        reasons[refused(await session.answer(id), "hold_queue_full", "hold_timeout",
                                        "not_initialized")["reason"]] += 1
                    else:
                        expect(response.status in OVER + (413,), f"status {response.status}")
                await session.handshake()
                text(await session.ask(echo("after")))
                await session.close()

            await asyncio.gather(*map(fill, sessions))
        return f"{dict(statuses)} {dict(reasons)}, {memory.judge(BYTES_LIMIT)}, {delays.judge(worst=1.0)}"


@check("flood.bytes_at_once", timeout=180)
async def bytes_at_once(kit):
    """The same bytes without waiting for any answer: what is held at one time is bounded for the whole server."""
    count = kit.count(64, 24)
    large = [json.dumps(echo(id, "x" * (512 << 10))).encode() for id in range(4)]
    async with serving(kit) as server:
        await warm(server)
        memory = server.memory()
        statuses, slots = Counter(), asyncio.Semaphore(UPLOADS)
        sessions = [await server.session() for _ in range(count)]
        async with beside(server) as delays:

            async def fill(session):
                taken = []
                for id, body in enumerate(large):
                    async with slots:
                        response = await session.post(body, note=echo(id))
                    statuses[response.status] += 1
                    if response.status == 202:
                        taken.append(id)
                    else:
                        expect(response.status in OVER + (413,), f"status {response.status}")
                return taken

            taken = await asyncio.gather(*map(fill, sessions))
            reasons = Counter()
            for session, ids in zip(sessions, taken):
                for heard in await session.all_answers(ids):
                    reasons[refused(heard, "hold_queue_full", "hold_timeout", "not_initialized")["reason"]] += 1
            await asyncio.gather(*(session.handshake() for session in sessions))
        await asyncio.gather(*(session.close() for session in sessions))
        return f"{dict(statuses)} {dict(reasons)}, {memory.judge(BYTES_LIMIT)}, {delays.judge(worst=1.0)}"


@check("flood.sessions", timeout=180)
async def many_sessions(kit):
    """2,000 streams that never initialize, a request held on each: 503 beyond --max-sessions 1000, and all is given
    back when they leave."""
    attempts, bound = kit.count((2000, 1000), (400, 200))
    async with serving(kit, "--max-sessions", str(bound + 1)) as server:
        await warm(server)
        files, memory = server.files(), server.memory()
        sessions, statuses = [], Counter()
        async with beside(server) as delays:
            for _ in range(attempts):
                try:
                    sessions.append(await server.session())
                    statuses[200] += 1
                except Refused as no:
                    statuses[no.status] += 1
            expect(statuses == {200: bound, 503: attempts - bound}, f"GET /sse answered {dict(statuses)}")
            for session in sessions:
                await session.send(echo("held"))
                session._posts.close()
            for session in sessions:
                refused(await session.answer("held"), "hold_timeout", "hold_queue_full")
        seen = f"{memory.judge(max(memory.LIMIT, bound * 32 / 1024))}, {delays.judge()}"  # 32 KiB each
        await asyncio.gather(*(session.close() for session in sessions))
        await server.files_back_to(files)
        await warm(server)
        return f"{dict(statuses)}, {seen}"


async def deaf(server, frames, *opening):
    """Pours frames into a session whose stream nobody reads, and leaves it so for a while."""
    session = await server.session(receive_buffer=4096, read=False)
    for frame in opening:
        await session.send(frame)
    lanes = [frames[lane::4] for lane in range(4)]
    statuses = sum(await asyncio.gather(*(session.pour(lane, timeout=60) for lane in lanes)), Counter())
    await asyncio.sleep(1)
    expect(set(statuses) <= {202, 404, *OVER}, f"POSTs answered {dict(statuses)}")
    return session, statuses


async def read_on(session, statuses):
    """The client reads again: unless its session was closed, each accepted request has its answer."""
    if statuses[404] == 0:
        session.read()
        for id in list(session.requests):
            await session.answer(json.loads(id), 20)
        await session.settle()
    await session.close()


@check("flood.unread", timeout=180)
async def unread(kit):
    """A client posts 20,000 calls and never reads its stream: the output is bounded, then calls are refused (503) or
    the session is closed (404). When it reads at last, no answer is missing."""
    total = kit.count(20_000, 6_000)
    async with serving(kit) as server:
        await warm(server)
        memory = server.memory()
        async with beside(server) as delays:
            frames = [echo(id, "x" * 4000) for id in range(total)]
            session, statuses = await deaf(server, frames, initialize(), initialized())
        expect(statuses[202] < total, "80 MB of answers were taken and nobody reads them")
        seen = memory.judge()
        await read_on(session, statuses)
        return f"{dict(statuses)}, {seen}, {delays.judge()}"


@check("flood.unread_lists", timeout=180)
async def unread_lists(kit):
    """The same with tools/list, whose answer is far larger than the request."""
    total = kit.count(4_000, 1_000)
    async with serving(kit) as server:
        await warm(server)
        memory = server.memory()
        async with beside(server) as delays:
            frames = [{"jsonrpc": "2.0", "id": id, "method": "tools/list"} for id in range(total)]
            session, statuses = await deaf(server, frames, initialize(), initialized())
        expect(statuses[202] < total, "hundreds of MB of answers were taken and nobody reads them")
        seen = memory.judge()
        await read_on(session, statuses)
        return f"{dict(statuses)}, {seen}, {delays.judge(worst=1.0)}"


@check("flood.unread_early", timeout=180)
async def unread_early(kit):
    """The same with early requests and pings: refusals nobody reads are bounded too."""
    total = kit.count(40_000, 10_000)
    async with serving(kit) as server:
        await warm(server)
        memory = server.memory()
        async with beside(server) as delays:
            frames = [echo(id) if id % 2 else ping(id) for id in range(total)]
            session, statuses = await deaf(server, frames)
        seen = memory.judge()
        await read_on(session, statuses)
        return f"{dict(statuses)}, {seen}, {delays.judge()}"


@check("flood.slow_calls", timeout=120)
async def slow_calls(kit):
    """Thousands of calls that take long, on one session: bounded, and cancelled with the stream."""
    total = kit.count(10_000, 3_000)
    async with serving(kit) as server:
        await warm(server)
        files, memory = server.files(), server.memory()
        async with beside(server) as delays:
            session = await server.session()
            await session.handshake()
            statuses = await session.pour([call(id, "sleep", ms=60_000) for id in range(total)])
            await asyncio.sleep(0.5)
            codes = Counter(heard.message.get("error", {}).get("code") for heard in session.heard[1:])
            expect(set(statuses) <= {202, *OVER}, f"POSTs answered {dict(statuses)}")
        await session.close()
        await server.files_back_to(files)
        return f"{dict(statuses)} {dict(codes)}, {memory.judge()}, {delays.judge()}"


@check("flood.churn", timeout=120)
async def churn(kit):
    """Sessions that come, leave a request behind and go: memory and files come back."""
    total = kit.count(2_000, 400)
    async with serving(kit) as server:
        await warm(server)
        files, memory = server.files(), server.memory()
        started = time.monotonic()
        for number in range(total):
            session = await server.session()
            if number % 2:
                await session.handshake()
            await session.send(echo("left"))
            await session.close()
        took = time.monotonic() - started
        await server.files_back_to(files)
        return f"{total} in {took:.1f} s, {memory.judge()}"
