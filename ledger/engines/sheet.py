"""A sheet is the conditions of rules over all subjects of one kind: a column for each condition.

Truth is a Boolean column with nulls for unknown, under Kleene's rules. The columns are built in
levels, every level from those below it, and computed in one pass; what would decide an unknown is
then read off the conditions that stayed unknown in that row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

import polars as pl

from ledger.engines.gathered import Gathered
from ledger.engines.held import Rows, held_leaf
from ledger.engines.numbers import Constant, Leaf, Number, Product, compared, comparison, either
from ledger.quantity import Dimension
from ledger.regime import expression as node
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law
from ledger.regime.name import is_fact, is_factor
from ledger.regime.question import Question, Sight
from ledger.regime.rule import Rule
from ledger.regime.trace import COMPARATORS, Span, Truth
from ledger.regime.words import in_words

__all__ = ["Column", "Gaps", "Sheet"]

Gaps: TypeAlias = Callable[[int], Iterable[str]]
RowsOf: TypeAlias = Callable[[Rule, node.Total], Rows]

_BOOLEAN: Final = pl.Boolean()
_READ_MAX: Final = 6  # truths and findings, and unknown, are told apart by fewer numbers
_WAYS_MAX: Final = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A condition in every row.

    Attributes:
        name: Of its column.
        level: One more than the highest it is built from.
        gaps: What would decide it in a row where it is unknown.
        told_by: Columns that ``gaps`` looks at.
        odd: Rows in which ``gaps`` names something else than in most that look alike; None where
            each has something of its own.
    """

    name: str
    level: int
    gaps: Gaps
    told_by: tuple[Column, ...] = ()
    odd: frozenset[int] | None = None

    @property
    def expr(self) -> pl.Expr:
        """The column."""
        return pl.col(self.name)


class Sheet:
    """Columns over the subjects that were gathered.

    Attributes:
        law: The law that the rules stand in.
        gathered: Facts and totals of the subjects.
        sight: Which interval of totals is seen.
        rows_of: Gives what a total says of each holding.
    """

    def __init__(self, law: Law, gathered: Gathered, sight: Sight, rows_of: RowsOf) -> None:
        """Begin without a column."""
        self.rows_of = rows_of
        self.law = law
        self.gathered = gathered
        self.sight = sight
        self._frame = pl.DataFrame({"row": range(len(gathered.subjects))})
        self._pending: list[tuple[Column, pl.Expr]] = []
        self._leaves: dict[str, Leaf | Constant] = {}
        self._truths: dict[str, Sequence[Truth]] = {}
        self._numbers: dict[str, Sequence[int]] = {}
        self._columns = 0

    @property
    def subjects(self) -> tuple[str, ...]:
        """One a row."""
        return self.gathered.subjects

    def built(
        self,
        expr: pl.Expr,
        parts: Sequence[Column],
        gaps: Gaps,
        *,
        told_by: Sequence[Column] | None = None,
        odd: frozenset[int] | None = frozenset(),
    ) -> Column:
        """Add a column that is built from others; what it misses is read off them."""
        level = max((part.level for part in parts), default=0) + 1
        told = tuple(parts if told_by is None else told_by)
        column = Column(self._new_name(), level, gaps, told, odd)
        self._pending.append((column, expr))
        return column

    def given(self, values: Sequence[Truth], gaps: Gaps) -> Column:
        """Add a column whose values are known, and what each row misses is its own."""
        return self._added(pl.Series(values, dtype=_BOOLEAN), gaps, None)

    def spread(
        self,
        usual: Truth,
        others: Mapping[int, Truth],
        gaps: Gaps,
        odd: frozenset[int] | None = frozenset(),
    ) -> Column:
        """Add a column with one value in most rows, and others in some."""
        values = pl.repeat(usual, len(self.subjects), dtype=_BOOLEAN, eager=True)
        if others:
            values = values.scatter(list(others), pl.Series(list(others.values()), dtype=_BOOLEAN))
        return self._added(values, gaps, odd)

    def compared(self, rule: Rule, asked: node.Comparison) -> Column:
        """Add a comparison: in columns where its numbers fit them, else row by row."""
        left, right = self.number(rule, asked.left), self.number(rule, asked.right)
        texts = (_text(asked.left), _text(asked.right))

        def gaps(row: int) -> Iterable[str]:
            measured = {left.dimension(row), right.dimension(row)} - {None}
            return texts if len(measured) > 1 else (*left.gap(row), *right.gap(row))

        expr = comparison(asked.operator, left, right)
        if expr is not None:
            return self.built(expr, (), gaps, odd=either(left.odd, right.odd))
        operator = next(name for name in COMPARATORS if name == asked.operator)
        rows = range(len(self.subjects))
        return self.given([compared(operator, left, right, row) for row in rows], gaps)

    def number(  # noqa: PLR0911 - one return for each operator
        self, rule: Rule, asked: node.Number
    ) -> Number:
        """Return a number of a rule."""
        match asked:
            case str() if asked in rule.let and not is_factor(asked):
                return self.number(rule, rule.let[asked])
            case str():
                return self._leaf(asked, lambda: self._named(asked))
            case node.Quote():
                text = str(asked.q)
                return self._leaf(text, lambda: self.gathered.constant(asked.q))
            case node.Mul():
                return Product(tuple(self.number(rule, factor) for factor in asked.factors))
            case node.Sum():
                return self._leaf(f"{asked.counting}/{asked.lineage}", lambda: self._total(asked))
            case node.Total():
                return self._leaf(f"total {id(asked)}", lambda: self._held(rule, asked))
            case node.Max() | node.Flow() | node.AtWindow():
                return self._leaf(
                    f"{asked.operator} {id(asked)}", lambda: self._interpreted(rule, asked)
                )

    def truths(self, column: Column) -> Sequence[Truth]:
        """Return the values of a Boolean column."""
        held = self._truths.get(column.name)
        if held is None:
            self._compute()
            held = self._truths[column.name] = self._frame[column.name].to_list()
        return held

    def numbers(self, column: Column) -> Sequence[int]:
        """Return the values of a column of small whole numbers."""
        held = self._numbers.get(column.name)
        if held is None:
            self._compute()
            held = self._numbers[column.name] = self._frame[column.name].to_list()
        return held

    def undecided(self, columns: Iterable[Column], row: int) -> tuple[str, ...]:
        """Return what would decide the columns that are unknown in a row, sorted."""
        unknown = (column for column in columns if self.truths(column)[row] is None)
        return tuple(sorted({name for column in unknown for name in column.gaps(row)}))

    def ways(self, columns: Iterable[Column]) -> list[Hashable]:
        """Tell the rows apart by how they read: those with one answer read alike in every column.

        Args:
            columns: Of this sheet, of truths or of findings.
        """
        self._compute()
        numbers, together, many = list[pl.Expr](), pl.lit(0, pl.Int64), 1
        for column in columns:
            # Unknown is a value of its own.
            read = pl.col(column.name).cast(pl.Int64).fill_null(_READ_MAX - 1)
            if many * _READ_MAX > _WAYS_MAX:
                numbers.append(together)
                together, many = pl.lit(0, pl.Int64), 1
            together, many = together * _READ_MAX + read, many * _READ_MAX
        numbers.append(together)
        frame = self._frame.select(number.alias(str(place)) for place, number in enumerate(numbers))
        if len(numbers) == 1:
            return frame.to_series().to_list()
        return list(frame.iter_rows())

    def _added(self, values: pl.Series, gaps: Gaps, odd: frozenset[int] | None) -> Column:
        """Add a column of values."""
        column = Column(self._new_name(), 0, gaps, (), odd)
        self._frame = self._frame.with_columns(values.alias(column.name))
        return column

    def _compute(self) -> None:
        """Compute the columns that were added, level by level, in one pass."""
        if not self._pending:
            return
        plan = self._frame.lazy()
        for level in sorted({column.level for column, _ in self._pending}):
            plan = plan.with_columns(
                expr.alias(column.name) for column, expr in self._pending if column.level == level
            )
        self._frame = plan.collect()
        self._pending.clear()

    def _leaf(self, key: str, make: Callable[[], Leaf | Constant]) -> Leaf | Constant:
        """Return a number that stands in the frame, adding its columns the first time."""
        held = self._leaves.get(key)
        if held is None:
            held = self._leaves[key] = make()
            columns = held.columns().items()
            self._frame = self._frame.with_columns(s.alias(name) for name, s in columns)
        return held

    def _named(self, name: str) -> Leaf | Constant:
        """Return what a bare name stands for: a factor, a fact or a parameter."""
        if is_factor(name):
            return self.gathered.constant(Fraction(int(name)))
        if is_fact(name):
            return self.gathered.fact_leaf(name)
        found = self.law.parameter(name)
        value = None if found is None else found.value
        return self.gathered.constant(value, (f"parameter:{name}",))

    def _total(self, asked: node.Sum) -> Leaf | Constant:
        """Return a sum by a counting set; one that nobody had published sums nothing."""
        counting = self.law.counting.get(asked.counting)
        if counting is not None:
            return self.gathered.total_leaf(counting, asked.lineage, self.sight)
        gaps, rows = self.law.unpublished(asked.counting), len(self.subjects)
        return Constant(Span.unknown(), str(Dimension.OPERATIONS), gaps, rows)

    def _held(self, rule: Rule, asked: node.Total) -> Leaf:
        """Return a number added up over holdings."""
        answers = self.gathered.answers
        return held_leaf(asked, answers, self.subjects, self.rows_of(rule, asked))

    def _interpreted(self, rule: Rule, asked: node.Max | node.Flow | node.AtWindow) -> Leaf:
        """Return a number over rows of other relations, or of a window: the interpreter's."""
        found = [
            Question(
                Interpreter(self.law, self.gathered.answers, subject),
                rule,
                subject,
                self.gathered.view,
                self.sight,
            ).number(asked)
            for subject in self.subjects
        ]
        return Leaf.of(
            f"{asked.operator} {id(asked)}",
            [each.span for each in found],
            [each.dimension for each in found],
            lambda row: found[row].missing,
        )

    def _new_name(self) -> str:
        """Return a name that no column has."""
        self._columns += 1
        return f"c{self._columns}"


def _text(asked: node.Number) -> str:
    """Return a number as the interpreter names it."""
    return asked if isinstance(asked, str) else in_words(asked)
