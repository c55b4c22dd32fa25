"""A stored text is read once, block by block, with the digest of the file as it lies there."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ledger.errors import InputError, Problem
from ledger.importers import stored
from ledger.importers.stored import (
    MISNAMED,
    NUL,
    UTF16,
    fault_of_bytes,
    misnamed,
    too_large,
    unreadable,
)

__all__ = ["BLOCK", "RefusedText", "StoredText"]

BLOCK = 1 << 20
"""Bytes of one block of text; a longer line makes a longer one."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF16 = "the file is in UTF-16"


class RefusedText(Exception):  # noqa: N818 - it is no failure of the program
    """A text that refuses the file as a whole."""

    def __init__(self, problem: Problem) -> None:
        """Keep what there is to say."""
        super().__init__(problem.message)
        self.problem = problem


class _Hashed:
    """Reads a file, hashes what goes by, and stops behind the most that a file may have."""

    def __init__(self, stream: io.BufferedReader, path: Path) -> None:
        """Begin where the stream is."""
        self._stream = stream
        self._path = path
        self._left = stored.STORED_MAX
        self.digest = hashlib.sha256()

    def packed(self) -> bool:
        """Return whether what follows looks like the work of gzip.

        Raises:
            InputError: If the file cannot be read.
        """
        try:
            return self._stream.peek(len(_GZIP)).startswith(_GZIP)
        except OSError as error:
            raise unreadable(self._path, error) from error

    def read(self, size: int) -> bytes:
        """Read some bytes, none at the end.

        Raises:
            InputError: If the file cannot be read, or is too large.
        """
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise unreadable(self._path, error) from error
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._path)
        self.digest.update(data)
        return data

    def seek(self, place: int) -> int:
        """Refuse to go back: what went by is hashed."""
        raise io.UnsupportedOperation(f"to byte {place}")


class _Faults:
    """What keeps bytes from being a text in UTF-8, of a file that goes by.

    Attributes:
        worst: The line, from 1, and the fault; None if there is none so far.
    """

    def __init__(self) -> None:
        """Begin before the first line."""
        self.worst: tuple[int, str] | None = None
        self._lines = 0
        self._begun = False

    def text(self, data: bytes) -> str | None:
        """Return whole lines as text; None from the first fault on."""
        first, self._begun, text = not self._begun, True, None
        if first and data.startswith(UTF16):
            self.worst = 1, _UTF16
        if self.worst is None and b"\0" not in data:
            with suppress(UnicodeDecodeError):
                text = (data.removeprefix(_BOM) if first else data).decode()
        if text is None:
            self._blame(data)
        self._lines += data.count(b"\n")
        return text

    def _blame(self, data: bytes) -> None:
        """Keep what is wrong with some lines, unless a fault that is told first is known."""
        known = None if self.worst is None else self.worst[1]
        found = fault_of_bytes(data) if known not in {NUL, _UTF16} else None
        if found is not None and (known is None or found[1] == NUL):
            self.worst = self._lines + data.count(b"\n", 0, found[0]) + 1, found[1]


class StoredText:
    """The text of one file, plain or gzipped, in UTF-8."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self._path = path
        self.sha256 = ""
        """Digest of the stored bytes, 64 hex digits, once all blocks were read."""

    def blocks(self) -> Iterator[str]:
        r"""Yield the text, whole lines at a time, each of which ends in ``\n`` but the last.

        Raises:
            InputError: If the file cannot be read or unzipped, or is too large.
            RefusedText: At the end, if it is not UTF-8; a fault ends what is yielded.
        """
        faults = _Faults()
        for data in self._whole_lines():
            text = faults.text(data)
            if text is not None:
                yield text.replace("\r\n", "\n").replace("\r", "\n")
        if faults.worst is not None:
            named = faults.worst[1] != _UTF16 and misnamed(self._path)
            raise RefusedText(self._refusal(*((None, MISNAMED) if named else faults.worst)))

    def _refusal(self, where: int | None, what: str) -> Problem:
        """Return what there is to say of bytes that are no text."""
        return Problem(
            str(self._path),
            where,
            "encoding",
            what,
            "save it as UTF-8; in a spreadsheet: 'CSV UTF-8'" if where else "copy the file again",
            why="a guessed encoding can change a name, and so make a second model of one",
        )

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield the bytes, cut behind the end of a line."""
        parts: list[bytes] = []
        for block in self._bytes():
            # A line may end in two bytes, and the second may stand in the next block.
            cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
            if cut:
                yield b"".join((*parts, block[:cut]))
                parts = []
            if cut < len(block):
                parts.append(block[cut:])
        if parts:
            yield b"".join(parts)

    def _bytes(self) -> Iterator[bytes]:
        """Yield the bytes, unzipped; the digest is there once they all went by."""
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise unreadable(self._path, error) from error
        with file:
            hashed = _Hashed(file, self._path)
            yield from self._unzipped(hashed) if hashed.packed() else self._plain(hashed)
            while hashed.read(BLOCK):
                pass  # what stands behind the text has a digest too
        self.sha256 = hashed.digest.hexdigest()

    def _plain(self, file: _Hashed) -> Iterator[bytes]:
        """Yield the blocks of a file."""
        while block := file.read(BLOCK):
            yield block

    def _unzipped(self, file: _Hashed) -> Iterator[bytes]:
        """Yield the blocks of the text that a gzipped file holds."""
        stream = gzip.GzipFile(fileobj=file)
        size = 0
        while True:
            try:
                block = stream.read(BLOCK)
            except (OSError, EOFError, zlib.error) as error:
                raise InputError(
                    f"the file cannot be unzipped: {error}",
                    where=str(self._path),
                    remedy="copy it again",
                ) from error
            if not block:
                return
            size += len(block)
            if size > stored.STORED_MAX:
                raise too_large(self._path)
            yield block
