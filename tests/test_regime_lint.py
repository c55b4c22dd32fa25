"""Lint: what loads and is still wrong; `test_lint_fixtures` has a pair of files for each check."""

from __future__ import annotations

from datetime import date

import pytest
from regimes import FILE, ROOT, SMALL, changed, shipped_pack, small

from ledger.journeys.linting import lint_rules
from ledger.pack import Pack
from ledger.quantity import Quantity
from ledger.regime.lint import CHECKS, lint_pack, lint_regime
from ledger.regime.phrase import lost_exponent, mentions_lost

TODAY = date(2026, 11, 26)
PHRASE = "at: s. 2, phrase: greater than }"
WHEN = "    when: { gt: [compute, line] }\n"
VERIFIED = "        provenance: verified\n"
TWO_ARMS = """\
      - case: model.base_compute_obtainable
        then: { gt: [own, { mul: [share, behind] }] }
      - case: { not: model.base_compute_obtainable }
        then: { gt: [own, { mul: [share, line] }] }
"""
UNUSED = """\
  spare:
    dimension: count
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 10000 user
        cite: { source: act, at: s. 8, phrase: at least }
        provenance: verified
counting:
"""


def findings(text: str) -> list[tuple[str, str, str]]:
    """Return check, place and message of every finding in a regime that loads."""
    return [(flaw.code, flaw.place, flaw.message) for flaw in lint_regime(FILE, small(text))]


def test_lint_finds_nothing_in_a_careful_file() -> None:
    assert findings(SMALL) == []


def test_lint_finds_nothing_in_the_shipped_rules() -> None:
    linted = lint_rules(ROOT / "rules", TODAY)
    assert not linted.refused
    assert not linted.findings, [(flaw.where, flaw.code, flaw.message) for flaw in linted.findings]


def test_lint_passes_over_nothing_but_what_nobody_read() -> None:
    """Each exception is named here too, so that adding one is a decision and not an escape."""
    passed = [(each.flaw.file, each.flaw.code) for each in lint_rules(ROOT / "rules", TODAY).waived]
    assert passed == [
        ("regimes/us/us.il.sb3444.yaml", "no-citation"),
        ("regimes/wa/wa.4a3b.yaml", "time-gap"),
    ]


WRONG = {
    "no-citation": (
        changed(", at: s. 2, phrase: greater than }", " }"),
        "parameters.line.values[0].cite",
        "has no at and no phrase",
    ),
    "unchecked": (
        changed("{ state: draft, encoded_by: tests }", "{ state: checked, encoded_by: tests, "
                "checked_against_text_by: [a, b] }"),
        "parameters.notice.values[0].provenance",
        "from memory in a file marked checked",
    ),
    "comparator": (
        changed(WHEN, "    when: { ge: [compute, line] }\n"),
        "rules[0].when",
        "line: the law says 'greater than' (gt) and the rule has ge",
    ),
    "comparator-unsaid": (
        changed(PHRASE, "at: s. 2, phrase: a capacity of }"),
        "rules[0].when",
        "does not say whether line itself is caught",
    ),
    "lost-exponent": (
        changed("        value: 10^25 FLOP\n", "        value: 1025 FLOP\n"),
        "parameters.line.values[0].value",
        "1025 FLOP looks like a power of ten without its exponent",
    ),
    "time-gap": (
        changed(
            "        known: 2025-01-10\n        value: 10^25 FLOP\n",
            "        until: 2026-05-01\n        known: 2025-01-10\n        value: 10^25 FLOP\n",
        ),
        "parameters.line.values",
        "line has no value from 2026-05-01 until 2027-01-01",
    ),
    "stance": (
        changed("until: 2026-01-01, stance", "until: 2025-12-01, stance"),
        "enforcement[1]",
        "no stance is stated from 2025-12-01 until 2026-01-01",
    ),
    "known-after-from": (
        changed(
            "        known: 2025-01-10\n        value: 10^25 FLOP\n",
            "        known: 2025-07-10\n        value: 10^25 FLOP\n",
        ),
        "parameters.line.values[0]",
        "binds from 2025-06-01 and was known only from 2025-07-10",
    ),
    "unused": (changed("counting:\n", UNUSED), "parameters.spare", "nothing uses spare"),
    "no-case": (
        changed("    expect: { above: { m: { finding: not_met } }, modifier",
                "    expect: { above: { m: { margin: 0 FLOP } }, modifier"),
        "rules[0]",
        "no case of above comes out not_met",
    ),
    "choose": (
        changed("{ not: model.base_compute_obtainable }", "model.is_modification"),
        "rules[1].choose",
        "no case holds when model.base_compute_obtainable is no, model.is_modification is no",
    ),
    "constant": (
        changed(WHEN, "    when: { any: [{ gt: [compute, line] }, { le: [compute, line] }] }\n"),
        "rules[0].when",
        "this condition always holds",
    ),
    "views": (
        changed("{ actual: { basis: [actual] }", "{ actual: { basis: [actual, committed] }"),
        "rules[0].views.actual",
        "counts compute that is only committed",
    ),
}  # fmt: skip


def test_lint_mistakes_are_of_known_checks() -> None:
    assert set(WRONG) <= set(CHECKS)


@pytest.mark.parametrize("check", sorted(WRONG))
def test_lint_check_finds_its_mistake(check: str) -> None:
    text, place, message = WRONG[check]
    found = [item for item in findings(text) if item[0] == check]
    assert any(item[1] == place and message in item[2] for item in found), found


@pytest.mark.parametrize("check", sorted(WRONG))
def test_lint_findings_say_what_to_do(check: str) -> None:
    for flaw in lint_regime(FILE, small(WRONG[check][0])):
        assert flaw.remedy
        assert flaw.file == FILE


def test_lint_file_is_named_for_its_regime() -> None:
    found = lint_regime("regimes/xx/other.yaml", small())
    assert [(flaw.code, flaw.remedy) for flaw in found] == [("file-name", "name it xx.small.yaml")]


def test_lint_looks_only_into_files_that_load() -> None:
    wrong = small().model_copy()
    assert wrong.id == "xx.small"
    trees = dict(shipped_pack().under("vocabulary"))
    trees["regimes/xx/broken.yaml"] = {"schema": "regime/1"}
    assert lint_pack(Pack.of(trees)) == ()


@pytest.mark.parametrize(
    ("condition", "wrong"),
    [
        ("{ gt: [compute, line] }", False),
        ("{ lt: [line, compute] }", False),
        ("{ not: { le: [compute, line] } }", False),
        ("{ not: { not: { gt: [compute, line] } } }", False),
        ("{ lt: [compute, line] }", True),
        ("{ gt: [line, compute] }", True),
        ("{ not: { gt: [compute, line] } }", True),
        ("{ not: { ge: [compute, line] } }", True),
        ("{ gt: [compute, { mul: [share, line] }] }", False),
        ("{ ge: [compute, { mul: [share, line] }] }", True),
    ],
)
def test_lint_comparator_sees_through_sides_and_nots(condition: str, *, wrong: bool) -> None:
    text = changed(WHEN, f"    when: {condition}\n")
    assert ("comparator" in {item[0] for item in findings(text)}) == wrong


def test_lint_comparator_in_an_exception_may_be_the_contrary() -> None:
    old = "when: { not: model.significant_generality }, cite"
    good = changed(old, "when: { le: [compute, line] }, cite")
    bad = changed(old, "when: { lt: [compute, line] }, cite")
    assert "comparator" not in {item[0] for item in findings(good)}
    assert "comparator" in {item[0] for item in findings(bad)}


def test_lint_silent_words_are_settled_by_an_interpretation() -> None:
    silent = changed(PHRASE, "at: s. 2, phrase: a capacity of }")
    told = changed(WHEN, WHEN + "    interpretation: Read as greater than.\n", text=silent)
    above = [item for item in findings(told) if item[1].startswith("rules[0]")]
    assert not [item for item in above if item[0] == "comparator-unsaid"]


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("greater than 1025 floating-point operations", "1025"),
        ("1026 integer or floating-point operations", "1026"),
        ("more than 1023 FLOP", "1023"),
        ("a capacity of 1020", "1020"),
        ("greater than 10 integer or floating-point operations", "10"),
        ("10\u00ba26 integer or floating-point operations", "10\u00ba26"),
        ("10\u00b2\u2076 operations", None),
        ("at least 10", None),
        ("10 percent", None),
        ("greater than 10^25 operations", None),
        ("10,000 registered users", None),
        ("in the year 1066", None),
        ("1025 pages", None),
    ],
)
def test_lint_sees_a_lost_exponent_in_text(text: str, lost: str | None) -> None:
    assert mentions_lost(text) == lost


@pytest.mark.parametrize(
    ("text", "lost"),
    [("1025 FLOP", True), ("1026 OP", True), ("1020 OP/s", True), ("10^25 FLOP", False),
     ("1100 FLOP", False), ("1025 USD", False)],
)  # fmt: skip
def test_lint_sees_a_lost_exponent_in_a_quantity(text: str, *, lost: bool) -> None:
    assert lost_exponent(Quantity.parse(text)) == lost


def test_lint_sees_a_lost_exponent_in_a_case_and_a_title() -> None:
    in_case = changed("operations: 2*10^25 FLOP", "operations: 1026 FLOP")
    in_title = changed("title: { en: Above the line }", "title: { en: Above 1025 FLOP }")
    assert [item[1] for item in findings(in_case)] == ["cases[0].training[0].operations"]
    assert [item[1] for item in findings(in_title)] == ["rules[0].title.en"]


def arms(text: str) -> list[str]:
    """Return what lint says of a choose with these arms."""
    found = findings(changed(TWO_ARMS, text))
    return [message for code, _, message in found if code == "choose"]


def test_lint_choose_cases_that_overlap_are_shown_with_a_world() -> None:
    both = TWO_ARMS.replace("{ not: model.base_compute_obtainable }", "model.is_modification")
    (none, two) = arms(both)
    assert none.startswith("no case holds when")
    assert two == (
        "two cases hold when model.base_compute_obtainable is yes, model.is_modification is yes"
    )


def test_lint_choose_compares_numbers_as_less_equal_or_more() -> None:
    then = "model.is_modification"
    total = (
        f"      - {{ case: {{ gt: [own, line] }}, then: {then} }}\n"
        f"      - {{ case: {{ le: [own, line] }}, then: {{ gt: [behind, line] }} }}\n"
    )
    assert arms(total) == []
    assert arms(total.replace("le:", "lt:")) == ["no case holds when own = line"]
    assert arms(total.replace("gt: [own", "ge: [own")) == ["two cases hold when own = line"]


def test_lint_choose_takes_one_alternative_of_a_reading() -> None:
    then = "model.is_modification"
    by_reading = (
        f'      - {{ case: "reading:rollouts=in", then: {then} }}\n'
        f'      - {{ case: "reading:rollouts=out", then: {{ gt: [own, line] }} }}\n'
    )
    assert arms(by_reading) == []
    twice = by_reading.replace("rollouts=out", "rollouts=in")
    assert arms(twice) == [
        "no case holds when reading:rollouts=out",
        "two cases hold when reading:rollouts=in",
    ]


def test_lint_choose_too_large_to_try_says_so() -> None:
    facts = [
        "is_modification", "significant_generality", "same_provider_as_base",
        "base_compute_obtainable", "base_is_systemic_risk", "systemic_risk_rebutted",
        "designated_systemic_risk", "free_and_open_source", "is_foundation_model",
        "primarily_biological_sequence_data", "most_advanced_technology", "broad_serious_risk",
        "solely_defence_or_national_security", "weights_published",
    ]  # fmt: skip
    every = ", ".join(f"model.{name}" for name in facts) + ", { gt: [own, line] }"
    huge = (
        f"      - {{ case: {{ all: [{every}] }}, then: {{ gt: [behind, line] }} }}\n"
        f"      - {{ case: {{ not: {{ all: [{every}] }} }}, then: {{ gt: [own, line] }} }}\n"
    )
    assert arms(huge) == ["the cases rest on too many facts to try all"]


def test_lint_gap_between_two_values_is_found() -> None:
    later = (
        "        until: 2026-01-01\n        known: 2025-01-10\n        value: 10^25 FLOP\n"
        "        cite: { source: act, at: s. 2, phrase: greater than }\n" + VERIFIED +
        "      - from: 2026-03-01\n        known: 2025-01-10\n        value: 10^26 FLOP\n"
    )  # fmt: skip
    text = changed("        known: 2025-01-10\n        value: 10^25 FLOP\n", later)
    assert [item[2] for item in findings(text)] == [
        "line has no value from 2026-01-01 until 2026-03-01 while the regime applies"
    ]


def test_lint_value_may_end_with_the_regime() -> None:
    text = changed(
        "        known: 2025-01-10\n        value: 10^25 FLOP\n",
        "        until: 2027-01-01\n        known: 2025-01-10\n        value: 10^25 FLOP\n",
    )
    assert findings(text) == []


def test_lint_stances_that_overlap_are_found() -> None:
    text = changed("until: 2026-01-01, stance", "until: 2026-02-01, stance")
    assert [item[2] for item in findings(text)] == [
        "grace_period still holds when enforced begins on 2026-01-01"
    ]
    open_ended = changed("until: 2026-01-01, stance", "stance")
    assert [item[0] for item in findings(open_ended)] == ["stance"]


def test_lint_comparator_sees_through_a_let() -> None:
    text = changed(
        "      compute: { sum", "      third: { mul: [share, line] }\n      compute: { sum"
    ).replace("{ gt: [compute, line] }", "{ ge: [compute, third] }")
    assert {item[2].partition(":")[0] for item in findings(text)} == {"share", "line"}


def test_lint_foreseen_view_needs_commitments() -> None:
    text = changed("foreseen: { basis: [actual, committed] }", "foreseen: { basis: [actual] }")
    text = text.replace("earliest: [met, foreseen]", "earliest: [met]")
    assert [item[0] for item in findings(text)] == ["views"]


def test_lint_source_that_another_replaces_is_used() -> None:
    text = changed(
        "  repeal: {", "  old: { cite: Act 1, published: 2020-01-01, binding: law }\n  repeal: {"
    )
    assert [item[1] for item in findings(text)] == ["sources.old"]
    assert findings(text.replace("  repeal: {", "  repeal: { replaces: old,")) == []


def test_lint_retroactive_note_explains_a_value_known_late() -> None:
    late = changed(
        "        known: 2025-01-10\n        value: 10^25 FLOP\n",
        "        known: 2025-07-10\n        retroactive: It says so.\n        value: 10^25 FLOP\n",
    )
    assert findings(late) == []


def test_lint_unused_sources_readings_and_lets_are_found() -> None:
    text = SMALL.replace("      rl_rollout: { open: rollouts }\n", "      rl_rollout: counted\n")
    text = text.replace("      compute: {", "      spare: { mul: [2, line] }\n      compute: {")
    text = text.replace(
        "  repeal: {", "  extra: { cite: B 1, published: 2025-01-01, binding: bill }\n  repeal: {"
    )
    assert {item[1] for item in findings(text)} == {
        "readings.rollouts",
        "rules[0].let.spare",
        "sources.extra",
    }
