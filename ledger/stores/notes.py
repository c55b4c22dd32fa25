"""The checkpoint file: signed notes, one after each commit, beside the database.

Each record is a C2SP signed note and one empty line. Records are only ever added, each flushed to
the disk before the append is reported done. A crash while writing leaves a beginning of the last
record, perhaps followed by zero bytes: the next writer, who signs the same state again, replaces
it; readers leave it out. Specification: ``schemas/checkpoints-file.v1.md``.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ledger.checkpoint import NOTE_MAX
from ledger.errors import ConflictError, IntegrityError, LedgerError, MissingError
from ledger.log.store import Tail, Waiting

__all__ = ["NotesFile", "is_whole", "split_notes"]

END = b"\n\n"  # ends the text of a note, and with the empty line also a record
SIGNATURE = "\N{EM DASH} ".encode()
CHUNK_BYTES = 1 << 20
TRIES, TRY_MS = 10, 50  # how often and how long a writer waits for a sign before it stands in line
WINDOWS = (4096, 4 * NOTE_MAX)  # how much of the end is read: a few notes, or one of any length


class NotesFile:
    """The file ``X.checkpoints`` beside the ledger ``X``."""

    def __init__(self, path: Path, closed: Path | None = None) -> None:
        """Name the file; it is opened at each use.

        Args:
            path: Where it is.
            closed: A file that says by being there that nothing is added any more, or None.
        """
        self.path = path
        self._closed = closed
        self._name = str(path)  # a Path costs as much again as to open it
        self._held: int | None = None  # descriptor of the open file, while this writer has the lock
        # As it was read last by this writer while it has the lock, and how long the file was.
        self._tail: tuple[Tail, int] | None = None
        self._written = b""  # what this writer added last, with the end of the record before it

    def create(self, note: bytes) -> None:
        """Begin the file with its first note.

        Raises:
            LedgerError: If there is such a file already, or it cannot be written.
        """
        try:
            with self.path.open("xb") as file:
                file.write(note + b"\n")
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.path)
        except OSError as error:
            raise self._failed("begun", error) from error

    @contextmanager
    def exclusive(self, waiting: Waiting | None = None) -> Iterator[bool]:
        """Keep every other writer waiting until the block is left, however it is left.

        Args:
            waiting: Begun when another writer is at work; once it is served, the block gets False
                and no lock.

        Raises:
            ConflictError: If nothing is added any more; who waited for a migration learns it here.
            IntegrityError: If the file is missing: every ledger has one from its start.
        """
        descriptor = self._open(os.O_RDWR, "opened")
        try:
            if not _locked(descriptor, waiting):
                yield False
                return
            if self._closed is not None and self._closed.exists():
                raise _migrated(self._closed)
            self._held = descriptor
            yield True
        finally:
            self._held = self._tail = None
            os.close(descriptor)

    def tail(self) -> Tail:
        """Return the newest whole note and what an interrupted write left after it.

        Raises:
            IntegrityError: If the file is missing, or its end is not made of notes.
        """
        descriptor = self._open(os.O_RDONLY, "read")
        try:
            read = self._read_tail(descriptor)
        finally:
            self._let_go(descriptor)
        self._tail = None if self._held is None else read
        return read[0]

    def _read_tail(self, descriptor: int) -> tuple[Tail, int]:
        """Read the end of the open file; return how long the file was, too."""
        try:
            size, written = os.lseek(descriptor, 0, os.SEEK_END), self._written
            if written and _end(descriptor, size, len(written)) == written:
                return Tail(written[len(END) : -1], b""), size
            for window in WINDOWS:
                data = _end(descriptor, size, window)
                tail = _last_record(data, whole=window >= size)
                if tail is not None:
                    return tail, size
        except OSError as error:
            raise self._failed("read", error) from error
        raise IntegrityError("the end of the checkpoint file holds no note", where=str(self))

    def append(self, note: bytes) -> None:
        """Add a note durably; a torn tail that begins this very note is written anew.

        Raises:
            IntegrityError: If the torn tail is not the beginning of this note.
            LedgerError: If the disk refuses.
        """
        record = note + b"\n"
        descriptor = self._open(os.O_RDWR, "written")
        try:
            place = self._place(descriptor, record)
            done = os.pwrite(descriptor, record, place)
            while done < len(record):
                done += os.pwrite(descriptor, record[done:], place + done)
            os.fdatasync(descriptor)
        except OSError as error:
            raise self._failed("written", error) from error
        finally:
            self._let_go(descriptor)
        self._written = END + record

    def _place(self, descriptor: int, record: bytes) -> int:
        """Return where a record goes: at the end, or over what an interrupted write left of it.

        The end was read under this lock, as a rule, and nobody adds anything while this writer has
        it; where somebody did, it is read again.

        Raises:
            IntegrityError: If what was left is not the beginning of this record.
        """
        read, self._tail = self._tail, None
        if read is None or os.lseek(descriptor, 0, os.SEEK_END) != read[1]:
            read = self._read_tail(descriptor)
        (_, torn), size = read
        if torn and not begins(torn, record):
            raise IntegrityError(
                f"the last {len(torn)} bytes of the checkpoint file are no note and not the "
                "beginning of the next",
                where=str(self.path),
                remedy="keep the file as evidence; flopledger verify says what still holds",
            )
        # A torn tail is never longer than the record that it begins.
        return size - len(torn)

    @contextmanager
    def settled(self) -> Iterator[int]:
        """Keep writers waiting while the block reads, and give the length of the file in bytes.

        Raises:
            IntegrityError: If the file is missing.
        """
        with self._opened() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield os.fstat(file.fileno()).st_size

    def settled_size(self) -> int:
        """Return the length of the file in bytes, at a moment when nobody is appending.

        Raises:
            IntegrityError: If the file is missing.
        """
        with self.settled() as size:
            return size

    def notes(self, stop: int) -> Iterator[bytes]:
        """Yield the records within the first ``stop`` bytes; see ``split_notes``.

        Raises:
            IntegrityError: If the file is missing.
        """
        with self._opened() as file:
            yield from split_notes(_chunks(file, stop))

    def _open(self, flags: int, what: str) -> int:
        """Return the open file: the one that is locked, or one that is to be let go.

        Args:
            flags: How to open it.
            what: What cannot be done to it where the disk refuses.
        """
        if self._held is not None:
            return self._held
        try:
            return os.open(self._name, flags | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise self._missing() from error
        except OSError as error:
            raise self._failed(what, error) from error

    def _let_go(self, descriptor: int) -> None:
        """Close the file, unless it is the one that is locked."""
        if descriptor != self._held:
            os.close(descriptor)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """Open the file for reading."""
        try:
            with self.path.open("rb") as file:
                yield file
        except FileNotFoundError as error:
            raise self._missing() from error
        except OSError as error:
            raise self._failed("read", error) from error

    def __str__(self) -> str:
        """Return the path."""
        return str(self.path)

    def _missing(self) -> IntegrityError:
        """Return the error for a file that is not there."""
        return IntegrityError(
            "the file of checkpoints is missing",
            where=str(self.path),
            why="without it a cut database could not be told from a whole one",
            remedy="put it back beside the database; every ledger has one from its start",
        )

    def _failed(self, what: str, error: OSError) -> LedgerError:
        """Return the error for a disk that refuses."""
        if isinstance(error, FileNotFoundError):
            return MissingError(f"there is no folder {self.path.parent}")
        return LedgerError(
            f"the checkpoint file cannot be {what}: {error.strerror}",
            where=str(self.path),
            remedy="check free space and permissions, then run the same command again",
        )


def _locked(descriptor: int, waiting: Waiting | None) -> bool:
    """Take the lock; return False, without it, if another writer did what it is wanted for."""
    if _is_free(descriptor):
        return True
    if waiting is not None and waiting.begin():
        for _ in range(TRIES):
            # The lock first: who had it may have left without seeing that somebody waits.
            if _is_free(descriptor):
                break
            if waiting.served(TRY_MS):
                return False
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if waiting.served(0):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            return False
        return True
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return True


def _is_free(descriptor: int) -> bool:
    """Take the lock if nobody has it; return whether it was taken."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _migrated(closed: Path) -> ConflictError:
    """Return the error for a ledger whose key was retired."""
    return ConflictError(
        "the ledger was migrated: nothing is added here any more",
        where=str(closed),
        why="two ledgers under one key that both grow are a fork",
        remedy="add to the ledger that it was migrated to; if that one is given up, rename this "
        "file back",
    )


def _end(descriptor: int, size: int, window: int) -> bytes:
    """Return the last bytes of an open file of this size, so many at most."""
    return os.pread(descriptor, window, max(0, size - window))


def _last_record(data: bytes, *, whole: bool) -> Tail | None:
    """Return the last complete record in these bytes and what follows it.

    Args:
        data: The end of the file.
        whole: Whether this is all of it; if not, None says that more is needed.
    """
    blocks = data.split(END)
    for last in range(len(blocks) - 2, 0, -1):
        # The text before the signatures is whole only if something stands before it.
        if blocks[last].startswith(SIGNATURE) and (whole or last > 1):
            note = END.join(blocks[last - 1 : last + 1]) + b"\n"
            return Tail(note, END.join(blocks[last + 1 :]))
    return Tail(None, data) if whole else None


def split_notes(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the records of a checkpoint file: a note and its closing empty line each.

    Args:
        chunks: The bytes of the file in order.

    Yields:
        Records; the last item may lack its end, and is then what an interrupted write left.
    """
    text, rest = b"", b""
    for chunk in chunks:
        blocks = (rest + chunk).split(END)
        rest = blocks.pop()
        for block in blocks:
            if block.startswith(SIGNATURE):
                yield text + block + END
                text = b""
            else:
                text += block + END
        # A note that long is none; what was read is handed out for the reader to refuse.
        if len(text) + len(rest) > 2 * NOTE_MAX:
            break
    if text or rest:
        yield text + rest


def is_whole(record: bytes) -> bool:
    """Return whether a record of ``split_notes`` has its end, and is more than a text."""
    return record.endswith(END) and record.count(END) > 1


def _chunks(file: BinaryIO, stop: int) -> Iterator[bytes]:
    """Yield the first ``stop`` bytes of a file in pieces."""
    while stop > 0 and (chunk := file.read(min(CHUNK_BYTES, stop))):
        stop -= len(chunk)
        yield chunk


def begins(torn: bytes, record: bytes) -> bool:
    """Return whether a torn tail is what an interrupted write of this record can leave."""
    kept = torn.rstrip(b"\0")
    return record.startswith(kept) and len(torn) <= len(record)


def sync_folder(path: Path) -> None:
    """Make the name of a new file durable."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
