"""Looking a figure of the law up for the window that a subject looks at, and not for the day."""

from __future__ import annotations

from pathlib import Path

import pytest
from regimes import FILE, load, shipped_words
from worlds import TODAY

from ledger.book import Book
from ledger.determination import (
    Determination,
    Evaluator,
    PlainEvaluator,
    StatedDevices,
    World,
)
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench, Inscribed
from ledger.journeys.tallies import tallies
from ledger.regime.answered import Answers
from ledger.regime.case import Case
from ledger.regime.cased import CasedRegime
from ledger.regime.cases import records_of
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law
from ledger.regime.lint import lint_regime
from ledger.regime.question import Question

TEXT = (Path(__file__).parent / "rules" / "tabled.yaml").read_text("utf-8")


def tabled(*changes: tuple[str, str]) -> CasedRegime:
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


def codes(regime: CasedRegime) -> set[str]:
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


def test_window_lookup_does_not_hang_on_the_order_of_lets() -> None:
    before = (
        "      held: { total: holding.quantity, over: holdings, add: [installed], less: [removed], "
        "during: to-date }\n      line: { at-window: table }\n    when: { gt: [held, line] }"
    )
    after = (
        "      line: { mul: [2, whole] }\n      whole: { mul: [5, held] }\n"
        "      held: { total: holding.quantity, over: holdings, add: [installed], less: [removed], "
        "during: to-date }\n    when: { gt: [line, { at-window: table }] }"
    )
    found = Bench(shipped_words(), PlainEngine, PlainEvaluator()).determinations(
        tabled((before, after)), tabled().cases[0], frozenset({"stock"})
    )
    margins = {each.subject: each.margin for each in found}
    assert margins["company:acme/2025-Q1"] == str(11 * 10 - 10)


def test_window_lookup_totals_of_a_rule_asked_are_told_as_well() -> None:
    regime = tabled(("{ gt: [{ mul: [2, held] }, { at-window: table }] }", "rule:stock"))
    law = Law.on(regime, TODAY)
    subject = "company:crest/2025-Q1"
    inscribed = Inscribed(records_of(regime.cases[0], shipped_words()))
    engine, size = PlainEngine(inscribed), inscribed.size
    folded = engine.fold(size=size, limit=size, as_of=TODAY)
    world = World(Book(folded), as_of=TODAY, legs=lambda _: {}, devices=StatedDevices({}))
    answers = Answers(law, world.present)
    asked = Question(
        Interpreter(law, answers, subject), law.rule("half-stock"), subject, "actual", "legal"
    )
    found = [(item.total, item.tallied.holding.seq) for item in tallies(law, asked)]
    assert found == [("held", 4), ("held", 4)]
