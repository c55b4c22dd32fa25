"""A ledger for tests that is told of things again and again: what then stands in it, and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sealed import entries

from ledger.cli.context import Context
from ledger.entry import Entry

Imports = Callable[..., dict[str, Any]]
MODEL = ("--set", "model=m")
SLURM = (*MODEL, "--set", "zone=UTC")


def standing(context: Context) -> list[Entry]:
    """Return the allocations that nothing reverses."""
    kept = {entry.seq: entry for entry in entries(context) if entry.type == "allocation"}
    for entry in entries(context):
        if entry.type == "reversal":
            del kept[int(str(entry.body["reverses"]))]
    return list(kept.values())


def standing_us(context: Context) -> int:
    """Return the device-time that counts, device-microseconds."""
    bodies = [entry.body for entry in standing(context)]
    return sum(int(str(body["device_us"])) for body in bodies if body["role"] == "primary")
