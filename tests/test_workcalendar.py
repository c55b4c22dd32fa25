"""Work calendars: days off, periods that run on, and the file that states them."""

from __future__ import annotations

from datetime import date

import pytest
from regimes import shipped_pack
from tables import RULES

from ledger.errors import RuleError
from ledger.pack import Pack
from ledger.publicholidays import public_holiday
from ledger.workcalendar import WorkCalendars
from ledger.yamltree import parse_tree

PATH = "vocabulary/calendars.yaml"


@pytest.fixture(scope="module")
def calendars() -> WorkCalendars:
    return WorkCalendars.from_pack(shipped_pack(), public_holiday)


@pytest.mark.parametrize(
    ("regime", "calendar", "zone"),
    [
        ("eu.aia", "eu", "Europe/Brussels"),
        ("vol.eu.cop", "vol.eu", "Europe/Brussels"),
        ("us.ca.sb53", "us.ca", "America/Los_Angeles"),
        ("us.eo14110", "us", "America/New_York"),
        ("us.ny.raise.2026", "us.ny", "America/New_York"),
        ("kr.aiba", "kr", "Asia/Seoul"),
    ],
)
def test_a_regime_takes_the_longest_beginning(
    calendars: WorkCalendars, regime: str, calendar: str, zone: str
) -> None:
    found = calendars.of(regime)
    assert found is not None
    assert (found.id, found.zone) == (calendar, zone)


def test_who_names_no_calendar_has_none(calendars: WorkCalendars) -> None:
    assert calendars.of("intl.miri.2025") is None
    assert calendars.of("vol.openai.pf") is None
    assert calendars.moved("intl.miri.2025", date(2026, 11, 2), 3) is None


@pytest.mark.parametrize(
    ("regime", "day", "to"),
    [
        ("eu.aia", date(2026, 12, 6), date(2026, 12, 7)),  # Sunday
        ("eu.aia", date(2026, 12, 25), date(2026, 12, 28)),  # Christmas, then a weekend
        ("eu.aia", date(2026, 12, 7), None),  # Monday
        ("us.ca.sb53", date(2026, 11, 27), date(2026, 11, 30)),  # California's, not the Union's
        ("us.ca.sb53", date(2026, 3, 31), date(2026, 4, 1)),  # Cesar Chavez Day
        ("us.eo14110", date(2026, 11, 28), None),  # nobody found out
        ("kr.aiba", date(2026, 10, 3), date(2026, 10, 6)),  # substitute holiday on Monday
    ],
)
def test_a_period_that_ends_on_a_day_off_runs_on(
    calendars: WorkCalendars, regime: str, day: date, to: date | None
) -> None:
    found = calendars.of(regime)
    assert found is not None
    assert found.runs_on_to(day) == to


@pytest.mark.parametrize(
    ("regime", "day", "days", "end"),
    [
        ("us.eo14110", date(2026, 11, 25), 1, date(2026, 11, 27)),  # over Thanksgiving
        ("us.ca.sb53", date(2026, 11, 25), 1, date(2026, 11, 30)),  # and the day after it
        ("vol.eu.cop", date(2026, 12, 23), 5, date(2026, 12, 31)),
        ("vol.eu.cop", date(2026, 12, 31), -5, date(2026, 12, 23)),
        ("kr.aiba", date(2026, 2, 13), 1, date(2026, 2, 19)),  # over the lunar new year
        ("eu.aia", date(2026, 11, 22), 0, date(2026, 11, 22)),
    ],
)
def test_business_days_pass_over_days_off(
    calendars: WorkCalendars, regime: str, day: date, days: int, end: date
) -> None:
    assert calendars.moved(regime, day, days) == end


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("zone: Asia/Seoul", "zone: Asia/Soul", "no time zone"),
        ("zone: Asia/Seoul", "zone: ../../etc/passwd", "no time zone"),
        ("country: KR }", "country: XX }", "no public holidays are known of 'XX'"),
        ("subdivision: CA }", "subdivision: ZZ }", "no public holidays are known of 'US-ZZ'"),
        ("weekend: [saturday, sunday]", "weekend: [caturday]", "weekend names 'caturday'"),
        ("weekend: [saturday, sunday]", "weekend: []", "weekend names no day"),
        ('runs_on: "yes"', "runs_on: maybe", "runs_on is 'maybe'"),
        ("provenance: memory", "provenance: hearsay", "provenance is 'hearsay'"),
        ("cite: 5 U.S.C. 6103", "cites: 5 U.S.C. 6103", "'cite' is missing"),
        (
            "weekend: [saturday, sunday]",
            "weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]",
            "no working day",
        ),
    ],
)
def test_a_wrong_calendar_is_refused(old: str, new: str, told: str) -> None:
    text = (RULES / PATH).read_text(encoding="utf-8")
    assert old in text
    pack = Pack.of({PATH: parse_tree(text.replace(old, new), where=PATH)})

    def use() -> list[date]:
        held = WorkCalendars.from_pack(pack, public_holiday).held.values()
        return [calendar.moved(date(2026, 11, 25), 3) for calendar in held]

    with pytest.raises(RuleError, match=told):
        use()


def test_a_pack_made_before_there_were_calendars_has_none() -> None:
    assert WorkCalendars.from_pack(Pack.of({}), public_holiday).held == {}
