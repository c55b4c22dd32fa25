"""Buckets hold numbers of 64 bits by what they begin or end with, to find those that come twice.

Of each bucket as much is looked at as memory holds with ease. Beyond a million numbers they are put
away in a file without a name, so that a ledger of any length is verified in as much memory.
"""

from __future__ import annotations

import os
import weakref
from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import IO

from ledger.errors import LedgerError

__all__ = ["BUCKETS", "HELD_MAX", "Buckets"]

BUCKETS = 4_096
HELD_MAX = 2**20
"""Numbers that are held before they are put away: 8 MiB."""

_BYTES = 8  # of one number
_BUFFERED = 2**20  # bytes of one write


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
        self._parts: list[tuple[int, array[int]]] = []  # where each begins, lengths of its buckets

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
        try:
            file = self._opened()
            file.seek(self._size)
            for bucket in self.held:
                file.write(bucket)
            file.flush()
        except OSError:
            self._refused = True
            return
        self._parts.append((self._size, array("Q", map(len, self.held))))
        self._size += _BYTES * self._count
        self.held, self._count = self._empty(), 0

    def _opened(self) -> IO[bytes]:
        """Return the file, made where there is none.

        Raises:
            OSError: If the disk refuses.
        """
        if self._file is None:
            import tempfile  # noqa: PLC0415 - small ledgers need none

            file = tempfile.TemporaryFile(buffering=_BUFFERED)  # noqa: SIM115 - closed with this
            weakref.finalize(self, file.close)
            self._file = file
        return self._file

    def _whole(self) -> Iterator[array[int]]:
        """Yield every bucket, with what was put away of it."""
        # Where each bucket of a part begins, and the last one ends.
        bounds = [pairwise(accumulate(lengths, initial=0)) for _, lengths in self._parts]
        for bucket in self.held:
            whole = array(self._typecode, bucket)
            for (start, _), (first, stop) in zip(self._parts, map(next, bounds), strict=True):
                whole.frombytes(self._read(start + _BYTES * first, _BYTES * (stop - first)))
            yield whole

    def _read(self, start: int, length: int) -> bytes:
        """Return so many bytes of the file.

        Raises:
            LedgerError: If they cannot be read.
        """
        assert self._file is not None
        data, why = b"", "it ends before"
        try:
            data = os.pread(self._file.fileno(), length, start)
        except OSError as error:
            why = str(error.strerror)
        if len(data) != length:
            raise LedgerError(
                f"what was put aside in a temporary file cannot be read: {why}",
                remedy="set TMPDIR to a folder on another disk, and run the same command again",
            )
        return data


def _doubles(bucket: array[int]) -> set[int]:
    """Return the values that occur more than once."""
    if len(set(bucket)) == len(bucket):
        return set()
    ordered = sorted(bucket)
    return {a for a, b in pairwise(ordered) if a == b}
