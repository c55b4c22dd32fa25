"""Anchoring says between which times an entry can have been written, whatever it says itself.

Evidence from outside is a checkpoint that somebody else saw at a known time: a witness's
cosignature, or a timestamp. It bounds entries on both sides. An entry under a checkpoint that was
seen at T was there by T. And an entry behind an ``anchor`` entry that holds the digest of evidence
made at T came after T, since nobody could have known the digest before. What ``recorded_at`` says
is only a claim, and must lie in between. Specification: ``schemas/anchoring.v1.md``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from ledger.errors import IntegrityError

__all__ = [
    "Anchored",
    "Seen",
    "Silence",
    "Written",
    "outside_of",
    "silences",
    "wide",
    "window_of",
    "windows",
]


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that was seen outside; whoever makes this has checked the evidence.

    Attributes:
        size: Entries under the checkpoint.
        by: Time by which it is shown to have existed: with several witnesses, that of the last
            one needed for a quorum.
        after: Time before which the evidence cannot have existed: the same, since one witness's
            clock may be ahead.
        evidence: SHA-256 of the evidence file, 64 hex digits.
    """

    size: int
    by: datetime
    after: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an ``anchor`` entry says.

    Attributes:
        seq: Number of the entry.
        size: Entries under the checkpoint that was seen.
        evidence: SHA-256 of the evidence file, 64 hex digits.
    """

    seq: int
    size: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Written:
    """A stretch of entries [start, stop) and the times between which they were written.

    Attributes:
        start: First entry.
        stop: First entry after them.
        after: They were not there before; None if nothing shows it.
        by: They were there then; None if nothing shows it.
    """

    start: int
    stop: int
    after: datetime | None
    by: datetime | None

    @property
    def width(self) -> timedelta | None:
        """How far they can have been back-dated; None if there is no bound."""
        return None if self.after is None or self.by is None else self.by - self.after


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which nobody outside saw the log.

    Attributes:
        start: When it was last seen.
        stop: When it was seen again, or the time of asking.
    """

    start: datetime
    stop: datetime


def windows(size: int, anchored: Iterable[Anchored], seen: Sequence[Seen]) -> tuple[Written, ...]:
    """Return between which times every entry was written.

    Args:
        size: Number of entries.
        anchored: What the ``anchor`` entries say, in order. One whose evidence is not among what
            was seen bounds nothing: its time is only a claim.
        seen: Checked evidence, in any order.

    Returns:
        Stretches that together are [0, size), in order; neighbours differ in a bound.

    Raises:
        IntegrityError: If an anchor names evidence about more entries than there were, or about
            another checkpoint than the evidence is, or two bounds contradict each other.
    """
    made = {each.evidence: each for each in seen}
    floors: list[tuple[int, datetime]] = []
    for anchor in anchored:
        evidence = made.get(anchor.evidence)
        if evidence is not None:
            _check(anchor, evidence)
            floors.append((anchor.seq, evidence.after))
    cuts = {0, size} | {seq for seq, _ in floors} | {each.size for each in seen}
    edges = sorted(cut for cut in cuts if 0 <= cut <= size)
    found: list[Written] = []
    for start, stop in pairwise(edges):
        after = max((at for seq, at in floors if seq <= start), default=None)
        by = min((each.by for each in seen if each.size >= stop), default=None)
        if after is not None and by is not None and by < after:
            raise IntegrityError(
                f"entries {start} to {stop - 1} were there by {by.isoformat()}, and hold the "
                f"digest of what was made at {after.isoformat()}",
                seq=start,
                why="one of the two times is false",
                remedy="ask both whose times these are",
            )
        if found and (found[-1].after, found[-1].by) == (after, by):
            found[-1] = Written(found[-1].start, stop, after, by)
        else:
            found.append(Written(start, stop, after, by))
    return tuple(found)


def window_of(found: Sequence[Written], seq: int) -> Written:
    """Return the stretch in which an entry stands.

    Args:
        found: What ``windows`` returned.
        seq: Number of an entry that it covers.
    """
    return found[bisect_right(found, seq, key=lambda each: each.start) - 1]


def wide(found: Iterable[Written], days_max: int) -> tuple[Written, ...]:
    """Return the stretches that can have been back-dated by more than so many days.

    One without a bound on a side is wider than any.
    """
    limit = timedelta(days=days_max)
    return tuple(each for each in found if each.width is None or each.width > limit)


def silences(times: Iterable[datetime], asked_at: datetime, days_max: int) -> tuple[Silence, ...]:
    """Return the times longer than so many days in which nobody outside saw the log.

    Args:
        times: When it was seen, in any order.
        asked_at: Time of asking: a log that was not seen of late is silent too.
        days_max: Days that are still accepted.
    """
    limit = timedelta(days=days_max)
    held = [*sorted(time for time in times if time <= asked_at), asked_at]
    return tuple(Silence(a, b) for a, b in pairwise(held) if b - a > limit)


def outside_of(
    written: Written, first: datetime, last: datetime, skew: timedelta = timedelta(0)
) -> str | None:
    """Say how the claimed times of a stretch contradict its window, or None if they fit.

    Args:
        written: The window.
        first: ``recorded_at`` of the first entry of the stretch.
        last: That of the last; times never decrease along the log.
        skew: By how much clocks may differ.
    """
    last_seq = written.stop - 1
    one = written.start == last_seq
    claim = f"entry {last_seq} claims" if one else f"entries {written.start} to {last_seq} claim"
    was = "was" if one else "were"
    if written.after is not None and written.after - first > skew:
        return (
            f"{claim} to be recorded from {first.isoformat()} on, and cannot have been "
            f"written before {written.after.isoformat()}"
        )
    if written.by is not None and last - written.by > skew:
        return (
            f"{claim} to be recorded up to {last.isoformat()}, and {was} there by "
            f"{written.by.isoformat()}"
        )
    return None


def _check(anchor: Anchored, evidence: Seen) -> None:
    """Refuse an anchor that cannot be about its evidence."""
    if anchor.size != evidence.size:
        raise IntegrityError(
            f"entry {anchor.seq} speaks of a checkpoint over {anchor.size} entries, its evidence "
            f"of one over {evidence.size}",
            seq=anchor.seq,
            why="the entry then bounds the time of other entries than its evidence shows",
            remedy="give the evidence file whose digest the entry names, unchanged",
        )
    if anchor.size > anchor.seq:
        raise IntegrityError(
            f"entry {anchor.seq} holds the digest of a checkpoint over {anchor.size} entries",
            seq=anchor.seq,
            why="a checkpoint over an entry cannot have been there before it",
            remedy="ask whoever keeps the ledger how the entry came about",
        )
