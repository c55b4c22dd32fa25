"""Opening a ledger: the one place where the command line wires store, notes, keys and clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.clock import now
from ledger.cli.context import Context
from ledger.cli.keeping import keepers_of
from ledger.errors import IntegrityError, MissingError
from ledger.keys import Signer
from ledger.period import format_instant
from ledger.stores.contract import LedgerStore
from ledger.stores.cosignatures import CosignaturesFile
from ledger.stores.keyfiles import Files, read_secret
from ledger.stores.location import Location
from ledger.stores.notes import NotesFile, is_whole

if TYPE_CHECKING:
    from ledger.log import Log
    from ledger.verify import Evidence

__all__ = [
    "earlier_note",
    "files_of",
    "location_of",
    "newest_note",
    "open_evidence",
    "open_log",
    "open_reader",
    "signed_sizes",
]


def files_of(context: Context) -> Files:
    """Return the names of the ledger's files."""
    return Files(context.ledger)


def location_of(context: Context) -> Location:
    """Return where the ledger is kept: its files, and its server if it is on one."""
    return Location(files_of(context), context.server)


def open_reader(context: Context) -> LedgerStore:
    """Open the ledger for reading; it is closed when the command ends.

    Raises:
        MissingError: If there is no ledger.
    """
    return _closed_at_end(location_of(context).open())


def open_log(
    context: Context, *, writable: bool = True, heir: Signer | None = None, overlap: bool = False
) -> Log:
    """Open the ledger for appending; it is closed when the command ends.

    Args:
        context: The global options.
        writable: False opens a log that can only ``preview``: nothing is locked or signed.
        heir: Who is to take over, where that is not a key file beside the ledger.
        overlap: Whether large batches in a row may be committed by another process.

    Raises:
        MissingError: If the ledger, its key or its secret is not there.
        IntegrityError: If the key is not the one the ledger states, or a witness cosigned more
            than the newest checkpoint covers.
    """
    from ledger.log import Identity, Log  # noqa: PLC0415 - reading commands need no pydantic
    from ledger.stores.queue import QueueFolder  # noqa: PLC0415 - and never wait

    files = files_of(context)
    location = location_of(context)
    store = _closed_at_end(location.open(writable=writable))
    keepers = keepers_of(files, store) if writable else None
    if writable:
        _check_cosigned(files)
        _tell_clock(context, store)
    chance = context.chance.bound(store.origin())
    secret = read_secret(files.secret)
    identity = Identity(
        store.origin(),
        secret,
        None if keepers is None else keepers.signer,
        now,
        chance.salt,
        chance.id,
        heir or (None if keepers is None else keepers.heir),
    )
    notes = NotesFile(files.checkpoints, files.retired[0])
    queue = QueueFolder(files.queue)
    if not overlap:
        return Log(store, notes, identity, queue)
    from ledger.log.overlap import OverlappingLog  # noqa: PLC0415 - only large imports overlap
    from ledger.stores.clerk import hire  # noqa: PLC0415 - as above

    return OverlappingLog(
        store, notes, identity, queue, partial(hire, partial(location.open, writable=True))
    )


@contextmanager
def open_evidence(context: Context, vkey: str | None = None) -> Iterator[Evidence]:
    """Give everything that ``verify`` reads, from one state of the ledger.

    Args:
        context: The global options.
        vkey: The key to trust instead of the ledger's own, or None.

    Raises:
        MissingError: If there is no ledger.
        IntegrityError: If there is no checkpoint file.
    """
    from ledger.stores.evidence import evidence_of  # noqa: PLC0415 - only verifying needs it

    files = files_of(context)
    with location_of(context).open() as store:
        # Notes first: whatever they cover is in any later state of the database.
        stop = NotesFile(files.checkpoints).settled_size()
        with store.snapshot():
            yield evidence_of(store, files, stop, vkey)


def newest_note(context: Context) -> tuple[bytes, Checkpoint]:
    """Return the newest signed note and what it states; its signature is not checked here.

    Raises:
        IntegrityError: If the checkpoint file is missing or holds no note.
    """
    path = files_of(context).checkpoints
    data = NotesFile(path).tail().note
    if data is None:
        raise IntegrityError(
            "the checkpoint file holds no note",
            where=str(path),
            remedy="put the file back; every ledger has one from its start",
        )
    return data, Checkpoint.parse(Note.parse(data).text)


def earlier_note(context: Context, size: int) -> tuple[bytes, Checkpoint]:
    """Return the signed note over so many entries; its signature is not checked here.

    Raises:
        MissingError: If no checkpoint of that size was signed here.
        IntegrityError: If the checkpoint file is missing.
    """
    notes = NotesFile(files_of(context).checkpoints)
    for record in notes.notes(notes.settled_size()):
        if record.split(b"\n", 2)[1:2] == [str(size).encode()]:
            data = record.removesuffix(b"\n")
            return data, Checkpoint.parse(Note.parse(data).text)
    raise MissingError(
        f"no checkpoint over {size} entries was signed here",
        where=str(notes),
        why="what was determined from these entries cannot be determined from others",
        remedy="give the --ledger whose check it was, with its whole checkpoint file",
    )


def signed_sizes(context: Context) -> Iterator[int]:
    """Yield the sizes of all checkpoints, in order; their signatures are not checked here.

    Raises:
        IntegrityError: If the checkpoint file is missing.
    """
    notes = NotesFile(files_of(context).checkpoints)
    for record in notes.notes(notes.settled_size()):
        if is_whole(record):
            yield Checkpoint.parse(Note.parse(record.removesuffix(b"\n")).text).size


def _check_cosigned(files: Files) -> None:
    """Refuse to go on from a database and checkpoints that were both replaced by an older copy.

    What a witness cosigned is a third file; whoever put back two of them would sign a fork.
    """
    data = NotesFile(files.checkpoints).tail().note
    newest = None if data is None else Checkpoint.parse(Note.parse(data).text)
    for note in CosignaturesFile(files.cosignatures).notes():
        seen = Checkpoint.parse(note.text)
        if newest is not None and seen.size >= newest.size and seen != newest:
            raise IntegrityError(
                f"a witness cosigned {seen.size} entries that are not those of the newest "
                f"checkpoint, over {newest.size}",
                where=str(files.cosignatures),
                why="database and checkpoints are an older copy; appending would make a second "
                "history, and the witness would prove it",
                remedy="put the newest copy of both back, and keep these as evidence",
            )


def _tell_clock(context: Context, store: LedgerStore) -> None:
    """Say that the clock is behind the last entry: times of entries never decrease."""
    last, time = store.head().recorded_at, format_instant(now())
    if time < last:
        context.say(
            f"warning: the clock says {time}, the last entry was recorded at {last}: what is "
            "recorded now gets that time too; set the clock"
        )


def _closed_at_end(store: LedgerStore) -> LedgerStore:
    """Close the store when the command ends, however it ends."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(store.close)
    return store
