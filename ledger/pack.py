"""A pack is the law and the tables that a determination rests on, named by one digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Self, cast

from ledger import __version__
from ledger.canonical import JSON, encode, parse, parse_known
from ledger.errors import CanonicalError, MissingError, RuleError
from ledger.shipped import PACK_SHA256
from ledger.yamltree import Tree, parse_tree

__all__ = [
    "ENGINE",
    "LINT_NAME",
    "PACK_NAME",
    "SCHEMA",
    "Pack",
    "build_pack",
    "pack_bytes",
    "packed_bytes",
    "read_pack",
    "read_rule_text",
    "rule_files",
    "unpack",
]

SCHEMA = "flopledger/pack.v1"
PACK_NAME = "pack.v1.json"
LINT_NAME = "lint.yaml"  # what lint passes over; it is no law, so no pack holds it
ENGINE = "0.1.0"
"""Least version of this program that reads the rule language of a pack made now."""
_PACK_MAX = 64_000_000  # bytes
_FILES_MAX = 5_000
_MEMBERS = {"engine", "files", "schema", "sources"}
_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,4})(?:\.(?:0|[1-9][0-9]{0,4})){2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """Every rule file as a tree of strings; packs of one digest are equal.

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

    def __eq__(self, other: object) -> bool:
        """Compare by digest."""
        return isinstance(other, Pack) and self.digest == other.digest

    def __hash__(self) -> int:
        """Hash by digest."""
        return hash(self.digest)

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
    it was built from still has the bytes it had, so an edited rule is never overlooked. A pack
    file given by itself is the law as somebody packed it, whatever the YAML files say by now.

    Raises:
        MissingError: If there are no rules.
        RuleError: If a file or the pack cannot be read, or it needs a later program.
    """
    if root.is_file():
        return unpack(root.read_bytes(), where=root.name)[0]
    packed = root / PACK_NAME
    if not packed.is_file():
        return build_pack(root)
    pack, sources = unpack(packed.read_bytes(), where=PACK_NAME)
    return pack if sources == _sources(root) else build_pack(root)


def unpack(data: bytes, *, where: str) -> tuple[Pack, JSON]:
    """Read a pack file: the pack, and the digests of the files that it was made from.

    Raises:
        RuleError: If it is no pack, or needs a later program.
    """
    try:
        return _unpack(data)
    except CanonicalError as error:
        raise _no_pack(where, error.message) from error
    except RuleError as error:
        raise RuleError(error.message, where=where, why=error.why, remedy=error.remedy) from error


@lru_cache(maxsize=2)
def _unpack(data: bytes) -> tuple[Pack, JSON]:
    """Read a pack file, whatever its name: the same bytes are read once.

    Of the pack that ships all is known that can be asked of one: its digest was written down when
    it was made, and the tests ask it everything. A pack of any other digest is asked here.

    Raises:
        CanonicalError: If it is no pack.
        RuleError: If it needs a later program.
    """
    if hashlib.sha256(data).hexdigest() == PACK_SHA256:
        value = parse_known(data)
    else:
        value = parse(data, limit=_PACK_MAX)
        _refuse_other(value)
    held = cast("dict[str, JSON]", value)
    return Pack(cast("dict[str, Tree]", held["files"]), _digest_within(data, held)), held["sources"]


def _refuse_other(value: JSON) -> None:
    """Refuse what is no pack.

    Raises:
        CanonicalError: If it is none.
        RuleError: If it needs a later program.
    """
    # Packs made before there was an engine to name do not name one.
    members = set(value) | {"engine"} if isinstance(value, dict) else set()
    if not isinstance(value, dict) or value.get("schema") != SCHEMA or members != _MEMBERS:
        raise CanonicalError("it lacks the members of a pack, or has others")
    engine, files, sources = value.get("engine", ENGINE), value["files"], value["sources"]
    if not isinstance(engine, str) or not _VERSION.fullmatch(engine):
        raise CanonicalError("engine is no version")
    if _parts(engine) > _parts(__version__):
        raise RuleError(
            f"the pack needs flopledger {engine} or later, and this is {__version__}",
            why="an older program may not know all that its rules say",
            remedy="update flopledger",
        )
    if not isinstance(files, dict) or not 0 < len(files) < _FILES_MAX or not _is_tree(files):
        raise CanonicalError("files are not trees of texts")
    if not isinstance(sources, dict) or sources.keys() != files.keys():
        raise CanonicalError("sources are not the files")
    if not all(isinstance(text, str) and _SHA256.fullmatch(text) for text in sources.values()):
        raise CanonicalError("sources are not SHA-256 digests")


def _digest_within(data: bytes, value: Mapping[str, JSON]) -> str:
    """Return the digest of a pack's files, whose canonical text stands in the file already.

    Args:
        data: The canonical bytes.
        value: What they say.
    """
    engine = b'"engine":%b,' % encode(value["engine"]) if "engine" in value else b""
    before = b'{%b"files":' % engine
    after = b",%b" % encode({"schema": SCHEMA, "sources": value["sources"]})[1:]
    assert data.startswith(before)
    assert data.endswith(after)
    own = b",%b" % encode({"schema": SCHEMA})[1:]
    return hashlib.sha256(b'{"files":%b%b' % (data[len(before) : -len(after)], own)).hexdigest()


def _is_tree(value: JSON) -> bool:
    """Return whether a value is made of texts, lists and mappings alone."""
    level = [value]
    while level:
        below: list[JSON] = []
        for item in level:
            if type(item) is str:
                continue
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
            else:
                return False
        level = below
    return True


def _parts(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without what marks one that is not released."""
    return tuple(int(number) for number in re.findall(r"[0-9]+", version)[:3])


def _no_pack(where: str, why: str) -> RuleError:
    """Return the error for a file that is no pack."""
    remedy = "name a folder of rules, or a file that rules pack wrote"
    if where == PACK_NAME:
        remedy = "build it again: flopledger --rules FOLDER rules pack"
    return RuleError("not a rule pack", where=where, why=why, remedy=remedy)


def packed_bytes(root: Traversable) -> bytes:
    """Return the canonical pack of a folder's YAML files, to be kept beside them.

    A pack file that stands alone is that already.
    """
    if root.is_file():
        read_pack(root)
        return root.read_bytes()
    pack = build_pack(root)
    return encode(
        {
            "engine": ENGINE,
            "files": cast("JSON", dict(pack.files)),
            "schema": SCHEMA,
            "sources": cast("JSON", _sources(root)),
        }
    )


def pack_bytes(root: Traversable) -> bytes:
    """Return the canonical pack of a folder, or of one pack file, without parsing more than needed.

    The bytes are those of ``packed_bytes``: the file beside the YAML files while it is current.

    Raises:
        MissingError: If there are no rules.
        RuleError: If a file or the pack cannot be read.
    """
    packed = root if root.is_file() else root / PACK_NAME
    if packed.is_file():
        data = packed.read_bytes()
        if root.is_file() or unpack(data, where=PACK_NAME)[1] == _sources(root):
            return data
    return packed_bytes(root)


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
        path: _by_key(parse_tree(read_rule_text(file, path), where=path))
        for path, file in _files(root)
    }
    if not trees:
        raise MissingError("the folder holds no rule files", remedy="pass --rules DIR")
    return Pack.of(trees)


def _by_key(tree: Tree) -> Tree:
    """Return a tree with its mappings in the order of their keys, as the pack has them.

    The digest does not see the order in which a file writes them, so nothing may depend on it.
    """
    if isinstance(tree, dict):
        return {key: _by_key(tree[key]) for key in sorted(tree)}
    return [_by_key(item) for item in tree] if isinstance(tree, list) else tree


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
