"""A line stream reads a text file line by line, with its digest, as often as it is asked.

A file of any size is read in constant memory. The first pass that reaches the end takes the digest
of the stored bytes, and of what leads up to each block of them. A later pass that meets another
block is an error before any of it is given out, since only what was checked may be recorded.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from ledger.errors import InputError, MissingError

__all__ = ["LINE_MAX", "LineStream"]

LINE_MAX: Final = 1 << 20
"""Bytes of one physical line."""

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_BLOCK: Final = 1 << 18
_HASHED: Final = 1 << 20  # bytes between two marks


class _Hashing(io.RawIOBase):
    """Reads a file block by block, and hashes what goes by before it gives it out.

    Attributes:
        marks: The digest of all bytes up to the end of each block, 32 bytes each.
    """

    def __init__(self, stream: BinaryIO, expected: tuple[bytes, ...] | None, name: str) -> None:
        self._stream = stream
        self._expected = expected
        self._name = name
        self._block = memoryview(b"")
        self._digest = hashlib.sha256()
        self.marks: list[bytes] = []

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        if not self._block:
            self._block = memoryview(self._next())
        view = memoryview(buffer)  # type: ignore[arg-type]
        size = min(len(view), len(self._block))
        view[:size] = self._block[:size]
        self._block = self._block[size:]
        return size

    def _next(self) -> bytes:
        """Read the next block; nothing at the end."""
        data = self._stream.read(_HASHED)
        if data:
            self._digest.update(data)
            self.marks.append(self._digest.digest())
        if self._expected is not None:
            at = len(self.marks)
            checked = self._expected[at - 1 : at] if data else self._expected[-1:]
            if checked != tuple(self.marks[-1:]):
                raise _changed(self._name)
        return data


_Stream: TypeAlias = "io.BufferedReader[_Hashing] | gzip.GzipFile"


class LineStream:
    """One file, read as often as needed."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is opened by each pass."""
        self.path = path
        self._marks: tuple[bytes, ...] | None = None

    @property
    def sha256(self) -> str:
        """Digest of the stored bytes, 64 hex digits; zeros until a first pass went through."""
        if self._marks is None:
            return "0" * 64
        return (self._marks[-1] if self._marks else hashlib.sha256().digest()).hex()

    def lines(self) -> Iterator[bytes]:
        """Yield every physical line without its end.

        Raises:
            MissingError: If there is no such file.
            InputError: If it cannot be read, a line is too long, or it was changed since.
        """
        return self._read(self._split)

    def blocks(self) -> Iterator[bytes]:
        """Yield the text in blocks, for formats in which a line may be as long as the file.

        Raises:
            MissingError: If there is no such file.
            InputError: If it cannot be read, or was changed since.
        """
        return self._read(_cut)

    def _read(self, cut: Callable[[_Stream], Iterator[bytes]]) -> Iterator[bytes]:
        """Yield the text as it is cut, and settle its digest."""
        try:
            with self.path.open("rb") as stored:
                hashing = _Hashing(stored, self._marks, str(self.path))
                buffered = io.BufferedReader(hashing, 1 << 16)
                packed = buffered.peek(2).startswith(_GZIP)
                unzipped = gzip.GzipFile(fileobj=buffered) if packed else None
                yield from cut(buffered if unzipped is None else unzipped)
                while buffered.read(1 << 20):  # what stands behind the text has a digest too
                    pass
        except FileNotFoundError as error:
            raise MissingError("there is no such file", where=str(self.path)) from error
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"the file cannot be read: {error}", where=str(self.path), remedy="copy it again"
            ) from error
        if self._marks is None:
            self._marks = tuple(hashing.marks)

    def _split(self, text: _Stream) -> Iterator[bytes]:
        """Yield the lines of a text."""
        rest = b""
        for block in _cut(text):
            whole = rest + block
            lines = whole.split(b"\n")
            rest = lines.pop()
            # Only what goes on from one block to the next can be so long.
            if max(len(lines[0]) if lines else 0, len(rest)) > LINE_MAX:
                raise InputError(
                    f"a line has more than {LINE_MAX:,} bytes",
                    where=str(self.path),
                    remedy="check that this is the file it claims to be",
                )
            if b"\r" in whole:
                yield from (line.removesuffix(b"\r") for line in lines)
            else:
                yield from lines
        if rest:
            yield rest.removesuffix(b"\r")


def _cut(text: _Stream) -> Iterator[bytes]:
    """Yield the blocks of a text."""
    first = True
    while block := text.read(_BLOCK):
        yield block.removeprefix(_BOM) if first else block
        first = False


def _changed(name: str) -> InputError:
    """Return the error for a file that somebody wrote to between two passes."""
    return InputError(
        "the file was changed while it was read",
        where=name,
        why="what was checked is not what would be recorded",
        remedy="copy it to a place where nobody writes, and import the copy",
    )
