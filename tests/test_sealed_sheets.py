"""A sheet is sealed by its columns only where that comes to what its drafts would come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ledgers import EVIDENCE
from sealed import entries, found, opened
from tables import ROW as GOOD
from test_sheet import fixed, sheet_of

from ledger.errors import InputError
from ledger.importers.drafts import FrameDrafts
from ledger.importers.legs import PART
from ledger.record import Series, Spelling, Whole
from ledger.stores.sqlite import SqliteStore


def test_sheet_that_tells_a_thing_twice_is_sealed_as_its_drafts_are(tmp_path: Path) -> None:
    told = sheet_of([{**GOOD, "run": "r-1"}, {**GOOD, "run": "r-2"}])[:]
    twice = FrameDrafts(pl.concat([told._legs, told._legs]), told._source)  # type: ignore[attr-defined]
    sealed = []
    for name, drafts in (("sheet", twice), ("list", list(twice))):
        context = found(tmp_path, f"{name}.db")
        with opened(context, fixed()) as log:
            done = log.append(drafts)
        assert (done.new, done.same) == ((0, 1), 2)
        with SqliteStore(context.ledger) as store:
            sealed.append(list(store.rows()))
    assert sealed[0] == sealed[1]


LONG = {**GOOD, "id": "job-1", "end": "2026-03-03T06:00:00Z"}
"""A row of several legs."""


@pytest.mark.parametrize(
    ("before", "order"),
    [
        ([], [0, 1, 2, 3]),
        ([], [0, 3, 1, 2]),
        ([], [3, 1, 2, 0]),
        ([0], [1, 2, 3]),
        ([0, 1], [3, 2]),
        ([0, 1, 2], [3, 0, 1]),
    ],
)
@pytest.mark.parametrize("status", ["provisional", None])
def test_sheet_whose_things_are_parted_is_sealed_as_its_drafts_are(
    tmp_path: Path, before: list[int], order: list[int], status: str | None
) -> None:
    rows = [{**LONG, "status": status}, {**GOOD, "id": "job-2", "status": status}]
    told = sheet_of(rows)[:]
    assert [draft.key[-2:] for draft in told] == [
        *(("job-1", str(part)) for part in range(3)),
        ("job-2", "0"),
    ]
    first, then = (
        FrameDrafts(told._legs[places], told._source)  # type: ignore[attr-defined]
        for places in (before, order)
    )
    sealed = []
    for name, say in (("sheet", lambda drafts: drafts), ("list", list)):
        context = found(tmp_path, f"{name}.db")
        with opened(context, fixed()) as log:
            done = log.append(say(first)), log.append(say(then))
        with SqliteStore(context.ledger) as store:
            sealed.append((done, list(store.rows()), list(store.keys())))
    assert sealed[0] == sealed[1]


class _Otherwise(FrameDrafts):
    """A sheet whose legs are of things of another kind."""

    changes: dict[str, Any] = {}  # noqa: RUF012 - set by each test

    def spellings(self, pseudonym: Any) -> Iterator[Spelling]:
        """Yields spellings, each of a thing that is changed."""
        for said in super().spellings(pseudonym):
            assert said.whole is not None
            yield said._replace(whole=replace(said.whole, **self.changes))


def test_sheet_of_parts_of_one_time_takes_what_shares_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = sheet_of([LONG])[:]
    legs = told._legs[[0, 0]].with_columns(pl.Series(PART, [0, 1]))  # type: ignore[attr-defined]
    monkeypatch.setattr(_Otherwise, "changes", {"parts": True})
    with opened(found(tmp_path)) as log:
        done = log.append(_Otherwise(legs, told._source))  # type: ignore[attr-defined]
    assert (done.new, done.same) == ((0,), 1)


def test_sheet_of_things_with_further_series_meets_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = sheet_of([LONG])[:1]
    one, other = sheet_of([{**GOOD, "id": "job-1"}])[0], sheet_of([{**GOOD, "id": "old"}])
    series = tuple(Series(each.key[:-1]) for each in (one, other[0]))
    monkeypatch.setattr(_Otherwise, "changes", {"series": series})
    with opened(found(tmp_path)) as log:
        log.append(other)
        done = log.append(_Otherwise(told._legs, told._source))  # type: ignore[attr-defined]
    assert (done.new, len(done.conflicts)) == ((), 1)


class _Odd(FrameDrafts):
    """A sheet that hides what no opening carries."""

    def spellings(self, pseudonym: Any) -> Iterator[Spelling]:
        """Yields spellings, one of them broken."""
        for place, said in enumerate(super().spellings(pseudonym)):
            yield said._replace(hidden={"notes": place or "text"})  # type: ignore[dict-item]


def test_sheet_that_hides_no_text_is_refused(tmp_path: Path) -> None:
    told = sheet_of([{**GOOD, "run": "r-1"}, {**GOOD, "run": "r-2"}])[:]
    context = found(tmp_path)
    with opened(context) as log, pytest.raises(InputError, match="'notes' is not a text"):
        log.append(_Odd(told._legs, told._source))  # type: ignore[attr-defined]
    assert not entries(context)


def test_sheet_beside_what_vanished_is_sealed_as_its_drafts_are(tmp_path: Path) -> None:
    sheet = sheet_of([{**GOOD, "status": "provisional"}, {**GOOD, "run": "other"}])
    series = Series(sheet[0].key[:-1])
    assert series.key(0) == sheet[0].key
    gone = Whole(("gone",), (series,), EVIDENCE)
    sealed = []
    for name, drafts in (("sheet", sheet), ("list", list(sheet))):
        context = found(tmp_path, f"{name}.db")
        with opened(context, fixed()) as log:
            done = log.append(drafts, vanished=[gone])
        assert (done.new, done.superseded) == ((0, 1), (0,))
        with SqliteStore(context.ledger) as store:
            sealed.append([list(store.rows()), list(store.keys())])
    assert sealed[0] == sealed[1]
