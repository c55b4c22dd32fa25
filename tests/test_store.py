"""The SQLite store: its schema, its guards, its settings, and what it says of a bad file."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sealed import ORIGIN, altered, checked, entries, fill, found, identity, leg, opened, said

from ledger.errors import (
    HeadMovedError,
    InputError,
    IntegrityError,
    LedgerError,
    MissingError,
)
from ledger.log.store import Batch
from ledger.stores import reserve, tables
from ledger.stores.keyfiles import Files
from ledger.stores.schema import PUBLISHED, normal
from ledger.stores.sqlite import _WRITER, SqliteStore, address

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent


def test_store_holds_the_published_schema_and_no_more(tmp_path: Path) -> None:
    context = found(tmp_path)
    with SqliteStore(context.ledger) as store:
        assert store.schema() == store.published() == PUBLISHED


def test_store_schema_is_that_of_its_page() -> None:
    page = (ROOT / "schemas" / "store.v1.md").read_text("utf-8")
    blocks = "\n".join(re.findall(r"```sql\n(.*?)```", page, re.DOTALL))
    statements = re.split(r";\n(?=CREATE|\s*CREATE|$)", blocks.strip() + "\n")
    named = {re.split(r"\s+", s.strip())[2]: normal(s) for s in statements if s.strip()}
    assert named == PUBLISHED


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entries SET hash = zeroblob(32) WHERE seq = 0",
        "UPDATE entries SET seq = 9 WHERE seq = 2",
        "DELETE FROM entries",
        "DELETE FROM entries WHERE seq = 2",
        "INSERT OR REPLACE INTO entries SELECT seq, bytes, hash FROM entries WHERE seq = 1",
        "REPLACE INTO entries SELECT 2, bytes, hash FROM entries WHERE seq = 1",
        "INSERT INTO entries VALUES (1, x'', zeroblob(32)) ON CONFLICT DO UPDATE SET hash = x''",
        "INSERT INTO entries SELECT 4, bytes, hash FROM entries WHERE seq = 2",
        "INSERT INTO entries SELECT 3, bytes, hash FROM entries WHERE seq = 2",
        "INSERT INTO entries SELECT -1, bytes, hash FROM entries WHERE seq = 2",
        "INSERT INTO entries VALUES (3, 'text', zeroblob(32))",
        "UPDATE openings SET bytes = x'00'",
        "INSERT OR REPLACE INTO openings SELECT seq, ord, x'00' FROM openings LIMIT 1",
        "INSERT INTO openings VALUES (99, 0, x'00')",
        "UPDATE keys SET content = zeroblob(32)",
        "DELETE FROM keys",
        'INSERT OR REPLACE INTO keys SELECT "key", seq, zeroblob(32) FROM keys LIMIT 1',
        "INSERT INTO keys VALUES (x'00', 1, zeroblob(32))",
        "UPDATE meta SET value = 'x' WHERE name = 'vkey'",
        "UPDATE meta SET name = 'y' WHERE name = 'peaks'",
        "DELETE FROM meta WHERE name = 'peaks'",
        "INSERT OR REPLACE INTO meta VALUES ('vkey', 'x')",
        "INSERT INTO meta VALUES ('new', 'x')",
    ],
)
def test_store_triggers_stop_every_other_way_to_write(tmp_path: Path, sql: str) -> None:
    context = found(tmp_path)
    fill(context, [said(0), said(1), said(2)])
    with (
        SqliteStore(context.ledger, writable=True) as store,
        pytest.raises(sqlite3.IntegrityError),
    ):
        store._connection.execute(sql)
    assert checked(context).size == 3


def test_store_lets_openings_be_erased(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0), leg(1)])
    with SqliteStore(context.ledger, writable=True) as store:
        store._connection.execute("DELETE FROM openings WHERE seq = 0 AND ord = 1")
    notes = {check.name: check.note for check in checked(context).checks}
    assert notes["openings"] == "1 erased: their digests stand"
    assert notes["keys"] == "content of 1 not recomputed: openings erased"


def test_store_sets_and_reads_back_what_durability_needs(tmp_path: Path) -> None:
    context = found(tmp_path)
    with SqliteStore(context.ledger, writable=True) as store:
        assert store.settings() == dict(_WRITER)
    assert _WRITER["journal_mode"] == "wal"
    assert _WRITER["synchronous"] == 2


def test_store_refuses_a_setting_that_does_not_hold(tmp_path: Path) -> None:
    context = found(tmp_path)
    with (
        SqliteStore(context.ledger, writable=True) as store,
        pytest.raises(InputError, match="the ledger needs 7"),
    ):
        store._set_up({"synchronous": 7})


def test_store_reader_cannot_write(tmp_path: Path) -> None:
    context = found(tmp_path)
    with SqliteStore(context.ledger) as store, pytest.raises(sqlite3.OperationalError):
        store._connection.execute("DELETE FROM openings")


def test_store_reader_on_a_read_only_medium_asks_for_no_log_file(tmp_path: Path) -> None:
    context = found(tmp_path)
    plain = context.ledger.resolve().as_uri()
    assert address(context.ledger, changeable=True) == f"{plain}?mode=rw"
    unchanged = address(context.ledger, changeable=False)
    assert unchanged == f"{plain}?immutable=1"
    with closing(sqlite3.connect(unchanged, uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM meta").fetchone() == (4,)
    (tmp_path / "ledger.db-wal").write_bytes(b"")
    assert address(context.ledger, changeable=False) == f"{plain}?mode=ro"


def test_store_appends_in_one_immediate_transaction(tmp_path: Path) -> None:
    context = found(tmp_path)
    statements: list[str] = []
    with opened(context) as log:
        assert isinstance(log._store, SqliteStore)
        log._store._connection.set_trace_callback(statements.append)
        log.append([leg(0), leg(1)])
    words = [statement.split()[0] for statement in statements]
    begun, committed = statements.index("BEGIN IMMEDIATE"), statements.index("COMMIT")
    assert (words.count("BEGIN"), words.count("COMMIT"), words.count("ROLLBACK")) == (1, 1, 0)
    writing = {"INSERT", "UPDATE", "DELETE"}
    assert {n for n, word in enumerate(words) if word in writing} <= set(range(begun, committed))


def test_store_snapshot_does_not_see_later_appends(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    with SqliteStore(context.ledger) as store:
        with store.snapshot():
            fill(context, [said(1)])
            assert store.head().size == 1
            assert len(list(store.read(0, 9))) == 1
        assert store.head().size == 2


def test_store_that_knows_its_head_sees_what_another_changed(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log, altered(context, guarded=True) as rival:
        for number in range(2):
            log.append([leg(number)])
        rival.execute("DELETE FROM openings WHERE seq = 0")
        fill(context, [leg(2)])
        assert log.append([leg(3)]).new == (3,)
        (peaks,) = rival.execute("SELECT value FROM meta WHERE name = 'peaks'").fetchone()
        # As many entries, with other hashes over them.
        rival.execute("UPDATE meta SET value = ? WHERE name = 'peaks'", (peaks[:-1] + "?",))
        with pytest.raises(IntegrityError, match="Merkle range"):
            log.append([leg(4)])


def test_store_that_knows_its_head_sees_what_its_own_connection_changed(tmp_path: Path) -> None:
    with opened(found(tmp_path)) as log:
        log.append([leg(0)])
        assert isinstance(log._store, SqliteStore)
        log._store._connection.execute("UPDATE meta SET value = '0-0:' WHERE name = 'peaks'")
        with pytest.raises(IntegrityError, match="the stored peaks cover 0 entries"):
            log.append([leg(1)])


def test_store_does_not_know_a_head_beside_which_a_trigger_wrote(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([leg(0)])
        with altered(context, guarded=True) as rival:
            rival.execute(
                "CREATE TRIGGER spoils AFTER UPDATE ON meta WHEN NEW.value <> '0-0:' "
                "BEGIN UPDATE meta SET value = '0-0:' WHERE name = 'peaks'; END"
            )
        log.append([leg(1)])
        with pytest.raises(IntegrityError, match="the stored peaks cover 0 entries"):
            log.append([leg(2)])


def test_store_head_is_the_stored_one_after_a_batch_that_was_refused(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([leg(0)])
        store = log._store
        head = store.head()
        keys = [(b"short", head.size, bytes(32))]
        bad = Batch([(head.size, b"{}", bytes(32))], [], keys, replace(head, prev="0" * 64))
        with pytest.raises(IntegrityError):
            store.append(head, bad)
        assert store.head() == head
        assert log.append([leg(1)]).new == (1,)


def test_store_whose_disk_failed_in_a_snapshot_says_what_failed(tmp_path: Path) -> None:
    def read(store: SqliteStore) -> None:
        with store.snapshot():
            store._connection.execute("ROLLBACK")  # as SQLite does by itself
            raise LedgerError("the disk failed")

    with (
        SqliteStore(found(tmp_path).ledger) as one,
        pytest.raises(LedgerError, match="the disk failed"),
    ):
        read(one)


def test_store_finds_entries_by_id_and_run(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0), said(1), leg(2)])
    made = entries(context)
    with SqliteStore(context.ledger) as store:
        row = store.find_id(made[1].id)
        assert row is not None
        assert row.seq == 1
        assert store.find_id("00000000-0000-4000-8000-000000000000") is None
        assert [entry.seq for entry in store.find_run("run-2")] == [2]
        assert list(store.find_run("run")) == []


def test_store_waits_for_another_writer_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    monkeypatch.setattr("ledger.stores.sqlite._WRITER", {**_WRITER, "busy_timeout": 50})
    with altered(context, guarded=True) as rival, opened(context, identity()) as log:
        rival.execute("BEGIN IMMEDIATE")
        with pytest.raises(HeadMovedError):
            log.append([said(0)])
        rival.execute("ROLLBACK")
        assert log.append([said(0)]).new == (0,)


def test_store_missing_is_named_with_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="there is no ledger") as caught:
        SqliteStore(tmp_path / "none.db")
    assert "flopledger init" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"seq,run\n" * 200])
def test_store_tells_another_file_from_a_damaged_ledger(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a ledger"):
        SqliteStore(path)
    Files(path).checkpoints.write_bytes(b"")
    with pytest.raises(IntegrityError, match="damaged"):
        SqliteStore(path)


def test_store_takes_little_more_room_than_its_entries(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, map(leg, range(1_000)))
    with closing(sqlite3.connect(context.ledger)) as connection:
        ((held,),) = connection.execute("SELECT sum(length(bytes)) FROM entries")
        assert connection.execute("PRAGMA page_size").fetchone() == (8_192,)
    # Keys and their index are in it, and openings.
    assert context.ledger.stat().st_size < 1.45 * held


@pytest.mark.parametrize("page", [512, 4_096, 65_536])
def test_store_of_other_pages_is_read_and_written_as_it_is(
    page: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PAGE_BYTES", page)
    context = found(tmp_path)
    monkeypatch.undo()
    with opened(context) as log:
        for number in range(reserve.OFTEN + 1):
            log.append([leg(number)])
    with closing(sqlite3.connect(context.ledger)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (page,)
    assert checked(context).size == reserve.OFTEN + 1


def test_store_full_disk_is_no_integrity_failure(tmp_path: Path) -> None:
    context = found(tmp_path)
    many = [said(n) for n in range(2000)]
    with opened(context) as log:
        assert isinstance(log._store, SqliteStore)
        log._store._connection.execute("PRAGMA max_page_count = 10")
        with pytest.raises(LedgerError, match="full") as caught:
            log.append(many)
    assert caught.value.exit_code == 2
    assert checked(context).size == 0
    fill(context, [said(0)])
    assert checked(context).size == 1


def test_store_of_another_format_or_without_its_rows_is_refused(tmp_path: Path) -> None:
    context = found(tmp_path)
    with altered(context) as connection:
        connection.execute("UPDATE meta SET value = 'flopledger/store.v9' WHERE name = 'format'")
    with pytest.raises(IntegrityError, match=r"store\.v9"):
        SqliteStore(context.ledger)
    with altered(context) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'vkey'")
    with pytest.raises(IntegrityError, match="lacks vkey"):
        SqliteStore(context.ledger)


READING = ["verify", "show 0", "prove 0", "checkpoint show", "key show"]


@pytest.mark.parametrize("command", READING)
def test_reading_commands_load_no_heavy_module(tmp_path: Path, command: str) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    heavy = ["polars", "sqlmodel", "sqlalchemy", "psycopg", "pydantic", "msgspec", "yaml"]
    code = (
        "import sys; from ledger.cli.app import run\n"
        f"code = run({['--ledger', str(context.ledger), *command.split()]!r})\n"
        f"print(code, [m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"


@pytest.mark.parametrize(
    "command", ["status", "verify", "prove 0", "show 0", "checkpoint show", "doctor"]
)
def test_store_that_was_deleted_is_lost_and_not_to_be_founded_again(
    flopledger: Run, command: str
) -> None:
    if command != "doctor":
        done = flopledger(*command.split())
        assert (done.code, "init --origin" in done.err) == (2, True)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    Path("ledger.db").unlink()
    done = flopledger(*command.split())
    assert done.code == 4
    assert "is gone, its checkpoints are there" in done.out + done.err
    assert "put the newest copy of the database back" in done.out + done.err
    assert "init --origin" not in done.out + done.err


def test_store_finds_what_is_mentioned_and_the_texts_of_a_field(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0), leg(1, model="a"), leg(2, model="b"), leg(3, model="b")])
    with SqliteStore(context.ledger) as store:
        assert [entry.seq for entry in store.mentioning("b")] == [2, 3]
        assert [entry.seq for entry in store.mentioning("model:m")] == [0]
        assert sorted(store.texts("model")) == ["a", "b"]
        assert list(store.texts("not_after")) == []


@pytest.mark.parametrize("origin", ["https://ledger.example/lab-a", "ftp://x"])
def test_init_refuses_an_origin_with_its_scheme(flopledger: Run, origin: str) -> None:
    done = flopledger("init", "--origin", origin)
    assert (done.code, list(Path().glob("ledger.db*"))) == (2, [])
    assert f"write {origin.partition('://')[2]}" in done.err


def test_init_prints_the_public_key_and_refuses_to_overwrite(flopledger: Run) -> None:
    done = flopledger("init", "--origin", ORIGIN)
    assert done.code == 0
    assert done.out.startswith(f"{ORIGIN}+")
    assert sorted(path.name for path in Path.cwd().iterdir()) == [
        "ledger.db",
        "ledger.db.checkpoints",
        "ledger.db.key.pem",
        "ledger.db.secret",
    ]
    assert flopledger("key", "show").out == done.out
    again = flopledger("init", "--origin", ORIGIN)
    assert again.code == 2
    assert "already" in again.err
    assert flopledger("--ledger", "b.db", "init", "--origin", "two words").code == 2
    assert not Path("b.db.key.pem").exists()
