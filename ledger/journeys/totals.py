"""Totals are what an attestation sums up of a ledger: by grade, by counting set, and in numbers.

They are worked out from leaves and law alone, so that whoever verifies gets the same rows. What is
not known is null or counted beside a sum; it is never zero. All figures are decimal strings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from ledger.canonical import JSON
from ledger.claim import Population
from ledger.determination import World
from ledger.entry import Entry
from ledger.journeys.grading import Amounts, Partial, Tables
from ledger.journeys.position import PositionRow, position
from ledger.quantity import Interval
from ledger.regime.law import Law
from ledger.regime.model import Regime

__all__ = ["Counted", "population_of", "totals_of"]

_SCOPES: Final = ("cumulative", "own")


@dataclass(frozen=True, slots=True)
class Counted:
    """Under which law totals are counted.

    Attributes:
        regimes: Regimes whose counting sets are used.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen.
        readings: Alternatives chosen, by regime and reading; all others take their default.
    """

    regimes: Iterable[Regime]
    in_force_on: date
    law_known_on: date
    readings: Mapping[str, Mapping[str, str]]


def totals_of(world: World, counted: Counted, tables: Tables) -> dict[str, JSON]:
    """Return the totals of a ledger as an attestation has them.

    Args:
        world: The records up to the checkpoint, by the day of the check.
        counted: Under which law.
        tables: What grades the allocations.

    Returns:
        ``by_grade`` in the order of a position, ``by_counting_set`` in the order of regimes,
        counting sets and models.
    """
    rows = position(world.book.folded, tables).rows
    return {
        "by_counting_set": list(_by_counting_set(world, counted)),
        "by_grade": [_grade(row) for row in rows],
    }


def population_of(leaves: Iterable[bytes]) -> Population:
    """Count what stands in the leaves of a ledger.

    Args:
        leaves: Canonical bytes of every entry up to the checkpoint, in order.
    """
    types = Counter[str]()
    standing: dict[int, tuple[str, str]] = {}
    for leaf in leaves:
        entry = Entry.parse(leaf)
        types[entry.type] += 1
        if entry.type == "allocation":
            standing[entry.seq] = (str(entry.body["run"]), str(entry.body["model"]))
        elif entry.type == "reversal":
            reverses = entry.body["reverses"]
            assert isinstance(reverses, int)
            standing.pop(reverses, None)
    return Population(
        entries=types.total(),
        by_type=dict(types),
        runs=len({run for run, _ in standing.values()}),
        models=len({model for _, model in standing.values()}),
    )


def _by_counting_set(world: World, counted: Counted) -> Iterator[JSON]:
    """Yield a row for every model under every counting set that was published."""
    models = sorted(world.models())
    for regime in sorted(counted.regimes, key=lambda each: each.id):
        law = Law.on(
            regime,
            counted.in_force_on,
            law_known_on=counted.law_known_on,
            readings=counted.readings.get(regime.id),
        )
        for name in sorted(law.counting):
            for model in models:
                yield {
                    "counting_set": name,
                    "model": model,
                    "regime": regime.id,
                    **{
                        scope: _interval(
                            world.present.total(
                                f"model:{model}", law.counting[name], scope, "actual"
                            ).legal
                        )
                        for scope in _SCOPES
                    },
                }


def _grade(row: PositionRow) -> JSON:
    """Return one row by grade."""
    amounts = row.amounts
    return {
        "device_us": _device_us(amounts),
        "device_us_unknown_rows": amounts.sums.device_us_unknown,
        "interconnect": list(row.key.possible),
        "operations": {
            **_interval(amounts.sums.operations),
            "unbounded_rows": amounts.sums.operations_unbounded,
        },
        "pflop_hours": _partial(amounts.capacity),
        "precision": row.key.precision,
        "rows": amounts.sums.rows,
        "scale": row.key.scale,
        "sparsity": row.key.sparsity,
    }


def _device_us(amounts: Amounts) -> str | None:
    """Return the device time held, null if none of it is known."""
    return None if amounts.device_time.total is None else str(amounts.sums.device_us)


def _partial(partial: Partial) -> dict[str, JSON]:
    """Return a sum as a fraction in lowest terms, and what it leaves out."""
    value = None if partial.total is None else str(Fraction(partial.total.value))
    return {"missing_rows": partial.missing_rows, "value": value}


def _interval(interval: Interval) -> dict[str, JSON]:
    """Return both ends of an interval of operations; no upper end is null."""
    high = None if interval.hi is None else str(interval.hi)
    return {"high": high, "low": str(interval.lo)}
