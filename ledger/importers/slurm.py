"""Slurm: what jobs held, from `sacct` as a table or as JSON.

Time held is recorded with its devices; operations are not known to a scheduler and stay unknown.
Steps add nothing, since the line of the job covers them. Page: ``schemas/source-slurm.v1.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ledger.hardware import Catalogue
from ledger.importers.held_reading import HeldReader, Terms
from ledger.importers.line_stream import LineStream
from ledger.importers.mapped_importer import Kind, MappedImporter, by_opening
from ledger.importers.mapping import Map
from ledger.importers.slurm_json import claims_json
from ledger.importers.slurm_reading import EXPORT, NAME, VERSION, Said, SlurmSource
from ledger.importers.slurm_table import header_of
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER"]


def _claims(text: str) -> bool:
    """Whether the first line is a header of sacct, or its 26 columns without one."""
    return claims_json(text) or header_of(text.partition("\n")[0].rstrip("\r")) is not None


def _read(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, mapping: Map | None
) -> Reading:
    """Read and check one export; its records are built anew, job by job, when asked."""
    stream = LineStream(path)
    source = SlurmSource(stream, Said.of(settings), mapping)
    return HeldReader(source, stream, Terms.of(settings), catalogue, mapping).reading()


IMPORTER = MappedImporter(
    Kind(
        name=NAME,
        version=VERSION,
        settings=frozenset({"zone", "cluster", "model", "window", "role"}),
        noun="export of sacct",
        remedy=f"write it: {EXPORT}",
        claims=by_opening(_claims),
        reads=_read,
        renames=True,
    )
)
