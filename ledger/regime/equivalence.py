"""An equivalence is the reason why a mutant says the same as its file on every ledger and day.

Only reasons that follow from what the language means are given here; each names what makes the
change invisible. A mutant that merely was not told apart has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from ledger.quantity import Dimension
from ledger.regime.answered import BASE_OBTAINABLE
from ledger.regime.counting import RELATIONS
from ledger.regime.dated import known_on, members_on, parameter_on, standing_on
from ledger.regime.expression import Sum
from ledger.regime.known import as_known
from ledger.regime.lookup import AtWindow
from ledger.regime.model import Regime
from ledger.regime.mutation import Mutant, value_at
from ledger.regime.usage import asked, nodes_of

__all__ = ["equivalence"]

_DAY: Final = 24 * 3600  # seconds, the base unit of a duration


def equivalence(regime: Regime, mutant: Mutant) -> str:
    """Return why no case can tell a mutant from its regime; empty if one could.

    Args:
        regime: The regime.
        mutant: One of its mutants.
    """
    match mutant.path:
        case ("counting", str(name), "lineage", field, *_) if not _asks_for_a_figure(regime):
            return _runs_have_no_lineage(regime, name) or (
                _provider_of_no_matter(regime, name)
                if field == "same_provider"
                else _parents_of_no_matter(regime, name)
            )
        case ("rules", int(index), "let", str(), *_) if isinstance(
            value_at(regime, mutant.path), Sum
        ):
            return _runs_have_no_lineage(regime, regime.rules[index].id)
        case ("lifecycle", int(index), "on"):
            return _entry_before_application(regime, index)
        case ("lifecycle" | "enforcement", int(), "known") | ("sources", str(), "published"):
            return _before_publication(regime, mutant, None)
        case ("parameters" | "sets", str(name), "values", int(), *_):
            return (
                _told_only(regime, name)
                or _only_assumed(regime, mutant)
                or _before_publication(regime, mutant, name)
                or _same_day(regime, mutant, name)
            )
        case _:
            return ""


def _is_sum(regime: Regime, mutant: Mutant) -> bool:
    """Return whether what was changed is a sum."""
    return isinstance(value_at(regime, mutant.path), Sum)


def _asks_for_a_figure(regime: Regime) -> bool:
    """Return whether a rule asks for a figure of the original, which every counting set answers."""
    return any(BASE_OBTAINABLE in asked(rule) for rule in regime.rules)


def _provider_of_no_matter(regime: Regime, counting: str) -> str:
    """Edges of one provider matter only where one is followed, and own work told from the rest."""
    if set(_relations(regime, counting)) == {"stop"}:
        return f"{counting} follows no step to another model, so whose step it was adds nothing"
    if all(node.lineage == "cumulative" for node in _sums(regime, counting)):
        return f"every sum of {counting} is cumulative, so whose step it was adds nothing"
    return ""


def _parents_of_no_matter(regime: Regime, counting: str) -> str:
    """Own work is that of one model where every step leads to another model."""
    ancestors = regime.counting[counting].lineage.same_provider == "ancestor"
    if ancestors and all(node.lineage == "own" for node in _sums(regime, counting)):
        return f"every sum of {counting} is that of one model alone, whatever it was made from"
    return ""


def _relations(regime: Regime, counting: str) -> tuple[object, ...]:
    """Return what a counting set says of each relation."""
    relations = regime.counting[counting].lineage.relations
    return tuple(getattr(relations, relation) for relation in RELATIONS)


def _sums(regime: Regime, counting: str) -> Iterator[Sum]:
    """Yield every sum of a counting set."""
    nodes = (node for rule in regime.rules for node in nodes_of(rule))
    return (node for node in nodes if isinstance(node, Sum) and node.counting == counting)


def _entry_before_application(regime: Regime, index: int) -> str:
    """A text that has entered into force and does not apply yet stands as enacted, as before."""
    event = regime.lifecycle[index]
    enacted = any(e.event == "enacted" and e.on < event.on for e in regime.lifecycle)
    later = any(e.event == "applies" and e.on > event.on for e in regime.lifecycle)
    if event.event == "enters_force" and enacted and later:
        return "before it applies a text stands as enacted, whether in force or not"
    return ""


def _only_assumed(regime: Regime, mutant: Mutant) -> str:
    """A figure that begins a day earlier or later, while nobody is bound, is the one taken anyway.

    On such a day a rule is asked only if the law is assumed, and then the nearest value stands in.
    What is looked up for a window of a subject has no such stand-in, and a clock that runs from the
    day since when a rule has its figures would start on another.
    """
    moved = _moved(regime, mutant, "from_")
    if moved is None:
        return ""
    family, name, day = str(mutant.path[0]), str(mutant.path[1]), min(moved)
    users = [(rule, set(nodes_of(rule))) for rule in regime.rules if name in asked(rule)]
    seen = {node for _, nodes in users for node in nodes if isinstance(node, AtWindow)}
    if name in {node.parameter for node in seen}:
        return ""
    clocks = any(
        name in nodes and duty.due is not None and duty.due.within is not None
        for rule, nodes in users
        for duty in rule.obligations
    )
    known = {value.known for value in getattr(regime, family)[name].values}
    events = {known_on(event, regime.sources) for event in regime.lifecycle}
    own = value_at(
        regime, mutant.path[:-1]
    ).known  # before that day the value is not there to be taken
    for on in (None, *sorted(on for on in known | events if on is not None and on >= own)):
        standing = standing_on(regime, day, on)
        late = standing.applies_from is None or standing.applies_from < max(moved)
        if standing.applicable or (clocks and late):
            return ""
        if _taken(regime, family, name, day, on) != _taken(mutant.regime, family, name, day, on):
            return ""
    return "nobody is bound on that day, and if the law is assumed the same value stands in"


def _taken(regime: Regime, family: str, name: str, day: date, known: date | None) -> object:
    """Return what a figure or list is taken to be on a day on which the law is only assumed."""
    if family == "sets":
        return members_on(regime.sets[name], day, known, nearest=True)
    found = parameter_on(regime.parameters[name], day, known, nearest=True)
    return None if found is None else (found.value, found.cite, found.provenance)


def _runs_have_no_lineage(regime: Regime, named: str) -> str:
    """Work of a run is that of the run alone, whatever its model was made from.

    Args:
        regime: The regime.
        named: A counting set, or a rule.
    """
    users = [rule for rule in regime.rules if named in asked(rule) or rule.id == named]
    if users and all(rule.subject == "run" for rule in users):
        return "it is asked of runs, and a run is made from nothing"
    return ""


def _told_only(regime: Regime, name: str) -> str:
    """How long records are kept and how often a duty comes back is told, and decides nothing."""
    for rule in regime.rules:
        bare = tuple(
            duty.model_copy(update={"retention": None, "repeats": None})
            for duty in rule.obligations
        )
        if name in asked(rule.model_copy(update={"obligations": bare})):
            return ""
    return "it says how long records are kept or how often a duty comes back, which is told only"


def _before_publication(regime: Regime, mutant: Mutant, name: str | None) -> str:
    """What becomes known on another day, before any rule that asks for it is, decides nothing.

    Args:
        regime: The regime.
        mutant: A mutant in which something became known on another day.
        name: What became known so; None where every rule rests on it.
    """
    moved = _moved(regime, mutant, "known", "published")
    if moved is None:
        return ""
    if mutant.path[-1] == "published" and regime.sources[str(mutant.path[1])].known is not None:
        return "the text says from which day it could be read, so the day of print decides nothing"
    day = max(moved) - timedelta(days=1)  # the last on which one knows and the other does not
    rules = (*as_known(regime, day).rules, *as_known(mutant.regime, day).rules)
    if any(name is None or name in asked(rule) for rule in rules):
        return ""
    return "no rule that rests on it was published by that day"


def _same_day(regime: Regime, mutant: Mutant, name: str) -> str:
    """A period in hours runs from a day, so two that end on the same day are one."""
    if mutant.path[-1] != "value" or regime.parameters[name].dimension != Dimension.DURATION:
        return ""
    before, after = (
        -(-value_at(held, mutant.path).base // _DAY) for held in (regime, mutant.regime)
    )
    compared = any(name == node for rule in regime.rules for node in nodes_of(rule))
    if compared or before != after:
        return ""
    return "records give the moment that it runs from only to the day, and it ends on the same one"


def _moved(regime: Regime, mutant: Mutant, *fields: str) -> tuple[date, date] | None:
    """Return the days before and after where one of some fields was moved; else None."""
    if mutant.path[-1] not in fields:
        return None
    days = value_at(regime, mutant.path), value_at(mutant.regime, mutant.path)
    return days if all(isinstance(day, date) for day in days) else None
