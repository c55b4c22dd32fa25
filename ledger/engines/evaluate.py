"""The columnar evaluator asks every rule of all subjects at once, and says what the plain one says.

It is exact: amounts are whole numbers of 38 digits, and what would not fit is compared row by row.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.determination import Ruled, Verdict, Verdicts
from ledger.determination.hinge import Hinges
from ledger.engines.conditions import FINDINGS, Conditions, RuleColumns
from ledger.engines.gathered import Gathered
from ledger.engines.sheet import Column, Sheet
from ledger.regime.answered import Answers
from ledger.regime.law import Law
from ledger.regime.rule import Rule, ViewName

__all__ = ["ColumnEvaluator"]


class ColumnEvaluator:
    """Gives verdicts from columns; equal to those of ``PlainEvaluator``."""

    def verdicts(
        self,
        law: Law,
        rules: Sequence[Rule],
        subjects: Mapping[str, Sequence[str]],
        answers: Answers,
        view: ViewName,
    ) -> Verdicts:
        """Ask each rule of each subject of its kind."""
        found: dict[str, Ruled] = {}
        for family in dict.fromkeys(rule.family for rule in rules):
            asked = [rule for rule in rules if rule.family == family]
            held = subjects.get(family, ())
            if held:
                gathered = Gathered(answers, held, view, home=True)
                found |= _ruled(law, asked, gathered)
        return Verdicts(found)


def _ruled(law: Law, rules: Sequence[Rule], gathered: Gathered) -> Mapping[str, Ruled]:
    """Ask rules of subjects of one kind."""
    legal, error = Conditions(law, gathered, "legal"), Conditions(law, gathered, "error")
    columns = [(rule, legal.rule(rule), error.rule(rule)) for rule in rules]
    return {
        rule.id: _Reading(
            legal.sheet, seen, Hinges.of(rule.condition), error.sheet.numbers(blurred.finding)
        ).ruled()
        for rule, seen, blurred in columns
    }


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the verdicts of one rule off its columns.

    Attributes:
        sheet: The columns under the legal intervals.
        rule: Those of the rule.
        hinges: Its comparisons that a finding can hang on.
        blurred: The finding of every row under the error intervals, by number.
    """

    sheet: Sheet
    rule: RuleColumns
    hinges: Hinges
    blurred: Sequence[int]

    def ruled(self) -> Ruled:
        """Return the verdict of every row; rows that read alike share one."""
        rule = self.rule
        scope = () if rule.scope is None else (rule.scope,)
        parts = (rule.finding, *scope, *_conditions(rule, self.hinges))
        ways = list(zip(self.sheet.ways(parts), self.blurred, strict=True))
        findings = self.sheet.numbers(rule.finding)
        found, places, undecided = list[Verdict](), dict[Hashable, int](), set[Hashable]()
        for way in dict.fromkeys(ways):
            row = ways.index(way)
            if FINDINGS[findings[row]] == "undetermined":
                undecided.add(way)
            else:
                places[way] = len(found)
                found.append(self._verdict(row))
        if not undecided:
            return Ruled(self.sheet.subjects, found, [places[way] for way in ways])
        place = [places.get(way, -1) for way in ways]
        self._decide([row for row, at in enumerate(place) if at < 0], ways, found, place)
        return Ruled(self.sheet.subjects, found, place)

    def _decide(
        self,
        rows: Sequence[int],
        ways: Sequence[Hashable],
        found: list[Verdict],
        place: list[int],
    ) -> None:
        """Add the verdicts of undetermined rows; rows that miss the same share one.

        Rows that read alike in every column that tells what is missing miss the same, unless one
        of those that are unknown tells each row something of its own.
        """
        told_by = _reached(self.rule.open_parts)
        numbers = self.sheet.ways(told_by)
        odd = frozenset[int]().union(*(each.odd for each in told_by if each.odd is not None))
        own = [self.sheet.truths(each) for each in told_by if each.odd is None]
        lonely, shared = dict[Hashable, bool](), dict[Hashable, int]()
        for row in rows:
            way, alone = (ways[row], numbers[row]), row in odd
            if not alone:
                if way not in lonely:
                    lonely[way] = any(truths[row] is None for truths in own)
                alone = lonely[way]
            at = None if alone else shared.get(way)
            if at is None:
                at = len(found)
                found.append(self._verdict(row))
                if not alone:
                    shared[way] = at
            place[row] = at

    def _verdict(self, row: int) -> Verdict:
        """Read one row."""
        sheet, rule = self.sheet, self.rule
        number = sheet.numbers(rule.finding)[row]
        finding = FINDINGS[number]
        exception = None
        if finding == "excepted":
            holding = (name for name, column in rule.exceptions if sheet.truths(column)[row])
            exception = next(holding, None)
        return Verdict(
            in_scope=True if rule.scope is None else sheet.truths(rule.scope)[row],
            finding=finding,
            exception=exception,
            robust=finding != "undetermined" and number == self.blurred[row],
            missing=sheet.undecided(rule.open_parts, row) if finding == "undetermined" else (),
            hinges=() if finding is None else self._hung(row),
        )

    def _hung(self, row: int) -> tuple[int, ...]:
        """Return the places of the comparisons on which a finding hangs."""
        if self.hinges.single is not None:
            return self.hinges.single
        return self.hinges.at([self.sheet.truths(column)[row] for column in self.rule.leaves])


def _conditions(rule: RuleColumns, hinges: Hinges) -> tuple[Column, ...]:
    """Return the columns beside the findings and the scope that tell one verdict from another."""
    exceptions = tuple(column for _, column in rule.exceptions)
    return exceptions if hinges.single is not None else (*exceptions, *rule.leaves)


def _reached(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return columns and all that tell what they miss, each once."""
    found: dict[Column, None] = {}
    ahead = list(columns)
    while ahead:
        column = ahead.pop()
        if column not in found:
            found[column] = None
            ahead.extend(column.told_by)
    return tuple(found)
