"""A cell is one value of a contract sheet: a number, a share, a day, a text, all of them exact."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Final, get_args

from ledger.contract.party import party_name
from ledger.contract.terms import Window
from ledger.errors import InputError, UnitError
from ledger.grade import Links
from ledger.hardware.fields import Fields
from ledger.period import parse_day
from ledger.quantity import Dimension, parse_number
from ledger.record.fields import Topology

__all__ = ["NONE", "day", "delivery", "links", "number", "optional", "party", "share", "whole"]

NONE: Final = "none"
"""The word for what is not agreed."""

_MILLION: Final = 10**6
_GIGA: Final = 10**9
_COUNT_MAX: Final = 10**9
_YEAR_MAX: Final = 2100


def links(grade: Fields) -> Links:
    """Return the numbers of the interconnect."""
    found = Links(
        scale_up_gb_per_s=grade.integer("scale_up", Dimension.BYTE_RATE, _GIGA),
        scale_up_domain=grade.integer("scale_up_domain", Dimension.COUNT),
        scale_out_gbit_per_s=grade.integer("scale_out", Dimension.BIT_RATE, _GIGA),
        topology=grade.text("topology", get_args(Topology)),
    )
    for key, value in (
        ("scale_up", found.scale_up_gb_per_s),
        ("scale_up_domain", found.scale_up_domain),
        ("scale_out", found.scale_out_gbit_per_s),
    ):
        _bounded(grade, key, Fraction(value or 0))
    return found


def day(fields: Fields, key: str) -> date:
    """Return a day that a contract can name."""
    try:
        found = parse_day(fields.text(key))
    except InputError as error:
        raise InputError(
            f"{key}: {error.message}", where=fields.where, remedy=error.remedy
        ) from error
    if found.year > _YEAR_MAX:
        raise InputError(
            f"{key} is {found}",
            where=fields.where,
            remedy=f"no contract runs beyond the year {_YEAR_MAX}: check the year",
        )
    return found


def party(fields: Fields, key: str) -> str:
    """Return the name of a party, who must be somebody."""
    return party_name(fields.text(key), key, fields.where)


def delivery(fields: Fields) -> Window:
    """Return one line of the profile."""
    start, end = day(fields, "from"), day(fields, "until")
    if end <= start:
        raise InputError(
            f"a delivery from {start} until {end} has no day",
            where=fields.where,
            remedy="until is the first day after the delivery",
        )
    milli = _bounded(fields, "devices", number(fields, "devices")) * 1000
    if milli <= 0 or milli.denominator != 1:
        raise InputError(
            f"devices is {fields.text('devices')!r}",
            where=fields.where,
            remedy="write how many devices are delivered at once, more than zero",
        )
    return Window(start, end, milli.numerator)


def optional(fields: Fields, key: str) -> str | None:
    """Return a text, or None for ``none`` and for what is left out."""
    if key not in fields.tree:
        return None
    text = fields.text(key)
    return None if text == NONE else text


def number(fields: Fields, key: str) -> Fraction:
    """Return an exact number."""
    text = fields.text(key)
    try:
        return parse_number(text)
    except UnitError as error:
        raise InputError(
            f"{key} is {text[:40]!r}",
            where=fields.where,
            why="it must not be negative" if text.startswith("-") else error.message,
            remedy="write an exact number, such as 4096 or 2.10",
        ) from error


def whole(fields: Fields, key: str) -> int:
    """Return a whole number above zero."""
    value = _bounded(fields, key, number(fields, key))
    if value <= 0 or value.denominator != 1:
        raise InputError(f"{key} must be a whole number above zero", where=fields.where)
    return value.numerator


def _bounded(fields: Fields, key: str, value: Fraction) -> Fraction:
    """Return a number of things if there can be so many."""
    if value > _COUNT_MAX:
        raise InputError(
            f"{key} is more than {_COUNT_MAX:,}", where=fields.where, remedy="check the figure"
        )
    return value


def share(fields: Fields, key: str, *, most: int = 1) -> int:
    """Return a percentage in parts per million; 0 for ``none`` and for what is left out."""
    text = optional(fields, key)
    if text is None:
        return 0
    number, _, percent = text.partition(" ")
    value = Fraction(-1)
    if percent == "%":
        try:
            value = parse_number(number) / 100 * _MILLION
        except UnitError:
            value = Fraction(-1)
    if not 0 <= value <= most * _MILLION or value.denominator != 1:
        raise InputError(
            f"{key} is {text[:40]!r}",
            where=fields.where,
            remedy=f"write a percentage from 0 % to {most * 100} %, such as 38 %",
        )
    return value.numerator
