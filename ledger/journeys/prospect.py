"""A prospect is the forecast of a ledger's book, beside that of a book that is only supposed.

The supposed book is asked of the law as the one in force is: what is known since when, and what
falls due then, are its own and not today's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.hardware import Catalogue
from ledger.journeys.checking import Checked, Question, Records, check
from ledger.journeys.deals import Deal
from ledger.journeys.forecasting import Forecasts
from ledger.journeys.outlays import Outlay, outlays_of
from ledger.journeys.supposed_book import Supposed, suppose
from ledger.journeys.supposed_records import suppose_records
from ledger.journeys.supposed_terms import cautions_of
from ledger.journeys.whatif_book import Desk, forecasts_of
from ledger.regime.edition import Lawbook

__all__ = ["Prospect", "prospect"]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What was forecast.

    Attributes:
        checked: The check of the ledger.
        today: As the book stands.
        changes: What is supposed of it.
        then: With what is supposed; None if nothing is.
        cautions: Where what is supposed is not what the contracts say.
    """

    checked: Checked
    today: Forecasts
    changes: tuple[Supposed, ...]
    then: Forecasts | None
    cautions: tuple[str, ...] = ()


def prospect(
    question: Question,
    held: tuple[Records, Sequence[Deal]],
    changes: Sequence[Supposed],
    law: Lawbook,
    desk: Desk,
) -> Prospect:
    """Forecast a ledger's lines, as its book stands and as it is supposed.

    Args:
        question: The coordinates.
        held: The ledger, and the contracts that stand in it.
        changes: What is supposed of the book; perhaps nothing.
        law: The law asked.
        desk: What it is worked out with.

    Raises:
        InputError: If a change cannot be made.
        ConflictError: If nobody knows how much of a contract that is changed was delivered.
    """
    records, deals = held
    outlays = outlays_of(deals, question.as_of)
    checked, today = _asked(question, records, outlays, law, desk)
    if not changes:
        return Prospect(checked, today, (), None)
    catalogue = Catalogue.from_pack(law.pack)
    other = suppose(outlays, changes, catalogue, question.as_of)
    names = [change.contract for change in changes]
    supposed = suppose_records(records, deals, other, names)
    _, then = _asked(question, supposed, other, law, desk)
    cautions = cautions_of(deals, changes, catalogue)
    return Prospect(checked, today, tuple(changes), then, cautions)


def _asked(
    question: Question, records: Records, outlays: Sequence[Outlay], law: Lawbook, desk: Desk
) -> tuple[Checked, Forecasts]:
    """Check a ledger, and forecast the lines of that check."""
    checked = check(question, records, law, desk.evaluator)
    return checked, forecasts_of(checked, law, desk.calendars, outlays)
