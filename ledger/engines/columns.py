"""Columns are the allocations of a segment as a frame: one row each, and one for each reversal.

Specification: ``schemas/projection.v2.md``. The frame holds what does not depend on the day or
the prefix asked for; a reversal carries the amounts of the entry it takes back, and sign -1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
import polars as pl

from ledger.canonical import DIGITS_PATTERN
from ledger.errors import IntegrityError
from ledger.measure import StoredRecord
from ledger.record.provenance import evidence_grade

__all__ = ["AMOUNT", "SCHEMA", "Columns", "columns_of"]

AMOUNT = pl.Decimal(38, 0)

_TEXT = ("run", "model", "developer", "activity", "extent", "role", "operation_kind")
_FABRIC = ("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s", "concurrent_devices")
_DIGITS = (
    "operations",
    "operations_low",
    "operations_high",
    "ceiling_operations",
    "device_us",
    "peak_operations_per_s",
)
_DAYS = ("start", "not_after")
_COPIED = (*_TEXT, "device", "precision", "sparsity", "topology", "commitment", *_FABRIC)

SCHEMA: dict[str, pl.DataType] = {
    "seq": pl.Int64(),
    "sign": pl.Int8(),
    "reverses": pl.Int64(),
    **dict.fromkeys(_TEXT, pl.String()),
    "evidence": pl.String(),
    "day": pl.Date(),
    "not_after": pl.Date(),
    **dict.fromkeys(("lo", "hi", "error_lo", "error_hi", "device_us", "ceiling"), AMOUNT),
    "commitment": pl.String(),
    **dict.fromkeys(("device", "precision", "sparsity", "topology"), pl.String()),
    **dict.fromkeys(_FABRIC, pl.Int64()),
    "peak_operations_per_s": AMOUNT,
}

_ALLOCATION = b'"type":"allocation","v":1}'  # how a leaf ends, since its keys are sorted
_EMPTY = b"{}"
_BLOCK = 1024
"""Rows that are turned into columns at once: their texts are still in the processor's cache."""
_UNREADABLE = (
    msgspec.DecodeError,
    pl.exceptions.PolarsError,
    KeyError,
    ValueError,
    # An integer beyond 64 bits, or an array where an object should be.
    TypeError,
    OverflowError,
)


class _Evidence(msgspec.Struct, gc=False):
    """What the evidence letter needs of the evidence."""

    source_kind: str


class _Body(msgspec.Struct, gc=False):
    """What a fold needs of an allocation; the other fields are passed over."""

    run: str
    model: str
    developer: str | None
    activity: str
    extent: str
    role: str
    operation_kind: str
    device: str | None
    precision: str
    sparsity: str
    topology: str
    commitment: str | None
    scale_up_gb_per_s: int | None
    scale_up_domain: int | None
    scale_out_gbit_per_s: int | None
    concurrent_devices: int | None
    start: str | None
    not_after: str | None
    operations: str | None
    operations_low: str | None
    operations_high: str | None
    ceiling_operations: str | None
    device_us: str | None
    peak_operations_per_s: str | None
    method: str
    method_inputs: msgspec.Raw
    evidence: _Evidence


class _Leaf(msgspec.Struct, gc=False):
    """What a fold needs of an entry that holds an allocation."""

    seq: int
    body: _Body


_Row: TypeAlias = tuple[int, int, int | None, _Body]
"""Number, sign, number of the entry that it takes back, and what is stated."""

_READ_LEAF = msgspec.json.Decoder(_Leaf)


@dataclass(frozen=True, slots=True)
class Columns:
    """A segment, taken apart.

    Attributes:
        allocations: One row for each allocation and each reversal of one, columns as ``SCHEMA``.
        records: All other records, in order.
    """

    allocations: pl.DataFrame
    records: tuple[StoredRecord, ...]


def columns_of(leaves: Iterable[bytes]) -> Columns:
    """Take the leaves of a segment apart.

    Raises:
        IntegrityError: If a leaf cannot be read, though its hash is the one that was signed.
    """
    rows: list[_Row] = []
    blocks: list[pl.DataFrame] = []
    records: list[StoredRecord] = []
    try:
        for leaf in leaves:
            if leaf.endswith(_ALLOCATION):
                made = _READ_LEAF.decode(leaf)
                rows.append((made.seq, 1, None, made.body))
            else:
                record = _record(leaf)
                records.append(record)
                if record.type == "reversal" and record.body["reversed_type"] == "allocation":
                    rows.append(_reversal(record.seq, record.body))
            if len(rows) == _BLOCK:
                blocks.append(_block(rows))
                rows.clear()
        blocks.append(_block(rows))
        return Columns(_frame(blocks), tuple(records))
    except _UNREADABLE as error:
        raise IntegrityError(
            f"a leaf cannot be read as an entry: {error}", remedy="run: flopledger verify"
        ) from error


def _record(leaf: bytes) -> StoredRecord:
    """Read an entry that is no allocation."""
    value: dict[str, Any] = json.loads(leaf)
    return StoredRecord(value["seq"], value["recorded_at"], value["type"], value["body"])


def _reversal(seq: int, body: Any) -> _Row:  # noqa: ANN401 - any JSON
    """Read the copy that a reversal carries."""
    copy = json.dumps(body["reversed"]).encode()
    return seq, -1, body["reverses"], msgspec.json.decode(copy, type=_Body)


class _Letters(dict[tuple[str, str, bool], str]):
    """Evidence letters by kind of source, method and whether inputs are stated: made once each."""

    def __missing__(self, kind: tuple[str, str, bool]) -> str:
        """Return the letter of a kind that is not known yet."""
        source, method, stated = kind
        inputs = {"stated": 1} if stated else {}
        body = {"evidence": {"source_kind": source}, "method": method, "method_inputs": inputs}
        letter = self[kind] = evidence_grade(body)
        return letter


def _block(rows: Sequence[_Row]) -> pl.DataFrame:
    """Turn some rows into columns, amounts and days as they are written."""
    bodies = [row[3] for row in rows]
    turned = zip(*map(msgspec.structs.astuple, bodies), strict=True)
    stated: dict[str, Sequence[Any]] = dict(zip(_Body.__struct_fields__, turned, strict=False))
    columns: dict[str, pl.Series] = {
        "seq": pl.Series([row[0] for row in rows], dtype=pl.Int64),
        "sign": pl.Series([row[1] for row in rows], dtype=pl.Int8),
        "reverses": pl.Series([row[2] for row in rows], dtype=pl.Int64),
        "evidence": pl.Series(_evidence(stated), dtype=pl.String),
    }
    for name in _COPIED:
        columns[name] = pl.Series(stated.get(name, ()), dtype=SCHEMA[name])
    for name in (*_DIGITS, *_DAYS):
        columns[name] = pl.Series(stated.get(name, ()), dtype=pl.String)
    return pl.DataFrame(columns)


def _evidence(stated: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return the evidence letter of each allocation; one look-up a row."""
    sources = [evidence.source_kind for evidence in stated.get("evidence", ())]
    inputs = [bytes(raw) != _EMPTY for raw in stated.get("method_inputs", ())]
    kinds = zip(sources, stated.get("method", ()), inputs, strict=True)
    return list(map(_Letters().__getitem__, kinds))


def _frame(blocks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put blocks together, read amounts and days, and derive both intervals."""
    whole = pl.concat(blocks, rechunk=True)
    starts, limits = (whole[name] for name in _DAYS)
    return (
        whole.with_columns(
            *(_amounts(whole[name]) for name in _DIGITS),
            starts.str.slice(0, 10).str.to_date("%Y-%m-%d").alias("day"),
            limits.str.to_date("%Y-%m-%d"),
        )
        .with_columns(*_legal())
        .with_columns(*_error())
        .select(*SCHEMA)
    )


def _amounts(column: pl.Series) -> pl.Series:
    """Read digits exactly; the cast alone would round ``1.5`` and take a sign."""
    if not column.str.contains(f"^{DIGITS_PATTERN}$").all():
        raise ValueError("an amount is not written as digits")
    return column.cast(AMOUNT)


def _legal() -> list[pl.Expr]:
    """Return the ends of the legal interval: the point, or the range, at most up to the ceiling.

    A ceiling below the stated lower end contradicts it and bounds nothing.
    """
    point, low = pl.col("operations"), pl.col("operations_low")
    high, ceiling = pl.col("operations_high"), pl.col("ceiling_operations")
    zero = pl.lit(0).cast(AMOUNT)
    return [
        pl.coalesce(point, low, zero).alias("lo"),
        pl.when(point.is_not_null())
        .then(point)
        .when(high.is_null() & (ceiling >= pl.coalesce(low, zero)))
        .then(ceiling)
        .otherwise(high)
        .alias("hi"),
        ceiling.alias("ceiling"),
    ]


def _error() -> list[pl.Expr]:
    """Return the ends of the error interval: the stated ones, else the legal ones."""
    return [
        pl.coalesce("operations_low", "lo").alias("error_lo"),
        pl.coalesce("operations_high", "hi").alias("error_hi"),
    ]
