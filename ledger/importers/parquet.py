"""Parquet: our own table as columns; the columns are in `schemas/csv.v1.md`, their types here.

Every cell becomes the text that the CSV form would hold, so both formats mean the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

import polars as pl

from ledger.errors import InputError, Problem
from ledger.hardware import Catalogue
from ledger.importers.faults import Source
from ledger.importers.focus_parquet import MAGIC, is_parquet_bill
from ledger.importers.frame import Table, header_problems
from ledger.importers.held_time import refusal
from ledger.importers.rows import ROW
from ledger.importers.source_file import find_files
from ledger.importers.stored import read_stored
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "ROWS_MAX", "ParquetImporter"]

ROWS_MAX = 50_000
"""Rows that are decoded together; to find their place costs little."""


class ParquetImporter:
    """Reads the table of `schemas/csv.v1.md` from Parquet."""

    name = "parquet"
    version = "1"
    settings: frozenset[str] = frozenset()

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether the file is Parquet, and no bill."""
        if not head:
            tables = (p for p in path.iterdir() if _is_parquet(p.name)) if path.is_dir() else ()
            return any(not is_parquet_bill(p) for p in tables)
        return head.startswith(MAGIC) and not is_parquet_bill(path)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The file, or the Parquet files of a directory."""
        return find_files(path, _is_parquet, "Parquet files")

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads and checks one table whole."""
        del settings  # There are none; an unknown one has been refused.
        try:
            stored = read_stored(path)
        except InputError as error:
            return Reading((), (refusal(str(path), error),), 0)
        digest = hashlib.sha256(stored).hexdigest()
        source = Source(str(path), digest, self.name, self.version, "row")
        try:
            return _read(stored, source, catalogue)
        except (pl.exceptions.PolarsError, OSError) as error:
            first = str(error).partition("\n")[0]
            return _refused(source, "not-parquet", f"not a Parquet file: {first}", "copy it again")


IMPORTER = ParquetImporter()


def _is_parquet(name: str) -> bool:
    """Whether a file name is one of a Parquet file."""
    return name.casefold().endswith(".parquet")


def _read(stored: bytes, source: Source, catalogue: Catalogue) -> Reading:
    """Reads a table block by block.

    Raises:
        PolarsError: It is no Parquet.
    """
    wrong: tuple[Problem, ...] = ()
    table: Table | None = None
    start = 1
    for block in _blocks(stored):
        if table is None and not wrong:
            wrong = header_problems(block.columns, source) or _type_problems(block, source)
        if not wrong:  # Else the rest is only read to see that it can be.
            table = table or Table(block.columns, source, catalogue)
            texts = block.select(_text(name, kind) for name, kind in block.schema.items())
            table.add(texts.with_row_index(ROW, offset=start))
            start += block.height
    return Reading((), wrong, 0) if table is None else table.reading(source.sha256)


def _blocks(stored: bytes) -> Iterator[pl.DataFrame]:
    """Yields the rows of a table, at least one block of them."""
    rows = pl.scan_parquet(stored)
    for start in count(0, ROWS_MAX):
        block = rows.slice(start, ROWS_MAX).collect()
        if block.height or not start:
            yield block
        if block.height < ROWS_MAX:
            return


def _refused(source: Source, code: str, message: str, remedy: str) -> Reading:
    """A reading that refuses the file."""
    return Reading((), (Problem(source.path, None, code, message, remedy),), 0)


def _type_problems(frame: pl.DataFrame, source: Source) -> tuple[Problem, ...]:
    """Refuses columns of a type that cannot hold what the column means."""
    found = []
    for name, kind in frame.schema.items():
        advice = _advice(kind)
        if advice is not None:
            message = f"column {name!r} is {kind}"
            remedy, why = advice
            found.append(Problem(source.path, None, "column-type", message, remedy, why=why))
    return tuple(found)


def _advice(kind: pl.DataType) -> tuple[str, str] | None:
    """What to write in place of a column of this type, and why; None if the type is fine."""
    if kind.is_float():
        return (
            "write whole numbers as Int64 or Decimal(38, 0), fractions as Decimal or text",
            "a float near 10^25 is exact only to about two billion operations",
        )
    if isinstance(kind, pl.Datetime) and kind.time_zone is None:
        return (
            "give the column its time zone, or write texts such as 2026-11-22T10:00:00Z",
            "a local time has an hour each year that happens twice, and one that never does",
        )
    fine = (pl.String, pl.Categorical, pl.Enum, pl.Null, pl.Decimal, pl.Datetime, pl.Date)
    return None if kind.is_integer() or isinstance(kind, fine) else ("write it as text", "")


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    """A column as the text that a CSV file would hold."""
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if isinstance(kind, pl.Date):
        return column.dt.strftime("%Y-%m-%d")
    text = column.cast(pl.String)
    if isinstance(kind, pl.Decimal) and kind.scale:
        return text.str.strip_chars_end("0").str.strip_chars_end(".")
    return text
