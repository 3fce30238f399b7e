#!/usr/bin/env python3
"""Drives servers that are not ours with our command-line client and reports what it finds.

    run.py --client target/release/mcp [--only 'py2.*' ...] [--list]

Each check starts a peer afresh. The last line is `N passed, N failed`; the exit status is 0 only when nothing failed.
"""

import argparse
import asyncio
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

from kit.harness import run_all, select  # noqa: E402
import checks  # noqa: E402


@dataclass(frozen=True)
class Kit:
    """What a check may know about the run."""

    client: list[str]  # the command line of the client under test
    servers: Path  # where install.sh put the TypeScript and Rust peers
    clients: Path  # where it put the Python SDKs


def home(variable, folder):
    return Path(os.environ.get(variable) or HERE.parent.parent / "target" / folder).resolve()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", default="", help="command of the client")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="run the checks that match")
    parser.add_argument("--list", action="store_true", help="print the checks and what each one checks")
    parser.add_argument("--jobs", type=int, default=2, help="how many checks run beside each other")
    arguments = parser.parse_args()

    checks.register()
    chosen = select(arguments.only, False)
    if arguments.list:
        for item in chosen:
            print(f"{item.name:34} {item.about}")
        return 0
    if not arguments.client:
        parser.error("which client? give --client")
    if not chosen:
        parser.error("no check matches")
    program, *flags = shlex.split(arguments.client)
    kit = Kit([str(Path(program).resolve()), *flags], home("MCP_SERVERS_HOME", "servers"), home("MCP_CLIENTS_HOME", "clients"))
    passed, failed = asyncio.run(run_all(kit, chosen, arguments.jobs))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
