"""The width of an entry is its bytes: what they cost, in which pages: B0h, B0i and B0p.

The published bounds were set with records of 342 bytes. Baselines cost more with real entries, and
so does the program; the first two say how much of it is the bytes alone. Pages that entries fill
save a part of it, for whoever takes them.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial

from ledger.stores.schema import PAGE_BYTES

from .benchmark import Benchmark
from .bulk import PLAIN, insert_all, raw
from .inputs import ledger, ledger_of, payloads_of
from .stage import Stage
from .verifying import digests_of

PROTOTYPE = 342


def hashed(stage: Stage, width: int | None = None) -> int:
    """Hash so many bytes of every entry, or all of them."""
    payloads = [data[:width] for data in payloads_of(ledger_of(stage.inputs, stage.size))]
    return len(digests_of(stage, payloads))


def hashed_narrow(stage: Stage) -> int:
    """Hash as many bytes of every entry as the prototype's had."""
    return hashed(stage, PROTOTYPE)


def inserted(stage: Stage, width: int | None = None, **pages: int) -> int:
    """Insert so many bytes of every entry, or all of them, 10,000 in a transaction."""
    payloads = [data[:width] for data in payloads_of(ledger_of(stage.inputs, stage.size))]
    rows = [(seq, data, bytes(32)) for seq, data in enumerate(payloads)]
    with closing(raw(stage.work / "raw.db", PLAIN, **pages)) as connection, stage.timed():
        insert_all(connection, {"entries": rows})
    return len(rows)


def inserted_narrow(stage: Stage) -> int:
    """Insert as many bytes of every entry as the prototype's had."""
    return inserted(stage, PROTOTYPE)


def inserted_in_pages(stage: Stage) -> int:
    """Insert every entry whole, in pages as large as the ledger's."""
    return inserted(stage, page_bytes=PAGE_BYTES)


_width = partial(Benchmark, prepare=ledger, size=200_000, unit="entries", bound=None)

BENCHMARKS = (
    _width(
        id="B0h",
        title=f"hashlib loop over whole entries ÷ over {PROTOTYPE} bytes of each",
        candidate=hashed,
        baseline=hashed_narrow,
    ),
    _width(
        id="B0i",
        title=f"raw sqlite3 executemany of whole entries ÷ of {PROTOTYPE} bytes of each",
        candidate=inserted,
        baseline=inserted_narrow,
    ),
    _width(
        id="B0p",
        title=f"raw sqlite3 executemany of whole entries in pages of {PAGE_BYTES:,} bytes ÷ of "
        "4,096 bytes",
        candidate=inserted_in_pages,
        baseline=inserted,
    ),
)
