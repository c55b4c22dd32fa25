"""A slice is a group of allocations that share every graded number, with what it comes to.

Its five measures never add to each other: `Quantity` refuses. What is not known is counted beside
each sum and explained as a gap; it is never taken as zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from ledger.capacity import REFERENCE, Format, Measures, ReferenceUnit, Refusal, reference_units
from ledger.errors import RuleError
from ledger.grade import Grade, GradeTable, Links, ScaleTable
from ledger.hardware import Catalogue
from ledger.measure import GradeKey, GradeSums
from ledger.pack import Pack
from ledger.quantity import Quantity

__all__ = ["Amounts", "Gap", "Grader", "Partial", "Slice", "Tables"]


@dataclass(frozen=True, slots=True)
class Tables:
    """The rule data that a position rests on.

    Attributes:
        catalogue: Devices.
        grades: Interconnect grades.
        scale: Scale bands.
        measures: Plain measures.
        unit: Unit of reference capacity.
    """

    catalogue: Catalogue
    grades: GradeTable
    scale: ScaleTable
    measures: Measures
    unit: ReferenceUnit

    @classmethod
    def from_pack(cls, pack: Pack, *, unit: str = REFERENCE) -> Self:
        """Read the tables of a rule pack.

        Args:
            pack: The rules.
            unit: Id or symbol of the unit of reference capacity.

        Raises:
            MissingError: If the pack lacks a table.
            RuleError: If a table cannot stand, or there is no such unit.
        """
        units = reference_units(pack)
        chosen = [u for u in units.values() if unit in {u.id, u.unit.symbol}]
        if not chosen:
            raise RuleError(
                f"there is no unit {unit!r}", remedy="use one of: " + ", ".join(sorted(units))
            )
        grades = GradeTable.from_pack(pack)
        scale = ScaleTable.from_pack(pack)
        catalogue = Catalogue.from_pack(pack)
        return cls(catalogue, grades, scale, Measures.from_pack(pack), chosen[0])


@dataclass(frozen=True, slots=True)
class Partial:
    """A sum, and what it leaves out.

    Attributes:
        total: Sum of what is known; None if nothing is.
        missing_rows: Allocations that add nothing to it because a fact is missing or refused.
    """

    total: Quantity | None = None
    missing_rows: int = 0

    def __add__(self, other: Partial) -> Partial:
        """Return the sum over both; both must be of one dimension."""
        if self.total is None or other.total is None:
            total = self.total or other.total
        else:
            total = self.total + other.total
        return Partial(total, self.missing_rows + other.missing_rows)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The five measures of some allocations.

    Attributes:
        sums: Device time and operations, exact integers, netted of reversals.
        device_time: Device-hours.
        capacity: PFLOP-hours at the dense peak of the recorded format.
        reference: Reference units.
        processing_time: TPP-hours.
    """

    sums: GradeSums = field(default_factory=GradeSums)
    device_time: Partial = field(default_factory=Partial)
    capacity: Partial = field(default_factory=Partial)
    reference: Partial = field(default_factory=Partial)
    processing_time: Partial = field(default_factory=Partial)

    def __add__(self, other: Amounts) -> Amounts:
        """Return the amounts of both, measure by measure."""
        return Amounts(
            self.sums + other.sums,
            self.device_time + other.device_time,
            self.capacity + other.capacity,
            self.reference + other.reference,
            self.processing_time + other.processing_time,
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be graded or stated, and why.

    Attributes:
        what: ``interconnect``, ``scale``, ``device-hours``, ``pflop-hours``,
            ``reference-units``, ``tpp-hours`` or ``operations``.
        why: The reason, one clause.
        missing: Record fields that would settle it.
        possible: Grades that remain, for ``interconnect``.
        rows: Allocations concerned.
        device_us: Device-microseconds concerned, as far as known.
        unknown_rows: Those of the allocations whose device time is not known.
    """

    what: str
    why: str
    missing: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    rows: int = 0
    device_us: int = 0
    unknown_rows: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """One grade key with what it comes to.

    Attributes:
        key: The recorded numbers.
        grade: Interconnect grade, perhaps undetermined.
        scale: Scale band, or None if not known.
        amounts: The five measures.
        gaps: What could not be graded or stated.
    """

    key: GradeKey
    grade: Grade
    scale: str | None
    amounts: Amounts
    gaps: tuple[Gap, ...]


class Grader:
    """Grades slices by one set of tables; each kind of links is graded once."""

    def __init__(self, tables: Tables) -> None:
        """Keep the tables and remember grades by links."""
        self._tables = tables
        self._grades: dict[Links, Grade] = {}

    def slice(self, key: GradeKey, sums: GradeSums) -> Slice:
        """Return what one group of allocations comes to.

        Raises:
            RuleError: If its topology is not a word of the table.
        """
        grade = self._grade(key)
        scale = self._tables.scale.band(key.concurrent_devices)
        capacity, no_capacity = self._capacity(key, sums)
        reference, no_reference = self._reference(key, sums, grade, capacity)
        time, no_time = self._processing_time(key, sums)
        amounts = Amounts(sums, self._device_time(sums), capacity, reference, time)
        gaps = [_links_gap(grade, sums), _scale_gap(scale, sums), _time_gap(sums)]
        gaps += [no_capacity, no_reference, no_time, _operations_gap(sums)]
        return Slice(key, grade, scale, amounts, tuple(gap for gap in gaps if gap is not None))

    def _grade(self, key: GradeKey) -> Grade:
        """Return the grade of the links of a key."""
        links = Links(
            key.scale_up_gb_per_s, key.scale_up_domain, key.scale_out_gbit_per_s, key.topology
        )
        if links not in self._grades:
            self._grades[links] = self._tables.grades.grade(links)
        return self._grades[links]

    def _device_time(self, sums: GradeSums) -> Partial:
        """Return the device-hours held."""
        return _known(sums, self._tables.measures.device_time(sums.device_us))

    def _capacity(self, key: GradeKey, sums: GradeSums) -> tuple[Partial, Gap | None]:
        """Return the PFLOP-hours at the dense peak of the recorded format."""
        if key.peak_operations_per_s is not None:
            held = self._tables.measures.capacity(sums.device_us, key.peak_operations_per_s)
            return _known(sums, held), None
        if key.precision == "unknown":
            why, missing = "the precision is not recorded", ("precision",)
        else:
            why, missing = "no dense peak is recorded", ("peak_operations_per_s",)
        return _refused("pflop-hours", why, sums, missing)

    def _reference(
        self, key: GradeKey, sums: GradeSums, grade: Grade, capacity: Partial
    ) -> tuple[Partial, Gap | None]:
        """Return the reference units of some capacity."""
        if capacity.total is None:
            # The capacity itself is missing, and its own gap says why.
            return Partial(None, sums.rows), None
        device = self._tables.catalogue.devices.get(key.device or "")
        held = Format(device, key.precision, key.sparsity, grade)
        units = self._tables.unit.convert(capacity.total, held, self._tables.grades)
        if isinstance(units, Refusal):
            return _refused("reference-units", units.why, sums)
        return _known(sums, units), None

    def _processing_time(self, key: GradeKey, sums: GradeSums) -> tuple[Partial, Gap | None]:
        """Return the TPP-hours held."""
        device = self._tables.catalogue.devices.get(key.device or "")
        if device is None and key.device is not None:
            return _refused("tpp-hours", f"{key.device} is not in the catalogue", sums)
        time = self._tables.measures.processing_time(sums.device_us, device)
        if isinstance(time, Refusal):
            return _refused("tpp-hours", time.why, sums, () if device else ("device",))
        return _known(sums, time), None


def _known(sums: GradeSums, total: Quantity) -> Partial:
    """Return a sum over the rows whose device time is known; None if no row's is."""
    missing = sums.device_us_unknown
    return Partial(total if sums.rows > missing else None, missing)


def _refused(
    what: str, why: str, sums: GradeSums, missing: tuple[str, ...] = ()
) -> tuple[Partial, Gap | None]:
    """Return an empty sum and its reason."""
    return Partial(None, sums.rows), _gap(what, why, sums, missing)


def _gap(
    what: str,
    why: str,
    sums: GradeSums,
    missing: tuple[str, ...] = (),
    possible: tuple[str, ...] = (),
) -> Gap:
    """Return a gap that concerns a whole group."""
    return Gap(what, why, missing, possible, sums.rows, sums.device_us, sums.device_us_unknown)


def _links_gap(grade: Grade, sums: GradeSums) -> Gap | None:
    """Return why the interconnect grade is undetermined."""
    if grade.name is not None:
        return None
    why = "the links are not recorded fully"
    return _gap("interconnect", why, sums, grade.missing, grade.possible)


def _scale_gap(scale: str | None, sums: GradeSums) -> Gap | None:
    """Return why the scale band is not known."""
    if scale is not None:
        return None
    why = "the number of devices that worked together is not recorded"
    return _gap("scale", why, sums, ("concurrent_devices",))


def _time_gap(sums: GradeSums) -> Gap | None:
    """Return why device time is missing."""
    if not sums.device_us_unknown:
        return None
    why = "the device time is not recorded"
    unknown = sums.device_us_unknown
    return Gap("device-hours", why, ("device_us",), (), unknown, 0, unknown)


def _operations_gap(sums: GradeSums) -> Gap | None:
    """Return why operations have no upper end."""
    if not sums.operations_unbounded:
        return None
    why = "neither the operations nor a ceiling is recorded"
    missing = ("operations", "ceiling_operations")
    rows = sums.operations_unbounded
    # Without a ceiling there is no device time either, or no peak to multiply it with.
    return Gap("operations", why, missing, (), rows, 0, rows)
