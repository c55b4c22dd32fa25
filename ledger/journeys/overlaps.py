"""An overlap is device-time that stands in the ledger more than once and so would add twice."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
    groups: dict[tuple[object, ...], dict[tuple[object, ...], Seen]] = {}
    for leg in sorted(_held(legs), key=_order):
        if leg.own:
            group = groups.setdefault((leg.model, leg.day, leg.milli_devices), {})
            # Of equal legs one is enough: what it resembles, all of them do.
            group.setdefault((leg.importer, leg.device, leg.run, leg.start_ms, leg.end_ms), leg)
    told: set[str] = set()
    for group in groups.values():
        shelves: dict[tuple[str, str | None], list[Seen]] = {}
        for leg in group.values():
            shelves.setdefault((leg.importer, leg.device), []).append(leg)
        if len({importer for importer, _ in shelves}) < 2:  # noqa: PLR2004 - one tells it once
            continue
        for leg in group.values():
            if leg.run in told:
                continue
            twin = next((other for other in _near(leg, shelves) if _alike(leg, other)), None)
            if twin is not None:
                told |= {leg.run, twin.run}
                one, other = sorted((leg, twin), key=_order)
                yield one, other


def _order(leg: Seen) -> tuple[int, int]:
    """Return the place of a dated leg in time; of two at once the first recorded is before."""
    return _begin(leg), leg.seq


def _begin(leg: Seen) -> int:
    """Return when a dated leg begins, milliseconds since 1970."""
    assert leg.start_ms is not None
    return leg.start_ms


def _near(leg: Seen, shelves: Mapping[tuple[str, str | None], Sequence[Seen]]) -> Iterator[Seen]:
    """Yield legs of other importers that begin when one does, but for a ninth of its length.

    Any other has less than nine tenths of the longer one in common with it.

    Args:
        leg: The one.
        shelves: Legs of one size by importer and device, sorted by their start.
    """
    margin = _common_ms(leg, leg) // 9
    for (importer, device), shelf in shelves.items():
        if importer != leg.importer and (None in {device, leg.device} or device == leg.device):
            first = bisect_left(shelf, _begin(leg) - margin, key=_begin)
            last = bisect_right(shelf, _begin(leg) + margin, key=_begin)
            yield from shelf[first:last]


def _alike(one: Seen, other: Seen) -> bool:
    """Return whether two legs of one size, of two importers, may be one time under two runs."""
    longer = max(_common_ms(one, one), _common_ms(other, other))
    return one.run != other.run and 10 * _common_ms(one, other) >= 9 * longer


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
