"""Bad input is refused with its file, line, reason and remedy; nothing of it is recorded."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import ROW, catalogue, csv_text, pack, read_csv, small_rules

from ledger.importers import stored
from ledger.importers.columns import COLUMNS
from ledger.importers.csv import IMPORTER
from ledger.journeys.json_lines import Lines
from ledger.journeys.recording import record_lines
from ledger.log import Appended
from ledger.record import Draft, Whole, draft_of
from ledger.regime.vocabulary import load_vocabulary

Run = Callable[..., Any]

CELLS = [
    ({"operations": "1e25"}, "exponent", "write 1*10^25"),
    ({"operations": "3.8E+25"}, "exponent", "3.8*10^25"),
    ({"devices": "5e2"}, "exponent", "write devices"),
    ({"operations": "10^25 FLOPS"}, "number-form", "digits"),
    ({"operations": "0.5"}, "number-form", "whole number"),
    ({"operations": "10^29"}, "number-form", "10^28"),
    ({"operations": "+7"}, "number-form", "digits"),
    ({"operations": "٣"}, "number-form", "digits"),
    ({"operations": "-5"}, "negative", "flopledger record"),
    ({"devices": "1.0005"}, "number-form", "three decimals"),
    ({"devices": "-8"}, "negative", "flopledger record"),
    ({"devices": "0"}, "device-time-zero", "leave the row out"),
    ({"devices": "", "device_hours": "-3"}, "negative", "flopledger record"),
    ({"devices": "", "device_hours": "0.000000001"}, "device-time-parts", "eight decimals"),
    ({"device_hours": "1"}, "device-time-differs", "agree"),
    ({"operations": "NaN"}, "not-a-value", "empty"),
    ({"model": "nan"}, "not-a-value", "empty"),
    ({"developer": "NULL"}, "not-a-value", "empty"),
    ({"run": ""}, "missing-value", "fill it"),
    ({"run": "r\x07"}, "text-form", "control"),
    ({"run": "x" * 201}, "text-form", "200"),
    ({"activity": "pretraining"}, "unknown-word", "nearest: pretrain"),
    ({"precision": "bfloat16"}, "unknown-word", "bf16"),
    ({"topology": "fat tree"}, "unknown-word", "torus"),
    ({"device": "nvidia-h100-sxm"}, "unknown-device", "nvidia-h100-sxm5"),
    ({"device": "NVIDIA H100"}, "unknown-device", "nvidia-h100-pcie"),
    ({"start": "2026-03-01 00:00:00"}, "time-zone", "with Z"),
    ({"start": "2026-03-01T00:00:00+01:00"}, "time-zone", "UTC"),
    ({"start": "2026-03-01T00:00:00"}, "time-zone", "2026-11-22T10:00:00Z"),
    ({"start": "2026-02-30T00:00:00Z"}, "time-form", "2026-11-22T10:00:00Z"),
    ({"start": "2026-03-01T24:00:00Z"}, "time-form", "2026-11-22T10:00:00Z"),
    ({"start": "2026-03-01T00:00:60Z"}, "time-form", "2026-11-22T10:00:00Z"),
    ({"start": "2126-03-01T00:00:00Z"}, "time-form", "check the year"),
    ({"end": "9999-03-01T00:00:00Z"}, "time-form", "check the year"),
    ({"start": "", "end": "", "not_after": "0000-01-01"}, "time-form", "leave it empty"),
    ({"run": "r\u202e7"}, "text-form", "write it without"),
    ({"model": "falcon\u00a02"}, "text-form", "write it without"),
    ({"start": "01/03/2026"}, "time-form", "2026-11-22T10:00:00Z"),
    ({"start": "", "end": "", "not_after": "2026-02-30"}, "time-form", "2026-11-22"),
    ({"start": "2026-03-01T06:00:00Z"}, "period-order", "later"),
    ({"end": "2026-02-01T00:00:00Z"}, "period-order", "later"),
    ({"end": "2062-03-01T06:00:00Z"}, "period-long", "years"),
    ({"end": ""}, "period-half", "both"),
    ({"start": "", "end": ""}, "period-missing", "not_after"),
    ({"not_after": "2026-03-01"}, "period-twice", "not_after"),
    ({"operations_low": "39*10^20"}, "bounds-order", "operations_low <= operations"),
    ({"operations_high": "1"}, "bounds-order", "<= operations_high"),
    ({"precision": "int8", "operation_kind": "float"}, "kind-differs", "operation_kind"),
    ({"evidence_sha256": "ABC"}, "digest-form", "64 hex"),
    ({"scale_up_domain": "0"}, "number-form", "above 0"),
]


@pytest.mark.parametrize(("change", "code", "remedy"), CELLS)
def test_bad_cell_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, str], code: str, remedy: str
) -> None:
    good: dict[str, str] = {"run": "good"}
    reading = read_csv(tmp_path / "bad.csv", csv_text(good, change))
    (problem,) = [p for p in reading.problems if p.severity == "refused"]
    assert (problem.code, problem.line) == (code, 3)
    assert problem.source.endswith("bad.csv")
    assert problem.message
    assert remedy in problem.remedy
    assert [draft.body["run"] for draft in reading.drafts] == ["good"]


FILES = [
    (csv_text({}).encode().replace(b"r-7", b"r\xe97"), "encoding", 2, "UTF-8"),
    (csv_text({}).encode("utf-16"), "encoding", 1, "UTF-8"),
    (csv_text({}).encode().replace(b"r-7", b"r\0"), "encoding", 2, "UTF-8"),
    (b"", "not-csv", 1, "names of the columns"),
    (csv_text({}).replace(",", ";").encode(), "not-csv", 1, "commas"),
    (csv_text({}).replace(",", "\t").encode(), "not-csv", 1, "commas"),
    (b'run,model,activity\n"r,m,sft\n', "not-csv", 2, "quote"),
    (b'run,model,activity\n"r"x,m,sft\n', "not-csv", 2, "quote"),
    (csv_text({"gpus": "8"}).encode(), "unknown-column", 1, "nearest: devices"),
    (csv_text({"activty": "sft"}).encode(), "unknown-column", 1, "nearest: activity"),
    (csv_text({"input.Tokens": "8"}).encode(), "unknown-column", 1, "drop it"),
    (csv_text({}).replace("device,", "run,").encode(), "repeated-column", 1, "one of them"),
    (b"run,model\nr,m\n", "missing-column", 1, "activity"),
    ((csv_text({}) + csv_text({"run": "r8"})).encode(), "second-header", 3, "cut the file"),
    (csv_text({"notes": '"x"'}).encode() * 2, "second-header", 3, "cut the file"),
    (csv_text({}).encode() + b"run,model,activity\n", "second-header", 3, "cut the file"),
    (csv_text({}).encode() + b"r,m,sft\n", "ragged-row", 3, "missing"),
    (csv_text({}).encode() + b"r" + b"," * 40 + b"\n", "ragged-row", 3, "comma"),
    (csv_text({"notes": '"x"'}).encode() + b"r,m\n", "ragged-row", 3, "missing"),
    (csv_text({"id": "a"}, {"id": "a", "run": "r8"}).encode(), "repeated-id", 2, "own id"),
]


@pytest.mark.parametrize(("data", "code", "line", "remedy"), FILES)
def test_bad_file_is_refused_with_its_line(
    tmp_path: Path, data: bytes, code: str, line: int, remedy: str
) -> None:
    reading = read_csv(tmp_path / "bad.csv", data)
    problem = next(p for p in reading.problems if p.severity == "refused")
    assert (problem.code, problem.line) == (code, line)
    assert remedy in problem.remedy


def test_bad_rows_are_all_named_at_once(tmp_path: Path) -> None:
    text = csv_text({"operations": "1e25", "precision": "x"}, {}, {"device": "H1000", "end": ""})
    reading = read_csv(tmp_path / "bad.csv", text)
    found = [(p.line, p.code) for p in reading.problems if p.severity == "refused"]
    assert sorted(found) == [(2, "exponent"), (2, "unknown-word"), (4, "unknown-device")]


@settings(max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from(sorted(COLUMNS)),
        st.one_of(
            st.sampled_from(["", "0", "1", "-1", "1e9", "2026-03-01", "nan", "own", "10^25"]),
            st.text(st.characters(codec="utf-8", exclude_characters='\0"'), max_size=12),
        ),
        max_size=4,
    )
)
def test_any_cells_are_recorded_validly_or_refused(
    tmp_path_factory: pytest.TempPathFactory, change: dict[str, str]
) -> None:
    names = list(dict.fromkeys([*ROW, *change]))
    cells = ['"' + {**ROW, **change}[name] + '"' for name in names]
    text = ",".join(names) + "\n" + ",".join(cells) + "\n"
    reading = read_csv(tmp_path_factory.mktemp("any") / "t.csv", text)
    for draft in reading.drafts:
        draft_of("allocation", draft.body, hidden=draft.hidden, key=draft.key[1:])
    refused = [p for p in reading.problems if p.severity == "refused"]
    assert bool(refused) != bool(reading.drafts)


@pytest.fixture
def ledger(flopledger: Run, tmp_path: Path) -> Run:
    """The program with a new ledger and small rules in the folder where it runs."""
    rules = small_rules(tmp_path)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    return lambda *arguments: flopledger("--rules", str(rules), *arguments)


class NoLedger:
    """A ledger to which nothing may be appended."""

    def append(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        raise AssertionError(f"{len(drafts) + len(vanished)} records were appended")

    preview = append


def size(flopledger: Run) -> int:
    """How many entries the ledger holds."""
    note = flopledger("checkpoint", "show").out
    return int(note.splitlines()[1])


@pytest.mark.parametrize(("change", "code", "remedy"), CELLS[::9])
def test_import_of_a_bad_file_adds_nothing(
    ledger: Run, change: dict[str, str], code: str, remedy: str
) -> None:
    Path("bad.csv").write_text(csv_text({"run": "good"}, change))
    done = ledger("import", "bad.csv", "--source", "csv")
    assert done.code == 2
    assert f"bad.csv:3: refused[{code}]" in done.err
    assert remedy in done.err
    assert "Traceback" not in done.err
    assert size(ledger) == 0


LINEAGE = {
    "type": "lineage",
    "model": "b",
    "parent": "a",
    "relation": "derived",
    "same_provider": "no",
    "on": None,
    "evidence": {
        "source_kind": "assertion",
        "file_sha256": None,
        "locator": "",
        "importer": "hand",
        "importer_version": "1",
    },
}
FACT = {
    "type": "fact",
    "subject": "model:b",
    "name": "model.is_modification",
    "value": {"kind": "boolean", "value": True},
    "valid_from": None,
    "valid_until": None,
    "evidence": LINEAGE["evidence"],
}

LINES = [
    ('{"type": "lineage", "model": "b", "model": "c"}', "stands twice"),
    (json.dumps(LINEAGE).replace("null", "1e25", 1), "1e25 is a float"),
    (json.dumps(LINEAGE).replace("null", "1.0", 1), "1.0 is a float"),
    (json.dumps(LINEAGE).replace("null", "NaN", 1), "NaN is not a number"),
    (json.dumps(LINEAGE).replace("null", "-Infinity", 1), "not a number"),
    (json.dumps(LINEAGE).replace("null", "9007199254740993", 1), "beyond 2^53"),
    (json.dumps({**LINEAGE, "colour": "red"}), "colour"),
    (json.dumps({**LINEAGE, "type": "linage"}), "'linage' is unknown"),
    (json.dumps({k: v for k, v in LINEAGE.items() if k != "relation"}), "relation"),
    (json.dumps({**LINEAGE, "parent": "b"}), "own parent"),
    (json.dumps({**LINEAGE, "hidden": {"price": "1"}}), "price"),
    (json.dumps({**FACT, "name": "model.is_modificatoin"}), "not a fact of the vocabulary"),
    (json.dumps({**FACT, "subject": "developer:acme"}), "a fact of a model"),
    (json.dumps({**FACT, "value": {"kind": "text", "value": "yes"}}), "not a text"),
    (json.dumps({**FACT, "value": {"kind": "text", "value": "perhaps"}}), "neither yes nor no"),
    ("[1, 2]", "not an object"),
    ('{"type": "lineage"', "not JSON"),
    ("[" * 100_000, "nested too deep"),
    ("lineage b a", "not JSON"),
]


@pytest.mark.parametrize(("line", "message"), LINES)
def test_record_of_a_bad_line_names_it(line: str, message: str) -> None:
    text = f"{json.dumps(LINEAGE)}\n\n{line}\n"
    lines = Lines(text.encode(), "bad.jsonl")
    done = record_lines(NoLedger(), lines, (load_vocabulary(pack()), date(2026, 11, 23)))
    (problem,) = done.problems
    assert (problem.source, problem.line, problem.severity) == ("bad.jsonl", 3, "refused")
    assert message in problem.message
    assert problem.remedy
    assert (done.new, done.refused) == (0, 1)


@pytest.mark.parametrize(("line", "message"), LINES[::6])
def test_record_of_a_bad_line_adds_nothing(ledger: Run, line: str, message: str) -> None:
    Path("bad.jsonl").write_text(f"{json.dumps(LINEAGE)}\n\n{line}\n")
    done = ledger("record", "bad.jsonl")
    assert done.code == 2
    assert "bad.jsonl:3: refused[" in done.err
    assert message in done.err
    assert "  next: " in done.err
    assert "Traceback" not in done.err
    assert size(ledger) == 0


def test_record_of_another_encoding_is_refused(ledger: Run) -> None:
    Path("bad.jsonl").write_bytes(json.dumps(LINEAGE).encode("utf-16"))
    done = ledger("record", "bad.jsonl")
    assert done.code == 2
    assert "UTF-16" in done.err
    assert size(ledger) == 0


def test_bad_settings_and_paths_are_refused(ledger: Run) -> None:
    Path("t.csv").write_text(csv_text({}))
    for arguments, word in (
        (["t.csv", "--source", "csv", "--set", "zone=UTC"], "no setting 'zone'"),
        (["t.csv", "--source", "csv", "--set", "zone"], "NAME=VALUE"),
        (["t.csv", "--source", "cvs"], "--source csv"),
        (["none.csv", "--source", "csv"], "none.csv"),
        (["none.csv"], "none.csv"),
        ([str(Path(__file__))], "no importer knows"),
    ):
        done = ledger("import", *arguments)
        assert (done.code, word in done.err) == (2, True), (arguments, done.err)
        assert "Traceback" not in done.err
    assert size(ledger) == 0


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    (refused,) = IMPORTER.read(tmp_path, {}, catalogue()).problems
    assert "cannot be read" in refused.message
    assert (refused.source, refused.severity) == (str(tmp_path), "refused")


def test_file_larger_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "STORED_MAX", 1000)
    bomb = gzip.compress(csv_text(*[{}] * 20).encode())
    assert len(bomb) < 1000
    for data in (csv_text(*[{}] * 20), bomb):
        (refused,) = read_csv(tmp_path / "t.csv", data).problems
        assert "more than 1,000 bytes" in refused.message


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    (refused,) = read_csv(tmp_path / "t.csv", b"\x1f\x8bnot gzip at all").problems
    assert "cannot be unzipped" in refused.message
