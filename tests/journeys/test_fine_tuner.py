"""A fine-tuner of somebody else's model asks whether that makes a provider: recorded, then checked.

A model of 405 billion parameters is tuned on 20 billion tokens. What the answer turns on is not the
tuning, which is the same each time, but what is known of the original.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest
from recorded import Answers, Recorded, about, step, work
from tables import csv_text

E24 = 10**24
PARAMETERS, TOKENS = 405 * 10**9, 20 * 10**9
FULL = 6 * PARAMETERS * TOKENS
"""4.86e22 operations."""
ADAPTER = 405 * 10**6
"""Trainable parameters of an adapter: one in a thousand, a figure of this test."""
LIGHT = (4 * PARAMETERS + 2 * ADAPTER) * TOKENS

RULE: Final = "eu.aia/modifier-one-third"
PRESUMPTION: Final = "eu.aia/gpaisr-presumption"
PUBLISHED: Final = "Llama 3.1 405B"

TUNING: Final = {
    "activity": "sft",
    "start": "2026-11-10T00:00:00Z",
    "end": "2026-11-11T00:00:00Z",
    "device": "",
    "devices": "",
    "method": "architecture",
    "operations": str(FULL),
    "input.formula": "dense",
    "input.parameters": str(PARAMETERS),
    "input.tokens": str(TOKENS),
    "input.trainable_parameters": "",
}
OUTCOMES: Final = ("ordinary", "systemic", "disclosed", "class-unknown", "nothing-known")
ADAPTERS: Final = {
    "adapter": {"input.formula": "adapter", "operations": str(LIGHT)},
    "adapter-as-dense": {},
}


def tuned(
    model: str, parent: str | None, provider: str = "no", **known: bool
) -> list[dict[str, Any]]:
    """Return the lineage of a tuned model, and what its maker knows of the original."""
    general = {"output_modalities": ["text"], "significant_generality": True}
    placed = {"placed_on_market_on": date(2026, 11, 20)}
    return [step(model, parent, provider), *about(f"model:{model}", **general, **placed, **known)]


def modified(
    model: str, operations: int, parent: str | None, provider: str = "no", **known: bool
) -> list[dict[str, Any]]:
    """Return a model made by so many operations on another."""
    done = work(model, operations, "2026-11-10", activity="continued_pretrain")
    return [done, *tuned(model, parent, provider, **known)]


def journey() -> list[dict[str, Any]]:
    """Return what is known of the original in each outcome."""
    return [
        *tuned("ordinary", None, base_is_systemic_risk=False, base_compute_obtainable=False),
        *tuned("systemic", None, base_is_systemic_risk=True, base_compute_obtainable=False),
        *tuned("disclosed", PUBLISHED, base_is_systemic_risk=True),
        *tuned("class-unknown", None, base_compute_obtainable=False),
        *tuned("nothing-known", None),
        *(
            each
            for model in ADAPTERS
            for each in tuned(
                model, None, base_is_systemic_risk=False, base_compute_obtainable=False
            )
        ),
    ]


def merges() -> list[dict[str, Any]]:
    """Return originals that were merged from others, one of them from something unnamed."""
    rows = [work("left", 20 * E24, "2026-01-01"), work("right", 18 * E24, "2026-01-01")]
    for model, second in (("merge", "right"), ("merge-of-unnamed", None)):
        rows += [
            work(model, 0, "2026-02-01"),
            step(model, "left", "no", relation="merged"),
            step(model, second, "no", relation="merged"),
        ]
    known = {"base_is_systemic_risk": True}
    return [
        *rows,
        *modified("of-merge-12", 12 * E24, "merge", **known),
        *modified("of-merge-13", 13 * E24, "merge", **known),
        *modified("of-unnamed", 12 * E24, "merge-of-unnamed", **known),
    ]


def series() -> list[dict[str, Any]]:
    """Return two firms that each modify the same original twice."""
    known = {"base_is_systemic_risk": True}
    return [
        *modified("even-1", 7 * E24, PUBLISHED, **known),
        *modified("even-2", 7 * E24, "even-1", "yes", **known),
        *modified("uneven-1", 2 * E24, PUBLISHED, **known),
        *modified("uneven-2", 13 * E24, "uneven-1", "yes", **known),
    ]


def estimated() -> list[dict[str, Any]]:
    """Return modifiers of an original whose maker says nothing, while others estimate it."""
    quiet = {"base_is_systemic_risk": True, "base_compute_communicated": False}
    return [
        *modified("estimated", 12 * E24, PUBLISHED, **quiet),
        *modified("unestimated", 12 * E24, "unheard-of", base_is_systemic_risk=True),
    ]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    made = Recorded(tmp_path_factory.mktemp("tuner"), day="2026-11-22")
    rows = [{**TUNING, "run": model, "model": model} for model in OUTCOMES]
    light = {"input.trainable_parameters": str(ADAPTER)}
    rows += [
        {**TUNING, **light, "run": model, "model": model, **changes}
        for model, changes in ADAPTERS.items()
    ]
    made.imported("csv", csv_text(*rows))
    original = work(
        PUBLISHED, 38 * E24, "2025-08-01", extent="cumulative", method="third_party_estimate"
    )
    made.record(original, *journey(), *merges(), *series(), *estimated())
    return made


@pytest.fixture(scope="module")
def said(ledger: Recorded) -> Answers:
    return ledger.check("--regime", "eu.aia")


def parted(said: Answers, model: str) -> tuple[str | None, str | None, str | None]:
    """Return the finding, the line that was chosen, and how far away it is; whole operations."""
    found = said.of(RULE, f"model:{model}")
    return found["finding"], found["threshold"], found["margin"]


def test_original_without_systemic_risk_and_figure_makes_a_provider(said: Answers) -> None:
    """4.86e22 is above a third of 10^23, which is 3.33e22."""
    assert parted(said, "ordinary") == (
        "met",
        "33333333333333333333333",
        "15266666666666666666667",
    )
    assert said.of(RULE, "model:ordinary")["unfiled"] == ["modification-documentation"]


def test_original_with_systemic_risk_and_no_figure_makes_none(said: Answers) -> None:
    """The same work is far below a third of 10^25, which is 3.33e24."""
    assert parted(said, "systemic") == (
        "not_met",
        "3333333333333333333333333",
        "3284733333333333333333333",
    )
    presumed = said.of(PRESUMPTION, "model:systemic")
    assert (presumed["finding"], presumed["due"]) == ("excepted", [])


def test_original_of_a_disclosed_figure_makes_none(said: Answers) -> None:
    """A third of 3.8e25 is 1.27e25; nobody has to state that a figure on record can be had."""
    assert parted(said, "disclosed") == (
        "not_met",
        "12666666666666666666666666",
        "12618066666666666666666666",
    )
    assert said.of(RULE, "model:disclosed")["measured"]["operations"]["point"] == str(FULL)
    assert said.word(PRESUMPTION, "model:disclosed") == "excepted"


def test_adapter_is_counted_by_what_is_frozen_and_what_is_trained(
    said: Answers, ledger: Recorded
) -> None:
    """(4N + 2n)·D is 3.24e22: below the third of 10^23 that 6·N·D is above."""
    assert parted(said, "adapter") == (
        "not_met",
        "33333333333333333333333",
        "917133333333333333333",
    )
    assert said.word(RULE, "model:adapter-as-dense") == "met"
    (figure,) = ledger.told_as_json("show", "run:adapter")["figures"]
    assert figure["inputs"]["formula"] == "adapter"
    assert figure["recomputed"] == figure["operations"] == "32416200000000000000000"
    (figure,) = ledger.told_as_json("show", "run:adapter-as-dense")["figures"]
    (why,) = figure["why"]
    assert "a token takes 4·N + 2·n, which gives 32416200000000000000000" in why


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        ("class-unknown", ["model.base_is_systemic_risk"]),
        (
            "nothing-known",
            [
                "lineage.parent@model:nothing-known",
                "model.base_compute_obtainable",
                "model.base_is_systemic_risk",
            ],
        ),
        ("unestimated", ["model.base_compute_obtainable", "operations@model:unheard-of"]),
        ("of-unnamed", ["lineage.parent@model:merge-of-unnamed", "model.base_compute_obtainable"]),
    ],
)
def test_what_nobody_said_of_the_original_is_named_and_not_guessed(
    said: Answers, model: str, missing: list[str]
) -> None:
    found = said.of(RULE, f"model:{model}")
    assert (found["finding"], found["in_scope"], found["margin"]) == ("undetermined", True, None)
    assert found["missing"] == missing
    # Which of the lines applies is what is open, so none is told.
    assert (found["comparison"], found["threshold"]) == (None, None)


def test_reasons_say_what_the_missing_fact_would_decide(ledger: Recorded) -> None:
    (missing,) = ledger.told_as_json("explain", RULE, "model:class-unknown")["missing"]
    assert missing["name"] == "model.base_is_systemic_risk"
    assert missing["would"] == [
        {"value": "yes", "finding": "not met"},
        {"value": "no", "finding": "met"},
    ]


def test_original_that_is_a_merge_is_all_that_was_merged(said: Answers) -> None:
    """2.0e25 and 1.8e25 stand behind it: a third of either alone would be 6.7e24 or 6e24."""
    assert parted(said, "of-merge-12") == (
        "not_met",
        "12666666666666666666666666",
        "666666666666666666666666",
    )
    assert parted(said, "of-merge-13") == (
        "met",
        "12666666666666666666666666",
        "333333333333333333333334",
    )


SERIES: Final = {
    "one-modification": {"even-2": "met", "uneven-2": "met"},
    "each-against-the-original": {"even-2": "not_met", "uneven-2": "met"},
    "each-against-the-last-version": {"even-2": "not_met", "uneven-2": "not_met"},
}


@pytest.mark.parametrize("reading", SERIES)
def test_modifications_in_series_are_added_up_or_not_by_reading(
    ledger: Recorded, reading: str
) -> None:
    """Twice 7e24, or 2e24 and 1.3e25: the line is 1.267e25, or 1.333e25 at the last version."""
    said = ledger.check("--rule", RULE, "--reading", f"chained-modifications={reading}")
    words = {model: said.word(RULE, f"model:{model}") for model in SERIES[reading]}
    assert words == SERIES[reading]
    for first in ("even-1", "uneven-1"):
        assert said.word(RULE, f"model:{first}") == "not_met"


def test_estimate_of_somebody_else_is_used_unless_only_the_makers_word_counts(
    said: Answers, ledger: Recorded
) -> None:
    assert parted(said, "estimated")[:2] == ("not_met", "12666666666666666666666666")
    strict = ledger.check("--rule", RULE, "--reading", "estimate-of-the-original=communicated")
    assert parted(strict, "estimated")[:2] == ("met", "3333333333333333333333333")
