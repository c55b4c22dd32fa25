"""A book table shows people the forward book by month and grade, its money, and weak deliveries."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from ledger.capacity import Refusal
from ledger.contract.price import Money, exact_amount
from ledger.grade import GradeTable
from ledger.journeys.book_position import BookPosition
from ledger.journeys.book_rows import BookRow, BookTotal, Expected
from ledger.journeys.grading import Partial, Tables
from ledger.journeys.pricing import Rated
from ledger.quantity import Quantity
from ledger.report.figure import decimal, readable, scientific
from ledger.report.position import Basis
from ledger.report.table import Column, Table

__all__ = ["book_csv", "book_tables"]

_HOUR_US: Final = 3600 * 10**6
_LEGEND: Final = (
    "delivered is part of held; committed is what was drawn on and what is open: they never add.",
    "expired did not come and will not; take or pay is due for it all the same.",
    "Capacity for inference never adds to training; other activities than serving are training.",
    "? is not known, – is refused, ≥ leaves out either; -f json has every reason and exact figure.",
)


def book_tables(book: BookPosition, tables: Tables, basis: Basis) -> tuple[Table, ...]:
    """Return a book position for people."""
    shown = [
        _capacity_table(book, tables, basis),
        _totals_table(book, tables),
        _money_table(book),
        _rated_table(book),
    ]
    return (shown[0], *(table for table in shown[1:] if table.rows))


def book_csv(book: BookPosition, tables: Tables) -> Table:
    """Return every row for programs: full digits, an empty cell where nothing is known."""
    names = (
        "standing", "contract", "month", "use", "model", "device", "precision", "sparsity",
        "grade", "possible_grades", "scale", "counts", "device_us", "device_hours",
        "pflop_hours", "reference_units", "reference_unit", "tpp_hours", "operations_low",
        "operations", "operations_high", "money", "currency", "take_or_pay",
        "worth_reference_units", "refused",
    )  # fmt: skip
    rows = tuple(_csv_row(row, tables) for row in book.rows)
    return Table("", tuple(Column(name) for name in names), rows)


def _capacity_table(book: BookPosition, tables: Tables, basis: Basis) -> Table:
    """Return the measures of every row."""
    names = ("device-hours", "PFLOP-hours", tables.unit.unit.symbol, "TPP-hours", "operations")
    columns = (
        Column("standing"),
        Column("contract", wide=True),
        Column("month"),
        Column("use"),
        Column("for", wide=True),
        Column("grade", wide=True),
        *(Column(name, "right") for name in names),
    )
    rows = tuple(_row(row, tables.grades) for row in book.rows)
    title = f"The forward book beside what is held: {basis.origin}, as of {basis.as_of}"
    if not rows:
        return Table(title, (), (), ("Nothing is held, and no contract stands.",))
    return Table(title, columns, rows, (*_LEGEND, *_notes(book, basis)))


def _row(row: BookRow, grades: GradeTable) -> tuple[str, ...]:
    """Return one row."""
    key, amounts = row.key, row.amounts
    option = "" if row.counts else " (option)"
    span = grades.span(key.possible)
    grade = span if len(key.possible) == 1 else f"? {span}"
    refused = amounts.reference.total is None and amounts.capacity.total is not None
    return (
        key.standing + option,
        key.contract or "",
        key.month or "undated",
        key.use,
        "" if key.standing == "held" else key.model or "unallocated",
        f"{key.device or '?'} {key.precision} {key.sparsity} {grade} {key.scale or '?'}",
        _partial(amounts.device_time),
        _partial(amounts.capacity),
        "–" if refused else _partial(amounts.reference),
        _partial(amounts.processing_time),
        _operations(row.operations),
    )


def _totals_table(book: BookPosition, tables: Tables) -> Table:
    """Return the sums by standing and use."""
    columns = (
        Column("standing"),
        Column("use"),
        Column("device-hours", "right"),
        Column("PFLOP-hours by format", "right", wide=True),
        Column(tables.unit.unit.symbol, "right"),
        Column("TPP-hours", "right"),
        Column("operations", "right"),
        Column("money", "right", wide=True),
    )
    rows = tuple((*place, *_total(total)) for place, total in book.totals.items())
    return Table("Totals of what counts", columns, rows, ("options not exercised do not count",))


def _total(total: BookTotal) -> tuple[str, ...]:
    """Return one line of totals."""
    formats = (
        f"{precision} {sparsity} {_partial(capacity)}"
        for (precision, sparsity), capacity in sorted(total.capacity.items())
    )
    money = [f"{exact_amount(amount)} {name}" for name, amount in sorted(total.money.items())]
    more = [f"and {total.unpriced:,} rows without"] if money and total.unpriced else []
    return (
        _partial(total.amounts.device_time),
        "\n".join(formats),
        _partial(total.amounts.reference),
        _partial(total.amounts.processing_time),
        _operations(total.operations),
        "\n".join([*money, *more]),
    )


def _money_table(book: BookPosition) -> Table:
    """Return the money of every row under a contract."""
    columns = (
        Column("standing"),
        Column("contract", wide=True),
        Column("month"),
        Column("use"),
        Column("for", wide=True),
        Column("money", "right", wide=True),
        Column("take or pay", "right", wide=True),
    )
    rows = tuple(
        (
            row.key.standing + ("" if row.counts else " (option)"),
            row.key.contract or "",
            row.key.month or "undated",
            row.key.use,
            row.key.model or "unallocated",
            _money(row.money),
            "" if row.take_or_pay is None else _money(row.take_or_pay),
        )
        for row in book.rows
        if row.key.standing != "held"
    )
    notes = ("by each contract's own price; currencies are never converted; + is rounded down",)
    return Table("Money", columns, rows, notes)


def _rated_table(book: BookPosition) -> Table:
    """Return the deliveries at another grade than agreed, or of which that is not known."""
    rows = tuple(
        (
            row.key.contract or "",
            row.key.month or "undated",
            each.share.agreed or "?",
            each.share.delivered or "?",
            "–"
            if isinstance(each.share.share, Refusal)
            else decimal(each.share.share * 100) + " %",
            _worth(each),
            _money(each.money),
        )
        for row in book.rows
        for each in row.rated
        if each.share.below is not False or each.share.agreed != each.share.delivered
    )
    columns = (
        Column("contract", wide=True),
        Column("month"),
        Column("agreed"),
        Column("delivered"),
        Column("counts for", "right"),
        Column("worth", "right", wide=True),
        Column("money", "right", wide=True),
    )
    notes = ("by the contract's own schedule; where it does not say, nothing is assumed",)
    return Table("Delivered at another interconnect grade than agreed", columns, rows, notes)


def _worth(rated: Rated) -> str:
    """Return the reference units of a delivery, or why they are refused."""
    if isinstance(rated.units, Quantity):
        return f"{readable(rated.units.value)} {rated.unit}"
    return f"– {rated.units.why}"


def _money(money: Money | Refusal) -> str:
    """Return money, or why there is none."""
    if isinstance(money, Refusal):
        return f"– {money.why}"
    return f"{exact_amount(money.amount)} {money.currency}"


def _partial(partial: Partial) -> str:
    """Return a sum; a sum that leaves something out is a lower bound."""
    if partial.total is None:
        return "?"
    return f"{'≥ ' if partial.missing_rows else ''}{readable(partial.total.value)}"


def _operations(expected: Expected) -> str:
    """Return operations: those expected, and the ends where they differ."""
    low, point, high = (
        None if end is None else int(end) for end in (expected.low, expected.point, expected.high)
    )
    if point is not None and low == high:
        return scientific(point)
    least = "?" if low is None else scientific(low)
    most = "?" if high is None else scientific(high, up=True)
    if low is None and high is None and point is None:
        return "?"
    middle = "" if point is None else f"{scientific(point)}, "
    return f"{middle}{least} to {most}"


def _notes(book: BookPosition, basis: Basis) -> list[str]:
    """Return what a reader must know beside the rows."""
    notes = [
        f"{name}: {readable(Fraction(us, _HOUR_US))} device-hours delivered beyond what was agreed."
        for name, us in book.beyond.items()
    ]
    if book.later:
        notes.append(f"Agreed after {basis.as_of} and left out: {', '.join(book.later)}.")
    if book.strangers:
        named = ", ".join(book.strangers)
        notes.append(f"Deliveries name contracts of which no commitment stands: {named}.")
    if basis.unsigned_tail:
        notes.append(f"Entries after the newest checkpoint, not counted: {basis.unsigned_tail:,}.")
    return notes


def _csv_row(row: BookRow, tables: Tables) -> tuple[str, ...]:
    """Return one row of plain texts."""
    key, amounts, money = row.key, row.amounts, row.money
    paid = isinstance(money, Money)
    worth = [each.units for each in row.rated]
    known = [units.value for units in worth if isinstance(units, Quantity)]
    refusals = [*worth, money] if key.standing != "held" else []
    codes = dict.fromkeys(each.code for each in refusals if isinstance(each, Refusal))
    least = row.take_or_pay
    return (
        key.standing, key.contract or "", key.month or "", key.use, key.model or "",
        key.device or "", key.precision, key.sparsity,
        key.possible[0] if len(key.possible) == 1 else "", " ".join(key.possible),
        key.scale or "", "true" if row.counts else "false",
        "" if amounts.device_time.total is None else str(amounts.sums.device_us),
        _plain(amounts.device_time), _plain(amounts.capacity), _plain(amounts.reference),
        tables.unit.unit.symbol, _plain(amounts.processing_time),
        *(
            "" if end is None else decimal(end)
            for end in (row.operations.low, row.operations.point, row.operations.high)
        ),
        decimal(money.amount) if isinstance(money, Money) else "",
        money.currency if isinstance(money, Money) and paid else "",
        decimal(least.amount) if isinstance(least, Money) else "",
        decimal(sum(known, Fraction(0))) if known and len(known) == len(worth) else "",
        " ".join(codes),
    )  # fmt: skip


def _plain(partial: Partial) -> str:
    """Return a sum as a decimal; empty where it leaves something out."""
    return "" if partial.total is None or partial.missing_rows else decimal(partial.total.value)
