"""Sourcing is how far a rule file says where its figures come from and who compared them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from ledger.regime.model import Regime
from ledger.regime.soundness import citations
from ledger.regime.usage import texts

__all__ = ["REVIEW_DAYS", "old_reviews", "uncited", "unlocated", "unverified"]

_Found = Iterator[tuple[str, str, str]]
REVIEW_DAYS: Final = 180
# Kinds of text that are published under a number by which anyone can find them.
_NUMBERED: Final = frozenset({"law", "decree", "executive_order", "guidance", "bill"})


def uncited(regime: Regime) -> _Found:
    """A value of the law names the place in its source and quotes the deciding words.

    A list names the place; it has no words that decide.

    Yields:
        Place, message and remedy of each value that does not.
    """
    for name, parameter in regime.parameters.items():
        for index, value in enumerate(parameter.values):
            missing = [key for key in ("at", "phrase") if getattr(value.cite, key) is None]
            if missing:
                place = f"parameters.{name}.values[{index}].cite"
                message = f"the citation of {value.value} has no {' and no '.join(missing)}"
                yield place, message, "give the section and quote the law's deciding words"
    for name, dated in regime.sets.items():
        for index, members in enumerate(dated.values):
            if members.cite.at is None:
                place = f"sets.{name}.values[{index}].cite"
                message = f"the citation of {name} from {members.from_} has no at"
                yield place, message, "give the section that holds the list"


def unlocated(regime: Regime) -> _Found:
    """A reader can find every source, or is told why not.

    An address, an official number or a place cited in it lead to it; a note says how it is known.

    Yields:
        Place, message and remedy of each source that nobody could look up.
    """
    placed = {citation.source for _, citation in citations(regime) if citation.at is not None}
    for name, source in regime.sources.items():
        numbered = source.binding in _NUMBERED and any(map(str.isdigit, source.cite))
        told = source.url or source.eli or source.note
        if told is None and not numbered and name not in placed:
            message = f"{name} has no url, eli or official number, and no citation says where in it"
            remedy = "give its address or the place that is cited, or say in note: how it is known"
            yield f"sources.{name}", message, remedy


def unverified(regime: Regime) -> _Found:
    """A file that people checked against the text rests on nothing from memory.

    Yields:
        Place, message and remedy of each figure from memory, and of a check by nobody.
    """
    if regime.review.state != "checked":
        return
    if not regime.review.checked_against_text_by:
        yield "review", "it is checked by nobody", "name who compared it with the text"
    for place, text in texts(regime):
        if text == "memory" and place.endswith(".provenance"):
            message = f"{_shown(regime, place)} is from memory in a file marked checked"
            yield place, message, "compare it with the source, or mark the file draft"


def old_reviews(regime: Regime, today: date | None) -> _Found:
    """A check against the text is dated, and not long ago.

    Args:
        regime: The regime.
        today: Day of the caller; None asks only that the check is dated.

    Yields:
        Place, message and remedy of a check that is not dated, or too old.
    """
    reviewed = regime.review.reviewed_on
    if reviewed is None:
        if regime.review.state == "checked":
            message = "nobody says on which day it was checked"
            yield "review", message, "add reviewed_on: with the day"
    elif today is not None and reviewed > today:
        message = f"the day of the last check, {reviewed}, has not come"
        yield "review.reviewed_on", message, "write the day on which it was checked"
    elif today is not None and today - reviewed > timedelta(days=REVIEW_DAYS):
        message = f"the last check was on {reviewed}, more than {REVIEW_DAYS} days ago"
        remedy = "compare the file with the text again, and write the day"
        yield "review.reviewed_on", message, remedy


def _shown(regime: Regime, place: str) -> str:
    """Return the figure of a parameter that a path leads to, else the path to what is meant."""
    for name, parameter in regime.parameters.items():
        for index, value in enumerate(parameter.values):
            if place == f"parameters.{name}.values[{index}].provenance":
                return str(value.value)
    return place.removesuffix(".provenance")
