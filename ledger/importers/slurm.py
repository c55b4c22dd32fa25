"""Slurm: what jobs held, from `sacct` as a table or as JSON.

Time held is recorded with its devices; operations are not known to a scheduler and stay unknown.
Steps add nothing, since the line of the job covers them. Page: ``schemas/source-slurm.v1.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ledger.errors import MissingError
from ledger.hardware import Catalogue
from ledger.importers.held_reading import HeldReader, Terms
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Map
from ledger.importers.slurm_json import claims_json
from ledger.importers.slurm_reading import EXPORT, NAME, VERSION, Said, SlurmSource
from ledger.importers.slurm_table import header_of
from ledger.importers.source_file import find_files, opening
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "SlurmImporter"]


class SlurmImporter:
    """Reads exports of sacct; see `Importer`."""

    name = NAME
    version = VERSION
    settings = frozenset({"zone", "cluster", "model", "window", "role"})

    def __init__(self, mapping: Map | None = None) -> None:
        """Read by a map, if there is one."""
        self._map = mapping

    def with_map(self, mapping: Map) -> SlurmImporter:
        """Return the importer that reads by a map."""
        return SlurmImporter(mapping)

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether the first line is a header of sacct, or its 26 columns without one."""
        if path.is_dir():
            files = (p for p in path.iterdir() if p.is_file())
            return any(self.claims(read_head(p, HEAD_MAX), p) for p in files)
        text = opening(head)
        return claims_json(text) or header_of(text.partition("\n")[0].rstrip("\r")) is not None

    def files(self, path: Path) -> tuple[Path, ...]:
        """The file, or the exports of a directory."""
        if path.is_file():
            return (path,)
        found = find_files(path, lambda _: True, "files")
        mine = tuple(p for p in found if self.claims(read_head(p, HEAD_MAX), p))
        if not mine:
            raise MissingError(
                "the directory holds no export of sacct", where=str(path), remedy=EXPORT
            )
        return mine

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads and checks one export; its records are built anew, job by job, when asked."""
        said = {**({} if self._map is None else self._map.file.settings), **settings}
        stream = LineStream(path)
        source = SlurmSource(stream, Said.of(said), self._map)
        return HeldReader(source, stream, Terms.of(said), catalogue, self._map).reading()


IMPORTER = SlurmImporter()
