"""A flip is a determination that comes out otherwise when the same records meet other law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ledger.determination import Determination

__all__ = ["Flip", "Turn", "flips", "turns_of"]

_SIDES: Final[dict[object, str]] = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that a determination says otherwise.

    Attributes:
        what: ``finding``, ``law``, ``met_from``, ``due notify-commission`` and so on.
        old: What was said, in words; None for nothing.
        new: What is said now; None for nothing.
    """

    what: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A subject that comes out otherwise under a rule.

    Attributes:
        regime: Dotted id of the body of law.
        rule: Id of the rule.
        subject: With its prefix.
        old: The determination under the one law; None where it does not ask the subject.
        new: That under the other.
        turns: What is said otherwise, never empty.
    """

    regime: str
    rule: str
    subject: str
    old: Determination | None
    new: Determination | None
    turns: tuple[Turn, ...]


def flips(old: Iterable[Determination], new: Iterable[Determination]) -> tuple[Flip, ...]:
    """Compare determinations of the same records under two laws.

    Finding, exception, what is foreseen, days and dates due, the standing of the law and the scope
    are compared. Where only one law asks a subject, that is a flip if something is found.

    Args:
        old: Determinations under the one law.
        new: Determinations under the other.

    Returns:
        The flips in the order of regimes, rules and subjects.
    """
    ours = {(d.regime, d.rule, d.subject): d for d in old}
    theirs = {(d.regime, d.rule, d.subject): d for d in new}
    found = []
    for place in sorted({*ours, *theirs}):
        before, after = ours.get(place), theirs.get(place)
        turns = tuple(turns_of(before, after))
        if turns:
            found.append(Flip(*place, before, after, turns))
    return tuple(found)


def turns_of(old: Determination | None, new: Determination | None) -> Iterator[Turn]:
    """Yield what two determinations of one rule and subject say otherwise, amounts apart.

    A side that says nothing at all, because it is out of scope and not foreseen to be met, is no
    other than none.
    """
    if old is None or new is None:
        held = old or new
        if held is None or (held.finding is None and not held.met):
            return
    before, after = dict(_said(old)), dict(_said(new))
    for what in dict.fromkeys((*before, *after)):
        if before.get(what) != after.get(what):
            yield Turn(what, before.get(what), after.get(what))


def _said(d: Determination | None) -> Iterator[tuple[str, str | None]]:
    """Yield what a determination says, by name, in the order in which it is told."""
    if d is None:
        return
    ahead, since = d.foreseen, d.met_on
    yield "finding", d.finding
    yield "exception", d.exception
    yield "in_scope", _SIDES.get(d.in_scope, "undetermined")
    yield "law", d.law
    yield "foreseen", None if ahead is None else ahead.finding
    yield "foreseen_on", None if ahead is None else _day(ahead.on)
    yield "met_from", None if since is None else _day(since.earliest)
    yield "met_by", None if since is None else _day(since.latest)
    for due in d.due:
        yield f"due {due.obligation}", _day(due.on) or "not known"


def _day(day: object) -> str | None:
    """Return a day as text."""
    return None if day is None else str(day)
