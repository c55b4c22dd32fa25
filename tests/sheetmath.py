"""Sheet arithmetic: formulas of a workbook worked out anew, from its texts and numbers alone."""

from __future__ import annotations

import operator
import re
from datetime import datetime
from fractions import Fraction
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import range_boundaries

TOKEN = re.compile(
    r'\s*(?:(?P<num>\d+(?:\.\d+)?)|(?P<str>"(?:[^"]|"")*")|(?P<fun>[A-Z]+)\('
    r"|(?P<ref>(?:[A-Za-z]+!)?\$?[A-Z]{1,2}\$?\d+(?::\$?[A-Z]{1,2}\$?\d+)?)|(?P<op>[-+*/^&=<>(),]))"
)
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - days of a sheet have no zone


class Sheets:
    """Works out cells; numbers are exact, so that a carry that is wrong cannot hide."""

    def __init__(self, book: Workbook) -> None:
        self.pages = {sheet.title: sheet for sheet in book}
        self.held: dict[tuple[str, int, int], Any] = {}

    def cell(self, sheet: str, row: int, column: int) -> Any:
        """The value of a cell."""
        key = (sheet, row, column)
        if key not in self.held:
            cell = self.pages[sheet].cell(row, column)
            found = cell.value
            if cell.data_type == "f":
                found = Formula(self, sheet, found[1:]).value()
            elif isinstance(found, datetime):
                found = Fraction((found - EPOCH).days)
            elif isinstance(found, int | float):
                found = Fraction(found)
            self.held[key] = found
        return self.held[key]


class Formula:
    """One formula, read from left to right."""

    def __init__(self, sheets: Sheets, sheet: str, text: str) -> None:
        self.sheets, self.sheet = sheets, sheet
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, text[at:]
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            at = match.end()

    def value(self) -> Any:
        found = self.level(0)
        assert not self.tokens
        return found

    def level(self, depth: int) -> Any:
        signs = ("=<>", "&", "+-", "*/", "^")
        if depth == len(signs):
            return self.atom()
        found = self.level(depth + 1)
        while self.tokens and self.tokens[0][0] == "op" and self.tokens[0][1] in signs[depth]:
            sign = self.tokens.pop(0)[1]
            found = each(sign, found, self.level(depth + 1))
        return found

    def atom(self) -> Any:
        kind, text = self.tokens.pop(0)
        if kind == "num":
            return Fraction(text)
        if kind == "str":
            return text[1:-1].replace('""', '"')
        if kind == "ref":
            return self.cells(text.replace("$", ""))
        if kind == "fun":
            return self.call(text)
        assert text == "(", text
        found = self.level(0)
        assert self.tokens.pop(0)[1] == ")"
        return found

    def cells(self, text: str) -> Any:
        sheet, _, place = text.rpartition("!")
        left, top, right, bottom = range_boundaries(place)
        held = [
            self.sheets.cell(sheet or self.sheet, row, column)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]
        return held if ":" in place else held[0]

    def call(self, name: str) -> Any:
        given = []
        while self.tokens[0][1] != ")":
            given.append(self.level(0))
            if self.tokens[0][1] == ",":
                self.tokens.pop(0)
        self.tokens.pop(0)
        return FUNCTIONS[name](*given)


def each(sign: str, one: Any, other: Any) -> Any:
    """Apply a sign, cell by cell where a side is a range."""
    if isinstance(one, list) or isinstance(other, list):
        length = len(one) if isinstance(one, list) else len(other)
        ones = one if isinstance(one, list) else [one] * length
        others = other if isinstance(other, list) else [other] * length
        return [each(sign, a, b) for a, b in zip(ones, others, strict=True)]
    if sign == "&":
        return f"{one}{other}"
    if sign == "=":
        return one == other
    return SIGNS[sign](Fraction(one or 0), Fraction(other or 0))


def flat(given: Any) -> list[Any]:
    """Every number of what is given."""
    held = given if isinstance(given, list) else [given]
    return [Fraction(value) for value in held if isinstance(value, Fraction | int | bool)]


def exact(one: list[str], other: str) -> list[int]:
    """Which texts are the same, letter by letter."""
    return [int(str(value or "") == str(other or "")) for value in one]


SIGNS: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": lambda a, b: a ** int(b),
    ">": operator.gt,
}
FUNCTIONS: dict[str, Any] = {
    "SUM": lambda *given: sum((sum(flat(g)) for g in given), start=Fraction(0)),
    "SUMPRODUCT": lambda given: sum(flat(given), start=Fraction(0)),
    "COUNTA": lambda given: Fraction(
        sum(value is not None for value in (given if isinstance(given, list) else [given]))
    ),
    "EXACT": exact,
    "IF": lambda truth, yes, no: yes if truth else no,
    "AND": lambda *given: all(given),
    "INT": lambda value: Fraction(value.numerator // value.denominator),
    "MOD": lambda value, by: value - by * (value // by),
    "TEXT": lambda value, form: str(int(value)).zfill(len(form)),
    "VALUE": Fraction,
    "MID": lambda text, start, count: text[int(start) - 1 : int(start) - 1 + int(count)],
    "RIGHT": lambda text, count: text[-int(count) :],
    "REPT": lambda text, count: text * int(count),
}
