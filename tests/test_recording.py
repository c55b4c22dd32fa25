"""Recording: records as JSON Lines, all of them or none."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import EVIDENCE, allocation
from tables import small_rules

from ledger.report.records import recorded_schema

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "recorded.v1.schema.json"
LINEAGE: dict[str, Any] = {
    "type": "lineage",
    "model": "b",
    "parent": "a",
    "relation": "derived",
    "same_provider": "no",
    "on": None,
    "evidence": EVIDENCE,
}


@pytest.fixture
def record(flopledger: Run, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Records objects in a new ledger; returns the JSON, checked against the schema."""
    rules = small_rules(tmp_path)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0

    def ran(code: int, *records: dict[str, Any], dry: bool = False) -> dict[str, Any]:
        Path("r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        flags = ["--dry-run"] if dry else []
        done = flopledger("--rules", str(rules), "record", "r.jsonl", *flags, "-f", "json")
        assert done.code == code, done.err
        document: dict[str, Any] = json.loads(done.out)
        jsonschema.validate(document, recorded_schema())
        return document

    return ran


def run_body(**changes: Any) -> dict[str, Any]:
    """An allocation as it is given to `record`."""
    return {"type": "allocation", **allocation("m", 5), **changes}


def test_recording_adds_each_record_once(
    record: Callable[..., dict[str, Any]], flopledger: Run
) -> None:
    first = record(0, LINEAGE, run_body(), LINEAGE)
    assert (first["new"], first["same"], first["entries"]) == (2, 1, [0, 1])
    again = record(0, run_body(), LINEAGE)
    assert (again["new"], again["same"], again["entries"]) == (0, 2, [])
    assert flopledger("verify").code == 0


def test_recording_keeps_confidential_fields_out_of_the_leaf(
    record: Callable[..., dict[str, Any]], flopledger: Run
) -> None:
    record(0, {**LINEAGE, "hidden": {"notes": "bought in secret"}})
    assert flopledger("export", "-o", "all.jsonl").code == 0
    assert "bought in secret" not in Path("all.jsonl").read_text()


def test_recording_of_a_known_key_with_other_content_is_a_finding(
    record: Callable[..., dict[str, Any]],
) -> None:
    record(0, run_body(key=["job", "17"]))
    done = record(1, LINEAGE, run_body(key=["job", "17"], operations="6"))
    assert (done["new"], done["changed"]) == (1, 1)
    (problem,) = done["problems"]
    assert (problem["line"], problem["code"]) == (2, "changed")
    assert "entry 0" in problem["message"]


def test_recording_dry_appends_nothing(record: Callable[..., dict[str, Any]]) -> None:
    assert record(0, LINEAGE, dry=True)["new"] == 1
    assert record(0, LINEAGE)["new"] == 1


def test_recording_one_bad_line_refuses_all(record: Callable[..., dict[str, Any]]) -> None:
    bad = {**LINEAGE, "relation": "copied"}
    done = record(2, LINEAGE, bad, {**bad, "type": "?"})
    assert (done["new"], done["refused"]) == (0, 2)
    assert [problem["line"] for problem in done["problems"]] == [2, 3]
    assert record(0, LINEAGE)["new"] == 1


def test_recording_a_reversal_and_its_replacement(
    record: Callable[..., dict[str, Any]], flopledger: Run
) -> None:
    record(0, run_body(key=["job", "17"]))
    shown = json.loads(flopledger("show", "0", "-f", "json").out)
    reversal = {
        "type": "reversal",
        "reverses": 0,
        "hash": shown["hash"],
        "reversed_type": "allocation",
        "reversed": shown["body"],
        "reason": "wrong_amount",
        "root_cause": None,
        "discovered_on": None,
    }
    done = record(0, reversal, run_body(key=["job", "17"], operations="6"))
    assert done["entries"] == [1, 2]
    assert flopledger("verify").code == 0


def test_recording_reads_stdin(
    flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(LINEAGE).encode())))
    done = flopledger("--rules", str(small_rules(tmp_path)), "record", "-")
    assert (done.code, done.err) == (0, "1 new, 0 same, 0 changed, 0 superseded, 0 refused\n")


def test_recording_passes_over_a_byte_order_mark_and_names_another_encoding(
    flopledger: Run, tmp_path: Path
) -> None:
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    rules = str(small_rules(tmp_path))
    line = json.dumps({**LINEAGE, "model": "größer"}, ensure_ascii=False)
    Path("bom.jsonl").write_bytes(line.encode("utf-8-sig"))
    assert flopledger("--rules", rules, "record", "bom.jsonl").code == 0
    for encoding, reason in (
        ("utf-16", "zero byte"),
        ("utf-16-le", "zero byte"),
        ("cp1252", "not UTF-8"),
    ):
        Path("wide.jsonl").write_bytes(line.encode(encoding))
        done = flopledger("--rules", rules, "record", "wide.jsonl")
        assert (done.code, "save the file as UTF-8" in done.err) == (2, True)
        assert reason in done.err


def test_recording_help_shows_a_reversal_and_no_pipe_that_fails(flopledger: Run) -> None:
    told = flopledger("record", "--help").out
    assert '{type: "reversal", reverses: .seq, hash,' in told
    assert "-f json | edit" not in told


def test_recording_names_a_missing_file(flopledger: Run, tmp_path: Path) -> None:
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    done = flopledger("--rules", str(small_rules(tmp_path)), "record", "none.jsonl")
    assert done.code == 2
    assert "none.jsonl" in done.err


def test_recording_schema_is_the_published_one() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == recorded_schema()
