"""A sampled device is what the samples under one set of labels say, day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ledger.errors import InputError
from ledger.importers.mapping import Words
from ledger.importers.presence import DayCover, Presence, cover_of

__all__ = ["Device", "Together", "days_of"]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Device:
    """One device under one set of labels.

    Attributes:
        words: What tells it and what it served from all others.
        figures: What was measured to the samples of it.
        said: What else its series state for a map, each set of words once.
    """

    words: Words
    figures: Mapping[str, Presence]
    said: Sequence[Words] = ((),)

    def __hash__(self) -> int:
        """Hash by the labels, which no two devices share."""
        return hash(self.words)

    @property
    def columns(self) -> dict[str, str]:
        """The columns for a map, by the first of what its series state."""
        return dict((*self.words, *self.said[0]))

    def agreed(self, ask: Callable[[Mapping[str, str]], Answer]) -> Answer:
        """Return what is answered to the columns of the device.

        Args:
            ask: Answers for columns.

        Raises:
            InputError: If its series state several words for a column, and the answers differ.
        """
        answer = ask(self.columns)
        for said in self.said[1:]:
            if ask(dict((*self.words, *said))) != answer:
                told = sorted({f"{name} {word[:40]!r}" for one in self.said for name, word in one})
                raise InputError(
                    f"its series differ in labels that the map asks for: {', '.join(told)[:300]}",
                    why="the time of one device would be that of several models, or counted twice",
                    remedy="tell its models apart by namespace or pod, or query one of them",
                )
        return answer

    @property
    def name(self) -> str:
        """The device for people: its longest-lived label."""
        words = dict(self.words)
        place = words.get("uuid") or words.get("container_ip")
        if place is None:
            place = "/".join(word for name in ("hostname", "gpu") if (word := words.get(name)))
        part = words.get("gpu_i_id", "")
        return repr(place[:80]) + (f" slice {part}" if part else "")

    @property
    def place(self) -> tuple[str, str]:
        """The device itself, whatever it served."""
        words = dict(self.words)
        host = f"{words.get('hostname', '')}/{words.get('gpu', '')}"
        return (
            words.get("uuid") or words.get("container_ip") or host,
            words.get("gpu_i_id", ""),
        )

    @property
    def covered_ms(self) -> int:
        """Time that its samples stand for."""
        return sum(cover.covered_ms for _, _, cover in self.days())

    def days(self) -> Iterator[tuple[int, str, DayCover]]:
        """Yield each day with the figure that covers most of it, and what it covers."""
        for day in sorted({day for presence in self.figures.values() for day in presence.days()}):
            covers = [
                (cover, figure)
                for figure, presence in sorted(self.figures.items())
                if (cover := cover_of([presence.stretches(day)])) is not None
            ]
            cover, figure = max(covers, key=lambda pair: pair[0].covered_ms)
            yield day, figure, cover


@dataclass(frozen=True, slots=True)
class Together:
    """One device under several sets of labels.

    Attributes:
        name: The device for people.
        overlap_ms: Time for which it is seen under more than one.
    """

    name: str
    overlap_ms: int


def days_of(devices: Iterable[Device]) -> Iterator[Together]:
    """Yield the devices that are seen under several sets of labels."""
    by_place: dict[tuple[str, str], list[Device]] = {}
    for device in devices:
        by_place.setdefault(device.place, []).append(device)
    for several in by_place.values():
        if len(several) > 1:
            yield Together(several[0].name, _overlap(several))


def _overlap(several: list[Device]) -> int:
    """Return for how long a device is seen under more than one set of labels."""
    by_day: dict[int, list[tuple[int, Device, str]]] = {}
    for device in several:
        for day, figure, cover in device.days():
            by_day.setdefault(day, []).append((cover.covered_ms, device, figure))
    overlap = 0
    for day, seen in by_day.items():
        union = cover_of([device.figures[figure].stretches(day) for _, device, figure in seen])
        assert union is not None  # each of them covers something of the day
        overlap += sum(covered for covered, _, _ in seen) - union.covered_ms
    return overlap
