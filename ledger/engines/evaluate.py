"""The columnar evaluator asks every rule of all subjects at once, and says what the plain one says.

It is exact: amounts are whole numbers of 38 digits, and what would not fit is compared row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.determination import Verdict, Verdicts
from ledger.determination.hinge import Hinges
from ledger.engines.conditions import FINDINGS, Conditions, RuleColumns
from ledger.engines.gathered import Gathered
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
        same = error.sheet.numbers(blurred.finding)
        hinges = Hinges.of(rule.condition)
        for row, subject in enumerate(gathered.subjects):
            found[rule.id, subject] = _verdict(legal, seen, hinges, (same[row], row))
    return found


def _verdict(
    legal: Conditions, rule: RuleColumns, hinges: Hinges, place: tuple[int, int]
) -> Verdict:
    """Read one row; its place is the finding under the error intervals and its number."""
    sheet, (blurred, row) = legal.sheet, place
    number = sheet.numbers(rule.finding)[row]
    finding = FINDINGS[number]
    exception = None
    if finding == "excepted":
        held = (name for name, column in rule.exceptions if sheet.truths(column)[row] is True)
        exception = next(held, None)
    return Verdict(
        in_scope=True if rule.scope is None else sheet.truths(rule.scope)[row],
        finding=finding,
        exception=exception,
        robust=finding != "undetermined" and number == blurred,
        missing=sheet.undecided(rule.open_parts, row) if finding == "undetermined" else (),
        hinges=() if finding is None else _hung(legal, rule, hinges, row),
    )


def _hung(legal: Conditions, rule: RuleColumns, hinges: Hinges, row: int) -> tuple[int, ...]:
    """Return the places of the comparisons on which a finding hangs."""
    if hinges.single is not None:
        return hinges.single
    return hinges.at([legal.sheet.truths(column)[row] for column in rule.leaves])
