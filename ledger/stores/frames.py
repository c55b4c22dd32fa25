"""Frames: exported tables as Parquet or CSV, written as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from ledger.errors import LedgerError
from ledger.journeys.exporting import Cell, Columns

__all__ = ["write_csv", "write_parquet"]

FRAME_ROWS = 1 << 15
_TYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "decimal": pl.Decimal(38, 0),  # read as it is by DuckDB and Spark
    "boolean": pl.Boolean,
}


def write_parquet(rows: Iterator[tuple[Cell, ...]], columns: Columns, path: Path) -> None:
    """Write a table as Parquet; large integers are DECIMAL(38, 0).

    Raises:
        LedgerError: If the disk refuses.
    """
    try:
        _lazy(rows, columns).sink_parquet(path)
    except OSError as error:
        raise _refused(path, error) from error


def write_csv(rows: Iterator[tuple[Cell, ...]], columns: Columns, path: Path) -> None:
    """Write a table as CSV; a text that a spreadsheet would run is quoted with an apostrophe.

    Raises:
        LedgerError: If the disk refuses.
    """
    texts = pl.col(pl.String)
    formula = texts.str.contains(r"^[=+\-@\t\r]")
    safe = pl.when(formula).then(pl.lit("'") + texts).otherwise(texts).name.keep()
    try:
        _lazy(rows, columns).with_columns(safe).sink_csv(path, line_terminator="\n")
    except OSError as error:
        raise _refused(path, error) from error


def _lazy(rows: Iterator[tuple[Cell, ...]], columns: Columns) -> pl.LazyFrame:
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
        while some := list(islice(rows, FRAME_ROWS)):
            # Digits become decimals by a cast: parsing them as numbers would round.
            yield pl.DataFrame(some, schema=texts, orient="row").cast(schema)

    return register_io_source(frames, schema=schema)


def _refused(path: Path, error: OSError) -> LedgerError:
    """Return the error for a file that cannot be written."""
    return LedgerError(
        f"cannot write {path}: {error.strerror or error}", remedy="choose another file with -o"
    )
