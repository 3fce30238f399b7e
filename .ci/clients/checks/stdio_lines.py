"""Lines and ends of input over stdio."""

import asyncio
import json
import time

from kit.frames import (
    INVALID_REQUEST, PARSE_ERROR, call, echo, initialize, list_tools, ping, refused, result, short, text,
)
from kit.harness import Failed, check, expect
from kit.server import Memory
from kit.session import key
from kit.stdio import StdioSession
from kit.transports import Stdio


async def one_error(session, line, *codes):
    """The line gets one error, with an unreadable id left out or null, and the session lives."""
    known = len(session.answers.get(key(None), ()))
    await session.send_bytes(line)
    for _ in range(100):
        if len(session.answers.get(key(None), ())) > known:
            break
        await asyncio.sleep(0.05)
    errors = session.answers.get(key(None), [])[known:]
    expect(len(errors) == 1, f"{len(errors)} errors for {line[:60]!r}")
    code = errors[0].message["error"]["code"]
    expect(code in codes, f"{code} for {line[:60]!r}")
    result(await session.ask(ping(f"after {len(session.requests)}")))


@check("stdio.garbage_lines")
async def garbage_lines(kit):
    """A line that is no JSON gets -32700, one that is no message -32600, and the session lives, initialized or not."""
    async with Stdio.sessions(kit, 1) as (session,):
        for _ in range(2):
            for line in (b"hello\n", b"{\n", b"\xff\xfe\n", b'{"jsonrpc":"2.0","id":1,"method":"ping"\n', b"\x00\n"):
                await one_error(session, line, PARSE_ERROR)
            for line in (b"7\n", b"null\n", b"[]\n", b"{}\n"):
                await one_error(session, line, INVALID_REQUEST)
            if key("init") not in session.answers:
                await session.handshake()
        text(await session.ask(echo("call")))


@check("stdio.line_ends")
async def line_ends(kit):
    """CR LF ends a line, empty lines are nothing, a BOM may come first, U+2028 is text; answers end with LF alone."""
    async with Stdio.sessions(kit, 1) as (session,):
        await session.send_bytes(b"\xef\xbb\xbf" + json.dumps(ping("bom")).encode() + b"\r\n")
        session.note_sent(ping("bom"))
        result(await session.answer("bom"))
        await session.send_bytes(b"\n\r\n\n")
        await session.handshake()
        odd = "a\u2028b\u2029c\r\nd\u0085e"
        frame = echo("odd", odd)
        session.note_sent(frame)
        await session.send_bytes(json.dumps(frame, ensure_ascii=False).encode() + b"\r\n")
        expect(text(await session.answer("odd")) == odd, "the text came back changed")
        await session.settle()


@check("stdio.split_lines")
async def split_lines(kit):
    """A line in many pieces is one line, many lines in one piece are many."""
    async with Stdio.sessions(kit, 1) as (session,):
        frame = initialize()
        session.note_sent(frame)
        for byte in json.dumps(frame).encode() + b"\n":
            await session.send_bytes(bytes([byte]))
            await asyncio.sleep(0)
        result(await session.answer("init"))
        await session.send_at_once([ping(id) for id in range(500)])
        await session.all_answers(range(500))
        await session.settle()


@check("stdio.long_line")
async def long_line(kit):
    """A 5 MB line, JSON or not, gets an answer, not the end of the session; memory comes back."""
    async with Stdio.sessions(kit, 1) as (session,):
        await session.handshake()
        frame = echo("large", "x" * 5_000_000)
        await session.send(frame)
        for _ in range(200):
            if key("large") in session.answers or key(None) in session.answers:
                break
            await asyncio.sleep(0.05)
        answers = session.answers.get(key("large"), []) + session.answers.get(key(None), [])
        expect(len(answers) == 1, f"{len(answers)} answers to a 5 MB line")
        seen = "served" if "result" in answers[0].message else short(answers[0].message["error"])
        await one_error(session, b"x" * 5_000_000 + b"\n", PARSE_ERROR, INVALID_REQUEST)
        memory = Memory.of(session.process.pid)
        for _ in range(kit.count(10, 4)):
            await one_error(session, b"x" * 20_000_000 + b"\n", PARSE_ERROR, INVALID_REQUEST)
        text(await session.ask(echo("call")))
        return f"{seen}; {memory.judge()}"


@check("stdio.eof_running")
async def eof_running(kit):
    """The input ends with 50 calls running: all are answered, then the process ends with 0."""
    session = await StdioSession.open(kit.server)
    try:
        await session.handshake()
        await session.send_in_order([call(id, "sleep", ms=400) for id in range(48)] + [echo(48), list_tools(49)])
        session.end_input()
        started = time.monotonic()
        code = await session.exit_code(5)
        took = time.monotonic() - started
        expect(code == 0, f"exit code {code}")
        for id in range(50):
            answers = session.answers.get(key(id), ())
            expect(len(answers) == 1, f"{len(answers)} answers to {id}")
            result(answers[0])
        expect(took < 2, f"ended only after {took:.1f} s")
        return f"{took:.2f} s"
    finally:
        await session.close()


@check("stdio.eof_all_at_once")
async def eof_all_at_once(kit):
    """A whole conversation in one write, then the end of input: everything is answered."""
    session = await StdioSession.open(kit.server)
    try:
        await session.send_at_once([initialize()] + [echo(id) for id in range(100)])
        session.end_input()
        expect(await session.exit_code(5) == 0, "exit code is not 0")
        result(await session.answer("init"))
        for heard in await session.all_answers(range(100)):
            text(heard)
    finally:
        await session.close()


@check("stdio.eof_without_newline")
async def eof_without_newline(kit):
    """The last line counts without its LF."""
    session = await StdioSession.open(kit.server)
    try:
        session.note_sent(ping(1))
        await session.send_bytes(json.dumps(ping(1)).encode())
        session.end_input()
        expect(await session.exit_code(5) == 0, "exit code is not 0")
        result(await session.answer(1))
    finally:
        await session.close()


@check("stdio.i_eof_held")
async def eof_held(kit):
    """The input ends with requests held and no initialize: they are refused, and the process ends at once with 0."""
    session = await StdioSession.open(kit.server, "--hold-ms", "30000")
    try:
        await session.send_in_order([echo(id) for id in range(10)])
        session.end_input()
        started = time.monotonic()
        expect(await session.exit_code(5) == 0, "exit code is not 0")
        took = time.monotonic() - started
        for heard in await session.all_answers(range(10)):
            refused(heard, "not_initialized", "hold_timeout", "hold_queue_full")
        expect(took < 1, f"ended only after {took:.1f} s")
    finally:
        await session.close()


@check("stdio.eof_silent")
async def eof_silent(kit):
    """An input that ends before anything was said ends the process with 0 (a client that only looked)."""
    session = await StdioSession.open(kit.server)
    try:
        session.end_input()
        expect(await session.exit_code(3) == 0, "exit code is not 0")
        expect(not session.heard and not session.noise, "it said something")
    finally:
        await session.close()


@check("stdio.reader_gone")
async def reader_gone(kit):
    """A client that closes both pipes while calls run does not leave a process behind."""
    session = await StdioSession.open(kit.server, read=False)
    try:
        await session.send(initialize())
        await session.send_in_order([call(id, "sleep", ms=100) for id in range(10)])
        session.process.stdout._transport.close()
        session.end_input()
        await session.exit_code(5)
    finally:
        await session.close()


@check("stdio.unread")
async def unread(kit):
    """A client that writes and never reads: the server stops reading before it eats memory, and loses nothing."""
    session = await StdioSession.open(kit.server, read=False)
    try:
        await session.send(initialize())
        session.note_heard(json.loads(await session.process.stdout.readline()))
        memory = Memory.of(session.process.pid)
        frames = 0
        try:
            while frames < 20_000:
                frames += 1
                await asyncio.wait_for(session.send(echo(frames, "x" * 4000)), 1)
        except TimeoutError:
            pass  # the server reads no more
        except OSError as failure:
            raise Failed(f"the server ended: {failure!r}") from None
        await asyncio.sleep(0.3)
        seen = memory.judge()
        session.read()
        await session.process.stdin.drain()
        for heard in await session.all_answers(range(1, frames + 1), 20):
            expect("result" in heard.message or heard.message["error"]["code"] == -32002, short(heard.message))
        return f"{frames} calls taken unread, {seen}"
    finally:
        await session.close()
