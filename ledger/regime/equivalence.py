"""An equivalence is the reason why a mutant says the same as its file on every ledger and day.

Only reasons that follow from what the language means are given here; each names what makes the
change invisible. A mutant that merely was not told apart has none.
"""

from __future__ import annotations

from datetime import date

from ledger.regime.dated import applies_from
from ledger.regime.dimension import conditions
from ledger.regime.expression import Sum, walk
from ledger.regime.model import Regime
from ledger.regime.mutation import Mutant

__all__ = ["equivalence"]


def equivalence(regime: Regime, mutant: Mutant) -> str:
    """Return why no case can tell a mutant from its regime; empty if one could.

    Args:
        regime: The regime.
        mutant: One of its mutants.
    """
    match mutant.path:
        case ("counting", str(name), "lineage", "same_provider"):
            return _provider_of_no_matter(regime, name)
        case ("lifecycle", int(index), "on"):
            return _entry_before_application(regime, index)
        case ("parameters" | "sets", str(), "values", int(), "from_"):
            return _before_application(regime, mutant)
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
    """A figure that begins to bind earlier, but not before the regime applies, decides nothing."""
    value = _held(regime, mutant.path)
    moved = _held(mutant.regime, mutant.path)
    first = applies_from(regime)
    if first is not None and moved < value <= first:
        return "no rule is asked before the regime applies"
    return ""


def _held(regime: Regime, path: tuple[str | int, ...]) -> date:
    """Return the day at a path."""
    family, name, _, index, field = path
    values = getattr(regime, str(family))[name].values
    assert isinstance(index, int)
    found = getattr(values[index], str(field))
    assert isinstance(found, date)
    return found
