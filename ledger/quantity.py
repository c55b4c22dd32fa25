"""A quantity is an exact number with a unit; only quantities of one dimension meet.

Operations are work done, PFLOP-hours are capacity held, reference units are graded capacity, TPP
is chip performance: four dimensions, and adding two of them is an error. There are no floats;
a number is a fraction, and a count is an integer in the base unit of its dimension.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Self

from ledger.errors import UnitError

__all__ = [
    "OPERATIONS_MAX",
    "UNITS",
    "Dimension",
    "Interval",
    "Quantity",
    "Unit",
    "parse_number",
    "parse_quantity",
]

OPERATIONS_MAX = 10**28  # operations a record may state; 10^9 records still add up below 10^38

_EXPONENT_MAX = 40  # no quantity of this field is larger than 10^40
_TEXT_MAX = 80
_NUMBER = re.compile(
    r"(?P<whole>0|[1-9][0-9_]*)(?:\.(?P<part>[0-9]+))?(?:\*10\^(?P<times>[0-9]{1,2}))?"
    r"|10\^(?P<power>[0-9]{1,2})"
    r"|(?P<over>0|[1-9][0-9]*)/(?P<under>[1-9][0-9]*)"
)
_SCIENTIFIC = re.compile(r"[+-]?[0-9_.]+[eE][+-]?[0-9]+")


class Dimension(StrEnum):
    """What a quantity measures."""

    OPERATIONS = "operations"
    OPERATION_RATE = "operation_rate"
    DEVICE_TIME = "device_time"
    CAPACITY = "capacity"
    REFERENCE_CAPACITY = "reference_capacity"
    PROCESSING_PERFORMANCE = "processing_performance"
    PROCESSING_TIME = "processing_time"
    PERFORMANCE_DENSITY = "performance_density"
    MAC_RATE = "mac_rate"
    BIT_LENGTH = "bit_length"
    AREA = "area"
    BYTES = "bytes"
    BYTE_RATE = "byte_rate"
    BIT_RATE = "bit_rate"
    MONEY_USD = "money_usd"
    MONEY_EUR = "money_eur"
    MONEY_KRW = "money_krw"
    RATIO = "ratio"
    DURATION = "duration"
    CALENDAR_PERIOD = "calendar_period"
    BUSINESS_PERIOD = "business_period"
    VOLUME = "volume"
    BANDWIDTH_DENSITY = "bandwidth_density"
    ADJUSTED_PERFORMANCE = "adjusted_performance"
    PERFORMANCE_WEIGHT = "performance_weight"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Unit:
    """A named size of one dimension.

    Attributes:
        symbol: How it is written after a number.
        dimension: What it measures.
        factor: How many base units it holds.
    """

    symbol: str
    dimension: Dimension
    factor: Fraction


def _table() -> dict[str, Unit]:
    """Return every unit by its symbol; the first of each dimension is its base unit."""
    one = Fraction(1)
    rows: list[tuple[str, Dimension, Fraction | int]] = [
        ("FLOP", Dimension.OPERATIONS, one),
        ("OP", Dimension.OPERATIONS, one),
        ("OP/s", Dimension.OPERATION_RATE, one),
        ("FLOP/s", Dimension.OPERATION_RATE, one),
        ("TFLOP/s", Dimension.OPERATION_RATE, 10**12),
        ("PFLOP/s", Dimension.OPERATION_RATE, 10**15),
        ("device_us", Dimension.DEVICE_TIME, one),
        ("device_s", Dimension.DEVICE_TIME, 10**6),
        ("device_h", Dimension.DEVICE_TIME, 3600 * 10**6),
        ("PFLOP-hour", Dimension.CAPACITY, one),
        ("PFh[FP8d,H]", Dimension.REFERENCE_CAPACITY, one),
        ("TPP", Dimension.PROCESSING_PERFORMANCE, one),
        ("TPP-hour", Dimension.PROCESSING_TIME, one),
        ("TPP/mm2", Dimension.PERFORMANCE_DENSITY, one),
        ("MacTOPS", Dimension.MAC_RATE, one),
        ("bit", Dimension.BIT_LENGTH, one),
        ("mm2", Dimension.AREA, one),
        ("B", Dimension.BYTES, one),
        ("GB", Dimension.BYTES, 10**9),
        ("B/s", Dimension.BYTE_RATE, one),
        ("GB/s", Dimension.BYTE_RATE, 10**9),
        ("bit/s", Dimension.BIT_RATE, one),
        ("Gbit/s", Dimension.BIT_RATE, 10**9),
        ("USD", Dimension.MONEY_USD, one),
        ("EUR", Dimension.MONEY_EUR, one),
        ("KRW", Dimension.MONEY_KRW, one),
        ("ratio", Dimension.RATIO, one),
        ("percent", Dimension.RATIO, Fraction(1, 100)),
        ("s", Dimension.DURATION, one),
        ("hour", Dimension.DURATION, 3600),
        ("day", Dimension.DURATION, 86_400),
        ("week", Dimension.DURATION, 7 * 86_400),
        ("month", Dimension.CALENDAR_PERIOD, one),
        ("quarter", Dimension.CALENDAR_PERIOD, 3),
        ("year", Dimension.CALENDAR_PERIOD, 12),
        ("business_day", Dimension.BUSINESS_PERIOD, one),
        ("ft3", Dimension.VOLUME, one),
        ("B/s/mm2", Dimension.BANDWIDTH_DENSITY, one),
        ("GB/s/mm2", Dimension.BANDWIDTH_DENSITY, 10**9),
        ("WT", Dimension.ADJUSTED_PERFORMANCE, one),
        ("WT/FLOP/s", Dimension.PERFORMANCE_WEIGHT, one),
        ("WT/TFLOP/s", Dimension.PERFORMANCE_WEIGHT, Fraction(1, 10**12)),
        ("accelerator", Dimension.COUNT, one),
        ("user", Dimension.COUNT, one),
        ("transistor", Dimension.COUNT, one),
        ("parameter", Dimension.COUNT, one),
        ("person", Dimension.COUNT, one),
    ]
    return {symbol: Unit(symbol, dimension, Fraction(factor)) for symbol, dimension, factor in rows}


UNITS = _table()


@lru_cache(maxsize=4096)  # a rule pack says the same few hundred numbers thousands of times
def parse_number(text: str) -> Fraction:
    """Read an exact non-negative number.

    Args:
        text: ``123``, ``1_000``, ``1.5``, ``10^25``, ``3.8*10^25`` or ``1/3``.

    Returns:
        The number as a fraction.

    Raises:
        UnitError: If the text is anything else; the message says what to write.
    """
    match = _NUMBER.fullmatch(text) if len(text) <= _TEXT_MAX else None
    if match is None:
        remedy = "write 123, 1_000, 1.5, 10^25, 3.8*10^25 or 1/3"
        if _SCIENTIFIC.fullmatch(text):
            mantissa, _, exponent = text.lower().partition("e")
            remedy = (
                f"write {mantissa.lstrip('+')}*10^{exponent.lstrip('+')}: e-notation is a float"
            )
        raise UnitError(f"{text[:_TEXT_MAX]!r} is not an exact number", remedy=remedy)
    part = match.groupdict()
    if part["power"]:
        return Fraction(10 ** _exponent(part["power"]))
    if part["over"]:
        return Fraction(int(part["over"]), int(part["under"]))
    fraction = part["part"] or ""
    digits = int(part["whole"].replace("_", "") + fraction)
    return Fraction(digits * 10 ** _exponent(part["times"] or "0"), 10 ** len(fraction))


def _exponent(text: str) -> int:
    """Return an exponent within bounds."""
    if int(text) > _EXPONENT_MAX:
        raise UnitError(f"an exponent of {text} is beyond {_EXPONENT_MAX}", remedy="check the text")
    return int(text)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact number with a unit.

    Attributes:
        value: The number, in the unit given.
        unit: What it counts.
    """

    value: Fraction
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``<number> <unit>``, one space between.

        Raises:
            UnitError: If the number, the space or the unit is not there, or is unknown.
        """
        number, space, symbol = text.partition(" ")
        if not space or symbol not in UNITS:
            raise UnitError(
                f"{text[:_TEXT_MAX]!r} has no known unit",
                why="a number without its unit means nothing to a court",
                remedy="write the number, one space and a unit: " + ", ".join(UNITS),
            )
        return cls(parse_number(number), UNITS[symbol])

    @property
    def dimension(self) -> Dimension:
        """What it measures."""
        return self.unit.dimension

    @property
    def base(self) -> Fraction:
        """The number in the base unit of its dimension."""
        return self.value * self.unit.factor

    def exact_int(self) -> int:
        """Return the number of base units.

        Raises:
            UnitError: If it is not a whole number of them.
        """
        if self.base.denominator != 1:
            raise UnitError(f"{self} is not a whole number of base units", remedy="check the text")
        return self.base.numerator

    def require(self, dimension: Dimension) -> Self:
        """Return itself if it measures this.

        Raises:
            UnitError: If it measures something else.
        """
        if self.dimension is not dimension:
            raise UnitError(f"{self} is {self.dimension}, not {dimension}")
        return self

    def __add__(self, other: Self) -> Self:
        """Add a quantity of the same dimension; the sum is in this one's unit."""
        other.require(self.dimension)
        return type(self)((self.base + other.base) / self.unit.factor, self.unit)

    def __sub__(self, other: Self) -> Self:
        """Subtract a quantity of the same dimension."""
        other.require(self.dimension)
        return type(self)((self.base - other.base) / self.unit.factor, self.unit)

    def __lt__(self, other: Self) -> bool:
        """Compare with a quantity of the same dimension."""
        other.require(self.dimension)
        return self.base < other.base

    def __str__(self) -> str:
        """Return ``<number> <unit>``, which ``parse`` reads again."""
        return f"{self.value} {self.unit.symbol}"


def parse_quantity(text: str, dimension: Dimension) -> Quantity:
    """Read a quantity that must measure one thing.

    Raises:
        UnitError: If it cannot be read or measures something else.
    """
    return Quantity.parse(text).require(dimension)


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed range of whole numbers that surely holds the true one.

    Attributes:
        lo: Lowest possible value.
        hi: Highest possible value, or None when nothing bounds it.
    """

    lo: int
    hi: int | None

    def __post_init__(self) -> None:
        """Refuse an interval that runs backward."""
        if self.hi is not None and self.hi < self.lo:
            raise UnitError(f"the interval [{self.lo}, {self.hi}] runs backward")

    @classmethod
    def point(cls, value: int) -> Self:
        """Hold exactly one value."""
        return cls(value, value)

    @classmethod
    def unknown(cls, ceiling: int | None = None) -> Self:
        """Hold everything from 0 to a ceiling, or without end."""
        return cls(0, ceiling)

    @property
    def known(self) -> bool:
        """Whether only one value is possible."""
        return self.lo == self.hi

    def __add__(self, other: Self) -> Self:
        """Add end to end; a missing end stays missing."""
        hi = None if self.hi is None or other.hi is None else self.hi + other.hi
        return type(self)(self.lo + other.lo, hi)
