"""The tamper matrix: whatever is altered behind the ledger's back, `verify` names the place."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sealed import (
    altered,
    checked,
    copied,
    fill,
    found,
    leg,
    said,
    varied,
)

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.context import Context
from ledger.errors import IntegrityError, LedgerError, MissingError
from ledger.log import Row
from ledger.stores.keyfiles import Files
from ledger.stores.schema import TABLES, TRIGGERS
from ledger.stores.sqlite import SqliteStore
from ledger.verify import Verdict

Run = Callable[..., Any]
LOOSEN = """
PRAGMA writable_schema = 1;
UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'entries';
"""
FAR = 64  # added to a number, it names a row that is not there
FLIPS = 60  # random bytes of the raw file; the columns are covered one by one


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A ledger with every kind of row: openings, a reversal and its replacement, several notes."""
    context = varied(tmp_path_factory.mktemp("whole"))
    assert checked(context).size == 11
    return context


@pytest.fixture
def copy(whole: Context, tmp_path: Path) -> Context:
    """A copy of it, to be altered."""
    return copied(whole, tmp_path)


def refused(context: Context) -> IntegrityError:
    """Return the fault that verifying finds."""
    with pytest.raises(IntegrityError) as caught:
        checked(context)
    assert caught.value.exit_code == 4
    assert caught.value.where or caught.value.seq is not None, caught.value
    return caught.value


def flipped(value: Any, place: int) -> Any:
    """Return a stored value with one bit of one byte turned; numbers and texts likewise."""
    if isinstance(value, int):
        return value ^ FAR
    if isinstance(value, str):
        turned = chr(ord(value[place % len(value)]) ^ 1)
        return value[: place % len(value)] + turned + value[place % len(value) + 1 :]
    data = bytearray(value)
    data[place % len(data)] ^= 1 << (place % 8)
    return bytes(data)


COLUMNS = [
    *(("entries", column, seq) for column in ("seq", "bytes", "hash") for seq in (0, 5, 10)),
    *(("openings", column, seq) for column in ("seq", "ord", "bytes") for seq in (0, 8, 10)),
    *(("keys", column, seq) for column in ("key", "seq", "content") for seq in (0, 6, 10)),
]


@pytest.mark.parametrize(("table", "column", "seq"), COLUMNS)
def test_tamper_with_one_byte_of_any_column_names_the_entry(
    whole: Context, tmp_path: Path, table: str, column: str, seq: int
) -> None:
    for place in (0, 17, 1000) if column in {"bytes", "hash", "key", "content"} else (0,):
        context = copied(whole, tmp_path / str(place))
        with altered(context) as connection:
            query = f'SELECT "{column}" FROM {table} WHERE seq = ? LIMIT 1'
            (value,) = connection.execute(query, (seq,)).fetchone()
            change = f'UPDATE {table} SET "{column}" = ? WHERE seq = ? AND "{column}" = ?'
            connection.execute(change, (flipped(value, place), seq, value))
        fault = refused(context)
        assert fault.seq in ({seq, seq ^ FAR} if column == "seq" else {seq}), fault


@pytest.mark.parametrize("name", ["format", "origin", "peaks", "vkey"])
@pytest.mark.parametrize("column", ["name", "value"])
def test_tamper_with_one_byte_of_a_meta_row_names_it(
    whole: Context, tmp_path: Path, name: str, column: str
) -> None:
    with closing(sqlite3.connect(whole.ledger)) as connection:
        query = f"SELECT {column} FROM meta WHERE name = ?"
        (value,) = connection.execute(query, (name,)).fetchone()
    places = range(len(value)) if column == "name" else range(0, len(value), 29)
    for place in places:
        context = copied(whole, tmp_path / str(place))
        with altered(context) as connection:
            new = flipped(value, place)
            connection.execute(f"UPDATE meta SET {column} = ? WHERE name = ?", (new, name))
        assert "meta" in refused(context).where


def test_tamper_with_any_byte_of_the_checkpoint_file_is_found(
    copy: Context, flopledger: Run
) -> None:
    path = Files(copy.ledger).checkpoints
    data = path.read_bytes()
    last = data.rindex(b"\n\n", 0, -3) - 80  # somewhere in the text of the newest note
    for place in (*range(0, last, 11), *range(last, len(data))):
        changed = bytearray(data)
        changed[place] ^= 1 << (place % 7)
        path.write_bytes(changed)
        assert "checkpoint" in refused(copy).where, place
    assert flopledger("--ledger", str(copy.ledger), "verify").code == 4


def test_tamper_with_whole_notes_is_found(copy: Context) -> None:
    path = Files(copy.ledger).checkpoints
    data = path.read_bytes()
    parts = data.split(b"\n\n")[:-1]
    notes = [b"\n\n".join(parts[i : i + 2]) + b"\n\n" for i in range(0, len(parts), 2)]
    assert b"".join(notes) == data
    path.write_bytes(b"".join([notes[1], notes[0], *notes[2:]]))
    assert "follows" in refused(copy).message
    path.write_bytes(b"".join([*notes[:3], notes[1]]))
    assert "follows" in refused(copy).message
    path.write_bytes(b"")
    assert "holds no note" in refused(copy).message
    path.unlink()
    assert "missing" in refused(copy).message
    # The newest notes alone may be missing: whoever kept one can tell, and the rest is unsigned.
    path.write_bytes(b"".join(notes[:-2]))
    assert checked(copy).signed_size < checked(copy).size


@pytest.mark.parametrize("table", list(TABLES))
def test_tamper_with_a_table_is_found(copy: Context, table: str) -> None:
    with closing(sqlite3.connect(copy.ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"DROP TABLE {table}")
    refused(copy)


def test_tamper_that_drops_the_last_entries_is_found(copy: Context) -> None:
    for last in (10, 9, 8):
        with altered(copy) as connection:
            for table in ("openings", "keys", "entries"):
                connection.execute(f"DELETE FROM {table} WHERE seq >= ?", (last,))
        fault = refused(copy)
        assert fault.seq == last
        assert "missing" in fault.message


def test_tamper_that_takes_out_an_entry_is_found(copy: Context) -> None:
    with altered(copy) as connection:
        for table in ("openings", "keys", "entries"):
            connection.execute(f"DELETE FROM {table} WHERE seq = 4")
    assert refused(copy).seq == 4


def test_tamper_that_swaps_two_entries_is_found(copy: Context) -> None:
    with altered(copy) as connection:
        for table in ("entries", "openings", "keys"):
            for before, after in ((1, -1), (2, 1), (-1, 2)):
                connection.execute(f"UPDATE {table} SET seq = ? WHERE seq = ?", (after, before))
    assert refused(copy).seq == 1


def test_tamper_that_adds_a_row_is_found(copy: Context) -> None:
    with SqliteStore(copy.ledger) as store:
        (row,) = store.read(10, 11)
    assert isinstance(row, Row)
    with altered(copy) as connection:
        connection.execute("INSERT INTO entries VALUES (11, ?, ?)", (row.bytes, row.hash))
    assert refused(copy).seq == 11


@pytest.mark.parametrize("seq", [11, 99])
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO openings VALUES (?, 0, x'00')",
        "INSERT INTO keys VALUES (zeroblob(32), ?, zeroblob(32))",
    ],
)
def test_tamper_that_adds_a_row_for_no_entry_is_found(copy: Context, sql: str, seq: int) -> None:
    with altered(copy) as connection:
        connection.execute(sql, (seq,))
    assert refused(copy).seq == seq


def test_tamper_that_gives_an_entry_two_keys_or_none_is_found(copy: Context) -> None:
    with altered(copy) as connection:
        connection.execute("INSERT INTO keys VALUES (zeroblob(32), 4, zeroblob(32))")
    assert refused(copy).seq == 4
    with altered(copy) as connection:
        connection.execute("DELETE FROM keys WHERE seq = 4")
    assert refused(copy).seq == 4


def test_tamper_that_restores_yesterdays_database_is_found(
    copy: Context, tmp_path: Path, flopledger: Run
) -> None:
    yesterday = copy.ledger.read_bytes()
    fill(copy, [said(50), said(51)])
    copy.ledger.write_bytes(yesterday)
    fault = refused(copy)
    assert fault.seq == 11
    assert "checkpoint 13" in fault.where
    with pytest.raises(IntegrityError):
        fill(copy, [said(52)])
    status = flopledger("--ledger", str(copy.ledger), "status")
    assert status.code == 4
    assert "signed entries MISSING: 2" in status.out
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in Files(copy.ledger).all()
    )


def test_tamper_that_rewrites_history_is_found_by_an_old_note(
    copy: Context, tmp_path: Path
) -> None:
    """The owner of every file can write a new history; a note that somebody kept tells."""
    kept = Files(copy.ledger).checkpoints.read_bytes().split(b"\n\n")
    other = found(tmp_path / "..", f"other-{tmp_path.name}.db")
    fill(other, [leg(n) for n in range(20, 31)])
    checked(other)
    notes = Files(other.ledger).checkpoints
    notes.write_bytes(b"\n\n".join(kept[-3:-1]) + b"\n\n")
    size = Checkpoint.parse(Note.parse(notes.read_bytes()[:-1]).text).size
    assert f"checkpoint {size}" in refused(other).where


@pytest.mark.parametrize("name", list(TRIGGERS))
def test_tamper_with_a_trigger_is_found(copy: Context, name: str) -> None:
    with closing(sqlite3.connect(copy.ledger, isolation_level=None)) as connection:
        connection.execute(f"DROP TRIGGER {name}")
        assert f"schema, {name}" in refused(copy).where
        connection.execute(TRIGGERS[name].strip().replace("ABORT", "FAIL"))
        assert f"schema, {name}" in refused(copy).where


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIEW entries_as_shown AS SELECT * FROM entries",
        "CREATE TABLE more (x)",
        "CREATE INDEX faster ON entries (hash)",
        "CREATE TRIGGER quiet AFTER INSERT ON keys BEGIN SELECT 1; END",
        "ALTER TABLE entries ADD COLUMN note TEXT",
        LOOSEN,
    ],
)
def test_tamper_with_the_schema_is_found(copy: Context, sql: str) -> None:
    with closing(sqlite3.connect(copy.ledger, isolation_level=None)) as connection:
        connection.executescript(sql)
    assert "schema" in refused(copy).where


def test_tamper_with_values_of_another_type_is_found(copy: Context) -> None:
    with closing(sqlite3.connect(copy.ledger, isolation_level=None)) as connection:
        text = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'keys'").fetchone()
        rows = connection.execute("SELECT * FROM keys").fetchall()
        connection.execute("DROP TABLE keys")
        loose = 'CREATE TABLE keys ("key", seq, content, PRIMARY KEY ("key", seq)) WITHOUT ROWID'
        connection.execute(loose)
        rows = [(key.hex() if seq == 3 else key, seq, content) for key, seq, content in rows]
        connection.executemany("INSERT INTO keys VALUES (?, ?, ?)", rows)
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'keys'", text)
        for name in ("keys_once", "keys_stay", "keys_fixed"):
            connection.execute(TRIGGERS[name].strip())
    assert refused(copy).seq == 3


def content(context: Context) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with closing(sqlite3.connect(context.ledger)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


def outcome(context: Context) -> Verdict | LedgerError:
    """Return what verifying says; anything else than a verdict or our error fails the test."""
    try:
        return checked(context)
    except LedgerError as error:
        return error


@pytest.mark.parametrize("seed", range(3))
def test_tamper_with_random_bytes_of_the_file_never_passes_as_sound(
    whole: Context, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    before = content(whole)
    context = copied(whole, tmp_path)
    data = context.ledger.read_bytes()
    # Much of so small a file is room that was never written.
    written = [place for place, byte in enumerate(data) if byte]
    found_out = 0
    for number in range(FLIPS):
        changed = bytearray(data)
        place = chance.choice(written) if number % 2 else chance.randrange(len(data))
        changed[place] ^= 1 << chance.randrange(8)
        context.ledger.write_bytes(changed)
        said_of_it = outcome(context)
        if isinstance(said_of_it, LedgerError):
            assert not isinstance(said_of_it, MissingError)
            assert said_of_it.exit_code in {2, 4}
            found_out += said_of_it.exit_code == 4
        else:
            # What passes has every row as it was: the byte lay in unused space.
            assert content(context) == before
    assert found_out > FLIPS // 2


def test_tamper_is_told_on_the_command_line(copy: Context, flopledger: Run) -> None:
    with altered(copy) as connection:
        connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq = 7")
    done = flopledger("--ledger", str(copy.ledger), "verify")
    assert done.code == 4
    assert "entry 7" in done.err
    assert done.out == ""
    assert "error[integrity]" in done.err
