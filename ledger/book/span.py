"""A span is a sum that two intervals hold: the legal one and the error one, each by its ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ledger.measure import Measured, Sums
from ledger.quantity import Interval

__all__ = ["ANYTHING", "NOTHING", "Part", "Span", "total"]


def _less(whole: Interval, sure: Interval, perhaps: Interval) -> Interval:
    """Return what is left of a whole that holds two parts, of which one may be outside it.

    Args:
        whole: The whole.
        sure: Part that is surely inside; its lower end is surely taken away.
        perhaps: Everything that may be inside; its upper end may be taken away.
    """
    lo = 0 if perhaps.hi is None else max(0, whole.lo - perhaps.hi)
    hi = None if whole.hi is None else max(lo, whole.hi - sure.lo)
    return Interval(lo, hi)


@dataclass(frozen=True, slots=True)
class Span:
    """The legal and the error interval of one sum, operations.

    Attributes:
        legal: What the finding is taken from.
        error: What says whether the finding is robust.
    """

    legal: Interval
    error: Interval

    @classmethod
    def of(cls, sums: Sums) -> Span:
        """Take both intervals of a group."""
        return cls(sums.legal, sums.error)

    def perhaps(self) -> Span:
        """Return the same where it may be that none of it counts."""
        return Span(Interval(0, self.legal.hi), Interval(0, self.error.hi))

    def less(self, sure: Span, perhaps: Span) -> Span:
        """Return what is left without the parts that are surely and perhaps inside it."""
        return Span(
            _less(self.legal, sure.legal, perhaps.legal),
            _less(self.error, sure.error, perhaps.error),
        )

    def overlapping(self, other: Span) -> Span:
        """Return the sum of two figures that may hold the same work: no less than the larger."""
        return Span(
            Interval(max(self.legal.lo, other.legal.lo), (self.legal + other.legal).hi),
            Interval(max(self.error.lo, other.error.lo), (self.error + other.error).hi),
        )


NOTHING = Span(Interval.point(0), Interval.point(0))
ANYTHING = Span(Interval.unknown(), Interval.unknown())


@dataclass(frozen=True, slots=True)
class Part:
    """A term of a sum: how much, what would narrow it, and what it rests on.

    Attributes:
        span: How much, operations.
        missing: Facts that would narrow it.
        rows: Allocations in it.
        evidence: Operations (legal lower ends) by evidence letter.
    """

    span: Span = NOTHING
    missing: frozenset[str] = frozenset()
    rows: int = 0
    evidence: Mapping[str, int] = field(default_factory=dict)

    def with_span(self, span: Span, *names: str) -> Part:
        """Return the term with another span and further missing facts."""
        return Part(span, self.missing | set(names), self.rows, self.evidence)

    def measured(self) -> Measured:
        """Close the sum; nothing is missing where one value is left."""
        missing = () if self.span.legal.known else tuple(sorted(self.missing))
        return Measured(
            self.span.legal,
            self.span.error,
            missing,
            self.rows,
            {letter: self.evidence[letter] for letter in sorted(self.evidence)},
        )


def total(parts: Iterable[Part]) -> Part:
    """Add terms up."""
    lo = error_lo = rows = 0
    hi: int | None = 0
    error_hi: int | None = 0
    missing, evidence = set[str](), dict[str, int]()
    for part in parts:
        legal, error = part.span.legal, part.span.error
        lo, error_lo, rows = lo + legal.lo, error_lo + error.lo, rows + part.rows
        hi = None if hi is None or legal.hi is None else hi + legal.hi
        error_hi = None if error_hi is None or error.hi is None else error_hi + error.hi
        missing |= part.missing
        for letter, operations in part.evidence.items():
            evidence[letter] = evidence.get(letter, 0) + operations
    span = Span(Interval(lo, hi), Interval(error_lo, error_hi))
    return Part(span, frozenset(missing), rows, evidence)
