"""A log that goes on behind its own note tells of a store that was cut or changed, first of all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sealed import altered, checked, found, opened, reversal, said
from servers import Server, found_on
from test_log import lost_entry, spoilt_entry, spoilt_hash, spoilt_peaks

from ledger.cli.context import Context
from ledger.entry import Entry
from ledger.errors import ConflictError, IntegrityError
from ledger.merkle import CompactRange, leaf_hash
from ledger.stores.keyfiles import Files
from ledger.stores.postgres_schema import GUARDS
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


OTHER_PEAKS = CompactRange.of([leaf_hash(b"0"), leaf_hash(b"1")]).encode()
ON_A_SERVER = {
    "entry": "UPDATE flopledger.entries SET bytes = bytes || ' '::bytea, "
    "hash = sha256('\\x00'::bytea || bytes || ' '::bytea) WHERE seq = 1",
    "peaks": f"UPDATE flopledger.heads SET peaks = '{OTHER_PEAKS}' WHERE size = 2",
    "lost": "DELETE FROM flopledger.openings WHERE seq = 1; DELETE FROM flopledger.keys WHERE "
    "seq = 1; DELETE FROM flopledger.heads WHERE size = 2; DELETE FROM flopledger.entries WHERE "
    "seq = 1",
}


@pytest.mark.parametrize("told", [2, 0])  # a new record, and one that the ledger holds
@pytest.mark.parametrize("what", ON_A_SERVER)
def test_a_server_is_asked_in_the_transaction_that_appends(
    server: Server, tmp_path: Path, what: str, told: int
) -> None:
    context = found_on(server, tmp_path)
    assert context.server is not None
    with opened(context) as log:
        log.append([said(0)])
        log.append([said(1)])
        with server.connected(context.server.database) as owner:
            for sql in GUARDS[1::2]:
                words = sql.split()
                owner.execute(f"ALTER TABLE {words[2]} DISABLE TRIGGER {words[-1]}")
            for statement in ON_A_SERVER[what].split("; "):
                assert owner.execute(statement).rowcount > 0 or "openings" in statement
            for sql in GUARDS[1::2]:
                owner.execute(sql)
        before = Files(context.ledger).checkpoints.read_bytes()
        with pytest.raises(IntegrityError):
            log.append([said(told)])
    assert Files(context.ledger).checkpoints.read_bytes() == before
    with pytest.raises(IntegrityError):
        checked(context)
