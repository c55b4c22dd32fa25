"""A remark is a comment of a rule file, and the entry that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Placed", "Remark", "Span", "Spot", "place_remarks", "remarks_in"]

_COMMENT: Final = re.compile(r"(?<!\S)#[^\n]*")


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment.

    Attributes:
        text: It, from its ``#`` to the last letter of the line.
        index: Offset in the file.
        line: Line, counted from 0.
        column: Column, counted from 0.
        alone: Whether nothing else stands on its line.
        spaced: Whether the line above it is blank.
    """

    text: str
    index: int
    line: int
    column: int
    alone: bool
    spaced: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """The comment, after an empty text where a blank line stands above it."""
        return ("", self.text) if self.spaced else (self.text,)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an entry stands.

    Attributes:
        id: What tells it from other entries.
        group: Id of the span that it belongs to, or None for the whole document.
        start: Offset of its key, its dash, or its value in brackets.
        end: Offset after its value.
        last: Line on which the value ends, counted from 0.
        column: Column of its start.
    """

    id: int
    group: int | None
    start: int
    end: int
    last: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where a mapping or list stands.

    Attributes:
        id: What tells it from other ones.
        owner: Id of the entry whose value it is.
        start: Offset of its first letter.
        end: Offset after its last.
        column: Column of its entries.
        flow: Whether it is written in brackets.
    """

    id: int
    owner: int
    start: int
    end: int
    column: int
    flow: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The comments of a file by what they speak of.

    Attributes:
        above: Lines before an entry; an empty text is a blank line.
        beside: Comments on the line of an entry.
        foot: Lines after the last entry of a span.
    """

    above: Mapping[int, tuple[str, ...]]
    beside: Mapping[int, tuple[Remark, ...]]
    foot: Mapping[int, tuple[str, ...]]


def remarks_in(text: str, scalars: Iterable[tuple[int, int, bool]]) -> Iterator[Remark]:
    """Yield the comments of a file in order.

    Args:
        text: The file.
        scalars: Start and end of each text in it, in order, and whether it is a block, whose
            first line may end in a comment.
    """
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    reached = 0
    for start, end, block in (*scalars, (len(text), len(text), False)):
        head = text.find("\n", start) if block else start
        for found in _COMMENT.finditer(text, reached, max(start, head)):
            number = text.count("\n", 0, found.start())
            before = lines[number][: found.start() - starts[number]]
            yield Remark(
                found.group().rstrip(),
                found.start(),
                number,
                len(before),
                alone=not before.strip(),
                spaced=number > 0 and not lines[number - 1].strip(),
            )
        reached = end


def place_remarks(
    remarks: Iterable[Remark], spots: Sequence[Spot], spans: Mapping[int, Span]
) -> Placed:
    """Say of every comment which entry it speaks of.

    Args:
        remarks: The comments.
        spots: The entries, in the order of their starts; the first is the whole document.
        spans: The mappings and lists by id.
    """
    above, foot = dict[int, tuple[str, ...]](), dict[int, tuple[str, ...]]()
    beside = dict[int, tuple[Remark, ...]]()
    for remark in remarks:
        if not remark.alone:
            spot = _on_the_line(remark, spots)
            beside[spot.id] = (*beside.get(spot.id, ()), remark)
            continue
        follower, span = _alone(remark, spots, spans)
        if follower is not None:
            above[follower.id] = (*above.get(follower.id, ()), *remark.lines)
        else:
            assert span is not None, "a comment stands before an entry or after one"
            foot[span.id] = (*foot.get(span.id, ()), *remark.lines)
    return Placed(above, beside, foot)


def _on_the_line(remark: Remark, spots: Sequence[Spot]) -> Spot:
    """Return the entry that a comment on its line speaks of: what ends there, else what begins."""
    ended = [s for s in spots if s.last == remark.line and s.end <= remark.index]
    if ended:
        return max(ended, key=lambda spot: (spot.end, spot.start))
    return [spot for spot in spots if spot.start <= remark.index][-1]


def _alone(
    remark: Remark, spots: Sequence[Spot], spans: Mapping[int, Span]
) -> tuple[Spot | None, Span | None]:
    """Return the entry that a comment stands before, or the span at whose end it stands."""
    later = [spot for spot in spots if spot.start > remark.index]
    inside = [s for s in spans.values() if s.flow and s.start < remark.index < s.end]
    if inside:
        span = max(inside, key=lambda each: each.start)
        return next((spot for spot in later if spot.group == span.id), None), span
    following = later[0] if later else None
    if following is not None and remark.column <= following.column:
        return following, None
    around = None if following is None else _around(following, spots, spans)
    earlier = [spot for spot in spots if spot.start < remark.index]
    ids = _around(earlier[-1], spots, spans) if earlier else []
    fitting = [spans[i] for i in ids if not spans[i].flow and spans[i].column <= remark.column]
    if not fitting or (around is not None and fitting[0].id in around):
        return following, fitting[0] if fitting else _outermost(ids, spans)
    return None, fitting[0]


def _around(spot: Spot, spots: Sequence[Spot], spans: Mapping[int, Span]) -> list[int]:
    """Return the ids of the spans that an entry lies in, the innermost first."""
    by_id = {each.id: each for each in spots}
    found, here = list[int](), spot
    while here.group is not None:
        found.append(here.group)
        here = by_id[spans[here.group].owner]
    return found


def _outermost(ids: Sequence[int], spans: Mapping[int, Span]) -> Span | None:
    """Return the outermost of nested spans."""
    return spans[ids[-1]] if ids else None
