"""Estimates as records: legs by operand format that add up, and the ceiling of each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import allocation
from tables import catalogue

from ledger.cli.app import run as program
from ledger.errors import InputError
from ledger.importers.estimated import PRECISIONS, estimated_records
from ledger.journeys.excesses import TOLD_MAX, excesses
from ledger.journeys.figures import run_figures
from ledger.methods import METHODS, Worked, estimate, work_out
from ledger.methods.bound import ABOVE, entries_problems, excess, excess_problem
from ledger.methods.mixture import divide, parse_shares
from ledger.record import Draft, draft_of
from ledger.report.estimates import (
    estimate_document,
    estimate_schema,
    estimate_tables,
    methods_document,
    methods_schema,
    methods_table,
)

HELD = {"devices": "8", "seconds": "3600", "peak_operations_per_s": "989400000000000"}


@given(
    st.integers(0, 10**28),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    st.integers(1, 10**18),
)
def test_mixture_legs_add_up_exactly(total: int, weights: list[int], device_us: int) -> None:
    cuts = [10**6 * sum(weights[:i]) // sum(weights) for i in range(len(weights) + 1)]
    shares = dict(zip(PRECISIONS, (b - a for a, b in itertools.pairwise(cuts)), strict=False))
    shares = {name: share for name, share in shares.items() if share}
    peaks: dict[str, int | None] = {name: 10**12 * (i + 1) for i, name in enumerate(PRECISIONS)}
    legs = divide({"operations": total}, shares, device_us=device_us, peaks=peaks)
    assert sum(leg.amounts["operations"] or 0 for leg in legs) == total
    assert sum(leg.share_ppm for leg in legs) == 10**6
    assert sum(leg.device_us or 0 for leg in legs) == device_us


def test_mixture_legs_are_above_their_ceilings_together() -> None:
    shares, peaks = {"fp8": 850_000, "bf16": 150_000}, {"fp8": 2 * 10**15, "bf16": 10**15}
    # Two hours of one device: at the peaks, a share of 0.85 takes 0.425 parts and one of 0.15 0.15.
    most = 7_200 * 10**15 * 1000 // 575
    for total, above in ((most * 99 // 100, False), (most * 101 // 100, True)):
        legs = divide({"operations": total}, shares, device_us=7_200 * 10**6, peaks=dict(peaks))
        assert [(leg.amounts["operations"] or 0) > (leg.ceiling or 0) for leg in legs] == [
            above
        ] * 2


def test_mixture_time_of_a_format_without_peak_is_unknown() -> None:
    legs = divide({"operations": 10}, {"fp8": 500_000, "bf16": 500_000}, device_us=10, peaks={})
    assert [(leg.device_us, leg.ceiling) for leg in legs] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["fp8=850000"], "come to 850000"),
        (["fp8=500000", "fp8=500000"], "stands twice"),
        (["fp9=1000000"], "unknown"),
        (["fp8=1000001"], "no number"),
        (["fp8=0"], "no number"),
        (["fp8=-1"], "no number"),
        (["fp8=00850000000", "bf16=150000"], "no number"),
    ],
)
def test_mixture_shares_are_whole_parts_per_million(texts: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_shares(texts, PRECISIONS)


RECORD = {"run": "r", "model": "m", "not_after": "2026-03-31"}
DATED = {
    "run": "r",
    "model": "m",
    "start": "2026-03-01T22:00:00Z",
    "end": "2026-03-02T03:00:00Z",
    "milli_devices": "8000",
    "device": "nvidia-h100-sxm5",
    "sparsity": "dense",
}


def records(worked: Worked, fields: Mapping[str, str], *legs: str) -> list[dict[str, Any]]:
    """The records of an estimate."""
    shares = parse_shares(legs, PRECISIONS)
    return list(estimated_records(worked, fields, shares, catalogue()))


def test_estimated_records_divide_over_days_and_formats_and_are_worked_out_again() -> None:
    worked = estimate("dense", {"parameters": "7*10^9", "tokens": "999999999"})
    found = records(worked, DATED, "fp8=850001", "bf16=149999")
    assert [(b["start"][:10], b["precision"]) for b in found] == [
        ("2026-03-01", "fp8"),
        ("2026-03-01", "bf16"),
        ("2026-03-02", "fp8"),
        ("2026-03-02", "bf16"),
    ]
    assert sum(int(body["operations"]) for body in found) == worked.operations
    assert sum(int(body["device_us"]) for body in found) == 8 * 5 * 3600 * 10**6
    (figure,) = run_figures("r", dict(enumerate(found))).figures
    assert figure.recomputed == worked.operations


def test_estimated_records_of_integer_formats_are_integer_operations() -> None:
    worked = estimate("dense", {"parameters": "1000", "tokens": "10"})
    kinds = {
        b["precision"]: b["operation_kind"] for b in records(worked, RECORD, "int8=1", "fp8=999999")
    }
    assert kinds == {"int8": "integer", "fp8": "float"}
    (lone,) = records(worked, {**RECORD, "precision": "int4"})
    assert lone["operation_kind"] == "integer"


def test_estimated_record_of_sparse_work_keeps_the_dense_equivalent_beside() -> None:
    worked = estimate("dense", {"parameters": "10", "tokens": "10", "structured_ppm": "1000000"})
    (body,) = records(worked, RECORD)
    assert (body["operations"], body["sparsity"]) == ("300", "structured")
    assert body["method_inputs"]["dense_equivalent_operations"] == "600"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "m", "not_after": "2026-03-31"}, "lacks run"),
        ({"run": "r", "model": "m"}, "when the work was done"),
        ({**RECORD, "operations": "5"}, "no field 'operations'"),
        ({**DATED, "milli_devices": "many"}, "not a whole number"),
        ({k: v for k, v in DATED.items() if k != "milli_devices"}, "several UTC days"),
        ({**RECORD, "activity": "training"}, "activity"),
    ],
)
def test_estimated_records_are_refused_without_what_a_record_needs(
    fields: dict[str, str], message: str
) -> None:
    worked = estimate("dense", {"parameters": "10", "tokens": "10"})
    with pytest.raises(InputError, match=message):
        records(worked, fields)


def test_estimated_activity_of_several_parts_is_not_overruled() -> None:
    worked = estimate("distillation", {"parameters": "1", "tokens": "1", "teacher_parameters": "1"})
    with pytest.raises(InputError, match="one activity for 2 parts"):
        records(worked, {**RECORD, "activity": "sft"})


def test_bound_takes_the_largest_figure_that_is_surely_stated() -> None:
    body = allocation(operations=5, ceiling_operations="9", operations_high="100")
    assert excess(body) is None, "an upper end contradicts nothing"
    body["operations_executed"] = "10"
    found = excess(body)
    assert found is not None
    assert (found.operations, found.ceiling) == (10, 9)
    assert excess({**body, "ceiling_operations": None}) is None
    assert excess_problem("f", 3, found).code == ABOVE
    (problem,) = entries_problems("l", range(7))
    assert "7 entries state" in problem.message
    assert problem.message.endswith("0, 1, 2, 3, 4, …")


@pytest.mark.parametrize("method", METHODS)
def test_estimate_document_keeps_to_its_schema(method: str) -> None:
    texts = {
        "parameters": "10",
        "tokens": "10",
        "active_parameters": "5",
        "total_parameters": "9",
        "trainable_parameters": "2",
        "rollout_tokens": "4",
        "teacher_parameters": "8",
        "generator_parameters": "3",
        "generated_tokens": "9",
        "public": "no",
        **HELD,
        "operations_per_step": "4",
        "steps": "5",
        "activity_percent": "20",
        "clock_mhz": "9",
        "peak_clock_mhz": "9",
        "operations": "7",
    }
    names = METHODS[method].names()
    required = {name for names in METHODS[method].required for name in names.split("|")}
    chosen = {n: t for n, t in texts.items() if n in names and (n in required or n == "seconds")}
    chosen.pop("device_us", None)
    worked = estimate(method, chosen)
    jsonschema.validate(estimate_document(worked), estimate_schema())
    assert estimate_tables(worked)[0].rows
    for part in worked.parts:
        if part.operations is not None:
            assert work_out(part.inputs) == part.operations


def test_estimate_methods_document_keeps_to_its_schema() -> None:
    document = methods_document()
    jsonschema.validate(document, methods_schema())
    assert [method["name"] for method in document["methods"]] == list(METHODS)
    assert len(methods_table().rows) == len(METHODS)


def drafts_of(*operations: int | None) -> list[Draft]:
    """Records that can do 9 operations, and state these."""
    return [
        draft_of("allocation", allocation(operations=figure, ceiling_operations="9"))
        for figure in operations
    ]


def test_excesses_of_any_import_are_told_with_their_lines() -> None:
    found = excesses(drafts_of(9, 10, None, 11), [4, 5, 6, 7], ("f", 0), ((), ()))
    assert [(p.code, p.line, p.severity) for p in found] == [
        (ABOVE, 5, "finding"),
        (ABOVE, 7, "finding"),
    ]
    second = excesses(drafts_of(10), [4, 5, 6, 7, 8], ("f", 4), ((), found))
    assert [problem.line for problem in second] == [8]


def test_excesses_that_the_importer_tells_itself_are_not_repeated() -> None:
    own = excesses(drafts_of(10), None, ("f", 0), ((), ()))
    assert excesses(drafts_of(10), None, ("f", 0), (own, own)) == ()


def test_excesses_are_told_up_to_a_number() -> None:
    told = excesses(drafts_of(10), None, ("f", 0), ((), ())) * (TOLD_MAX - 1)
    assert len(excesses(drafts_of(10, 10, 10), None, ("g", 0), ((), told))) == 1


def test_check_tells_entries_above_their_own_ceiling(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert program(["--quiet", "init", "--origin", "lab.example/a"]) == 0
    fields = {**DATED, "precision": "bf16"}
    given = [part for name, text in fields.items() for part in ("--for", f"{name}={text}")]
    base = ["estimate", "dense", "--set", "parameters=10^12", "--set", "tokens=10^9"]
    assert program([*base, *given, "-f", "record", "-o", "a.jsonl"]) == 0
    assert program(["--quiet", "record", "a.jsonl", "-o", "out.txt"]) == 0
    assert capfd.readouterr().err.count("[above-ceiling]") == 2
    for engine in ("polars", "plain"):
        capfd.readouterr()
        program(["check", "--rule", "eu.aia/gpaisr-presumption", "--engine", engine])
        assert "warning[above-ceiling]: 2 entries state more" in capfd.readouterr().err
