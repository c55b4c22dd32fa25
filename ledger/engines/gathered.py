"""What is gathered of the records once for all rules: facts and totals, subject by subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Final

from ledger.engines.numbers import Constant, Leaf
from ledger.quantity import Dimension, Quantity
from ledger.regime.answered import Answers, Known
from ledger.regime.counting import CountingSet
from ledger.regime.environment import Bounds, LineageScope
from ledger.regime.grouping import HOLDING_KEYS
from ledger.regime.question import Sight
from ledger.regime.rule import ViewName
from ledger.regime.trace import Span

__all__ = ["Gathered"]

_NO_NUMBER: Final = (Span.unknown(), None)


class Gathered:
    """Facts and totals of some subjects in one view, each asked for once.

    Attributes:
        answers: What is known of subjects.
        subjects: One a row, with their prefix.
        view: Which rows totals rest on.
        home: Whether the rows are the subjects of determinations; facts of members of those are
            named with the member.
    """

    def __init__(
        self, answers: Answers, subjects: Sequence[str], view: ViewName, *, home: bool
    ) -> None:
        """Gather nothing yet."""
        self.answers = answers
        self.subjects = tuple(subjects)
        self.view = view
        self.home = home
        self._facts: dict[str, list[Known]] = {}
        self._kinds: dict[str, bool] = {}
        self._totals: dict[tuple[str, LineageScope], Bounds] = {}

    def facts(self, name: str) -> list[Known]:
        """Return a fact in every row; what would settle it is for ``gaps`` to name."""
        held = self._facts.get(name)
        if held is None:
            if self.are(name.partition(".")[0]):
                held = self.answers.facts(self.subjects, name, self.view)
            else:
                held = [self._fact(subject, name) for subject in self.subjects]
            self._facts[name] = held
        return held

    def gaps(self, name: str, row: int) -> tuple[str, ...]:
        """Return what would settle a fact in a row."""
        known = self.facts(name)[row]
        if self.home or not self.are(name.partition(".")[0]):
            return known.missing
        return _told_of(self.subjects[row], known.missing or (name,))

    def are(self, kind: str) -> bool:
        """Return whether every subject is of a kind and stands for itself alone."""
        held = self._kinds.get(kind)
        if held is None:
            alike = all(subject.startswith(f"{kind}:") for subject in self.subjects)
            held = self._kinds[kind] = alike and kind not in HOLDING_KEYS
        return held

    def fact_leaf(self, name: str) -> Leaf:
        """Return a fact that is a quantity or a day as a number."""
        known = self.facts(name)
        numbers = [
            number_of(k.value) if isinstance(k.value, Quantity | date) else _NO_NUMBER
            for k in known
        ]

        def gaps(row: int) -> tuple[str, ...]:
            return self.gaps(name, row) if numbers[row] is _NO_NUMBER else ()

        spans, dimensions = [span for span, _ in numbers], [measured for _, measured in numbers]
        return Leaf.of(f"fact {name}", spans, dimensions, gaps)

    def total_leaf(self, counting: CountingSet, scope: LineageScope, sight: Sight) -> Leaf:
        """Return what a counting set counts as a number."""
        key = (counting.id, scope)
        held = self._totals.get(key)
        if held is None:
            held = self.answers.bounds(self.subjects, counting, scope, self.view)
            self._totals[key] = held
        los, his = (held.lo, held.hi) if sight == "legal" else (held.error_lo, held.error_hi)

        def gaps(row: int) -> tuple[str, ...]:
            if los[row] == his[row]:
                return ()
            subject = self.subjects[row]
            total = self.answers.total(subject, counting, scope, self.view)
            return total.missing or (f"operations@{subject}",)

        return Leaf.whole(f"total {counting.id} {scope}", los, his, str(Dimension.OPERATIONS), gaps)

    def constant(
        self, value: Quantity | date | Fraction | None, missing: tuple[str, ...] = ()
    ) -> Constant:
        """Return the same number in every row; a bare fraction is a plain factor.

        Args:
            value: The number, or None while it is unknown.
            missing: What would settle it then.
        """
        span, dimension = number_of(value)
        return Constant(span, dimension, () if value is not None else missing, len(self.subjects))

    def _fact(self, subject: str, name: str) -> Known:
        """Return a fact of one subject."""
        part, unsaid = self.answers.part(subject, name.partition(".")[0])
        if part is None:
            return Known(None, (unsaid,))
        known = self.answers.fact(part, name, self.view)
        missing = known.missing or (name,)
        if not self.home or part != subject:
            missing = _told_of(part, missing)
        return replace(known, missing=missing)


def number_of(value: Quantity | date | Fraction | None) -> tuple[Span, str | None]:
    """Return a value as a span in its base unit, and what it measures; a day by its place."""
    match value:
        case Quantity():
            return Span.point(value.base), str(value.dimension)
        case date():
            return Span.point(value.toordinal()), "date"
        case Fraction():
            return Span.point(value), str(Dimension.RATIO)
        case None:
            return _NO_NUMBER


def _told_of(subject: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names with the subject they are missing of, where none is named yet."""
    return tuple(name if "@" in name else f"{name}@{subject}" for name in names)
