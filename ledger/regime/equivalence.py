"""An equivalence is the reason why a mutant says the same as its file on every ledger and day.

Only reasons that follow from what the language means are given here; each names what makes the
change invisible. A mutant that merely was not told apart has none.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from ledger.quantity import Dimension
from ledger.regime.dated import applies_from
from ledger.regime.dimension import conditions
from ledger.regime.expression import Sum, walk
from ledger.regime.known import as_known
from ledger.regime.lookup import AtWindow
from ledger.regime.model import Regime
from ledger.regime.mutation import Mutant
from ledger.regime.scalar import Node
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
        case ("counting", str(name), "lineage", *rest):
            of_runs = _runs_have_no_lineage(regime, name)
            return of_runs or (_provider_of_no_matter(regime, name) if rest else "")
        case ("rules", int(index), "let", str(), *_) if isinstance(_at(regime, mutant.path), Sum):
            return _runs_have_no_lineage(regime, regime.rules[index].id)
        case ("lifecycle", int(index), "on"):
            return _entry_before_application(regime, index)
        case ("lifecycle" | "enforcement", int(), "known") | ("sources", str(), "published"):
            return _before_publication(regime, mutant, None)
        case ("parameters" | "sets", str(name), "values", int(), *_):
            return (
                _told_only(regime, name)
                or _before_application(regime, mutant)
                or _before_publication(regime, mutant, name)
                or _nearest_stands_in(regime, mutant)
                or _same_day(regime, mutant, name)
            )
        case _:
            return ""


def _provider_of_no_matter(regime: Regime, counting: str) -> str:
    """Edges of one provider matter only where own work is told from what lies behind it."""
    for rule in regime.rules:
        roots = [*rule.let.values(), *(condition for _, condition in conditions(rule))]
        for node in (below for root in roots for below in walk(root)):
            if isinstance(node, Sum) and (node.counting, node.lineage != "cumulative") == (
                counting,
                True,
            ):
                return ""
    return f"every sum of {counting} is cumulative, so whose step it was adds nothing"


def _entry_before_application(regime: Regime, index: int) -> str:
    """A text that has entered into force and does not apply yet stands as enacted, as before."""
    event = regime.lifecycle[index]
    enacted = any(e.event == "enacted" and e.on < event.on for e in regime.lifecycle)
    later = any(e.event == "applies" and e.on > event.on for e in regime.lifecycle)
    if event.event == "enters_force" and enacted and later:
        return "before it applies a text stands as enacted, whether in force or not"
    return ""


def _before_application(regime: Regime, mutant: Mutant) -> str:
    """A figure that begins to bind a day earlier or later, but before the regime applies."""
    first, moved = applies_from(regime), _moved(regime, mutant, "from_")
    if first is not None and moved is not None and max(moved) <= first:
        return "no rule is asked before the regime applies"
    return ""


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
    figure = regime.parameters.get(name)
    if figure is not None and figure.dimension == Dimension.BUSINESS_PERIOD:
        return "business days need a calendar of holidays, so the period is told and gives no day"
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
    day = max(moved) - timedelta(days=1)  # the last on which one knows and the other does not
    rules = (*as_known(regime, day).rules, *as_known(mutant.regime, day).rules)
    if any(name is None or name in asked(rule) for rule in rules):
        return ""
    return "no rule that rests on it was published by that day"


def _nearest_stands_in(regime: Regime, mutant: Mutant) -> str:
    """The only value of a figure that never came to apply is taken on every day."""
    family, name, *_, field = mutant.path
    values = getattr(regime, str(family))[name].values
    of_windows = any(
        isinstance(node, AtWindow) and node.parameter == name
        for rule in regime.rules
        for node in nodes_of(rule)
    )
    if field == "from_" and len(values) == 1 and applies_from(regime) is None and not of_windows:
        return "a text that never applied is only assumed, and its only value then holds on any day"
    return ""


def _same_day(regime: Regime, mutant: Mutant, name: str) -> str:
    """A period in hours runs from a day, so two that end on the same day are one."""
    if mutant.path[-1] != "value" or regime.parameters[name].dimension != Dimension.DURATION:
        return ""
    before, after = (-(-_at(held, mutant.path).base // _DAY) for held in (regime, mutant.regime))
    compared = any(name == node for rule in regime.rules for node in nodes_of(rule))
    if compared or before != after:
        return ""
    return "records give the moment that it runs from only to the day, and it ends on the same one"


def _moved(regime: Regime, mutant: Mutant, *fields: str) -> tuple[date, date] | None:
    """Return the days before and after where one of some fields was moved; else None."""
    if mutant.path[-1] not in fields:
        return None
    days = _at(regime, mutant.path), _at(mutant.regime, mutant.path)
    return days if all(isinstance(day, date) for day in days) else None


def _at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any node
    """Return what stands at a path."""
    for key in path:
        value = getattr(value, str(key)) if isinstance(value, Node) else value[key]
    return value
