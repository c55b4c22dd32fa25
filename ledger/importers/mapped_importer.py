"""A mapped importer reads files whose words a map explains; each kind of file says the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ledger.hardware import Catalogue
from ledger.importers.mapping import Map
from ledger.importers.source_file import claimed_files, opening
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["Kind", "MappedImporter", "by_opening"]

Reads: TypeAlias = Callable[[Path, Mapping[str, str], Catalogue, Map | None], Reading]


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of file has of its own.

    Attributes:
        name: The word after ``--source``.
        version: Changes with the meaning of what is recorded.
        settings: The keys that ``--set`` may give.
        noun: What such a file is, for the message where a directory holds none.
        remedy: What to do then.
        claims: Whether a file is of this kind, by its first bytes and its path.
        reads: Reads a file, by the settings of the map and of the caller, the catalogue and the
            map.
        named: Whether a file of that name, without ``.gz``, may be one; None for any name.
        renames: Whether a map may give its columns other names.
    """

    name: str
    version: str
    settings: frozenset[str]
    noun: str
    remedy: str
    claims: Callable[[bytes, Path], bool]
    reads: Reads
    named: Callable[[str], bool] | None = None
    renames: bool = False


class MappedImporter:
    """Reads files of one kind; see `Importer`."""

    def __init__(self, kind: Kind, mapping: Map | None = None) -> None:
        """Read files of a kind, by a map if there is one."""
        self.name = kind.name
        self.version = kind.version
        self.settings = kind.settings
        self._kind = kind
        self._map = mapping

    def with_map(self, mapping: Map) -> MappedImporter:
        """Return the importer that reads by a map.

        Raises:
            InputError: If the map names columns of a kind that takes no names for them.
        """
        if not self._kind.renames:
            mapping.refuse_columns()
        return MappedImporter(self._kind, mapping)

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether a file is of this kind, or one right below a directory is."""
        if not path.is_dir():
            return self._kind.claims(head, path)
        kind, named = self._kind, self._kind.named or bool
        below = (p for p in path.iterdir() if p.is_file() and named(p.name.removesuffix(".gz")))
        return any(kind.claims(read_head(p, HEAD_MAX), p) for p in below)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The file, or those of this kind below a directory."""
        kind = self._kind
        return claimed_files(path, kind.claims, kind.noun, named=kind.named, remedy=kind.remedy)

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads and checks one file; what ``--set`` gives comes before what the map sets."""
        said = {**({} if self._map is None else self._map.file.settings), **settings}
        return self._kind.reads(path, said, catalogue, self._map)


def by_opening(claims: Callable[[str], bool]) -> Callable[[bytes, Path], bool]:
    """Return a claim of files by the text with which they begin, unzipped."""
    return lambda head, _: claims(opening(head))
