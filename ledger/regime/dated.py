"""A dated view of a regime is the law as it stood on one day, as it was known on another.

``in_force_on`` asks which text bound on a day; ``law_known_on`` hides what was published later.
A value known later replaces an earlier one on the days that both claim, so a change of law with
effect for the past is seen only by who asks after its publication.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, TypeVar

from ledger.quantity import Quantity
from ledger.regime.model import Regime
from ledger.regime.source import (
    Citation,
    DatedSet,
    Event,
    EventKind,
    LawStatus,
    Parameter,
    Provenance,
    Source,
    Stance,
    StanceKind,
)

__all__ = [
    "APPLICABLE",
    "NOWHERE",
    "DatedValue",
    "Standing",
    "applies_from",
    "enforcement_on",
    "known_on",
    "members_on",
    "parameter_on",
    "standing_on",
]

# Under these a rule can bind somebody, or somebody has bound themselves to it.
APPLICABLE: Final[frozenset[LawStatus]] = frozenset({"in_force", "disputed", "voluntary"})

_STATUS: Final[Mapping[EventKind, LawStatus]] = {
    "proposed": "proposed",
    "enacted": "enacted",
    "enters_force": "enacted",
    "applies": "in_force",
    "suspended": "suspended",
    "revived": "in_force",
    "rescinded": "rescinded",
    "expired": "expired",
    "vetoed": "vetoed",
    "disputed": "disputed",
    "voluntary": "voluntary",
}


class _Dated(Protocol):
    """Something that holds from a day, until another or without end."""

    @property
    def from_(self) -> date: ...

    @property
    def until(self) -> date | None: ...


class _KnownDated(_Dated, Protocol):
    """Something dated that became known on a day."""

    @property
    def known(self) -> date: ...


_T = TypeVar("_T", bound=_KnownDated)


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A parameter's value on the day asked for.

    Attributes:
        value: The quantity, or the day for a parameter of dimension date.
        cite: Where it stands and with which words.
        provenance: How far the figure was checked against its source.
        binding: True when the day lies within the value's own period; False when the nearest
            value was taken, for a regime that is only assumed to be in force.
    """

    value: Quantity | date
    cite: Citation
    provenance: Provenance
    binding: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a regime stands in law on a day.

    Attributes:
        law: Status of the text, or None when nothing of it was published or had happened yet.
        enforcement: The authority's stance, or None when the file states none for the day.
        since: Day of the event that gave the status.
        cite: Citation of that event.
        applies_from: First day on which the rules apply as far as known, or None.
    """

    law: LawStatus | None
    enforcement: StanceKind | None
    since: date | None
    cite: Citation | None
    applies_from: date | None

    @property
    def applicable(self) -> bool:
        """Whether the rules can bind somebody on the day."""
        return self.law in APPLICABLE


NOWHERE: Final = Standing(law=None, enforcement=None, since=None, cite=None, applies_from=None)
"""Where a text stands of which nothing was published."""


def known_on(item: Event | Stance, sources: Mapping[str, Source]) -> date | None:
    """Return the day from which an event or stance was known.

    That is the day it states, else that of the source cited; None means always.
    """
    if item.known is not None:
        return item.known
    return None if item.cite is None else sources[item.cite.source].known_from


def parameter_on(
    parameter: Parameter,
    in_force_on: date,
    law_known_on: date | None = None,
    *,
    nearest: bool = False,
) -> DatedValue | None:
    """Return the value that binds on a day, as known on another.

    Args:
        parameter: The parameter.
        in_force_on: Day on which the law is asked.
        law_known_on: Values published after this day are not seen; None sees all.
        nearest: Without a value for the day take the last one that ended, else the first that
            will begin. Only for a regime assumed to be in force.

    Returns:
        The value, or None when none was known to bind on that day.
    """
    found, binding = _pick(parameter.values, in_force_on, law_known_on, nearest=nearest)
    if found is None:
        return None
    return DatedValue(found.value, found.cite, found.provenance, binding)


def members_on(
    dated_set: DatedSet,
    in_force_on: date,
    law_known_on: date | None = None,
    *,
    nearest: bool = False,
) -> frozenset[str] | None:
    """Return the members of a set on a day, as known on another; arguments as for a parameter."""
    found, _ = _pick(dated_set.values, in_force_on, law_known_on, nearest=nearest)
    return None if found is None else frozenset(found.members)


def standing_on(regime: Regime, in_force_on: date, law_known_on: date | None = None) -> Standing:
    """Return where the regime stands on a day, as known on another.

    Entering into force does not yet make a rule apply if the file names a later day from which it
    applies; a dispute or suspension with an end falls back to what was before it.
    """
    known = _known_events(regime, law_known_on)
    applies = any(event.event == "applies" for event in known)
    current: Event | None = None
    for event in known:
        ended = event.until is not None and event.until <= in_force_on
        if event.on <= in_force_on and not ended:
            current = event
    return Standing(
        law=None if current is None else _status(current, applies=applies),
        enforcement=enforcement_on(regime, in_force_on, law_known_on),
        since=None if current is None else current.on,
        cite=None if current is None else current.cite,
        applies_from=applies_from(regime, law_known_on),
    )


def enforcement_on(
    regime: Regime, in_force_on: date, law_known_on: date | None = None
) -> StanceKind | None:
    """Return the stance of the authority on a day; the latest that began wins."""
    found: Stance | None = None
    for stance in sorted(regime.enforcement, key=lambda item: item.from_):
        seen = _seen(known_on(stance, regime.sources), law_known_on)
        if seen and _covers(stance, in_force_on):
            found = stance
    return None if found is None else found.stance


def applies_from(regime: Regime, law_known_on: date | None = None) -> date | None:
    """Return the first day on which the rules apply, as known on a day; None if there is none.

    No clock of an obligation starts before it.
    """
    known = _known_events(regime, law_known_on)
    starts = [event.on for event in known if event.event == "applies"] or [
        event.on for event in known if event.event in {"enters_force", "voluntary", "disputed"}
    ]
    return min(starts, default=None)


def _status(event: Event, *, applies: bool) -> LawStatus:
    """Return the status that an event gives."""
    if event.event == "enters_force" and not applies:
        return "in_force"
    return _STATUS[event.event]


def _known_events(regime: Regime, law_known_on: date | None) -> list[Event]:
    """Return the events known by then in the order of their days; ties keep the file's order."""
    known = (
        event for event in regime.lifecycle if _seen(known_on(event, regime.sources), law_known_on)
    )
    return sorted(known, key=lambda event: event.on)


def _seen(known: date | None, law_known_on: date | None) -> bool:
    """Return whether something was known by a day; None on either side hides nothing."""
    return known is None or law_known_on is None or known <= law_known_on


def _covers(item: _Dated, day: date) -> bool:
    """Return whether the day lies in the half-open stretch of the item."""
    return item.from_ <= day and (item.until is None or day < item.until)


def _pick(
    values: Iterable[_T], day: date, law_known_on: date | None, *, nearest: bool
) -> tuple[_T | None, bool]:
    """Return the value for a day and whether the day lies in its own period."""
    known = [value for value in values if _seen(value.known, law_known_on)]
    covering = [value for value in known if _covers(value, day)]
    if covering:
        return max(covering, key=lambda value: (value.known, value.from_)), True
    if not nearest:
        return None, False
    past = [value for value in known if value.from_ <= day]
    if past:
        return max(past, key=lambda value: (value.until or date.max, value.known)), False
    return min(known, key=lambda value: (value.from_, value.known), default=None), False
