"""The file of cosignatures: what witnesses answered, beside the checkpoints they cosigned.

``X.cosignatures`` holds records of the form of ``X.checkpoints``: a note and an empty line. Each
note has the text of one checkpoint and lines of witnesses alone. Records are only ever added, each
flushed to the disk. Specification: ``schemas/cosignatures-file.v1.md``.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.checkpoint import NOTE_MAX, SIGNATURES_MAX, Note, NoteSignature
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.stores.notes import is_whole, split_notes, sync_folder

__all__ = ["CosignaturesFile"]

_CHUNK_BYTES = 1 << 20


class CosignaturesFile:
    """The file ``X.cosignatures`` beside the ledger ``X``; it begins with the first answer."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is opened at each use.

        Args:
            path: Where it is, or will be.
        """
        self.path = path

    def add(self, note: Note) -> tuple[NoteSignature, ...]:
        """Keep lines under a checkpoint durably, and return those that were new.

        The first line of a key under a checkpoint stays: its time is the earliest.

        Args:
            note: The text of a checkpoint with the lines to keep.

        Raises:
            InputError: If the checkpoint would have too many lines.
            IntegrityError: If a record of the file is no note.
            LedgerError: If the disk refuses.
        """
        with self._exclusive() as descriptor:
            whole, records = self._read(descriptor)
            kept = [line for each in records if each.text == note.text for line in each.signatures]
            known = {(line.name, line.key_id) for line in kept}
            new = tuple(s for s in note.signatures if (s.name, s.key_id) not in known)
            if not new:
                return ()
            if 1 + len(kept) + len(new) > SIGNATURES_MAX:
                raise InputError(
                    f"the checkpoint would have {1 + len(kept) + len(new)} signatures",
                    why=f"a note carries at most {SIGNATURES_MAX}",
                )
            record = Note(note.text, new).encode() + b"\n"
            # What a crash left after the last whole record was never reported as kept.
            os.ftruncate(descriptor, whole)
            _written(descriptor, whole, record)
            os.fsync(descriptor)
            sync_folder(self.path)
            return new

    def notes(self) -> tuple[Note, ...]:
        """Return every record; none where there is no file.

        Raises:
            IntegrityError: If a record is no note.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._failed("read", error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            return self._read(descriptor)[1]
        finally:
            os.close(descriptor)

    def merged(self, note: bytes) -> bytes:
        """Return a signed checkpoint with the lines that are kept for it.

        Args:
            note: As the log signed it.

        Raises:
            IntegrityError: If a record of the file is no note.
        """
        whole = Note.parse(note)
        lines = list(whole.signatures)
        for record in self.notes():
            if record.text == whole.text:
                known = {(line.name, line.key_id) for line in lines}
                lines += [s for s in record.signatures if (s.name, s.key_id) not in known]
        return Note(whole.text, tuple(lines[:SIGNATURES_MAX])).encode()

    def _read(self, descriptor: int) -> tuple[int, tuple[Note, ...]]:
        """Return the length of all whole records, and the records."""
        os.lseek(descriptor, 0, os.SEEK_SET)
        length, records = 0, list[Note]()
        for data in split_notes(iter(lambda: os.read(descriptor, _CHUNK_BYTES), b"")):
            if not is_whole(data):
                break
            try:
                records.append(Note.parse(data[:-1]))
            except InputError as error:
                raise IntegrityError(
                    f"record {len(records) + 1} of the cosignatures is no note: {error.message}",
                    where=str(self.path),
                    remedy="move the file away and ask the witnesses again",
                ) from error
            length += len(data)
        return length, tuple(records)

    @contextmanager
    def _exclusive(self) -> Iterator[int]:
        """Keep every other writer waiting until the block is left."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._failed("opened", error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        except OSError as error:
            raise self._failed("written", error) from error
        finally:
            os.close(descriptor)

    def _failed(self, what: str, error: OSError) -> LedgerError:
        """Return the error for a disk that refuses."""
        return LedgerError(
            f"the file of cosignatures cannot be {what}: {error.strerror}",
            where=str(self.path),
            remedy="check free space and permissions, then run the same command again",
        )


def _written(descriptor: int, start: int, data: bytes) -> None:
    """Write all bytes from a place on."""
    assert len(data) <= NOTE_MAX + 1
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], start + done)
