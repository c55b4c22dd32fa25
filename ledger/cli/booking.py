"""Booking is what the commands of the forward book share: its contracts, and where they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from ledger.cli.clock import now
from ledger.cli.context import Context
from ledger.cli.folding import FoldedLedger, with_fold
from ledger.cli.opening import open_log, open_reader
from ledger.errors import InputError, UnitError
from ledger.forward import Delivered, delivered_by
from ledger.journeys.contracting import Desk
from ledger.journeys.deals import Deal, deals_of
from ledger.measure import DeliveryKey, Engine, GradeSums, unreversed
from ledger.period import parse_day
from ledger.quantity import parse_number

__all__ = ["Standing", "day_of", "desk_of", "share_of", "standing"]

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """The forward book by a day.

    Attributes:
        ledger: The fold it was read from.
        deals: The contracts that stand.
        as_of: Last day whose deliveries count.
        graded: What was delivered, by contract and grade; empty unless asked for.
    """

    ledger: FoldedLedger
    deals: tuple[Deal, ...]
    as_of: date
    graded: Mapping[DeliveryKey, GradeSums] = field(default_factory=dict)


def standing(
    context: Context,
    as_of: date,
    *,
    recorded_by: datetime | None = None,
    graded: bool = False,
) -> Standing:
    """Read the forward book, deliveries of the whole ledger netted off.

    Args:
        context: The global options.
        as_of: Last day whose deliveries count.
        recorded_by: Count only entries sealed by then; None counts all that are signed.
        graded: Whether deliveries are wanted by grade.

    Raises:
        MissingError: If there is no ledger.
        IntegrityError: If the entries do not reproduce the signed root.
    """
    store = open_reader(context)

    def used(fold: Engine, ledger: FoldedLedger) -> Standing:
        folded = ledger.folded
        delivered: Mapping[str, Mapping[str, Delivered]] = {}
        if folded.deliveries:
            assert folded.limit is not None
            models = frozenset(key.model for key in folded.totals)
            legs = fold.legs(models, limit=folded.limit, as_of=as_of)
            delivered = delivered_by(legs, as_of)
        held = (record for record in unreversed(folded.records) if record.type == "commitment")
        deals, grades = deals_of(held, delivered, store), dict[DeliveryKey, GradeSums]()
        if graded and folded.deliveries:
            grades |= fold.delivered(limit=folded.limit or 0, as_of=as_of)
        return Standing(ledger, deals, as_of, grades)

    return with_fold(context, used, as_of=as_of, recorded_by=recorded_by)


def desk_of(context: Context) -> Desk:
    """Return where the book is kept."""
    return Desk(open_log(context), open_reader(context))


def day_of(text: str | None) -> date:
    """Return a day given, or today."""
    return now().date() if text is None else parse_day(text)


def share_of(text: str) -> Fraction:
    """Read a share: ``1/4``, ``0.25`` or ``25 %``.

    Raises:
        InputError: If it is none.
    """
    number, percent, rest = text.partition("%")
    above, stroke, below = number.strip().partition("/")
    try:
        value = parse_number(above)
        if stroke:
            value /= parse_number(below)
    except (UnitError, ZeroDivisionError) as error:
        raise InputError(f"{text[:40]!r} is no share", remedy="write 1/4 or 25 %") from error
    if rest.strip():
        raise InputError(f"{text[:40]!r} is no share", remedy="write 1/4 or 25 %")
    return value / _HUNDRED if percent else value
