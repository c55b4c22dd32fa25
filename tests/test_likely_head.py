"""A log that goes on behind its own note tells of a store that was cut or changed, first of all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sealed import altered, found, opened, reversal, said
from test_log import lost_entry, spoilt_entry, spoilt_hash, spoilt_peaks

from ledger.cli.context import Context
from ledger.entry import Entry
from ledger.errors import ConflictError, IntegrityError
from ledger.stores.keyfiles import Files
from ledger.stores.sqlite import SqliteStore

Spoil = Callable[[Context, sqlite3.Connection], None]


@pytest.mark.parametrize("spoil", [lost_entry, spoilt_entry, spoilt_hash, spoilt_peaks])
def test_a_reversal_of_what_was_lost_or_changed_tells_of_the_store(
    tmp_path: Path, spoil: Spoil
) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([said(0), said(1)])
        with SqliteStore(context.ledger) as store:
            (row,) = store.read(1, 2)
        with altered(context) as connection:
            spoil(context, connection)
        before = Files(context.ledger).checkpoints.read_bytes()
        with pytest.raises(IntegrityError):
            log.append([reversal(Entry.parse(row.bytes))])
    assert Files(context.ledger).checkpoints.read_bytes() == before


def test_a_reversal_of_what_is_not_there_is_a_conflict_where_the_store_is_sound(
    tmp_path: Path,
) -> None:
    context, elsewhere = found(tmp_path), tmp_path / "other"
    elsewhere.mkdir()
    with opened(context) as log, opened(found(elsewhere)) as other:
        log.append([said(0)])
        other.append([said(0), said(1)])
        (row,) = other._store.read(1, 2)
        with pytest.raises(ConflictError, match="it is not there"):
            log.append([reversal(Entry.parse(row.bytes))])
