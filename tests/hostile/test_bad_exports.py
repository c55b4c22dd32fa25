"""Exports of other programs that are damaged or joined: refused whole, and nothing is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue, small_rules

from ledger.importers.epoch import IMPORTER as EPOCH
from ledger.importers.json_text import parse_json, repeated_fields
from ledger.importers.line_error import LineError
from ledger.importers.telemetry import IMPORTER as TELEMETRY

Run = Callable[..., Any]

DEMO = Path(__file__).resolve().parent.parent.parent / "ledger" / "_demo" / "h100"
NOON = int(datetime(2025, 4, 21, 12, tzinfo=UTC).timestamp()) * 1000
TRAINER = ("--source", "trainer", "--set", "not_after=2026-11-22")


def facts(*changes: tuple[str, str]) -> str:
    """The facts of a shipped run, one field a line, with some text replaced."""
    text = json.dumps(json.loads((DEMO / "run_lora-bf16.json").read_text()), indent=1)
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def log(*, start: int = NOON) -> str:
    """An MLPerf log of one run."""
    keys = (("init_start", 0), ("run_start", 60_000), ("run_stop", 90_000))
    marks = ({"key": key, "time_ms": start + ms, "metadata": {}} for key, ms in keys)
    return "".join(f":::MLLOG {json.dumps(mark)}\n" for mark in marks)


def line_of(text: str, part: str) -> int:
    """The last line that holds a text."""
    return max(n for n, line in enumerate(text.splitlines(), start=1) if part in line)


COUNTED = '"flop_counted": 6331061504049152'
EXPONENT = facts((COUNTED, '"flop_counted": 1e25'))
TWICE = facts(('"gpus": 1', '"gpus": 1,\n "flop_counted": 7'))
STATE = '{"total_flos": 3.0,\n"log_history": [],\n"global_step": 1,\n"total_flos": 5.0}'

BAD = [
    ("run_lora-bf16.json", EXPONENT, ("--source", "telemetry"), line_of(EXPONENT, "1e25"), "float"),
    ("run_lora-bf16.json", TWICE, ("--source", "telemetry"), line_of(TWICE, ": 7"), "twice"),
    ("trainer_state.json", STATE, TRAINER, 4, "'total_flos' stands twice"),
    ("trainer_state.json", "{}\n{}", TRAINER, 2, "two files in one"),
    ("result_0.txt", log() + log(), ("--source", "mlperf"), 4, "two logs in one file"),
    ("result_0.txt", log() + log(start=NOON * 2), ("--source", "mlperf"), 4, "two logs in one"),
]


@pytest.mark.parametrize(("name", "text", "how", "line", "reason"), BAD)
def test_bad_export_is_refused_with_its_line_and_nothing_is_recorded(
    flopledger: Run,
    tmp_path: Path,
    *,
    name: str,
    text: str,
    how: tuple[str, ...],
    line: int,
    reason: str,
) -> None:
    rules = str(small_rules(tmp_path))
    flopledger("init", "--origin", "ledger.example/lab-a")
    place = Path("training_v5.0/results/Acme/box/llama31_405b") / name
    place.parent.mkdir(parents=True)
    place.write_text(text)
    described = Path("training_v5.0/systems/Acme/box.json")
    described.parent.mkdir(parents=True)
    system = {"number_of_nodes": 1, "accelerators_per_node": 8, "accelerator_model_name": "H"}
    described.write_text(json.dumps(system))
    done = flopledger("--rules", rules, "import", str(place), *how)
    assert done.code == 2
    assert f"{place}:{line}: refused[" in done.err
    assert reason in done.err
    assert "  why: " in done.err or "two files" in reason
    assert "  next: " in done.err
    assert "0 new" in done.err
    assert json.loads(flopledger("status", "-f", "json").out)["size"] == 0


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        (COUNTED, '"flop_counted": 1e25', "all the digits, 10000000000000000000000000"),
        ('"flop_6nd": 7410466846408704', '"flop_6nd": 6.0E5', "600000"),
        ('"tokens": 4046848', '"tokens": 4.046848e6', "4046848"),
        ('"steps": 247', '"steps": 1.5e0', "a whole number"),
        ('"aten.mm": 9963787255808', '"aten.mm": 6e4', "60000"),
    ],
)
def test_bad_count_with_an_exponent_is_refused_with_its_digits(
    tmp_path: Path, old: str, new: str, remedy: str
) -> None:
    run = tmp_path / "run_lora-bf16.json"
    run.write_text(facts((old, new)))
    reading = TELEMETRY.read(run, {}, catalogue())
    (refused,) = reading.problems
    assert (refused.severity, reading.drafts) == ("refused", ())
    assert refused.line == line_of(run.read_text(), new)
    assert remedy in refused.remedy


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", None, "empty"),
        ("Model,Organization".encode("utf-16"), 1, "UTF-16"),
        (b"Model,Organization\n\0\n", 2, "NUL byte"),
        (b"Model,Organization\n\xe9\n", 2, "not UTF-8"),
        (b"\x1f\x8bnothing", None, "cannot be read"),
    ],
)
def test_bad_encoding_of_a_published_table_is_named(
    tmp_path: Path, data: bytes, line: int | None, reason: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    (refused,) = EPOCH.read(path, {}, catalogue()).problems
    assert (refused.severity, refused.line) == ("refused", line)
    assert reason in refused.message


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ('{"a": 1,\n"b": {"a": 2},\n"a": 3}', "a", 3),
        ('[{"x": 1}, {"x": 1,\n"y": "x",\n"x": 2}]', "x", 3),
        ('{"k\\"": ":", \n"k\\u0022": 2}', 'k"', 2),
    ],
)
def test_bad_json_names_the_second_of_two_fields(text: str, name: str, line: int) -> None:
    (field,) = repeated_fields(text)
    assert (field.name, field.line) == (name, line)
    with pytest.raises(LineError, match="stands twice") as refused:
        parse_json(text, line=10)
    assert refused.value.line == 9 + line
    assert parse_json(text, once={"other"}) == json.loads(text)
