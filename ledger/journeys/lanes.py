"""A lane is one way in which a run was seen: its method, its role and the importer that read it.

Lanes of one run stand side by side; they are compared, and only primary ones add.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from ledger.canonical import JSON
from ledger.methods.bound import Excess, excess
from ledger.period import epoch_ms, parse_instant
from ledger.record.provenance import evidence_grade

__all__ = ["FAMILIES", "Lane", "Seen", "lanes_of", "seen"]

Body = Mapping[str, JSON]

FAMILIES: Final[Mapping[str, str]] = {
    "architecture": "shape of the model",
    "framework": "shape of the model",
    "counter": "counted operators",
    "telemetry": "device counters",
    "hardware": "time held",
    "provider": "provider's report",
}
"""What a method rests on; two methods are independent only where that differs.

What a framework reports follows the same formula as the architecture, so the two are one.
"""

_BY_METHOD: Final = {
    "architecture": "architecture",
    "framework_reported": "framework",
    "counter": "counter",
    "hardware": "hardware",
    "provider_reported": "provider",
    "third_party_estimate": "publication",
    "none": "time",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What reconciling needs of one allocation.

    Attributes:
        seq: Entry.
        run: Run.
        model: Model that it serves.
        lane: Word of the method: ``architecture``, ``telemetry`` … or ``time``.
        primary: Whether it adds.
        own: Whether it is work of the run alone, and not a figure that includes ancestors.
        importer: Who read it.
        kind: Source kind.
        file: Digest of the file, or None.
        grade: Evidence letter of the record alone.
        activity: Word of the activity vocabulary.
        start_ms: Milliseconds since 1970, or None for undated work.
        end_ms: Likewise.
        device: Catalogue id, or None.
        milli_devices: Thousandths of devices, or None.
        device_us: Time held, or None.
        precision: Operand format.
        operations: Stated figure, or None.
        low: The figure or the lower end, or None.
        high: The figure or the upper end, or None.
        executed: Operations with recomputation, or None.
        ceiling: Most operations in the time held, or None.
        unsampled_us: Time of the whole run that telemetry says it did not see.
        commitment: Contract, or None.
        parent: Run that it says it is part of, or None.
        above: How far it is above its own ceiling, or None.
    """

    seq: int
    run: str
    model: str
    lane: str
    primary: bool
    own: bool
    importer: str
    kind: str
    file: str | None
    grade: str
    activity: str
    start_ms: int | None
    end_ms: int | None
    device: str | None
    milli_devices: int | None
    device_us: int | None
    precision: str
    operations: int | None
    low: int | None
    high: int | None
    executed: int | None
    ceiling: int | None
    unsampled_us: int
    commitment: str | None
    parent: str | None
    above: Excess | None

    @property
    def day(self) -> int | None:
        """Days since 1970, or None for undated work; a leg lies within one day."""
        return None if self.start_ms is None else self.start_ms // 86_400_000

    @property
    def states(self) -> bool:
        """Whether it states a figure, or the lower end of one."""
        return self.low is not None


@dataclass(frozen=True, slots=True)
class Lane:
    """One way in which a run was seen, its legs added up.

    Attributes:
        name: Word of the method.
        primary: Whether it adds.
        importer: Who read it.
        kinds: Source kinds of its records, sorted.
        files: Digests of its files.
        entries: Numbers of its entries.
        operations: Sum; None if a leg states none.
        low: Sum of figures or lower ends; None if a leg states neither.
        high: Sum of figures or upper ends; None likewise.
        executed: Sum with recomputation; None if a leg does not state it.
        device_us: Time held; None if no leg states it.
        seen_us: Time held less what was not sampled; None likewise.
    """

    name: str
    primary: bool
    importer: str
    kinds: tuple[str, ...]
    files: frozenset[str]
    entries: tuple[int, ...]
    operations: int | None
    low: int | None
    high: int | None
    executed: int | None
    device_us: int | None
    seen_us: int | None


def seen(seq: int, body: Body) -> Seen:
    """Return what reconciling needs of an allocation.

    Args:
        seq: Its entry.
        body: Its body.
    """
    evidence, inputs = cast("Body", body["evidence"]), cast("Body", body["method_inputs"])
    point = _whole(body["operations"])
    low, high = _whole(body["operations_low"]), _whole(body["operations_high"])
    parent = inputs.get("parent_run")
    return Seen(
        seq=seq,
        run=str(body["run"]),
        model=str(body["model"]),
        lane=_lane(str(body["method"]), inputs, str(evidence["source_kind"])),
        primary=body["role"] == "primary",
        own=body["extent"] == "own",
        importer=str(evidence["importer"]),
        kind=str(evidence["source_kind"]),
        file=_text(evidence["file_sha256"]),
        grade=evidence_grade(body),
        activity=str(body["activity"]),
        start_ms=_moment(body, "start"),
        end_ms=_moment(body, "end"),
        device=_text(body["device"]),
        milli_devices=_whole(body["milli_devices"]),
        device_us=_whole(body["device_us"]),
        precision=str(body["precision"]),
        operations=point,
        low=low if point is None else point,
        high=high if point is None else point,
        executed=_whole(body["operations_executed"]),
        ceiling=_whole(body["ceiling_operations"]),
        unsampled_us=1000 * _input(inputs, "unsampled_device_ms"),
        commitment=_text(body["commitment"]),
        parent=None if parent is None else str(parent),
        above=excess(body),
    )


def lanes_of(legs: Iterable[Seen]) -> tuple[Lane, ...]:
    """Return the lanes of one run, the primary first, then in the order of the log."""
    groups: dict[tuple[str, bool, str], list[Seen]] = {}
    for leg in legs:
        groups.setdefault((leg.lane, leg.primary, leg.importer), []).append(leg)
    return tuple(sorted((_added(group) for group in groups.values()), key=lambda x: not x.primary))


def _added(legs: list[Seen]) -> Lane:
    """Return legs of one lane as a lane."""
    held = [leg.device_us for leg in legs if leg.device_us is not None]
    # Each leg of a run carries what was not sampled of the whole run.
    unsampled = {leg.unsampled_us for leg in legs}
    first = legs[0]
    return Lane(
        name=first.lane,
        primary=first.primary,
        importer=first.importer,
        kinds=tuple(sorted({leg.kind for leg in legs})),
        files=frozenset(leg.file for leg in legs if leg.file is not None),
        entries=tuple(leg.seq for leg in legs),
        operations=_sum([leg.operations for leg in legs]),
        low=_sum([leg.low for leg in legs]),
        high=_sum([leg.high for leg in legs]),
        executed=_sum([leg.executed for leg in legs]),
        device_us=sum(held) if held else None,
        seen_us=max(0, sum(held) - max(unsampled)) if held else None,
    )


def _lane(method: str, inputs: Body, kind: str) -> str:
    """Return the word of a method, telling device counters from a stated utilisation."""
    if inputs.get("formula") == "pipe" or (kind == "telemetry" and method == "hardware"):
        return "telemetry"
    return _BY_METHOD[method]


def _sum(values: list[int | None]) -> int | None:
    """Add up, or return None if one is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _moment(body: Body, name: str) -> int | None:
    """Return one end of a leg in milliseconds since 1970."""
    text = body[name]
    if text is None:
        return None
    return epoch_ms(parse_instant(str(text))) + int(str(body[f"{name}_ms"]))


def _input(inputs: Body, name: str) -> int:
    """Return a whole input, 0 if it is not there."""
    text = str(inputs.get(name, 0))
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 38 else 0  # noqa: PLR2004


def _whole(value: JSON) -> int | None:
    """Return an amount as a number."""
    return None if value is None else int(str(value))


def _text(value: JSON) -> str | None:
    """Return a text or None."""
    return None if value is None else str(value)
