"""Noted: which signed checkpoint a command shows, with the cosignatures that are kept for it."""

from __future__ import annotations

from ledger.checkpoint import Checkpoint
from ledger.cli.context import Context
from ledger.cli.opening import earlier_note, files_of, newest_note
from ledger.stores.cosignatures import CosignaturesFile

__all__ = ["cosigned_note", "note_over"]


def note_over(context: Context, size: int | None) -> bytes:
    """Return the newest signed note, or the one over so many entries, with its cosignatures.

    Args:
        context: The ledger.
        size: Entries that it covers, or None for the newest.

    Raises:
        MissingError: If no checkpoint of that size was signed here.
        IntegrityError: If a file is missing or damaged.
    """
    note = newest_note(context)[0] if size is None else earlier_note(context, size)[0]
    return _kept(context).merged(note)


def cosigned_note(context: Context, seq: int) -> bytes:
    """Return the newest cosigned note that covers an entry, else the newest note.

    Raises:
        IntegrityError: If a file is missing or damaged.
    """
    newest = newest_note(context)[1]
    sizes = [Checkpoint.parse(note.text).size for note in _kept(context).notes()]
    covering = [size for size in sizes if seq < size <= newest.size]
    return note_over(context, max(covering, default=None))


def _kept(context: Context) -> CosignaturesFile:
    """Return the file of cosignatures."""
    return CosignaturesFile(files_of(context).cosignatures)
