"""A sound regime says one thing on each day: its references resolve and nothing is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import Final, TypeAlias

from ledger.regime.counting import Counting, Open
from ledger.regime.diagnosis import Flaw
from ledger.regime.dimension import check_rule, conditions, duties
from ledger.regime.expression import walk
from ledger.regime.model import Regime
from ledger.regime.name import rule_named
from ledger.regime.rule import Obligation, Rule
from ledger.regime.scalar import Node, nearest
from ledger.regime.source import Citation, ParameterValue, SetValue
from ledger.regime.vocabulary import Vocabulary

__all__ = ["check_regime", "citations", "rules_used"]

_Found: TypeAlias = Iterator[tuple[str, str, str, str]]
_EFFECTS: Final[Mapping[str, frozenset[str]]] = {
    "operation_kinds": frozenset({"counted", "excluded"}),
    "activities": frozenset({"counted", "excluded"}),
    "lineage.relations": frozenset({"follow", "stop"}),
    "lineage.same_provider": frozenset({"collapse", "ancestor"}),
}


_PERIODS: Final = frozenset({"duration", "calendar_period", "business_period"})
_DAY_OF_YEAR: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def check_regime(file: str, regime: Regime, vocabulary: Vocabulary) -> tuple[Flaw, ...]:
    """Return everything that keeps a regime from being loaded.

    Args:
        file: Path of the rule file, for messages.
        regime: What the file says.
        vocabulary: Facts and activities.
    """
    found: list[Flaw] = []
    for check in (_sources, _duplicates, _readings, _validity, _obligations, _cycles):
        found += [Flaw(file, *flaw) for flaw in check(regime)]
    for name, counting in regime.counting.items():
        found += [Flaw(file, *flaw) for flaw in _counting(name, counting, regime, vocabulary)]
    for index, rule in enumerate(regime.rules):
        found += check_rule(file, f"rules[{index}]", regime, rule, vocabulary)
        found += [Flaw(file, *flaw) for flaw in _moments(f"rules[{index}]", rule, vocabulary)]
    return tuple(found)


def citations(node: Node, place: str = "") -> Iterator[tuple[str, Citation]]:
    """Yield every citation below a node with its path, cases aside, which have none."""
    for name, info in type(node).model_fields.items():
        if name == "cases":
            continue
        label = f"{place}.{info.alias or name}".removeprefix(".")
        yield from _citations_in(getattr(node, name), label)


def _citations_in(value: object, place: str) -> Iterator[tuple[str, Citation]]:
    """Yield the citations below a value of a field."""
    if isinstance(value, Citation):
        yield place, value
    elif isinstance(value, Node):
        yield from citations(value, place)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _citations_in(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _citations_in(item, f"{place}.{key}")


def rules_used(rule: Rule) -> tuple[str, ...]:
    """Return the ids of the rules that a rule asks, each once."""
    names = [
        rule_named(node)
        for _, condition in (*conditions(rule), *duties(rule))
        for node in walk(condition)
        if isinstance(node, str)
    ]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _sources(regime: Regime) -> _Found:
    """Refuse a citation of a source that the file does not list."""
    for place, citation in citations(regime):
        if citation.source not in regime.sources:
            message = f"{citation.source!r} is not a source of this file"
            remedy = nearest(citation.source, regime.sources)
            yield f"{place}.source", "unresolved", message, remedy
    for name, source in regime.sources.items():
        if source.replaces is not None and source.replaces not in regime.sources:
            message = f"{source.replaces!r} is not a source of this file"
            remedy = nearest(source.replaces, regime.sources)
            yield f"sources.{name}.replaces", "unresolved", message, remedy


def _duplicates(regime: Regime) -> _Found:
    """Refuse an id that names two things, and names that collide."""
    seen: set[str] = set()
    duties: set[str] = set()
    for index, rule in enumerate(regime.rules):
        if rule.id in seen:
            yield f"rules[{index}].id", "duplicate", f"rule {rule.id} stands twice", "rename one"
        seen.add(rule.id)
        for position, duty in enumerate(rule.obligations):
            if duty.id in duties:
                place = f"rules[{index}].obligations[{position}].id"
                yield place, "duplicate", f"obligation {duty.id} stands twice", "rename one"
            duties.add(duty.id)
        exceptions = [item.id for item in rule.unless]
        for name in {name for name in exceptions if exceptions.count(name) > 1}:
            yield f"rules[{index}].unless", "duplicate", f"exception {name} stands twice", "rename"
    for name in sorted(set(regime.parameters) & set(regime.sets)):
        message = f"{name} names a parameter and a set"
        yield f"sets.{name}", "duplicate", message, "rename one"


def _readings(regime: Regime) -> _Found:
    """Refuse a default that is not among the alternatives."""
    for name, reading in regime.readings.items():
        if reading.default not in reading.alternatives:
            message = f"the default {reading.default!r} is not among the alternatives"
            remedy = nearest(reading.default, reading.alternatives)
            yield f"readings.{name}.default", "unresolved", message, remedy


def _validity(regime: Regime) -> _Found:
    """Refuse two values for one day that became known on the same day."""
    for name, parameter in regime.parameters.items():
        yield from _overlaps(f"parameters.{name}.values", parameter.values)
    for name, dated in regime.sets.items():
        yield from _overlaps(f"sets.{name}.values", dated.values)


def _overlaps(place: str, values: Sequence[ParameterValue | SetValue]) -> _Found:
    """Refuse overlapping stretches of days with one day of knowledge."""
    for (_, first), (index, second) in combinations(enumerate(values), 2):
        start = max(first.from_, second.from_)
        stop = min(first.until or date.max, second.until or date.max)
        if start < stop and first.known == second.known:
            message = f"two values hold on {start}, both known from {first.known}"
            remedy = "close the earlier with until, or say from when the later one was known"
            yield f"{place}[{index}]", "overlap", message, remedy


def _counting(name: str, counting: Counting, regime: Regime, vocabulary: Vocabulary) -> _Found:
    """Refuse an activity left out, and a reading that cannot answer."""
    place = f"counting.{name}"
    missing = [word for word in vocabulary.activities if word not in counting.activities]
    if missing:
        message = f"nothing says whether these are counted: {', '.join(missing)}"
        remedy = "write counted, excluded or { open: reading } for each activity"
        yield f"{place}.activities", "unclassified", message, remedy
    for word in counting.activities:
        if word not in vocabulary.activities:
            message = f"{word!r} is not an activity of the vocabulary"
            remedy = nearest(word, vocabulary.activities)
            yield f"{place}.activities.{word}", "unknown-activity", message, remedy
    for path, answer in counting.classified():
        if isinstance(answer, Open):
            yield from _open_place(f"{place}.{path}", path, answer.reading, regime)


def _open_place(place: str, path: str, reading: str, regime: Regime) -> _Found:
    """Refuse an open place whose reading is missing or answers another question."""
    if reading not in regime.readings:
        message = f"there is no reading {reading!r} in this file"
        yield f"{place}.open", "unresolved", message, nearest(reading, regime.readings)
        return
    family = next(prefix for prefix in _EFFECTS if path.startswith(prefix))
    for word, alternative in regime.readings[reading].alternatives.items():
        if alternative.effect not in _EFFECTS[family]:
            message = f"alternative {word} of reading {reading} has no effect that fits here"
            remedy = "give it effect: " + " or ".join(sorted(_EFFECTS[family]))
            yield f"{place}.open", "effect", message, remedy


def _obligations(regime: Regime) -> _Found:
    """Refuse a due date that names no period or no day of the law."""
    for index, rule in enumerate(regime.rules):
        for position, duty in enumerate(rule.obligations):
            place = f"rules[{index}].obligations[{position}]"
            yield from _due(place, duty, regime)


def _due(place: str, duty: Obligation, regime: Regime) -> _Found:
    """Refuse a period that is none, a day that is no date, and a list that is none of days."""
    wanted: list[tuple[str, str | None, frozenset[str]]] = [
        ("retention", duty.retention, _PERIODS | {"date"})
    ]
    if duty.due is not None:
        wanted += [
            ("due.within", duty.due.within, _PERIODS),
            ("due.on", duty.due.on, frozenset({"date"})),
            ("due.ahead", duty.due.ahead, _PERIODS),
        ]
    if duty.repeats is not None:
        wanted.append(("repeats.every", duty.repeats.every, _PERIODS))
    for key, name, dimensions in wanted:
        if name is None:
            continue
        parameter = regime.parameters.get(name)
        if parameter is None:
            message = f"{name!r} is not a parameter of this file"
            yield f"{place}.{key}", "unresolved", message, nearest(name, regime.parameters)
        elif parameter.dimension not in dimensions:
            allowed = " or ".join(sorted(dimensions))
            message = f"{name} is of dimension {parameter.dimension}, not {allowed}"
            yield f"{place}.{key}", "dimension", message, f"name a parameter of {allowed}"
    if duty.repeats is not None and duty.repeats.days is not None:
        yield from _days_of_year(place, duty.repeats.days, regime)


def _days_of_year(place: str, days: str, regime: Regime) -> _Found:
    """Refuse a list that is none of days of the year."""
    if days not in regime.sets:
        message = f"there is no set {days!r} in this file"
        yield f"{place}.repeats.days", "unresolved", message, nearest(days, regime.sets)
        return
    for value in regime.sets[days].values:
        for member in value.members:
            if not _DAY_OF_YEAR.fullmatch(member):
                message = f"{member!r} is no day of the year"
                yield f"{place}.repeats.days", "date", message, 'write it as "04-15"'


def _moments(place: str, rule: Rule, vocabulary: Vocabulary) -> _Found:
    """Refuse a moment that never comes: no such view, or no date."""
    for position, duty in enumerate(rule.obligations):
        if duty.due is None:
            continue
        after = () if duty.due.after is None else duty.due.after.moments
        before = () if duty.due.before is None else (duty.due.before,)
        where = f"{place}.obligations[{position}].due.{'before' if before else 'after'}"
        for moment in (*after, *before):
            if moment == "foreseen" and not rule.foresees:
                message = "the rule has no foreseen view"
                remedy = "add views: { foreseen: { basis: [actual, committed] } }"
                yield where, "moment", message, remedy
            if moment in {"met", "foreseen"}:
                continue
            fact = vocabulary.facts.get(moment)
            if fact is None:
                remedy = nearest(moment, vocabulary.facts)
                yield where, "unknown-fact", f"{moment!r} is not a fact", remedy
            elif fact.type != "date" or fact.subject != rule.subject:
                message = f"{moment} is not a date of a {rule.subject}"
                yield where, "fact-type", message, "name met, foreseen or a date of the subject"


def _cycles(regime: Regime) -> _Found:
    """Refuse rules that ask each other in a circle."""
    asks = {rule.id: rules_used(rule) for rule in regime.rules}
    settled: set[str] = set()
    for start in asks:
        path = _circle(start, asks, (), settled)
        if path:
            message = "the rules ask each other in a circle: " + " -> ".join(path)
            yield "rules", "cycle", message, "let one of them stand on facts and figures alone"
            return


def _circle(
    rule: str, asks: Mapping[str, tuple[str, ...]], path: tuple[str, ...], settled: set[str]
) -> tuple[str, ...]:
    """Return a circle reached from a rule, or nothing."""
    if rule in path:
        return (*path[path.index(rule) :], rule)
    if rule in settled:
        return ()
    for asked in asks.get(rule, ()):
        found = _circle(asked, asks, (*path, rule), settled)
        if found:
            return found
    settled.add(rule)
    return ()
