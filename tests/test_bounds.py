"""Bounds: the ends of many totals at once, and those of each total by itself."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pytest
from ledgers import DAY, Record, Reverse, allocation, commitment, counting, figure, lineage, records
from ledgers import undated as placed
from worlds import world_of

from ledger.determination.standpoint import Standpoint
from ledger.regime.environment import Bounds, ends_of

KINDS = ("float", "integer", "unknown")
ACTIVITIES = ("pretrain", "sft", "eval")
RELATIONS = ("derived", "merged", "distilled")
SETS = (counting(), counting("pretrain", "eval"), counting("sft", same_provider="ancestor"))


def some_records(seed: int) -> list[Record | dict[str, Any] | Reverse]:
    """Return records of nine models of every make; some have no work at all."""
    chance = Random(seed)
    given: list[Record | dict[str, Any] | Reverse] = []
    for place in range(30):
        changes = {
            "activity": chance.choice(ACTIVITIES),
            "operation_kind": chance.choice(KINDS),
            "run": f"r{place}",
        }
        if chance.randrange(5) == 0:
            changes |= placed(date(2026, chance.choice((1, 12)), 1))
        if chance.randrange(4) == 0:
            changes |= {"operations_low": "5", "operations_high": str(10**20)}
        operations = chance.choice((None, chance.randrange(10**19), chance.randrange(10**19)))
        given.append(allocation(f"m{chance.randrange(8)}", operations, **changes))
    given += [Reverse(seq) for seq in chance.sample(range(30), 3)]
    # A figure of a kind that is not counted says nothing of own work.
    given.append(figure("m8", 10**21, operation_kind="integer"))
    if seed % 2:
        given.append(figure("m7", 10**21))
        given.append(("lineage", lineage("m1", "m0", chance.choice(("yes", "no", "unknown")))))
        given.append(("lineage", lineage("m3", chance.choice(("m1", None)))))
        for _ in range(chance.randrange(5)):
            child, parent = chance.sample(range(9), 2)
            provider, relation = chance.choice(("yes", "no", "unknown")), chance.choice(RELATIONS)
            given.append(("lineage", lineage(f"m{child}", f"m{parent}", provider, relation)))
    if seed % 3 == 0:
        agreed = commitment("m2", "acme", contract="c", operations=str(10**18))
        given.append(("commitment", agreed))
    return given


def standpoint(seed: int) -> Standpoint:
    """Return what some records say; nothing was asked of it yet."""
    return world_of(records(*some_records(seed)), as_of=DAY).present


@pytest.mark.parametrize("scope", ["own", "base", "cumulative"])
@pytest.mark.parametrize("view", ["actual", "foreseen"])
def test_bounds_are_the_ends_of_totals(scope: Any, view: Any) -> None:
    subjects = tuple(f"model:m{n}" for n in range(9))
    for seed in range(60):
        for counted in SETS:
            each = standpoint(seed)
            one_by_one = Bounds.of(
                ends_of(each.total(subject, counted, scope, view)) for subject in subjects
            )
            assert standpoint(seed).bounds(subjects, counted, scope, view) == one_by_one
