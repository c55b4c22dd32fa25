"""Frames: exported tables as Parquet or CSV, written as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO

import polars as pl
from polars.io.plugins import register_io_source

from ledger.journeys.exporting import Cell, Columns

__all__ = ["write_csv", "write_parquet"]

FRAME_ROWS = 1 << 15
_TYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "decimal": pl.Decimal(38, 0),  # read as it is by DuckDB and Spark
    "boolean": pl.Boolean,
}
_IO_ERROR = re.compile(
    r"(?:IO error: |^)(?:\[Errno \d+\] )?(?P<reason>[^:\n]+?)(?: \(os error \d+\))?$"
)


def write_parquet(rows: Iterator[tuple[Cell, ...]], columns: Columns, file: BinaryIO) -> None:
    """Write a table as Parquet; large integers are DECIMAL(38, 0).

    Raises:
        LedgerError: Whatever reading the rows raises.
        OSError: If the file takes no more.
    """
    with _told() as failures:
        _lazy(rows, columns, failures).sink_parquet(file)


def write_csv(rows: Iterator[tuple[Cell, ...]], columns: Columns, file: BinaryIO) -> None:
    """Write a table as CSV; a text that a spreadsheet would run is quoted with an apostrophe.

    Raises:
        LedgerError: Whatever reading the rows raises.
        OSError: If the file takes no more.
    """
    texts = pl.col(pl.String)
    formula = texts.str.contains(r"^[=+\-@\t\r]")
    safe = pl.when(formula).then(pl.lit("'") + texts).otherwise(texts).name.keep()
    with _told() as failures:
        _lazy(rows, columns, failures).with_columns(safe).sink_csv(file, line_terminator="\n")


@contextmanager
def _told() -> Iterator[list[Exception]]:
    """Yield a list for what reading the rows raises; polars would make its own error of it."""
    failures: list[Exception] = []
    try:
        yield failures
    except (OSError, pl.exceptions.PolarsError) as error:
        if failures:
            raise failures[0] from None
        refused = _IO_ERROR.search(str(error))
        if refused is None:
            raise
        raise OSError(None, refused["reason"]) from error


def _lazy(
    rows: Iterator[tuple[Cell, ...]], columns: Columns, failures: list[Exception]
) -> pl.LazyFrame:
    """Return a frame that takes the rows as it is written."""
    schema = pl.Schema({name: _TYPES[kind] for name, kind in columns.kinds.items()})
    texts = {
        name: pl.String if kind == "decimal" else _TYPES[kind]
        for name, kind in columns.kinds.items()
    }

    def frames(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        """Yield frames of some rows; nothing is ever selected or cut here."""
        assert with_columns is None or set(with_columns) == set(schema)
        assert predicate is None
        assert n_rows is None
        del batch_size
        while some := _next(rows, failures):
            # Digits become decimals by a cast: parsing them as numbers would round.
            yield pl.DataFrame(some, schema=texts, orient="row").cast(schema)

    return register_io_source(frames, schema=schema)


def _next(rows: Iterator[tuple[Cell, ...]], failures: list[Exception]) -> list[tuple[Cell, ...]]:
    """Return the next rows; an error is kept before polars takes it."""
    try:
        return list(islice(rows, FRAME_ROWS))
    except Exception as error:
        failures.append(error)
        raise
