"""To determine is to ask every rule of every subject, by the law of a day and the records by one.

The whole is a pure function: the regimes, the records and the coordinates go in, determinations
come out, in the order of regimes, rules and subjects. Nothing is left out: a rule that binds nobody
on the day gives a determination that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from ledger.determination.conclusion import MODEL_GAP, Conclusion, unbound
from ledger.determination.ground import Ground, ground_of
from ledger.determination.model import Determination
from ledger.determination.verdict import Evaluator, Verdicts
from ledger.determination.world import World, within_tables
from ledger.obligations import Filings
from ledger.regime.answered import Answers
from ledger.regime.dated import APPLICABLE, Standing, standing_on
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law
from ledger.regime.model import Regime
from ledger.regime.source import LawStatus

__all__ = ["Asked", "determine"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the law.

    Attributes:
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen.
        readings: Alternatives chosen, by regime and reading.
        assumptions: Status assumed, by regime.
        rules: Rules asked, by regime; a regime that is not there has all its rules asked.
        subjects: Subjects asked, with their prefix; None asks all.
    """

    in_force_on: date
    law_known_on: date
    readings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    assumptions: Mapping[str, LawStatus] = field(default_factory=dict)
    rules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    subjects: frozenset[str] | None = None


def determine(
    asked: Asked, regimes: Iterable[Regime], world: World, evaluator: Evaluator
) -> tuple[Determination, ...]:
    """Ask the rules of some regimes of the subjects of a world.

    Args:
        asked: The law asked about.
        regimes: The regimes, in the order wanted.
        world: The records by a day.
        evaluator: Gives the verdicts.

    Returns:
        One determination for each rule asked and each subject of its kind.

    Raises:
        RuleError: If a reading chosen does not exist, or rules refer to each other in a circle.
    """
    judged = [_judge(asked, regime, world, evaluator) for regime in regimes]
    # The second pass needs legs, and asks for all of them at once.
    world.legs(frozenset().union(*(_models_of(case, world) for case in judged)))
    filings = Filings(world.book.records("filing"), as_of=world.as_of)
    return tuple(found for case in judged for found in _conclude(case, world, filings))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A regime with its verdicts.

    Attributes:
        law: The regime on the day.
        standing: Where it stands.
        assumed: Whether its standing is assumed.
        binds: Whether its rules are asked at all.
        grounds: What each rule asked rests on.
        subjects: Subjects by family of rules, with their prefix.
        answers: What is known of subjects.
        actual: Verdicts on what happened.
        foreseen: Verdicts with commitments; empty where there are none.
    """

    law: Law
    standing: Standing
    assumed: bool
    binds: bool
    grounds: tuple[Ground, ...]
    subjects: Mapping[str, tuple[str, ...]]
    answers: Answers
    actual: Verdicts
    foreseen: Verdicts


def _judge(asked: Asked, regime: Regime, world: World, evaluator: Evaluator) -> _Judged:
    """Give the verdicts on one regime."""
    standing = standing_on(regime, asked.in_force_on, asked.law_known_on)
    assumption = asked.assumptions.get(regime.id)
    law = Law.on(
        regime,
        asked.in_force_on,
        law_known_on=asked.law_known_on,
        readings=asked.readings.get(regime.id),
        assumed=assumption is not None,
    )
    wanted = asked.rules.get(regime.id)
    rules = [rule for rule in regime.rules if wanted is None or rule.id in wanted]
    subjects: dict[str, tuple[str, ...]] = {}
    for rule in rules:
        if rule.family not in subjects:
            subjects[rule.family] = _asked_of(world.subjects_of(law, rule), asked.subjects)
    binds = standing.applicable if assumption is None else assumption in APPLICABLE
    ahead = [rule for rule in rules if rule.foresees and world.present.committed]
    answers = Answers(law, world.present)
    return _Judged(
        law=law,
        standing=standing,
        assumed=assumption is not None,
        binds=binds,
        grounds=tuple(ground_of(law, rule, standing.applies_from) for rule in rules),
        subjects=subjects,
        answers=answers,
        actual=evaluator.verdicts(law, rules, subjects, answers, "actual") if binds else {},
        foreseen=evaluator.verdicts(law, ahead, subjects, answers, "foreseen") if binds else {},
    )


def _asked_of(subjects: tuple[str, ...], wanted: frozenset[str] | None) -> tuple[str, ...]:
    """Return the subjects that were asked about."""
    return tuple(subject for subject in subjects if wanted is None or subject in wanted)


def _models_of(case: _Judged, world: World) -> frozenset[str]:
    """Return the models whose legs say since when, or in which run something is missing."""
    found = set[str]()
    for (_, subject), verdict in (*case.actual.items(), *case.foreseen.items()):
        if verdict.finding == "met":
            found |= world.closure(subject)
        gaps = (name for name in verdict.missing if name.startswith(MODEL_GAP))
        found |= {gap.removeprefix(MODEL_GAP) for gap in gaps}
    return frozenset(found)


def _conclude(case: _Judged, world: World, filings: Filings) -> Iterator[Determination]:
    """Yield the determinations of one regime, rule by rule."""
    interpreters: dict[str, Interpreter] = {}
    for ground in case.grounds:
        for subject in within_tables(case.law, ground.rule, case.subjects[ground.rule.family]):
            if not case.binds:
                yield unbound(ground, case.standing, subject, hypothetical=case.assumed)
                continue
            place = (ground.rule.id, subject)
            yield Conclusion(
                ground=ground,
                standing=case.standing,
                hypothetical=case.assumed,
                subject=subject,
                verdict=case.actual[place],
                ahead=case.foreseen.get(place, case.actual[place]),
                world=world,
                filings=filings,
                interpreter=interpreters.setdefault(
                    subject, Interpreter(case.law, case.answers, subject)
                ),
            ).determination()
