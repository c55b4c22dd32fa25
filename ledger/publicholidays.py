"""Public holidays are those of the `holidays` package, whose tables cover each country's law."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from ledger.errors import RuleError

if TYPE_CHECKING:
    from holidays import HolidayBase

__all__ = ["public_holiday"]


def public_holiday(country: str, subdivision: str | None, day: date) -> str | None:
    """Return the name, in English where there is one, of the public holiday on a day, or None.

    Args:
        country: ISO 3166-1 code, such as ``US``.
        subdivision: Code of a part of the country, such as ``CA``; None for the whole.
        day: The day.

    Raises:
        RuleError: If the package knows no such country or part.
    """
    found = _table(country, subdivision).get(day)
    return None if found is None else str(found)


@cache
def _table(country: str, subdivision: str | None) -> HolidayBase:
    """Return the table of a country or a part of it; years are worked out when asked."""
    from holidays import country_holidays  # noqa: PLC0415 - loads slowly

    try:
        return country_holidays(country, subdiv=subdivision, language="en_US")
    except NotImplementedError as error:
        place = country if subdivision is None else f"{country}-{subdivision}"
        raise RuleError(
            f"no public holidays are known of {place!r}",
            where="vocabulary/calendars.yaml",
            remedy="write an ISO 3166 code that the holidays package knows",
        ) from error
