"""The CSV importer: what a row becomes."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import ROW, catalogue, csv_text, read_csv

from ledger.errors import InputError, MissingError
from ledger.importers import MODULES, load, recognise
from ledger.importers.columns import COLUMNS
from ledger.importers.csv import IMPORTER
from ledger.importers.decimals import exact_fraction, exact_operations
from ledger.importers.shares import ordered, shares
from ledger.record import draft_of

HOUR_US = 3_600_000_000
PAGE = Path(__file__).resolve().parent.parent / "schemas" / "csv.v1.md"


def only(path: Path, change: dict[str, str | None]) -> dict[str, Any]:
    """The body of the one record that a changed row becomes."""
    reading = read_csv(path / "t.csv", csv_text(change))
    assert not [p for p in reading.problems if p.severity != "note"], reading.problems
    (draft,) = reading.drafts
    return draft.body


def test_csv_row_becomes_a_valid_allocation(tmp_path: Path) -> None:
    text = csv_text({"site": "lux-2", "notes": "restarted", "input.tokens": "15*10^12"})
    reading = read_csv(tmp_path / "t.csv", text)
    (draft,) = reading.drafts
    again = draft_of("allocation", draft.body, hidden=draft.hidden, key=draft.key[1:])
    assert again == draft
    assert draft.hidden == {"site": "lux-2", "notes": "restarted"}
    assert draft.body["method_inputs"] == {"tokens": "15*10^12"}
    assert draft.body["operations"] == "3800000000000000000000"
    assert draft.body["milli_devices"] == 512_000
    assert draft.body["device_us"] == str(512 * 6 * HOUR_US)
    assert draft.body["catalogue_digest"] == catalogue().digest
    assert draft.body["evidence"] == {
        "source_kind": "assertion",
        "file_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "locator": "line 2",
        "importer": "csv",
        "importer_version": "1",
    }
    assert reading.runs == 1
    assert list(reading.lines or ()) == [2]


def test_csv_ceiling_is_device_time_by_dense_peak(tmp_path: Path) -> None:
    body = only(tmp_path, {"devices": "0.001", "end": "2026-03-01T00:00:00.001Z", "operations": ""})
    peak = catalogue().find("nvidia-h100-sxm5").peak("bf16")
    assert peak is not None
    assert (body["device_us"], body["end_ms"]) == ("1", 1)
    assert body["peak_operations_per_s"] == str(peak)
    assert body["ceiling_operations"] == str(peak // 10**6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sparsity": "structured"}, "sparsity is structured"),
        ({"sparsity": ""}, "sparsity is unknown"),
        ({"precision": ""}, "the precision is unknown"),
        ({"device": ""}, "no device is stated"),
        ({"devices": ""}, "no device time is stated"),
        ({"precision": "fp4"}, "no fp4 peak for nvidia-h100-sxm5"),
    ],
)
def test_csv_without_a_dense_peak_has_no_ceiling(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    bare = {"operations": "", **change}
    reading = read_csv(tmp_path / "t.csv", csv_text(bare, bare, change))
    assert [draft.body["ceiling_operations"] for draft in reading.drafts] == [None] * 3
    (note,) = [p for p in reading.problems if p.code == "no-ceiling"]
    assert note.severity == "note"
    assert reason in note.message
    assert note.message.startswith("2 rows state no operations and have no ceiling")


def test_csv_absent_cells_are_unknown_and_never_zero(tmp_path: Path) -> None:
    (draft,) = read_csv(
        tmp_path / "t.csv", "run,model,activity,not_after\nr,m,unknown,2026-03-01\n"
    ).drafts
    body = draft.body
    assert body["not_after"] == "2026-03-01"
    for name in ("developer", "device", "milli_devices", "device_us", "operations", "start"):
        assert body[name] is None, name
    assert (body["precision"], body["operation_kind"], body["sparsity"]) == ("unknown",) * 3
    assert (body["extent"], body["role"], body["status"], body["method"]) == (
        "own",
        "primary",
        "final",
        "none",
    )


@pytest.mark.parametrize(("precision", "kind"), [("fp8", "float"), ("int8", "integer")])
def test_csv_operation_kind_follows_from_the_precision(
    tmp_path: Path, precision: str, kind: str
) -> None:
    assert only(tmp_path, {"precision": precision})["operation_kind"] == kind


def test_csv_alias_becomes_the_catalogue_id(tmp_path: Path) -> None:
    alias = catalogue().devices["nvidia-h100-sxm5"].aliases[0]
    assert only(tmp_path, {"device": alias})["device"] == "nvidia-h100-sxm5"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("0", "0"),
        ("3.8*10^22", "38000000000000000000000"),
        ("10^20", "100000000000000000000"),
        ("1_000", "1000"),
        ("9007199254740993", "9007199254740993"),
    ],
)
def test_csv_operations_are_exact(tmp_path: Path, text: str, digits: str) -> None:
    reading = read_csv(tmp_path / "t.csv", csv_text({"operations": text}))
    assert reading.drafts[0].body["operations"] == digits


def test_csv_device_hours_are_exact_and_may_stand_for_devices(tmp_path: Path) -> None:
    body = only(tmp_path, {"devices": "", "device_hours": "12.000000005", "operations": ""})
    assert body["device_us"] == str(12 * HOUR_US + 18)
    assert body["milli_devices"] is None
    assert only(tmp_path, {"device_hours": "3072.000"})["milli_devices"] == 512_000


def test_csv_row_over_midnight_is_cut_exactly(tmp_path: Path) -> None:
    change = {
        "id": "a",
        "start": "2026-02-28T23:59:59.500Z",
        "end": "2026-03-02T00:00:00.001Z",
        "devices": "0.333",
        "operations": "1000000000001",
        "operations_low": "1000000000000",
        "operations_high": "1000000000001",
        "operations_executed": "7",
    }
    reading = read_csv(tmp_path / "t.csv", csv_text(change))
    bodies: list[dict[str, Any]] = [draft.body for draft in reading.drafts]
    assert [(b["start"], b["start_ms"], b["end"], b["end_ms"]) for b in bodies] == [
        ("2026-02-28T23:59:59Z", 500, "2026-03-01T00:00:00Z", 0),
        ("2026-03-01T00:00:00Z", 0, "2026-03-02T00:00:00Z", 0),
        ("2026-03-02T00:00:00Z", 0, "2026-03-02T00:00:00Z", 1),
    ]
    assert [b["device_us"] for b in bodies] == [str(333 * ms) for ms in (500, 86_400_000, 1)]
    for name in ("operations", "operations_low", "operations_high", "operations_executed"):
        assert sum(int(b[name]) for b in bodies) == int(change[name]), name
    for draft in reading.drafts:
        draft_of("allocation", draft.body, hidden=draft.hidden, key=draft.key[1:])
    assert [draft.key[-1] for draft in reading.drafts] == ["0", "1", "2"]


def test_csv_band_of_a_row_over_midnight_stays_around_its_figure(tmp_path: Path) -> None:
    # One, twenty-four and three hours: the largest remainders of 14 and 15 cross on the first day.
    change = {"start": "2026-03-01T23:00:00Z", "end": "2026-03-03T03:00:00Z"}
    amounts = {"operations_low": "14", "operations": "15", "operations_high": "15"}
    assert shares(14, [1, 24, 3])[0] > shares(15, [1, 24, 3])[0]
    drafts = read_csv(tmp_path / "t.csv", csv_text({**change, **amounts})).drafts
    for name, total in amounts.items():
        assert sum(int(str(draft.body[name])) for draft in drafts) == int(total)
    for draft in drafts:
        low, point, high = (int(str(draft.body[name])) for name in amounts)
        assert low <= point <= high


def test_csv_hours_of_a_row_over_midnight_add_up(tmp_path: Path) -> None:
    change = {"end": "2026-03-03T00:00:00.007Z", "devices": "", "device_hours": "0.00000001"}
    reading = read_csv(tmp_path / "t.csv", csv_text({**change, "operations": "5"}))
    assert sum(int(str(d.body["device_us"])) for d in reading.drafts) == 36
    assert sum(int(str(d.body["operations"])) for d in reading.drafts) == 5


def test_csv_a_day_that_ends_at_midnight_is_not_cut(tmp_path: Path) -> None:
    body = only(tmp_path, {"end": "2026-03-02T00:00:00Z"})
    assert body["end"] == "2026-03-02T00:00:00Z"


def test_csv_operations_above_the_ceiling_are_a_finding(tmp_path: Path) -> None:
    ceiling = only(tmp_path, {"operations": ""})["ceiling_operations"]
    only(tmp_path, {"operations": ceiling})
    reading = read_csv(tmp_path / "t.csv", csv_text({"operations": str(int(ceiling) + 1)}))
    (problem,) = reading.problems
    assert (problem.severity, problem.code, problem.line) == ("finding", "above-ceiling", 2)
    assert "a leg above its own ceiling" in problem.message
    assert len(reading.drafts) == 1


def test_csv_key_is_the_id_or_what_the_row_is(tmp_path: Path) -> None:
    rows: list[dict[str, str | None]] = [{}, {}, {"operations": "5"}, {"id": "x"}, {"run": "r-8"}]
    reading = read_csv(tmp_path / "t.csv", csv_text(*rows))
    keys = [draft.key for draft in reading.drafts]
    assert len(set(keys)) == 5
    assert [key[-1] for key in keys] == ["0", "1", "2", "0", "0"]
    assert keys[3] == ("allocation", "csv", "id", "x", "0")


def test_csv_repeated_row_is_recorded_and_pointed_out(tmp_path: Path) -> None:
    reading = read_csv(tmp_path / "t.csv", csv_text({}, {"run": "r-8"}, {}))
    (problem,) = reading.problems
    assert (problem.code, problem.severity, problem.line) == ("repeated-row", "finding", 4)
    assert len(reading.drafts) == 3


def test_csv_quotes_commas_line_ends_and_blank_lines_keep_their_places(tmp_path: Path) -> None:
    head = "run,model,activity,not_after,notes"
    text = f'{head}\r\n"r,1",m,sft,2026-03-01,"two\r\nlines"\r\n\r\nr2,m,sft,2026-03-01,\r\n'
    reading = read_csv(tmp_path / "t.csv", text)
    assert [draft.body["run"] for draft in reading.drafts] == ["r,1", "r2"]
    assert reading.drafts[0].hidden == {"notes": "two\nlines"}
    assert list(reading.lines or ()) == [2, 5]


def test_csv_blank_lines_without_quotes_keep_their_places(tmp_path: Path) -> None:
    text = "run,model,activity,not_after\n\nr,m,sft,2026-03-01\n\n\nr2,m,sft,2026-03-01"
    assert list(read_csv(tmp_path / "t.csv", text).lines or ()) == [3, 6]


def test_csv_byte_order_mark_gzip_and_white_space_change_nothing(tmp_path: Path) -> None:
    plain = csv_text({})
    spaced = plain.replace(",", " , ")
    want = read_csv(tmp_path / "t.csv", plain).drafts[0]
    for data in (b"\xef\xbb\xbf" + plain.encode(), gzip.compress(plain.encode()), spaced.encode()):
        draft = read_csv(tmp_path / "t.csv", data).drafts[0]
        assert draft.key == want.key
        assert {**draft.body, "evidence": None} == {**want.body, "evidence": None}


def test_csv_header_alone_holds_no_records(tmp_path: Path) -> None:
    reading = read_csv(tmp_path / "t.csv", "run,model,activity\n")
    assert (len(reading.drafts), reading.problems, reading.runs) == (0, (), 0)


def test_csv_drafts_slice_like_any_sequence(tmp_path: Path) -> None:
    drafts = read_csv(tmp_path / "t.csv", csv_text(*({"run": f"r{i}"} for i in range(7)))).drafts
    runs = [draft.body["run"] for draft in drafts]
    assert runs == [f"r{i}" for i in range(7)]
    assert [draft.body["run"] for draft in drafts[2:5]] == runs[2:5]
    assert [draft.body["run"] for draft in drafts[::-2]] == runs[::-2]
    assert drafts[-1].body["run"] == "r6"
    with pytest.raises(IndexError):
        _ = drafts[7]


def test_csv_page_describes_every_column(tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    for column in COLUMNS.values():
        form = " ".join(f"`{word}`" for word in column.words) or column.form.value
        absent = f"`{column.absent}`" if column.absent in column.words else column.absent
        absent = "refused" if column.required else absent
        unit = column.unit or "–"
        row = (
            f"| `{column.name}` | {column.meaning} | {unit} | {form} | {absent} "
            f"| `{column.example}` |"
        )
        assert row in page, f"write in schemas/csv.v1.md: {row}"
    example = page.split("```")[1].strip() + "\n"
    reading = read_csv(tmp_path / "t.csv", example)
    assert [d.body["activity"] for d in reading.drafts] == ["pretrain", "pretrain", "eval"]
    assert not [p for p in reading.problems if p.severity != "note"]


@pytest.mark.parametrize("name", [name for name in COLUMNS if name not in ROW])
def test_csv_example_of_each_column_is_accepted(tmp_path: Path, name: str) -> None:
    change: dict[str, str | None] = {name: COLUMNS[name].example}
    if name == "not_after":
        change |= {"start": "", "end": ""}
    if name == "device_hours":
        change |= {"devices": ""}
    if name.startswith("operations"):
        change |= {"operations": ""}
    reading = read_csv(tmp_path / "t.csv", csv_text(change))
    assert not [p for p in reading.problems if p.severity == "refused"]


def test_importers_are_recognised_by_their_head(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(csv_text({}))
    assert recognise([table]) is IMPORTER
    other = tmp_path / "other.csv"
    other.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(InputError, match="no importer knows"):
        recognise([other])
    with pytest.raises(MissingError):
        recognise([tmp_path / "none.csv"])


def test_importers_have_the_names_they_are_asked_by() -> None:
    for name in MODULES:
        assert load(name).name == name
    with pytest.raises(InputError, match="no importer 'cvs'") as refused:
        load("cvs")
    assert refused.value.remedy == "write --source csv"


@given(st.integers(0, 10**28), st.lists(st.integers(0, 86_400_000), min_size=1, max_size=9))
def test_shares_add_up_and_are_floor_or_ceiling(total: int, weights: list[int]) -> None:
    weights = [*weights, 1]
    parts = shares(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert 0 <= part - total * weight // sum(weights) <= 1


@given(
    st.integers(0, 10**4),
    st.integers(0, 10**4),
    st.lists(st.integers(1, 1000), min_size=1, max_size=9),
)
def test_ordered_parts_never_cross(low: int, more: int, weights: list[int]) -> None:
    upper = shares(low + more, weights)
    parts = ordered(shares(low, weights), upper)
    assert sum(parts) == low
    assert all(0 <= part <= high for part, high in zip(parts, upper, strict=True))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.8e+25", 38 * 10**24),
        ("5.0000000000001e+26", 500000000000010000000000000),
        (" 12 ", 12),
        ("1.50E3", 1500),
    ],
)
def test_decimals_read_published_figures_exactly(text: str, value: int) -> None:
    assert exact_operations(text) == value


@pytest.mark.parametrize("text", ["nan", "inf", "", "-1", "1e-3", "0.5", "1e29", "1e999", "1,000"])
def test_decimals_refuse_what_is_no_count(text: str) -> None:
    with pytest.raises(InputError) as refused:
        exact_operations(text)
    assert refused.value.remedy


def test_decimals_keep_fractions() -> None:
    assert exact_fraction("0.250") * 4 == 1


def test_csv_claims_a_folder_by_its_tables_and_not_by_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert not IMPORTER.claims(b"", tmp_path)
    (tmp_path / "ours.csv").write_text("run,model,activity\nr,m,pretrain\n")
    assert IMPORTER.claims(b"", tmp_path)
