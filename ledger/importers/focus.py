"""FOCUS: what a bill says was rented, as device time beside what the scheduler says was held.

Only usage counts; what was bought, taxed or credited is money, and what was reserved and not used
is capacity. A bill is an upper bound of training time. Page: ``schemas/source-focus.v1.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ledger.hardware import Catalogue
from ledger.importers.focus_parquet import MAGIC, is_parquet_bill
from ledger.importers.focus_reading import NAME, VERSION, FocusReader, Said
from ledger.importers.focus_table import header_of
from ledger.importers.line_stream import LineStream
from ledger.importers.mapped_importer import Kind, MappedImporter
from ledger.importers.mapping import Map
from ledger.importers.source_file import opening
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER"]


def _claims(head: bytes, path: Path) -> bool:
    """Whether the file has the columns that every FOCUS table has."""
    if head.startswith(MAGIC):
        return is_parquet_bill(path)
    return bool(header_of(opening(head).partition("\n")[0].rstrip("\r")))


def _read(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, mapping: Map | None
) -> Reading:
    """Read and check one bill; its records are built anew, row by row, when asked."""
    return FocusReader(LineStream(path), Said.of(settings), catalogue, mapping).reading()


IMPORTER = MappedImporter(
    Kind(
        name=NAME,
        version=VERSION,
        settings=frozenset({"model", "role", "unused"}),
        noun="FOCUS table",
        remedy="export the bill as FOCUS 1.0 or later, as CSV with its header or as Parquet",
        claims=_claims,
        reads=_read,
        named=lambda name: name.casefold().endswith((".csv", ".parquet")),
        renames=True,
    )
)
