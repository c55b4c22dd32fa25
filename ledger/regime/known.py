"""A regime as known on a day is what had been published of it by then, and nothing else.

A rule, a counting set, a reading, an exception, a duty, a penalty and a note are known from the day
that they state as ``known``, else from the day from which the source they cite could be read. What
was not known yet is not there: a rule is not asked, an exception takes nobody out, a duty binds
nobody, and what rests on a counting set or a rule that is not there stays unknown and names it. A
reading that a person chooses is theirs and always there; only its default rests on its source.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Protocol

from ledger.regime.model import Regime
from ledger.regime.rule import Rule
from ledger.regime.source import Citation, Source

__all__ = ["as_known"]


class _Published(Protocol):
    """Something that stands in a source."""

    @property
    def cite(self) -> Citation | None: ...


def as_known(regime: Regime, on: date | None, *, chosen: Collection[str] = ()) -> Regime:
    """Return what had been published of a regime by a day.

    Dated values, events and stances stay; each of them says itself from when it is known.

    Args:
        regime: The rule file.
        on: Day after which nothing published is seen; None sees all.
        chosen: Readings that somebody chose, which stay whatever they cite.

    Returns:
        The regime without what was not published; the very same one if all of it was.
    """
    if on is None:
        return regime
    hidden = _Hidden(regime.sources, on)
    rules = tuple(hidden.seen(rule) for rule in regime.rules if not hidden.hides(rule))
    parts: dict[str, Any] = {
        "rules": rules,
        "counting": {n: item for n, item in regime.counting.items() if not hidden.hides(item)},
        "readings": {
            n: item for n, item in regime.readings.items() if n in chosen or not hidden.hides(item)
        },
        "penalties": tuple(item for item in regime.penalties if not hidden.hides(item)),
        "notes": tuple(item for item in regime.notes if not hidden.hides(item)),
    }
    if all(getattr(regime, name) == part for name, part in parts.items()):
        return regime
    return regime.model_copy(update=parts)


class _Hidden:
    """What a day hides of a regime."""

    def __init__(self, sources: Mapping[str, Source], on: date) -> None:
        """Look at the sources of a regime from a day."""
        self._sources = sources
        self._on = on

    def hides(self, item: _Published) -> bool:
        """Whether the item was not known by the day; what cites nothing always was."""
        known: date | None = getattr(item, "known", None)
        if known is None and item.cite is not None:
            known = self._sources[item.cite.source].known_from
        return known is not None and known > self._on

    def seen(self, rule: Rule) -> Rule:
        """Return a rule without exceptions, duties and a rebuttal that were not known."""
        parts: dict[str, Any] = {
            "unless": tuple(item for item in rule.unless if not self.hides(item)),
            "obligations": tuple(item for item in rule.obligations if not self.hides(item)),
            "rebuttal": rule.rebuttal
            if rule.rebuttal is None or not self.hides(rule.rebuttal)
            else None,
        }
        if all(getattr(rule, name) == part for name, part in parts.items()):
            return rule
        return rule.model_copy(update=parts)
