"""The cost of live capture in the path of a training, measured in processor time."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_add_takes_less_than_two_microseconds() -> None:
    code = (
        "import time; from ledger.capture import capture\n"
        "c = capture(run='r', model='m', spool='/dev/null/no').start()\n"
        "add, times = c.add, []\n"
        "for _ in range(5):\n"
        "    begun = time.thread_time_ns()\n"
        "    for _ in range(20_000): add(tokens=4096, operations=10**15, steps=1)\n"
        "    times.append((time.thread_time_ns() - begun) / 20_000)\n"
        "print(int(min(times)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 2000
