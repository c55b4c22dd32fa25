"""The legs of a sampled device are its days: time held, how much of it is covered, how busy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from ledger.canonical import JSON
from ledger.errors import HardwareError
from ledger.estimate import ratio_ppm
from ledger.form.plain import visible
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.mapping import Given, GivenDevice, Map
from ledger.importers.presence import DAY_MS, ONE, DayCover, cover_of
from ledger.importers.sampled_day import Device
from ledger.period import format_instant, from_epoch_ms
from ledger.record.draft import Draft, draft_of
from ledger.record.whole import Whole

__all__ = ["DayMaker", "Maker"]

_TYPES_MAX: Final = 200
_NO_MODEL: Final = (
    "the samples name no model of the device: each series is one device of an unknown kind"
)


@dataclass(frozen=True, slots=True)
class Maker:
    """Whose records they are, and which columns mean what.

    Attributes:
        name: Name of the importer.
        version: Its version.
        told_apart: Columns by which devices of no model are told apart without a map.
        run: Columns that name the run, the first that has a word.
        hidden: Confidential field to the column that it comes from.
    """

    name: str
    version: str
    told_apart: tuple[str, ...]
    run: tuple[str, ...]
    hidden: Mapping[str, str]


class DayMaker:
    """Makes the records of sampled devices."""

    def __init__(self, maker: Maker, catalogue: Catalogue, mapping: Map | None, role: str) -> None:
        """Name whose records they are, the devices, and what their words mean."""
        self.maker = maker
        self._catalogue = catalogue
        self._map = mapping
        self._role = role
        self._doubts: dict[str, tuple[str, str, str]] = {}
        self._first_ms = self._last_ms = 0

    def seen_in_slices(self, devices: list[Device]) -> frozenset[Device]:
        """Return the devices that are also seen in slices, and keep where the file begins, ends."""
        sliced = {device.place[0] for device in devices if device.place[1]}
        covers = [cover for device in devices for _, _, cover in device.days()]
        self._first_ms = min((cover.start_ms for cover in covers), default=0)
        self._last_ms = max((cover.stop_ms for cover in covers), default=0)
        return frozenset(d for d in devices if not d.place[1] and d.place[0] in sliced)

    def doubts(self) -> list[tuple[str, str, str]]:
        """Return what is odd about types of device: code, message and remedy of each."""
        return [self._doubts[kind] for kind in sorted(self._doubts)][:_TYPES_MAX]

    def drafts(self, device: Device, given: Given, sha256: str) -> Iterator[Draft]:
        """Yield one record a UTC day.

        Args:
            device: What was seen.
            given: What it is recorded as.
            sha256: Digest of the file.

        Raises:
            InputError: If a name cannot stand in a record, or the map says several things.
        """
        words = dict(device.words)
        fields, milli = self._held(device, given.precision)
        stated: dict[str, JSON] = {
            **held_time.UNKNOWN,
            "run": given.run or self._run(device, words),
            "model": given.model,
            "developer": given.developer,
            "activity": given.activity,
            "precision": given.precision,
            "sparsity": given.sparsity,
            "operation_kind": given.operation_kind,
            "role": self._role,
            **fields,
        }
        hidden = {
            ours: text
            for ours, theirs in self.maker.hidden.items()
            if (text := _plain(words.get(theirs, "")))
        }
        named = tuple(f"{name}={word}" for name, word in device.words if word)
        for day, figure, cover in device.days():
            evidence: dict[str, JSON] = {
                "source_kind": "telemetry",
                "file_sha256": sha256,
                "locator": f"{device.name}, day {format_instant(from_epoch_ms(day * DAY_MS))}",
                "importer": self.maker.name,
                "importer_version": self.maker.version,
            }
            whole_day = self._first_ms <= day * DAY_MS and self._last_ms >= (day + 1) * DAY_MS
            body = {
                **stated,
                **_times(cover),
                **_amounts(cover, milli, stated),
                "status": "final" if whole_day else "provisional",
                "method_inputs": _inputs(device, day, figure, cover),
                "evidence": evidence,
            }
            # Other figures of a device are the same time seen once more, and never a second record.
            mine = (self.maker.name, *named, str(day))
            whole = Whole.numbered(mine, evidence, parts=True)
            yield draft_of("allocation", body, hidden=hidden, key=(*mine, "0"), whole=whole)

    def _run(self, device: Device, words: Mapping[str, str]) -> str:
        """Return a name for what the device served."""
        found = (text for name in self.maker.run if (text := _plain(words.get(name, ""))))
        return next(found, "") or _plain("/".join(device.place).strip("/")) or "unnamed"

    def _held(self, device: Device, precision: str) -> tuple[dict[str, JSON], int | None]:
        """Return the fields of a device, and how many thousandths of one each unit is."""
        words = dict(device.words)
        part, model = words.get("gpu_i_profile", ""), words.get("modelname", "")
        sliced = bool(part or words.get("gpu_i_id"))
        kind = part or model
        given = device.agreed(lambda columns: self._given(columns, kind))
        if given is not None:
            fields = given.fabric()
            if given.device is not None:
                found = self._catalogue.find(given.device)
                fields |= held_time.peak_fields(found, precision, self._catalogue.digest)
            return fields, given.milli_devices
        if sliced:
            message = f"the slice {part!r} of {model!r} is a part of a device: how much of one "
            message += "is not known"
            remedy = "add devices: with milli_devices: to the map"
            self._doubts.setdefault(kind, ("unmapped-device", message, remedy))
            return {}, None
        try:
            found = self._catalogue.find(model)
        except HardwareError as error:
            message = error.message if model else _NO_MODEL
            remedy = error.remedy if model else "add devices: to the map"
            self._doubts.setdefault(kind, ("unmapped-device", message, remedy))
            return {}, 1000
        return held_time.peak_fields(found, precision, self._catalogue.digest), 1000

    def _given(self, words: Mapping[str, str], kind: str) -> GivenDevice | None:
        """Return what the map says of a device."""
        if self._map is None:
            return None
        return self._map.device_of(words, kind)


def _times(cover: DayCover) -> dict[str, JSON]:
    """Return the fields of the time from the first sample to the last."""
    start, stop = from_epoch_ms(cover.start_ms), from_epoch_ms(cover.stop_ms)
    return {
        "start": format_instant(start),
        "start_ms": cover.start_ms % 1000,
        "end": format_instant(stop),
        "end_ms": cover.stop_ms % 1000,
    }


def _amounts(cover: DayCover, milli: int | None, stated: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the fields of the device time: what is covered, and nothing for the gaps."""
    if milli is None:
        return {}
    held = milli * cover.covered_ms
    return {
        "milli_devices": None if cover.gaps else milli,
        "device_us": str(held),
        "ceiling_operations": held_time.most(stated, held),
    }


def _inputs(device: Device, day: int, figure: str, cover: DayCover) -> dict[str, JSON]:
    """Return what the samples say: coverage, gaps, and each figure with its own coverage."""
    span = cover.stop_ms - cover.start_ms
    inputs: dict[str, JSON] = {
        "presence": figure,
        "coverage_ppm": ratio_ppm(cover.covered_ms, span),
        "gaps": cover.gaps,
        "not_covered_ms": span - cover.covered_ms,
    }
    if cover.gaps:
        inputs["longest_gap_ms"] = cover.longest_ms
    for name, presence in sorted(device.figures.items()):
        busy, valued = presence.busy(day)
        own = cover_of([presence.stretches(day)])
        # Samples that overlap count their time twice: how busy it was they cannot tell.
        if own is not None and valued and not own.overlap_ms:
            inputs[f"{name}_ms"] = busy // ONE
            inputs[f"{name}_ppm"] = ratio_ppm(busy, valued * ONE)
            inputs[f"{name}_coverage_ppm"] = ratio_ppm(valued, span)
    return inputs


def _plain(text: str) -> str:
    """Return a text as it can stand in a record, shortened."""
    return normalize("NFC", visible(text, " "))[:200].strip()
