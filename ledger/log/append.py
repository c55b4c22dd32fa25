"""Appending commits sealed entries and then signs the new head, in this order.

A note is signed only after the commit, and only when the stored bytes, read again, lead to the
head that was meant. A database behind its newest note is a restored or cut one: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from operator import eq
from typing import NamedTuple

from ledger.checkpoint import Checkpoint, Note
from ledger.entry import Entry
from ledger.errors import HeadMovedError, InputError, IntegrityError
from ledger.keys import Signer
from ledger.log.group import Group, Ticket
from ledger.log.identity import Identity
from ledger.log.outcome import Appended
from ledger.log.seal import Sealing
from ledger.log.secrecy import check_secret, check_tail
from ledger.log.store import Batch, CheckpointLog, Head, Queue, Row, Store
from ledger.merkle import CompactRange, leaf_hash
from ledger.record.draft import Draft
from ledger.record.sheet import Sheet
from ledger.record.whole import Whole

__all__ = ["ATTEMPTS_MAX", "Log", "overtaken"]

ATTEMPTS_MAX = 16  # writers that share a checkpoint log wait for each other and need one
_ABOUT_KEYS = b'"type":"key"'
_RESTORED = (
    "the database was cut, or replaced by an older copy; put the newest copy back, "
    "and keep this one as evidence"
)


class _Signed(NamedTuple):
    """A note, and the head that it was signed over."""

    note: bytes
    checkpoint: Checkpoint
    head: Head


class Log:
    """An append-only log in a store, with its signed checkpoints beside it."""

    def __init__(
        self,
        store: Store,
        checkpoints: CheckpointLog,
        identity: Identity,
        queue: Queue | None = None,
    ) -> None:
        """Wire the parts; nothing is read yet.

        Args:
            store: Where the entries are.
            checkpoints: Where the notes are.
            identity: Who seals and signs; its origin is the store's.
            queue: Where writers that wait leave their requests; None appends alone, always.
        """
        self._queue = queue
        self._store = store
        self._checkpoints = checkpoints
        self._identity = identity
        self._sealed = ""  # hash of the last entry that this log appended and read back
        self._company = 0  # how many others were served together with this log the last time
        self._signed: _Signed | None = None  # the note that this log signed last

    def append(
        self, drafts: Sequence[Draft], *, whole: bool = False, vanished: Sequence[Whole] = ()
    ) -> Appended:
        """Append what is new in one transaction, then sign the new head.

        A draft that the ledger already holds is counted and not added again; one that
        contradicts what it holds comes back as a conflict. Only a final allocation, or the same
        one further on, replaces a provisional one, by a reversal and itself.

        Args:
            drafts: Validated records, at most some ten thousand a call.
            whole: Append nothing unless every one of them is new: they belong together.
            vanished: Things that hold nothing, whose provisional records are emptied.

        Returns:
            What became of each; with ``whole``, what stands in the way if anything does.

        Raises:
            InputError: If a draft cannot be an entry.
            ConflictError: If a reversal does not fit what it reverses.
            IntegrityError: If the store is behind its newest checkpoint or contradicts it, or
                the secret is another ledger's.
            HeadMovedError: If other writers always came first.
        """
        self._check_rotations(drafts)
        together = not whole and not vanished and self._shares()
        if self._queue is not None and together:
            return self._append_together(drafts, self._queue)
        try:
            with self._checkpoints.exclusive():
                return self._append(drafts, whole=whole, vanished=vanished)
        finally:
            if self._queue is not None:
                self._queue.wake()

    def _append_together(self, drafts: Sequence[Draft], queue: Queue) -> Appended:
        """Append for this writer and those that wait, or let another one append for it."""
        mine, ticket = False, Ticket(queue, self._identity, drafts)
        try:
            with closing(ticket), self._checkpoints.exclusive(ticket) as mine:
                if not mine:
                    self._company = ticket.company()
                    return ticket.outcome()
                ticket.close()
                group = Group(self._identity, self._store, queue, self._check_rotations)
                with closing(group):
                    queue.gather(self._company)
                    appended = self._append(drafts, group=group, ticket=ticket)
                self._company = group.company()
                return appended
        finally:
            if mine:
                queue.wake()

    def _append(
        self,
        drafts: Sequence[Draft],
        *,
        whole: bool = False,
        vanished: Sequence[Whole] = (),
        group: Group | None = None,
        ticket: Ticket | None = None,
    ) -> Appended:
        """Append while this writer has the lock, and for the writers of the group."""
        for attempt in range(ATTEMPTS_MAX):
            likely = not attempt and not whole
            head = self._likely_head() if likely else self._agreed_head()
            # Asked at each attempt: what another one promised may have been committed meanwhile.
            kept = None if ticket is None else ticket.kept(self._store)
            try:
                with self._store_first(head, likely=likely):
                    batch, appended = self._seal(head, () if kept else drafts, vanished)
                if whole and len(batch.entries) != len(drafts):
                    return replace(appended, new=())
                if group is not None:
                    batch = group.join(batch)
                if batch.entries:
                    self._store.append(head, batch)
                elif likely and self._agreed_head() != head:
                    continue
            except HeadMovedError:
                continue
            if batch.entries:
                self._confirm(batch)
            if group is not None:
                group.answer()
            return kept or appended
        raise overtaken()

    @contextmanager
    def _store_first(self, head: Head, *, likely: bool) -> Iterator[None]:
        """Of a store that was cut or changed, tell this and not what follows from it in the block.

        Args:
            head: The head that the block goes by.
            likely: Whether the store was not asked for it.

        Raises:
            IntegrityError: If the block fails and the store does not agree with its newest note.
            HeadMovedError: If the block fails and the log ends elsewhere.
        """
        try:
            yield
        except Exception:
            if likely and self._agreed_head() != head:
                raise HeadMovedError("another writer appended") from None
            raise

    def _shares(self) -> bool:
        """Return whether what this log seals may be sealed together with what others do.

        While a key is handed over, and where nothing is signed, each appends for itself.
        """
        return self._identity.signer is not None and self._identity.heir is None

    def pseudonym(self, name: str, value: str) -> str:
        """Return the stand-in of a value of a confidential field, 32 hex digits."""
        return self._identity.pseudonym(name, value)

    @contextmanager
    def overlapped(self, *, several: bool = False) -> Iterator[None]:
        """Append batches in the block; all of them are on the disk once it is left.

        Args:
            several: Whether more than one is sure to come.
        """
        del several  # here each is appended by itself
        yield

    def preview(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        """Say what ``append`` would do, and write nothing.

        Raises:
            HeadMovedError: If other writers always came first.
        """
        for _ in range(ATTEMPTS_MAX):
            try:
                return self._seal(self._store.head(), drafts, vanished)[1]
            except HeadMovedError:
                continue
        raise overtaken()

    def _seal(
        self, head: Head, drafts: Sequence[Draft], vanished: Sequence[Whole]
    ) -> tuple[Batch, Appended]:
        """Seal the drafts as if the log ended at this head, with the secret of this log."""
        # An entry that this log sealed itself was sealed with its secret.
        if head.prev != self._sealed:
            check_secret(self._store, head.size, self._identity.secret)
        return Sealing(self._identity, self._store, head).run(drafts, vanished)

    def _likely_head(self) -> Head:
        """Return the head that this log signed last, if nobody has signed another one since.

        The store has not been asked: it is when it appends behind that head, and refuses another.
        """
        if self._signed is not None and self._checkpoints.tail() == (self._signed.note, b""):
            return self._signed.head
        return self._agreed_head()

    def _agreed_head(self) -> Head:
        """Return the head once it agrees with the newest checkpoint; sign an unsigned tail."""
        head = self._store.head()
        tail = self._checkpoints.tail()
        newest = self._newest(tail.note)
        if head.size < newest.size:
            raise IntegrityError(
                f"the database holds {head.size} entries, its newest checkpoint {newest.size}",
                seq=head.size,
                why="appending would make a second history",
                remedy=_RESTORED,
            )
        if head.size > newest.size:
            self._sign_tail(newest, head)
        elif head.range.root() != newest.root:
            raise _other_root(newest.size)
        elif tail.torn:
            raise IntegrityError(
                f"a note after checkpoint {newest.size} was begun, its entries are not there",
                seq=head.size,
                why="a note is begun only after its entries were committed",
                remedy=_RESTORED,
            )
        return head

    def _newest(self, data: bytes | None) -> Checkpoint:
        """Return the newest checkpoint, its signature checked against our own key."""
        if data is None:
            raise IntegrityError(
                "the file of checkpoints is missing or empty",
                why="without it a cut database could not be told from a whole one",
                remedy="put the file back; every ledger has one from its first minute",
            )
        if self._signed is not None and data == self._signed.note:
            # These very bytes were signed here: their signature needs no checking.
            return self._signed.checkpoint
        if self._identity.signer is None:
            newest = Checkpoint.parse(Note.parse(data).text)
        else:
            newest = Checkpoint.open(data, self._identity.signer.verifier)
        if newest.origin != self._identity.origin:
            raise IntegrityError(f"the newest checkpoint speaks for {newest.origin}")
        return newest

    def _sign_tail(self, newest: Checkpoint, head: Head) -> None:
        """Sign what a crash left committed and unsigned, after folding the log from its start."""
        covered = CompactRange().extend(self._hashes(0, newest.size))
        if covered.root() != newest.root:
            raise _other_root(newest.size)
        check_tail(self._store, newest.size, head.size, self._identity.secret)
        about_keys: list[Row] = []
        if covered.extend(self._hashes(newest.size, head.size, about_keys)) != head.range:
            raise _other_bytes(newest.size)
        self._sign(head, about_keys)

    def _confirm(self, batch: Batch) -> None:
        """Read a batch that was committed back, and sign its head only if it is as it was sealed.

        Sealing hashed these very entries, and its head is over them: equal bytes need no hashing.
        """
        entries = batch.entries
        start = batch.head.size - len(entries)
        if sum(map(eq, self._store.read(start, batch.head.size), entries)) != len(entries):
            raise _other_bytes(start)
        self._sign(batch.head, [Row._make(each) for each in entries if _ABOUT_KEYS in each[1]])
        self._sealed = batch.head.prev

    def _sign(self, head: Head, about_keys: Sequence[Row]) -> None:
        """Sign a head that what is stored was seen to lead to.

        Args:
            head: Where the log ends.
            about_keys: The new entries that may name keys.
        """
        signer, heir = self._identity.signer, self._heir(about_keys, head.size)
        if signer is not None:
            checkpoint = Checkpoint(self._identity.origin, head.size, head.range.root())
            note = checkpoint.sign(*filter(None, (signer, heir)))
            self._checkpoints.append(note)
            self._signed = _Signed(note, checkpoint, head)
        if heir is not None:
            self._identity = replace(self._identity, signer=heir, heir=None)

    def _check_rotations(self, drafts: Sequence[Draft]) -> None:
        """Refuse to announce a key that nobody here can sign with, or anything beside it."""
        # The drafts of a sheet are of one type, and need not be built to be told.
        told = () if isinstance(drafts, Sheet) and drafts.type != "key" else drafts
        heirs = [d.body["vkey"] for d in told if d.type == "key" and d.body["event"] == "rotated"]
        heir = self._identity.heir
        if heirs and (len(drafts) > 1 or heir is None or heirs != [heir.verifier.encode()]):
            raise InputError(
                "a record announces a new key of the ledger",
                why="the checkpoint over it must be signed by the old key and the new one",
                remedy="use: flopledger key rotate",
            )

    def _heir(self, rows: Sequence[Row], stop: int) -> Signer | None:
        """Return who signs beside the signer: the new key, right after it was announced."""
        for row in rows:
            entry = Entry.parse(row.bytes)
            if entry.type != "key" or entry.body["event"] != "rotated":
                continue
            heir = self._identity.heir
            if heir is None or heir.verifier.encode() != entry.body["vkey"] or row.seq + 1 != stop:
                raise IntegrityError(
                    f"entry {row.seq} hands the ledger over to {entry.body['vkey']}",
                    seq=row.seq,
                    why="the checkpoint over it must be signed by that key too, and it is not here",
                    remedy="put its file back beside the ledger, as X.key.next.pem",
                )
            return heir
        return None

    def _hashes(
        self, start: int, stop: int, about_keys: list[Row] | None = None
    ) -> Iterator[bytes]:
        """Yield the hashes of stored entries, computed anew; keep the rows that name keys."""
        for row in self._store.read(start, stop):
            # Most entries are not about keys, and are not read.
            if about_keys is not None and _ABOUT_KEYS in row.bytes:
                about_keys.append(row)
            yield leaf_hash(row.bytes)


def overtaken() -> HeadMovedError:
    """Return the error for a head that always moved."""
    return HeadMovedError(
        f"other writers came first {ATTEMPTS_MAX} times", remedy="run the same command again"
    )


def _other_bytes(start: int) -> IntegrityError:
    """Return the error for entries that do not read back."""
    return IntegrityError(
        f"the entries from {start} on were not stored as they were sealed",
        seq=start,
        remedy="check the disk; the entries stay unsigned until they read back",
    )


def _other_root(size: int) -> IntegrityError:
    """Return the error for a store that contradicts its newest checkpoint."""
    return IntegrityError(
        f"the first {size} entries have another root than the checkpoint over them",
        where=f"checkpoint {size}",
        why="an entry was changed after it was signed",
        remedy="flopledger verify names the first bad entry",
    )
