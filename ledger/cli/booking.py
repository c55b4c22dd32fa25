"""Booking is what the commands of the forward book share: its contracts, and where they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import TypeVar

from ledger.cli.asking import records_of
from ledger.cli.clock import now
from ledger.cli.context import Context
from ledger.cli.folding import FoldedLedger, with_fold
from ledger.cli.opening import open_log, open_reader
from ledger.drawing import Delivery, delivered_by
from ledger.errors import InputError, UnitError
from ledger.journeys.checking import Question, Records
from ledger.journeys.contracting import Desk
from ledger.journeys.deals import Deal, Shelf, agreed_by, deals_of
from ledger.measure import DeliveryKey, Engine, GradeSums, unreversed
from ledger.period import parse_day
from ledger.quantity import parse_number

__all__ = ["Standing", "day_of", "desk_of", "share_of", "standing", "with_book"]

R = TypeVar("R")

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """The forward book by a day.

    Attributes:
        ledger: The fold it was read from.
        deals: The contracts that stand, those agreed after the day among them; if asked for by
            grade, those too of which all has expired by the day.
        as_of: Last day whose deliveries count.
        graded: What was delivered, by contract and grade; empty unless asked for.
    """

    ledger: FoldedLedger
    deals: tuple[Deal, ...]
    as_of: date
    graded: Mapping[DeliveryKey, GradeSums] = field(default_factory=dict)

    @property
    def agreed(self) -> tuple[Deal, ...]:
        """What of them was agreed by the day and stands; not what of it had all expired."""
        return tuple(deal for deal in agreed_by(self.deals, self.as_of) if deal.parts)


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
        deals = _deals(records_of(fold, ledger, as_of), store, as_of, closed=graded)
        grades: Mapping[DeliveryKey, GradeSums] = {}
        if graded and ledger.folded.deliveries:
            grades = fold.delivered(limit=ledger.folded.limit or 0, as_of=as_of)
        return Standing(ledger, deals, as_of, grades)

    return with_fold(context, used, as_of=as_of, recorded_by=recorded_by)


def with_book(
    context: Context,
    question: Question,
    engine: str,
    use: Callable[[Records, tuple[Deal, ...]], R],
) -> R:
    """Fold the ledger once for a question and its forward book, and call ``use`` meanwhile.

    What was agreed after the question's day is no part of that book.

    Raises:
        MissingError: If there is no ledger.
        IntegrityError: If the entries do not reproduce the signed root.
    """
    store, as_of = open_reader(context), question.as_of

    def used(fold: Engine, ledger: FoldedLedger) -> R:
        records = records_of(fold, ledger, as_of)
        return use(records, agreed_by(_deals(records, store, as_of), as_of))

    recorded_by = question.recorded_by
    return with_fold(context, used, as_of=as_of, recorded_by=recorded_by, engine=engine)


def _deals(
    records: Records, shelf: Shelf, as_of: date, *, closed: bool = False
) -> tuple[Deal, ...]:
    """Return the contracts that stand, and closed ones if wanted, deliveries netted off."""
    folded = records.folded
    delivered: Mapping[str, tuple[Delivery, ...]] = {}
    if folded.deliveries:
        models = frozenset(key.model for key in folded.totals)
        delivered = delivered_by(records.legs(models), as_of)
    held = (record for record in unreversed(folded.records) if record.type == "commitment")
    return deals_of(held, delivered, shelf, as_of, closed=closed)


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
