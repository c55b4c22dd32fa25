from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import allocation

ROOT = Path(__file__).resolve().parent.parent
HOUR_US = 3600 * 10**6
BF16 = 989_400_000_000_000


def lines(*bodies: dict[str, Any]) -> str:
    return "".join(json.dumps({"type": "allocation", **body}) + "\n" for body in bodies)


def body(**changes: Any) -> dict[str, Any]:
    """1,024 H100 for the whole of one day."""
    return allocation(
        **{
            "start": "2026-03-10T00:00:00Z",
            "end": "2026-03-11T00:00:00Z",
            "device": "nvidia-h100-sxm5",
            "milli_devices": 1_024_000,
            "device_us": str(24_576 * HOUR_US),
            "scale_up_gb_per_s": 900,
            "scale_up_domain": 8,
            "scale_out_gbit_per_s": 400,
            "topology": "non_blocking",
            "concurrent_devices": 1024,
            "peak_operations_per_s": str(BF16),
            "ceiling_operations": str(24_576 * 3600 * BF16),
            **changes,
        }
    )


@pytest.fixture
def recorded(flopledger: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The program over a ledger of two days, one of them not fully described."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1775000000")  # 2026-03-31
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    later = {"start": "2026-04-10T00:00:00Z", "end": "2026-04-11T00:00:00Z", "run": "later"}
    Path("records.jsonl").write_text(
        lines(body(), body(run="vague", topology="unknown"), body(**later)), "utf-8"
    )
    assert flopledger("record", "records.jsonl").code == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795392000")  # 2026-11-23
    return flopledger


def test_position_command_prints_the_published_document(recorded: Callable[..., Any]) -> None:
    ran = recorded("position", "-f", "json")
    assert ran.code == 0
    document = json.loads(ran.out)
    schema = json.loads((ROOT / "schemas" / "position.v1.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    assert document["ledger"]["origin"] == "ledger.example/lab-a"
    assert document["ledger"]["size"] == 3
    assert [row["interconnect"]["grade"] for row in document["rows"]] == ["H", None]
    assert document["rows"][0]["device_hours"]["decimal"] == "49152"
    assert document["rows"][0]["period"]["last"] == "2026-04"
    assert document["gaps"][0]["missing"] == ["topology"]
    assert recorded("position", "-f", "json").out == ran.out


def test_position_command_is_bounded_by_day_and_by_recording(recorded: Callable[..., Any]) -> None:
    march = json.loads(recorded("position", "--as-of", "2026-03-31", "-f", "json").out)
    assert march["rows"][0]["device_hours"]["decimal"] == "24576"
    early = recorded("position", "--recorded-by", "2026-01-01T00:00:00Z", "-f", "json")
    document = json.loads(early.out)
    assert early.code == 0
    assert (document["rows"], document["coordinates"]["recorded_by"]) == ([], None)
    assert document["ledger"]["size"] == 3


def test_position_command_writes_tables_and_csv(recorded: Callable[..., Any]) -> None:
    table = recorded("position", "--by-month")
    assert "Could not be graded or stated, and why" in table.out
    assert "2026-04" in table.out
    assert recorded("position", "-o", "held.csv").code == 0
    assert "88473600000000" in Path("held.csv").read_text("utf-8")


def test_position_command_refuses_a_bad_day(recorded: Callable[..., Any]) -> None:
    ran = recorded("position", "--as-of", "23.11.2026")
    assert (ran.code, ran.out) == (2, "")
    assert "write it as 2026-11-22" in ran.err


def test_position_command_refuses_a_cut_database(recorded: Callable[..., Any]) -> None:
    notes = Path("ledger.db.checkpoints").read_bytes()
    Path("ledger.db.checkpoints").write_bytes(notes.replace(b"\n3\n", b"\n4\n"))
    assert recorded("position").code == 4


def test_position_command_trusts_no_unsigned_checkpoint(recorded: Callable[..., Any]) -> None:
    path = Path("ledger.db.checkpoints")
    head, mark, signature = path.read_bytes().rpartition(b" ")
    changed = signature[:40] + (b"A" if signature[40:41] != b"A" else b"B") + signature[41:]
    path.write_bytes(head + mark + changed)
    ran = recorded("position")
    assert (ran.code, ran.out) == (4, "")
    assert "signature" in ran.err


def test_the_forward_book_has_no_reconciled_grades(recorded: Callable[..., Any]) -> None:
    ran = recorded("position", "--book", "--reconciled")
    assert (ran.code, ran.out) == (2, "")
    assert "--book and --reconciled" in ran.err
