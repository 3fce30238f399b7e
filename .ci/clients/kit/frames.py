"""JSON-RPC frames a client sends, and how to judge the answers."""

from kit.harness import Failed, expect

NOT_INITIALIZED = -32002
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
PARSE_ERROR = -32700
UNSUPPORTED_VERSION = -32022

# Frames to be answered "at once" get this long: below the 0.58 s after which the
# most impatient client seen in the field gives up, above what a busy machine adds.
AT_ONCE = 0.2

MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "0"},
}


def request(id, method, params=None):
    frame = {"jsonrpc": "2.0", "id": id, "method": method}
    return frame if params is None else frame | {"params": params}


def notification(method, params=None):
    frame = {"jsonrpc": "2.0", "method": method}
    return frame if params is None else frame | {"params": params}


def initialize(id="init", version="2025-06-18"):
    client = {"name": "raw", "version": "0"}
    return request(id, "initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client})


def initialized():
    return notification("notifications/initialized")


def call(id, tool, **arguments):
    return request(id, "tools/call", {"name": tool, "arguments": arguments})


def echo(id, text="hello"):
    return call(id, "echo", text=text)


def sequence(id):
    return call(id, "sequence")


def ping(id):
    return request(id, "ping")


def list_tools(id):
    return request(id, "tools/list")


def discover(id):
    return request(id, "server/discover", {"_meta": MODERN})


def cancelled(id):
    return notification("notifications/cancelled", {"requestId": id})


def text(heard):
    """The text of a successful tools/call."""
    result = heard.message.get("result")
    expect(result is not None, f"no result: {short(heard.message)}")
    expect(not result.get("isError"), f"the tool failed: {short(heard.message)}")
    return result["content"][0]["text"]


def serial(heard):
    """The value of a successful call of `sequence`."""
    return int(text(heard))


def result(heard):
    expect("result" in heard.message, f"no result: {short(heard.message)}")
    return heard.message["result"]


def error(heard, *codes):
    found = heard.message.get("error")
    expect(found is not None, f"a result where error {codes} is due: {short(heard.message)}")
    expect(found.get("code") in codes, f"error {found.get('code')} where {codes} is due: {short(heard.message)}")
    return found


def refused(heard, *reasons, expected=("initialize",)):
    """The refusal of an early request, with data a program can act on."""
    found = error(heard, NOT_INITIALIZED)
    data = found.get("data")
    expect(isinstance(data, dict), f"a refusal without data: {short(heard.message)}")
    expect(data.get("reason") in reasons, f"reason {data.get('reason')!r}, not one of {reasons}")
    expect(data.get("expected") in expected, f"expected {data.get('expected')!r}, not one of {expected}")
    expect(isinstance(data.get("state"), str) and data["state"], f"no state in {data}")
    expect(data.get("retryable") is True, f"retryable is not true in {data}")
    return data


def short(message):
    line = str(message)
    return line if len(line) < 300 else line[:300] + "…"


def rising(values, what):
    for before, after in zip(values, values[1:]):
        if before >= after:
            raise Failed(f"{what}: {before} before {after}")
