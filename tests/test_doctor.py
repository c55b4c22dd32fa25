"""``flopledger doctor`` names what needs attention, and raises no alarm where nothing does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from ledgers import lineage
from sealed import fill, found, said

from ledger.stores.keyfiles import Files
from ledger.stores.sqlite import SqliteStore

Run = Callable[..., Any]


def test_doctor_names_what_needs_attention(
    tmp_path: Path, flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flopledger("doctor").code == 0
    context = found(tmp_path)
    fill(context, [said(0)])
    assert flopledger("doctor").code == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    late = flopledger("doctor")
    assert late.code == 1
    assert "set the clock" in late.out
    files = Files(context.ledger)
    files.secret.chmod(0o644)
    document = json.loads(flopledger("doctor", "-f", "json").out)
    states = {item["check"]: item["state"] for item in document["findings"]}
    assert states["permissions"] == "look"
    assert states["key"] == "ok"
    files.checkpoints.write_bytes(b"")
    assert flopledger("doctor").code == 4


@pytest.mark.parametrize("when", ["before the head is read", "after it"])
def test_doctor_raises_no_alarm_beside_a_writer(
    tmp_path: Path, flopledger: Run, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    context = found(tmp_path)
    head, writers = SqliteStore.head, list[Thread]()

    def beside_a_writer(store: SqliteStore) -> Any:
        if not writers:
            writers.append(Thread(target=fill, args=(context, [said(0)])))
            if when == "after it":
                size = head(store)
                writers[0].start()
                writers[0].join(0.5)
                return size
            writers[0].start()
            writers[0].join(0.5)
        return head(store)

    monkeypatch.setattr(SqliteStore, "head", beside_a_writer)
    done = flopledger("doctor", "-f", "json")
    writers[0].join()
    states = {item["check"]: item["state"] for item in json.loads(done.out)["findings"]}
    assert (states["head"], done.code) == ("ok", 0), done.out


def test_doctor_and_appending_refuse_the_secret_of_another_ledger(flopledger: Run) -> None:
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    secret = Path("ledger.db.secret")
    right, wrong = secret.read_bytes(), b"ab" * 32
    assert flopledger("doctor").code == 0
    record = {"type": "lineage", **lineage("b", "a")}
    Path("r.jsonl").write_text(json.dumps(record))
    assert flopledger("record", "r.jsonl").code == 0
    secret.write_bytes(wrong)
    for flags in ([], ["--dry-run"]):
        done = flopledger("record", "r.jsonl", *flags)
        assert (done.code, "put back the .secret file" in done.err) == (4, True)
    doctor = flopledger("doctor", "-f", "json")
    states = {finding["check"]: finding["state"] for finding in json.loads(doctor.out)["findings"]}
    assert (doctor.code, states["secret"], states["key"]) == (4, "bad", "ok")
    secret.write_bytes(right)
    assert flopledger("record", "r.jsonl").err.startswith("0 new, 1 same")
    assert flopledger("doctor").code == 0
