"""Buckets hold numbers of 64 bits by what they begin or end with, to find those that come twice.

Of each bucket as much is looked at as memory holds with ease. Beyond a million numbers they are put
away in a file without a name, so that a ledger of any length is verified in as much memory.
"""

from __future__ import annotations

import os
import weakref
import zlib
from array import array
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate, pairwise
from typing import IO

from ledger.errors import LedgerError

__all__ = ["BUCKETS", "HELD_MAX", "Buckets"]

BUCKETS = 4_096
HELD_MAX = 2**20
"""Numbers that are held before they are put away: 8 MiB."""


class Buckets:
    """Numbers in so many buckets.

    Attributes:
        held: The buckets in memory; whoever adds to them says how many were added.
    """

    def __init__(self, typecode: str) -> None:
        """Begin with empty ones.

        Args:
            typecode: ``q`` for numbers with a sign, ``Q`` for such without, as in ``array``.
        """
        self._typecode = typecode
        self.held = self._empty()
        self._count = 0
        self._file: IO[bytes] | None = None
        self._refused = False  # by the disk
        self._size = 0
        # Of each part, by bucket: how many bytes, and their checksums.
        self._parts: list[tuple[array[int], array[int]]] = []

    def added(self, count: int) -> None:
        """Say that so many numbers were added; put them away where they are too many."""
        self._count += count
        if self._count >= HELD_MAX and not self._refused:
            self._put_away()

    def doubles(self) -> set[int]:
        """Return the numbers that come more than once.

        Raises:
            LedgerError: If what was put away cannot be read.
        """
        return {number for bucket in self._whole() for number in _doubles(bucket)}

    def _empty(self) -> list[array[int]]:
        """Return so many empty buckets."""
        return [array(self._typecode) for _ in range(BUCKETS)]

    def _put_away(self) -> None:
        """Write what is held behind what was written; where the disk refuses, it stays held."""
        slices = [bucket.tobytes() for bucket in self.held]
        try:
            _write(self._opened(), b"".join(slices), self._size)
        except OSError:
            self._refused = True
            if self._file is not None:
                with suppress(OSError):
                    os.ftruncate(self._file.fileno(), self._size)
            return
        self._parts.append((array("I", map(len, slices)), array("I", map(zlib.crc32, slices))))
        self._size += sum(map(len, slices))
        self.held, self._count = self._empty(), 0

    def _opened(self) -> IO[bytes]:
        """Return the file, made where there is none.

        Raises:
            OSError: If the disk refuses.
        """
        if self._file is None:
            import tempfile  # noqa: PLC0415 - small ledgers need none

            # Nothing waits in a buffer, which would be written again when it is closed.
            file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with this
            weakref.finalize(self, file.close)
            self._file = file
        return self._file

    def _whole(self) -> Iterator[array[int]]:
        """Yield every bucket, with what was put away of it."""
        places = list(accumulate((sum(lengths) for lengths, _ in self._parts), initial=0))
        for number, bucket in enumerate(self.held):
            whole = array(self._typecode, bucket)
            for place, (lengths, checksums) in enumerate(self._parts):
                whole.frombytes(self._read(places[place], lengths[number], checksums[number]))
                places[place] += lengths[number]
            yield whole

    def _read(self, start: int, length: int, checksum: int) -> bytes:
        """Return so many bytes of the file.

        Raises:
            LedgerError: If they cannot be read, or are others than were written.
        """
        assert self._file is not None
        data, why = b"", "it holds other bytes than were written"
        try:
            data = os.pread(self._file.fileno(), length, start)
        except OSError as error:
            why = error.strerror or "the disk refuses"
        if len(data) != length or zlib.crc32(data) != checksum:
            raise _unreadable(why)
        return data


def _write(file: IO[bytes], data: bytes, place: int) -> None:
    """Write all of it at a place.

    Raises:
        OSError: If the disk refuses.
    """
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file.fileno(), rest, place)
        place += written
        rest = rest[written:]


def _unreadable(why: str) -> LedgerError:
    """Return the error for numbers that do not come back."""
    import tempfile  # noqa: PLC0415 - it was loaded to put them away

    return LedgerError(
        f"the temporary file of ids cannot be read: {why}",
        where=tempfile.gettempdir(),
        why="without it nobody can say whether two entries share an id",
        remedy="set TMPDIR to a folder on a sound disk, and run the same command again",
    )


def _doubles(bucket: array[int]) -> set[int]:
    """Return the values that occur more than once."""
    if len(set(bucket)) == len(bucket):
        return set()
    ordered = sorted(bucket)
    return {a for a, b in pairwise(ordered) if a == b}
