"""``explain``: the reasons of one determination, down to entries and words of the law."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ledgers import allocation, fact, undated

Run = Callable[..., Any]
E24 = 10**24
PRESUMPTION = "eu.aia/gpaisr-presumption"
INDICATIVE = "eu.aia/gpai-indicative"


def on(day: str, operations: int | None, model: str = "m", **changes: Any) -> dict[str, Any]:
    """Return an allocation record on a day."""
    times = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    return {"type": "allocation", **allocation(model, operations, **{**times, **changes})}


@pytest.fixture
def explained(
    flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Record into a new ledger and explain one determination as JSON."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795435200")  # 2026-11-23T12:00:00Z
    assert flopledger("init", "--origin", "ledger.example/t").code == 0

    def explain(rule: str, *records: dict[str, Any], subject: str = "m", **more: str) -> Any:
        path = tmp_path / "records.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
        assert flopledger("record", str(path)).code == 0
        options = [text for name, value in more.items() for text in (f"--{name}", value)]
        ran = flopledger("explain", rule, subject, "-f", "json", *options)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return explain


def test_explain_leads_from_the_finding_to_entries_and_law(explained: Run) -> None:
    found = explained(
        PRESUMPTION,
        on("2026-03-01", 6 * E24),
        on("2026-03-02", 6 * E24),
        on("2026-03-03", E24, activity="eval"),
    )
    assert found["schema"] == "flopledger/explain.v1"
    assert found["determination"]["finding"] == "met"
    assert found["law"]["status"] == "in_force"
    line = found["law"]["figures"][0]
    assert (line["name"], line["phrase"]) == ("systemic-risk-flop", "greater than")
    assert line["cite"] == "Regulation (EU) 2024/1689, Art. 51(2)"
    assert line["provenance"] == "verified"
    work = [(leg["seq"], leg["operations"]["low"], leg["counted_by"]) for leg in found["work"]]
    counted = ["cumulative", "cumulative-step", "direct-update", "direct-update-step"]
    assert work == [(0, str(6 * E24), counted), (1, str(6 * E24), counted), (2, str(E24), [])]


def test_explain_tree_has_the_amounts_compared(explained: Run) -> None:
    found = explained(PRESUMPTION, on("2026-03-01", 12 * E24))
    root = next(tree for tree in found["reasons"] if tree["for"] == "condition")
    comparison = root["parts"][0]
    assert (comparison["operator"], comparison["answer"]) == ("gt", True)
    left, right = comparison["operands"]
    assert (left["low"], left["high"]) == (str(12 * E24), str(12 * E24))
    assert right["low"] == str(10**25)
    ids = [root["id"], comparison["id"]]
    assert ids == [root["id"], f"{root['id']}.0"]


def test_explain_says_what_each_missing_fact_would_decide(explained: Run) -> None:
    narrow = fact("model:m", "model.significant_generality", "boolean", value=True)
    found = explained(INDICATIVE, on("2026-03-01", E24), {"type": "fact", **narrow})
    (missing,) = found["missing"]
    assert missing["name"] == "model.output_modalities"
    assert "generate" in missing["asked_for"]
    would = {each["value"]: each["finding"] for each in missing["would"]}
    assert would["text"] == "met"
    assert would["game_actions"] == "not met"


def test_explain_says_how_far_a_missing_figure_is_from_the_line(explained: Run) -> None:
    found = explained(PRESUMPTION, on("2026-03-01", 8 * E24), on("2026-03-02", None, run="r2"))
    (missing,) = [each for each in found["missing"] if each["name"] == "operations@run:r2"]
    below = f"{2 * E24:,} FLOP below the line so far"
    assert any(text.endswith(below) for text in missing["decides"])


def test_explain_names_the_entries_of_facts_and_what_the_lineage_implies(explained: Run) -> None:
    general = fact("model:m", "model.significant_generality", "boolean", value=True)
    found = explained(INDICATIVE, {"type": "fact", **general}, on("2026-03-01", E24))
    facts = {each["name"]: (each["value"], each["entries"]) for each in found["facts"]}
    assert facts["model.significant_generality"] == ("yes", [0])
    assert facts["model.is_modification"] == ("no", [])
    assert facts["model.output_modalities"] == (None, [])


def test_explain_law_that_binds_nobody_gives_its_standing(explained: Run) -> None:
    found = explained("us.eo14110/reportable-model", on("2026-03-01", E24))
    assert found["law"]["status"] == "rescinded"
    assert found["reasons"] == []
    assumed = explained("us.eo14110/reportable-model", assume="us.eo14110=in_force")
    assert assumed["determination"]["hypothetical"] is True
    assert assumed["reasons"]


def test_explain_undated_work_is_told_by_its_last_day(explained: Run) -> None:
    body = allocation("m", 11 * E24, **undated(date(2026, 5, 1)))
    found = explained(PRESUMPTION, {"type": "allocation", **body})
    assert (found["work"][0]["day"], found["work"][0]["not_after"]) == (None, "2026-05-01")


def test_explain_both_engines_say_the_same(explained: Run) -> None:
    first = explained(INDICATIVE, on("2026-03-01", E24))
    assert explained(INDICATIVE, engine="plain") == first


def test_explain_table_reads_top_down(explained: Run, flopledger: Run) -> None:
    explained(PRESUMPTION, on("2026-03-01", 8 * E24), on("2026-03-02", None, run="r2"))
    out = flopledger("explain", PRESUMPTION, "model:m").out
    order = ["undetermined", "Law: in_force", "Reasons", "Figures of the law", "Facts", "Work"]
    places = [out.index(word) for word in [*order, "What is missing"]]
    assert places == sorted(places)
    assert "“greater than”" in out
    assert "8,000,000,000,000,000,000,000,000 or more FLOP" in out


@pytest.mark.parametrize(
    ("rule", "subject", "next_"),
    [
        ("eu.aia/gpaisr-presumtion", "m", "did you mean"),
        (PRESUMPTION, "n", "write model:m"),
    ],
)
def test_explain_unknown_rule_or_subject_is_two(
    explained: Run, flopledger: Run, rule: str, subject: str, next_: str
) -> None:
    explained(PRESUMPTION, on("2026-03-01", E24))
    ran = flopledger("explain", rule, subject)
    assert ran.code == 2
    assert next_ in ran.err


def test_explain_facts_that_differ_are_called_contradictory(
    explained: Run, flopledger: Run
) -> None:
    said = [
        {"type": "fact", **fact("model:m", "model.significant_generality", "boolean", value=value)}
        for value in (True, False)
    ]
    explained(INDICATIVE, *said, on("2026-03-01", E24))
    out = " ".join(flopledger("explain", INDICATIVE, "m").out.split())
    assert "contradictory" in out


def test_explain_says_from_how_many_operations_on_the_line_is_met(explained: Run) -> None:
    found = explained(
        PRESUMPTION,
        on("2026-03-01", 4 * E24),
        on("2026-03-02", None, run="r2"),
    )
    (missing,) = found["missing"]
    assert missing["name"] == "operations@run:r2"
    told = "not met up to 6,000,000,000,000,000,000,000,000 FLOP, met if more"
    assert missing["turning"] == told
