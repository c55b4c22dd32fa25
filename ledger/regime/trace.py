"""A trace is the tree of reasons behind one answer: what was asked, and what came of it.

Every number is a span of exact fractions in the base unit of its dimension; every condition is
true, false or unknown (``None``), and an unknown one names the facts that would decide it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from ledger.quantity import Dimension, Interval
from ledger.regime.product import product

__all__ = [
    "COMPARATORS",
    "Comparator",
    "Operand",
    "Reason",
    "Span",
    "Truth",
    "compare",
    "product_of",
    "summed",
    "together",
]

Truth: TypeAlias = bool | None
Comparator: TypeAlias = Literal["gt", "ge", "lt", "le"]
COMPARATORS: Final[tuple[Comparator, ...]] = ("gt", "ge", "lt", "le")
# Behind these stand other rules or other subjects, whose comparisons are not this rule's own.
_ELSEWHERE: Final = frozenset({"rule", "exists"})


@dataclass(frozen=True, slots=True)
class Span:
    """A closed range that surely holds a number which is not negative.

    Attributes:
        lo: Lowest possible value, in the base unit.
        hi: Highest possible value, or None when nothing bounds it.
    """

    lo: Fraction
    hi: Fraction | None

    @classmethod
    def point(cls, value: Fraction | int) -> Span:
        """Hold exactly one value."""
        return cls(Fraction(value), Fraction(value))

    @classmethod
    def unknown(cls) -> Span:
        """Hold everything from 0 without end."""
        return cls(Fraction(0), None)

    @classmethod
    def of(cls, interval: Interval) -> Span:
        """Hold what an interval of whole numbers holds."""
        return cls(Fraction(interval.lo), None if interval.hi is None else Fraction(interval.hi))

    @property
    def known(self) -> bool:
        """Whether only one value is possible."""
        return self.lo == self.hi

    def times(self, other: Span) -> Span:
        """Multiply end by end; nothing times something unbounded is still nothing."""
        if 0 in (self.hi, other.hi):
            return Span.point(0)
        hi = None if self.hi is None or other.hi is None else self.hi * other.hi
        return Span(self.lo * other.lo, hi)

    def plus(self, other: Span) -> Span:
        """Add end by end."""
        hi = None if self.hi is None or other.hi is None else self.hi + other.hi
        return Span(self.lo + other.lo, hi)

    def less(self, other: Span) -> Span:
        """Take away: what is left is the least when the most goes, and never below nothing."""
        lo = Fraction(0) if other.hi is None else max(Fraction(0), self.lo - other.hi)
        hi = None if self.hi is None else max(Fraction(0), self.hi - other.lo)
        return Span(lo, hi)


@dataclass(frozen=True, slots=True)
class Operand:
    """A number as a comparison saw it.

    Attributes:
        text: How the rule writes it.
        span: What it can be, in the base unit.
        dimension: What it measures, or None where only the other operand says so.
        missing: Facts that would narrow the span.
        factors: The operands of a product, in order; empty for a single number.
    """

    text: str
    span: Span
    dimension: str | None = None
    missing: tuple[str, ...] = ()
    factors: tuple[Operand, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One node of a rule with its answer.

    Attributes:
        operator: ``gt`` … ``le``, ``all``, ``any``, ``not``, ``any-of``, ``member``, ``fact``,
            ``reading``, ``rule``, ``exists``, ``choose``, or ``arm`` for one case of a choose.
        text: The node in words.
        truth: True, false, or None when the facts at hand do not decide it.
        missing: Facts that would decide it, sorted; empty once it is decided.
        parts: The reasons below it, in the order of the file.
        operands: Left and right of a comparison, else None.
        subject: Subject of whom the node is asked.
        value: What a fact says, in words; None elsewhere and where nothing is known.
    """

    operator: str
    text: str
    truth: Truth
    missing: tuple[str, ...] = ()
    parts: tuple[Reason, ...] = ()
    operands: tuple[Operand, Operand] | None = None
    subject: str = ""
    value: str | None = None

    @property
    def threshold(self) -> Fraction | None:
        """The line of a comparison, in the base unit: its right side when that is one number."""
        if self.operands is None or not self.operands[1].span.known:
            return None
        return self.operands[1].span.lo

    @property
    def margin(self) -> Fraction | None:
        """Distance between the two sides of a comparison of known numbers, in the base unit.

        For a left side with two ends it is the distance from its nearer end once the comparison
        is decided; an undecided comparison has none.
        """
        line = self.threshold
        if self.operands is None or line is None or self.truth is None:
            return None
        ends = [
            end for end in (self.operands[0].span.lo, self.operands[0].span.hi) if end is not None
        ]
        return min(abs(line - end) for end in ends)

    def comparisons(self) -> Iterator[Reason]:
        """Yield the rule's own comparisons that can still matter, in the order of the file.

        Those of other rules and of other subjects are left out, and so are the arms of a choose
        whose case is false.
        """
        if self.operands is not None:
            yield self
        if self.operator in _ELSEWHERE or (self.operator == "arm" and self.truth is False):
            return
        for part in self.parts:
            yield from part.comparisons()

    def walk(self) -> Iterator[Reason]:
        """Yield the reason and everything below it, parents first."""
        yield self
        for part in self.parts:
            yield from part.walk()


def together(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the names of all groups, each once, sorted."""
    return tuple(sorted({name for group in groups for name in group}))


def summed(spans: Iterable[Span]) -> Span:
    """Add spans up; none add up to nothing."""
    total = Span.point(0)
    for span in spans:
        total = total.plus(span)
    return total


def product_of(dimensions: Iterable[str | None]) -> str | None:
    """Return what a product measures by what its factors measure.

    Ratios are plain numbers, and so many things of some performance have it together. None where
    a factor is not known to measure something, or the product has no name here.
    """
    made: str | None = str(Dimension.RATIO)
    for each in dimensions:
        if made is None or each is None:
            return None
        made = product(made, each)
    return made


def compare(comparator: Comparator, left: Span, right: Span) -> Truth:
    """Compare two spans: true when it holds for every value in them, false when for none.

    Args:
        comparator: ``gt``, ``ge``, ``lt`` or ``le``.
        left: Span before the comparator.
        right: Span after it, in the same base unit.
    """
    match comparator:
        case "gt":
            return _exceeds(left, right)
        case "lt":
            return _exceeds(right, left)
        case "le":
            return _not(_exceeds(left, right))
        case "ge":
            return _not(_exceeds(right, left))


def _exceeds(left: Span, right: Span) -> Truth:
    """Say whether the left is greater than the right."""
    if right.hi is not None and left.lo > right.hi:
        return True
    if left.hi is not None and left.hi <= right.lo:
        return False
    return None


def _not(truth: Truth) -> Truth:
    """Return the contrary; unknown stays unknown."""
    return None if truth is None else not truth
