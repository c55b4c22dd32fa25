"""A FOCUS table as Parquet: its cells become the texts that the same bill as CSV would hold.

Batches of rows are in memory, and never the whole bill. A quantity that the provider keeps as a
float is taken as the shortest decimal that stands for it, which is what a CSV of it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from ledger.errors import InputError
from ledger.importers.focus_table import NEEDED, Misfit, Record, columns_of, record_of
from ledger.importers.line_stream import LineStream

__all__ = ["MAGIC", "is_parquet_bill", "parquet_records"]

MAGIC: Final = b"PAR1"
"""With these bytes a Parquet file begins."""

_BATCH: Final = 10_000
_FAULTS: Final = (pl.exceptions.PolarsError, OSError)
_INSTANT: Final = "%Y-%m-%dT%H:%M:%S%.3fZ"


def is_parquet_bill(path: Path) -> bool:
    """Return whether a Parquet file has the columns that every FOCUS table has."""
    try:
        with path.open("rb") as stored:  # a path could be taken for a pattern
            names = pl.read_parquet_schema(stored)
    except _FAULTS:
        return False
    return set(NEEDED) <= {name.strip().lower() for name in names}


def parquet_records(
    stream: LineStream, renamed: Mapping[str, str] | None = None
) -> Iterator[Record | Misfit]:
    """Yield the rows of a bill, numbered from 1, and what makes none.

    Args:
        stream: The file; its digest is taken before the rows are read and after.
        renamed: Their column, in lower case, to ours.

    Raises:
        InputError: If it is no Parquet file, no bill, names a column twice, or was changed.
    """
    _settle(stream)
    try:
        frame = pl.scan_parquet(stream.path, glob=False, hive_partitioning=False)
        schema = frame.collect_schema()
        names = columns_of(list(schema), renamed or {})
        texts = frame.select(_text(name, kind) for name, kind in schema.items())
        line = 0
        for batch in texts.collect_batches(chunk_size=_BATCH, maintain_order=True):
            nested = [kind.is_nested() for kind in batch.dtypes]
            for row in batch.iter_rows():
                line += 1
                cells = [_json(c) if n else c or "" for c, n in zip(row, nested, strict=True)]
                yield record_of(cells, names, line)
    except _FAULTS as error:
        first = str(error).partition("\n")[0]
        raise InputError(
            f"the file is no Parquet that can be read: {first}",
            where=str(stream.path),
            remedy="copy it again",
        ) from error
    _settle(stream)


def _settle(stream: LineStream) -> None:
    """Take the digest of a file, which must be that of before."""
    for _ in stream.blocks():
        pass


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    """Return a column as text; lists and structures stay, to be written as JSON."""
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        zoned = column if kind.time_zone is None else column.dt.convert_time_zone("UTC")
        return zoned.dt.strftime(_INSTANT)
    if isinstance(kind, pl.Binary):
        return column.bin.encode("hex")
    return column if kind.is_nested() else column.cast(pl.String)


def _json(value: Any) -> str:  # noqa: ANN401 - whatever a column of lists or structures holds
    """Return a list or structure as JSON; Parquet writes an object as a list of keys and values."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(v, dict) and set(v) == _PAIR for v in value):
        value = {str(item["key"]): item["value"] for item in value}
    return json.dumps(value, default=str, ensure_ascii=False)


_PAIR: Final = {"key", "value"}
