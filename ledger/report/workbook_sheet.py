"""A sheet of a workbook: texts that stay texts, numbers, days, and totals that are formulas.

Nothing that comes from a ledger can become a formula or a link: it is written as a string, and
what a program might take for a formula when the cell is edited is marked as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final, TypeAlias

import xlsxwriter

from ledger.report.table import Table, visible
from ledger.report.workbook_exact import LIMBS, ExactColumn, limbs_of

__all__ = ["Formats", "Sheet"]

_TEXT_MAX: Final = 32_000  # letters of a cell; a program cuts off more without a word
_WIDTH_MAX: Final = 60
_TWO_LINES: Final = 27  # points
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
_SAFE_MAX: Final = 10**15 - 1  # digits that a cell keeps of a number
_Form: TypeAlias = Any  # of a cell; the package that makes them states no types
_Value: TypeAlias = str | int | float | None
_FONT: Final = {"font_name": "Calibri", "font_size": 10, "valign": "top"}


class Formats:
    """The forms of cells in one workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        """Make them."""
        self.plain = book.add_format(_FONT)
        self.wrapped = book.add_format({**_FONT, "text_wrap": True})
        self.quoted = book.add_format({**_FONT, "quote_prefix": True})
        self.title = book.add_format({**_FONT, "bold": True, "font_size": 14})
        self.head = book.add_format(
            {**_FONT, "bold": True, "bottom": 1, "text_wrap": True, "bg_color": "#EEF1F4"}
        )
        self.total = book.add_format({**_FONT, "bold": True, "top": 1})
        self.count = book.add_format({**_FONT, "num_format": "#,##0"})
        self.count_total = book.add_format({**_FONT, "num_format": "#,##0", "bold": True, "top": 1})
        self.power = book.add_format({**_FONT, "num_format": "0.000E+00"})
        self.power_total = book.add_format(
            {**_FONT, "num_format": "0.000E+00", "bold": True, "top": 1}
        )
        self.digits = book.add_format({**_FONT, "align": "right", "quote_prefix": True})
        self.digits_total = book.add_format({**_FONT, "align": "right", "bold": True, "top": 1})
        self.share = book.add_format({**_FONT, "num_format": "0.0%"})
        self.day = book.add_format({**_FONT, "num_format": "yyyy-mm-dd"})


class Sheet:
    """One sheet; rows and columns count from 0."""

    def __init__(
        self, book: xlsxwriter.Workbook, formats: Formats, name: str, *, across: int = 1
    ) -> None:
        """Add it to a workbook; printed, it is so many pages wide."""
        self.name = name
        self._sheet: Any = book.add_worksheet(name)
        self._formats = formats
        self._widths: dict[int, int] = {}
        self._sheet.set_paper(9)  # A4; Letter takes it as well, since the width is fitted
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(across, 0)
        self._sheet.set_footer("&L&A&Rpage &P of &N")

    def text(self, row: int, column: int, words: str, form: _Form = None) -> None:
        """Write a text, whatever it begins with, in a column wide enough for it."""
        self._wide(column, len(self._write(row, column, words, form)))

    def note(self, row: int, words: str, form: _Form = None) -> None:
        """Write a title or a sentence, which runs over the columns beside it."""
        self._write(row, 0, words, form)

    def _write(self, row: int, column: int, words: str, form: _Form) -> str:
        """Write a text that no program takes for a formula; return what is shown."""
        shown = visible(words)
        if len(shown) > _TEXT_MAX:
            shown = f"{shown[:_TEXT_MAX]}… (cut off)"
        if form is None:
            quoted = shown.startswith(_FORMULA_SIGNS)
            form = self._formats.quoted if quoted else self._formats.plain
        self._sheet.write_string(row, column, shown, form)
        return shown

    def count(self, row: int, column: int, value: int) -> None:
        """Write a whole number; one with more digits than a cell keeps is written as text."""
        if abs(value) > _SAFE_MAX:
            self.text(row, column, str(value), self._formats.digits)
        else:
            self._sheet.write_number(row, column, value, self._formats.count)
            self._wide(column, len(f"{value:,}"))

    def day(self, row: int, column: int, day: date | None) -> None:
        """Write a day, or nothing."""
        if day is not None:
            moment = datetime.combine(day, time(), UTC).replace(tzinfo=None)
            self._sheet.write_datetime(row, column, moment, self._formats.day)
            self._wide(column, 10)

    def formula(self, row: int, column: int, formula: str, value: _Value, form: _Form) -> None:
        """Write a formula with the value that it comes to."""
        self._sheet.write_formula(row, column, formula, form, value)
        self._wide(column, max(12, len(f"{value:,}" if isinstance(value, int) else str(value))))

    def heads(self, row: int, names: Sequence[str]) -> None:
        """Write headings, which stay in sight and repeat on every printed page."""
        for column, name in enumerate(names):
            self._sheet.write_string(row, column, name, self._formats.head)
            self._wide(column, max(map(len, name.replace("-", "- ").split()), default=0))
        if any(" " in name for name in names):
            self._sheet.set_row(row, _TWO_LINES)
        self._sheet.freeze_panes(row + 1, 0)
        self._sheet.repeat_rows(row)

    def exact(self, row: int, column: ExactColumn, value: int | None) -> None:
        """Write a whole number as text, as number and in limbs; None is not known."""
        if value is None:
            self.text(row, column.text, "not known")
            return
        self.text(row, column.text, str(value), self._formats.digits)
        nearest = self._formats.power
        self.formula(row, column.number, column.number_formula(row + 1), float(value), nearest)
        for limb, part in enumerate(limbs_of(value)):
            formula = column.limb_formula(row + 1, limb)
            self.formula(row, column.limbs + limb, formula, part, self._formats.count)

    def exact_sum(
        self,
        row: int,
        column: ExactColumn,
        values: Sequence[int],
        adds: Callable[[str], str],
    ) -> None:
        """Write an exact sum by formulas.

        Args:
            row: Where.
            column: The exact column that the sum stands in.
            values: What it adds up, for the values that the formulas come to.
            adds: Gives the formula, without ``=``, that adds up a place of the summands: ``N`` for
                the nearest number, ``0`` to ``4`` for a limb.
        """
        total = sum(values)
        forms = self._formats
        self.formula(row, column.text, column.sum_formula(row + 1), str(total), forms.digits_total)
        self.formula(
            row, column.number, f"={adds('N')}", float(sum(map(float, values))), forms.power_total
        )
        parts = [sum(each) for each in zip(*map(limbs_of, values), strict=True)] or [0] * LIMBS
        for limb in range(LIMBS - 1, -1, -1):
            carried = parts[limb + 1] // 10**9 if limb < LIMBS - 1 else 0
            parts[limb] += carried
            formula = column.carry_formula(row + 1, limb, adds(str(limb)))
            self.formula(row, column.limbs + limb, formula, parts[limb], forms.count_total)

    def table(self, row: int, table: Table) -> int:
        """Write a table for people as texts; return the row after it."""
        self.heads(row, [column.name for column in table.columns])
        for cells in table.rows:
            row += 1
            for place, words in enumerate(cells):
                self.text(row, place, words)
        for note in table.notes:
            row += 1
            self.note(row + 1, note)
        return row + 2

    def close(self, hidden: Sequence[int] = ()) -> None:
        """Set the widths of the columns, and fold away those that only formulas read."""
        for column, width in self._widths.items():
            folded = column in hidden
            self._sheet.set_column(
                column,
                column,
                min(_WIDTH_MAX, width + 2),
                None,
                {"level": 1, "hidden": True} if folded else {},
            )

    def _wide(self, column: int, width: int) -> None:
        """Remember how wide a column must be."""
        self._widths[column] = max(self._widths.get(column, 6), min(width, _WIDTH_MAX))
