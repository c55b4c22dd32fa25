"""A sized evaluator asks few subjects one by one, and many in columns.

Both ways give equal verdicts; which is sooner hangs on how many subjects there are, and loading
polars takes longer than asking a few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.determination import PlainEvaluator, Verdicts
from ledger.regime.answered import Answers
from ledger.regime.law import Law
from ledger.regime.rule import Rule, ViewName

__all__ = ["FEW", "SizedEvaluator"]

FEW = 32
"""Subjects up to which each is asked by itself."""


class SizedEvaluator:
    """Gives the verdicts of the evaluator that suits the number of subjects."""

    def verdicts(
        self,
        law: Law,
        rules: Sequence[Rule],
        subjects: Mapping[str, Sequence[str]],
        answers: Answers,
        view: ViewName,
    ) -> Verdicts:
        """Ask each rule of each subject of its kind."""
        if sum(map(len, subjects.values())) <= FEW:
            return PlainEvaluator().verdicts(law, rules, subjects, answers, view)
        from ledger.engines.evaluate import ColumnEvaluator  # noqa: PLC0415 - polars loads slowly

        return ColumnEvaluator().verdicts(law, rules, subjects, answers, view)
