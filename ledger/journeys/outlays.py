"""An outlay is what is still to come of one commitment, by a day.

What was agreed later is not known yet, and an option exercised later does not count yet. Deliveries
are netted off; where nobody says how much one was, the least is nothing and no amount is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from ledger.forecast import Flow
from ledger.journeys.deals import Deal, Part

__all__ = ["Outlay", "outlays_of"]

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outlay:
    """What is still to come of one commitment.

    Attributes:
        contract: The contract.
        seq: Entry of the commitment.
        kind: Forward, option, reservation or plan.
        counts: Whether it counts: every kind but an option that nobody has exercised by the day.
        model: Model it is meant for; None while unallocated.
        activity: What it is meant for.
        operation_kind: Floating-point or integer operations.
        device: Catalogue id; None if not stated.
        precision: Operand format.
        sparsity: Sparsity basis.
        device_us: Device-microseconds still to come; None if not known.
        agreed_on: Day from which it is known: the signature, or the day of what is supposed.
        flow: Operations still to come, over what is left of the window; once the window is over,
            over all of it, and nobody knows when.
        overdue: Whether the window is over, and what is open of it was neither delivered nor
            expired.
        gap: Why nobody can say how much is expected; None if somebody can.
    """

    contract: str
    seq: int
    kind: str
    counts: bool
    model: str | None
    activity: str
    operation_kind: str
    device: str | None
    precision: str
    sparsity: str
    device_us: int | None
    agreed_on: date
    flow: Flow
    overdue: bool = False
    gap: str | None = None


def outlays_of(deals: Sequence[Deal], as_of: date) -> tuple[Outlay, ...]:
    """Return what is still to come of a book, from the day after ``as_of``.

    What a window that is over leaves open is still owed, unless it is of an option that lapsed.

    Args:
        deals: The contracts that stand, deliveries by that day netted off.
        as_of: Last day whose deliveries were netted off, and whose signatures count.
    """
    return tuple(
        outlay
        for deal in deals
        for part in deal.parts
        if (outlay := _outlay(deal, part, as_of)) is not None
    )


def _outlay(deal: Deal, part: Part, as_of: date) -> Outlay | None:
    """Return what is still to come of a commitment, or None if nothing is."""
    body = part.body
    sure, perhaps = left = part.delivered.left_of(part.device_us)
    end, agreed, since = part.window_end, part.agreed_on, part.counts_from
    over, counts = end - _DAY <= as_of, since is not None and since <= as_of
    if agreed > as_of or not perhaps or (over and not counts):
        return None
    start = part.start
    # Of a window that has begun, what is left of it comes; of one that is over, all is owed.
    begins = start if over or start > as_of else as_of + _DAY
    return Outlay(
        contract=deal.id,
        seq=part.seq,
        kind=deal.kind,
        counts=counts,
        model=part.model,
        activity=str(body["activity"]),
        operation_kind=str(body["operation_kind"]),
        device=body["device"],
        precision=str(body["precision"]),
        sparsity=str(body["sparsity"]),
        device_us=part.open_us,
        agreed_on=since or agreed,
        flow=_flow(deal.id, part, left, (begins, end)),
        overdue=over,
        gap=_gap(part, known=sure == perhaps),
    )


def _flow(
    contract: str, part: Part, left: tuple[Fraction, Fraction], days: tuple[date, date]
) -> Flow:
    """Return the operations still to come, of the shares surely and perhaps left."""
    sure, perhaps = left
    low, point, high = (
        None if part.body[name] is None else Fraction(int(part.body[name]))
        for name in ("operations_low", "operations", "operations_high")
    )
    least = low if low is not None else point or Fraction(0)
    most = high if high is not None else point
    return Flow(
        *days,
        least * sure,
        None if point is None or sure != perhaps else point * perhaps,
        None if most is None else most * perhaps,
        contract,
    )


def _gap(part: Part, *, known: bool) -> str | None:
    """Return why nobody can say how much is expected of a commitment."""
    body = part.body
    if body["operations"] is None:
        if body["operations_high"] is None:
            return "states neither operations nor a utilisation"
        return "states a least and a most, and nothing that is expected"
    if known:
        return None
    if part.device_us is None:
        return "states no device time, so that what deliveries leave of it is not known"
    return "has a delivery that does not say how much it was"
