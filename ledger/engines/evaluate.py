"""The columnar evaluator asks every rule of all subjects at once, and says what the plain one says.

It is exact: amounts are whole numbers of 38 digits, and what would not fit is compared row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.determination import Verdict, Verdicts
from ledger.determination.hinge import Hinges
from ledger.engines.conditions import FINDINGS, Conditions, RuleColumns
from ledger.engines.gathered import Gathered
from ledger.engines.sheet import Column, Sheet
from ledger.regime.answered import Answers
from ledger.regime.law import Law
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Truth

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
        found: dict[tuple[str, str], Verdict] = {}
        for family in dict.fromkeys(rule.family for rule in rules):
            asked = [rule for rule in rules if rule.family == family]
            held = subjects.get(family, ())
            if held:
                gathered = Gathered(answers, held, view, home=True)
                found |= _verdicts(law, asked, gathered)
        return found


def _verdicts(law: Law, rules: Sequence[Rule], gathered: Gathered) -> Verdicts:
    """Ask rules of subjects of one kind."""
    legal, error = Conditions(law, gathered, "legal"), Conditions(law, gathered, "error")
    columns = [(rule, legal.rule(rule), error.rule(rule)) for rule in rules]
    found: dict[tuple[str, str], Verdict] = {}
    for rule, seen, blurred in columns:
        read = _Reading(legal.sheet, seen, Hinges.of(rule.condition))
        verdicts = read.verdicts(error.sheet.numbers(blurred.finding))
        found |= {
            (rule.id, subject): verdict
            for subject, verdict in zip(gathered.subjects, verdicts, strict=True)
        }
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the verdicts of one rule off its columns.

    Attributes:
        sheet: The columns under the legal intervals.
        rule: Those of the rule.
        hinges: Its comparisons that a finding can hang on.
    """

    sheet: Sheet
    rule: RuleColumns
    hinges: Hinges

    def verdicts(self, blurred: Sequence[int]) -> Iterator[Verdict]:
        """Yield the verdict of every row; rows that read alike share one, unless it misses facts.

        Args:
            blurred: The finding of every row under the error intervals, by number.
        """
        rule, sheet = self.rule, self.sheet
        parts = (*(() if rule.scope is None else (rule.scope,)), *_conditions(rule, self.hinges))
        truths = [sheet.truths(column) for column in parts]
        alike: dict[tuple[int | Truth, ...], Verdict] = {}
        # Unknown in the columns is None, which no number equals.
        for row, read in enumerate(zip(sheet.numbers(rule.finding), blurred, *truths, strict=True)):
            held = alike.get(read)
            if held is None:
                held = self._verdict(row, blurred[row])
                if held.finding != "undetermined":
                    alike[read] = held
            yield held

    def _verdict(self, row: int, blurred: int) -> Verdict:
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
            robust=finding != "undetermined" and number == blurred,
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
