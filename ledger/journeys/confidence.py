"""Confidence puts pseudonyms into records that speak of parties, before they are sealed.

Holdings name their parties in confidence. A fact or a filing about one would put the same name into
a leaf, in the open and for good; so it is recorded under the pseudonym, where rules look for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import Problem
from ledger.journeys.parties import CONFIDENTIAL, Parties
from ledger.record.draft import Draft, draft_of

__all__ = ["in_confidence", "of_party"]


def in_confidence(
    drafts: list[Draft], lines: list[int], source: str, parties: Parties
) -> tuple[list[Draft], list[Problem]]:
    """Puts pseudonyms into the facts and filings about parties.

    Args:
        drafts: records that are to be appended together.
        lines: the line of each.
        source: where they come from, for messages.
        parties: whom the ledger names in confidence; what these records name so counts as well.

    Returns:
        The drafts, and a note for each subject that somebody must know of.
    """
    known = parties.beside(
        (field, value) for draft in drafts for field, value in _parties_of(draft)
    )
    found, told = list(drafts), dict[str, Problem]()
    for index, (draft, line) in enumerate(zip(drafts, lines, strict=True)):
        subject = draft.body.get("subject")
        if draft.type not in {"fact", "filing"} or not isinstance(subject, str):
            continue
        stand_in = _stand_in(subject, known)
        if stand_in != subject:
            found[index] = _under(draft, stand_in)
        for note in of_party(source, line, stand_in, known, renamed=stand_in != subject):
            told.setdefault(stand_in, note)
    return found, list(told.values())


def _parties_of(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yields the fields by which a record names parties in confidence, with what they say."""
    for field in CONFIDENTIAL.values():
        if draft.type == "holding" and field in draft.hidden:
            yield field, draft.hidden[field]


def _stand_in(subject: str, parties: Parties) -> str:
    """A subject with pseudonyms; a filing may leave the first kind out."""
    first = subject.partition("/")[0]
    for name in (subject,) if ":" in first else (f"{kind}:{subject}" for kind in CONFIDENTIAL):
        stand_in = parties.stand_in(name)
        if stand_in != name:
            return stand_in
    return subject


def _under(draft: Draft, subject: str) -> Draft:
    """The same record about a subject by another name; a natural key of its own stays."""
    body = {**draft.body, "subject": subject}
    by_content = draft_of(draft.type, draft.body, hidden=draft.hidden).key == draft.key
    return draft_of(draft.type, body, hidden=draft.hidden, key=() if by_content else draft.key[1:])


def of_party(
    source: str, line: int | None, subject: str, parties: Parties, *, renamed: bool
) -> Iterator[Problem]:
    """Yields what somebody must know who states something about a party.

    Args:
        source: where it comes from.
        line: its line, or None.
        subject: whom it is recorded about.
        parties: whom the ledger names in confidence.
        renamed: whether a pseudonym was put in the place of a name.
    """
    if renamed:
        yield Problem(
            source,
            line,
            "pseudonym",
            f"a name is held in confidence: recorded about {subject}",
            "nothing; check and explain take the name itself",
            "note",
        )
    elif parties.in_the_open(subject):
        yield Problem(
            source,
            line,
            "in-the-open",
            f"no holding names {subject} in confidence: the name stands in the open",
            "where it is confidential, record its holdings first; a leaf is never changed",
            "note",
        )
