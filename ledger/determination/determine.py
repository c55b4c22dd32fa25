"""To determine is to ask every rule of every subject, by the law of a day and the records by one.

The whole is a pure function: the regimes, the records and the coordinates go in, determinations
come out, in the order of regimes, rules and subjects. Nothing is left out: a rule that binds nobody
on the day, or that nobody had published by ``law_known_on``, gives a determination that says so.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ledger.determination.conclusion import MODEL_GAP, Conclusion, unbound, unpublished
from ledger.determination.ground import Ground, ground_of
from ledger.determination.model import Determination
from ledger.determination.tally import NEAREST, Tally
from ledger.determination.verdict import Evaluator, Verdicts
from ledger.determination.world import World, within_tables
from ledger.obligations import Filings, Workdays
from ledger.regime.answered import Answers
from ledger.regime.dated import APPLICABLE, Standing, standing_on
from ledger.regime.decide import Decider
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law
from ledger.regime.model import Regime
from ledger.regime.rule import Rule, ViewName
from ledger.regime.source import LawStatus

__all__ = ["Asked", "determine", "survey"]


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
        workdays: Counts business days; None leaves the days that they lead to open.
    """

    in_force_on: date
    law_known_on: date
    readings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    assumptions: Mapping[str, LawStatus] = field(default_factory=dict)
    rules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    subjects: frozenset[str] | None = None
    workdays: Workdays | None = None


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
        workdays: Counts business days, if anything does.
        deciders: What decides its rules on earlier days, as ``Since`` keeps them.
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
    workdays: Workdays | None
    deciders: dict[int, Decider] = field(default_factory=dict)


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
    named = [rule for rule in regime.rules if wanted is None or rule.id in wanted]
    subjects: dict[str, tuple[str, ...]] = {}
    for rule in named:
        if rule.family not in subjects:
            subjects[rule.family] = _asked_of(world.subjects_of(law, rule), asked.subjects)
    rules = [found for each in named if (found := law.regime.rule(each.id)) is not None]
    binds = standing.applicable if assumption is None else assumption in APPLICABLE
    ahead = [rule for rule in rules if rule.foresees and world.present.committed]
    answers = Answers(law, world.present)

    def given(asked_of: Sequence[Rule], view: ViewName) -> Verdicts:
        if not binds:
            return Verdicts()
        return evaluator.verdicts(law, asked_of, subjects, answers, view)

    return _Judged(
        law=law,
        standing=standing,
        assumed=assumption is not None,
        binds=binds,
        grounds=tuple(
            ground_of(law, law.regime.rule(each.id) or each, standing.applies_from)
            for each in named
        ),
        subjects=subjects,
        answers=answers,
        actual=given(rules, "actual"),
        foreseen=given(ahead, "foreseen"),
        workdays=asked.workdays,
    )


def _asked_of(subjects: tuple[str, ...], wanted: frozenset[str] | None) -> tuple[str, ...]:
    """Return the subjects that were asked about."""
    if wanted is None:
        return subjects
    return tuple(subject for subject in subjects if subject in wanted)


def _models_of(case: _Judged, world: World) -> frozenset[str]:
    """Return the models whose legs say since when, or in which run something is missing."""
    found = set[str]()
    for ruled in (*case.actual.ruled.values(), *case.foreseen.ruled.values()):
        for subject in ruled.having([verdict.finding == "met" for verdict in ruled.found]):
            found |= world.closure(subject)
        gaps = (name for each in ruled.found for name in each.missing if name.startswith(MODEL_GAP))
        found |= {gap.removeprefix(MODEL_GAP) for gap in gaps}
    return frozenset(found)


def _conclude(case: _Judged, world: World, filings: Filings) -> Iterator[Determination]:
    """Yield the determinations of one regime, rule by rule."""
    concluding = _Concluding(case, world, filings)
    for ground in case.grounds:
        for subject in within_tables(case.law, ground.rule, case.subjects[ground.rule.family]):
            if case.law.regime.rule(ground.rule.id) is None:
                yield unpublished(ground, subject, hypothetical=case.assumed)
            elif case.binds:
                yield concluding.of(ground, subject)
            else:
                yield unbound(ground, case.standing, subject, hypothetical=case.assumed)


class _Concluding:
    """Puts determinations of one judged regime together, one at a time."""

    def __init__(self, case: _Judged, world: World, filings: Filings) -> None:
        """Conclude from verdicts on some records."""
        self._case = case
        self._world = world
        self._filings = filings
        self._interpreters: dict[str, Interpreter] = {}

    def of(self, ground: Ground, subject: str) -> Determination:
        """Return the determination under one rule about one subject."""
        case, place = self._case, (ground.rule.id, subject)
        interpreter = self._interpreters.get(subject)
        if interpreter is None:
            interpreter = Interpreter(case.law, case.answers, subject)
            self._interpreters[subject] = interpreter
        return Conclusion(
            ground=ground,
            standing=case.standing,
            hypothetical=case.assumed,
            subject=subject,
            verdict=case.actual[place],
            ahead=case.foreseen.get(place, case.actual[place]),
            world=self._world,
            filings=self._filings,
            interpreter=interpreter,
            workdays=case.workdays,
            deciders=case.deciders,
        ).determination()


def survey(
    asked: Asked, regimes: Iterable[Regime], world: World, evaluator: Evaluator
) -> Iterator[tuple[Tally, tuple[Determination, ...]]]:
    """Ask as ``determine`` does, count everything, and put together only what comes first.

    Yields:
        For each rule its counts, with the determinations of every subject that meets it, now or
        foreseen, and of those nearest to being decided: as many as a short report shows.

    Raises:
        RuleError: If a reading chosen does not exist, or rules refer to each other in a circle.
    """
    filings = Filings(world.book.records("filing"), as_of=world.as_of)
    for regime in regimes:
        case = _judge(asked, regime, world, evaluator)
        for ground in case.grounds:
            yield _surveyed(case, ground, world, filings)


def _surveyed(
    case: _Judged, ground: Ground, world: World, filings: Filings
) -> tuple[Tally, tuple[Determination, ...]]:
    """Count the verdicts of one rule and put together what comes first."""
    rule = ground.rule
    subjects = within_tables(case.law, rule, case.subjects[rule.family])
    published = case.law.regime.rule(rule.id) is not None
    law = case.standing.law if published else None
    tally = Tally(case.law.regime.id, rule.id, law, len(subjects))
    if not case.binds or not published:
        return replace(tally, out_of_scope=len(subjects)), ()
    if not subjects:
        return tally, ()
    counts, met, others = _sorted(case, rule, subjects)
    family = case.subjects[rule.family]
    wanted = [*met, *_nearest(ground, others, family, world)]
    world.legs(frozenset[str]().union(*(world.closure(subject) for subject in wanted)))
    concluding = _Concluding(case, world, filings)
    found = tuple(concluding.of(ground, subject) for subject in wanted)
    return tally.counted(counts, overdue=sum(d.overdue for d in found)), found


def _sorted(
    case: _Judged, rule: Rule, subjects: Sequence[str]
) -> tuple[Counter[str], list[str], list[str]]:
    """Count how subjects came out, and return those met or foreseen, and those still to be seen.

    Many subjects come out in few ways: a way is a verdict on what happened and one foreseen.
    """
    actual = case.actual.ruled[rule.id]
    ahead = case.foreseen.ruled.get(rule.id, actual)
    ways: list[tuple[int, int]] = list(zip(actual.places, ahead.places, strict=True))
    held = actual.subjects
    if len(subjects) < len(held):
        kept = frozenset(subjects)
        ways = [way for way, subject in zip(ways, held, strict=True) if subject in kept]
        held = tuple(subjects)
    counts = Counter[str]()
    met, others = set[tuple[int, int]](), set[tuple[int, int]]()
    for way, number in Counter(ways).items():
        verdict = actual.found[way[0]]
        findings = {verdict.finding, ahead.found[way[1]].finding if rule.foresees else None}
        counts[verdict.finding or "out_of_scope"] += number
        if verdict.finding != "met":
            counts["foreseen"] += number * ("met" in findings)
            counts["left_open"] += number * ("undetermined" in findings)
        if "met" in findings:
            met.add(way)
        elif verdict.finding in {"undetermined", "excepted"} or not verdict.robust:
            others.add(way)
    found = [
        [s for s, way in zip(held, ways, strict=True) if way in some] if some else []
        for some in (met, others)
    ]
    return counts, found[0], found[1]


def _nearest(
    ground: Ground, subjects: Sequence[str], family: tuple[str, ...], world: World
) -> Sequence[str]:
    """Return the subjects with the largest amount by the rule's own sum, else the first ones.

    The sums of the whole family were added up for the verdicts, but for those of bases.
    """
    total = ground.principal(None)
    counting = None if total is None else ground.law.counting.get(total.counting)
    if total is None or counting is None or len(subjects) <= NEAREST:
        return subjects[:NEAREST]
    summed = tuple(subjects) if total.lineage == "base" else family
    bounds = world.present.bounds(summed, counting, total.lineage, "actual")
    reached = dict(zip(summed, bounds.lo, strict=True))
    return heapq.nlargest(NEAREST, subjects, key=reached.__getitem__)
