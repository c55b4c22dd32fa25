"""The queue is the folder ``X.queue`` in which writers leave what they wait to have appended.

A request is one file. Its writer keeps a lock on it while it lives, and reads the reply behind it
in the same file; whoever has the lock of the ledger reads, replies and removes. Nothing here is
flushed: a request is no promise, and a reply is given only once what it tells is on the disk.
Signs go from writer to writer, so that nobody looks in vain; a lost one costs time, nothing else.
The folder is empty as a rule, and can be removed when nobody writes.
Specification: ``schemas/queue.v1.md``.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import time
import weakref
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socket import socket

__all__ = ["Asked", "QueueFolder", "Request"]

OWNER_ONLY = 0o700
_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_SIGN = b"!"
_GATHER_MAX_NS = 10_000_000
_GLANCE_S = 0.0001  # between two looks for those who are expected
_NAME = "{:020d}-{}"  # when it was left, so that the oldest comes first; and where signs go


class Request:
    """A request of this writer, in the folder until it is withdrawn."""

    def __init__(self, queue: QueueFolder, path: str, data: bytes) -> None:
        """Leave a request.

        Args:
            queue: Where signs arrive.
            path: Its file.
            data: What is asked for.

        Raises:
            OSError: If the folder does not take it.
        """
        self._queue, self._path, self._size = queue, path, len(data)
        self._descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # While it is held, the request has somebody who waits for it.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            os.write(self._descriptor, data)
        except BaseException:
            self.withdraw()
            raise

    def wait(self, milliseconds: int) -> bytes:
        """Wait for a sign, for so long at most; return what stands behind the request.

        That is the reply, or nothing.
        """
        self._queue.listen(milliseconds)
        size = os.fstat(self._descriptor).st_size
        return os.pread(self._descriptor, max(0, size - self._size), self._size)

    def withdraw(self) -> None:
        """Take it out of the folder, if nobody has, and wait no longer."""
        with suppress(OSError):
            os.unlink(self._path)  # noqa: PTH108 - as everywhere here: a Path costs as much again
        os.close(self._descriptor)


class Asked:
    """A request of another writer, open until it is closed."""

    def __init__(self, queue: QueueFolder, path: str, descriptor: int, data: bytes) -> None:
        """Keep what was read."""
        self._queue, self._path, self._descriptor = queue, path, descriptor
        self.data = data
        self._end = len(data)

    def promise(self, promise: bytes) -> None:
        """Leave a promise; where it cannot be written, its owner looks for itself."""
        with suppress(OSError):
            self._end += os.pwrite(self._descriptor, promise, self._end)

    def answer(self, reply: bytes) -> None:
        """Give the reply, and take the request out of the folder.

        A reply that cannot be written is none: its owner then looks for itself.
        """
        with suppress(OSError):
            os.pwrite(self._descriptor, reply, self._end)
            os.unlink(self._path)  # noqa: PTH108 - as above
        self._queue.ring(self._path)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class QueueFolder:
    """The folder ``X.queue`` beside the ledger ``X``."""

    def __init__(self, path: Path) -> None:
        """Name the folder; it is made by the first writer that has to wait."""
        self.path = str(path)
        self._signs: socket | None = None
        self._address = ""
        self._there = False  # whether the folder was there at the last look
        self._begun = self._took = 0  # nanoseconds: when the last writing began, how long it took

    def ask(self, data: bytes) -> Request | None:
        """Leave a request; None where that cannot be done, and the writer waits without.

        Args:
            data: What is asked for.
        """
        with suppress(OSError):
            with suppress(FileExistsError):
                os.mkdir(self.path, OWNER_ONLY)  # noqa: PTH102 - as above
            if self._is_private():
                self._listening()
                name = _NAME.format(time.time_ns(), self._address)
                return Request(self, f"{self.path}/{name}", data)
        return None

    def asked(self, known: Collection[str], bytes_max: int) -> Iterator[tuple[str, Asked]]:
        """Yield the requests of writers that live, oldest first, each open.

        What a dead writer left is removed. What is no plain file of this user, or too large, is
        none of ours and stays.

        Args:
            known: Names to pass over.
            bytes_max: Most bytes of one.
        """
        for name in self._names():
            if name not in known:
                asked = self._opened(f"{self.path}/{name}", bytes_max)
                if asked is not None:
                    yield name, asked

    def gather(self, company: int) -> None:
        """Give those a moment who came along the last time, if that was so many.

        It ends when they are there, and takes no longer than the last writing did.
        """
        begun = time.monotonic_ns()
        while company and len(self._names()) < company and time.monotonic_ns() - begun < self._took:
            time.sleep(_GLANCE_S)
        self._begun = time.monotonic_ns()

    def wake(self) -> None:
        """Give a sign to the oldest that waits: what was gathered is written, the lock is free."""
        took = time.monotonic_ns() - self._begun if self._begun else 0
        self._begun, self._took = 0, min(took, _GATHER_MAX_NS)
        for name in self._names():
            if self.ring(name):
                return

    def ring(self, name: str) -> bool:
        """Give a sign to whoever left a request; return whether somebody was there."""
        signs, address = self._listening(), name.rpartition("-")[2]
        try:
            return signs is not None and signs.sendto(_SIGN, _place(address)) > 0
        except (OSError, UnicodeEncodeError):
            # Whoever has more signs than it can take looks in any case.
            return False

    def listen(self, milliseconds: int) -> None:
        """Wait for a sign, for so long at most, and take it."""
        signs, poll = self._listening(), select.poll()
        if signs is not None:
            poll.register(signs, select.POLLIN)
        for _ in poll.poll(milliseconds):
            with suppress(OSError):
                assert signs is not None
                signs.recv(len(_SIGN))

    def _names(self) -> list[str]:
        """Return the names in the folder, oldest first; none if it is not ours alone."""
        # To be told that it is not there costs less than an error that says so.
        if not self._there and not os.access(self.path, os.F_OK):
            return []
        try:
            names = sorted(os.listdir(self.path))  # noqa: PTH208 - as above
            self._there = True
            return names if names and self._is_private() else []
        except OSError:
            self._there = False
            return []

    def _is_private(self) -> bool:
        """Return whether it is a folder of this user that nobody else may use."""
        found = os.lstat(self.path)
        own = found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077
        return stat.S_ISDIR(found.st_mode) and own

    def _listening(self) -> socket | None:
        """Return where signs for this writer arrive; None where the system has no such place."""
        if not self._address:
            import socket  # noqa: PLC0415 - a writer that never waits needs none

            self._address = os.urandom(16).hex()
            signs = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            weakref.finalize(self, signs.close)
            try:
                signs.bind(_place(self._address))
                signs.settimeout(0)
            except OSError:
                return None
            self._signs = signs
        return self._signs

    def _opened(self, path: str, bytes_max: int) -> Asked | None:
        """Open a request whose writer lives; remove one whose writer does not."""
        try:
            descriptor = os.open(path, _FLAGS)
        except OSError:
            return None
        try:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                if _is_dead(descriptor):
                    os.unlink(path)  # noqa: PTH108 - as above
                elif found.st_size <= bytes_max:
                    data = os.pread(descriptor, found.st_size, 0)
                    asked, descriptor = Asked(self, path, descriptor, data), -1
                    return asked
        except OSError:
            return None
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return None


def _is_dead(descriptor: int) -> bool:
    """Return whether nobody holds the lock of a request."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _place(address: str) -> str:
    """Return the name of a socket that is in no folder, and gone with its process."""
    return f"\0flopledger-{address}"
