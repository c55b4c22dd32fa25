"""Conditions become columns here, operator by operator, and rules become findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from ledger.determination.hinge import is_leaf
from ledger.engines.gathered import Gathered
from ledger.engines.held import Rows
from ledger.engines.sheet import Column, Gaps, Sheet
from ledger.errors import RuleError
from ledger.regime import expression as node
from ledger.regime.answered import HOLDING
from ledger.regime.interpret import Finding
from ledger.regime.knowledge import Known
from ledger.regime.law import Law
from ledger.regime.name import reading_named, rule_named
from ledger.regime.question import Sight
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Truth

__all__ = ["FINDINGS", "Conditions", "RuleColumns"]

FINDINGS: Final[tuple[Finding | None, ...]] = (None, "met", "not_met", "undetermined", "excepted")
"""Findings by the number that stands for each in a column."""
_NONE, _MET, _NOT_MET, _UNDETERMINED, _EXCEPTED = range(len(FINDINGS))


@dataclass(frozen=True, slots=True)
class RuleColumns:
    """A rule in every row.

    Attributes:
        scope: Whether the subject is concerned; None for a rule without a scope.
        exceptions: Whether each exception holds, by id, in the order of the file.
        open_parts: Scope, condition and exceptions: what can leave the finding open.
        finding: Number of the finding in ``FINDINGS``.
        truth: Whether the rule is met, as other rules see it.
        leaves: The leaves of the condition in the order of the file, as ``Hinges`` counts them.
    """

    scope: Column | None
    exceptions: tuple[tuple[str, Column], ...]
    open_parts: tuple[Column, ...]
    finding: Column
    truth: Column
    leaves: tuple[Column, ...]


class Conditions:
    """The conditions of one law over one sheet; sheets of members are made as they are needed."""

    def __init__(self, law: Law, gathered: Gathered, sight: Sight) -> None:
        """Begin without a column.

        Args:
            law: The law that the rules stand in.
            gathered: Facts and totals of the subjects.
            sight: Which interval of totals is seen.
        """
        self.sheet = Sheet(law, gathered, sight, self._rows_of)
        self._law = law
        self._rules: dict[str, RuleColumns] = {}
        self._open: list[str] = []
        self._facts: dict[str, Column] = {}
        self._others: dict[tuple[str, ViewName], Conditions] = {}

    def rule(self, rule: Rule) -> RuleColumns:
        """Return the columns of a rule.

        Raises:
            RuleError: If rules refer to each other in a circle.
        """
        held = self._rules.get(rule.id)
        if held is not None:
            return held
        if rule.id in self._open:
            circle = (*self._open[self._open.index(rule.id) :], rule.id)
            raise RuleError(
                f"rules refer to each other in a circle: {' to '.join(circle)}",
                where=self._law.regime.id,
                why="a rule in a circle says nothing",
                remedy="take one of the references out",
            )
        self._open.append(rule.id)
        try:
            held = self._rules[rule.id] = self._conclude(rule)
        finally:
            self._open.pop()
        return held

    def _conclude(self, rule: Rule) -> RuleColumns:
        """Put scope, condition and exceptions together."""
        found: list[Column] = []
        scope = None if rule.scope is None else self.condition(rule, rule.scope)
        condition = self._whole(rule, found)
        exceptions = tuple((item.id, self.condition(rule, item.when)) for item in rule.unless)
        parts = ((scope,) if scope is not None else ()) + (
            condition,
            *(column for _, column in exceptions),
        )
        excepted = _any_is([column for _, column in exceptions], truth=True)
        unknown = pl.any_horizontal(*(part.expr.is_null() for part in parts))
        expr = (
            pl.when(_any_is([] if scope is None else [scope], truth=False))
            .then(_NONE)
            .when(_is(condition, truth=False))
            .then(_NOT_MET)
            .when(excepted)
            .then(_EXCEPTED)
            .when(unknown)
            .then(_UNDETERMINED)
            .otherwise(_MET)
        )
        finding = self.sheet.built(expr, parts, _nothing)
        met = pl.when(finding.expr != _UNDETERMINED).then(finding.expr == _MET)
        truth = self.sheet.built(
            met, [finding], lambda row: self.sheet.undecided(parts, row), told_by=parts
        )
        return RuleColumns(scope, exceptions, parts, finding, truth, tuple(found))

    def _whole(self, rule: Rule, found: list[Column]) -> Column:
        """Add a rule's condition and collect its leaves."""
        whole, seen = rule.condition, found.append
        if not isinstance(whole, node.Choose):
            return self.condition(rule, whole, seen)
        arms = [
            (self.condition(rule, arm.case, seen), self.condition(rule, arm.then, seen))
            for arm in whole.arms
        ]
        return self._chosen(rule, arms)

    def condition(  # noqa: PLR0911 - one return for each operator
        self, rule: Rule, asked: node.Condition, seen: Callable[[Column], None] | None = None
    ) -> Column:
        """Add a condition; ``seen`` is told of every leaf of it."""
        if seen is not None and is_leaf(asked):
            leaf = self.condition(rule, asked)
            seen(leaf)
            return leaf
        match asked:
            case str():
                return self._name(asked)
            case node.Gt() | node.Ge() | node.Lt() | node.Le():
                return self.sheet.compared(rule, asked)
            case node.All() | node.Any():
                parts = [self.condition(rule, item, seen) for item in asked.items]
                join = pl.all_horizontal if isinstance(asked, node.All) else pl.any_horizontal
                expr = join(*(part.expr for part in parts))
                return self.sheet.built(expr, parts, self._gaps_of(parts))
            case node.Not():
                part = self.condition(rule, asked.item, seen)
                return self.sheet.built(~part.expr, [part], part.gaps)
            case node.AnyOf():
                return self._overlap(asked.fact, frozenset(asked.values), ())
            case node.Member():
                listed = self._law.members(asked.set_id)
                return self._overlap(asked.fact, listed, (f"set:{asked.set_id}",))
            case node.Exists():
                return self._exists(rule, asked)

    def _name(self, name: str) -> Column:
        """Add a bare name: a rule, a reading, or a fact that is yes or no."""
        reading, rule = reading_named(name), rule_named(name)
        if rule is not None:
            asked = self._law.regime.rule(rule)
            return self._unknown(name) if asked is None else self._asked(asked)
        held = self._facts.get(name)
        if held is not None:
            return held
        if reading is not None:
            chosen = self._law.readings.get(reading[0])
            if chosen is None:
                return self._unknown(f"reading:{reading[0]}")
            held = self.sheet.spread(chosen == reading[1], {}, _nothing)
        else:
            gathered = self.sheet.gathered
            known = gathered.facts(name)
            others = {row: _truth(each) for row, each in known.others.items()}
            odd = gathered.odd(name, (row for row, truth in others.items() if truth is None))
            held = self.sheet.spread(
                _truth(known.usual), others, lambda row: gathered.gaps(name, row), odd
            )
        self._facts[name] = held
        return held

    def _asked(self, rule: Rule) -> Column:
        """Add another rule, asked of what each subject stands for."""
        gathered = self.sheet.gathered
        if gathered.are(rule.subject):
            return self.rule(rule).truth
        parts = [gathered.answers.part(subject, rule.subject) for subject in self.sheet.subjects]
        if all(
            part == subject for (part, _), subject in zip(parts, self.sheet.subjects, strict=True)
        ):
            return self.rule(rule).truth
        inner = self._below(rule.subject, gathered.view, [[p] if p else [] for p, _ in parts])
        rows = inner.sheet.gathered.rows
        column = inner.rule(rule).truth
        truths = inner.sheet.truths(column)

        def gaps(row: int) -> Iterable[str]:
            part, unsaid = parts[row]
            return (unsaid,) if part is None else column.gaps(rows[part])

        return self.sheet.given([None if p is None else truths[rows[p]] for p, _ in parts], gaps)

    def _rows_of(self, rule: Rule, asked: node.Total) -> Rows:
        """Return what a total says of each holding."""
        gathered = self.sheet.gathered
        inner = self._below(HOLDING, gathered.view, [gathered.answers.every_holding()])
        names = inner.sheet.subjects
        number = inner.sheet.number(rule, asked.number)
        if asked.where is None:
            return Rows(names, number, None, [()] * len(names))
        column = inner.condition(rule, asked.where)
        truths = inner.sheet.truths(column)
        gaps = [() if t is not None else tuple(column.gaps(row)) for row, t in enumerate(truths)]
        return Rows(names, number, truths, gaps)

    def _below(self, relation: str, view: ViewName, members: Sequence[Sequence[str]]) -> Conditions:
        """Return the conditions over other subjects: members, or what subjects stand for."""
        inner = self._others.get((relation, view))
        if inner is None:
            names = (name for held in members for name in held)
            below = self.sheet.gathered.below(relation, view, names)
            inner = self._others[relation, view] = Conditions(self._law, below, self.sheet.sight)
        return inner

    def _unknown(self, missing: str) -> Column:
        """Add what is unknown in every row for want of one thing of the law."""
        return self.sheet.spread(None, {}, lambda _: (missing,))

    def _overlap(
        self, fact: str, listed: frozenset[str] | None, unlisted: tuple[str, ...]
    ) -> Column:
        """Add whether a fact has one of some values; an unknown list misses ``unlisted``."""
        gathered = self.sheet.gathered
        words = {
            row: held
            for row, known in gathered.facts(fact).others.items()
            if (held := _words(known)) is not None
        }
        others = {
            row: None if listed is None else not held.isdisjoint(listed)
            for row, held in words.items()
        }
        open_ = (row for row in gathered.facts(fact).others if row not in words)
        odd = gathered.odd(fact, open_)
        if odd is not None and listed is None:
            odd |= words.keys()
        return self.sheet.spread(
            None, others, lambda row: unlisted if row in words else gathered.gaps(fact, row), odd
        )

    def _exists(self, rule: Rule, asked: node.Exists) -> Column:
        """Add whether one member at least fulfils a condition, by Kleene's or."""
        gathered = self.sheet.gathered
        view: ViewName = "foreseen" if "foreseen" in (gathered.view, asked.view) else "actual"
        members = gathered.members(asked.of)
        inner = self._below(asked.of, view, members)
        rows = inner.sheet.gathered.rows
        column = inner.condition(rule, asked.such_that)
        truths = inner.sheet.truths(column)

        def gaps(row: int) -> Iterable[str]:
            unknown = (rows[name] for name in members[row] if truths[rows[name]] is None)
            return (gap for member in unknown for gap in column.gaps(member))

        return self.sheet.given([_or(truths[rows[n]] for n in held) for held in members], gaps)

    def _chosen(self, rule: Rule, arms: Sequence[tuple[Column, Column]]) -> Column:
        """Let the one true case decide, or the agreement of all arms that are not ruled out."""
        sure = pl.sum_horizontal(*(_is(case, truth=True).cast(pl.Int32) for case, _ in arms))
        decided = pl.lit(None, dtype=pl.Boolean)
        for case, then in arms:
            decided = pl.when(_is(case, truth=True)).then(then.expr).otherwise(decided)
        some = pl.any_horizontal(*(~_is(case, truth=False) for case, _ in arms))
        agreed = {
            truth: some
            & pl.all_horizontal(
                *(_is(case, truth=False) | _is(then, truth=truth) for case, then in arms)
            )
            for truth in (True, False)
        }
        expr = (
            pl.when(sure == 1)
            .then(decided)
            .when(agreed[True])
            .then(statement=True)
            .when(agreed[False])
            .then(statement=False)
            .otherwise(None)
        )

        def gaps(row: int) -> Iterable[str]:
            cases = [self.sheet.truths(case)[row] for case, _ in arms]
            if cases.count(True) == 1:
                deciding = [arms[cases.index(True)][1]]
            else:
                possible = [arm for arm, case in zip(arms, cases, strict=True) if case is not False]
                deciding = [column for arm in possible for column in arm]
            return self.sheet.undecided(deciding, row) or (f"rule:{rule.id}",)

        return self.sheet.built(expr, [column for arm in arms for column in arm], gaps)

    def _gaps_of(self, parts: Sequence[Column]) -> Gaps:
        """Return what would decide a condition that several others make."""
        return lambda row: self.sheet.undecided(parts, row)


def _is(column: Column, *, truth: bool) -> pl.Expr:
    """Return where a condition surely has a truth; never unknown."""
    return column.expr.eq_missing(pl.lit(truth))


def _any_is(columns: Sequence[Column], *, truth: bool) -> pl.Expr:
    """Return where one condition at least surely has a truth."""
    if not columns:
        return pl.lit(value=False)
    return pl.any_horizontal(*(_is(column, truth=truth) for column in columns))


def _truth(known: Known) -> Truth:
    """Return the truth of a fact that is yes or no, or None."""
    return known.value if isinstance(known.value, bool) else None


def _words(known: Known) -> frozenset[str] | None:
    """Return the words of a fact that is a set or an enum, or None."""
    if isinstance(known.value, str):
        return frozenset((known.value,))
    return known.value if isinstance(known.value, frozenset) else None


def _or(truths: Iterable[Truth]) -> Truth:
    """Join by Kleene's or; of nothing it is false."""
    held = set(truths)
    return True if True in held else None if None in held else False


def _nothing(_row: int) -> tuple[str, ...]:
    """Return that nothing is missing."""
    return ()
