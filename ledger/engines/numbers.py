"""Numbers are the operands of comparisons: two exact ends in each row, as whole numbers in columns.

A column of fractions is multiplied by its common denominator, a product carries the product of its
factors' scales, and a comparison multiplies crosswise. Before anything is computed, the largest
result is worked out from the largest ends: what would not fit 38 digits never becomes a column and
is compared row by row instead, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, TypeAlias

import polars as pl

from ledger.regime.trace import Comparator, Span, Truth, compare, product_of

__all__ = [
    "AMOUNT",
    "LIMIT",
    "Constant",
    "Ends",
    "Leaf",
    "Missing",
    "Number",
    "Product",
    "compared",
    "comparison",
    "either",
]

Missing: TypeAlias = Callable[[int], tuple[str, ...]]
"""What would narrow a number in a row; asked only where it is unknown."""

AMOUNT: Final = pl.Decimal(38, 0)
LIMIT: Final = 10**38
"""No column and no product of columns reaches it."""

_COMPARE: Final[Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}
_CONTRARY: Final = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a number in columns.

    Attributes:
        lo: Lower ends times ``scale``.
        hi: Upper ends times ``scale``; null where nothing bounds them.
        scale: Whole number that makes every end whole.
        bound: No end times ``scale`` is larger.
    """

    lo: pl.Expr
    hi: pl.Expr
    scale: int
    bound: int


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A number that the records give, another one in each row.

    Attributes:
        name: Of its columns.
        los: Lower ends in the base unit, times ``scale``.
        his: Upper ends in the base unit, times ``scale``; None where nothing bounds them.
        dimensions: What it measures in each row; None where only the other operand says so.
        missing: What would narrow it, in a row.
        scale: Common denominator of the ends.
        bound: No end times ``scale`` is larger.
        kinds: What it measures in any row.
        odd: Rows in which something else would narrow it than in most; None where each has
            something of its own.
        kept: Its columns, once they are made.
    """

    name: str
    los: Sequence[int]
    his: Sequence[int | None]
    dimensions: Sequence[str | None]
    missing: Missing
    scale: int
    bound: int
    kinds: frozenset[str | None]
    odd: frozenset[int] | None = None
    kept: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        spans: Sequence[Span],
        dimensions: Sequence[str | None],
        missing: Missing,
    ) -> Leaf:
        """Make a leaf of what it can be in each row, and work out its scale and bound."""
        scale = _scale_of(spans)
        los = [_times(span.lo, scale) for span in spans]
        his = [None if span.hi is None else _times(span.hi, scale) for span in spans]
        kinds = frozenset(dimensions)
        return cls(name, los, his, dimensions, missing, scale, _largest(los, his), kinds)

    @classmethod
    def some(
        cls,
        name: str,
        numbers: Mapping[int, tuple[Span, str | None]],
        rows: int,
        missing: Missing,
        odd: frozenset[int] | None,
    ) -> Leaf:
        """Make a leaf that is a number in some rows, with what it measures, and unknown else."""
        scale = _scale_of(span for span, _ in numbers.values())
        los, his = [0] * rows, list[int | None]((None,)) * rows
        dimensions = list[str | None]((None,)) * rows
        for row, (span, measured) in numbers.items():
            los[row] = _times(span.lo, scale)
            his[row] = None if span.hi is None else _times(span.hi, scale)
            dimensions[row] = measured
        kinds = frozenset(measured for _, measured in numbers.values())
        if len(numbers) < rows:
            kinds |= {None}
        return cls(name, los, his, dimensions, missing, scale, _largest(los, his), kinds, odd)

    @classmethod
    def whole(
        cls,
        name: str,
        ends: tuple[Sequence[int], Sequence[int | None]],
        dimension: str,
        missing: Missing,
        *,
        kept: dict[str, Any],
    ) -> Leaf:
        """Make a leaf of whole numbers that all measure the same.

        Args:
            name: Of its columns.
            ends: Lower ends, and upper ends, None where nothing bounds them.
            dimension: What it measures.
            missing: What would narrow it, in a row.
            kept: What was made of the same ends before.
        """
        los, his = ends
        if "bound" not in kept:
            kept["bound"] = _largest(los, his)
        kinds = frozenset((dimension,)[: len(los)])
        dimensions, bound = [dimension] * len(los), int(kept["bound"])
        return cls(name, los, his, dimensions, missing, 1, bound, kinds, kept=kept)

    def ends(self) -> Ends | None:
        """Return both ends in columns, or None if they do not fit."""
        if self.bound >= LIMIT:
            return None
        name = self.name
        return Ends(pl.col(f"{name}.lo"), pl.col(f"{name}.hi"), self.scale, self.bound)

    def columns(self) -> dict[str, pl.Series]:
        """Return the columns that ``ends`` names; none if they do not fit."""
        if self.bound >= LIMIT:
            return {}
        if "lo" not in self.kept:
            self.kept["lo"], self.kept["hi"] = _column(self.los), _column(self.his)
        return {f"{self.name}.lo": self.kept["lo"], f"{self.name}.hi": self.kept["hi"]}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.los)

    def span(self, row: int) -> Span:
        """Return what it can be in a row."""
        hi = self.his[row]
        return Span(
            Fraction(self.los[row], self.scale), None if hi is None else Fraction(hi, self.scale)
        )

    def dimension(self, row: int) -> str | None:
        """Return what it measures in a row."""
        return self.dimensions[row]

    def gap(self, row: int) -> tuple[str, ...]:
        """Return what would narrow it in a row."""
        return self.missing(row)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A number that the law gives, the same in every row: a literal and no column.

    Attributes:
        value: What it can be, in the base unit.
        measures: What it measures; None where only the other operand says so.
        missing: What would narrow it.
        rows: Number of rows.
    """

    value: Span
    measures: str | None
    missing: tuple[str, ...]
    rows: int

    @property
    def odd(self) -> frozenset[int]:
        """Rows in which something else would narrow it than in most: none."""
        return frozenset()

    def ends(self) -> Ends | None:
        """Return both ends as literals, or None if they do not fit."""
        scale, hi = _scale_of([self.value]), self.value.hi
        los, his = [_times(self.value.lo, scale)], [None if hi is None else _times(hi, scale)]
        bound = _largest(los, his)
        if bound >= LIMIT:
            return None
        return Ends(_whole(los[0]), _whole(his[0]), scale, bound)

    def columns(self) -> dict[str, pl.Series]:
        """Return no column."""
        return {}

    def span(self, _row: int) -> Span:
        """Return what it can be in any row."""
        return self.value

    def dimension(self, _row: int) -> str | None:
        """Return what it measures in any row."""
        return self.measures

    @property
    def kinds(self) -> frozenset[str | None]:
        """What it measures in any row; nothing where there is no row."""
        return frozenset([self.measures] * min(1, self.rows))

    def gap(self, _row: int) -> tuple[str, ...]:
        """Return what would narrow it in any row."""
        return self.missing


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A number that is the product of others.

    Attributes:
        factors: Two or more.
    """

    factors: tuple[Number, ...]

    def ends(self) -> Ends | None:
        """Return both ends, nothing times something unbounded being nothing; None if unfit.

        Whether the product itself fits is for ``comparison`` to say, by the bound.
        """
        parts = [factor.ends() for factor in self.factors]
        held = [part for part in parts if part is not None]
        if len(held) < len(parts):
            return None
        bound = math.prod(max(1, part.bound) for part in held)
        zero = pl.any_horizontal(*(part.hi.eq_missing(_whole(0)) for part in held))
        lo, hi = held[0].lo, held[0].hi
        for part in held[1:]:
            lo, hi = lo * part.lo, hi * part.hi
        # Not a literal: polars takes what is literal in every row for one value, and cannot
        # compare a literal on the left with it (2.1.0).
        nothing = self._varying(held).lo * _whole(0)
        hi = pl.when(zero).then(nothing).otherwise(hi)
        return Ends(lo, hi, math.prod(part.scale for part in held), bound)

    def _varying(self, ends: Sequence[Ends]) -> Ends:
        """Return the ends of a factor that is no literal, if there is one."""
        pairs = zip(self.factors, ends, strict=True)
        return next((e for factor, e in pairs if not isinstance(factor, Constant)), ends[0])

    def span(self, row: int) -> Span:
        """Return what it can be in a row."""
        found = Span.point(1)
        for factor in self.factors:
            found = found.times(factor.span(row))
        return found

    def dimension(self, row: int) -> str | None:
        """Return what it measures in a row."""
        return product_of(factor.dimension(row) for factor in self.factors)

    @property
    def kinds(self) -> frozenset[str | None]:
        """What it measures in any row."""
        alike = all(len(factor.kinds) == 1 for factor in self.factors)
        return frozenset(self.dimension(row) for row in range(1 if alike else self.rows))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.factors[0].rows

    @property
    def odd(self) -> frozenset[int] | None:
        """Rows in which something else would narrow it than in most; None where each has its own.

        What a factor that is nothing leaves to be told differs from row to row.
        """
        return either(*(factor.odd for factor in self.factors))

    def gap(self, row: int) -> tuple[str, ...]:
        """Return what would narrow it in a row."""
        if self.span(row).known:
            return ()
        return tuple(sorted({name for factor in self.factors for name in factor.gap(row)}))


Number: TypeAlias = Leaf | Constant | Product


def comparison(operator: str, left: Number, right: Number) -> pl.Expr | None:
    """Return the three-valued comparison of two numbers, or None if it does not fit columns.

    Args:
        operator: ``gt``, ``ge``, ``lt`` or ``le``.
        left: Before the comparator.
        right: After it.
    """
    measured = (left.kinds | right.kinds) - {None}
    a, b = left.ends(), right.ends()
    if len(measured) > 1:
        return None
    if a is None or b is None or max(a.bound * b.scale, b.bound * a.scale) >= LIMIT:
        return None
    least = _COMPARE[operator]
    contrary = _COMPARE[_CONTRARY[operator]]
    upward = operator in {"gt", "ge"}
    # For every value when the near ends say so, for none when the far ends do; else unknown.
    near = (a.lo, b.hi) if upward else (a.hi, b.lo)
    far = (a.hi, b.lo) if upward else (a.lo, b.hi)
    always = least(near[0] * _whole(b.scale), near[1] * _whole(a.scale))
    never = contrary(far[0] * _whole(b.scale), far[1] * _whole(a.scale))
    return (
        pl.when(always.fill_null(value=False))
        .then(statement=True)
        .when(never.fill_null(value=False))
        .then(statement=False)
        .otherwise(None)
    )


def either(*odd: frozenset[int] | None) -> frozenset[int] | None:
    """Return the rows that are odd for one of several numbers; None where all rows are for one."""
    held = [rows for rows in odd if rows is not None]
    return frozenset[int]().union(*held) if len(held) == len(odd) else None


def compared(operator: Comparator, left: Number, right: Number, row: int) -> Truth:
    """Compare two numbers in one row, exactly; numbers of two dimensions are not compared."""
    dimensions = (left.dimension(row), right.dimension(row))
    if None not in dimensions and dimensions[0] != dimensions[1]:
        return None
    return compare(operator, left.span(row), right.span(row))


def _times(end: Fraction, scale: int) -> int:
    """Return an end as a whole number of parts of the scale."""
    return end.numerator * (scale // end.denominator)


def _scale_of(spans: Iterable[Span]) -> int:
    """Return the common denominator of all ends."""
    ends = (end for span in spans for end in (span.lo, span.hi))
    return math.lcm(*{end.denominator for end in ends if end is not None})


def _largest(los: Sequence[int], his: Sequence[int | None]) -> int:
    """Return the largest end; 0 without any."""
    return max(max(los, default=0), max((hi for hi in his if hi is not None), default=0))


def _column(values: Sequence[int | None]) -> pl.Series:
    """Return whole numbers as a column; polars builds it exactly from digits, not from integers."""
    digits = [None if value is None else str(value) for value in values]
    return pl.Series(digits, dtype=pl.String).cast(AMOUNT)


def _whole(value: int | None) -> pl.Expr:
    """Return a whole number as a literal of the columns' type."""
    return pl.lit(value, dtype=AMOUNT)
