"""A pack is the law and the tables that a determination rests on, named by one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Self, cast

from ledger.canonical import JSON, encode, parse
from ledger.errors import CanonicalError, MissingError, RuleError
from ledger.yamltree import Tree, parse_tree

__all__ = ["PACK_NAME", "SCHEMA", "Pack", "build_pack", "packed_bytes", "read_pack"]

SCHEMA = "flopledger/pack.v1"
PACK_NAME = "pack.v1.json"
_PACK_MAX = 64_000_000  # bytes
_FILES_MAX = 5_000
_MEMBERS = {"files", "schema", "sources"}


@dataclass(frozen=True, slots=True)
class Pack:
    """Every rule file as a tree of strings.

    Attributes:
        files: Path below the rules folder, with ``/``, to its tree.
        digest: SHA-256 of the canonical form, 64 hex digits.
    """

    files: Mapping[str, Tree]
    digest: str

    @classmethod
    def of(cls, trees: Mapping[str, Tree]) -> Self:
        """Make the pack of these files."""
        ordered = dict(sorted(trees.items()))
        return cls(ordered, hashlib.sha256(_canonical(ordered)).hexdigest())

    def encode(self) -> bytes:
        """Return the canonical JSON of the pack."""
        return _canonical(self.files)

    def tree(self, path: str) -> dict[str, Tree]:
        """Return one file, which must be a mapping.

        Raises:
            MissingError: If the pack has no such file.
            RuleError: If the file holds a list or a word instead.
        """
        if path not in self.files:
            raise MissingError(f"the rule pack has no {path}", remedy="check --rules")
        tree = self.files[path]
        if not isinstance(tree, dict):
            raise RuleError("the file must be a mapping", where=path)
        return tree

    def under(self, folder: str) -> Mapping[str, Tree]:
        """Return the files below a folder, by path."""
        return {p: tree for p, tree in self.files.items() if p.startswith(folder.rstrip("/") + "/")}


def read_pack(root: Traversable) -> Pack:
    """Read the rules of a folder, or of one pack file.

    The canonical pack beside the YAML files saves parsing them. It is taken only while every file
    it was built from still has the bytes it had, so an edited rule is never overlooked. A pack file
    that stands alone is its own source.

    Args:
        root: A folder of rule files, or a file that ``rules pack`` wrote.

    Raises:
        MissingError: If there are no rules.
        RuleError: If a file or the pack cannot be read.
    """
    if root.is_file():
        return _alone(root)
    packed = root / PACK_NAME
    if not packed.is_file():
        return build_pack(root)
    files, sources = _packed(packed.read_bytes(), PACK_NAME)
    return Pack.of(files) if sources == _sources(root) else build_pack(root)


def _alone(file: Traversable) -> Pack:
    """Return the pack of a file that stands alone."""
    try:
        return Pack.of(_packed(file.read_bytes(), file.name)[0])
    except CanonicalError as error:
        raise RuleError(
            "not a rule pack",
            where=file.name,
            why=error.message,
            remedy="name a folder of rules, or a file that was written by: flopledger rules pack",
        ) from error


def _packed(data: bytes, name: str) -> tuple[dict[str, Tree], JSON]:
    """Return the files of a pack, and the digests of what they were read from."""
    value = parse(data, limit=_PACK_MAX)
    sound = isinstance(value, dict) and value.get("schema") == SCHEMA and set(value) == _MEMBERS
    if not sound or not isinstance(value, dict) or not _is_tree(value["files"]):
        raise RuleError("not a rule pack", where=name, remedy="build it: flopledger rules pack")
    return cast("dict[str, Tree]", value["files"]), value["sources"]


def _is_tree(files: JSON) -> bool:
    """Return whether files hold texts, lists and mappings and nothing else, as YAML files do."""
    if isinstance(files, dict):
        return all(_is_tree(item) for item in files.values())
    if isinstance(files, list):
        return all(_is_tree(item) for item in files)
    return isinstance(files, str)


def packed_bytes(root: Traversable) -> bytes:
    """Return the canonical pack of a folder's YAML files, to be kept beside them.

    A pack file that stands alone is that already.
    """
    if root.is_file():
        _alone(root)
        return root.read_bytes()
    pack = build_pack(root)
    return encode(
        {
            "files": cast("JSON", dict(pack.files)),
            "schema": SCHEMA,
            "sources": cast("JSON", _sources(root)),
        }
    )


def _sources(root: Traversable) -> dict[str, str]:
    """Return the SHA-256 of every YAML file below a folder, by path."""
    return {path: hashlib.sha256(file.read_bytes()).hexdigest() for path, file in _files(root)}


def build_pack(root: Traversable) -> Pack:
    """Read every YAML file below a folder.

    Raises:
        MissingError: If there is none.
        RuleError: If one cannot be read.
    """
    trees = {path: parse_tree(file.read_text("utf-8"), where=path) for path, file in _files(root)}
    if not trees:
        raise MissingError("the folder holds no rule files", remedy="pass --rules DIR")
    return Pack.of(trees)


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """Yield the YAML files below a folder with their paths, in order."""
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _files(entry, path + "/")
        elif entry.name.endswith(".yaml"):
            yield path, entry


def _canonical(files: Mapping[str, Tree]) -> bytes:
    """Return canonical JSON; the trees hold only strings, lists and dicts."""
    assert len(files) < _FILES_MAX
    return encode({"files": cast("JSON", dict(files)), "schema": SCHEMA})
