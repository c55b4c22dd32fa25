"""Overlapped, the legs of things are judged as they are one after the other, at every border."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clerks import Direct
from sealed import found, identity, leg, opened
from test_kept import EVIDENCE
from test_overlap import assert_same, overlapping

from ledger.errors import LedgerError
from ledger.log import Appended, Log, overlap
from ledger.record import Draft
from ledger.record.whole import Series, Whole

Told = tuple[Sequence[Draft], Sequence[Whole]]
STATES = ("provisional", "final")


def whole(number: int) -> Whole:
    """Return a thing with three series of legs."""
    named = ("allocation", "job", str(number))
    series = tuple(Series((*named, str(place)), ("0",)) for place in range(3))
    return Whole(("job", str(number)), series, EVIDENCE)


def legs_of(chance: random.Random, thing: Whole, number: int) -> list[Draft]:
    """Return some legs of a thing, provisional or final, a few with other content."""
    status, told = chance.choice(STATES), list[Draft]()
    for place in range(chance.randint(1, 3)):
        for part in range(chance.randint(1, 2)):
            unlike = chance.choice([0, 0, 0, 1000])
            made = leg(number * 100 + place * 10 + part + unlike, status=status)
            told.append(replace(made, key=thing.series[place].key(part), whole=thing))
    return told


def batches_of(chance: random.Random) -> list[Told]:
    """Return batches in which the same few things come again and again, and vanish."""
    made = list[Told]()
    for _ in range(chance.randint(4, 9)):
        drafts, vanished = list[Draft](), list[Whole]()
        for number in chance.sample(range(6), chance.randint(0, 4)):
            if chance.random() < 0.25:
                vanished.append(whole(number))
            else:
                drafts += legs_of(chance, whole(number), number)
        for number in chance.sample(range(40), chance.randint(0, 6)):
            drafts.append(leg(5000 + number, status=chance.choice(STATES)))
        made.append((drafts, vanished))
    return made


def appended(log: Log, batches: Sequence[Told]) -> list[Appended | str]:
    """Append batches; the first error ends it."""
    told = list[Appended | str]()
    for drafts, vanished in batches:
        try:
            told.append(log.append(drafts, vanished=vanished))
        except LedgerError as error:
            return [*told, repr(error)]
    return told


@pytest.mark.parametrize("seed", range(24))
def test_overlapped_things_come_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(overlap, "_LARGE", 1)
    batches = batches_of(random.Random(seed))
    one, other = found(tmp_path, "one.db"), found(tmp_path, "other.db")
    clerks = list[Any]()
    with (
        overlapping(one, lambda: clerks.append(Direct(one)) or clerks[-1]) as log,
        log.overlapped(),
    ):
        told = appended(log, batches)
    with opened(other, identity(seed="overlapping")) as plain:
        assert told == appended(plain, batches)
    assert_same(one, other)
    assert clerks[0].given


def test_the_things_replace_refute_and_vanish() -> None:
    # The plans above are worth something only if they do.
    plans = [batches_of(random.Random(seed)) for seed in range(24)]
    assert sum(len(vanished) for plan in plans for _, vanished in plan) > 24
    assert (
        sum(draft.whole is not None for plan in plans for drafts, _ in plan for draft in drafts)
        > 99
    )
