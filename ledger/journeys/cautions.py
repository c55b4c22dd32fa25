"""Cautions are what a reader of a scenario must know to take its result for what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ledger.determination import Determination
from ledger.journeys.checking import Question
from ledger.journeys.comparing import Compared
from ledger.journeys.scenario import Scenario, law_days
from ledger.regime.dated import standing_on

__all__ = ["notes_of", "still_due"]


def notes_of(scenario: Scenario, question: Question, *, determined: bool) -> Iterator[str]:
    """Yield what a reader must know to take the result for what it is."""
    on = question.in_force_on
    if not scenario.law and (scenario.drafts or scenario.settings):
        yield "the scenario says what the rules in use say"
    for setting in scenario.settings:
        if setting.start is not None and setting.start > on:
            yield f"{setting.path} is set only from {setting.start}: --in-force-on {setting.start}"
    for regime_id in scenario.drafts:
        regime = scenario.law.new.regimes[regime_id]
        standing = standing_on(regime, on, question.law_known_on)
        if not standing.applicable and f"{regime_id}=in_force" not in question.assumptions:
            yield (
                f"{regime_id} binds nobody on {on} (law: {standing.law or 'none known'}): "
                f"--assume {regime_id}=in_force, or ask a day on which it applies"
            )
    for regime_id, day in _later(scenario, on):
        yield f"what {regime_id} says changes again on {day}: --in-force-on {day} asks that day"
    for path, day in _hidden(scenario, question.law_known_on):
        yield f"a value of {path} is known only from {day} and not seen: --law-known-on {day}"
    if not determined and scenario.law:
        yield "nothing was determined: no record speaks of a subject of these rules"


def _later(scenario: Scenario, on: date) -> Iterator[tuple[str, date]]:
    """Yield the next day after the one asked on which a scenario changes a regime by itself."""
    set_on = {(setting.regime, setting.start) for setting in scenario.settings}
    for regime_id in sorted(scenario.law.touched() & scenario.law.new.regimes.keys()):
        known = law_days(scenario.law.old.regimes.get(regime_id))
        days = law_days(scenario.law.new.regimes[regime_id])
        more = [day for day in days if day > on and day not in known]
        if more and (regime_id, more[0]) not in set_on:
            yield regime_id, more[0]


def _hidden(scenario: Scenario, known_on: date) -> Iterator[tuple[str, date]]:
    """Yield the figures of a scenario that are known only after the day of knowledge asked."""
    for each in scenario.law.differences:
        for value in each.values:
            if value.new is not None and value.new.known > known_on:
                yield f"{each.new.id}/{value.parameter}", value.new.known


def still_due(law: Compared, before: Sequence[Determination]) -> Iterator[str]:
    """Yield where a figure that begins later leaves duties standing that fell due before it."""
    for each in law.differences:
        starts = [value.new.from_ for value in each.values if value.new and not value.old]
        own = [d for d in before if d.regime == each.new.id]
        days = [due.on for d in own for due in d.due if due.on is not None]
        later = [start for start in starts if days and start > min(days)]
        if later:
            yield (
                f"what fell due under {each.new.id} before {min(later)} stays due by the law of "
                "those days; each law is asked here about one day"
            )
