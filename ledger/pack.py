"""A pack is the law and the tables that a determination rests on, named by one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Self, cast

from ledger.canonical import JSON, encode, parse
from ledger.errors import MissingError, RuleError
from ledger.yamltree import Tree, parse_tree

__all__ = [
    "LINT_NAME",
    "PACK_NAME",
    "SCHEMA",
    "Pack",
    "build_pack",
    "packed_bytes",
    "read_pack",
    "read_rule_text",
    "rule_files",
]

SCHEMA = "flopledger/pack.v1"
PACK_NAME = "pack.v1.json"
LINT_NAME = "lint.yaml"  # what lint passes over; it is no law, so no pack holds it
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
    """Read the rules of a folder.

    The canonical pack beside the YAML files saves parsing them. It is taken only while every file
    it was built from still has the bytes it had, so an edited rule is never overlooked.

    Raises:
        MissingError: If there are no rules.
        RuleError: If a file or the pack cannot be read.
    """
    packed = root / PACK_NAME
    if not packed.is_file():
        return build_pack(root)
    value = parse(packed.read_bytes(), limit=_PACK_MAX)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA or set(value) != _MEMBERS:
        raise RuleError(
            "not a rule pack", where=PACK_NAME, remedy="build it: flopledger rules pack"
        )
    if value["sources"] != _sources(root):
        return build_pack(root)
    return Pack.of(cast("dict[str, Tree]", value["files"]))


def packed_bytes(root: Traversable) -> bytes:
    """Return the canonical pack of a folder's YAML files, to be kept beside them."""
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
    trees = {
        path: parse_tree(read_rule_text(file, path), where=path) for path, file in _files(root)
    }
    if not trees:
        raise MissingError("the folder holds no rule files", remedy="pass --rules DIR")
    return Pack.of(trees)


def rule_files(root: Traversable) -> Mapping[str, Traversable]:
    """Return the YAML files below a folder that make up a pack, by path, in order."""
    return dict(_files(root))


def read_rule_text(file: Traversable, path: str) -> str:
    """Return the text of a rule file.

    Args:
        file: The file.
        path: Its path below the rules folder, for messages.

    Raises:
        RuleError: If it is not UTF-8.
    """
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise RuleError(
            f"the file is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}",
            where=path,
            remedy="save it as UTF-8",
            kind="encoding",
        ) from error


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """Yield the YAML files below a folder with their paths, in order."""
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _files(entry, path + "/")
        elif entry.name.endswith(".yaml") and path != LINT_NAME:
            yield path, entry


def _canonical(files: Mapping[str, Tree]) -> bytes:
    """Return canonical JSON; the trees hold only strings, lists and dicts."""
    assert len(files) < _FILES_MAX
    return encode({"files": cast("JSON", dict(files)), "schema": SCHEMA})
