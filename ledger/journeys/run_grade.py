"""A run grade is how well the figure of a run is borne out, from A to E, with the reason.

It begins with the weakest of the primary records and is lifted by what confirms them: a provider's
countersignature or a bill over all the time held (B), or a second independent method (C). A figure
that contradicts itself or another is not lifted, and one above the peak of its devices is an
assertion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

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
        letter: ``A`` to ``E``.
        reason: Why, one sentence.
    """

    letter: str
    reason: str


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
        return RunGrade("E", "its figure is above the dense peak of its own devices")
    primary = [leg for leg in legs if leg.primary and leg.own]
    stating = [leg for leg in primary if leg.low is not None]
    if not primary:
        return RunGrade("E", "no primary record of its own work: nothing of it adds up")
    weakest = max(leg.grade for leg in stating or primary)
    against = sorted(codes & CONTRADICTIONS)
    if against:
        return RunGrade(weakest, f"{_REASONS[weakest]}; not confirmed: {', '.join(against)}")
    lifted = _lifted(weakest, ratios, agreed, tolerances, figure=bool(stating))
    return lifted or RunGrade(weakest, _REASONS[weakest])


def _lifted(
    weakest: str,
    ratios: Mapping[str, Fraction | None],
    agreed: str | None,
    tolerances: Mapping[str, int],
    *,
    figure: bool,
) -> RunGrade | None:
    """Return the grade that confirmation gives, if it is better than that of the records.

    A bill confirms time and not operations: the figure of an assertion is not lifted by it.
    """
    documented = weakest <= "D" or not figure
    for name, words in (("receipted", "countersigned by the provider"), ("billed", "billed")):
        ratio = ratios[name]
        near = ratio is not None and abs(ratio - 1) * MILLION <= tolerances["time"]
        if near and documented and weakest > "B":
            what = "the time held" if not figure else "the time behind a documented figure"
            return RunGrade("B", f"{what} is {words}")
    if agreed is not None and weakest > "C":
        return RunGrade("C", f"two independent methods agree: {agreed}")
    return None
