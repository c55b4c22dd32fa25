"""A bundle is one file from which anybody verifies a ledger offline, without the ledger.

It is a ZIP archive, or the same members as a tree of files. Its manifest names every other member
with its digest, so that the SHA-256 of the manifest names the whole bundle in either form. Nothing
is ever extracted: members are read as streams, and every limit is counted while reading.
Specification: ``schemas/bundle.v1.md``.
"""

from __future__ import annotations

from ledger.bundle.archive import Archive
from ledger.bundle.caps import Caps
from ledger.bundle.lines import entry_lines, lines
from ledger.bundle.manifest import SCHEMA, Listed, Manifest
from ledger.bundle.names import Names, read_names, sized
from ledger.bundle.opened import Members, Opened
from ledger.bundle.redactions import Redactions, Withheld
from ledger.bundle.writing import Made, Part, Source, assembled, write_bundle

__all__ = [
    "SCHEMA",
    "Archive",
    "Caps",
    "Listed",
    "Made",
    "Manifest",
    "Members",
    "Names",
    "Opened",
    "Part",
    "Redactions",
    "Source",
    "Withheld",
    "assembled",
    "entry_lines",
    "lines",
    "read_names",
    "sized",
    "write_bundle",
]
