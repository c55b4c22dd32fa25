"""A bound is the dense peak of the devices held: a leg that states more has something wrong in it.

Precision, number of devices, time or the count itself may be what is wrong; the record is kept as
stated. The importers, `check` and `reconcile` say it through this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.canonical import JSON
from ledger.errors import Problem

__all__ = [
    "ABOVE",
    "BOUNDED",
    "Excess",
    "entries_problems",
    "excess",
    "excess_problem",
]

ABOVE: Final = "above-ceiling"
"""Code of the finding."""

_WHY: Final = "no device passes its dense peak, so one of the figures is wrong"
_NAMED: Final = 5  # entries named one by one

BOUNDED: Final = ("ceiling_operations", "operations_executed", "operations", "operations_low")
"""Fields of an allocation that say whether it is above its ceiling: this, and what it states."""


@dataclass(frozen=True, slots=True)
class Excess:
    """How far a leg is above its own ceiling.

    Attributes:
        operations: The largest figure that it surely states.
        ceiling: The most that its devices can do at their dense peak.
        what: Precision and device of the leg, or other words for it.
    """

    operations: int
    ceiling: int
    what: str


def excess(body: Mapping[str, JSON]) -> Excess | None:
    """Return how far an allocation is above its own ceiling, or None if it is not.

    Args:
        body: Body of an allocation. A leg without a ceiling, or without operations, is not above
            it: nobody knows. An upper end above the ceiling contradicts nothing.
    """
    ceiling, *stated = (body[name] for name in BOUNDED)
    known = [int(str(value)) for value in stated if value is not None]
    if ceiling is None or not known or max(known) <= int(str(ceiling)):
        return None
    what = f"{body['precision']} on {body['device'] or 'a device that is not stated'}"
    return Excess(max(known), int(str(ceiling)), what)


def excess_problem(source: str, line: int | None, found: Excess) -> Problem:
    """Return the finding.

    Args:
        source: File or entry.
        line: Line of the file, or None.
        found: How far it is above.
    """
    return Problem(
        source,
        line,
        ABOVE,
        f"a leg above its own ceiling: {found.operations} operations, and {found.what} can do "
        f"{found.ceiling} in the time held",
        "check precision, number of devices, time and the count; it is recorded as stated",
        "finding",
        _WHY,
    )


def entries_problems(source: str, entries: Sequence[int]) -> tuple[Problem, ...]:
    """Return one finding for all entries of a ledger that are above their own ceiling, or none.

    Args:
        source: Name of the ledger.
        entries: Their numbers, in order.
    """
    if not entries:
        return ()
    named = ", ".join(map(str, entries[:_NAMED])) + (", …" if len(entries) > _NAMED else "")
    legs = "entry states" if len(entries) == 1 else "entries state"
    return (
        Problem(
            source,
            None,
            ABOVE,
            f"{len(entries)} {legs} more operations than the devices held can do: {named}",
            "check precision, number of devices, time and the count with `flopledger show`, and "
            "reverse what is wrong with `flopledger record`",
            "finding",
            _WHY,
        ),
    )
