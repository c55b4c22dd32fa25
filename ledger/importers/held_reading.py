"""A held reading goes over a source stretch by stretch: to check it, and again for its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.distinct import DistinctTexts
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Given, GivenDevice, Map
from ledger.importers.marked_places import MarkedPlaces
from ledger.importers.problem_list import ProblemList
from ledger.importers.promised import Promised
from ledger.importers.stretch import SLOTS, Doubt, Nothing, Refusal, Stretch, Units
from ledger.importers.unmapped import Unmapped
from ledger.journeys.importing import Reading
from ledger.record.draft import Draft, draft_again, draft_of
from ledger.record.whole import Series, Whole

__all__ = ["HeldReader", "Source", "Terms"]

_TYPES_MAX: Final = 10_000  # types of device that are told one by one
_YEAR_MAX: Final = 9000


class Source(Protocol):
    """A file that says which devices were held when."""

    @property
    def name(self) -> str:
        """Name of the importer."""

    @property
    def version(self) -> str:
        """Version of the importer."""

    @property
    def noun(self) -> str:
        """What holds devices, in the plural: ``jobs``."""

    @property
    def told_by(self) -> tuple[str, ...]:
        """Columns by which those of no model are told, where the map names none."""

    @property
    def nothings(self) -> Mapping[str, str]:
        """What each word of `Nothing` means."""

    def stretches(self) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what the file says, in its order; every pass yields the same.

        Raises:
            LedgerError: If the file cannot be read at all.
        """

    def doubts(self) -> tuple[Doubt, ...]:
        """Return what is odd about the file as a whole, once it was gone through."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller says of every stretch.

    Attributes:
        model: Model of what no map is about; None if nobody said.
        role: ``primary`` or ``corroborating``.
    """

    model: str | None
    role: str

    @classmethod
    def of(cls, settings: Mapping[str, str], role: str = "primary") -> Terms:
        """Read the settings ``model`` and ``role``.

        Args:
            settings: All of them.
            role: The role where none is set.
        """
        words = (role, "corroborating" if role == "primary" else "primary")
        return cls(settings.get("model"), held_time.word_setting(settings, "role", words))


class _Ready(Protocol):
    """Makes a record ready for sealing."""

    def __call__(
        self,
        kind: str,
        body: dict[str, JSON],
        /,
        *,
        hidden: Mapping[str, str],
        key: tuple[str, ...],
        whole: Whole,
    ) -> Draft: ...


class _Counts:
    """What the first pass counted."""

    def __init__(self, unmapped: Unmapped) -> None:
        """Begin with nothing."""
        self.holding = 0
        self.nothing: Counter[str] = Counter()
        self.runs = DistinctTexts()
        self.refused = MarkedPlaces()
        self.unmapped = unmapped
        self.types: set[tuple[str, str]] = set()


class HeldReader:
    """Reads one file: once to check it, and again each time its records are asked for."""

    def __init__(
        self,
        source: Source,
        stream: LineStream,
        terms: Terms,
        catalogue: Catalogue,
        mapping: Map | None,
    ) -> None:
        """Name what is read, and how."""
        self._source = source
        self._stream = stream
        self._terms = terms
        self._catalogue = catalogue
        self._map = mapping
        self._path = str(stream.path)
        self._counts = _Counts(Unmapped(source.noun, source.told_by, mapping))
        self._problems = ProblemList(self._path)
        self._all = None if terms.model is None else Given(model=terms.model)
        self._peaks: dict[tuple[str, str], Mapping[str, JSON]] = {}

    def reading(self) -> Reading:
        """Check the file whole, and promise its records."""
        problems = self._problems
        try:
            for place, found in enumerate(self._source.stretches()):
                self._check(found, place)
        except LedgerError as error:
            problems.add(held_time.refusal(self._path, error))
            return Reading((), problems.all(), 0, refused=problems.refused)
        self._tell()
        runs = len(self._counts.runs)
        drafts, told = Promised(self.drafts), Promised(self.told)
        return Reading(drafts, problems.all(), runs, refused=problems.refused, told=told)

    def drafts(self) -> Iterator[Draft]:
        """Yield the records of every stretch that a model is known for."""
        return (found for found in self.told() if isinstance(found, Draft))

    def told(self) -> Iterator[Draft | Whole]:
        """Yield the records, and what holds nothing although it may have been recorded."""
        refused = self._counts.refused
        for place, found in enumerate(self._source.stretches()):
            if isinstance(found, Nothing) and found.key:
                whole = self._whole(found.key, found.units, self._evidence(found.locator))
                yield replace(whole, doubtful=found.doubtful, role=self._terms.role)
            if not isinstance(found, Stretch) or place in refused:
                continue
            given = self._given(found)
            if given is not None:
                # The stream gives out what the first pass has checked, or nothing.
                yield from self._legs(found, given, draft_again)

    def _check(self, found: Stretch | Nothing | Refusal, place: int) -> None:
        """Count what was found and tell what is wrong or odd about it."""
        counts = self._counts
        if isinstance(found, Nothing):
            counts.nothing[found.why] += found.amount
            return
        if isinstance(found, Refusal):
            self._problems.add(held_time.refusal(self._path, found.error, found.line))
            return
        counts.holding += not found.more
        for doubt in found.doubts:
            self._finding(found.line, doubt)
        try:
            given = self._given(found)
            if given is None:
                self._count_unmapped(found)
                return
            for leg in self._legs(found, given, draft_of):
                counts.runs.add(str(leg.body["run"]))
        except InputError as error:
            counts.refused.add(place)
            self._problems.add(held_time.refusal(self._path, error, found.line))

    def _given(self, stretch: Stretch) -> Given | None:
        """Return what a stretch is recorded as, or None if nobody said which model it served."""
        found = None if self._map is None else self._map.row(stretch.cells)
        return self._all if found is None else found

    def _legs(self, stretch: Stretch, given: Given, ready: _Ready) -> Iterator[Draft]:
        """Yield the records of a stretch: one for each type of device and UTC day."""
        source, period = self._source, stretch.period
        if period.milliseconds > held_time.SPAN_MAX_MS or period.stop.year >= _YEAR_MAX:
            raise InputError(
                f"devices are held until {period.stop:%Y-%m-%d}, which is no time that can be",
                remedy="check the clock, and the unit of the times",
            )
        stated: dict[str, JSON] = {
            "run": given.run or stretch.run,
            "model": given.model,
            "developer": given.developer,
            "activity": given.activity,
            "precision": given.precision,
            "sparsity": given.sparsity,
            "operation_kind": given.operation_kind,
            "status": "provisional" if stretch.running else "final",
            "role": self._terms.role,
            "concurrent_devices": stretch.concurrent,
            "method_inputs": dict(stretch.inputs),
            "evidence": self._evidence(stretch.locator),
        }
        places = stretch.places or tuple(units.place for units in stretch.units)
        whole = self._whole(stretch.key, places, self._evidence(stretch.locator))
        for units in stretch.units:
            fields, milli = self._held(stretch, units, given.precision)
            amount = None if milli is None else units.count * milli
            pieces = held_time.dated({**stated, **fields}, stretch.period, amount or 0)
            for index, leg in enumerate(pieces):
                if amount is None or not stretch.span_known:
                    leg |= {"milli_devices": None, "device_us": None, "ceiling_operations": None}
                place = (str(stretch.day + index), str(stretch.turn if index == 0 else 0))
                key = (source.name, *stretch.key, units.place, *place)
                yield ready("allocation", leg, hidden=stretch.hidden, key=key, whole=whole)

    def _whole(
        self, key: tuple[str, ...], places: tuple[str, ...], evidence: Mapping[str, JSON]
    ) -> Whole:
        """Return what all legs of a stretch are of: each place of units has one a UTC day."""
        mine = (self._source.name, *key)
        series = tuple(Series(("allocation", *mine, place), ("0",)) for place in places)
        return Whole(mine, series, evidence, ordered=places == SLOTS)

    def _evidence(self, locator: str) -> dict[str, JSON]:
        """Return where something stands, as a record states it."""
        return {
            "source_kind": "scheduler",
            "file_sha256": self._stream.sha256,
            "locator": locator,
            "importer": self._source.name,
            "importer_version": self._source.version,
        }

    def _held(
        self, stretch: Stretch, units: Units, precision: str
    ) -> tuple[dict[str, JSON], int | None]:
        """Return the fields of a device, and how many thousandths of one each unit is.

        A unit that is a part of a device is as much of one as the map says in so many words.
        """
        columns = {**stretch.cells, **units.words} if units.words else stretch.cells
        device = None if self._map is None else self._map.device_of(columns, units.type)
        milli = units.milli
        if device is not None and "milli_devices" in device.model_fields_set:
            milli = device.milli_devices
        if milli is None or device is None or device.device is None:
            self._count_type(units.type, "part" if milli is None else "unmapped")
        if device is None:
            return {}, milli
        return {**device.fabric(), **self._peak(device, precision)}, milli

    def _peak(self, device: GivenDevice, precision: str) -> Mapping[str, JSON]:
        """Return the fields of a device that the catalogue states; none if it is not named."""
        if device.device is None:
            return {}
        place = (device.device, precision)
        if place not in self._peaks:
            part = self._catalogue.find(device.device)
            self._peaks[place] = held_time.peak_fields(part, precision, self._catalogue.digest)
        return self._peaks[place]

    def _count_type(self, kind: str, why: str) -> None:
        """Keep a type of device of which something is not known."""
        if len(self._counts.types) < _TYPES_MAX:
            self._counts.types.add((kind, why))

    def _count_unmapped(self, stretch: Stretch) -> None:
        """Count a stretch of which nobody said which model it served."""
        whole = sum(u.count * (1000 if u.milli is None else u.milli) for u in stretch.units)
        held = whole * stretch.period.milliseconds if stretch.span_known else 0
        number = int(not stretch.more)
        self._counts.unmapped.add(stretch.cells, stretch.line, held, number=number)

    def _tell(self) -> None:
        """Tell what was counted."""
        for line, doubt in self._counts.unmapped.findings():
            self._finding(line, doubt)
        for kind, why in sorted(self._counts.types):
            part = why == "part"
            says = "is a part of a device" if part else "names no device of the catalogue"
            message = f"the type {kind!r} {says}"
            if not kind:
                says = "are parts of devices" if part else "name no device of the catalogue"
                message = f"devices without a type {says}"
            message += ": how much of one is not known" if part else ""
            self._finding(None, Doubt("unmapped-device", message, "add devices: to the map"))
        if len(self._counts.types) >= _TYPES_MAX:
            message = f"types of device beyond the first {_TYPES_MAX:,} are not told one by one"
            self._finding(None, Doubt("unmapped-device", message, "add devices: to the map"))
        for doubt in self._source.doubts():
            self._finding(None, doubt)
        counts, source = self._counts, self._source
        parts = [f"{source.noun} with accelerators: {counts.holding:,}"]
        parts += [f"{source.nothings[why]}: {n:,}" for why, n in sorted(counts.nothing.items())]
        self._problems.note("read", "; ".join(parts))

    def _finding(self, line: int | None, doubt: Doubt) -> None:
        """Tell something that somebody must look at."""
        self._problems.finding(line, doubt.code, doubt.message, doubt.remedy)
