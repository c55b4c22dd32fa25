"""FOCUS: what a bill says was rented, as device time beside what the scheduler says was held.

Only usage counts; what was bought, taxed or credited is money, and what was reserved and not used
is capacity. A bill is an upper bound of training time. Page: ``schemas/source-focus.v1.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ledger.errors import MissingError
from ledger.hardware import Catalogue
from ledger.importers.focus_reading import NAME, VERSION, FocusReader, Said
from ledger.importers.focus_table import header_of
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Map
from ledger.importers.source_file import find_files, opening
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "FocusImporter"]


class FocusImporter:
    """Reads bills of the form FOCUS 1.0 and later; see `Importer`."""

    name = NAME
    version = VERSION
    settings = frozenset({"model", "role", "unused"})

    def __init__(self, mapping: Map | None = None) -> None:
        """Read by a map, if there is one."""
        self._map = mapping

    def with_map(self, mapping: Map) -> FocusImporter:
        """Return the importer that reads by a map."""
        return FocusImporter(mapping)

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether the first line has the columns that every FOCUS table has."""
        if path.is_dir():
            return any(self.claims(read_head(p, HEAD_MAX), p) for p in _tables(path))
        return bool(header_of(opening(head).partition("\n")[0].rstrip("\r")))

    def files(self, path: Path) -> tuple[Path, ...]:
        """The file, or the bills of a directory."""
        if path.is_file():
            return (path,)
        found = find_files(path, _is_table, "CSV files")
        mine = tuple(p for p in found if self.claims(read_head(p, HEAD_MAX), p))
        if not mine:
            raise MissingError(
                "the directory holds no FOCUS table",
                where=str(path),
                remedy="export the bill as FOCUS 1.0 or later, as CSV with its header",
            )
        return mine

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads and checks one bill; its records are built anew, row by row, when asked."""
        said = {**({} if self._map is None else self._map.file.settings), **settings}
        return FocusReader(LineStream(path), Said.of(said), catalogue, self._map).reading()


IMPORTER = FocusImporter()


def _is_table(name: str) -> bool:
    """Whether a file name is one of a CSV file."""
    return name.casefold().removesuffix(".gz").endswith(".csv")


def _tables(path: Path) -> list[Path]:
    """The CSV files right below a directory."""
    return [p for p in path.iterdir() if p.is_file() and _is_table(p.name)]
