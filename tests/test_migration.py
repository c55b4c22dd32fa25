"""Migration: SQLite to PostgreSQL and back gives the same bytes, roots and determinations."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import lineage
from sealed import (
    ORIGIN,
    altered,
    checked,
    entries,
    fill,
    found,
    leg,
    opened,
    reversal,
    said,
)
from servers import Server, at, found_on

from ledger.cli.context import Context
from ledger.cli.opening import location_of
from ledger.errors import ConflictError, IntegrityError, LedgerError, MissingError
from ledger.record import draft_of
from ledger.stores import migration
from ledger.stores.keyfiles import Files
from ledger.stores.migration import migrate

Run = Callable[..., Any]
TESTS = Path(__file__).resolve().parent
CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from ledger.stores import migration
from ledger.stores.address import Address
from ledger.stores.keyfiles import Files
from ledger.stores.location import Location
step = sys.argv[5]
def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if step == "rows":
    migration.CHUNK = 3
    verify = migration._compare
    import ledger.stores.postgres as p, ledger.stores.sqlite as s
    for kind in (p.PostgresStore, s.SqliteStore):
        append = kind.append
        def dying(self, head, batch, append=append):
            append(self, head, batch)
            if batch.head.size >= 6:
                killed()
        kind.append = dying
elif step == "files":
    migration._copy_rows = killed
elif step == "verify":
    migration._compare = killed
def place(text, files):
    files = Files(Path(files))
    return Location(files, Address.parse(text) if text else None)
source, target = (place(*text.split("|")) for text in sys.argv[3:5])
migration.migrate(source, target)
"""


def grown(context: Context) -> Context:
    """Fill a ledger with every kind of row, a replacement, a reversal and an erased opening."""
    fill(context, [leg(n) for n in range(3)], [said(0), leg(4, status="provisional")])
    fill(context, [leg(4)], [draft_of("lineage", lineage("m", "b"), key=("l", "1"))])
    fill(context, [reversal(entries(context)[3])], [said(n) for n in range(1, 4)])
    return context


@pytest.fixture
def source(tmp_path: Path) -> Context:
    (tmp_path / "source").mkdir()
    context = grown(found(tmp_path / "source"))
    with altered(context) as connection:
        connection.execute("DELETE FROM openings WHERE seq = 0 AND ord = 1")
    return context


def rows_of(context: Context) -> dict[str, Any]:
    """Return every stored byte that means something, of the database and of the files."""
    with location_of(context).open() as store:
        stored = {
            "entries": list(store.rows()),
            "openings": list(store.all_openings()),
            "keys": list(store.keys()),
            "meta": {name: text for name, text in store.meta().items() if name != "format"},
        }
    files = Files(context.ledger)
    paths = (files.key, files.secret, files.checkpoints)
    return stored | {
        path.suffix: (path.read_bytes(), path.stat().st_mode) for path in paths if path.exists()
    }


def beside(context: Context) -> list[str]:
    """Return the names of all files where the ledger is."""
    return sorted(path.name for path in context.ledger.parent.iterdir())


@pytest.mark.parametrize("chunk", [1, 5, 10_000])
def test_migration_there_and_back_keeps_every_byte(
    source: Context, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(migration, "CHUNK", chunk)
    before = rows_of(source)
    folders = [tmp_path / "server", tmp_path / "back"]
    for folder in folders:
        folder.mkdir()
    there = at(server.fresh(), folders[0])
    back = Context(folders[1] / "back.db", None, quiet=True, no_input=True, debug=False)
    done = migrate(location_of(source), location_of(there))
    assert (done.openings, done.keys) == (len(before["openings"]), len(before["entries"]))
    assert rows_of(there) == rows_of(source) == before
    migrate(location_of(there), location_of(back))
    assert rows_of(back) == before
    verdicts = [checked(each) for each in (source, there, back)]
    assert len({(v.size, v.root, v.signed_size, v.vkey, v.checks[1:]) for v in verdicts}) == 1
    assert verdicts[0].size == 12
    # What was migrated goes on, and knows what it holds.
    for each in (there, back):
        with opened(each) as log:
            appended = log.append([leg(0), said(77)])
        assert (appended.same, len(appended.new)) == (1, 1)
        assert checked(each).signed_size == 13


def test_migration_takes_unsigned_entries_and_a_missing_key_as_they_are(
    source: Context, server: Server, tmp_path: Path
) -> None:
    files = Files(source.ledger)
    notes = files.checkpoints.read_bytes()
    fill(source, [said(9)])
    files.checkpoints.write_bytes(notes)
    files.key.unlink()
    there = at(server.fresh(), tmp_path)
    done = migrate(location_of(source), location_of(there))
    assert (done.target.size, done.target.signed_size) == (13, 12)
    assert rows_of(there) == rows_of(source)


def test_migration_takes_along_what_others_signed(
    source: Context, server: Server, tmp_path: Path
) -> None:
    names = "attestations/ab.json", "anchors/ab.note", "timestamps/000000000001.tsr", "cosignatures"
    for name in names:
        path = source.ledger.parent / f"ledger.db.{name}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    there = at(server.fresh(), tmp_path)
    migrate(location_of(source), location_of(there))
    for name in names:
        copied = there.ledger.parent / f"{there.ledger.name}.{name}"
        assert copied.read_bytes() == name.encode()


def test_migration_takes_everything_that_cannot_be_made_again(
    source: Context, server: Server, tmp_path: Path
) -> None:
    files = Files(source.ledger)
    kept = {
        files.cosignatures: b"answers of witnesses",
        files.next_key: b"a key that is to take over",
        files.old_key(b"\1\2\3\4"): b"a key that was given up",
        files.attestations / "ab.json": b"{}",
        files.anchors / "ab.note": b"a note",
        files.anchors / "cd.tsr": b"a token",
        files.timestamps / f"{7:012}.tsr": b"the same token",
    }
    for path, data in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o600)
    (source.ledger.parent / "other.db.key.0a0b0c0d.pem").write_bytes(b"of another ledger")
    folders = [tmp_path / "server", tmp_path / "back"]
    for folder in folders:
        folder.mkdir()
    there = at(server.fresh(), folders[0])
    back = Context(folders[1] / "back.db", None, quiet=True, no_input=True, debug=False)
    migrate(location_of(source), location_of(there))
    migrate(location_of(there), location_of(back))
    for path, data in kept.items():
        name = path.relative_to(source.ledger.parent).as_posix()
        copy = folders[1] / name.replace("ledger.db", "back.db", 1)
        assert copy.read_bytes() == data, name
        assert copy.stat().st_mode & 0o777 == 0o600
    held = {*files.beside(), *files.folders(), files.database, files.old_key(b"\1\2\3\4")}
    assert {path.name.replace("ledger.db", "back.db", 1) for path in held} == {
        path.name for path in folders[1].iterdir()
    }


def test_migration_refuses_a_target_that_holds_anything(
    source: Context, server: Server, tmp_path: Path
) -> None:
    held = found_on(server, tmp_path)
    kept = rows_of(held)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert held.server is not None
    with pytest.raises(ConflictError, match="there is already"):
        migrate(location_of(source), location_of(held))
    with pytest.raises(ConflictError, match="already a ledger in"):
        migrate(location_of(source), location_of(at(held.server, empty)))
    with pytest.raises(ConflictError, match="those of the source"):
        migrate(location_of(source), location_of(source))
    assert list(empty.iterdir()) == []
    assert rows_of(held) == kept
    Files(empty / "x.db").secret.write_text("mine")
    target = Context(empty / "x.db", None, quiet=True, no_input=True, debug=False)
    with pytest.raises(ConflictError, match=r"x\.db\.secret"):
        migrate(location_of(source), location_of(target))
    assert beside(target) == ["x.db.secret"]


def test_migration_of_a_damaged_ledger_is_refused(
    source: Context, server: Server, tmp_path: Path
) -> None:
    with altered(source) as connection:
        connection.execute("UPDATE keys SET content = zeroblob(32) WHERE seq = 2")
    there = at(server.fresh(), tmp_path / "source")
    before = beside(source)
    with pytest.raises(IntegrityError, match="digest of the content"):
        migrate(location_of(source), location_of(there))
    assert beside(source) == before


def test_migration_whose_copy_is_another_is_undone(
    source: Context, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = at(server.fresh(), tmp_path)
    copy_rows = migration._copy_rows

    def forgetful(*arguments: Any) -> tuple[int, int]:
        with closing(sqlite3.connect(source.ledger)) as other:
            assert other.execute("SELECT count(*) FROM entries").fetchone() == (12,)
        first, target, size = arguments
        return copy_rows(first, target, size - 1)

    monkeypatch.setattr(migration, "_copy_rows", forgetful)
    with pytest.raises(IntegrityError, match="entries 11 to 11 are missing"):
        migrate(location_of(source), location_of(there))
    with pytest.raises(MissingError, match="there is no ledger"):
        location_of(there).open()
    assert beside(there) == ["source"]


def test_migration_that_fails_leaves_no_folder(
    source: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Files(source.ledger).attestations
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "ab.json").write_bytes(b"{}")
    target = Context(tmp_path / "other.db", None, quiet=True, no_input=True, debug=False)
    kept = Files(target.ledger).anchors
    kept.mkdir()

    def broken(*_: Any) -> None:
        assert (Files(target.ledger).attestations / "deep" / "ab.json").exists()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(migration, "_copy_rows", broken)
        with pytest.raises(LedgerError, match="No space left"):
            migrate(location_of(source), location_of(target))
    assert beside(target) == ["other.db.anchors", "source"]
    migrate(location_of(source), location_of(target))
    assert (Files(target.ledger).attestations / "deep" / "ab.json").read_bytes() == b"{}"


@pytest.mark.parametrize("step", ["files", "rows", "verify"])
@pytest.mark.parametrize("way", ["there", "back"])
def test_migration_that_is_killed_leaves_no_ledger_at_the_target(
    server: Server, tmp_path: Path, way: str, step: str
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    if way == "there":
        source, target = grown(found(folders[0])), at(server.fresh(), folders[1])
    else:
        source = grown(found_on(server, folders[0]))
        target = Context(folders[1] / "b.db", None, quiet=True, no_input=True, debug=False)
    before = rows_of(source)
    places = [
        f"{'' if each.server is None else each.server.url}|{each.ledger}"
        for each in (source, target)
    ]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(TESTS), "", *places, step],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert rows_of(source) == before
    with pytest.raises(MissingError, match="there is no ledger"):
        location_of(target).open()
    with pytest.raises(ConflictError, match="there is already") as caught:
        migrate(location_of(source), location_of(target))
    assert "move these away" in caught.value.remedy
    for path in folders[1].iterdir():
        path.unlink()
    migrate(location_of(source), location_of(target))
    assert rows_of(target) == before


def test_migrate_command_compares_answers_and_retires_the_key(
    server: Server, flopledger: Run
) -> None:
    address = server.fresh()
    url = address.url
    assert flopledger("init", "--origin", ORIGIN).code == 0
    records = [
        {"type": "lineage", **lineage("b", "a")},
        *({"type": "lineage", **lineage(f"m{n}", "b")} for n in range(3)),
    ]
    Path("r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    assert flopledger("record", "r.jsonl").code == 0
    first = flopledger("verify").out
    Path("vault").mkdir()
    done = flopledger("migrate", "--to", url, "--to-files", "vault", "-f", "json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert (document["schema"], document["size"]) == ("flopledger/migrate.v1", 4)
    counts = {one["what"]: one["count"] for one in document["compared"] if one["equal"]}
    assert len(counts) == len(document["compared"]) == 5
    assert (counts["records"], counts["determinations"] > 10) == (4, True)
    assert document["root"] in first
    assert document["retired_key"] == "ledger.db.key.pem.migrated"
    place = ["--ledger", url, "--files", "vault"]
    assert document["root"] in flopledger(*place, "verify").out
    Path("s.jsonl").write_text(json.dumps({"type": "lineage", **lineage("c", "b")}))
    late = flopledger("record", "s.jsonl")
    assert (late.code, "the signing key of the ledger is not there" in late.err) == (2, True)
    assert flopledger("verify").code == 0
    assert flopledger(*place, "record", "s.jsonl").err.startswith("1 new")
    back = flopledger(*place, "migrate", "--to", "back.db", "--keep-key")
    assert (back.code, "append to one of the two only" in back.out) == (0, True)
    assert Path(f"vault/{address.database}.key.pem").exists()
    assert flopledger("--ledger", "back.db", "verify").code == 0
    again = flopledger(*place, "migrate", "--to", "back.db")
    assert (again.code, "there is already" in again.err) == (2, True)
    report = flopledger("verify", "-f", "json", "-o", "ledger.db.key.pem.migrated")
    assert (report.code, "belongs to a ledger" in report.err) == (2, True)


def test_migrate_command_says_when_answers_differ(
    server: Server, flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.cli import migrate as command  # noqa: PLC0415 - the module, not the command

    assert flopledger("init", "--origin", ORIGIN).code == 0
    answers, asked = command.answers_of, []

    def different(*arguments: Any) -> Any:
        found_ = answers(*arguments)
        asked.append(found_)
        if len(asked) == 2:
            found_.check["determinations"].append("another")
        return found_

    monkeypatch.setattr(command, "answers_of", different)
    done = flopledger("migrate", "--to", server.fresh().url)
    assert (done.code, "its determinations come out otherwise" in done.err) == (4, True)
    assert Path("ledger.db.key.pem").exists()


@pytest.mark.parametrize("option", ["--to", "--ledger"])
def test_migrate_command_takes_an_unknown_address_for_no_file(flopledger: Run, option: str) -> None:
    assert flopledger("init", "--origin", ORIGIN).code == 0
    place = "nosuch://ann:hunter2@host/lab"
    words = (option, place, "status") if option == "--ledger" else ("migrate", option, place)
    done = flopledger(*words)
    assert (done.code, "begins with nosuch://" in done.err) == (2, True)
    assert option in done.err
    assert "hunter2" not in done.err
    assert len(list(Path().iterdir())) == 4
