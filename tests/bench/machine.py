"""A machine is what a measurement was made on: processor, memory, disk, versions, the day."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter

from .benchmark import ROOT

PACKAGES = (
    *("polars", "pydantic", "msgspec", "cryptography", "sqlmodel", "click", "psycopg", "duckdb"),
    *("pymerkle", "computeledger-cli", "distributed"),
)
FLUSHES = 50
LOOPS = 3
LOOP = """
from time import perf_counter
begun = perf_counter()
for _ in range(10_000_000): pass
print(perf_counter() - begun)
"""
DESCRIBE = ("describe", "--always", "--dirty", "--abbrev=12")


def described(folder: Path) -> dict[str, str]:
    """Return what there is to know, in the order in which it is told."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _said("git", "-C", str(ROOT), *DESCRIBE) or "unknown",
        "processor": _processor(),
        "processors": str(len(os.sched_getaffinity(0))),
        "two processes at once": f"{_together():.2f} times the work of one, median of {LOOPS}",
        "load": f"{os.getloadavg()[0]:.2f} over the last minute, before the first run",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "write and fdatasync": f"{_flush_ms(folder):.2f} ms, median of {FLUSHES}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "git": _said("git", "--version").removeprefix("git version "),
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    """Return the name of the processor."""
    with Path("/proc/cpuinfo").open() as file:
        names = (line.partition(":")[2].strip() for line in file if line.startswith("model name"))
        return next(names, platform.machine())


def _version(name: str) -> str:
    """Return the version of a package, or nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _said(*command: str) -> str:
    """Return what a program says, or nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _together() -> float:
    """Return how much two processes do in the time of one, in its work.

    Two processors may be one core, which has hardly more to give to two than to one.
    """
    return median(2 * _loop_s(1) / _loop_s(2) for _ in range(LOOPS))


def _loop_s(processes: int) -> float:
    """Return how long a bare loop takes in the slowest of so many processes, in seconds."""
    command = (sys.executable, "-c", LOOP)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    return max(float(each.communicate()[0]) for each in running)


def _flush_ms(folder: Path) -> float:
    """Return how long a write of four kibibytes and its flush take, in milliseconds."""
    path, times = folder / "flush", []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(FLUSHES):
            begun = perf_counter()
            os.write(descriptor, bytes(4096))
            os.fdatasync(descriptor)
            times.append(1000 * (perf_counter() - begun))
    finally:
        os.close(descriptor)
        path.unlink()
    return median(times)
