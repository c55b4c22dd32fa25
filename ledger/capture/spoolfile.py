"""A spool file is the append-only file of one process; a write that fails is counted, not raised.

Only the heartbeat thread and the end of a capture write, never the training's own steps.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ledger.spool import encode_line

__all__ = ["SpoolFile"]

_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


class SpoolFile:
    """Lines of one process, numbered from 0."""

    def __init__(
        self,
        path: Path,
        head: Mapping[str, object],
        write: Callable[[int, bytes], int] = os.write,
    ) -> None:
        """Name the file; it is made with its head when the first line is written.

        Args:
            path: Where; no file of that name is there.
            head: The first statement, without its number.
            write: Writes bytes to a descriptor.
        """
        self.path = path
        self.lost = 0
        self.failure = ""
        self._head = head
        self._write = write
        self._descriptor: int | None = None
        self._number = 0
        self._size = 0
        self._torn = False

    def append(self, statements: Sequence[Mapping[str, object]]) -> bool:
        """Write lines and have the disk confirm them; return whether all of them are there.

        Nothing of a call that fails counts as written; the same statements can be given again.

        Args:
            statements: Lines without their numbers.
        """
        try:
            self._append(statements)
        except (OSError, ValueError) as error:
            self.failure = f"{type(error).__name__}: {error}"
            self.lost += len(statements)
            self._cut()
            return False
        return True

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _append(self, statements: Sequence[Mapping[str, object]]) -> None:
        """Write the head if it is not there, and lines."""
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, _FLAGS, 0o666)
        pending = [] if self._number else [self._head]
        pending += [{**s, "lost": self.lost} for s in statements]
        numbered = enumerate(pending, self._number)
        data = b"".join(encode_line({**statement, "n": n}) for n, statement in numbered)
        # What a failed write left behind must not become the start of the next line.
        self._whole(self._descriptor, b"\n" + data if self._torn else data)
        self._torn = False
        self._number += len(pending)
        # Asked, not added up: a rest that could not be cut off is in it as well.
        self._size = os.fstat(self._descriptor).st_size
        sync = getattr(os, "fdatasync", os.fsync)
        with contextlib.suppress(OSError):  # a pipe or an odd file system has nothing to confirm
            sync(self._descriptor)

    def _whole(self, descriptor: int, data: bytes) -> None:
        """Write every byte."""
        done = 0
        while done < len(data):
            written = self._write(descriptor, data[done:])
            if written <= 0:
                raise OSError("the file takes no more bytes")
            done += written

    def _cut(self) -> None:
        """Cut off what a failed write left behind, or remember that it is there."""
        if self._descriptor is None:
            return
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._torn = True
