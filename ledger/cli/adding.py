"""Adding cosignatures: each is checked against the checkpoint it is for before it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.checkpoint import Checkpoint, Note, NoteSignature
from ledger.cli.context import Context
from ledger.cli.opening import earlier_note, files_of, newest_note
from ledger.cosignature import Cosignature, parse_cosignatures
from ledger.errors import InputError, IntegrityError
from ledger.keys import COSIGNATURE, VerifierKey
from ledger.period import format_instant
from ledger.policy import Policy
from ledger.stores.cosignatures import CosignaturesFile
from ledger.stores.notes import NotesFile, is_whole

__all__ = ["add_cosignatures"]


def add_cosignatures(
    context: Context, data: bytes, policy: Policy | None, size: int | None, *, unchecked: bool
) -> Iterator[str]:
    """Keep the lines of a witness, and yield what became of each, in words.

    Args:
        context: The ledger.
        data: What the witness answered.
        policy: Whose keys to check with, or None.
        size: Entries under the checkpoint; None tries the newest first, then the earlier ones.
        unchecked: Whether a line that no key of the policy made is kept all the same.

    Raises:
        InputError: If the lines cannot be read, or nobody that was named made one.
        IntegrityError: If a line claims to be by a key and is not, over any checkpoint tried.
    """
    keys = {
        (witness.key.name, witness.key.key_id): witness.key
        for witness in (() if policy is None else policy.witnesses)
        if witness.key.kind == COSIGNATURE
    }
    file = CosignaturesFile(files_of(context).cosignatures)
    found = []
    for line in parse_cosignatures(data):
        key = keys.get((line.name, line.key_id))
        if key is None and not unchecked:
            raise InputError(
                f"no key that was given made the line of {line.name}",
                why="a line that does not verify would spoil the checkpoint for others",
                remedy="give the witness's key with --vkey or --policy; "
                "--unchecked keeps a line of a type that cannot be checked here",
            )
        text, said = _place(context, line, key, size)
        found.append((Note(text, (line,)), said))
    for note, said in found:
        covered = Checkpoint.parse(note.text).size
        kept = file.add(note)
        what = "kept" if kept else "one of this key is kept already"
        yield f"checkpoint over {covered} entries: {said}: {what}"


def _place(
    context: Context, line: NoteSignature, key: VerifierKey | None, size: int | None
) -> tuple[str, str]:
    """Return the text of the checkpoint that a line belongs to, and what the line says."""
    if size is not None:
        texts = iter((Note.parse(earlier_note(context, size)[0]).text,))
    else:
        texts = _texts(context)
    newest = next(texts)
    if key is None:
        return newest, f"a line of {line.name}, not checked"
    for text in (newest, *texts) if size is None else (newest,):
        try:
            opened = Cosignature.open(Note(text, (line,)), key)
        except IntegrityError:
            continue
        if opened is not None:
            return text, f"cosigned by {key.label} at {format_instant(opened.at)}"
    raise IntegrityError(
        f"the line of {key.label} belongs to no checkpoint of this ledger"
        + ("" if size is None else f" over {size} entries"),
        why="its signature does not verify",
        remedy="copy the answer whole; check that it is for this ledger",
    )


def _texts(context: Context) -> Iterator[str]:
    """Yield the text of the newest checkpoint, and then of all, newest first."""
    yield Note.parse(newest_note(context)[0]).text
    notes = NotesFile(files_of(context).checkpoints)
    records = [record for record in notes.notes(notes.settled_size()) if is_whole(record)]
    for record in reversed(records):
        yield Note.parse(record[:-1]).text
