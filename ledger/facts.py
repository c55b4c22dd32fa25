"""A fact is what the ledger holds of a subject on a day: one value, none, or two that conflict."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from ledger.measure import StoredRecord, unreversed
from ledger.period import parse_day
from ledger.quantity import Quantity

__all__ = ["FactEntry", "FactState", "FactValue", "Facts"]

FactValue: TypeAlias = bool | frozenset[str] | Quantity | date | str
"""By kind: boolean, set, quantity, date, text."""


@dataclass(frozen=True, slots=True)
class FactState:
    """What is known of (subject, name) on a day.

    Attributes:
        subject: ``model:x``, ``developer:x`` …
        name: Word of the vocabulary.
        outcome: ``known``; ``missing`` when no entry is valid that day; ``conflicting`` when two
            valid entries differ.
        value: The one value if known, else None.
        entries: Entries that say so, in order; all that conflict if they do.
    """

    subject: str
    name: str
    outcome: Literal["known", "missing", "conflicting"]
    value: FactValue | None
    entries: tuple[int, ...]

    @property
    def known(self) -> bool:
        """Whether there is one value."""
        return self.outcome == "known"


@dataclass(frozen=True, slots=True)
class FactEntry:
    """One fact record, read.

    Attributes:
        seq: Its entry.
        value: What it states.
        valid_from: First day it holds; None for always.
        valid_until: First day it no longer holds; None for open.
    """

    seq: int
    value: FactValue
    valid_from: date | None
    valid_until: date | None

    def holds(self, day: date) -> bool:
        """Whether the record is valid on a day; ``valid_until`` is the first day it is not."""
        started = self.valid_from is None or self.valid_from <= day
        return started and (self.valid_until is None or day < self.valid_until)


class Facts:
    """The facts of a prefix of the log, resolved on demand."""

    def __init__(self, records: Iterable[StoredRecord]) -> None:
        """Index the fact records among ``records``; reversed ones are left out."""
        self._held: dict[tuple[str, str], list[FactEntry]] = {}
        self._subjects: dict[str, set[str]] = {}
        for record in unreversed(records):
            if record.type == "fact":
                body: Mapping[str, Any] = record.body
                place = self._held.setdefault((body["subject"], body["name"]), [])
                place.append(_entry(record.seq, body))
                self._subjects.setdefault(body["name"], set()).add(body["subject"])

    def subjects(self) -> frozenset[str]:
        """Return every subject that a fact is held of, with its prefix."""
        return frozenset(subject for subject, _ in self._held)

    def names(self, subject: str) -> tuple[str, ...]:
        """Return the names of the facts held of a subject, sorted."""
        return tuple(sorted(name for held, name in self._held if held == subject))

    def texts(self, name: str) -> frozenset[str]:
        """Return every text that some entry states under a name."""
        entries = (entry for s in self.stated(name) for entry in self._held[s, name])
        return frozenset(entry.value for entry in entries if isinstance(entry.value, str))

    def stated(self, name: str) -> Collection[str]:
        """Return the subjects of which some entry states something under a name."""
        return self._subjects.get(name, ())

    def stating(self, name: str, value: str, day: date) -> tuple[str, ...]:
        """Return the subjects of which one value is known under a name on a day, sorted."""
        return tuple(
            s for s in sorted(self.stated(name)) if self.state(s, name, day).value == value
        )

    def entries(self, subject: str, name: str) -> tuple[FactEntry, ...]:
        """Return every entry about a subject under a name, in order, whatever its days."""
        return tuple(self._held.get((subject, name), ()))

    def state(self, subject: str, name: str, as_of: date) -> FactState:
        """Resolve one fact on a day: one distinct value wins, two make it undetermined."""
        valid = [entry for entry in self._held.get((subject, name), ()) if entry.holds(as_of)]
        entries = tuple(entry.seq for entry in valid)
        if not valid:
            return FactState(subject, name, "missing", None, ())
        if any(not _same(entry.value, valid[0].value) for entry in valid):
            return FactState(subject, name, "conflicting", None, entries)
        return FactState(subject, name, "known", valid[0].value, entries)


def _entry(seq: int, body: Mapping[str, Any]) -> FactEntry:
    """Read the body of a fact."""
    first, until = body["valid_from"], body["valid_until"]
    return FactEntry(
        seq,
        _value(body["value"]),
        None if first is None else parse_day(first),
        None if until is None else parse_day(until),
    )


def _value(typed: Mapping[str, Any]) -> FactValue:
    """Read a typed value as the record holds it."""
    value = typed["value"]
    match typed["kind"]:
        case "boolean":
            return bool(value)
        case "set":
            return frozenset(value)
        case "quantity":
            return Quantity.parse(value)
        case "date":
            return parse_day(value)
        case _:
            return str(value)


def _same(left: FactValue, right: FactValue) -> bool:
    """Say whether two values are one: 10^3 FLOP is 1_000 FLOP."""
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return left.unit.dimension == right.unit.dimension and left.base == right.base
    return left == right
