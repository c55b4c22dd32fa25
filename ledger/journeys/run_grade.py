"""A run grade is how well the records of a run are borne out, from A to E, with the reason.

It begins with the weakest of the primary records and is lifted by what confirms them: a provider's
countersignature or a bill over all the time held (B), or a second independent method (C). Records
that state a figure and those that state time alone are lifted apart, since two methods that agree
say nothing of time without a figure; the grade of the run is the weaker one. A figure that
contradicts itself or another is not lifted, and one above the peak of its devices is an assertion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

from ledger.errors import Problem
from ledger.estimate import MILLION
from ledger.journeys.lanes import Seen
from ledger.journeys.mismatches import CONTRADICTIONS
from ledger.methods.bound import ABOVE

__all__ = ["RunGrade", "grade_run"]

_REASONS: Final = {
    "A": "the hardware signed its records",
    "B": "its records are countersigned by the provider or stand on its invoice",
    "C": "two methods agree",
    "D": "one documented method with its inputs",
    "E": "an assertion: no method with its inputs is recorded",
}


@dataclass(frozen=True, slots=True)
class RunGrade:
    """The evidence grade of a run.

    Attributes:
        letter: ``A`` to ``E``, the weaker of the two below.
        reason: Why, one sentence.
        figure: Letter of the records that state a figure; that of the run if none does.
        time: Letter of the records that state none; that of the run if all state one.
    """

    letter: str
    reason: str
    figure: str
    time: str

    @classmethod
    def whole(cls, letter: str, reason: str) -> Self:
        """Return one grade for all records of a run."""
        return cls(letter, reason, letter, letter)

    def of(self, *, figure: bool) -> str:
        """Return the letter of a record, by whether it states a figure."""
        return self.figure if figure else self.time


def grade_run(
    legs: Sequence[Seen],
    ratios: Mapping[str, Fraction | None],
    agreed: str | None,
    problems: Sequence[Problem],
    tolerances: Mapping[str, int],
) -> RunGrade:
    """Return the grade that follows from reconciling a run.

    Args:
        legs: Its standing records.
        ratios: ``billed`` and ``receipted`` among them, as far as known.
        agreed: The two independent methods that agree, or None.
        problems: Findings about the run.
        tolerances: By method, parts per million.
    """
    codes = {problem.code for problem in problems}
    if codes & {ABOVE, "above-peak"}:
        return RunGrade.whole("E", "its figure is above the dense peak of its own devices")
    primary = [leg for leg in legs if leg.primary and leg.own]
    if not primary:
        return RunGrade.whole("E", "no primary record of its own work: nothing of it adds up")
    against, confirmed = sorted(codes & CONTRADICTIONS), _confirmed(ratios, tolerances)
    parts = []
    for figure in (True, False):
        weakest = max((leg.grade for leg in primary if leg.states is figure), default="")
        lifted = None if against else _lifted(weakest, confirmed, agreed, figure=figure)
        parts.append(lifted or (weakest, _REASONS.get(weakest, "")))
    (stated, why), (held, why_held) = parts
    if held > stated:
        letter, reason = held, f"records without a figure: {why_held}" if stated else why_held
    else:
        letter, reason = stated, why
    if against:
        reason += f"; not confirmed: {', '.join(against)}"
    return RunGrade(letter, reason, stated or letter, held or letter)


def _confirmed(ratios: Mapping[str, Fraction | None], tolerances: Mapping[str, int]) -> str | None:
    """Return the words for who confirms all the time held, or None if nobody does."""
    for name, words in (("receipted", "countersigned by the provider"), ("billed", "billed")):
        ratio = ratios[name]
        if ratio is not None and abs(ratio - 1) * MILLION <= tolerances["time"]:
            return words
    return None


def _lifted(
    weakest: str, confirmed: str | None, agreed: str | None, *, figure: bool
) -> tuple[str, str] | None:
    """Return the grade that confirmation gives, if it is better than that of the records.

    A bill confirms time and not operations: the figure of an assertion is not lifted by it.
    """
    documented = weakest <= "D" or not figure
    if confirmed is not None and documented and weakest > "B":
        what = "the time behind a documented figure" if figure else "the time held"
        return "B", f"{what} is {confirmed}"
    if agreed is not None and figure and weakest > "C":
        return "C", f"two independent methods agree: {agreed}"
    return None
