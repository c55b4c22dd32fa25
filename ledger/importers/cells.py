"""A cell: the text of one field of one row, and why it cannot be read.

The checks themselves run on whole columns (`ledger.importers.frame`); this module finds the
words for the few cells that fail them, and reads the exact numbers that are not plain digits.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.errors import LedgerError
from ledger.form.plain import fault_of_text, visible
from ledger.hardware import Catalogue
from ledger.importers.columns import NAME_MAX, NOTE_MAX, Column, Form
from ledger.quantity import OPERATIONS_MAX, parse_number

__all__ = ["EMPTY_WORDS", "Fault", "exact_digits", "explain", "nearest"]

EMPTY_WORDS = ("nan", "null", "n/a", "#n/a")
"""Words that programs write for an empty cell; read as names they would invent a model."""

_E_NOTATION = re.compile(r"[+-]?[0-9_.]+[eE][+-]?[0-9]+")


_ODD_YEAR = re.compile(r"(?!19|20)[0-9]{4}(?=-[0-9]{2}-[0-9]{2})")
_YEAR_LAST = "2099"
_ASCII_LAST = 0x7F


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell was refused.

    Attributes:
        code: the stable word for it.
        message: what is wrong.
        remedy: what to write.
        why: why it matters; may be empty.
    """

    code: str
    message: str
    remedy: str
    why: str = ""


def nearest(word: str, known: Iterable[str]) -> str:
    """A phrase that names the nearest words, or all of them when they are few."""
    known = list(known)
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.5)
    if near:
        return "nearest: " + ", ".join(folded[name] for name in near)
    return "one of: " + ", ".join(known)


def exact_digits(text: str) -> str | None:
    """The canonical digits of a count of operations such as `3.8*10^25`, or None."""
    try:
        value = parse_number(text)
    except LedgerError:
        return None
    if value.denominator != 1 or value > OPERATIONS_MAX:
        return None
    return str(value.numerator)


def explain(column: Column, text: str, catalogue: Catalogue) -> Fault:
    """Says why a cell that failed the check of its column was refused.

    Args:
        column: what the cell should be.
        text: the cell, trimmed.
        catalogue: the devices, for the nearest names.
    """
    shown = f"{column.name} is {text[:60]!r}"
    if text.casefold() in EMPTY_WORDS:
        return Fault("not-a-value", f"{shown}, which is no value", "leave the cell empty")
    match column.form:
        case Form.DEVICE:
            return _device(text, catalogue)
        case Form.INSTANT | Form.DAY:
            return _time(column, text, shown)
        case Form.WORD | Form.NAME | Form.NOTE | Form.DIGEST:
            return _word(column, text, shown)
        case _:
            return _number(column, text, shown)


def _word(column: Column, text: str, shown: str) -> Fault:
    """Why a word, a name or a digest was refused."""
    if column.form is Form.WORD:
        remedy = f"write {nearest(text, column.words)}"
        return Fault("unknown-word", f"{shown}, which is not in the vocabulary", remedy)
    if column.form is Form.DIGEST:
        return Fault("digest-form", shown, "write the 64 hex digits of a SHA-256, lower case")
    odd = next((c for c in text if ord(c) > _ASCII_LAST and not visible(c)), None)
    if odd is not None and column.form is Form.NAME:
        message = f"{shown}, which holds U+{ord(odd):04X}, a character that does not show"
        why = "two names that look the same would be two models"
        return Fault("text-form", message, "write it without", why)
    if fault := fault_of_text(text):
        what, _, remedy = fault.partition(": ")
        return Fault("text-form", f"{shown}: {what}", remedy)
    most = NAME_MAX if column.form is Form.NAME else NOTE_MAX
    remedy = f"at most {most} characters, none of them a control character"
    return Fault("text-form", f"{shown}, which is too long or holds controls", remedy)


def _device(text: str, catalogue: Catalogue) -> Fault:
    """Why a device was refused, with the nearest names of the catalogue."""
    try:
        catalogue.find(text)
    except LedgerError as error:
        return Fault("unknown-device", error.message, error.remedy, error.why)
    raise AssertionError("a device that the catalogue finds is not refused")


def _time(column: Column, text: str, shown: str) -> Fault:
    """Why a time or a date was refused."""
    if (year := _ODD_YEAR.match(text)) is not None:
        remedy = "check the year" if year[0] > _YEAR_LAST else "leave it empty if it is not known"
        return Fault("time-form", f"{shown}, whose year is not from 1900 to 2099", remedy)
    if column.form is Form.DAY:
        return Fault("time-form", f"{shown}, which is not a date", "write it as 2026-11-22")
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{5,12}([+-][0-9:]{4,6})?$", text):
        return Fault(
            "time-zone",
            f"{shown}, which does not say UTC",
            "convert it to UTC and write it with Z, as in 2026-11-22T10:00:00Z",
            "a local time has an hour each year that happens twice, and one that never does",
        )
    remedy = "write it as 2026-11-22T10:00:00Z"
    return Fault("time-form", f"{shown}, which is not a time", remedy)


_NUMBERS = {
    Form.DEVICES: "write devices with up to three decimals, as in 512 or 0.25",
    Form.HOURS: "write hours with up to nine decimals, as in 18432 or 1.5",
    Form.COUNT: "write a whole number above 0, digits only",
    Form.OPERATIONS: "write digits, or 3.8*10^25; at most 10^28 and a whole number",
}


def _number(column: Column, text: str, shown: str) -> Fault:
    """Why a number was refused."""
    if text.startswith("-"):
        remedy = "to correct a record, record a reversal of it with `flopledger record`"
        return Fault("negative", f"{shown}, below zero", remedy)
    if _E_NOTATION.fullmatch(text):
        mantissa, _, exponent = text.lower().lstrip("+").partition("e")
        return Fault(
            "exponent",
            f"{shown}, which is how a float is printed",
            f"write {mantissa}*10^{exponent.lstrip('+')}, or all its digits"
            if column.form is Form.OPERATIONS
            else _NUMBERS[column.form],
            "a float near 10^25 is exact only to about two billion operations",
        )
    if re.search(r"(?i)flops?|[a-z]{3,}", text):
        return Fault("number-form", f"{shown}, not a bare number", _NUMBERS[column.form])
    return Fault("number-form", f"{shown}, which is not read as a number", _NUMBERS[column.form])
