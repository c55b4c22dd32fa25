"""Capacity is what held devices could do; its units are rule data, and refuse what is not lawful.

Five measures stand beside each other: device-hours, PFLOP-hours at the recorded format, reference
units such as PFh[FP8d,H], TPP-hours, and operations done. They are five dimensions, so a sum across
two of them raises `UnitError`. Every figure is an exact fraction. A conversion that the unit does
not allow gives a `Refusal`, which is a value with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from ledger.errors import RuleError
from ledger.grade import Grade, GradeTable
from ledger.hardware import FORMATS, Device
from ledger.hardware.fields import Fields
from ledger.pack import Pack
from ledger.quantity import UNITS, Dimension, Quantity, Unit

__all__ = ["REFERENCE", "Format", "Measures", "ReferenceUnit", "Refusal", "reference_units"]

REFERENCE = "pfh-fp8d-h"
"""The unit that positions are stated in when no other is asked for."""

_MEASURES = "units/measures.v1.yaml"
_FOLDER = "units"
_US_PER_S = 10**6
_REASONS = (
    "unrecorded",
    "structured",
    "below",
    "unranked",
    "undetermined",
    "unidentified",
    "unsupported",
    "undeclared",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A figure that is not given, and why.

    Attributes:
        code: Word for the reason.
        why: The reason, one clause.
    """

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Format:
    """What ran on what: the part of a grade that decides whether a unit applies.

    Attributes:
        device: The part, or None if it is not recorded.
        precision: Operand precision.
        sparsity: ``dense``, ``structured`` or ``unknown``.
        grade: Interconnect grade, perhaps undetermined.
    """

    device: Device | None
    precision: str
    sparsity: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class ReferenceUnit:
    """A unit of graded capacity, as a contract states it.

    Attributes:
        id: Name of the unit.
        unit: Symbol and factor to the base unit of reference capacity.
        title: What it is, in English.
        precision: Format that the device must support.
        floor: Lowest interconnect grade that delivers it.
        factors: Precision to units for one PFLOP-hour of dense capacity.
        reasons: Code of a refusal to its text.
    """

    id: str
    unit: Unit
    title: str
    precision: str
    floor: str
    factors: Mapping[str, Fraction]
    reasons: Mapping[str, str]

    def convert(self, capacity: Quantity, held: Format, table: GradeTable) -> Quantity | Refusal:
        """Return how many units some capacity delivers.

        Args:
            capacity: PFLOP-hours at the dense peak of the recorded format.
            held: What was held.
            table: Ranks the grades.

        Returns:
            Reference capacity, exact, or why the unit does not apply.

        Raises:
            UnitError: If ``capacity`` measures anything but capacity.
        """
        capacity.require(Dimension.CAPACITY)
        code = self._refusal(held, table)
        if code is not None:
            return Refusal(code, self.reasons[code])
        return Quantity(capacity.base * self.factors[held.precision], self.unit)

    def _refusal(self, held: Format, table: GradeTable) -> str | None:
        """Return the code of the first reason to refuse, or None."""
        if held.sparsity != "dense":
            return "structured" if held.sparsity == "structured" else "unrecorded"
        if held.precision not in self.factors:
            return "undeclared"
        if held.precision != self.precision:
            if held.device is None:
                return "unidentified"
            if held.device.peak(self.precision) is None:
                return "unsupported"
        return self._below(held.grade, table)

    def _below(self, grade: Grade, table: GradeTable) -> str | None:
        """Return the code if the grade does not surely reach the floor."""
        reached = {table.at_least(name, self.floor) for name in grade.possible}
        if reached == {True}:
            return None
        if len(reached) > 1:
            return "undetermined"
        return "below" if False in reached else "unranked"


@dataclass(frozen=True, slots=True)
class Measures:
    """The plain measures of held capacity.

    Attributes:
        pflop_hour: Operations in one PFLOP-hour.
    """

    pflop_hour: Fraction

    @classmethod
    def from_pack(cls, pack: Pack) -> Self:
        """Read the measures of a rule pack.

        Raises:
            MissingError: If the pack has none.
            RuleError: If one of them is not what its dimension says.
        """
        fields = Fields.of(pack.tree(_MEASURES), _MEASURES).child("measures")
        for name in fields.tree:
            measure = fields.child(name)
            unit = UNITS.get(measure.text("unit"))
            if unit is None or unit.dimension != measure.text("dimension"):
                raise RuleError(f"the unit of {name} is not of its dimension", where=measure.where)
        return cls(_content(fields.child("pflop-hour")))

    def device_time(self, device_us: int) -> Quantity:
        """Return held device-microseconds as device-hours."""
        hour = UNITS["device_h"]
        return Quantity(device_us / hour.factor, hour)

    def capacity(self, device_us: int, peak: int) -> Quantity:
        """Return PFLOP-hours: the time held times the dense peak of one device.

        Args:
            device_us: Held device-microseconds.
            peak: Operations per second of one device, dense, at the recorded precision.
        """
        operations = Fraction(device_us * peak, _US_PER_S)
        return Quantity(operations / self.pflop_hour, UNITS["PFLOP-hour"])

    def processing_time(self, device_us: int, device: Device | None) -> Quantity | Refusal:
        """Return TPP-hours: the time held times total processing performance of the part."""
        if device is None:
            return Refusal("unidentified", "the device is not recorded")
        if device.tpp is None:
            return Refusal("unpublished", f"no dense rate of {device.id} is published")
        hours = self.device_time(device_us)
        return Quantity(hours.value * device.tpp, UNITS["TPP-hour"])


def reference_units(pack: Pack) -> dict[str, ReferenceUnit]:
    """Read every unit of graded capacity of a rule pack, by id.

    Raises:
        RuleError: If a unit cannot stand: an unknown format, no factor of its own format, a
            reason left out.
    """
    found = {}
    for path, tree in pack.under(_FOLDER).items():
        if path != _MEASURES:
            unit = _reference(Fields.of(tree, path))
            found[unit.id] = unit
    return found


def _content(fields: Fields) -> Fraction:
    """Return the operations of a rate kept for a time."""
    rate = fields.quantity("rate", Dimension.OPERATION_RATE)
    time = fields.quantity("time", Dimension.DURATION)
    if rate is None or time is None:
        raise RuleError("rate and time must be known", where=fields.where)
    return rate * time


def _reference(fields: Fields) -> ReferenceUnit:
    """Read one unit."""
    keys = ("schema", "id", "symbol", "title", "version", "dimension")
    fields.only((*keys, "definition", "requires", "converts", "refuses"))
    fields.text("schema", ("unit/1",))
    fields.text("dimension", (Dimension.REFERENCE_CAPACITY.value,))
    definition, requires = fields.child("definition"), fields.child("requires")
    precision = definition.text("precision", tuple(FORMATS))
    factors = _factors(fields.child("converts"))
    reasons = fields.child("refuses").only(_REASONS)
    base = UNITS["PFLOP-hour"].factor * factors.get("fp8", Fraction(0))
    if factors.get(precision) != 1 or base == 0 or definition.text("sparsity") != "dense":
        raise RuleError(
            "a unit is dense, holds one PFLOP-hour of its own format, and converts fp8",
            where=fields.where,
        )
    return ReferenceUnit(
        fields.text("id"),
        # The base unit of the dimension is the FP8 one, of which this holds 1/factor.
        Unit(fields.text("symbol"), Dimension.REFERENCE_CAPACITY, 1 / base),
        fields.child("title").text("en"),
        requires.text("supports", tuple(FORMATS)),
        requires.text("interconnect"),
        factors,
        {code: reasons.text(code) for code in _REASONS},
    )


def _factors(fields: Fields) -> dict[str, Fraction]:
    """Return units for one PFLOP-hour of each format."""
    fields.only((), tuple(FORMATS))
    factors = {}
    for precision in fields.tree:
        factor = fields.number(precision)
        if factor is None or factor == 0:
            raise RuleError(f"the factor of {precision} must be above 0", where=fields.where)
        factors[precision] = factor
    return factors
