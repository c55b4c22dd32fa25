"""A contracts report: the forward book as a list, one contract in full, what a change recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from ledger.contract import Price
from ledger.contract.price import exact_amount
from ledger.journeys.contracting import Changed
from ledger.journeys.deals import Deal, Part
from ledger.report.figure import decimal, scientific
from ledger.report.table import Column, Table

__all__ = [
    "change_table",
    "contract_tables",
    "contracts_table",
    "hours",
]

_HOUR_US: Final = 3_600_000_000
_PER: Final = {
    "device_hour": "device-hour",
    "pflop_hour": "PFLOP-hour",
    "reference_unit": "reference unit",
}
_WITHHELD: Final = "not held here"


def contracts_table(deals: tuple[Deal, ...], as_of: date) -> Table:
    """Return the contracts that stand, one row each."""
    rows = tuple(
        (
            deal.id,
            deal.kind + ("" if deal.first.body["firmness"] == "firm" else ", conditional"),
            f"{deal.parts[0].start} to {max(part.window_end for part in deal.parts)}",
            str(deal.parts[0].body["device"] or "unknown"),
            hours(deal.agreed_us),
            hours(deal.delivered_us),
            hours(deal.open_us),
            _meant(deal),
        )
        for deal in deals
    )
    columns = (
        Column("contract", wide=True),
        Column("kind"),
        Column("delivery"),
        Column("device"),
        Column("agreed h", "right"),
        Column("delivered h", "right"),
        Column("open h", "right"),
        Column("meant for", wide=True),
    )
    title = f"{len(deals):,} contracts, deliveries by {as_of}" if deals else "No contract stands"
    return Table(title, columns, rows, ("h: device-hours, rounded down",) if deals else ())


def contract_tables(deal: Deal, as_of: date) -> tuple[Table, ...]:
    """Return one contract in full: terms, price by grade, and its months."""
    tables = [_terms(deal), _months(deal, as_of)]
    price = deal.price
    if price is not None:
        tables.insert(1, _prices(price))
    return tuple(tables)


def change_table(changed: Changed, what: str) -> Table:
    """Return what a change of the book recorded."""
    rows: list[tuple[str, ...]] = []
    if changed.taken_back:
        rows.append(("taken back", ", ".join(map(str, changed.taken_back))))
    if changed.entries:
        rows.append(("entries", f"{changed.entries[0]} to {changed.entries[-1]}"))
    if changed.same:
        rows.append(("held already", f"{changed.same:,}"))
    rows += [("not touched", told) for told in changed.untouched]
    return Table(
        f"Contract {changed.contract}: {what}",
        (Column(""), Column("", wide=True)),
        tuple(rows),
        (f"next: flopledger contract show {changed.contract}",),
    )


def hours(device_us: int | None) -> str:
    """Return device-microseconds as device-hours for people."""
    return "unknown" if device_us is None else decimal(Fraction(device_us, _HOUR_US), 2)


def _meant(deal: Deal) -> str:
    """Return what a contract is meant for."""
    models = dict.fromkeys(part.model or "unallocated" for part in deal.parts)
    activities = dict.fromkeys(str(part.body["activity"]) for part in deal.parts)
    return f"{', '.join(models)} ({', '.join(activities)})"


def _terms(deal: Deal) -> Table:
    """Return who, what and how, as recorded."""
    body, terms = deal.first.body, deal.terms
    rows = [
        ("kind", deal.kind),
        ("agreed on", str(body["agreed_on"])),
        *([("exercised on", str(deal.exercised_on or "not yet"))] * (deal.kind == "option")),
        ("firmness", str(body["firmness"])),
        ("seller", _parties(deal, "seller")),
        ("buyer", _parties(deal, "buyer")),
        ("device", str(body["device"] or "unknown")),
        ("precision", f"{body['precision']}, {body['sparsity']}"),
        ("scale N", _or_unknown(body["concurrent_devices"])),
        ("scale-up", _numbers(body, "scale_up_gb_per_s", "GB/s")),
        ("scale-out", _numbers(body, "scale_out_gbit_per_s", "Gbit/s")),
        ("topology", str(body["topology"])),
    ]
    rows += [("terms", _WITHHELD)] if terms is None else _confidential(deal, terms)
    return Table(
        f"Contract {deal.id}", (Column("term"), Column("what was agreed", wide=True)), tuple(rows)
    )


def _parties(deal: Deal, side: str) -> str:
    """Return who stands on one side, and from which window on where that changes."""
    return _changing(deal, lambda part: part.hidden.get(side) or _WITHHELD)


def _changing(deal: Deal, told: Callable[[Part], str]) -> str:
    """Return what holds of each window, told again where it changes.

    What is told of the parts of one window, each meant for another model, is told together.
    """
    found: list[str] = []
    last = ""
    for start, parts in groupby(deal.parts, key=lambda part: part.start):
        text = " and ".join(sorted({told(part) for part in parts}))
        if text != last:
            found.append(f"{text} (from {start})" if found else text)
            last = text
    return "; ".join(found)


def _stated(part: Part, name: str) -> str:
    """Return one of the terms of a window."""
    return _WITHHELD if part.terms is None else part.terms[name] or "not stated"


def _confidential(deal: Deal, terms: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - was read
    """Return the terms that the parties keep to themselves."""
    use = terms["utilisation_ppm"]
    instead = "; ".join(f"{ratio} {device} for one" for device, ratio in terms["substitutes"])
    return [
        ("grade promised", terms["interconnect"]),
        ("site", terms["site"] or "none agreed"),
        (
            "utilisation",
            "not stated" if use is None else " / ".join(_percent(each) for each in use),
        ),
        ("acceptance", terms["acceptance"] or "none agreed"),
        ("tolerance", _percent(terms["tolerance_ppm"])),
        ("take or pay", _percent(terms["take_or_pay_ppm"])),
        ("substitutes", instead or "none"),
        ("destination", terms["destination"] or "none agreed"),
        ("resale", terms["resale"] or "nothing agreed"),
        ("customer", _changing(deal, lambda part: _stated(part, "customer"))),
        ("ultimate parent", _changing(deal, lambda part: _stated(part, "ultimate_parent"))),
    ]


def _prices(price: Price) -> Table:
    """Return the price of a unit at each grade, the interconnect in it and apart."""
    lowest = min(price.share(each.grade) for each in price.schedule)
    rows = []
    for each in price.schedule:
        whole = price.of_unit(each.grade).amount
        apart = price.interconnect == "apart"
        bare = price.amount if apart else price.amount * lowest
        rows.append(
            (
                each.grade,
                _percent(each.share_ppm),
                exact_amount(bare),
                exact_amount(whole - bare),
                exact_amount(whole),
            )
        )
    how = "priced apart" if price.interconnect == "apart" else "priced in"
    unit = price.unit or _PER[price.per]
    return Table(
        f"Price in {price.currency} for one {unit}; interconnect {how}",
        (
            Column("grade"),
            Column("worth", "right"),
            Column("compute", "right"),
            Column("interconnect", "right"),
            Column("together", "right"),
        ),
        tuple(rows),
        ("compute, where priced in: the lowest grade listed; grades not listed are not agreed",),
    )


def _months(deal: Deal, as_of: date) -> Table:
    """Return the commitments of a contract."""
    rows = tuple(_month(part) for part in deal.parts)
    columns = (
        Column("from"),
        Column("until"),
        Column("devices", "right"),
        Column("agreed h", "right"),
        Column("delivered h", "right"),
        Column("open h", "right"),
        Column("expected operations", "right"),
        Column("meant for", wide=True),
        Column("entry", "right"),
    )
    return Table(f"Delivery, by {as_of}", columns, rows)


def _month(part: Part) -> tuple[str, ...]:
    """Return one commitment as a row."""
    body = part.body
    milli = body["milli_devices"]
    return (
        str(part.start),
        str(part.window_end),
        "unknown" if milli is None else decimal(Fraction(milli, 1000), 3),
        hours(part.device_us),
        "unknown" if part.delivered.unknown else hours(part.delivered.device_us),
        hours(part.open_us),
        "unknown" if body["operations"] is None else scientific(int(body["operations"])),
        f"{part.model or 'unallocated'} ({body['activity']})" + _since(body),
        str(part.seq),
    )


def _since(body: Any) -> str:  # noqa: ANN401 - a body that was read
    """Return when a commitment was meant for its purpose, if not from the beginning."""
    day = body.get("allocated_on")
    return "" if day is None else f" since {day}"


def _percent(ppm: int) -> str:
    """Return parts per million as a percentage."""
    return f"{decimal(Fraction(ppm, 10_000), 4)} %"


def _numbers(body: Any, name: str, unit: str) -> str:  # noqa: ANN401 - a body that was read
    """Return a measured number with its unit."""
    return "unknown" if body[name] is None else f"{body[name]:,} {unit}"


def _or_unknown(value: int | None) -> str:
    """Return a number, or that it is not known."""
    return "unknown" if value is None else f"{value:,}"
