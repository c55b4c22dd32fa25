"""A source file is what somebody else's program wrote: its text, and the digest to find it again.

Files may be compressed with gzip; the digest is of the file as it lies there, so that anybody
can compare it with ``sha256sum``.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from ledger.errors import InputError, MissingError
from ledger.importers.json_text import parse_json
from ledger.importers.line_error import LineError
from ledger.importers.stored import HEAD_MAX, encoding_fault, read_head

__all__ = [
    "TEXT_MAX",
    "SourceFile",
    "beside",
    "claimed_files",
    "exact_number",
    "find_files",
    "opening",
    "read_object",
    "read_source",
]

TEXT_MAX = 1_000_000_000
"""Bytes of text read from one file; a compressed file beyond it is damaged or hostile."""

EXPONENT_MAX = 60
"""Largest power of ten, either way, of a number that is taken."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file read whole.

    Attributes:
        path: Where it lies, as given.
        sha256: Digest of its bytes as stored, 64 hex digits.
        text: Its text, unzipped.
    """

    path: Path
    sha256: str
    text: str


def read_source(path: Path, *, noise: bool = False) -> SourceFile:
    """Read a file whole, unzipping it if it is compressed.

    Args:
        path: Where it lies.
        noise: Whether stray bytes that are not UTF-8 are replaced, as in a log to which many
            programs write; else they refuse the file.

    Raises:
        MissingError: There is no such file.
        InputError: It is damaged, empty, of another encoding, or larger than `TEXT_MAX` bytes.
    """
    try:
        stored = path.read_bytes()
        data = stored
        if stored.startswith(_GZIP):
            with gzip.open(path) as stream:
                data = stream.read(TEXT_MAX + 1)
    except FileNotFoundError as error:
        raise MissingError("there is no such file", where=str(path)) from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"the file cannot be read: {error}", where=str(path), remedy="copy it again"
        ) from error
    if len(data) > TEXT_MAX:
        raise InputError(
            f"the file holds more than {TEXT_MAX:,} bytes of text",
            where=str(path),
            remedy="split it, or check that it is what it claims to be",
        )
    _check_text(data, path, noise=noise)
    text = data.decode("utf-8-sig", errors="replace")
    return SourceFile(path, hashlib.sha256(stored).hexdigest(), text)


def _check_text(data: bytes, path: Path, *, noise: bool) -> None:
    """Refuse an empty file and bytes that are not UTF-8 text."""
    if not data.strip():
        raise InputError("the file is empty", where=str(path), remedy="copy it again")
    fault = encoding_fault(data, path)
    # A log keeps its marks readable among stray bytes, but not in UTF-16 or inside an archive.
    if fault is not None and not (noise and b":::MLLOG" in data):
        line, what = fault
        raise LineError(
            what,
            line,
            where=str(path),
            why="a guessed encoding can change a name, and so make a second model of one",
            remedy="save it as UTF-8" if line else "copy the file again",
        )


def read_object(source: SourceFile, *, once: Collection[str] | None = None) -> dict[str, object]:
    """Read a file as one JSON object; numbers with a point or exponent come as exact decimals.

    Args:
        source: The file.
        once: Fields that may not stand twice; None for all.

    Raises:
        InputError: It is not JSON, states such a field twice, or is not an object.
    """
    value = parse_json(source.text, once=once)
    if not isinstance(value, dict):
        raise InputError("the JSON is not an object", remedy="give the file of one run")
    return value


def exact_number(value: object) -> Fraction | None:
    """Return a number of such an object exactly, or None if it is none or is out of all bounds.

    A number whose exponent is beyond `EXPONENT_MAX` either way would only fill the memory.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite():
        return None
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # only NaN and infinities have another
    if number.adjusted() > EXPONENT_MAX or exponent < -EXPONENT_MAX:
        return None
    return Fraction(number)


def opening(head: bytes) -> str:
    """Return the text at the start of a file, unzipped as far as the bytes go."""
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(31).decompress(head, 65_536)
        except zlib.error:
            return ""
    return head.decode("utf-8-sig", errors="replace")


def find_files(path: Path, wanted: Callable[[str], bool], kind: str) -> tuple[Path, ...]:
    """Return the files to read: a file gives itself, a directory those with a wanted name.

    Args:
        path: A file or a directory, searched to any depth.
        wanted: Whether a file of that name, without ``.gz``, is of this kind.
        kind: What is looked for, for the message.

    Raises:
        MissingError: There is no such path, or the directory holds none of this kind.
    """
    if path.is_file():
        return (path,)
    if not path.exists():
        raise MissingError("there is no such file or directory", where=str(path))
    found = sorted(p for p in path.rglob("*") if p.is_file() and wanted(p.name.removesuffix(".gz")))
    if not found:
        raise MissingError(
            f"the directory holds no {kind}", where=str(path), remedy="give the right directory"
        )
    return tuple(found)


def claimed_files(
    path: Path,
    claims: Callable[[bytes, Path], bool],
    noun: str,
    *,
    named: Callable[[str], bool] | None = None,
    remedy: str = "",
) -> tuple[Path, ...]:
    """Return the files to read: a file gives itself, a directory those that are of a kind.

    Args:
        path: A file or a directory, searched to any depth.
        claims: Whether a file is of this kind, by its first bytes and its path.
        noun: What such files are, for the message.
        named: Whether a file of that name, without ``.gz``, may be one; None for any name.
        remedy: What to do where a directory holds none.

    Raises:
        MissingError: There is no such path, or the directory holds none of this kind.
    """
    found = find_files(path, named or bool, noun)
    if path.is_file():
        return found
    mine = tuple(p for p in found if claims(read_head(p, HEAD_MAX), p))
    if not mine:
        raise MissingError(f"the directory holds no {noun}", where=str(path), remedy=remedy)
    return mine


def beside(path: Path, name: str) -> Path | None:
    """Return a file of that name in the same directory, compressed or not, or None."""
    for candidate in (path.parent / name, path.parent / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    return None
