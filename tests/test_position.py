from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import RuleError, UnitError
from ledger.journeys.grading import Partial, Tables
from ledger.journeys.position import Position, position
from ledger.measure import Folded, GradeKey, GradeSums
from ledger.pack import Pack
from ledger.quantity import Interval, Quantity
from ledger.report.position import Basis, position_document
from ledger.report.position_csv import position_csv_tables
from ledger.report.position_document import position_schema
from ledger.report.position_table import position_tables
from ledger.yamltree import parse_tree

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "rules"
HOUR_US = 3600 * 10**6
BF16, FP8 = 989_400_000_000_000, 1_979_000_000_000_000


def rule_pack() -> Pack:
    paths = [p for name in ("hardware", "grades", "units") for p in (RULES / name).glob("*.yaml")]
    names = {path.relative_to(RULES).as_posix(): path for path in paths}
    return Pack.of({n: parse_tree(path.read_text("utf-8"), where=n) for n, path in names.items()})


PACK = rule_pack()
TABLES = Tables.from_pack(PACK)
BASIS = Basis(
    "ledger.example/lab-a", 9, "0" * 64, 0, None, "2026-11-23", PACK.digest, by_month=False
)

H100 = GradeKey(
    device="nvidia-h100-sxm5",
    precision="bf16",
    sparsity="dense",
    operation_kind="float",
    activity="pretrain",
    scale_up_gb_per_s=900,
    scale_up_domain=8,
    scale_out_gbit_per_s=400,
    topology="non_blocking",
    concurrent_devices=1024,
    peak_operations_per_s=BF16,
    month="2026-03",
    role="primary",
)
H100_FP8 = H100._replace(precision="fp8", peak_operations_per_s=FP8)
NOTHING_KNOWN = GradeKey(
    *(None, "unknown", "unknown", "unknown", "unknown", None, None, None, "unknown"),
    *(None, None, None, "primary"),
)


def hours(count: int, peak: int = BF16, operations: int | None = None) -> GradeSums:
    ceiling = count * 3600 * peak
    low, high = (0, ceiling) if operations is None else (operations, operations)
    return GradeSums(1, count * HOUR_US, 0, ceiling, 0, low, high, 0)


UNKNOWN_HOURS = GradeSums(3, 0, 3, 0, 3, 10**20, 10**20, 0)


def fold(grades: dict[GradeKey, GradeSums]) -> Folded:
    return Folded(9, b"\0" * 32, None, {}, grades, (), 9, as_of=date(2026, 11, 23), limit=9)


def of(grades: dict[GradeKey, GradeSums], *, by_month: bool = False) -> Position:
    return position(fold(grades), TABLES, by_month=by_month)


def value(partial: Partial) -> Fraction | None:
    return None if partial.total is None else partial.total.value


def gap(found: Position, what: str) -> list[tuple[tuple[str, ...], int]]:
    return [(each.missing, each.rows) for each in found.gaps if each.what == what]


def test_position_of_1024_h100_for_a_day() -> None:
    found = of({H100: hours(24_576), H100_FP8: hours(24_576, FP8)})
    bf16, fp8 = found.rows
    assert [row.key.possible for row in found.rows] == [("H",), ("H",)]
    assert [row.key.scale for row in found.rows] == ["K3", "K3"]
    assert value(bf16.amounts.device_time) == value(fp8.amounts.device_time) == 24_576
    assert value(bf16.amounts.capacity) == Fraction("24315.4944")
    assert value(fp8.amounts.capacity) == Fraction("48635.904")
    assert value(bf16.amounts.processing_time) == 389_087_232
    assert value(fp8.amounts.processing_time) == 389_087_232
    # The same hours, but 8 x 1,979 is not 16 x 989.4.
    assert value(bf16.amounts.reference) == Fraction("48630.9888")
    assert value(fp8.amounts.reference) == Fraction("48635.904")
    assert found.gaps == ()


def test_position_without_topology_could_not_be_graded_and_says_why() -> None:
    found = of({H100._replace(topology="unknown"): hours(100)})
    (row,) = found.rows
    assert row.key.possible == ("Hx", "H")
    assert row.amounts.reference == Partial(None, 1)
    links, refused = found.gaps
    assert (links.what, links.missing, links.possible) == (
        "interconnect",
        ("topology",),
        ("Hx", "H"),
    )
    assert links.device_us == 100 * HOUR_US
    assert refused.what == "reference-units"
    assert "undetermined" in refused.why


def test_position_rows_are_told_apart_by_what_grades_them() -> None:
    found = of(
        {
            H100: hours(1),
            H100._replace(activity="sft", operation_kind="unknown"): hours(1),
            H100._replace(month="2026-04"): hours(1),
            H100._replace(concurrent_devices=1025): hours(1),
            H100._replace(scale_out_gbit_per_s=300): hours(1),
            H100._replace(sparsity="structured"): hours(1),
            H100_FP8: hours(1, FP8),
        }
    )
    keys = [(r.key.precision, r.key.sparsity, r.key.possible, r.key.scale) for r in found.rows]
    assert keys == [
        ("bf16", "dense", ("A",), "K3"),
        ("bf16", "dense", ("H",), "K3"),
        ("bf16", "dense", ("H",), "K4"),
        ("bf16", "structured", ("H",), "K3"),
        ("fp8", "dense", ("H",), "K3"),
    ]
    assert found.rows[1].amounts.sums.rows == 3
    assert found.rows[1].months == ("2026-03", "2026-04")


def test_position_by_month_splits_rows_and_keeps_undated_work_apart() -> None:
    grades = {H100._replace(month=month): hours(1) for month in ("2026-04", "2026-03", None)}
    assert [row.key.month for row in of(grades, by_month=True).rows] == ["2026-03", "2026-04", None]
    (row,) = of(grades).rows
    assert (row.months, row.undated_rows) == (("2026-03", "2026-04"), 1)


def test_position_never_takes_unknown_as_zero() -> None:
    found = of({NOTHING_KNOWN: UNKNOWN_HOURS})
    (row,) = found.rows
    four = ("device_time", "capacity", "reference", "processing_time")
    assert [getattr(row.amounts, name) for name in four] == [Partial(None, 3)] * 4
    assert row.amounts.sums.operations == Interval(10**20, 10**20)
    assert gap(found, "device-hours") == [(("device_us",), 3)]
    assert gap(found, "pflop-hours") == [(("precision",), 3)]
    assert gap(found, "tpp-hours") == [(("device",), 3)]
    assert gap(found, "scale") == [(("concurrent_devices",), 3)]
    document = position_document(found, TABLES, BASIS)
    assert document["rows"][0]["device_us"] is None
    assert all(each["device_us"] is None for each in document["gaps"])


def test_position_sum_of_known_and_unknown_says_what_it_leaves_out() -> None:
    part = GradeSums(2, HOUR_US, 1, 3600 * BF16, 1, 0, 3600 * BF16, 1)
    found = of({H100: part, H100._replace(peak_operations_per_s=None): hours(5)})
    (row,) = found.rows
    assert value(row.amounts.device_time) == 6
    assert row.amounts.device_time.missing_rows == 1
    assert value(row.amounts.capacity) == Fraction("0.9894")
    assert row.amounts.capacity.missing_rows == 2
    assert gap(found, "pflop-hours") == [(("peak_operations_per_s",), 1)]
    assert row.amounts.sums.operations.hi is None


def test_position_leaves_out_corroborating_records() -> None:
    found = of({H100: hours(1), H100._replace(role="corroborating"): hours(7)})
    assert value(found.totals.device_time) == 1
    assert found.corroborating_rows == 1


def test_position_states_operations_beside_capacity_and_adds_them_never() -> None:
    found = of({H100: hours(24_576, operations=35 * 10**21)})
    amounts = found.rows[0].amounts
    assert amounts.sums.operations == Interval.point(35 * 10**21)
    with pytest.raises(UnitError):
        amounts.capacity + Partial(Quantity.parse("35*10^21 OP"))
    with pytest.raises(UnitError):
        amounts.capacity + amounts.reference


def test_position_totals_stay_within_a_dimension() -> None:
    found = of({H100: hours(10), H100_FP8: hours(10, FP8)})
    assert value(found.totals.device_time) == 20
    assert value(found.totals.reference) == Fraction("39.578")
    assert found.totals.capacity == Partial()
    assert {key: value(sums.capacity) for key, sums in found.by_format.items()} == {
        ("bf16", "dense"): Fraction("9.894"),
        ("fp8", "dense"): Fraction("19.79"),
    }


def test_position_capacity_of_a_sparse_run_is_its_dense_peak_and_no_reference_units() -> None:
    found = of({H100._replace(sparsity="structured"): hours(10)})
    assert value(found.rows[0].amounts.capacity) == Fraction("9.894")
    assert found.rows[0].amounts.reference == Partial(None, 1)
    assert "sparse" in found.gaps[0].why


def test_position_of_a_device_outside_the_catalogue_has_no_tpp_hours() -> None:
    found = of({H100._replace(device="acme-9000"): hours(1)})
    assert "acme-9000 is not in the catalogue" in [each.why for each in found.gaps]
    assert value(found.rows[0].amounts.capacity) == Fraction("0.9894")


def test_position_takes_another_unit_and_refuses_an_unknown_one() -> None:
    bf16 = Tables.from_pack(PACK, unit="PFh[BF16d,H]")
    found = position(fold({H100_FP8: hours(10, FP8)}), bf16)
    assert value(found.totals.reference) == Fraction("9.895")
    with pytest.raises(RuleError, match="no unit"):
        Tables.from_pack(PACK, unit="PFh")


KEYS = st.builds(
    GradeKey._replace,
    st.sampled_from([H100, H100_FP8, NOTHING_KNOWN]),
    topology=st.sampled_from(["unknown", "limited", "non_blocking", "torus"]),
    month=st.sampled_from([None, "2026-03", "2026-04"]),
    concurrent_devices=st.sampled_from([None, 8, 9, 2000]),
    sparsity=st.sampled_from(["dense", "structured", "unknown"]),
)


@settings(max_examples=40)
@given(st.dictionaries(KEYS, st.integers(1, 10**6).map(hours), max_size=12), st.booleans())
def test_position_rows_add_up_to_the_totals(
    grades: dict[GradeKey, GradeSums],
    by_month: bool,  # noqa: FBT001 - drawn, not passed by hand
) -> None:
    found = of(grades, by_month=by_month)

    def total(partials: Iterable[Partial]) -> Partial:
        return sum(partials, start=Partial())

    for name in ("device_time", "reference", "processing_time"):
        assert total(getattr(row.amounts, name) for row in found.rows) == getattr(
            found.totals, name
        )
    held = sum(sums.device_us for sums in grades.values())
    assert sum(row.amounts.sums.device_us for row in found.rows) == held
    assert found.totals.sums.rows == len(grades)
    document = position_document(found, TABLES, replace(BASIS, by_month=by_month))
    jsonschema.validate(document, position_schema())


def test_position_document_is_the_published_schema() -> None:
    published = (ROOT / "schemas" / "position.v1.schema.json").read_text("utf-8")
    assert json.loads(published) == position_schema(), "run: python tests/regenerate.py"


def test_position_document_has_exact_fractions_and_digits() -> None:
    found = of({H100: hours(24_576, operations=10**25)})
    row = position_document(found, TABLES, BASIS)["rows"][0]
    assert row["device_us"] == "88473600000000"
    assert row["capacity"]["value"] == {"exact": "15197184/625", "decimal": "24315.4944"}
    assert row["operations"] == {"low": str(10**25), "high": str(10**25), "unbounded_rows": 0}
    assert row["interconnect"]["vectors"] == ["U4d8 N3 T3"]


def test_position_tables_say_that_formats_differ() -> None:
    capacity, done = position_tables(of({H100: hours(24_576)}), TABLES, BASIS)
    assert capacity.rows[0] == (
        *("bf16 dense", "H", "K3"),
        *("24,576", "24,315.4", "48,630.9", "389,087,232"),
    )
    assert capacity.rows[-1][4] == "by format"
    assert any("8 × 1,979 is not 16 × 989.4" in note for note in capacity.notes)
    assert done.rows[0][-1] == "0 to 8.754*10^22"


def test_position_tables_tell_unknown_from_refused() -> None:
    grades = {NOTHING_KNOWN: UNKNOWN_HOURS, H100._replace(topology="limited"): hours(10)}
    capacity, _, gaps = position_tables(of(grades), TABLES, BASIS)
    assert capacity.rows[0][3:] == ("10", "9.894", "–", "158,320")
    assert capacity.rows[1][1:] == ("? P…R or Y", "?", "?", "?", "?", "?")
    assert capacity.rows[2][3] == "≥ 10"
    assert ("device-hours", "?") in {(row[0], row[-1]) for row in gaps.rows}


def test_position_tables_of_nothing_say_so() -> None:
    (table,) = position_tables(of({}), TABLES, BASIS)
    assert "nothing is held" in table.notes[0]


def test_position_csv_has_full_digits() -> None:
    held, _ = position_csv_tables(
        of({H100: hours(24_576), NOTHING_KNOWN: UNKNOWN_HOURS}), TABLES, BASIS
    )
    names = [column.name for column in held.columns]
    first, second = (dict(zip(names, row, strict=True)) for row in held.rows)
    assert first["device_us"] == "88473600000000"
    assert first["pflop_hours"] == "24315.4944"
    assert first["operations_high"] == str(24_576 * 3600 * BF16)
    assert second["device_hours"] == second["scale"] == ""
