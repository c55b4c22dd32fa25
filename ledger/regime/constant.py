"""A constant is a condition that comes out alike whatever the facts are, by its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ledger.regime.dimension import conditions, duties
from ledger.regime.expression import All, Any, Choice, Condition, Exists, Not
from ledger.regime.model import Regime
from ledger.regime.premises import Days, Premises, premises_of
from ledger.regime.rule import Rule
from ledger.regime.truthtable import Table
from ledger.regime.vocabulary import Fact

__all__ = ["choices", "constants"]

_UNREACHED = "no subject can meet this rule: its scope, condition and exceptions exclude each other"


def constants(regime: Regime, facts: Mapping[str, Fact]) -> Iterator[tuple[str, str, str]]:
    """No condition is the same whatever the facts are, and every rule can be met.

    Args:
        regime: The regime.
        facts: Facts of the vocabulary; empty when it is not known.

    Yields:
        Place, message and remedy of each condition that always or never holds under the figures
        of the law, on some days or on all.
    """
    for index, rule in enumerate(regime.rules):
        given = list(premises_of(regime, rule, facts))
        found: dict[tuple[str, str], list[Days]] = {}
        for days, premises in given:
            for item in _constants(rule, premises):
                found.setdefault(item, []).append(days)
        for (place, message), stretches in found.items():
            # What holds on all days needs no dates.
            dates = ", ".join(days.told for days in stretches if len(stretches) < len(given))
            where = f"rules[{index}].{place}".removesuffix(".")
            yield where, f"{message} {dates}".strip(), "remove it, or correct the operator"


def choices(regime: Regime, facts: Mapping[str, Fact]) -> Iterator[tuple[str, str, str]]:
    """The cases of a choose exclude each other and leave nothing out.

    Args:
        regime: The regime.
        facts: Facts of the vocabulary; empty when it is not known.

    Yields:
        Place, message and remedy of each choose in which no case holds, or two do.
    """
    for index, rule in enumerate(regime.rules):
        if rule.choose is not None:
            given = premises_of(regime, rule, facts)
            found = [item for _, premises in given for item in _uncovered(rule.choose, premises)]
            for message, remedy in dict.fromkeys(found):
                yield f"rules[{index}].choose", message, remedy


def _constants(rule: Rule, premises: Premises) -> Iterator[tuple[str, str]]:
    """Yield (path inside the rule, message) of what comes out alike under some premises."""
    asked = (*conditions(rule), *duties(rule))
    alone = [item for place, each in asked for item in _parts(each, place, premises)]
    yield from alone
    if not alone:
        whole = _whole(rule)
        table = Table.of([whole], premises)
        if table is not None and table.constant(whole) is False:
            yield "", _UNREACHED


def _parts(condition: Condition, place: str, premises: Premises) -> Iterator[tuple[str, str]]:
    """Yield the outermost constants of a condition."""
    table = Table.of([condition], premises)
    truth = None if table is None else table.constant(condition)
    if truth is not None:
        yield place, f"this condition {'always' if truth else 'never'} holds"
        return
    match condition:
        case All() | Any():
            for index, item in enumerate(condition.items):
                yield from _parts(item, f"{place}.{condition.operator}[{index}]", premises)
        case Not():
            yield from _parts(condition.item, f"{place}.not", premises)
        case Exists():
            yield from _parts(condition.such_that, f"{place}.exists.such-that", premises)


def _whole(rule: Rule) -> Condition:
    """Return the condition under which a subject meets a rule and is not taken out again."""
    items: list[Condition] = [] if rule.scope is None else [rule.scope]
    if rule.when is not None:
        items.append(rule.when)
    if rule.choose is not None:
        arms = [All(items=(arm.case, arm.then)) for arm in rule.choose]
        items.append(Any(items=tuple(arms)))
    return All(items=(*items, *(Not(item=each.when) for each in rule.unless)))


def _uncovered(arms: Sequence[Choice], premises: Premises) -> Iterator[tuple[str, str]]:
    """Look for a world in which no case of a choose holds, and one in which two do."""
    cases = [arm.case for arm in arms]
    table = Table.of(cases, premises)
    if table is None:
        yield "the cases rest on too many facts to try all", "split the rule"
        return
    none = two = None
    for world in table.worlds():
        holding = sum(table.holds(case, world) for case in cases)
        none = world if holding == 0 and none is None else none
        two = world if holding > 1 and two is None else two
    if none is not None:
        yield f"no case holds when {table.told(none)}", "add a case for it"
    if two is not None:
        yield f"two cases hold when {table.told(two)}", "make one of them exclude it"
