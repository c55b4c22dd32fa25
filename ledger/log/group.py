"""A group is what one transaction appends for several writers: its leader's batch, then others'.

Who has the lock of the ledger seals also what others wait with, each behind the one before it, so
that a later one meets the keys of an earlier one. What is wrong with one is told to its owner
alone; nothing of it is in the batch. Replies are given when the note over the batch is on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from ledger.errors import ConflictError, HeadMovedError, InputError, LedgerError
from ledger.log.identity import Identity
from ledger.log.outcome import Appended
from ledger.log.request import (
    REQUEST_BYTES_MAX,
    Promise,
    Reply,
    encode_promise,
    encode_reply,
    encode_request,
    parse_promise,
    parse_reply,
    parse_request,
)
from ledger.log.seal import Sealing
from ledger.log.store import Asked, Batch, Head, KeyRow, Queue, Request, Row, Store
from ledger.merkle import leaf_hash
from ledger.record.draft import Draft

__all__ = ["GROUP_BYTES_MAX", "GROUP_DRAFTS_MAX", "Group", "Ticket"]

GROUP_DRAFTS_MAX = 1_024
GROUP_BYTES_MAX = 4_194_304
"""What a leader takes from others at most, so that its memory stays flat; the rest leads itself."""

Check: TypeAlias = Callable[[Sequence[Draft]], None]


class Ticket:
    """What a writer holds while it waits for the lock, or for a reply that comes first.

    If it gets the lock since the other one died, the promise says what that one did for it.
    """

    def __init__(self, queue: Queue, identity: Identity, drafts: Sequence[Draft]) -> None:
        """Wait for nothing yet.

        Args:
            queue: Where requests are left.
            identity: Whose ledger and secret it is.
            drafts: What is to be appended.
        """
        self._queue = queue
        self._identity = identity
        self._drafts = drafts
        self._data = b""
        self._request: Request | None = None
        self._reply: Reply | None = None
        self._promise: Promise | None = None

    def begin(self) -> bool:
        """Leave the request; return whether another writer can serve it."""
        data = encode_request(self._identity, self._drafts)
        if data is not None:
            self._data, self._request = data, self._queue.ask(data)
        return self._request is not None

    def served(self, milliseconds: int) -> bool:
        """Wait for a sign, for so long at most; return whether another writer has appended it."""
        if self._request is not None:
            reply = self._request.wait(milliseconds)
            self._reply = parse_reply(self._identity.secret, self._data, reply)
        return self._reply is not None

    def company(self) -> int:
        """Return how many requests were appended together with it, once it was served."""
        return 0 if self._reply is None else self._reply.company

    def outcome(self) -> Appended:
        """Return what became of it, once it was served.

        Raises:
            InputError: If a draft cannot be an entry.
            ConflictError: If a reversal does not fit what it reverses.
        """
        assert self._reply is not None
        outcome = self._reply.outcome
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    def close(self) -> None:
        """Take the request back, if it is still there, and wait no longer."""
        request, self._request = self._request, None
        if request is not None:
            if self._reply is None:
                data = request.wait(0)
                self._promise = parse_promise(self._identity.secret, self._data, data)
            request.withdraw()

    def kept(self, store: Store) -> Appended | None:
        """Return what another writer did append for it and could not tell, once it is closed.

        That is what was promised, if the ledger holds it. Without this its owner would find its
        own records there, and be told that the ledger had them already.
        """
        if self._promise is None:
            return None
        appended, leaf = self._promise
        last = appended.new[-1]
        held = any(leaf_hash(row.bytes) == leaf for row in store.read(last, last + 1))
        return appended if held else None


class Group:
    """What others wait with while one writer has the lock."""

    def __init__(self, identity: Identity, store: Store, queue: Queue, check: Check) -> None:
        """Know nobody yet.

        Args:
            identity: Who seals and signs.
            store: The ledger.
            queue: Where requests are left.
            check: Refuses drafts that only their own writer may append.
        """
        self._identity = identity
        self._store = store
        self._queue = queue
        self._check = check
        self._asked: dict[str, tuple[Asked, list[Draft]]] = {}
        self._passed: set[str] = set()
        self._outcomes: dict[str, Appended | LedgerError] = {}
        self._drafts = self._bytes = 0

    def join(self, batch: Batch) -> Batch:
        """Seal behind a batch what others wait with, and return the batch of all.

        Raises:
            HeadMovedError: If a writer that does not share the lock came between.
        """
        self._outcomes = {}
        if not self._take():
            return batch
        pending, sealed = Pending(self._store, batch), set[str]()
        # Who comes while these are sealed comes along.
        while waiting := [name for name in self._asked if name not in sealed]:
            for name in waiting:
                outcome = self._sealed(pending, self._asked[name][1])
                if outcome is not None:
                    self._outcomes[name] = outcome
            sealed.update(waiting)
            self._take()
        batch = pending.batch()
        self._promise(batch)
        return batch

    def company(self) -> int:
        """Return how many requests were sealed, the leader's aside."""
        return len(self._outcomes)

    def _promise(self, batch: Batch) -> None:
        """Tell each what it will be told: who dies between commit and reply has told it then."""
        for name, outcome in self._outcomes.items():
            if isinstance(outcome, Appended) and outcome.new:
                leaf = batch.entries[outcome.new[-1] - batch.entries[0][0]][2]
                asked, _ = self._asked[name]
                promise = Promise(outcome, leaf)
                asked.promise(encode_promise(self._identity.secret, asked.data, promise))

    def answer(self) -> None:
        """Tell each what became of its request: everything that is told of is on the disk."""
        for name, outcome in self._outcomes.items():
            asked, _ = self._asked[name]
            told = Reply(outcome, self.company())
            reply = encode_reply(self._identity.secret, asked.data, told)
            if reply is not None:
                asked.answer(reply)

    def close(self) -> None:
        """Let go of every request; whoever has no reply appends for itself."""
        for asked, _ in self._asked.values():
            asked.close()
        self._asked = {}

    def _take(self) -> int:
        """Take the requests that are new here, as far as there is room; return how many are."""
        known = self._passed | self._asked.keys()
        for name, asked in self._queue.asked(known, REQUEST_BYTES_MAX):
            drafts = parse_request(self._identity, asked.data)
            room = self._bytes + len(asked.data) <= GROUP_BYTES_MAX
            if drafts is None or not room or self._drafts + len(drafts) > GROUP_DRAFTS_MAX:
                self._passed.add(name)
                asked.close()
                continue
            self._drafts += len(drafts)
            self._bytes += len(asked.data)
            self._asked[name] = asked, drafts
        return len(self._asked)

    def _sealed(self, pending: Pending, drafts: Sequence[Draft]) -> Appended | LedgerError | None:
        """Seal one request behind the others; None if its owner should meet the failure itself."""
        try:
            self._check(drafts)
            batch, appended = Sealing(self._identity, pending, pending.head()).run(drafts)
        except HeadMovedError:
            raise
        except (InputError, ConflictError) as error:
            return error
        except Exception:  # noqa: BLE001 - nothing in a request may stop the writers beside it
            return None
        pending.add(batch)
        return appended


class Pending:
    """A store with a batch behind it that is not committed yet: what later requests meet."""

    def __init__(self, store: Store, batch: Batch) -> None:
        """Put a first batch behind the store; it was sealed for the store's end.

        Args:
            store: The ledger.
            batch: Of the leader; it may hold nothing.
        """
        self._store = store
        self._start = batch.head.size - len(batch.entries)
        self._head = batch.head
        self._entries: list[tuple[int, bytes, bytes]] = []
        self._openings: list[tuple[int, int, bytes]] = []
        self._keys: list[tuple[bytes, int, bytes]] = []
        self._newest: dict[bytes, KeyRow] = {}
        self.add(batch)

    def add(self, batch: Batch) -> None:
        """Put a further batch behind."""
        if batch.entries:
            self._head = batch.head
        self._entries += batch.entries
        self._openings += batch.openings
        self._keys += batch.keys
        self._newest.update((key, KeyRow(seq, content)) for key, seq, content in batch.keys)

    def batch(self) -> Batch:
        """Return all of it as one."""
        return Batch(self._entries, self._openings, self._keys, self._head)

    def origin(self) -> str:
        """Return the name of the ledger."""
        return self._store.origin()

    def head(self) -> Head:
        """Return where the log ends once all of it is committed."""
        return self._head

    def find_keys(self, keys: Sequence[bytes]) -> Mapping[bytes, KeyRow]:
        """Return, for each key that is known, the newest entry under it, reversed or not."""
        mine = {key: self._newest[key] for key in keys if key in self._newest}
        rest = [key for key in keys if key not in mine]
        found = self._store.find_keys(rest) if rest else {}
        if any(row.seq >= self._start for row in found.values()):
            raise HeadMovedError("another writer appended", remedy="run the same command again")
        return {**found, **mine}

    def append(self, expected: Head, batch: Batch) -> None:
        """Put a batch behind that was sealed for this end."""
        assert expected == self._head
        self.add(batch)

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        if start < self._start:
            yield from self._store.read(start, min(stop, self._start))
        for row in self._entries[max(0, start - self._start) : max(0, stop - self._start)]:
            yield Row(*row)

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, ord, bytes) of the openings of the entries [start, stop), in order."""
        if start < self._start:
            yield from self._store.openings(start, min(stop, self._start))
        yield from (row for row in self._openings if start <= row[0] < stop)
