"""Checks of a block: its cells and what must hold between those of a row, a column at a time.

Every check is a polars expression over all rows; only the few rows that fail are looked at one
by one, to say why. What holds between rows is looked at by `ledger.importers.survey`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from ledger.errors import LedgerError, Problem
from ledger.form.plain import fault_of_name, fault_of_text
from ledger.hardware import Catalogue
from ledger.importers.cells import EMPTY_WORDS, exact_digits
from ledger.importers.columns import COLUMNS, PATTERNS, Column, Form
from ledger.importers.faults import Source, cell_problems, rule_problems
from ledger.importers.rows import RULES, typed

__all__ = ["Checked", "Checks", "completed", "settled"]

_REMEMBERED = 4_096  # texts of which is remembered whether they show what they are


class Checked(NamedTuple):
    """What became of the rows of one block.

    Attributes:
        good: Those that pass, as `typed` gives them.
        broken: Those whose cells can be read but which break a rule, likewise.
        cells: A problem for each cell that cannot be read.
        rules: A problem for each rule that is broken.
    """

    good: pl.DataFrame
    broken: pl.DataFrame
    cells: list[Problem]
    rules: list[Problem]


class Checks:
    """The checks of one table, made block by block."""

    def __init__(self, columns: Sequence[Column], source: Source, catalogue: Catalogue) -> None:
        """Make ready for the columns of a header, which has been checked."""
        self._columns = columns
        self._source = source
        self._catalogue = catalogue
        self._devices: dict[str, str | None] = {}
        self._faults = {
            Form.NAME: lru_cache(_REMEMBERED)(fault_of_name),
            Form.NOTE: lru_cache(_REMEMBERED)(fault_of_text),
        }

    def of(self, block: pl.DataFrame) -> Checked:
        """Check some rows.

        Args:
            block: String columns named as in the header, and `ROW` with the line or number of
                each row.
        """
        columns, source = self._columns, self._source
        whole = completed(_trimmed(block, columns))
        devices, hidden = self._known_devices(whole), self._unseen(whole)
        whole = whole.with_columns(_second_header(columns).alias(HEADER))
        flags = whole.select(HEADER, *(_fails(column, devices, hidden) for column in columns))
        faulty = flags.select(pl.any_horizontal(pl.all())).to_series()
        cells = cell_problems(
            whole.filter(faulty), flags.filter(faulty), source, catalogue=self._catalogue
        )
        named = whole.filter(~faulty).with_columns(pl.col("device").replace(devices))
        good = typed(settled(named))
        flags = good.select(rule.broken.fill_null(value=False).alias(rule.code) for rule in RULES)
        faulty = flags.select(pl.any_horizontal(pl.all())).to_series()
        broken = good.filter(faulty)
        rules = rule_problems(broken, flags.filter(faulty), source)
        return Checked(good.filter(~faulty), broken, cells, rules)

    def _known_devices(self, frame: pl.DataFrame) -> dict[str, str]:
        """The catalogue id of every device text that the catalogue knows."""
        for text in frame["device"].unique().drop_nulls():
            if text not in self._devices:
                self._devices[text] = self._device(text)
        return {text: known for text, known in self._devices.items() if known is not None}

    def _device(self, text: str) -> str | None:
        """The catalogue id of a device text, or None."""
        try:
            return self._catalogue.find(text).id
        except LedgerError:
            return None

    def _unseen(self, frame: pl.DataFrame) -> Mapping[Form, frozenset[str]]:
        """The names and notes that do not show what they are, which records do not take."""
        found: dict[Form, frozenset[str]] = {Form.NAME: frozenset(), Form.NOTE: frozenset()}
        for column in self._columns:
            if column.form in found:
                fault = self._faults[column.form]
                cells = frame[column.name]
                odd = cells.filter(cells.str.contains(r"[^\x20-\x7e]")).unique().drop_nulls()
                found[column.form] |= {text for text in odd if fault(text)}
        return found


def completed(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the columns that a table does not have, without a cell."""
    absent = [pl.lit(None, pl.String).alias(n) for n in COLUMNS if n not in frame.columns]
    return frame.with_columns(*absent)


def _trimmed(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """Trims cells, makes empty ones null, and writes amounts as digits."""
    names = [column.name for column in columns]
    trimmed = frame.with_columns(pl.col(names).str.strip_chars())
    cells = [pl.when(pl.col(n).str.len_bytes() > 0).then(pl.col(n)).alias(n) for n in names]
    whole = trimmed.with_columns(*cells)
    for column in columns:
        if column.form is Form.OPERATIONS:
            whole = whole.with_columns(_digits(whole[column.name]))
    return whole


def _digits(cells: pl.Series) -> pl.Series:
    """Writes counts such as `3.8*10^25` as digits; what cannot be read stays as it is."""
    other = cells.filter(~cells.str.contains(PATTERNS[Form.OPERATIONS])).unique().drop_nulls()
    exact = {text: digits for text in other if (digits := exact_digits(text)) is not None}
    return cells.replace(exact) if exact else cells


HEADER = "second-header"
"""The flag of a row that repeats the header."""


def _second_header(columns: Sequence[Column]) -> pl.Expr:
    """Whether a row holds names of columns and nothing else: a second file begins."""
    names = [*COLUMNS, *(column.name for column in columns)]
    cells = [pl.col(column.name) for column in columns]
    filled = pl.sum_horizontal(cell.is_not_null() for cell in cells)
    return pl.all_horizontal(c.is_null() | c.is_in(names) for c in cells) & (filled > 1)


def _fails(
    column: Column, devices: dict[str, str], hidden: Mapping[Form, frozenset[str]]
) -> pl.Expr:
    """Whether a cell of this column cannot be read."""
    cell = pl.col(column.name)
    match column.form:
        case Form.WORD:
            fails = ~cell.is_in(column.words)
        case Form.DEVICE:
            fails = ~cell.is_in(list(devices))
        case Form.INSTANT:
            when = cell.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms", strict=False)
            fails = ~cell.str.contains(PATTERNS[column.form]) | when.is_null()
        case Form.DAY:
            day = cell.str.to_date("%Y-%m-%d", strict=False)
            fails = ~cell.str.contains(PATTERNS[column.form]) | day.is_null()
        case Form.NAME | Form.NOTE:
            empty = cell.str.to_lowercase().is_in(EMPTY_WORDS)
            unseen = cell.is_in(sorted(hidden[column.form]))
            fails = ~cell.str.contains(PATTERNS[column.form]) | empty | unseen
        case _:
            fails = ~cell.str.contains(PATTERNS[column.form])
    return pl.when(cell.is_null()).then(column.required).otherwise(fails).alias(column.name)


def settled(frame: pl.DataFrame) -> pl.DataFrame:
    """Writes what empty cells mean."""
    words = {
        column.name: column.absent
        for column in COLUMNS.values()
        if column.form is Form.WORD and column.absent in column.words
    }
    integer = pl.col("precision").str.starts_with("int")
    kind = (
        pl.when(pl.col("precision") == "unknown")
        .then(pl.lit("unknown"))
        .when(integer)
        .then(pl.lit("integer"))
        .otherwise(pl.lit("float"))
    )
    return frame.with_columns(
        *(pl.col(name).fill_null(word) for name, word in words.items())
    ).with_columns(pl.col("operation_kind").fill_null(kind))
