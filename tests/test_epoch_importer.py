"""The Epoch importer: published estimates, exact, with what is odd about them named."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue

from ledger.errors import InputError
from ledger.importers.epoch import IMPORTER
from ledger.importers.epoch_rows import split_bases
from ledger.journeys.importing import Reading
from ledger.record import Draft, evidence_grade

COLUMNS = (
    "Model",
    "Organization",
    "Publication date",
    "Training compute (FLOP)",
    "Finetune compute (FLOP)",
    "Confidence",
    "Base model",
    "Training compute lower bound",
    "Training compute upper bound",
)
ROW = {
    "Model": "M-1",
    "Organization": "Acme",
    "Publication date": "2025-03-04",
    "Training compute (FLOP)": "3.8e+25",
}


def table(folder: Path, *changes: dict[str, str], name: str = "t.csv") -> Path:
    """A table with one row for each set of changes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({**ROW, **change} for change in changes)
    path = folder / name
    path.write_text(text.getvalue(), "utf-8")
    return path


def read(path: Path, **settings: str) -> Reading:
    """Reads a table."""
    return IMPORTER.read(path, settings, catalogue())


def one(folder: Path, **change: str) -> dict[str, Any]:
    """The body of the only record of a table of one row."""
    (draft,) = read(table(folder, change)).drafts
    return draft.body


def test_epoch_training_compute_is_cumulative_and_undated(tmp_path: Path) -> None:
    body = one(tmp_path)
    assert (body["model"], body["developer"], body["activity"]) == ("M-1", "Acme", "pretrain")
    assert body["extent"] == "cumulative"
    assert (body["start"], body["end"], body["not_after"]) == (None, None, "2025-03-04")
    assert body["operations"] == "38000000000000000000000000"
    assert body["method"] == "third_party_estimate"
    assert evidence_grade(body) == "E"
    assert "Epoch AI" in body["evidence"]["locator"]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("5.0000000000001e+26", "500000000000010000000000000"),
        ("5.0000000000000004e+22", "50000000000000004000000"),
        ("1e+25", "10000000000000000000000000"),
        ("40", "40"),
        ("2010000000000000.0", "2010000000000000"),
    ],
)
def test_epoch_figures_are_read_digit_by_digit(tmp_path: Path, text: str, digits: str) -> None:
    assert one(tmp_path, **{"Training compute (FLOP)": text})["operations"] == digits


@pytest.mark.parametrize(
    ("confidence", "factor"), [("Confident", 3), ("Likely", 10), ("Speculative", 30)]
)
def test_epoch_confidence_is_a_range_either_way(
    tmp_path: Path, confidence: str, factor: int
) -> None:
    body = one(tmp_path, Confidence=confidence)
    point = 38 * 10**24
    assert body["operations_low"] == str(point // factor)
    assert body["operations_high"] == str(point * factor)
    assert body["method_inputs"] == {
        "figure": "3.8e+25",
        "confidence": confidence,
        "interval_factor": factor,
        "interval_provenance": "memory",
    }


@pytest.mark.parametrize("confidence", ["", "Unknown", "Unverified"])
def test_epoch_unknown_confidence_states_no_range(tmp_path: Path, confidence: str) -> None:
    body = one(tmp_path, Confidence=confidence)
    assert (body["operations_low"], body["operations_high"]) == (None, None)
    assert "interval_factor" not in body["method_inputs"]


def test_epoch_stated_bounds_come_before_the_factor(tmp_path: Path) -> None:
    bounds = {"Training compute lower bound": "2e+25", "Training compute upper bound": "5e+25"}
    body = one(tmp_path, Confidence="Likely", **bounds)
    assert (body["operations_low"], body["operations_high"]) == (f"2{'0' * 25}", f"5{'0' * 25}")
    assert body["method_inputs"]["interval_provenance"] == "table"
    half = one(tmp_path, Confidence="Likely", **{"Training compute lower bound": "2e+25"})
    assert (half["operations_low"], half["operations_high"]) == (f"2{'0' * 25}", f"38{'0' * 25}")


def test_epoch_bounds_that_do_not_hold_the_figure_are_not_used(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"Training compute lower bound": "9e+25"}))
    assert [p.code for p in reading.problems] == ["bounds-order"]
    assert reading.drafts[0].body["operations_low"] is None


def test_epoch_upper_end_stops_at_what_a_record_may_state(tmp_path: Path) -> None:
    body = one(tmp_path, Confidence="Speculative", **{"Training compute (FLOP)": "5e+26"})
    assert body["operations_high"] == str(10**28)


def test_epoch_model_without_a_figure_is_unknown_by_name(tmp_path: Path) -> None:
    body = one(tmp_path, Confidence="Confident", **{"Training compute (FLOP)": ""})
    assert body["model"] == "M-1"
    assert (body["operations"], body["operations_low"], body["operations_high"]) == (None,) * 3
    assert (body["method"], body["extent"]) == ("none", "cumulative")


def test_epoch_fraction_becomes_the_range_around_it(tmp_path: Path) -> None:
    figure = {"Training compute (FLOP)": "694894.9377361819", "Confidence": "Likely"}
    reading = read(table(tmp_path, figure))
    body = reading.drafts[0].body
    assert body["operations"] is None
    assert (body["operations_low"], body["operations_high"]) == ("694894", "694895")
    assert [(p.code, p.severity, p.line) for p in reading.problems] == [("fraction", "finding", 2)]


def test_epoch_fine_tuning_is_the_model_s_own(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"Finetune compute (FLOP)": "8.1e+19"}))
    whole, own = (draft.body for draft in reading.drafts)
    assert (whole["extent"], own["extent"]) == ("cumulative", "own")
    assert (own["activity"], own["operations"]) == ("sft", "81000000000000000000")


def test_epoch_fine_tuning_alone_leaves_the_rest_to_the_lineage(tmp_path: Path) -> None:
    tuned = {"Training compute (FLOP)": "", "Finetune compute (FLOP)": "1e+20"}
    derived = read(table(tmp_path, {**tuned, "Base model": "B"}))
    assert [(d.type, d.body.get("extent")) for d in derived.drafts] == [
        ("allocation", "own"),
        ("lineage", None),
    ]
    alone = read(table(tmp_path, tuned))
    extents = [(draft.body["extent"], draft.body["operations"]) for draft in alone.drafts]
    assert extents == [("cumulative", None), ("own", f"1{'0' * 20}")]


def lineage(reading: Reading) -> list[tuple[str, str, str]]:
    """Model, parent and provider of each lineage record."""
    found = [draft.body for draft in reading.drafts if draft.type == "lineage"]
    return [(str(b["model"]), str(b["parent"]), str(b["same_provider"])) for b in found]


def test_epoch_base_models_are_parents(tmp_path: Path) -> None:
    rows = (
        {"Model": "A"},
        {"Model": "B", "Organization": "Other"},
        {"Model": "C", "Base model": "A,B,Unlisted (7B)"},
    )
    reading = read(table(tmp_path, *rows))
    assert lineage(reading) == [
        ("C", "A", "yes"),
        ("C", "B", "unknown"),
        ("C", "Unlisted (7B)", "unknown"),
    ]
    assert [(p.code, p.severity) for p in reading.problems] == [("base-unlisted", "note")]


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("A,B", set(), ("A", "B")),
        ("MSRA (C, PReLU),B", set(), ("MSRA (C, PReLU)", "B")),
        ("One, Two,B", {"One, Two"}, ("One, Two", "B")),
        ("A, A ,B,", set(), ("A", "B")),
        ("", set(), ()),
        ("odd (, B", set(), ("odd (, B",)),
    ],
)
def test_epoch_base_names_may_hold_commas(
    text: str, names: set[str], expected: tuple[str, ...]
) -> None:
    assert split_bases(text, frozenset(names)) == expected


def test_epoch_child_below_its_base_is_a_finding(tmp_path: Path) -> None:
    rows = ({"Model": "A"}, {"Model": "C", "Base model": "A", "Training compute (FLOP)": "1e+25"})
    reading = read(table(tmp_path, *rows))
    assert [(p.code, p.line) for p in reading.problems] == [("below-base", 3)]
    assert reading.runs == 2


def test_epoch_part_above_the_whole_is_a_finding(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"Finetune compute (FLOP)": "4e+25"}))
    assert [p.code for p in reading.problems] == ["part-above-whole"]


def test_epoch_model_is_not_its_own_parent(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"Base model": "M-1"}))
    assert lineage(reading) == []
    assert [p.code for p in reading.problems] == ["own-base"]


@pytest.mark.parametrize(
    ("text", "day"),
    [("2024", "2024-12-31"), ("2024-02", "2024-02-29"), ("2023-11", "2023-11-30")],
)
def test_epoch_date_without_a_day_is_its_last_day_and_flagged(
    tmp_path: Path, text: str, day: str
) -> None:
    reading = read(table(tmp_path, {"Publication date": text}))
    assert reading.drafts[0].body["not_after"] == day
    assert [p.code for p in reading.problems] == ["date-inferred"]


def test_epoch_missing_date_takes_the_day_of_the_table(tmp_path: Path) -> None:
    bare = table(tmp_path, {"Publication date": ""})
    assert [(p.code, p.severity) for p in read(bare).problems] == [("date-missing", "refused")]
    assert read(bare).drafts == ()
    named = table(tmp_path, {"Publication date": ""}, name="notable_ai_models_2025-12-02.csv")
    for reading, day in (
        (read(named), "2025-12-02"),
        (read(bare, table_date="2026-01-31"), "2026-01-31"),
    ):
        assert reading.drafts[0].body["not_after"] == day
        assert [(p.code, p.severity) for p in reading.problems] == [("date-missing", "finding")]
    with pytest.raises(InputError, match="not a date"):
        read(bare, table_date="last week")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Training compute (FLOP)": "lots"}, "not a plain number"),
        ({"Training compute (FLOP)": "-1e+25"}, "not a plain number"),
        ({"Training compute (FLOP)": "1e+29"}, "more than 10^28"),
        ({"Publication date": "2025-02-30"}, "does not exist"),
        ({"Publication date": "2024-13"}, "does not exist"),
        ({"Model": " "}, "the name of the model"),
        ({"Confidence": "Con\x07fident"}, "method_inputs.confidence"),
        ({"Base model": "B" * 201}, "parent"),
    ],
)
def test_epoch_row_that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    reading = read(table(tmp_path, {}, {"Model": "M-2", **change}))
    (refused,) = [p for p in reading.problems if p.severity == "refused"]
    assert refused.line == 3
    assert message in refused.message
    assert [draft.body["model"] for draft in reading.drafts] == ["M-1"]


def test_epoch_second_row_of_a_name_corroborates(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {}, {"Training compute (FLOP)": "9e+25"}))
    assert [draft.body["role"] for draft in reading.drafts] == ["primary", "corroborating"]
    assert len({draft.key for draft in reading.drafts}) == 2
    assert [(p.code, p.line) for p in reading.problems] == [("duplicate-name", 3)]


def test_epoch_names_are_put_on_one_line(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"Model": "Cosmos-\nDiffusion\t"}))
    assert reading.drafts[0].body["model"] == "Cosmos- Diffusion"
    assert [(p.code, p.severity) for p in reading.problems] == [("name-mended", "note")]


def test_epoch_long_list_of_organisations_is_not_a_developer(tmp_path: Path) -> None:
    reading = read(table(tmp_path, {"Organization": "A University," * 30}))
    assert reading.drafts[0].body["developer"] is None
    assert [p.code for p in reading.problems] == ["developer-long"]


def test_epoch_table_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clusters.csv"
    path.write_text("Name,Status\nx,y\n")
    (refused,) = read(path).problems
    assert "not a table of models" in refused.message
    assert not IMPORTER.claims(path.read_bytes(), path)


def test_epoch_keys_hold_over_tables_so_that_a_new_figure_is_a_change(tmp_path: Path) -> None:
    (old,) = read(table(tmp_path, {}, name="a.csv")).drafts
    newer = table(tmp_path, {"Model": "Z"}, {"Training compute (FLOP)": "4e+25"}, name="b.csv")
    _, new = read(newer).drafts
    assert old.key == new.key
    assert old.body["operations"] != new.body["operations"]


def drafts_of(path: Path, kind: str) -> list[Draft]:
    """The records of one type of a real table, read without a refusal."""
    reading = read(path)
    assert not [p for p in reading.problems if p.severity == "refused"]
    return [draft for draft in reading.drafts if draft.type == kind]


def test_epoch_notable_models_of_december_count_as_published(
    shared_path: Callable[[str], Path],
) -> None:
    path = shared_path("data/epoch/notable_ai_models_2025-12-02.csv.gz")
    assert IMPORTER.claims(path.read_bytes()[:65_536], path)
    bodies = [draft.body for draft in drafts_of(path, "allocation")]
    whole = [body for body in bodies if body["extent"] == "cumulative"]
    stated = [body for body in whole if body["operations_low"] or body["operations"]]
    assert len(stated) == 510
    points = [int(str(body["operations"])) for body in stated if body["operations"]]
    above = [sum(point > 10**line for point in points) for line in (23, 25, 26)]
    assert above == [125, 19, 3]
    grok = next(body for body in whole if body["model"] == "Grok 4")
    assert grok["operations"] == "500000000000010000000000000"


def test_epoch_every_figure_equals_the_decimal_in_the_table(
    shared_path: Callable[[str], Path],
) -> None:
    for path in IMPORTER.files(shared_path("data/epoch")):
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as text:
            printed = Counter(
                Fraction(row["Training compute (FLOP)"])
                for row in csv.DictReader(text)
                if row["Training compute (FLOP)"].strip()
            )
        whole = {value: n for value, n in printed.items() if value.denominator == 1}
        bodies = [draft.body for draft in drafts_of(path, "allocation")]
        read_ = Counter(
            Fraction(str(body["operations"]))
            for body in bodies
            if body["extent"] == "cumulative" and body["operations"] is not None
        )
        assert read_ == whole, path.name


def test_epoch_lineage_of_real_tables_has_no_circle(shared_path: Callable[[str], Path]) -> None:
    for path in IMPORTER.files(shared_path("data/epoch")):
        parents: dict[str, set[str]] = {}
        for draft in drafts_of(path, "lineage"):
            parents.setdefault(str(draft.body["model"]), set()).add(str(draft.body["parent"]))
        for model, direct in parents.items():
            above, left = set[str](), set(direct)
            while left:
                above |= left
                left = {p for name in left for p in parents.get(name, ())} - above
            assert model not in above


def test_epoch_restated_figures_between_two_tables_are_seen(
    shared_path: Callable[[str], Path],
) -> None:
    folder = shared_path("data/epoch")
    old, new = (
        {draft.key: draft.body["operations"] for draft in drafts_of(path, "allocation")}
        for path in (
            folder / "notable_ai_models_2025-02-24.csv.gz",
            folder / "notable_ai_models_2025-12-02.csv.gz",
        )
    )
    restated = [k for k in old.keys() & new.keys() if old[k] and new[k] and old[k] != new[k]]
    assert len(restated) == 71
    inflection = next(key for key in restated if "Inflection-2.5" in key)
    assert int(str(old[inflection])) > 10**25 > int(str(new[inflection]))


def test_epoch_second_header_is_refused_as_such(tmp_path: Path) -> None:
    path = table(tmp_path, {})
    path.write_text(path.read_text() + path.read_text())
    refused = next(p for p in read(path).problems if p.severity == "refused")
    assert (refused.line, "two files in one" in refused.message) == (3, True)
