"""What later records bring is told with its kind, and never what the own law found before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bundled import ASKED, TODAY, asking, attested, members_of, pack, policy, step, verdict
from ledgers import DAY, allocation, commitment, fact, undated
from sealed import fill, found, leg
from test_verify_claims import CROSSED, stricter

from ledger.journeys.causes import Causes
from ledger.journeys.flip import flips
from ledger.journeys.stance import Stance
from ledger.journeys.weight import is_ahead, weight_of, weight_words
from ledger.record import Draft, draft_of
from ledger.regime.cased import load_cased

LAW = load_cased(pack())


def said(finding: str | None, foreseen: str | None = None) -> Any:
    """Return what a determination finds, and what is foreseen."""
    ahead = None if foreseen is None else SimpleNamespace(finding=foreseen, on=None)
    return SimpleNamespace(
        regime="eu.aia",
        rule="gpaisr-presumption",
        subject="model:m",
        law="in_force",
        in_scope=True,
        finding=finding,
        foreseen=ahead,
        exception=None,
        met_on=None,
        due=(),
        missing=(),
        met="met" in {finding, foreseen},
        undetermined=finding == "undetermined" or foreseen == "undetermined",
    )


@pytest.mark.parametrize(
    ("finding", "foreseen", "weight", "words"),
    [
        ("met", None, 3, "is met"),
        ("met", "met", 3, "is met"),
        ("not_met", "met", 2, "is foreseen to be met"),
        ("undetermined", "met", 2, "is foreseen to be met"),
        ("excepted", "met", 2, "is foreseen to be met"),
        (None, "met", 2, "is foreseen to be met"),
        ("undetermined", None, 1, "cannot be decided"),
        ("not_met", "undetermined", 1, "cannot be foreseen"),
        ("excepted", None, 1, "is excepted"),
        ("not_met", "excepted", 1, "is foreseen to be excepted"),
    ],
)
def test_determination_has_the_weight_and_the_words_of_what_counts(
    finding: str | None, foreseen: str | None, weight: int, words: str
) -> None:
    one = said(finding, foreseen)
    assert (weight_of(one), weight_words(one)) == (weight, words)
    # A claim that lacks it is told the same, whatever stands in the foreground.
    (lacked,) = flips([], [one]) or (None,)
    if lacked is None:
        pytest.fail("a determination with a weight is no flip")
    usual = Stance(TODAY, TODAY, TODAY, {}, {})
    (contrast,) = Causes(None, usual, usual, known=LAW, same=True).contrasts(lacked)
    ahead = is_ahead(one)
    assert contrast.field == ("foreseen" if ahead else "finding")
    assert contrast.found == (foreseen if ahead else finding)


def test_determination_that_finds_nothing_has_no_weight() -> None:
    for one in (None, said(None), said("not_met"), said("not_met", "not_met")):
        assert weight_of(one) == 0
    assert flips([], [said(None)]) == ()


# What came after the newest claim.


def released() -> Draft:
    """Return the record that the model is offered."""
    body = fact("model:m", "model.released", "boolean", value=True)
    return draft_of("fact", body, hidden={}, key=("offered", "1"))


def work(**changes: Any) -> Draft:
    """Return the record of a run."""
    return draft_of("allocation", allocation("m", **changes), hidden={}, key=("work", "1"))


def planned() -> Draft:
    """Return the record of a contract that leads over every line."""
    plan = commitment("m", "acme", operations=str(5 * 10**27), agreed_on=str(DAY))
    return draft_of("commitment", plan, hidden={}, key=("plan", "1"))


def later(folder: Path, *drafts: Draft) -> list[str]:
    """Record something after a claim; return what is told of what came later."""
    context = found(folder)
    fill(context, [leg(0), released()])
    attested(context)
    fill(context, drafts)
    out = verdict(members_of(context), policy(**ASKED), recompute=asking())
    assert out.fault is None
    notes = [note for note in step(out, "own law").notes if "came after attestation" in note]
    assert (step(out, "own law").outcome == "finding") is (out.exit_status == 1)
    return notes


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (work(run="big", operations=5 * 10**27), "is met"),
        (planned(), "is foreseen to be met"),
        (work(run="open", operations_low="3", **undated(DAY)), "cannot be decided"),
    ],
)
def test_later_record_is_told_with_what_it_brings(tmp_path: Path, draft: Draft, words: str) -> None:
    notes = later(tmp_path, draft)
    assert [note for note in notes if f"and not before, that {CROSSED} {words}" in note], notes
    assert all("1 record came after attestation 1, the newest: " in note for note in notes)


def test_later_record_is_not_blamed_for_what_the_own_law_found_already(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(1), released()])
    attested(context)
    fill(context, [leg(2)])
    out = verdict(members_of(context), policy(**ASKED), recompute=asking(stricter()))
    # Under the verifier's rules the line was crossed before; that is told of the claim itself.
    turned = next(c for c in out.contrasts if c.place == CROSSED and c.field == "finding")
    assert (turned.stated, turned.found) == ("not_met", "met")
    notes = [note for note in step(out, "own law").notes if "came after" in note]
    assert notes == [
        "1 record came after attestation 1, the newest: your rules find nothing more with that"
    ]


# Which reading is another.


@pytest.fixture
def readings() -> tuple[str, str, str]:
    """A reading of the law, its default and another alternative."""
    name, held = next(iter(LAW["eu.aia"].readings.items()))
    return name, held.default, next(each for each in held.alternatives if each != held.default)


def test_reading_that_is_the_default_of_the_verifier_is_no_cause(
    readings: tuple[str, str, str],
) -> None:
    name, default, other = readings
    own = Stance(TODAY, TODAY, TODAY, {}, {})
    early = replace(own, as_of=DAY)
    turned = flips([said("not_met")], [said("met")])
    found_ = {}
    for alternative in (default, other):
        claim = replace(early, readings={"eu.aia": {name: alternative}})
        causes = Causes(None, claim, own, known=LAW, same=True)
        found_[alternative] = {each.cause: each.why for each in causes.contrasts(turned[0])}
    assert list(found_[default]) == ["other_law"]
    assert f"work up to {DAY}" in found_[default]["other_law"]
    assert found_[other] == {
        "other_reading": f"the claim reads {name} as {other}; the verifier takes the default of "
        "his rules"
    }
