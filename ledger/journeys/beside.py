"""What a ledger says beside a new fact: another value for the same days, or nothing of its subject.

Both are recorded all the same, for both may be meant; whoever states the fact is told.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from ledger.entry import Entry
from ledger.errors import Problem

__all__ = ["Mentions", "beside"]

SOURCE = "fact set"
_ALWAYS_AFTER = "9999-99-99"
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "parent"),
    "developer": ("developer",),
    "run": ("run",),
    "device": ("device",),
}
"""Kinds of subject that other records name, and the fields where they do."""


class Mentions(Protocol):
    """Where entries are found by what they mention: a store."""

    def mentioning(self, text: str) -> Iterator[Entry]:
        """Yields the entries that hold this text as a value, in order."""

    def texts(self, field: str) -> Iterator[str]:
        """Yields the different texts that a field of the bodies has."""


def beside(body: Mapping[str, Any], mentions: Mentions) -> tuple[Problem, ...]:
    """Says what the ledger held against a fact, or that it never heard of the subject.

    Args:
        body: the fact that is to be recorded.
        mentions: the ledger before it is.

    Returns:
        A finding for each other value that holds on one of its days, or a note for a subject
        that no record speaks of.
    """
    held: dict[int, Entry] = {}
    spoken = False
    for entry in mentions.mentioning(body["subject"]):
        if entry.type == "reversal":
            held.pop(_number(entry.body["reverses"]), None)
        elif entry.body.get("subject") == body["subject"]:
            spoken = True
            if entry.type == "fact" and _contradicts(entry.body, body):
                held[entry.seq] = entry
    if held:
        return tuple(_contradiction(entry, body) for entry in held.values())
    if spoken or _named(body["subject"], mentions):
        return ()
    return (_unheard(body["subject"], mentions),)


def _number(value: object) -> int:
    """The number of an entry, as a body states it."""
    assert isinstance(value, int)
    return value


def _contradicts(held: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether two facts of one subject give one property two values on some day."""
    starts = max(held["valid_from"] or "", body["valid_from"] or "")
    stops = min(held["valid_until"] or _ALWAYS_AFTER, body["valid_until"] or _ALWAYS_AFTER)
    same_name = held["name"] == body["name"]
    return same_name and held["value"] != body["value"] and starts < stops


def _contradiction(entry: Entry, body: Mapping[str, Any]) -> Problem:
    """The finding for a fact that has another value in the ledger."""
    before, after = _said(entry.body["value"]), _said(body["value"])
    return Problem(
        SOURCE,
        None,
        "contradicts",
        f"{body['name']} of {body['subject']} is {after} here and {before} in entry {entry.seq}",
        "reverse the wrong one: `flopledger record --help` shows how",
        "finding",
        why="while both hold on one day the fact is not decided",
    )


def _said(value: object) -> str:
    """A value as a person writes it."""
    assert isinstance(value, Mapping)
    text = value["value"]
    if isinstance(text, bool):
        return "yes" if text else "no"
    return ",".join(text) if isinstance(text, list) else str(text)


def _named(subject: str, mentions: Mentions) -> bool:
    """Whether a record names the subject in a field of its own; true where none could."""
    kind, _, name = subject.partition(":")
    fields = _FIELDS.get(kind)
    return fields is None or any(
        name in {entry.body.get(field) for field in fields} for entry in mentions.mentioning(name)
    )


def _unheard(subject: str, mentions: Mentions) -> Problem:
    """The note for a subject that stands nowhere else."""
    kind, _, name = subject.partition(":")
    known = {word.casefold(): word for word in sorted(_names(kind, mentions))}
    near = difflib.get_close_matches(name.casefold(), known, n=3)
    meant = " or ".join(f"{kind}:{known[word]}" for word in near)
    return Problem(
        SOURCE,
        None,
        "unheard-of",
        f"no other record speaks of {subject}",
        f"did you mean {meant}? then reverse this fact: `flopledger record --help` shows how"
        if near
        else "nothing, if its records are still to come",
        "note",
        why="a misspelt name is a subject of its own",
    )


def _names(kind: str, mentions: Mentions) -> Iterable[str]:
    """The names of this kind that records give."""
    for field in _FIELDS[kind]:
        yield from mentions.texts(field)
    for subject in mentions.texts("subject"):
        if subject.startswith(f"{kind}:"):
            yield subject.partition(":")[2]
