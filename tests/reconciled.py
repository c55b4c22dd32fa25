"""Small ledgers to reconcile: held time with and without figures, and the same seen elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledgers import DAY, EVIDENCE, MemoryLeaves, Record, allocation, records

from ledger.entry import Entry
from ledger.journeys.reconciling import Reconciliation, RunLine, reconcile
from ledger.journeys.tolerance import parse_tolerances

HOURS_8_US = 8 * 3600 * 10**6
PEAK = 10**15
CEILING = HOURS_8_US * PEAK // 10**6
MOST = CEILING // 2
PIPE = {"formula": "pipe"}
INPUTS = {"formula": "dense", "parameters": 1, "tokens": 1}


def of(kind: str, importer: str = "hand", file: str | None = None) -> dict[str, Any]:
    """Evidence of a source kind."""
    digest = None if file is None else file * 64
    return {**EVIDENCE, "source_kind": kind, "importer": importer, "file_sha256": digest}


def held(milli: int = 1000, **changes: Any) -> dict[str, Any]:
    """Eight hours of devices, with their ceiling."""
    device_us = milli * 8 * 3600 * 1000
    return allocation(
        **{
            "device": "d",
            "milli_devices": milli,
            "device_us": str(device_us),
            "peak_operations_per_s": str(PEAK),
            "ceiling_operations": str(device_us * PEAK // 10**6),
            **changes,
        }
    )


def figure(operations: int, method: str = "architecture", **changes: Any) -> dict[str, Any]:
    """Held time with a figure."""
    inputs = INPUTS if method == "architecture" else {"formula": "hardware"}
    stated = {"operations": str(operations), "method": method, "method_inputs": inputs}
    return held(**{**stated, **changes})


def beside(kind: str, milli: int = 1000, **changes: Any) -> dict[str, Any]:
    """The same hours in a source that does not add."""
    return held(milli, role="corroborating", evidence=of(kind, kind), **changes)


def entries(*given_: Record | dict[str, Any]) -> Iterator[Entry]:
    """Sealed entries of a small ledger."""
    return (Entry.parse(row.bytes) for row in MemoryLeaves(records(*given_)).rows)


def found(
    *given_: Record | dict[str, Any], names: tuple[str, ...] = (), set_: tuple[str, ...] = ()
) -> Reconciliation:
    """A small ledger, reconciled."""
    return reconcile(entries(*given_), parse_tolerances(set_), as_of=DAY, names=names)


def line(*given_: Record | dict[str, Any], set_: tuple[str, ...] = ()) -> RunLine:
    """The one run of a small ledger."""
    (only,) = found(*given_, set_=set_).runs
    return only


def codes(*given_: Record | dict[str, Any]) -> list[str]:
    """Codes of the findings."""
    return [problem.code for problem in found(*given_).problems]
