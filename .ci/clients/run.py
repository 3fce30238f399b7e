#!/usr/bin/env python3
"""Drives one server binary from outside and reports what it finds.

    run.py --server target/release/catalog-server-tokio [--quick] [--only 'sse.k*' ...] [--list]

Each check starts the server afresh with the flags it needs. The last line is `N passed, N failed`; the exit status is 0
only when nothing failed.
"""

import argparse
import asyncio
import os
import shlex
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["PYTHONPATH"] = str(HERE)  # for `python -m kit.probe`

from kit.harness import Kit, run_all, select  # noqa: E402
from kit.server import limits  # noqa: E402
from checks import (  # noqa: E402, F401
    race_order, race_state, race_policy, race_ids, admission, network, shutdown, stdio_lines, flood, sdk, inspector,
    reconnect,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.environ.get("MCP_SERVER"), help="command of the server (or MCP_SERVER)")
    parser.add_argument("--quick", action="store_true", help="smaller numbers, without the checks that only wait")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="run the checks that match")
    parser.add_argument("--list", action="store_true", help="print the checks and what each one checks")
    parser.add_argument("--jobs", type=int, default=3, help="how many checks of a group run beside each other")
    arguments = parser.parse_args()

    checks = select(arguments.only, arguments.quick)
    if arguments.list:
        for item in checks:
            print(f"{item.name:34} {item.about}")
        return 0
    if not arguments.server:
        parser.error("which server? give --server or set MCP_SERVER")
    if not checks:
        parser.error("no check matches")
    limits()
    home = Path(os.environ.get("MCP_CLIENTS_HOME") or HERE.parent.parent / "target" / "clients").resolve()
    kit = Kit(server=shlex.split(arguments.server), quick=arguments.quick, home=home)
    passed, failed = asyncio.run(run_all(kit, checks, arguments.jobs))
    if left := len(select(arguments.only, False)) - len(checks):
        print(f"{left} left out by --quick")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
