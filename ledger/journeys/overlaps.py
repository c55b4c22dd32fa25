"""An overlap is device-time that stands in the ledger more than once and so would add twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.journeys.lanes import Seen

__all__ = ["Overlap", "elsewhere", "nested", "overlap", "repeated"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Time that two or more sources hold at once.

    Attributes:
        names: The sources, sorted.
        device_us: Device-time beyond the largest of them, device-microseconds.
    """

    names: tuple[str, ...]
    device_us: int


def overlap(legs: Iterable[Seen], source: Callable[[Seen], str]) -> Overlap | None:
    """Join the intervals of several sources and return what is held more than once.

    At every moment the devices of each source are added; what goes beyond the largest source is
    held twice. Legs of different devices do not meet, while a device that is not stated may be any;
    legs without time or devices are left out.

    Args:
        legs: Primary legs.
        source: What tells the sources apart.
    """
    held_ = list(_held(legs))
    if len({source(leg) for leg in held_}) < 2:  # noqa: PLR2004 - one source overlaps with no other
        return None
    by_device: dict[str | None, list[Seen]] = {}
    by_day: dict[int | None, list[Seen]] = {}
    for leg in held_:
        if leg.device is not None:
            by_device.setdefault(leg.device, []).append(leg)
            by_day.setdefault(leg.day, []).append(leg)
    for leg in held_:
        if leg.device is None:
            device = _device(leg, by_day.get(leg.day, ()), source)
            by_device.setdefault(device, []).append(leg)
    names: set[str] = set()
    total = 0
    for held in by_device.values():
        if len({source(leg) for leg in held}) > 1:
            total += _joined(held, source, names)
    return Overlap(tuple(sorted(names)), total) if total else None


def _held(legs: Iterable[Seen]) -> Iterator[Seen]:
    """Yield the primary legs with time and devices."""
    for leg in legs:
        if leg.primary and leg.start_ms is not None and leg.milli_devices:
            yield leg


def _device(leg: Seen, known: Sequence[Seen], source: Callable[[Seen], str]) -> str | None:
    """Return the device that another source states at the time of a leg that states none."""
    name = source(leg)
    return next((o.device for o in known if source(o) != name and _common_ms(leg, o) > 0), None)


def _common_ms(one: Seen, other: Seen) -> int:
    """Return how long two dated legs run at the same time, in milliseconds; below 1 if never."""
    assert one.start_ms is not None
    assert one.end_ms is not None
    assert other.start_ms is not None
    assert other.end_ms is not None
    return min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)


def elsewhere(legs: Iterable[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Yield pairs of primary legs of one model that look like one time told twice, under two runs.

    They come from two importers, hold as many devices, and run for nine tenths of the longer one
    together. Each run is told once.
    """
    groups: dict[tuple[object, ...], list[Seen]] = {}
    for leg in _held(legs):
        if leg.own:
            groups.setdefault((leg.model, leg.day, leg.milli_devices), []).append(leg)
    told: set[str] = set()
    for group in groups.values():
        if len({leg.importer for leg in group}) < 2:  # noqa: PLR2004 - one importer tells it once
            continue
        group.sort(key=lambda leg: (leg.start_ms, leg.seq))
        for place, leg in enumerate(group):
            twin = next((other for other in _during(leg, group, place) if _alike(leg, other)), None)
            if twin is not None and not {leg.run, twin.run} <= told:
                told |= {leg.run, twin.run}
                yield leg, twin


def _during(leg: Seen, group: Sequence[Seen], place: int) -> Iterator[Seen]:
    """Yield the legs of a group, sorted by their start, that begin while one runs."""
    for other in group[place + 1 :]:
        if _common_ms(leg, other) <= 0:
            return
        yield other


def _alike(one: Seen, other: Seen) -> bool:
    """Return whether two legs of one size may be the same time, under two runs."""
    if one.run == other.run or one.importer == other.importer:
        return False
    if None not in {one.device, other.device} and one.device != other.device:
        return False
    longer = max(_common_ms(one, one), _common_ms(other, other))
    return 10 * _common_ms(one, other) >= 9 * longer


def _joined(legs: Sequence[Seen], source: Callable[[Seen], str], names: set[str]) -> int:
    """Return what several sources hold of one device at once, and note which they are."""
    events: list[tuple[int, int, str]] = []
    for leg in legs:
        assert leg.start_ms is not None
        assert leg.end_ms is not None
        assert leg.milli_devices is not None
        name = source(leg)
        events += [(leg.start_ms, leg.milli_devices, name), (leg.end_ms, -leg.milli_devices, name)]
    events.sort()
    active: dict[str, int] = {}
    total, before = 0, events[0][0]
    for moment, change, name in events:
        if len(active) > 1 and moment > before:
            twice = sum(active.values()) - max(active.values())
            total += twice * (moment - before)
            names.update(active)
        before = moment
        active[name] = active.get(name, 0) + change
        if not active[name]:
            del active[name]
    return total


def repeated(legs: Iterable[Seen]) -> Iterator[tuple[Seen, ...]]:
    """Yield groups of primary legs that are alike in all but their place, operations included.

    Several ranks that each write the total of the run look like this.
    """
    groups: dict[tuple[object, ...], list[Seen]] = {}
    for leg in legs:
        if leg.primary and leg.operations:
            key = (
                *(leg.importer, leg.start_ms, leg.end_ms, leg.device, leg.milli_devices),
                *(leg.activity, leg.precision, leg.operations),
            )
            groups.setdefault(key, []).append(leg)
    yield from (tuple(group) for group in groups.values() if len(group) > 1)


def nested(runs: Mapping[str, Sequence[Seen]]) -> Iterator[tuple[str, str, Overlap]]:
    """Yield run, run inside it, and the device-time that both hold.

    A run is inside another if its records say so (``parent_run``) or if its name is that of the
    other, a stroke and more.
    """
    for name, legs in runs.items():
        parents = {leg.parent for leg in legs if leg.parent is not None}
        parents |= {name[:place] for place, sign in enumerate(name) if sign == "/"}
        for parent in sorted(parent for parent in parents - {name} if parent in runs):
            both = overlap((*legs, *runs[parent]), lambda leg: leg.run)
            if both is not None:
                yield parent, name, both
