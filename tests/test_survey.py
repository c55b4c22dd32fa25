"""A survey counts what ``determine`` would find and puts together only what comes first."""

from __future__ import annotations

from datetime import date

import pytest
from triples import triple

from ledger.determination import Asked, PlainEvaluator, counted, determine, survey, tallied
from ledger.determination.tally import NEAREST


@pytest.mark.parametrize("block", range(4))
def test_survey_counts_as_determine_does_and_leaves_out_nobody_who_must_act(block: int) -> None:
    met = 0
    for seed in range(block * 20, block * 20 + 20):
        made = triple(seed)
        asked = Asked(made.law.in_force_on, date.max, {made.law.regime.id: made.law.readings})
        whole = determine(asked, [made.law.regime], made.world, PlainEvaluator())
        parts = list(survey(asked, [made.law.regime], triple(seed).world, PlainEvaluator()))
        tallies = tuple(tally for tally, _ in parts if tally.subjects)
        assert tallies == tallied(whole), f"seed {seed}"
        assert counted(tallies).determinations == len(whole)
        first = [each for _, held in parts for each in held]
        # Every one that is put together is the one that the whole holds, and none to act on lacks.
        by_place = {(d.rule, d.subject): d for d in whole}
        assert all(by_place[d.rule, d.subject] == d for d in first), f"seed {seed}"
        assert {(d.rule, d.subject) for d in whole if d.met or d.overdue} <= {
            (d.rule, d.subject) for d in first
        }
        met += sum(d.met for d in first)
        for tally, held in parts:
            assert len(held) <= tally.met + tally.foreseen + NEAREST
    assert met, "a generator that meets no line compares nothing"
