"""Registers checks, runs them, counts them."""

import asyncio
import fnmatch
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Awaitable, Callable


class Failed(AssertionError):
    """A check found the server wanting."""


def expect(truth, message):
    if not truth:
        raise Failed(message)


@dataclass(frozen=True)
class Kit:
    """What a check may know about the run."""

    server: list[str]  # the command line of the server under test, without flags
    quick: bool
    home: Path  # where install.sh put the virtual environments and node_modules

    def count(self, usual, quick):
        return quick if self.quick else usual


@dataclass(frozen=True)
class Check:
    """One behaviour. `group` says what it may run beside:

    - `alone`: it measures time or memory, so nothing else runs;
    - `idle`: it only waits, so it runs behind everything else;
    - `waiting`: it waits, then measures, so it runs at one time with all of its group;
    - any other name: runs with a few members of its group.
    """

    name: str
    run: Callable[[Kit], Awaitable[str | None]]
    about: str
    group: str
    slow: bool  # left out by --quick
    timeout: float


CHECKS: list[Check] = []


def check(name, *, group="alone", slow=False, timeout=60.0):
    def register(function):
        add(name, function, function.__doc__, group=group, slow=slow, timeout=timeout)
        return function

    return register


def add(name, function, about, *, group="alone", slow=False, timeout=60.0):
    CHECKS.append(Check(name, function, " ".join((about or "").split()), group, slow, timeout))


def select(patterns, quick):
    wanted = [c for c in CHECKS if not patterns or any(fnmatch.fnmatch(c.name, p) for p in patterns)]
    return [c for c in wanted if not (quick and c.slow)]


async def run_all(kit, checks, jobs):
    """Runs the checks and prints a line for each; returns (passed, failed)."""
    groups = {}
    for item in checks:
        groups.setdefault(item.group, []).append(item)
    idle = [asyncio.create_task(_run_one(kit, item)) for item in groups.pop("idle", [])]
    results = []
    for group, members in groups.items():
        slots = asyncio.Semaphore({"alone": 1, "waiting": len(members)}.get(group, jobs))
        results += await asyncio.gather(*(_run_one(kit, item, slots) for item in members))
    results += await asyncio.gather(*idle)
    failed = [name for name, ok in results if not ok]
    if failed:
        print("failed: " + " ".join(failed))
    return len(results) - len(failed), len(failed)


async def _run_one(kit, item, slots=None):
    async with slots or asyncio.Semaphore(1):
        started = time.monotonic()
        try:
            async with asyncio.timeout(item.timeout):
                detail = await item.run(kit) or ""
            ok = True
        except Failed as failure:
            ok, detail = False, str(failure)
        except TimeoutError:
            ok, detail = False, f"timed out (the check may take {item.timeout:.0f} s)\n{traceback.format_exc(limit=-3)}"
        except (Exception, asyncio.CancelledError):
            ok, detail = False, traceback.format_exc(limit=-4)
        took = time.monotonic() - started
        print(f"{'ok  ' if ok else 'FAIL'} {item.name:34} {took:6.1f} s  {detail}".rstrip(), flush=True)
        return item.name, ok
