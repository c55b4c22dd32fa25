"""Keeping finds the keys of a ledger: which one signs now, and who holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.context import Context
from ledger.cli.passphrase import passphrase_of
from ledger.custody import Custody, KeyEvent, signed_with
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.keys import FileSigner, Signer, VerifierKey
from ledger.stores.contract import LedgerStore
from ledger.stores.keyfiles import Files, read_key, take_over
from ledger.stores.notes import NotesFile

if TYPE_CHECKING:
    from ledger.stores.treefiles import TreeFiles

__all__ = [
    "SIGNER_COMMAND",
    "Keepers",
    "SignedLeaves",
    "current_key",
    "custody_of",
    "events_of",
    "keepers_of",
    "open_checkpoint",
    "signed_leaves",
]

SIGNER_COMMAND: Final = "FLOPLEDGER_SIGNER_COMMAND"
_JOINT: Final = 2  # signature lines under the name of the ledger


@dataclass(frozen=True, slots=True)
class Keepers:
    """Who signs checkpoints.

    Attributes:
        signer: Holds the key that signs now.
        heir: Holds a key that is to take over, or None.
    """

    signer: Signer
    heir: Signer | None


@dataclass(frozen=True, slots=True)
class SignedLeaves:
    """The leaves of a ledger, with the key that signs it now: what a proof needs.

    Attributes:
        store: The ledger.
        key: The key that signed the checkpoint to prove it by.
        tree: The whole subtrees kept beside the ledger, or None to read every entry.
    """

    store: LedgerStore
    key: VerifierKey
    tree: TreeFiles | None

    def inclusion(self, seq: int, checkpoint: Checkpoint) -> tuple[bytes, list[bytes]]:
        """Return the hash of a signed entry, from its stored bytes, and its path to the root.

        Raises:
            IntegrityError: If the entries are not those that were signed.
        """
        if self.tree is None:
            from ledger.stores.treefiles import inclusion_by_all  # noqa: PLC0415 - few prove

            return inclusion_by_all(self.store, seq, checkpoint)
        return self.tree.inclusion(self.store, seq, checkpoint)

    def vkey(self) -> str:
        """Return the text of the key."""
        return self.key.encode()


def current_key(files: Files, store: LedgerStore) -> VerifierKey:
    """Return the key that signs a ledger now.

    The ledger states its first key; as long as that one signs alone, nothing else is read.
    """
    first = VerifierKey.parse(store.vkey())
    note = NotesFile(files.checkpoints).tail().note
    parsed = None if note is None else Note.parse(note)
    if parsed is None or (len(parsed.signatures) == 1 and signed_with(parsed, first)):
        return first
    return custody_of(files, store).current


def events_of(store: LedgerStore) -> Iterator[KeyEvent]:
    """Yield what every ``key`` entry says, in order; reads the whole table."""
    about_keys = (KeyEvent.of(e) for e in store.mentioning("key") if e.type == "key")
    return (event for event in about_keys if event is not None)


def custody_of(files: Files, store: LedgerStore) -> Custody:
    """Return which keys signed a ledger, as far as its checkpoints hand it over.

    Only the notes that two keys signed are looked for, and the entries before them: the cost is
    that of reading the checkpoint file. Revocations are not part of it.

    Raises:
        IntegrityError: If such a note stands where no entry announces a key.
    """
    return Custody.of(VerifierKey.parse(store.vkey()), _rotations(files, store))


def open_checkpoint(context: Context, store: LedgerStore, data: bytes) -> Checkpoint:
    """Read a note of the ledger, and check that the key signed it that had to.

    Raises:
        InputError: If the bytes are malformed.
        IntegrityError: If a signature fails or is missing, or the origin is another.
    """
    return _opened(context, store, data)[0]


def signed_leaves(
    context: Context, store: LedgerStore, data: bytes, *, quick: bool = False
) -> SignedLeaves:
    """Return the leaves of a ledger with the key that signed one of its checkpoints.

    Args:
        context: The ledger.
        store: The same, open.
        data: The note of the checkpoint.
        quick: Read paths from the subtrees beside the ledger, and not every entry: then a proof
            says nothing of the other entries as they are now.

    Raises:
        InputError: If the note is malformed.
        IntegrityError: If a signature fails or is missing, or the origin is another.
    """
    from ledger.stores.treefiles import TreeFiles  # noqa: PLC0415 - few prove

    tree = TreeFiles(Files(context.ledger).tree) if quick else None
    return SignedLeaves(store, _opened(context, store, data)[1], tree)


def _opened(context: Context, store: LedgerStore, data: bytes) -> tuple[Checkpoint, VerifierKey]:
    """Read a note of the ledger; return what it states, and which key signed it."""
    note, first = Note.parse(data), VerifierKey.parse(store.vkey())
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != first.name:
        raise IntegrityError(
            f"the checkpoint speaks for {checkpoint.origin}, the key for {first.name}"
        )
    custody = Custody.of(first)
    if len(note.signatures) > 1 or not signed_with(note, first):
        custody = custody_of(Files(context.ledger), store)
    believed = custody.judge(note, checkpoint.size)
    if not believed:
        raise IntegrityError(
            f"the only key that signed checkpoint {checkpoint.size} is revoked",
            why="whoever stole the key could have signed it",
            remedy="take a later checkpoint, signed by the key that took over",
        )
    return checkpoint, believed[-1]


def keepers_of(files: Files, store: LedgerStore) -> Keepers:
    """Return who signs now, from the key files beside the ledger or a token.

    A rotation that was interrupted after its checkpoint is completed here.

    Raises:
        MissingError: If there is no key.
        IntegrityError: If none of the keys is the one that signs the ledger.
    """
    held, current = _held(files, store.origin()), current_key(files, store)
    signer = next((each for each in held if each.verifier == current), None)
    if signer is None:
        raise IntegrityError(
            "the key file does not hold the key of this ledger",
            where=str(files.key),
            why="checkpoints signed with it would not verify",
            remedy="put back the key whose public half `flopledger key show` prints",
        )
    others = [each for each in held if each is not signer]
    if files.next_key.exists() and isinstance(signer, FileSigner) and signer is held[-1]:
        take_over(files, others[0].verifier.key_id if others else b"")
        return Keepers(signer, None)
    gone = custody_of(files, store).keys if others else ()
    return Keepers(signer, next((each for each in others if each.verifier not in gone), None))


def _held(files: Files, origin: str) -> list[Signer]:
    """Return the keys at hand: that of the ledger first, one that is to take over last."""
    held: list[Signer] = []
    command = os.environ.get(SIGNER_COMMAND)
    if command:
        from ledger.stores.token import TokenSigner  # noqa: PLC0415 - few keep a key on one

        held.append(TokenSigner.ask(command))
    paths = [path for path in (files.key, files.next_key) if path.exists()]
    if not paths and not held:
        paths = [files.key]
    return held + [read_key(path, origin, passphrase_of(None)) for path in paths]


def _rotations(files: Files, store: LedgerStore) -> Iterator[KeyEvent]:
    """Yield the rotations that a joint checkpoint stands behind, in order."""
    notes = NotesFile(files.checkpoints)
    own_line = f"\n\N{EM DASH} {store.origin()} ".encode()
    for record in notes.notes(notes.settled_size()):
        if record.count(own_line) < _JOINT:
            continue
        size = Checkpoint.parse(Note.parse(record[:-1]).text).size
        leaf = store.leaf_at(size - 1)
        entry = None if leaf is None else Entry.parse(leaf)
        event = None if entry is None or entry.type != "key" else KeyEvent.of(entry)
        if event is None or event.event != "rotated":
            raise IntegrityError(
                f"two keys signed the checkpoint over {size} entries, and no entry says why",
                where=f"checkpoint {size}",
                remedy="flopledger verify says what still holds",
            )
        yield event
