"""What is gathered of the records once for all rules: facts and totals, subject by subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Final

from ledger.engines.numbers import Constant, Leaf
from ledger.quantity import Dimension, Quantity
from ledger.regime.answered import Answers
from ledger.regime.counting import CountingSet
from ledger.regime.environment import Bounds, LineageScope
from ledger.regime.grouping import HOLDING_KEYS
from ledger.regime.knowledge import Known, KnownOf
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
        self._rows: dict[str, int] | None = None
        self._facts: dict[str, KnownOf] = {}
        self._kinds: dict[str, bool] = {}
        self._members: dict[str, list[tuple[str, ...]]] = {}
        self._below: dict[tuple[str, ViewName], Gathered] = {}
        self._totals: dict[tuple[str, LineageScope], Bounds] = {}

    @property
    def rows(self) -> Mapping[str, int]:
        """The row of each subject."""
        if self._rows is None:
            self._rows = {subject: row for row, subject in enumerate(self.subjects)}
        return self._rows

    def facts(self, name: str) -> KnownOf:
        """Return a fact in every row; what would settle it is for ``gaps`` to name."""
        held = self._facts.get(name)
        if held is None:
            if self.are(name.partition(".")[0]):
                held = self.answers.facts(self.rows, name, self.view)
            else:
                each = {row: self._fact(subject, name) for subject, row in self.rows.items()}
                held = KnownOf(Known(None, (name,)), each)
            self._facts[name] = held
        return held

    def gaps(self, name: str, row: int) -> tuple[str, ...]:
        """Return what would settle a fact in a row."""
        known = self.facts(name).at(row)
        if self.home or not self.are(name.partition(".")[0]):
            return known.missing
        return _told_of(self.subjects[row], known.missing or (name,))

    def odd(self, name: str, rows: Iterable[int]) -> frozenset[int] | None:
        """Return those of some rows in which something else settles a fact than in most.

        None where every row has something of its own.
        """
        if not self.home or not self.are(name.partition(".")[0]):
            return None
        known = self.facts(name)
        return frozenset(row for row in rows if known.at(row).missing != known.usual.missing)

    def are(self, kind: str) -> bool:
        """Return whether every subject is of a kind and stands for itself alone."""
        held = self._kinds.get(kind)
        if held is None:
            alike = all(subject.startswith(f"{kind}:") for subject in self.subjects)
            held = self._kinds[kind] = alike and kind not in HOLDING_KEYS
        return held

    def members(self, relation: str) -> list[tuple[str, ...]]:
        """Return who belongs to the subject of each row."""
        held = self._members.get(relation)
        if held is None:
            held = [self.answers.members(relation, subject) for subject in self.subjects]
            self._members[relation] = held
        return held

    def below(self, relation: str, view: ViewName, names: Iterable[str]) -> Gathered:
        """Return what is gathered of other subjects: members, or what subjects stand for.

        Args:
            relation: Which others; of one relation and view they are the same every time.
            view: Which rows totals rest on.
            names: The others, with their prefix; one may come several times.
        """
        held = self._below.get((relation, view))
        if held is None:
            held = Gathered(self.answers, sorted(set(names)), view, home=False)
            self._below[relation, view] = held
        return held

    def fact_leaf(self, name: str) -> Leaf:
        """Return a fact that is a quantity or a day as a number."""
        known = self.facts(name)
        numbers = {
            row: number_of(held.value)
            for row, held in known.others.items()
            if isinstance(held.value, Quantity | date)
        }

        def gaps(row: int) -> tuple[str, ...]:
            return () if row in numbers else self.gaps(name, row)

        odd = self.odd(name, known.others)
        # Beside a number that is known, another one of the comparison tells what is missing.
        odd = None if odd is None else odd | numbers.keys()
        return Leaf.some(f"fact {name}", numbers, len(self.subjects), gaps, odd)

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

        if sight == "error" and (los, his) == (held.lo, held.hi):
            sight = "legal"
        kept = held.kept.setdefault(sight, {})
        name, measured = f"total {counting.id} {scope}", str(Dimension.OPERATIONS)
        return Leaf.whole(name, (los, his), measured, gaps, kept=kept)

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
