"""Periods: half-open, UTC, split exactly at midnight."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.period import (
    Period,
    epoch_ms,
    format_instant,
    from_epoch_ms,
    parse_day,
    parse_instant,
)

INSTANTS = st.integers(0, 2**41).map(from_epoch_ms)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-11-22T10:00:00+00:00",
        "2026-11-22 10:00:00Z",
        "2026-11-22T10:00:00.5Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "٢٠٢٦-11-22T10:00:00Z",
    ],
)
def test_instant_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_instant(text)


@pytest.mark.parametrize("text", ["2026-1-1", "20260101", "2026-02-30", "2026-W01-1", ""])
def test_day_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_day(text)


def test_day_is_read() -> None:
    assert parse_day("2024-02-29") == date(2024, 2, 29)


@given(INSTANTS)
def test_instant_survives_its_text_to_the_second(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant.replace(microsecond=0)
    assert from_epoch_ms(epoch_ms(instant)) == instant


@given(INSTANTS, st.integers(1, 10**10))
def test_period_pieces_by_day_are_the_period(start: datetime, length: int) -> None:
    period = Period(start, start + timedelta(milliseconds=length))
    pieces = list(period.split_by_day())
    assert sum(piece.milliseconds for piece in pieces) == period.milliseconds == length
    assert all(piece.within_one_day() for piece in pieces)
    assert [p.stop for p in pieces[:-1]] == [p.start for p in pieces[1:]]
    assert len({piece.day for piece in pieces}) == len(pieces)


def test_period_must_run_forward() -> None:
    with pytest.raises(InputError, match="not after its start"):
        Period.parse("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")


def test_period_that_ends_at_midnight_lies_within_its_day() -> None:
    assert Period.parse("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z").within_one_day()
    late = Period(datetime(2026, 1, 1, 23, tzinfo=UTC), datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC))
    assert not late.within_one_day()
