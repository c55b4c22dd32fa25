"""Small worlds for tests: records folded in memory, and the determinations they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ledgers import MemoryLeaves, Record, fact, records
from regimes import SMALL, small

from ledger.book import Book
from ledger.determination import (
    Asked,
    Determination,
    PlainEvaluator,
    StatedDevices,
    World,
    determine,
)
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.plain import PlainEngine
from ledger.measure import StoredRecord
from ledger.quantity import Quantity
from ledger.regime.cased import CasedRegime

TODAY = date(2026, 11, 23)
E24 = 10**24
GENERAL: tuple[str, dict[str, Any]] = (
    "fact",
    fact("model:m", "model.significant_generality", "boolean", value=True),
)

Rates = Mapping[str, list[Mapping[str, Quantity]]]


def world_of(
    held: tuple[StoredRecord, ...], *, as_of: date = TODAY, rates: Rates | None = None
) -> World:
    """Fold records in memory and give the world of a day."""
    leaves = MemoryLeaves(held)
    engine = PlainEngine(leaves)
    return World(
        Book(engine.fold(size=leaves.size, limit=leaves.size, as_of=as_of)),
        as_of=as_of,
        legs=lambda models: engine.legs(models, limit=leaves.size, as_of=as_of),
        devices=StatedDevices(rates or {}),
    )


def determined(
    *given: Record | dict[str, Any],
    as_of: date = TODAY,
    in_force_on: date = date(2026, 11, 23),
    regime: CasedRegime | None = None,
    **asked: Any,
) -> dict[tuple[str, str], Determination]:
    """Return determinations by rule and subject; both evaluators must say the same."""
    law = Asked(in_force_on, asked.pop("law_known_on", date.max), **asked)
    regimes = [regime or small(SMALL)]
    held = records(*given)
    found = determine(law, regimes, world_of(held, as_of=as_of), PlainEvaluator())
    again = determine(law, regimes, world_of(held, as_of=as_of), ColumnEvaluator())
    assert found == again
    return {(each.rule, each.subject): each for each in found}


def above(*given: Record | dict[str, Any], **asked: Any) -> Determination:
    """Return what the small act's rule ``above`` says of model m."""
    return determined(*given, **asked)["above", "model:m"]
