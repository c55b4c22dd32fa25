"""Holdings in a report are the devices behind a total: what each entry adds, takes or leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from ledger.journeys.tallies import CountedHolding
from ledger.quantity import Quantity
from ledger.regime.words import value_in_words
from ledger.report.operand import in_full
from ledger.report.table import Column, Table

__all__ = ["holding_documents", "holding_table"]

_PARTIES: Final = ("company", "consignee", "site")
_STATED: Final = ("destination", "headquarters", "authorisation")
_SHORT: Final = 12
"""Characters of a name that a row shows: a pseudonym is known by fewer."""
_COUNTED: Final = {True: "yes", False: "no", None: "perhaps"}


def holding_table(holdings: Sequence[CountedHolding], most: int | None) -> Table:
    """Return a line for each holding, those that count first.

    Args:
        holdings: What the totals looked at.
        most: Lines shown; None shows all.
    """
    columns = (
        Column("entry", "right"),
        Column("day"),
        Column("event"),
        Column("device", wide=True),
        Column("devices", "right"),
        Column("where"),
        Column("of", wide=True),
        Column("total"),
        Column("counts"),
        Column("amount", "right"),
    )
    ordered = sorted(holdings, key=lambda item: item.tallied.counts is False)
    shown = ordered[:most]
    left = len(ordered) - len(shown)
    legend = "entry: see it, and your own names behind pseudonyms, with: flopledger show SEQ"
    more = (f"{left} more lines; --all shows them.",) if left else ()
    return Table("Holdings", columns, tuple(map(_row, shown)), (legend, *more))


def holding_documents(holdings: Sequence[CountedHolding]) -> list[dict[str, Any]]:
    """Return the holdings as documents, in the order of totals and entries."""
    return [_document(item) for item in holdings]


def _row(item: CountedHolding) -> tuple[str, ...]:
    """Return one holding for people."""
    tallied, holding = item.tallied, item.tallied.holding
    parties = (
        f"{key}:{name[:_SHORT]}{'…' * (len(name) > _SHORT)}"
        for key in _PARTIES
        if (name := holding.keys[key]) is not None
    )
    sign = "" if tallied.adds else "− "
    number = None if tallied.number is None else replace(tallied.number, span=tallied.span)
    return (
        str(holding.seq),
        str(holding.on),
        holding.event,
        holding.keys["device"] or "",
        _devices(item),
        holding.keys["destination"] or "not stated",
        ", ".join(parties) or "not stated",
        item.total,
        _COUNTED[tallied.counts],
        "" if number is None else f"{sign}{in_full(number)}",
    )


def _document(item: CountedHolding) -> dict[str, Any]:
    """Return one holding; amounts are decimal strings or fractions."""
    tallied, holding = item.tallied, item.tallied.holding
    span = tallied.span
    said = {key: holding.facts.get(f"holding.{key}") for key in _STATED}
    return {
        "seq": holding.seq,
        "total": item.total,
        "counts": tallied.counts,
        "adds": tallied.adds,
        "amount": {"low": str(span.lo), "high": None if span.hi is None else str(span.hi)},
        "dimension": None if tallied.number is None else tallied.number.dimension,
        "missing": sorted(set(tallied.missing)) if tallied.counts is None else [],
        "event": holding.event,
        "on": holding.on.isoformat(),
        "device": holding.keys["device"],
        "devices": _devices(item),
        **{key: None if value is None else value_in_words(value) for key, value in said.items()},
        **{key: holding.keys[key] for key in _PARTIES},
    }


def _devices(item: CountedHolding) -> str:
    """Return how many devices a holding speaks of."""
    quantity = item.tallied.holding.facts["holding.quantity"]
    assert isinstance(quantity, Quantity)
    return str(quantity.value)
