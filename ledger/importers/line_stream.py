"""A line stream reads a text file line by line, with its digest, as often as it is asked.

A file of any size is read in constant memory. Every pass takes the digest of the stored bytes; a
later pass that meets other bytes than the first is an error, since what was checked is not what
would be recorded.
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


class _Hashing(io.RawIOBase):
    """Reads a file and hashes what goes by."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self.digest.update(data)
        return len(data)


_Stream: TypeAlias = "io.BufferedReader[_Hashing] | gzip.GzipFile"


class LineStream:
    """One file, read as often as needed."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is opened by each pass."""
        self.path = path
        self._sha256: str | None = None

    @property
    def sha256(self) -> str:
        """Digest of the stored bytes, 64 hex digits; zeros until a first pass went through."""
        return self._sha256 or "0" * 64

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
                hashing = _Hashing(stored)
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
        self._settle(hashing.digest.hexdigest())

    def _split(self, text: _Stream) -> Iterator[bytes]:
        """Yield the lines of a text."""
        first = True
        while line := text.readline(LINE_MAX + 1):
            if len(line) > LINE_MAX:
                raise InputError(
                    f"a line has more than {LINE_MAX:,} bytes",
                    where=str(self.path),
                    remedy="check that this is the file it claims to be",
                )
            yield (line.removeprefix(_BOM) if first else line).rstrip(b"\n").removesuffix(b"\r")
            first = False

    def _settle(self, digest: str) -> None:
        """Keep the digest of the first pass, and compare that of a later one."""
        if self._sha256 is None:
            self._sha256 = digest
        elif self._sha256 != digest:
            raise InputError(
                "the file was changed while it was read",
                where=str(self.path),
                why="what was checked is not what would be recorded",
                remedy="copy it to a place where nobody writes, and import the copy",
            )


def _cut(text: _Stream) -> Iterator[bytes]:
    """Yield the blocks of a text."""
    first = True
    while block := text.read(_BLOCK):
        yield block.removeprefix(_BOM) if first else block
        first = False
