"""A claim is one part of what a person attests: the days, how complete, and how much.

Each part reads and writes the members that ``schemas/attestation.v1.md`` gives it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Self, TypeAlias, cast, get_args

from ledger.canonical import INTEGER_MAX, JSON
from ledger.errors import InputError, IntegrityError
from ledger.period import parse_day

__all__ = ["Claim", "Completeness", "Days", "Population", "count_in", "hex_in", "object_in"]

Claim: TypeAlias = Literal["every-run-recorded", "known-omissions"]

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_OMISSIONS_MAX: Final = 1000
_TEXT_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class Days:
    """A half-open stretch of days [start, end).

    Attributes:
        start: First day.
        end: First day after it; later than ``start``.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse a stretch that holds no day."""
        if self.end <= self.start:
            raise InputError(
                f"the period from {self.start} to before {self.end} holds no day",
                remedy="write the first day, two dots and the first day after the period",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-01-01..2027-01-01``: the second day is no longer part of it."""
        start, dots, end = text.partition("..")
        if not dots:
            raise InputError(
                f"{text[:40]!r} is no period", remedy="write it as 2026-01-01..2027-01-01"
            )
        return cls(parse_day(start), parse_day(end))

    @classmethod
    def read(cls, value: JSON) -> Self:
        """Read the member ``period``."""
        days = object_in(value, "period", {"end", "start"})
        start, end = _texts([days["start"], days["end"]], "period")
        return cls(parse_day(start), parse_day(end))

    def value(self) -> dict[str, JSON]:
        """Return the member ``period``."""
        return {"end": self.end.isoformat(), "start": self.start.isoformat()}


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is claimed of the runs that are not in the ledger.

    Attributes:
        claim: That there are none, or that some are known.
        omissions: What is known to be missing, in words; empty if nothing is.
    """

    claim: Claim
    omissions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a claim that its own list contradicts."""
        if (self.claim == "known-omissions") != bool(self.omissions):
            raise InputError(
                f"the claim is {self.claim}, with {len(self.omissions)} omissions named",
                why="an omission that is known is named, and one that is named is known",
                remedy="claim known-omissions and name each, or every-run-recorded and name none",
            )
        bad = [text for text in self.omissions if not 0 < len(text) <= _TEXT_MAX]
        if bad or len(self.omissions) > _OMISSIONS_MAX:
            raise InputError(
                f"omissions are at most {_OMISSIONS_MAX} texts of 1 to {_TEXT_MAX} characters"
            )

    @classmethod
    def read(cls, value: JSON) -> Self:
        """Read the member ``completeness``."""
        said = object_in(value, "completeness", {"claim", "omissions"})
        if said["claim"] not in get_args(Claim):
            raise InputError(
                f"{str(said['claim'])[:40]!r} is no claim of completeness",
                remedy="use: " + ", ".join(get_args(Claim)),
            )
        return cls(cast("Claim", said["claim"]), _texts(said["omissions"], "omissions"))

    def value(self) -> dict[str, JSON]:
        """Return the member ``completeness``."""
        return {"claim": self.claim, "omissions": list(self.omissions)}


@dataclass(frozen=True, slots=True)
class Population:
    """How much the ledger holds up to the checkpoint.

    Attributes:
        entries: Entries, all of them.
        by_type: Number of entries of each record type that occurs; they add up to ``entries``.
        runs: Different runs among the allocations that stand.
        models: Different models among the allocations that stand.
    """

    entries: int
    by_type: Mapping[str, int]
    runs: int
    models: int

    @classmethod
    def read(cls, value: JSON) -> Self:
        """Read the member ``population``.

        Raises:
            InputError: If it is malformed.
            IntegrityError: If the types do not add up to the entries.
        """
        said = object_in(value, "population", {"by_type", "entries", "models", "runs"})
        by_type = said["by_type"]
        if not isinstance(by_type, dict):
            raise InputError("by_type of the attestation is no object")
        counts = {name: count_in(count, f"by_type {name}") for name, count in by_type.items()}
        entries, runs, models = (count_in(said[n], n) for n in ("entries", "runs", "models"))
        if sum(counts.values()) != entries:
            raise IntegrityError(
                f"the attestation counts {entries} entries, by type {sum(counts.values())}",
                where="attestation, population",
            )
        return cls(entries, counts, runs, models)

    def value(self) -> dict[str, JSON]:
        """Return the member ``population``."""
        return {
            "by_type": dict(self.by_type),
            "entries": self.entries,
            "models": self.models,
            "runs": self.runs,
        }


def object_in(value: JSON, name: str, members: Collection[str]) -> dict[str, JSON]:
    """Return a member that is an object with exactly these members.

    Raises:
        InputError: If it is anything else.
    """
    if not isinstance(value, dict) or set(value) != set(members):
        raise InputError(f"{name} of the attestation has exactly {', '.join(sorted(members))}")
    return value


def count_in(value: JSON, name: str) -> int:
    """Return a number that counts something.

    Raises:
        InputError: If it is anything else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= INTEGER_MAX:
        raise InputError(f"{name} of the attestation is no count")
    return value


def hex_in(value: JSON, name: str) -> str:
    """Return 64 hex digits.

    Raises:
        InputError: If it is anything else.
    """
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise InputError(f"{name} of the attestation is not 64 hex digits")
    return value


def _texts(value: JSON, name: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(value, list):
        raise InputError(f"{name} of the attestation is no list")
    texts = tuple(item for item in value if isinstance(item, str))
    if len(texts) != len(value):
        raise InputError(f"{name} of the attestation holds something else than texts")
    return texts
