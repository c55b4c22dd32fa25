"""A key that a migration retires: nobody adds to both ledgers, and nothing is lost between them."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import lineage
from sealed import ORIGIN, checked, fill, found, leg, said

from ledger.cli.app import run
from ledger.cli.context import Context
from ledger.cli.opening import location_of, open_log
from ledger.errors import ConflictError
from ledger.stores import migration
from ledger.stores.keyfiles import Files
from ledger.stores.location import Location
from ledger.stores.migration import migrate, retire_key

Run = Callable[..., Any]


@pytest.fixture
def source(tmp_path: Path) -> Context:
    context = found(tmp_path)
    fill(context, [leg(n) for n in range(11)], [said(0)])
    return context


def places_of(source: Context, path: Path) -> tuple[Location, Location]:
    """Return where a ledger is and where it goes."""
    return location_of(source), Location(Files(path))


def test_migration_keeps_the_key_of_a_source_that_grew(source: Context, tmp_path: Path) -> None:
    places = places_of(source, tmp_path / "other.db")
    size = migrate(*places).source.size
    fill(source, [said(9)])
    with pytest.raises(ConflictError, match="holds 13 entries by now, 12 were copied") as caught:
        retire_key(*places, size)
    assert "which hold the signing key too" in caught.value.remedy
    assert Files(source.ledger).key.exists()
    fill(source, [said(10)])


def test_migration_waits_for_other_writers_before_it_retires_the_key(
    source: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = places_of(source, tmp_path / "other.db")
    size = migrate(*places).source.size
    check, held = migration.check_unmoved, []

    def watched(*arguments: Any) -> None:
        with Files(source.ledger).checkpoints.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append("waits")
        check(*arguments)

    monkeypatch.setattr(migration, "check_unmoved", watched)
    assert retire_key(*places, size) == Files(source.ledger).retired[0]
    assert held == ["waits"]


def test_migration_stops_writers_that_had_read_the_key_before(
    source: Context, tmp_path: Path
) -> None:
    places, files = places_of(source, tmp_path / "other.db"), Files(source.ledger)
    log: Any = open_log(source)
    with closing(log._store):
        retire_key(*places, migrate(*places).source.size)
        with pytest.raises(ConflictError, match="nothing is added here any more") as caught:
            log.append([said(9)])
        assert checked(source).size == 12
        files.retired[0].rename(files.key)
        assert "rename this file back" in caught.value.remedy
        assert log.append([said(9)]).new == (12,)


def test_migration_retires_a_key_that_is_to_take_over_too(source: Context, tmp_path: Path) -> None:
    places, files = places_of(source, tmp_path / "other.db"), Files(source.ledger)
    files.next_key.write_bytes(b"the next key")
    retire_key(*places, migrate(*places).source.size)
    assert [path.exists() for path in (files.key, files.next_key)] == [False, False]
    assert files.retired[1].read_bytes() == b"the next key"


def test_migration_retires_no_key_over_another(source: Context, tmp_path: Path) -> None:
    places, files = places_of(source, tmp_path / "other.db"), Files(source.ledger)
    files.retired[0].write_bytes(b"an older key")
    with pytest.raises(ConflictError, match="cannot be renamed") as caught:
        retire_key(*places, migrate(*places).source.size)
    assert "holds the key too" in caught.value.why
    assert files.retired[0].read_bytes() == b"an older key"
    assert files.key.exists()


def test_migrate_command_blames_no_copy_where_the_source_grew(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.cli import migrate as command  # noqa: PLC0415 - the module, not the command

    assert flopledger("init", "--origin", ORIGIN).code == 0
    Path("r.jsonl").write_text(json.dumps({"type": "lineage", **lineage("b", "a")}))
    copy = command.copy_ledger

    def copied_before_another_came(*arguments: Any) -> Any:
        done = copy(*arguments)
        assert run(["record", "r.jsonl"]) == 0
        return done

    monkeypatch.setattr(command, "copy_ledger", copied_before_another_came)
    done = flopledger("migrate", "--to", "other.db")
    assert (done.code, "holds 1 entries by now, 0 were copied" in done.err) == (2, True)
    assert Path("ledger.db.key.pem").exists()
