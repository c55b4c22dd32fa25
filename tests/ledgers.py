"""Small ledgers for tests: bodies, sealed leaves in memory, and generators of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ledger.book import Book
from ledger.entry import Entry, genesis_prev
from ledger.log import Row
from ledger.measure import Folded, StoredRecord, summarise
from ledger.merkle import root_of
from ledger.record import draft_of
from ledger.regime.counting import CountingSet

ORIGIN = "ledger.example/lab-a"
DAY = date(2026, 3, 10)
EVIDENCE = {
    "source_kind": "assertion",
    "file_sha256": None,
    "locator": "",
    "importer": "hand",
    "importer_version": "1",
}


def allocation(model: str = "m", operations: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return a valid allocation body: eight hours of one device on ``DAY``."""
    body = {
        "run": "r",
        "model": model,
        "developer": "acme",
        "activity": "pretrain",
        "extent": "own",
        "start": f"{DAY}T00:00:00Z",
        "start_ms": 0,
        "end": f"{DAY}T08:00:00Z",
        "end_ms": 0,
        "not_after": None,
        "device": None,
        "milli_devices": None,
        "device_us": None,
        "precision": "bf16",
        "sparsity": "dense",
        "operation_kind": "float",
        "scale_up_gb_per_s": None,
        "scale_up_domain": None,
        "scale_out_gbit_per_s": None,
        "topology": "unknown",
        "concurrent_devices": None,
        "catalogue_digest": None,
        "peak_operations_per_s": None,
        "ceiling_operations": None,
        "operations": None if operations is None else str(operations),
        "operations_low": None,
        "operations_high": None,
        "operations_executed": None,
        "method": "none",
        "method_inputs": {},
        "evidence": EVIDENCE,
        "commitment": None,
        "status": "final",
        "role": "primary",
    }
    unknown = set(changes) - set(body)
    assert not unknown, unknown
    return {**body, **changes}


def undated(not_after: date, **changes: Any) -> dict[str, Any]:
    """Return changes that make an allocation undated."""
    return {"start": None, "end": None, "not_after": str(not_after), **changes}


def figure(model: str, operations: int, run: str = "published", **changes: Any) -> dict[str, Any]:
    """Return a published figure that includes ancestors."""
    return allocation(model, operations, extent="cumulative", run=run, **changes)


def lineage(
    model: str,
    parent: str | None,
    same_provider: str = "yes",
    relation: str = "derived",
    **changes: Any,
) -> dict[str, Any]:
    """Return a lineage body."""
    return {
        "model": model,
        "parent": parent,
        "relation": relation,
        "same_provider": same_provider,
        "on": None,
        "evidence": EVIDENCE,
        **changes,
    }


def fact(subject: str, name: str, kind: str, value: Any, **changes: Any) -> dict[str, Any]:
    """Return a fact body."""
    return {
        "subject": subject,
        "name": name,
        "value": {"kind": kind, "value": value},
        "valid_from": None,
        "valid_until": None,
        "evidence": EVIDENCE,
        **changes,
    }


def commitment(model: str | None, developer: str | None, **changes: Any) -> dict[str, Any]:
    """Return a commitment body."""
    return {
        "contract": "c-1",
        "kind": "forward",
        "window_start": "2026-06-01",
        "window_end": "2026-09-01",
        "device": None,
        "milli_devices": None,
        "device_us": None,
        "precision": "bf16",
        "sparsity": "dense",
        "scale_up_gb_per_s": None,
        "scale_up_domain": None,
        "scale_out_gbit_per_s": None,
        "topology": "unknown",
        "concurrent_devices": None,
        "operations_low": None,
        "operations": None,
        "operations_high": None,
        "firmness": "firm",
        "agreed_on": "2026-02-01",
        "exercised_on": None,
        "model": model,
        "developer": developer,
        "activity": "pretrain",
        "operation_kind": "float",
        "evidence": EVIDENCE,
        **changes,
    }


@dataclass(frozen=True, slots=True)
class Reverse:
    """Stands for a reversal of an earlier record, by its place in the list."""

    seq: int


Record = tuple[str, dict[str, Any]] | Reverse


def records(*given: Record | dict[str, Any], day: date = DAY) -> tuple[StoredRecord, ...]:
    """Number and validate records, one a day; a bare body is an allocation."""
    made: list[StoredRecord] = []
    for seq, item in enumerate(given):
        if isinstance(item, Reverse):
            kind, body = "reversal", _reversal(made[item.seq])
        else:
            kind, body = ("allocation", item) if isinstance(item, dict) else item
        at = f"{day + timedelta(days=seq)}T12:00:00Z"
        made.append(StoredRecord(seq, at, kind, draft_of(kind, body).body))
    return tuple(made)


def _reversal(reversed_: StoredRecord) -> dict[str, Any]:
    """Return the body that reverses a record."""
    return {
        "reverses": reversed_.seq,
        "hash": "0" * 64,
        "reversed_type": reversed_.type,
        "reversed": dict(reversed_.body),
        "reason": "withdrawn",
        "root_cause": None,
        "discovered_on": None,
    }


def book_of(*given: Record | dict[str, Any], as_of: date = DAY) -> Book:
    """Build a book from records outside any log."""
    held = records(*given)
    return Book(Folded.of(summarise(held, as_of=as_of), limit=len(held), as_of=as_of))


class MemoryLeaves:
    """Sealed entries in memory, read as a store is."""

    def __init__(self, held: Sequence[StoredRecord]) -> None:
        self.rows: list[Row] = []
        prev = genesis_prev(ORIGIN)
        for record in held:
            identity = f"00000000-0000-4000-8000-{record.seq:012x}"
            entry = Entry(
                record.seq,
                identity,
                record.type,
                record.recorded_at,
                ORIGIN,
                prev,
                "A" * 22,
                (),
                dict(record.body),
            )
            self.rows.append(Row(record.seq, entry.encode(), entry.hash()))
            prev = entry.hash().hex()
        self.reads = 0

    @property
    def size(self) -> int:
        return len(self.rows)

    def root(self, size: int | None = None) -> bytes:
        return root_of([row.hash for row in self.rows[:size]])

    def read(self, start: int, stop: int) -> Iterator[Row]:
        for row in self.rows[start:stop]:
            self.reads += 1
            yield row


def counting(
    *excluded: str,
    same_provider: str = "collapse",
    relations: Sequence[str] = ("derived", "merged"),
) -> CountingSet:
    """Return a counting set over four activities, of which some are excluded."""
    activities = {"pretrain", "sft", "eval", "unknown"}
    return CountingSet(
        "test",
        frozenset(activities - set(excluded)),
        frozenset(excluded),
        frozenset({"float", "unknown"}),
        frozenset(relations),
        "collapse" if same_provider == "collapse" else "ancestor",
    )


MODELS = ("base", "left", "right", "top", "other")
LINE = 10**25
AMOUNTS = st.sampled_from([0, 1, LINE // 3, LINE - 1, LINE, LINE + 1, 10**26, 10**28])


@st.composite
def allocations(draw: st.DrawFn) -> dict[str, Any]:
    """Generate allocations of every shape: point, band, one end, ceiling, nothing; undated too."""
    low, point, high = sorted(draw(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS)))
    stated = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    texts = [str(v) if known else None for v, known in zip((low, point, high), stated, strict=True)]
    day = DAY + timedelta(days=draw(st.integers(-2, 2)))
    month = draw(st.sampled_from([0, 31]))
    day += timedelta(days=month)
    when = (
        {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
        if draw(st.booleans())
        else undated(day)
    )
    peak = draw(st.sampled_from([None, 989 * 10**12, 1979 * 10**12]))
    device_us = draw(st.sampled_from([None, 0, 28_800_000_000, 10**20]))
    ceiling = None if peak is None or device_us is None else device_us * peak // 10**6
    return allocation(
        draw(st.sampled_from(MODELS)),
        run=draw(st.sampled_from(["r1", "r2"])),
        developer=draw(st.sampled_from(["acme", None])),
        activity=draw(st.sampled_from(["pretrain", "eval", "unknown"])),
        extent=draw(st.sampled_from(["own", "own", "own", "cumulative"])),
        operations_low=texts[0],
        operations=texts[1],
        operations_high=texts[2],
        device=draw(st.sampled_from(["h100-sxm", None])),
        device_us=None if device_us is None else str(device_us),
        peak_operations_per_s=None if peak is None else str(peak),
        ceiling_operations=None if ceiling is None else str(ceiling),
        operation_kind=draw(st.sampled_from(["float", "integer", "unknown"])),
        scale_up_domain=draw(st.sampled_from([8, None])),
        method=draw(st.sampled_from(["none", "counter"])),
        method_inputs=draw(st.sampled_from([{}, {"steps": 5}, {"note": '"method_inputs":{}'}])),
        evidence={**EVIDENCE, "source_kind": draw(st.sampled_from(["invoice", "scheduler"]))},
        commitment=draw(st.sampled_from([None, "c-1"])),
        role=draw(st.sampled_from(["primary", "primary", "corroborating"])),
        **when,
    )


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[StoredRecord, ...]:
    """Generate short ledgers: allocations, lineage with diamonds and cycles, facts, reversals."""
    given: list[Record] = []
    open_for_reversal: list[int] = []
    for seq in range(draw(st.integers(0, 24))):
        kind = draw(st.sampled_from(["allocation", "allocation", "lineage", "fact", "reversal"]))
        if kind == "reversal" and open_for_reversal:
            place = draw(st.integers(0, len(open_for_reversal) - 1))
            given.append(Reverse(open_for_reversal.pop(place)))
            continue
        open_for_reversal.append(seq)
        if kind == "lineage":
            child, parent = draw(st.permutations(MODELS))[:2]
            hidden = draw(st.booleans()) and draw(st.booleans())
            provider = draw(st.sampled_from(["yes", "no", "unknown"]))
            relation = draw(st.sampled_from(["derived", "merged", "distilled"]))
            step = lineage(child, None if hidden else parent, provider, relation)
            given.append(("lineage", step))
        elif kind == "fact":
            value = draw(st.sampled_from(["10^25 FLOP", "10_000 FLOP"]))
            given.append(("fact", fact("model:base", "model.size", "quantity", value)))
        else:
            given.append(draw(allocations()))
    return records(*given)
