"""Overlapping appends: while a clerk commits one batch in its process, the next is sealed here.

Nothing else is different. A batch is committed behind the head that it was sealed for, while this
writer has the lock; this process reads it back and signs, while the next one is committed if nobody
waits. What the clerk did not commit, for whatever reason, is committed here, and a fault is met
here, in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from ledger.errors import HeadMovedError
from ledger.log.append import ATTEMPTS_MAX, Log, overtaken
from ledger.log.group import Group, Pending
from ledger.log.identity import Identity
from ledger.log.outcome import Appended
from ledger.log.request import REQUEST_BYTES_MAX
from ledger.log.seal import Sealing
from ledger.log.store import Batch, CheckpointLog, Clerk, Head, Queue, Store
from ledger.record.draft import Draft
from ledger.record.whole import Whole

__all__ = ["OverlappingLog"]

_LARGE = 1_000  # drafts from which on it is worth while
_ROW = 4  # batches under one lock at most: so long waits who asks for it by itself


class _Committing:
    """A batch at the clerk: the lock is ours until it is signed."""

    def __init__(
        self, before: Head, batch: Batch, group: Group | None, lock: ExitStack, place: int = 1
    ) -> None:
        """Keep what is needed to end it.

        Args:
            before: The head that it was sealed for.
            batch: Ours, and those of the writers beside us.
            group: Those writers, if there may be any.
            lock: Held; closing it lets go.
            place: Which batch under this lock it is.
        """
        self.before, self.batch, self.group, self.lock = before, batch, group, lock
        self.place = place


class OverlappingLog(Log):
    """A log of which large batches in a row are committed beside."""

    def __init__(
        self,
        store: Store,
        checkpoints: CheckpointLog,
        identity: Identity,
        queue: Queue | None,
        hire: Callable[[], Clerk | None],
    ) -> None:
        """Wire the parts; nothing is read, and no process begun.

        Args:
            store: As in ``Log``, and so the next ones.
            checkpoints: Where the notes are.
            identity: Who seals and signs.
            queue: Where writers that wait leave their requests.
            hire: Begins a clerk for the same store, or gives None.
        """
        super().__init__(store, checkpoints, identity, queue)
        self._hire = hire
        self._clerk: Clerk | None = None
        self._inside = False  # whether the block is entered
        self._begun = False  # whether a batch was appended, or several are sure to come
        self._asked = False  # whether a clerk was asked for
        self._committing: _Committing | None = None

    @contextmanager
    def overlapped(self, *, several: bool = False) -> Iterator[None]:
        """Let ``append`` return in the block before its batch is on the disk.

        It is once the block is left, or once the next call returns. Until then the lock of the
        ledger is ours between the calls as well: who asks for it in the block waits for ever.

        Args:
            several: Whether more than one batch is sure to come; else the first begins no process.
        """
        self._inside, self._begun, self._asked = True, several, False
        try:
            yield
            self._settle()
        except BaseException:
            # What is committed already is signed as well, if that can be.
            with suppress(Exception):
                self._settle(leaving=True)
            raise
        finally:
            self._inside = False
            self._dismiss()

    def append(
        self, drafts: Sequence[Draft], *, whole: bool = False, vanished: Sequence[Whole] = ()
    ) -> Appended:
        """Append as ``Log`` does; in an overlapped block, the commit may go on after it."""
        large = self._inside and not whole and len(drafts) >= _LARGE and self._shares()
        if not (large and self._has_clerk()):
            self._settle()
            return super().append(drafts, whole=whole, vanished=vanished)
        self._check_rotations(drafts)
        return self._append_beside(drafts, vanished)

    def _has_clerk(self) -> bool:
        """Return whether a clerk is there; it is asked for once, from the second batch on."""
        if self._begun and not self._asked:
            self._clerk, self._asked = self._hire(), True
        self._begun = True
        return self._clerk is not None

    def _append_beside(self, drafts: Sequence[Draft], vanished: Sequence[Whole]) -> Appended:
        """Seal behind the batch that is being committed, and have this one committed next."""
        sealed = self._seal_next(drafts, vanished)
        if sealed is not None and self._follow(sealed[0], sealed[1]):
            return sealed[2]
        self._settle()
        if sealed is not None and self._begin(sealed[0], sealed[1]):
            return sealed[2]
        # Another writer came between: sealed while the lock is ours, it moves no more.
        return super().append(drafts, vanished=vanished)

    def _seal_next(
        self, drafts: Sequence[Draft], vanished: Sequence[Whole]
    ) -> tuple[Head, Batch, Appended] | None:
        """Seal for the head that there will be; None if that moved meanwhile."""
        try:
            if self._committing is None:
                head = self._store.head()
                return head, *self._seal(head, drafts, vanished)
            pending = Pending(self._store, self._committing.batch)
            head = pending.head()
            return head, *Sealing(self._identity, pending, head).run(drafts, vanished)
        except HeadMovedError:
            return None

    def _follow(self, head: Head, batch: Batch) -> bool:
        """Give the clerk the next batch before the one at it is read back, under the same lock.

        It begins with it once the one before is committed. That one is signed here meanwhile; if
        it cannot be, nothing behind it is signed.

        Returns:
            False if somebody waits, who is served between two batches, or nothing was given.
        """
        last, clerk = self._committing, self._clerk
        if last is None or clerk is None or last.place == _ROW or not batch.entries:
            return False
        if self._is_awaited():
            return False
        if not clerk.begin(head, batch):
            # It may have a part of it, behind which nothing else can be given.
            self._settle(leaving=True)
            return False
        self._committing = None
        with last.lock:
            self._end(last)
            lock = last.lock.pop_all()
        self._committing = _Committing(head, batch, None, lock, last.place + 1)
        return True

    def _is_awaited(self) -> bool:
        """Return whether a writer waits with a request."""
        if self._queue is not None:
            for _, asked in self._queue.asked((), REQUEST_BYTES_MAX):
                asked.close()
                return True
        return False

    def _begin(self, head: Head, batch: Batch) -> bool:
        """Take the lock, and give a batch to the clerk with what others wait with.

        Of a batch without entries only the head is looked at, as when nothing overlaps.

        Returns:
            False, and the lock is let go, if another writer came first.
        """
        with ExitStack() as lock:
            lock.enter_context(self._checkpoints.exclusive())
            # What a crash left unsigned is signed, and an older database refused, by this alone.
            if self._agreed_head() != head:
                return False
            if not batch.entries:
                return True
            group = None
            if self._queue is not None:
                group = Group(self._identity, self._store, self._queue, self._check_rotations)
                lock.callback(group.close)
                try:
                    batch = group.join(batch)
                except HeadMovedError:
                    return False
            try:
                if self._clerk is None or not self._clerk.begin(head, batch):
                    self._dismiss()
            except BaseException:
                self._dismiss()
                raise
            self._committing = _Committing(head, batch, group, lock.pop_all())
        return True

    def _settle(self, *, leaving: bool = False) -> None:
        """Wait for the batch at the clerk, read it back, sign, reply, and let go of the lock.

        Args:
            leaving: Whether the clerk is ended before that: it may have a further batch.
        """
        committing, self._committing = self._committing, None
        if committing is None:
            return
        with committing.lock:
            self._end(committing)
            if leaving:
                self._dismiss()
        if self._queue is not None:
            self._queue.wake()
        if self._clerk is not None:
            self._clerk.pause()

    def _end(self, committing: _Committing) -> None:
        """Wait until a batch is committed, read it back, sign, and reply to those in it.

        If that cannot be, the clerk is ended here: nobody else has the lock while it is at work.
        """
        try:
            if self._clerk is None or not self._clerk.done():
                self._commit_here(committing)
            self._confirm(committing.batch)
        except BaseException:
            self._dismiss()
            raise
        if committing.group is not None:
            committing.group.answer()

    def _commit_here(self, committing: _Committing) -> None:
        """Commit what the clerk did not; it may have, and died before it could say so.

        Raises:
            HeadMovedError: If a writer that does not share the lock came between.
        """
        self._dismiss()
        for _ in range(ATTEMPTS_MAX):
            if self._store.head() == committing.batch.head:
                return
            try:
                self._store.append(committing.before, committing.batch)
            except HeadMovedError:
                # A server ends a commit whose client is gone; a database may have been locked.
                if self._store.head() not in {committing.before, committing.batch.head}:
                    raise
        if self._store.head() != committing.batch.head:
            raise overtaken()

    def _dismiss(self) -> None:
        """End the clerk."""
        clerk, self._clerk = self._clerk, None
        if clerk is not None:
            clerk.end()
