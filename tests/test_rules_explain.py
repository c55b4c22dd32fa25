"""``flopledger rules explain``: one rule on one line and in sentences, with the law's words."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lawbooks import pack_file
from regimes import SMALL, changed, shipped_words, small

from ledger.quantity import Quantity
from ledger.regime.expression import Flow, Max, Quote, Total
from ledger.regime.law import Law
from ledger.regime.sentence import CATALOGUE, Sayer, Sentence
from ledger.regime.vocabulary import Vocabulary
from ledger.report.rule_document import rules_explain_schema

Run = Callable[..., Any]
WITHOUT_FACTS = Vocabulary({}, {})


def said(condition: str, rule: str = "above") -> list[Sentence]:
    """Return the sentences of a condition of the small regime."""
    regime = small(changed("when: { gt: [compute, line] }", f"when: {condition}"))
    law = Law.on(regime, date(2026, 2, 1))
    found = law.rule(rule)
    return list(Sayer(law, found, shipped_words()).condition(found.condition))


@pytest.fixture
def explained(flopledger: Run, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Explain a rule of a regime text as JSON and return the valid document."""

    def explain(path: str, text: str = SMALL, *more: str) -> dict[str, Any]:
        law = pack_file(tmp_path / "law.json", text)
        ran = flopledger("--rules", law, "rules", "explain", path, "-f", "json", *more)
        assert ran.code == 0, ran.err
        document: dict[str, Any] = json.loads(ran.out)
        jsonschema.Draft202012Validator(rules_explain_schema()).validate(document)
        return document

    return explain


def test_rules_explain_puts_the_words_of_the_law_beside_the_comparison(explained: Run) -> None:
    found = explained("xx.small/above", SMALL, "--in-force-on", "2026-02-01")
    assert found["condition"]["infix"] == "compute > line"
    (sentence,) = found["condition"]["sentences"]
    assert sentence["text"] == (
        "the operations of the subject and of what it was made from, counted as “Work that "
        "trains” (work) (compute) is greater than 10^25 FLOP (line)"
    )
    assert sentence["figures"] == ["line"]
    figures = {each["figure"]: each for each in found["figures"]}
    assert figures["line"] == {
        "figure": "line",
        "value": str(10**25),
        "unit": "FLOP",
        "phrase": "greater than",
        "cite": "Small Act 2025, s. 2",
        "provenance": "verified",
    }
    assert set(figures) == {"line", "notice"}, "the period of the duty is a figure, too"
    assert found["provenance"] == "verified"


def test_rules_explain_tells_exceptions_duties_and_what_counts(explained: Run) -> None:
    found = explained("above", SMALL, "--in-force-on", "2026-02-01")
    (exception,) = found["exceptions"]
    assert exception["id"] == "narrow"
    assert exception["condition"]["sentences"][0]["text"].startswith(
        "it is recorded as not so that the model displays significant generality"
    )
    (duty,) = found["obligations"]
    assert duty["due"] == (
        "within 14 day (notice) after the earliest of the day on which the rule is met; the day "
        "from which it is foreseen to be met"
    )
    (counts,) = found["counting"]
    assert "Reinforcement learning rollout" in counts["counted"]
    assert counts["operation_kinds"] == ["float", "unknown"]
    assert counts["open"] == {"activities.rl_rollout": "rollouts"}
    (question,) = found["readings"]
    assert (question["chosen"]["id"], question["is_default"]) == ("in", True)
    assert question["others"] == [{"id": "out", "title": "They do not"}]


def test_rules_explain_follows_the_reading_chosen(explained: Run) -> None:
    found = explained("above", SMALL, "--reading", "rollouts=out")
    (counts,) = found["counting"]
    assert "Reinforcement learning rollout" in counts["excluded"]
    assert (found["readings"][0]["chosen"]["id"], found["readings"][0]["is_default"]) == (
        "out",
        False,
    )


def test_rules_explain_of_dead_law_gives_its_last_figures_and_says_so(explained: Run) -> None:
    text = changed(
        "        value: 10^25 FLOP\n        cite",
        "        until: 2027-01-01\n        value: 10^25 FLOP\n        cite",
    )
    found = explained("above", text, "--in-force-on", "2027-06-01")
    assert found["law"] == "rescinded"
    assert found["standing_in"] == ["line"]
    assert found["figures"][0]["value"] == str(10**25)


def test_rules_explain_reads_for_people(flopledger: Run, tmp_path: Path) -> None:
    law = pack_file(tmp_path / "law.json", SMALL)
    out = flopledger("--rules", law, "rules", "explain", "xx.small/modifier").out
    assert "In one line: if model.base_compute_obtainable: own > share × behind; if not" in out
    order = ("In sentences", "It concerns every model.", "It is met if this is so:", "Figures")
    places = [out.index(text) for text in order]
    assert places == sorted(places)
    line = next(row for row in out.splitlines() if "times the operations of what" in row)
    assert "“more than a third”" in line
    assert "Small Act 2025, s. 3" in line
    markdown = flopledger("--rules", law, "rules", "explain", "modifier", "-f", "markdown")
    assert markdown.out.startswith("## xx.small/modifier: Modifier")


@pytest.mark.parametrize(
    ("path", "more", "message"),
    [
        ("xx.small/abov", (), "did you mean"),
        ("above", ("--reading", "rollouts=maybe"), "in, out"),
        ("above", ("--in-force-on", "soon"), "2026-11-22"),
    ],
)
def test_rules_explain_of_what_is_not_there_is_two(
    flopledger: Run, tmp_path: Path, path: str, more: tuple[str, ...], message: str
) -> None:
    law = pack_file(tmp_path / "law.json", SMALL)
    ran = flopledger("--rules", law, "rules", "explain", path, *more)
    assert ran.code == 2
    assert message in ran.err


@pytest.mark.parametrize(
    ("path", "said", "remedy"),
    [
        (
            "eu.aia/nope",
            "eu.aia has no rule 'nope'",
            "write one of eu.aia/gpai-indicative, eu.aia/",
        ),
        ("eu.aia/reach", "eu.aia has no rule 'reach'", "did you mean eu.aia/reach-presumption"),
        ("eu.aia", "'eu.aia' is a regime", "write one of eu.aia/gpai-indicative, eu.aia/"),
        ("gpai-indicativ", "no rule 'gpai-indicativ'", "did you mean gpai-indicative"),
        ("eu.ai/gpai-indicative", "no rule 'eu.ai/", "did you mean eu.aia/gpai-indicative"),
        ("wobble", "there is no rule 'wobble'", "rules list, then rules show REGIME"),
    ],
)
def test_rules_explain_of_an_unknown_rule_names_those_of_its_regime_or_the_nearest(
    flopledger: Run, path: str, said: str, remedy: str
) -> None:
    ran = flopledger("rules", "explain", path)
    assert ran.code == 2
    assert said in ran.err
    assert remedy in ran.err
    assert "intl.aguirre" not in ran.err


def test_rules_explain_of_a_name_in_two_regimes_asks_which(flopledger: Run, tmp_path: Path) -> None:
    law = pack_file(tmp_path / "law.json", SMALL, SMALL.replace("xx.small", "xx.other"))
    ran = flopledger("--rules", law, "rules", "explain", "above")
    assert ran.code == 2
    assert "xx.other/above, xx.small/above" in ran.err


@pytest.mark.parametrize("rule", ["gpaisr-presumption", "modifier-one-third", "gpai-indicative"])
def test_rules_explain_of_a_shipped_rule_follows_the_schema(flopledger: Run, rule: str) -> None:
    ran = flopledger("rules", "explain", f"eu.aia/{rule}", "-f", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    jsonschema.Draft202012Validator(rules_explain_schema()).validate(document)
    assert document["figures"]
    assert all(figure["phrase"] for figure in document["figures"])


@pytest.mark.parametrize(
    ("condition", "kind", "text"),
    [
        ("{ ge: [compute, line] }", "ge", " is 10^25 FLOP (line) or more"),
        ("{ lt: [compute, line] }", "lt", " is less than 10^25 FLOP (line)"),
        ("{ le: [compute, line] }", "le", " is 10^25 FLOP (line) or less"),
        (
            "{ gt: [compute, { mul: [2, share, line] }] }",
            "gt",
            " is greater than 2 times 1/3 ratio (share) times 10^25 FLOP (line)",
        ),
        ("{ any: [model.is_modification] }", "any", "at least one of the following holds:"),
        ("{ all: [model.is_modification] }", "all", "all of the following hold:"),
        ("{ not: { gt: [compute, line] } }", "not", "the following does not hold:"),
        (
            "model.is_modification",
            "fact",
            "by modifying an existing general-purpose model (model.is_modification)",
        ),
        (
            "{ any-of: [model.output_modalities, [text, other]] }",
            "any-of",
            "can generate (model.output_modalities) includes at least one of text, other",
        ),
        ("rule:modifier", "rule", "the rule “Modifier” (modifier) is met for the same subject"),
        (
            "reading:rollouts=out",
            "reading",
            "the open question “Do rollouts count” is answered by “They do not” (rollouts)",
        ),
    ],
)
def test_sentence_of_each_kind_of_node(condition: str, kind: str, text: str) -> None:
    first, *_ = said(condition)
    assert first.kind == kind
    assert first.text.endswith(text)
    assert first.depth == 0


def test_sentence_of_a_choice_names_cases_and_what_follows() -> None:
    found = said("{ gt: [compute, line] }", "modifier")
    assert [(each.depth, each.kind) for each in found] == [
        (0, "choose"),
        (1, "case"),
        (2, "fact"),
        (1, "then"),
        (2, "gt"),
        (1, "case"),
        (2, "not fact"),
        (1, "then"),
        (2, "gt"),
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (
            Max(number="rate.mac_rate", over="device_rates"),
            "the largest rate.mac_rate over device rates",
        ),
        (
            Total(
                number="device.tpp",
                over="holdings",
                add=("shipped",),
                less=("removed",),
                of=("company",),
                where="device.advanced",
            ),
            (
                "the sum of device.tpp over holdings of the same company shipped, "
                "less those removed in the window, as far as device.advanced"
            ),
        ),
        (
            Flow(fact="model.users", preceding="notice", ending="month"),
            "model.users, added up over the 14 day (notice) before the month of the day asked for",
        ),
        (Quote(q=Quantity.parse("10^20 FLOP")), f"{10**20} FLOP"),
    ],
)
def test_sentence_of_numbers_over_rows_and_of_what_the_catalogue_does_not_know(
    number: Max | Total | Flow | Quote, text: str
) -> None:
    regime = small()
    rule = regime.rules[0].model_copy(update={"let": {"compute": number}})
    sayer = Sayer(Law.on(regime, date(2026, 2, 1)), rule, WITHOUT_FACTS)
    (found,) = sayer.condition(rule.condition)
    assert found.text == f"{text} (compute) is greater than 10^25 FLOP (line)"


def test_sentence_catalogue_has_a_template_for_each_kind_of_condition() -> None:
    conditions = {"all", "any", "not", "gt", "ge", "lt", "le", "any-of", "member", "exists"}
    assert conditions <= CATALOGUE.keys()
    for kind, template in CATALOGUE.items():
        places = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        assert len(set(places)) == len(places), kind
        assert all(name.isidentifier() for name in places), kind
