"""A run is measured over its legs: what one run did, and which runs a missing total lies in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.book.span import ANYTHING, Part, Span, total
from ledger.measure import Leg, Measured
from ledger.quantity import Interval
from ledger.regime.counting import CountingSet

__all__ = ["measure_run", "name_runs"]

_MODEL = "operations@model:"


def measure_run(run: str, legs: Iterable[Leg], counting: CountingSet) -> Measured:
    """Add up what a counting set counts for one run.

    A ``cumulative`` figure holds the run's work and more, so it bounds the run from above only. A
    run of which nothing counted is recorded is unknown, not 0.

    Args:
        run: Name without prefix.
        legs: Legs of the models the run served; those of other runs are passed over.
        counting: What counts, every reading chosen.
    """
    held = [leg for leg in legs if leg.run == run and leg.activity in counting.activities]
    if not held:
        return total([Part(ANYTHING, frozenset({f"operations@run:{run}"}))]).measured()
    return total([_part(leg) for leg in held if _counts(leg, counting)]).measured()


def name_runs(
    missing: Iterable[str], legs: Mapping[str, Iterable[Leg]], counting: CountingSet
) -> tuple[str, ...]:
    """Replace each model whose operations are missing by the runs where they are.

    Args:
        missing: As in ``Measured.missing``.
        legs: Legs by model; a model without legs keeps its name.
        counting: What counts, every reading chosen.

    Returns:
        Sorted, distinct names.
    """
    named = set[str]()
    for name in missing:
        model = name.removeprefix(_MODEL) if name.startswith(_MODEL) else None
        held = () if model is None else legs.get(model, ())
        counted = (_part(leg) for leg in held if _counts(leg, counting))
        runs = frozenset[str]().union(*(part.missing for part in counted))
        named |= runs or {name}
    return tuple(sorted(named))


def _counts(leg: Leg, counting: CountingSet) -> bool:
    """Whether the operations of a leg are counted."""
    return counting.classify(leg.activity, leg.operation_kind) == "counted"


def _part(leg: Leg) -> Part:
    """Return the term that one leg adds to its run."""
    legal = Interval(leg.lo, leg.hi)
    span = Span(legal, leg.error or legal)
    if leg.extent == "cumulative":
        span = span.perhaps()
    missing = frozenset[str]() if span.legal.known else frozenset({f"operations@run:{leg.run}"})
    return Part(span, missing, leg.rows, {leg.evidence: span.legal.lo})
