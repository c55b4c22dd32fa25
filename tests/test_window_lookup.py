"""Looking a figure of the law up for the window that a subject looks at, and not for the day."""

from __future__ import annotations

from pathlib import Path

import pytest
from regimes import FILE, load, shipped_words

from ledger.determination import Determination, Evaluator, PlainEvaluator
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.regime.case import Case
from ledger.regime.lint import lint_regime
from ledger.regime.model import Regime

TEXT = (Path(__file__).parent / "rules" / "tabled.yaml").read_text("utf-8")


def tabled(*changes: tuple[str, str]) -> Regime:
    """Return the table act with some texts replaced, each of which must stand there."""
    regime, flaws = load(_changed(*changes))
    assert regime is not None, flaws
    return regime


def _changed(*changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("evaluator", [PlainEvaluator(), ColumnEvaluator()])
@pytest.mark.parametrize("case", tabled().cases, ids=lambda case: case.name)
def test_window_lookup_comes_out_as_the_cases_say(case: Case, evaluator: Evaluator) -> None:
    found = Bench(shipped_words(), PlainEngine, evaluator).run(tabled(), case)
    assert found.passed, found.mismatches


def lines(case: Case) -> dict[str, Determination]:
    bench = Bench(shipped_words(), PlainEngine, PlainEvaluator())
    found = bench.determinations(tabled(), case, frozenset({"stock"}))
    return {each.subject: each for each in found}


def test_window_lookup_gives_each_subject_its_own_threshold() -> None:
    found = lines(tabled().cases[0])
    thresholds = {name: each.threshold for name, each in found.items()}
    assert thresholds["company:acme/2025-Q1"] == "10"
    assert thresholds["company:acme/2025-Q2"] == "20"
    assert thresholds["company:acme/2025-Q3"] == "30"
    assert {each.provenance for each in found.values()} == {"secondary"}


def test_window_lookup_does_not_ask_before_the_table_begins() -> None:
    found = lines(tabled().cases[0])
    assert [name for name in found if "crest" in name] == [
        "company:crest/2025-Q1",
        "company:crest/2025-Q2",
        "company:crest/2025-Q3",
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("at-window: table }", "at-window: tabel }", "unresolved", "table"),
        (", window: { calendar: quarter } }", " }", "subject", "window"),
        (
            "total: holding.quantity, over",
            "total: { mul: [holding.quantity, { at-window: table }] }, over",
            "subject",
            "window",
        ),
        ("{ total: holding.quantity,", "{ total: rate.mac_rate,", "subject", ""),
    ],
)
def test_window_lookup_that_cannot_be_answered_is_refused(
    old: str, new: str, code: str, told: str
) -> None:
    regime, flaws = load(_changed((old, new)))
    assert regime is None
    assert code in {flaw.code for flaw in flaws}
    assert any(told in f"{flaw.message} {flaw.remedy}" for flaw in flaws)


def test_window_lookup_compares_like_with_like() -> None:
    regime, flaws = load(
        _changed(("dimension: count", "dimension: ratio"), (" accelerator, cite", " ratio, cite"))
    )
    assert regime is None
    assert "dimension" in {flaw.code for flaw in flaws}


def codes(regime: Regime) -> set[str]:
    return {flaw.code for flaw in lint_regime(FILE, regime)} - {"file-name", "no-case"}


def test_window_lookup_table_may_end_but_has_no_gap() -> None:
    assert codes(tabled()) == set()
    gap = tabled(("from: 2025-04-01, until: 2025-07-01", "from: 2025-04-01, until: 2025-06-01"))
    assert codes(gap) == {"time-gap"}
    # The same figure asked for the day as well must hold on every day.
    plain = tabled(
        (
            "when: { gt: [held, line] }",
            "when: { all: [{ gt: [held, line] }, { gt: [held, table] }] }",
        )
    )
    assert codes(plain) == {"time-gap"}


def test_window_lookup_is_checked_against_the_words_of_the_law() -> None:
    assert "comparator" in codes(tabled(("{ gt: [held, line] }", "{ ge: [held, line] }")))
    silent = tabled(("phrase: more than", "phrase: allocation of"))
    assert "comparator-unsaid" in codes(silent)
    unasked = tabled(("{ at-window: table }", "table"))
    assert "unused" not in codes(unasked)
