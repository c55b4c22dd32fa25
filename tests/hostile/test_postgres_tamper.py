"""On a server, guards stop mistakes; what the owner does past them, `verify` names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest
from sealed import checked, entries, fill, in_parts, leg, opened, reversal, said
from servers import Server, at, found_on, guards, tables

from ledger.cli.context import Context
from ledger.cli.opening import location_of
from ledger.errors import IntegrityError, LedgerError
from ledger.merkle import leaf_hash
from ledger.stores.evidence import evidence_of
from ledger.stores.keyfiles import Files
from ledger.stores.postgres import PostgresStore
from ledger.stores.postgres_schema import GUARDS, PUBLISHED_CATALOG
from ledger.verify import Verdict, verify

CHANGES = {
    "entries": "UPDATE flopledger.entries SET bytes = bytes WHERE seq = {}",
    "openings": "UPDATE flopledger.openings SET bytes = bytes WHERE seq = {}",
    "keys": "UPDATE flopledger.keys SET content = content WHERE seq = {}",
    "heads": "UPDATE flopledger.heads SET peaks = peaks WHERE size = {}",
    "meta": "UPDATE flopledger.meta SET value = value WHERE name = '{}'",
}
DELETIONS = {
    "entries": "DELETE FROM flopledger.entries WHERE seq = {}",
    "keys": "DELETE FROM flopledger.keys WHERE seq = {}",
    "heads": "DELETE FROM flopledger.heads WHERE size = {}",
    "meta": "DELETE FROM flopledger.meta WHERE name = '{}'",
}
UPSERT = (
    "INSERT INTO flopledger.entries SELECT * FROM flopledger.entries "
    "ON CONFLICT (seq) DO UPDATE SET bytes = excluded.bytes"
)
LOOSE = (
    "CREATE OR REPLACE FUNCTION flopledger.refuse() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NEW; END'"
)
MORE = (
    "CREATE TRIGGER more BEFORE INSERT ON flopledger.entries "
    "EXECUTE FUNCTION flopledger.refuse('x')"
)
# Each has the name of something published, on another table or for other arguments.
OVERLOADED = "CREATE FUNCTION flopledger.refuse(text) RETURNS text LANGUAGE sql AS 'SELECT 1::text'"
HIDDEN_TRIGGER = (
    "CREATE TRIGGER meta_closed BEFORE INSERT ON flopledger.entries "
    "EXECUTE FUNCTION flopledger.refuse('x')"
)
HIDDEN_CHECK = "ALTER TABLE flopledger.meta ADD CONSTRAINT key_has_32_bytes CHECK (true)"
LATE = [
    "INSERT INTO flopledger.meta VALUES ('more', 'x')",
    "INSERT INTO flopledger.openings VALUES (0, 9, 'x')",
    "INSERT INTO flopledger.openings VALUES (99, 0, 'x')",
    "INSERT INTO flopledger.keys VALUES (99, sha256('x'), sha256('y'))",
    "INSERT INTO flopledger.heads VALUES (2, '0-2:')",
    "INSERT INTO flopledger.heads VALUES (9, '0-9:')",
    "INSERT INTO flopledger.entries SELECT seq + 2, bytes, hash FROM flopledger.entries",
    "INSERT INTO flopledger.entries SELECT seq + 9, bytes, hash FROM flopledger.entries",
    "INSERT INTO flopledger.entries SELECT -1, bytes, hash FROM flopledger.entries LIMIT 1",
    "COPY flopledger.entries FROM PROGRAM 'printf ''5\\t\\\\\\\\x00\\t\\\\\\\\x00\\n'''",
]


@pytest.fixture(scope="module")
def whole(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A ledger with every kind of row."""
    context = found_on(server, tmp_path_factory.mktemp("whole"))
    fill(context, [leg(n) for n in range(3)], [said(0), leg(4, status="provisional")])
    fill(context, [leg(4)], [reversal(entries(context)[3])], [said(n) for n in range(1, 4)])
    assert checked(context).size == 11
    return context


class Owner:
    """Somebody who owns the tables: guards go away and come back, all in one transaction.

    `verify` reads through the same connection, and nothing of it stays.
    """

    def __init__(self, context: Context, store: PostgresStore) -> None:
        self._context = context
        self._files = Files(context.ledger)
        self._store = store

    def alter(self, *statements: str, guarded: bool = False) -> IntegrityError:
        """Return the fault that verifying finds after these statements."""
        with self._store._connection.transaction(force_rollback=True):
            awake = [] if guarded else [(sql, *_guard(sql)) for sql in GUARDS[1::2]]
            for _, name, table in awake:
                self._execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
            for statement in statements:
                self._execute(statement)
            for sql, _, _ in awake:
                self._execute(sql)
            with pytest.raises(IntegrityError) as caught:
                self.check()
        assert caught.value.exit_code == 4
        assert caught.value.where or caught.value.seq is not None, caught.value
        return caught.value

    def check(self) -> Verdict:
        """Verify what the connection sees; segments must come to the same."""
        stop = self._files.checkpoints.stat().st_size
        evidence = evidence_of(self._store, self._files, stop)
        told = in_parts(self._context, evidence, again=lambda: nullcontext(self._store))
        try:
            verdict = verify(evidence)
        except IntegrityError:
            assert not told
            raise
        assert told == [verdict]
        return verdict

    def erase(self) -> Verdict:
        """Return the verdict after an opening was erased."""
        with self._store._connection.transaction(force_rollback=True):
            self._execute("DELETE FROM flopledger.openings WHERE seq = 0 AND ord = 1")
            return self.check()

    def _execute(self, sql: str) -> None:
        self._store._connection.execute(sql)


def _guard(sql: str) -> tuple[str, str]:
    """Return trigger and table of a statement that wakes one."""
    parts = sql.split()
    return parts[-1], parts[2]


@pytest.fixture(scope="module")
def owner(whole: Context) -> Iterator[Owner]:
    with location_of(whole).open(writable=True) as store:
        assert isinstance(store, PostgresStore)
        yield Owner(whole, store)


def database(context: Context) -> str:
    assert context.server is not None
    return context.server.database


@pytest.mark.parametrize("role", ["origin", "replica"])
def test_guards_stop_the_superuser_in_any_kind_of_session(
    whole: Context, server: Server, role: str
) -> None:
    statements = [sql.format(key) for sql in CHANGES.values() for key in (0, 12345)]
    statements += [sql.format(key) for sql in DELETIONS.values() for key in (0, 12345)]
    statements += [f"TRUNCATE flopledger.{table} CASCADE" for table in tables()]
    statements += ["DELETE FROM flopledger.meta", "TRUNCATE flopledger.openings, flopledger.keys"]
    statements.append(UPSERT)
    with server.connected(database(whole)) as connection:
        connection.execute(f"SET session_replication_role = {role}")
        for statement in statements:
            with pytest.raises(psycopg.errors.RaiseException, match=r"never|closed"):
                connection.execute(statement)
        for statement in LATE:
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
    assert checked(whole).size == 11


def test_guards_refuse_entries_that_do_not_follow(whole: Context, server: Server) -> None:
    first, *_, last = (entry.encode() for entry in entries(whole))
    with server.connected(database(whole)) as connection:
        for data, digest, said_ in [
            (first, leaf_hash(first), "must follow"),
            (last, leaf_hash(last), "must follow"),
            (last, bytes(32), "hash_is_of_bytes"),
        ]:
            with pytest.raises(psycopg.Error, match=said_):
                connection.execute(
                    "INSERT INTO flopledger.entries VALUES (11, %s, %s)", (data, digest)
                )


def test_opening_can_be_erased_by_the_owner(owner: Owner) -> None:
    steps = {check.name: check.note for check in owner.erase().checks}
    assert steps["openings"] == "1 erased: their digests stand"


COLUMNS = [
    ("entries", "bytes", "seq = 5", "entry 5"),
    ("entries", "hash", "seq = 5", "entry 5"),
    ("openings", "bytes", "seq = 1 AND ord = 0", "entry 1, opening 0"),
    ("keys", "key", "seq = 7", "entry 7, keys"),
    ("keys", "content", "seq = 7", "entry 7, keys"),
]


@pytest.mark.parametrize(("table", "column", "row", "where"), COLUMNS)
def test_tamper_of_the_owner_past_the_guards_names_the_entry(
    owner: Owner, table: str, column: str, row: str, where: str
) -> None:
    for place in (0, 1, 17):
        fault = owner.alter(
            "ALTER TABLE flopledger.entries DROP CONSTRAINT hash_is_of_bytes",
            f"UPDATE flopledger.{table} SET {column} = "
            f"set_byte({column}, {place}, get_byte({column}, {place}) # 1) WHERE {row}",
            # Put back as if it had always held.
            "ALTER TABLE flopledger.entries ADD CONSTRAINT hash_is_of_bytes "
            "CHECK (hash = sha256('\\x00'::bytea || bytes)) NOT VALID",
            "UPDATE pg_constraint SET convalidated = true WHERE conname = 'hash_is_of_bytes'",
        )
        assert fault.where.startswith(where)


def test_tamper_with_bytes_and_hash_together_is_found(owner: Owner) -> None:
    replaced = "convert_to(replace(convert_from(bytes, 'UTF8'), 'acme', 'acne'), 'UTF8')"
    fault = owner.alter(
        f"UPDATE flopledger.entries SET bytes = {replaced}, "
        f"hash = sha256('\\x00' || {replaced}) WHERE seq = 1"
    )
    assert fault.seq in {1, 2}


@pytest.mark.parametrize("size", [0, 3, 5, 7, 8, 11])
def test_tamper_with_peaks_of_any_append_is_found(owner: Owner, size: int) -> None:
    fault = owner.alter(
        "UPDATE flopledger.heads SET peaks = translate(peaks, '0123456789', '1234567890') "
        f"WHERE size = {size}"
    )
    assert fault.where == f"table heads, size {size}"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM flopledger.entries WHERE seq = 10",
        "DELETE FROM flopledger.entries WHERE seq = 4",
        "DELETE FROM flopledger.keys WHERE seq = 4",
        "INSERT INTO flopledger.openings VALUES (99, 0, 'x')",
        "INSERT INTO flopledger.openings VALUES (0, 77, 'x')",
        "INSERT INTO flopledger.keys VALUES (99, sha256('x'), sha256('y'))",
        "INSERT INTO flopledger.heads VALUES (99, '0-99:')",
        "DELETE FROM flopledger.heads WHERE size = 11",
        "DELETE FROM flopledger.meta WHERE name = 'vkey'",
        "INSERT INTO flopledger.meta VALUES ('more', 'x')",
        "UPDATE flopledger.meta SET value = 'other/name' WHERE name = 'origin'",
        "TRUNCATE flopledger.entries",
    ],
)
def test_tamper_with_rows_is_found(owner: Owner, sql: str) -> None:
    owner.alter(sql)


SCHEMA = [
    ("ALTER TABLE flopledger.entries DROP CONSTRAINT hash_is_of_bytes", "hash_is_of_bytes"),
    ("ALTER TABLE flopledger.keys ALTER COLUMN content DROP NOT NULL", "table keys"),
    ("ALTER TABLE flopledger.keys ADD COLUMN more text", "table keys"),
    ("ALTER TABLE flopledger.meta ALTER COLUMN value SET DEFAULT 'x'", "table meta"),
    ("DROP INDEX flopledger.keys_by_key", "keys_by_key"),
    ("ALTER TABLE flopledger.openings SET UNLOGGED", "table openings"),
    ("ALTER TABLE flopledger.openings ENABLE ROW LEVEL SECURITY", "table openings"),
    ("CREATE POLICY p ON flopledger.openings USING (false)", "policy p on openings"),
    ("CREATE RULE r AS ON INSERT TO flopledger.entries DO ALSO NOTHING", "rule r on entries"),
    ("CREATE VIEW flopledger.v AS SELECT 1", "relation v"),
    ("CREATE TABLE flopledger.more () INHERITS (flopledger.entries)", "on more"),
    (
        "CREATE FUNCTION flopledger.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "function f",
    ),
    (
        LOOSE,
        "function refuse",
    ),
    ("ALTER FUNCTION flopledger.refuse() SECURITY DEFINER", "function refuse"),
    ("ALTER FUNCTION flopledger.belongs() RESET search_path", "function belongs"),
    ("ALTER FUNCTION flopledger.entries_follow() IMMUTABLE", "function entries_follow()"),
    ("ALTER FUNCTION flopledger.heads_follow() STABLE", "function heads_follow()"),
    (OVERLOADED, "function refuse(text)"),
    (
        MORE,
        "trigger more on entries",
    ),
    (HIDDEN_TRIGGER, "trigger meta_closed on entries"),
    (HIDDEN_CHECK, "constraint key_has_32_bytes on meta"),
    ("GRANT UPDATE ON flopledger.heads TO mallory", "right of mallory on heads"),
    ("GRANT UPDATE (peaks) ON flopledger.heads TO mallory", "right of mallory on heads.peaks"),
    ("GRANT DELETE ON flopledger.openings TO mallory", "right of mallory on openings"),
    ("GRANT TRUNCATE ON flopledger.entries TO mallory", "right of mallory on entries"),
    ("GRANT TRIGGER ON flopledger.entries TO mallory", "right of mallory on entries"),
    ("GRANT INSERT ON flopledger.meta TO mallory", "right of mallory on meta"),
    ("GRANT CREATE ON SCHEMA flopledger TO mallory", "right of mallory on schema flopledger"),
    ("GRANT SELECT ON flopledger.openings TO PUBLIC", "right of everybody on openings"),
    (
        "GRANT SELECT ON flopledger.entries TO mallory WITH GRANT OPTION",
        "right of mallory on entries",
    ),
    ("ALTER TABLE flopledger.entries OWNER TO mallory", "owner of entries"),
]


@pytest.mark.parametrize(("sql", "where"), SCHEMA)
def test_tamper_with_the_schema_is_found(owner: Owner, sql: str, where: str) -> None:
    fault = owner.alter("CREATE ROLE mallory", sql, guarded=True)
    assert where in fault.where


@pytest.mark.parametrize(("name", "table"), guards())
def test_tamper_with_a_trigger_is_found(owner: Owner, name: str, table: str) -> None:
    assert f"trigger {name} on {table}" in PUBLISHED_CATALOG
    place = f"ALTER TABLE flopledger.{table}"
    for change in (
        f"{place} DISABLE TRIGGER {name}",
        f"{place} ENABLE TRIGGER {name}",
        f"{place} ENABLE REPLICA TRIGGER {name}",
        f"DROP TRIGGER {name} ON flopledger.{table}",
    ):
        assert owner.alter(change, guarded=True).where == f"schema, trigger {name} on {table}"
    assert owner.check().size == 11


def test_writer_may_insert_and_select_and_nothing_else(server: Server, tmp_path: Path) -> None:
    role = server.role()
    context = found_on(server, tmp_path, role)
    name = database(context)
    writer = at(server.address(name, role), tmp_path)
    fill(writer, [leg(0), said(1)], [said(2)])
    assert checked(writer).size == 3
    statements = [sql.format(0) for sql in (*CHANGES.values(), *DELETIONS.values())]
    statements += [f"TRUNCATE flopledger.{table}" for table in tables()]
    statements += [f"ALTER TABLE flopledger.{t} DISABLE TRIGGER {n}" for n, t in guards()]
    statements += [f"DROP TABLE flopledger.{table}" for table in tables()]
    statements += [
        "INSERT INTO flopledger.meta VALUES ('x', 'y')",
        "DELETE FROM flopledger.openings",
        "CREATE TABLE flopledger.more (x int)",
        "DROP SCHEMA flopledger CASCADE",
        "SET session_replication_role = replica",
        LOOSE,
    ]
    with server.connected(name, role) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    assert checked(context).size == 3
    stranger = at(server.address(name, server.role()), tmp_path)
    with pytest.raises(LedgerError, match="may not do that"), opened(stranger):
        pass
