"""The PostgreSQL store: settings, streams, refusals in plain words, and every command by URL."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ledgers import lineage
from sealed import ORIGIN, SECRET, SIGNER, checked, fill, identity, leg, opened, said
from servers import Server, at, found_on, running

from ledger.cli.opening import location_of
from ledger.errors import ConflictError, HeadMovedError, InputError, LedgerError, MissingError
from ledger.log.seal import Sealing
from ledger.log.store import Batch
from ledger.stores import postgres_connection
from ledger.stores.address import Address
from ledger.stores.founding import found_at
from ledger.stores.keyfiles import Files
from ledger.stores.location import Location
from ledger.stores.postgres import LOCK, PostgresStore
from ledger.stores.postgres_connection import SERVER, WRITER, connect
from ledger.stores.postgres_schema import GRANTS, GUARDS, STATEMENTS

Run = Callable[..., Any]
PAGE = Path(__file__).resolve().parent.parent / "schemas" / "store-postgres.v1.md"
SECRETS = ["hunter2", "p%40ss", "p@ss"]


def opened_store(location: Location, *, writable: bool = False) -> PostgresStore:
    store = location.open(writable=writable)
    assert isinstance(store, PostgresStore)
    return store


def test_store_page_holds_every_statement() -> None:
    page = " ".join(PAGE.read_text("utf-8").split())
    for statement in (*STATEMENTS, *GUARDS, *GRANTS):
        assert " ".join(statement.split()).replace("{}", "ROLE") in page, statement


def test_store_sets_and_reads_back_what_durability_needs(server: Server, tmp_path: Path) -> None:
    with opened_store(location_of(found_on(server, tmp_path)), writable=True) as store:
        settings = store.settings()
    assert settings["synchronous_commit"] == WRITER["synchronous_commit"] == "on"
    assert settings["fsync"] == SERVER["fsync"] == "on"
    assert settings["lock_timeout"] == "5s"


def test_store_does_not_believe_a_role_or_database_that_loosens_commits(
    server: Server, tmp_path: Path
) -> None:
    context = found_on(server, tmp_path)
    assert context.server is not None
    name = context.server.database
    with server.connected(name) as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.execute(f"ALTER DATABASE {name} SET search_path = evil")
    with opened_store(location_of(context), writable=True) as store:
        assert store.settings()["synchronous_commit"] == "on"
        assert store.settings()["search_path"] == "pg_catalog"
    with server.connected(name) as connection:
        connection.execute(f"ALTER DATABASE {name} SET session_replication_role = replica")
    with pytest.raises(InputError, match="keeps session_replication_role at replica"):
        location_of(context).open(writable=True)


@pytest.mark.parametrize("name", sorted(SERVER))
def test_store_refuses_a_setting_that_does_not_hold(
    server: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(postgres_connection, "SERVER", {**SERVER, name: "other"})
    with pytest.raises(InputError, match=f"keeps {name} at .*, the ledger needs other"):
        connect(server.fresh(), writable=True)


def test_store_reader_cannot_write(server: Server, tmp_path: Path) -> None:
    context = found_on(server, tmp_path)
    with (
        opened_store(location_of(context)) as store,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        store._connection.execute("DELETE FROM flopledger.openings")


def test_store_streams_through_cursors_that_the_server_keeps(
    server: Server, tmp_path: Path
) -> None:
    context = found_on(server, tmp_path)
    fill(context, [said(n) for n in range(20)])
    with opened_store(location_of(context)) as store:
        with store.snapshot():
            rows = store.rows()
            next(rows)
            open_now = store._all("SELECT is_holdable, statement FROM pg_cursors")
            assert any(not hold and "entries" in statement for hold, statement in open_now)
        rows = store.rows()
        next(rows)
        del rows
        list(store.openings(0, 0))
        assert not [
            statement
            for (statement,) in store._all("SELECT statement FROM pg_cursors")
            if "entries" in statement
        ]


def test_store_appends_in_one_transaction_under_the_lock(server: Server, tmp_path: Path) -> None:
    context = found_on(server, tmp_path)
    seen: list[tuple[int, int]] = []

    class Watching(list[Any]):
        """Rows that look at the locks while they are copied."""

        def __iter__(self) -> Iterator[Any]:
            with server.connected(store.address.database) as connection:
                seen.append(
                    connection.execute(
                        "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
                        "granted AND (classid::bigint << 32 | objid::bigint) = %s), "
                        "(SELECT count(*) FROM flopledger.entries)",
                        (LOCK,),
                    ).fetchone()
                )
            return super().__iter__()

    with opened_store(location_of(context), writable=True) as store:
        head = store.head()
        batch, _ = Sealing(identity(), store, head).run([said(n) for n in range(5)])
        store.append(head, Batch(batch.entries, batch.openings, Watching(batch.keys), batch.head))
        assert store.head() == batch.head
    assert seen == [(1, 0)]


def test_store_waits_for_another_writer_and_says_so(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found_on(server, tmp_path)
    assert context.server is not None
    monkeypatch.setattr(
        postgres_connection, "SESSION", {**postgres_connection.SESSION, "lock_timeout": "50ms"}
    )
    with (
        server.connected(context.server.database) as rival,
        opened(context, identity()) as log,
    ):
        rival.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        with pytest.raises(HeadMovedError):
            log.append([said(0)])
        rival.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
        assert log.append([said(0)]).new == (0,)


def test_store_says_what_is_wrong_with_a_server(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = Address.parse("postgresql://ann:hunter2@127.0.0.1:1/lab")
    nobody = server.address("postgres", "nobody_known")
    for address, kind, said_ in [
        (closed, LedgerError, "the server cannot be reached"),
        (nobody, LedgerError, "lets this user not in"),
        (server.address("no_such_database"), MissingError, "has no database no_such_database"),
        (server.address("postgres"), MissingError, "there is no ledger in postgresql://"),
    ]:
        with pytest.raises(kind, match=said_) as caught:
            location_of(at(address, tmp_path)).open()
        text = caught.value.diagnostics()
        assert caught.value.exit_code == 2
        assert caught.value.remedy
        assert "hunter2" not in text
    monkeypatch.setattr(postgres_connection, "VERSION_MIN", 99)
    with pytest.raises(InputError, match=r"PostgreSQL 18, the ledger needs 99 or newer"):
        location_of(at(server.fresh(), tmp_path)).open()


@pytest.mark.parametrize("statement", ["ROLLBACK", "CLOSE"])
def test_store_says_that_the_connection_broke_at_the_end_of_reading(
    server: Server, tmp_path: Path, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found_on(server, tmp_path)
    fill(context, [said(0)])
    with opened_store(location_of(context)) as store:
        execute = store._connection.execute

        def broken(sql: str, *parameters: object) -> Any:
            if not sql.startswith(statement):
                return execute(sql, *parameters)
            with server.connected(store.address.database) as rival:
                pid = store._connection.info.backend_pid
                rival.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            return execute(sql, *parameters)

        monkeypatch.setattr(store._connection, "execute", broken)

        def read() -> None:
            with store.snapshot():
                next(store.rows())
                list(store.openings(0, 0))

        with pytest.raises(LedgerError, match="connection to the server broke"):
            read()


def test_store_that_is_founded_stays_where_its_mark_cannot_be_removed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = at(server.fresh(), tmp_path)
    files = Files(context.ledger)
    unlink = Path.unlink

    def refused(path: Path, **more: bool) -> None:
        if path == files.partial:
            raise OSError(5, "Input/output error")
        unlink(path, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refused)
        with pytest.raises(LedgerError, match="the ledger is there") as caught:
            found_at(location_of(context), SIGNER, SECRET)
    assert caught.value.remedy == "remove that file, and go on with the ledger"
    fill(context, [said(0)])
    assert checked(context).signed_size == 1
    assert files.partial.exists()


def test_store_that_is_gone_is_lost_and_not_to_be_founded_again(
    server: Server, tmp_path: Path
) -> None:
    context = found_on(server, tmp_path)
    assert context.server is not None
    with server.connected(context.server.database) as connection:
        connection.execute("DROP SCHEMA flopledger CASCADE")
    with pytest.raises(LedgerError, match="is gone, its checkpoints are there") as caught:
        location_of(context).open()
    assert caught.value.exit_code == 4
    assert "init" not in caught.value.remedy


def test_founding_refuses_a_database_with_a_ledger_and_leaves_nothing(
    server: Server, tmp_path: Path
) -> None:
    context = found_on(server, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    assert context.server is not None
    twice = location_of(at(context.server, other))
    with pytest.raises(ConflictError, match="already a ledger in"):
        found_at(twice, SIGNER, SECRET)
    with pytest.raises(InputError, match="knows no role nobody_known"):
        found_at(location_of(at(server.fresh(), other)), SIGNER, SECRET, "nobody_known")
    assert list(other.iterdir()) == []
    assert checked(context).size == 0


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://",
        "postgresql://host",
        "postgresql://ann:hunter2/lab",
        "postgresql://ann:hunter2@host@other/lab",
        "postgresql://ann:hunter2/p@host/lab",
        "postgresql://ann:hunter2#p@host/lab",
        "postgresql://ann:hunter2?p@host/lab",
        "postgresql://ann:hunter2@host/",
        "postgresql://ann:hunter2@host/a%2Fb",
        "postgresql://ann:hunter2@host/..",
        "postgresql://ann:hunter2@host:hunter2/lab",
        "postgresql://[hunter2/lab",
    ],
)
def test_address_that_cannot_be_read_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Address.parse(text)
    assert "hunter2" not in caught.value.diagnostics()
    assert "postgresql://USER@HOST:PORT/DATABASE" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "shown", "database"),
    [
        ("postgresql://h/lab", "postgresql://h/lab", "lab"),
        ("postgres://ann:hunter2@h:5433/lab", "postgresql://ann@h:5433/lab", "lab"),
        (
            "postgresql://ann@h1:1,h2:2/lab?password=hunter2&sslmode=require&sslpassword=hunter2",
            "postgresql://ann@h1:1,h2:2/lab?sslmode=require",
            "lab",
        ),
        (
            "postgresql://:hunter2@/lab?host=/run/pg",
            "postgresql:///lab?host=/run/pg",
            "lab",
        ),
        ("postgresql://[::1]:5432/lab", "postgresql://[::1]:5432/lab", "lab"),
        ("postgresql://h?dbname=lab", "postgresql://h/lab", "lab"),
        ("postgresql://ann:p%40hunter2@h/lab", "postgresql://ann@h/lab", "lab"),
    ],
)
def test_address_shows_everything_but_secrets(text: str, shown: str, database: str) -> None:
    address = Address.parse(text)
    assert (address.shown, address.database, str(address)) == (shown, database, shown)
    assert address.url == text
    assert "hunter2" not in repr(address)


def test_commands_work_by_address(server: Server, flopledger: Run) -> None:
    address = server.fresh()
    role = server.role()
    Path("vault").mkdir()
    owner = ["--ledger", address.url, "--files", "vault"]
    place = ["--ledger", server.address(address.database, role).url, "--files", "vault"]
    none = flopledger(*owner, "status")
    assert (none.code, "there is no ledger in postgresql://" in none.err) == (2, True)
    done = flopledger(*owner, "init", "--origin", ORIGIN, "--writer", role)
    assert done.code == 0, done.err
    assert done.out.startswith(f"{ORIGIN}+")
    name = address.database
    assert sorted(path.name for path in Path("vault").iterdir()) == [
        f"{name}.checkpoints",
        f"{name}.key.pem",
        f"{name}.secret",
    ]
    assert [path.name for path in Path().iterdir()] == ["vault"]
    again = flopledger(*owner, "init", "--origin", ORIGIN)
    assert (again.code, "already" in again.err) == (2, True)
    Path("r.jsonl").write_text(json.dumps({"type": "lineage", **lineage("b", "a")}))
    assert flopledger(*place, "record", "r.jsonl").err.startswith("1 new")
    assert flopledger(*place, "record", "r.jsonl").err.startswith("0 new, 1 same")
    for command in ("status", "verify", "show 0", "prove 0", "checkpoint show", "key show"):
        done = flopledger(*place, *command.split())
        assert done.code == 0, (command, done.err)
    assert flopledger(*place, "export", "-o", "out.jsonl").code == 0
    assert Path("out.jsonl").read_bytes().count(b"\n") == 1
    assert flopledger(*place, "check", "--as-of", "2026-11-01").code in {0, 1, 3}
    status = json.loads(flopledger(*place, "status", "-f", "json").out)
    assert (status["size"], status["path"].startswith("postgresql://role")) == (1, True)
    doctor = flopledger(*place, "doctor", "-f", "json")
    states = {f["check"]: f["state"] for f in json.loads(doctor.out)["findings"]}
    assert (doctor.code, states["server"], states["head"], states["key"]) == (0, "ok", "ok", "ok")
    doctor = flopledger(*owner, "doctor")
    assert (doctor.code, "can take the guards away" in doctor.out) == (1, True)


def test_commands_name_server_and_files_only_together(flopledger: Run) -> None:
    done = flopledger("--files", "vault", "status")
    assert (done.code, "--files is for a ledger on a server" in done.err) == (2, True)
    done = flopledger("init", "--origin", ORIGIN, "--writer", "ann")
    assert (done.code, "--writer is for a ledger on a server" in done.err) == (2, True)
    done = flopledger("--ledger", "postgresql://ann:hunter2@h/", "status")
    assert (done.code, "hunter2" in done.err + done.out) == (2, False)
    done = flopledger("--ledger", "postgresql://ann:hunter2@127.0.0.1:1/lab", "status")
    assert (done.code, "hunter2" in done.err + done.out) == (2, False)
    assert "cannot be reached" in done.err


def test_commands_say_what_to_install_where_the_driver_is_missing(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None; from ledger.cli.app import run; "
        "sys.exit(run(['--ledger', 'postgresql://h/lab', 'status']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "pip install 'flopledger[postgres]'" in done.stderr


def test_store_writes_no_password_anywhere(server: Server, flopledger: Run) -> None:
    address = server.fresh()
    url = re.sub(r"//postgres:@", "//postgres:hunter2@", address.url)
    assert url != address.url
    texts = []
    for command in ("init --origin " + ORIGIN, "status", "verify", "doctor", "record none.jsonl"):
        done = flopledger("--ledger", url, *command.split())
        texts += [done.out, done.err]
    files = [path.read_bytes() for path in Path().iterdir() if path.is_file()]
    assert len(files) == 3
    assert "hunter2" not in "".join(texts)
    assert b"hunter2" not in b"".join(files)
    with server.connected(address.database) as connection:
        rows = connection.execute("SELECT value FROM flopledger.meta").fetchall()
    assert "hunter2" not in str(rows)


def test_store_is_the_same_on_an_older_server(tmp_path: Path) -> None:
    with running(16) as server:
        context = found_on(server, tmp_path)
        fill(context, [leg(0), said(1)], [said(2)])
        assert checked(context).size == 3
        with opened_store(location_of(context)) as store:
            assert store.server()[0].startswith("16.")
            assert store.schema() == store.published()
        assert not Files(context.ledger).partial.exists()
