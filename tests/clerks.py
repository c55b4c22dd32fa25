"""Clerks of all kinds for tests: those that do nothing, lie, die, or let others in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sealed import opened

from ledger.cli.context import Context
from ledger.cli.opening import location_of
from ledger.log import Batch, Head
from ledger.record import Draft
from ledger.stores.sqlite import SqliteStore


class Idle:
    """A clerk that takes every batch and commits none."""

    def __init__(self) -> None:
        self.given: list[tuple[Head, Batch]] = []
        self.ended = 0

    def begin(self, expected: Head, batch: Batch) -> bool:
        self.given.append((expected, batch))
        return True

    def done(self) -> bool:
        return False

    def pause(self) -> None:
        pass

    def end(self) -> None:
        self.ended += 1


class Direct(Idle):
    """A clerk that commits in this process, through a store of its own."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.store = location_of(context).open(writable=True)

    def begin(self, expected: Head, batch: Batch) -> bool:
        self.store.append(expected, batch)
        return super().begin(expected, batch)

    def done(self) -> bool:
        return True

    def end(self) -> None:
        super().end()
        self.store.close()


class Refusing(Idle):
    """A clerk that takes nothing."""

    def begin(self, expected: Head, batch: Batch) -> bool:
        super().begin(expected, batch)
        return False


class Dying(Direct):
    """A clerk that commits and dies before it can say so."""

    def begin(self, expected: Head, batch: Batch) -> bool:
        return not self.given and super().begin(expected, batch)

    def done(self) -> bool:
        return False


class Lying(Direct):
    """A clerk that stores other bytes than it was given, and all that comes behind."""

    def begin(self, expected: Head, batch: Batch) -> bool:
        if not self.given:
            (seq, data, digest), *rest = batch.entries
            wrong = data.replace(b"run-10", b"run-99")
            assert wrong != data
            batch = replace(batch, entries=[(seq, wrong, digest), *rest])
        return super().begin(expected, batch)


class Letting(Direct):
    """A clerk that lets another writer append one record as soon as the lock is free."""

    def __init__(self, context: Context, *records: Draft) -> None:
        super().__init__(context)
        self.context, self.records = context, list(records)

    def pause(self) -> None:
        if self.records:
            with opened(self.context) as log:
                log.append([self.records.pop(0)])


class InFlight(Idle):
    """A clerk that dies while a server ends its commit; it takes nothing more."""

    def __init__(self, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        append = SqliteStore.append

        def late(store: SqliteStore, expected: Head, batch: Batch) -> None:
            if self.given and self.given[-1][0] == expected:
                with location_of(context).open(writable=True) as server:
                    assert isinstance(server, SqliteStore)
                    append(server, *self.given.pop())
            append(store, expected, batch)

        monkeypatch.setattr(SqliteStore, "append", late)
        self.taken = 0

    def begin(self, expected: Head, batch: Batch) -> bool:
        self.taken += 1
        return self.taken == 1 and super().begin(expected, batch)
