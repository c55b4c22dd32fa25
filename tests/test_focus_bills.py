"""Bills as they come: wrong cells, rubbish, and the sample and examples of the standard, whole."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bills import HOUR, MAP, ROW, bodies, codes, held, note, read, text, written
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.focus import IMPORTER
from ledger.importers.focus_table import Misfit, Record, records


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ChargeCategory": "Refund"}, "'refund' is no charge category"),
        ({"ChargeClass": "Estimate"}, "'estimate' is no charge class"),
        ({"CommitmentDiscountStatus": "Half"}, "'half' is no commitmentdiscountstatus"),
        ({"ConsumedQuantity": "1,000"}, "'1,000' is no quantity"),
        ({"ConsumedQuantity": "inf"}, "'inf' is no quantity"),
        ({"ChargePeriodStart": "01/03/2026"}, "'01/03/2026' is no time"),
        ({"ChargePeriodStart": "2026-02-30T00:00:00Z"}, "does not exist"),
        ({"ChargePeriodEnd": "2026-03-01T10:00:00Z"}, "the period ends"),
        ({"ChargePeriodEnd": "2046-03-01T10:00:00Z"}, "longer than ten years"),
        ({"ResourceId": "a\0b"}, "resourceid holds bytes that are not UTF-8 text"),
    ],
)
def test_a_wrong_cell_refuses_its_row(
    changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, {}, changes))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert message in problem.message
    assert (problem.line, reading.refused) == (3, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"\x1f\x8b broken",
        "ChargeCategory,ChargePeriodStart,ChargePeriodEnd\n".encode("utf-16"),
        b"ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ChargeCategory\n",
        b"ChargeCategory,ChargePeriodStart\nUsage,x\n",
        text({}).encode() + b'"never closed,\n' * 20_000,
        text({}).encode() + b"Usage,only,three\n",
        text({}).encode() + b"\xff\xfe" + text({}).encode().split(b"\n")[1] + b"\n",
    ],
)
def test_rubbish_is_a_refusal(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_bytes(data)
    assert (read(path).refused or 0) >= 1


def test_a_header_that_stands_again_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_text(text({}) + text({"ResourceId": "i-2"}) + "\n")
    assert held(read(path)) == 16 * HOUR


def test_a_line_end_inside_quotes_stays_in_its_cell(tmp_path: Path) -> None:
    path = written(tmp_path, {"ChargeDescription": 'two\nlines, "quoted"'}, {"ConsumedUnit": "x"})
    reading = read(path)
    assert held(reading) == 8 * HOUR
    assert [p.line for p in reading.problems if p.code == "no-time"] == [4]


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_make_another_error_than_a_misfit(lines: list[bytes]) -> None:
    header = ",".join(ROW).encode()
    for found in records([header, *(line.replace(b"\n", b"") for line in lines)]):
        assert isinstance(found, Record | Misfit)


def test_settings_that_mean_nothing_are_errors_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'main' is no role"):
        read(written(tmp_path, {}), role="main")
    with pytest.raises(InputError, match="nothing to do with unused"):
        read(written(tmp_path, {}), unused="yes")


def test_bills_are_recognised(tmp_path: Path) -> None:
    packed = tmp_path / "bill.csv.gz"
    packed.write_bytes(gzip.compress(text({}).encode()))
    assert recognise([packed]).name == "focus"
    assert recognise([written(tmp_path, {})]).name == "focus"
    assert IMPORTER.files(tmp_path) == (tmp_path / "bill.csv", packed)


def test_a_bill_that_changes_between_the_passes_stops_the_import(tmp_path: Path) -> None:
    reading = read(written(tmp_path, {}))
    written(tmp_path, {"ConsumedQuantity": "0.9"})
    with pytest.raises(InputError, match="changed while it was read"):
        list(reading.drafts)


def test_the_sample_of_the_standard_whole(shared_path: Callable[[str], Path]) -> None:
    """1,000 rows of three providers; eight are hours of one instance with an accelerator."""
    path = shared_path("data/focus/focus_1.0_sample_1000.csv.gz")
    reading = read(path, None, model="m")
    assert note(reading) == (
        "rows: 1,000; credits, money only: 1; adjustments, money only: 2; usage that is not "
        "billed by time: 887; time of what holds no accelerator that anybody knows of: 102; usage "
        "of accelerators by time: 8; corrections: 0"
    )
    assert (reading.refused, codes(reading)) == (0, ["unmapped-device"])
    found = bodies(reading)
    assert {b["method_inputs"]["type"] for b in found} == {"g5.4xlarge"}
    with gzip.open(path, "rt") as stream:
        rows = [r for r in csv.DictReader(stream) if "g5.4xlarge" in r["ChargeDescription"]]
    micro = [round(float(r["ConsumedQuantity"]) * 10**6) for r in rows]
    assert len(micro) == 8
    assert held(reading) == sum(micro) * 3600 == 22_619_001_600


def test_the_sample_by_a_map(shared_path: Callable[[str], Path]) -> None:
    mapping = """\
schema: map/1
source: focus
rows:
  - where: { "tag:application": [BrightPathMatrix] }
    give: { model: bright, activity: sft }
devices:
  - where: { skuid: [4GQWNPC9K2PZAY97] }
    give: { device: nvidia-a10, milli_devices: 1000 }
"""
    reading = read(shared_path("data/focus/focus_1.0_sample_1000.csv.gz"), mapping)
    assert (codes(reading), held(reading)) == ([], 22_619_001_600)
    assert {b["model"] for b in bodies(reading)} == {"bright"}


@pytest.mark.parametrize(
    ("name", "hours", "unused"),
    [
        ("commitment_discount_flexibility/zero_percent_utilization_without", 0, 1),
        ("commitment_discount_flexibility/one_hundred_percent_utilization_without", 1, 0),
        ("commitment_discount_flexibility/one_hundred_percent_*_with_1_resource", 2, 0),
        ("commitment_discount_scenarios/commitment_discount_usage_scenario_2", 0, 0),
        ("commitment_discount_scenarios/commitment_discount_purchase_scenario_3", 0, 0),
    ],
)
def test_the_examples_of_the_standard(
    name: str, hours: int, unused: int, shared_path: Callable[[str], Path]
) -> None:
    folder = shared_path("data/focus/spec_examples")
    (path,) = folder.glob(f"{name}*.csv")
    reading = read(path, MAP, model="m")
    assert reading.refused == 0
    assert held(reading) == hours * 2 * HOUR
    said = re.findall(r"hours of unused capacity: (\d+)", note(reading))
    assert said == ([str(unused)] if unused else [])


def test_every_example_of_the_standard_is_read(shared_path: Callable[[str], Path]) -> None:
    paths = sorted(shared_path("data/focus/spec_examples").rglob("*.csv"))
    readings = [read(path, None, model="m") for path in paths]
    assert len(paths) == 11
    assert [r.refused for r in readings] == [0] * 11
    assert sum(int(note(r).partition(";")[0].removeprefix("rows: ")) for r in readings) == 25
