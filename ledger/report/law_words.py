"""Words of a law memo: what the short words of a rule file mean to somebody who never saw one."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.report.law_parts import CitePart, LawDocument

__all__ = [
    "BINDING",
    "COMPARED",
    "EFFECTS",
    "EVENTS",
    "LAW",
    "PROVENANCE",
    "SIDES",
    "STANCES",
    "asked",
    "cited",
    "days",
    "known",
    "spoken",
]

_CITED_MAX: Final = 60  # characters of a source that is named in full at every place

LAW: Final = {
    None: "nothing of it was published, or had happened, by the day",
    "proposed": "proposed; it binds nobody",
    "enacted": "enacted, and not yet applicable",
    "in_force": "in force",
    "disputed": "disputed: whether it is in force is contested",
    "suspended": "suspended",
    "rescinded": "rescinded",
    "expired": "expired",
    "vetoed": "vetoed; it never became law",
    "voluntary": "voluntary: it binds those who bound themselves",
}
STANCES: Final = {
    None: "the file states none for the day",
    "enforced": "enforced",
    "no_fines_yet": "applicable, without fines yet",
    "not_enforced": "the authority says that it does not enforce",
    "grace_period": "grace period",
    "none": "nobody enforces it",
}
EVENTS: Final = {
    "enters_force": "enters into force",
    "applies": "begins to apply",
    "voluntary": "taken on voluntarily",
}
EFFECTS: Final = {
    "presumption": "what is met is presumed, and can be answered",
    "indication": "what is met indicates, and does not decide",
    "definition": "what is met falls under the definition",
    "classification": "what is met falls into the class",
}
COMPARED: Final = {
    "gt": "caught when greater than this; an amount exactly equal to it is not caught",
    "ge": "caught from this on; an amount exactly equal to it is caught",
    "lt": "caught when less than this; an amount exactly equal to it is not caught",
    "le": "caught up to this; an amount exactly equal to it is caught",
}
SIDES: Final = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}
PROVENANCE: Final = {
    "verified": "verified, read in the source",
    "secondary": "secondary, read in another text that tells of the source",
    "memory": "FROM MEMORY, nobody has compared it with the source",
}
BINDING: Final = {"executive_order": "executive order"}


def spoken(word: str) -> str:
    """Return a word of a rule file as it is spoken."""
    return word.replace("_", " ")


def days(start: date, stop: date | None) -> str:
    """Return a half-open stretch of days in words."""
    return f"from {start} on" if stop is None else f"from {start} until before {stop}"


def known(day: date | None) -> str:
    """Return since when something was known, in words."""
    return "known from the start" if day is None else f"known from {day}"


def cited(cite: CitePart) -> str:
    """Return where something stands; a source with a long title goes by its short name, [x]."""
    source = cite.source if len(cite.source) <= _CITED_MAX else f"[{cite.id}]"
    return source if cite.at is None else f"{source}, {cite.at}"


def asked(document: LawDocument) -> str:
    """Return the days of the law that a document speaks of."""
    limit = document.law_known_on
    return f"{document.in_force_on}" + ("" if limit is None else f", as known on {limit}")
