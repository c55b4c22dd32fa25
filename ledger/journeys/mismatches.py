"""A mismatch is something that the records of one run say and that cannot all be true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from ledger.errors import Problem
from ledger.estimate import MILLION
from ledger.journeys.lanes import Lane, Seen
from ledger.journeys.overlaps import overlap, repeated
from ledger.journeys.tolerance import percent_down
from ledger.methods.bound import excess_problem

__all__ = ["CONTRADICTIONS", "run_problems"]

CONTRADICTIONS: Final = frozenset(
    {
        *("above-ceiling", "above-peak", "figures-disagree", "counted-twice"),
        *("repeated-legs", "nested-runs"),
    }
)
"""Codes of findings with which a figure is not confirmed, whatever else agrees."""


def run_problems(
    run: str,
    legs: Sequence[Seen],
    ratios: Mapping[str, Fraction | None],
    pairs: Sequence[tuple[Lane, Lane, bool]],
    tolerances: Mapping[str, int],
) -> tuple[Problem, ...]:
    """Return the findings about one run.

    Args:
        run: Its identifier.
        legs: Its standing records.
        ratios: ``mfu``, ``hfu``, ``coverage``, ``billed`` and ``receipted``, as far as known.
        pairs: Independent lanes and whether they agree.
        tolerances: By method, parts per million.
    """
    return (
        *(excess_problem(f"entry {leg.seq}", None, leg.above) for leg in legs if leg.above),
        *_above_peak(run, ratios),
        *_twice(run, legs),
        *(_disagree(run, left, right) for left, right, agree in pairs if not agree),
        *_times(run, ratios, tolerances),
    )


def _finding(run: str, code: str, message: str, remedy: str, why: str = "") -> Problem:
    """Return a finding about a run."""
    return Problem(f"run {run}", None, code, message, remedy, "finding", why)


def _above_peak(run: str, ratios: Mapping[str, Fraction | None]) -> Iterator[Problem]:
    """Yield a finding if the run as a whole did more than its devices can."""
    for name, words in (("mfu", "operations"), ("hfu", "operations executed")):
        ratio = ratios[name]
        if ratio is not None and ratio > 1:
            yield _finding(
                run,
                "above-peak",
                f"its {words} are above the dense peak of the time held: {percent_down(ratio)}",
                "check precision, number of devices, times and the count",
                "no device passes its dense peak",
            )


def _twice(run: str, legs: Sequence[Seen]) -> Iterator[Problem]:
    """Yield what would be added more than once."""
    both = overlap(legs, lambda leg: leg.importer)
    if both is not None:
        yield _finding(
            run,
            "counted-twice",
            f"{' and '.join(both.names)} both hold {both.device_us} device-microseconds of it as "
            "primary",
            "reverse the records of one with `flopledger record`, or import it again with "
            "`--set role=corroborating`",
            "primary records of one time are added",
        )
    stating = [leg for leg in legs if leg.primary and leg.operations is not None]
    undated = any(leg.start_ms is None for leg in stating)
    importers = sorted({leg.importer for leg in stating})
    if both is None and undated and len(importers) > 1:
        yield _finding(
            run,
            "counted-twice",
            f"{' and '.join(importers)} each state operations of it as primary, some undated",
            "if it is the same work, reverse the records of one with `flopledger record`",
            "primary figures are added",
        )
    for group in repeated(legs):
        entries = ", ".join(str(leg.seq) for leg in group[:5])
        yield _finding(
            run,
            "repeated-legs",
            f"{len(group)} records are alike, operations included: {entries}"
            + (", …" if len(group) > 5 else ""),  # noqa: PLR2004
            "if each rank wrote the total of the run, keep one and reverse the others",
            "the total would be multiplied by the number of ranks",
        )


def _disagree(run: str, left: Lane, right: Lane) -> Problem:
    """Return the finding for two methods that do not agree."""
    return _finding(
        run,
        "figures-disagree",
        f"{left.name} says {_shown(left)}, {right.name} says {_shown(right)}: further apart than "
        "their tolerances",
        "compare the inputs with `flopledger show run:…`; a known reason can be allowed for with "
        "--tolerance",
        "at least one of the two is wrong",
    )


def _times(
    run: str, ratios: Mapping[str, Fraction | None], tolerances: Mapping[str, int]
) -> Iterator[Problem]:
    """Yield where bills, receipts and telemetry do not cover the time held."""
    for name, source in (("billed", "the bills"), ("receipted", "the provider's receipts")):
        ratio = ratios[name]
        if ratio is not None and abs(ratio - 1) * MILLION > tolerances["time"]:
            more = "more" if ratio > 1 else "less"
            yield _finding(
                run,
                "time-disagrees",
                f"{source} state {more} device-time than is recorded: {percent_down(ratio)}",
                "find the records, or the bill, that is missing",
                "what is billed beyond the record was held by somebody"
                if ratio > 1
                else "time that nobody billed may not have been held",
            )
    coverage = ratios["coverage"]
    if coverage is not None and (1 - coverage) * MILLION > tolerances["coverage"]:
        yield _finding(
            run,
            "telemetry-gap",
            f"telemetry saw {percent_down(coverage)} of the time held",
            "export the missing hours again",
            "time without a sample is not idle time",
        )


def _shown(lane: Lane) -> str:
    """Return a figure or a range."""
    return str(lane.low) if lane.low == lane.high else f"{lane.low} to {lane.high}"
