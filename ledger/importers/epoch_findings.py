"""Findings in tables of models: what cannot be, what was rounded up, what must be looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ledger.errors import Problem, Severity
from ledger.importers.epoch_rows import Row

__all__ = ["findings"]

Finding = tuple[str, str, str, Severity]
"""Code, message, remedy and severity."""

_AGAIN = "record a reversal with `flopledger record` and import the table again"
_DEVELOPER_MAX = 200  # characters of a name in a record


def findings(rows: Sequence[Row], table_date: str | None, source: str) -> Iterator[Problem]:
    """Yield what must be looked at, in the order of the rows.

    Args:
        rows: The rows of one table.
        table_date: Day of the table, or None.
        source: Name of the file.
    """
    by_name = {row.name: row for row in reversed(rows)}
    seen: Counter[str] = Counter()
    for row in rows:
        found = (*_dates(row, table_date), *_figures(row), *_bases(row, by_name), *_names(row))
        if seen[row.name]:
            found += (
                (
                    "duplicate-name",
                    f"{row.name} stands in the table more than once",
                    "nothing to do: this row corroborates the first and does not add",
                    "finding",
                ),
            )
        seen[row.name] += 1
        for code, message, remedy, severity in found:
            yield Problem(source, row.line, code, message, remedy, severity)


def _dates(row: Row, table_date: str | None) -> Iterator[Finding]:
    """Yield what is open about the day of a model."""
    if row.not_after is None and table_date is None:
        yield (
            "date-missing",
            f"{row.name} has no publication date",
            "write --set table_date=YYYY-MM-DD: what a table lists was trained by then",
            "refused",
        )
    elif row.not_after is None:
        yield (
            "date-missing",
            f"{row.name} has no publication date: recorded as over by {table_date}",
            f"nothing to do; when the date is known, {_AGAIN}",
            "finding",
        )
    elif row.day_inferred:
        yield (
            "date-inferred",
            f"the date of {row.name} has no day: its last day, {row.not_after}, is recorded",
            f"nothing to do; when the day is known, {_AGAIN}",
            "finding",
        )


def _figures(row: Row) -> Iterator[Finding]:
    """Yield figures that are not whole, or that contradict each other."""
    for figure in (row.compute, row.finetune):
        if figure is not None and figure.value.denominator != 1:
            yield (
                "fraction",
                f"{row.name} has {figure.text} operations, which is not a whole number",
                "nothing to do: recorded as the range of the two whole numbers around it",
                "finding",
            )
    if row.compute is not None and row.finetune is not None:
        compute, finetune = row.compute, row.finetune
        if finetune.value > compute.value:
            yield (
                "part-above-whole",
                f"{row.name} has fine-tuning compute {finetune.text} of {compute.text} in all",
                "ask the publisher; both are recorded as printed",
                "finding",
            )
    value = None if row.compute is None else row.compute.value
    bounds = (row.low, row.high)
    if value is not None and not (row.low or 0) <= value <= (row.high or value):
        yield (
            "bounds-order",
            f"the stated bounds of {row.name} do not hold its figure: {bounds[0]}, {bounds[1]}",
            "nothing to do: the bounds are not used",
            "finding",
        )


def _bases(row: Row, by_name: dict[str, Row]) -> Iterator[Finding]:
    """Yield what does not fit between a model and the models it was derived from."""
    for name in row.bases:
        base = by_name.get(name)
        if name == row.name:
            yield (
                "own-base",
                f"{row.name} is listed as its own base model",
                "ask the publisher; no lineage is recorded",
                "finding",
            )
        elif base is None:
            yield (
                "base-unlisted",
                f"the base model {name} of {row.name} is not in this table",
                "import a table that lists it; until then its compute is unknown",
                "note",
            )
        elif row.compute and base.compute and row.compute.value < base.compute.value:
            yield (
                "below-base",
                f"{row.name} has {row.compute.text}, its base model {name} {base.compute.text}",
                "ask the publisher; both are recorded as printed",
                "finding",
            )


def _names(row: Row) -> Iterator[Finding]:
    """Yield names that a record does not hold as they are printed."""
    if row.mended:
        yield (
            "name-mended",
            f"white space around or inside the name was removed: {row.name}",
            "nothing to do",
            "note",
        )
    if len(row.organization) > _DEVELOPER_MAX:
        yield (
            "developer-long",
            f"the organisations of {row.name} take {len(row.organization)} characters",
            "nothing to do: the developer is recorded as not stated",
            "note",
        )
