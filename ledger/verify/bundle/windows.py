"""Windows say between which moments, shown from outside, an entry can have been written.

The upper end is the first cosigned checkpoint that covers the entry: by then it existed. The lower
end is the last anchor before it: an entry that holds the digest of evidence from outside, which
cannot have been known before. What the entry itself says is compared with both, and shows nothing
alone.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ledger.errors import IntegrityError
from ledger.policy import Policy
from ledger.verify.bundle.course import Course
from ledger.verify.bundle.custody import existed_by
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.prefix import Prefix

__all__ = ["SKEW", "check_windows"]

SKEW = timedelta(minutes=10)
"""How far clocks may be apart before a stated time contradicts one from outside."""


def check_windows(notes: Notes, prefix: Prefix, policy: Policy, course: Course) -> None:
    """Step 11: stated times lie within the windows; no window or silence is over the policy's.

    Raises:
        IntegrityError: Naming the entry that states a time after it was seen from outside.
    """
    course.step = 11
    upper = existed_by(notes)
    sizes = sorted(upper)
    _check_upper(prefix, sizes, upper)
    notes_ = [_silence(prefix, policy)]
    finding = bool(notes_[0])
    if not sizes:
        text = "no cosignature: when entries were written rests on the word of the owner alone"
        asked = policy.window_days_max is not None
        outcome = "finding" if asked or finding else "not_asked"
        course.close(11, 0, "entries", text, *notes_, outcome=outcome)  # type: ignore[arg-type]
        return
    covered = sizes[-1]
    widest, where = _widest(notes, prefix, sizes, upper)
    notes_.append(f"the widest window is {_days(widest)}, at entry {where}")
    if policy.window_days_max is not None and widest > timedelta(days=policy.window_days_max):
        notes_.append(f"the policy allows {policy.window_days_max} days")
        finding = True
    if covered < prefix.size:
        notes_.append(f"entries from {covered} on have no end to their window yet")
    outcome = "finding" if finding else "held"
    course.close(11, covered, "entries", *notes_, outcome=outcome)  # type: ignore[arg-type]


def _check_upper(prefix: Prefix, sizes: list[int], upper: Mapping[int, datetime]) -> None:
    """Refuse an entry that says to be later than it was seen from outside."""
    for size in sizes:
        if size == 0:
            continue
        stated, seen = _time(prefix.recorded[size - 1]), upper[size]
        if stated > seen + SKEW:
            raise IntegrityError(
                f"entry {size - 1} states {stated:%Y-%m-%dT%H:%M:%SZ}, and a witness saw it "
                f"at {seen:%Y-%m-%dT%H:%M:%SZ}",
                seq=size - 1,
                why="a clock was wrong, or the stated time was made up",
            )


def _widest(
    notes: Notes, prefix: Prefix, sizes: list[int], upper: Mapping[int, datetime]
) -> tuple[timedelta, int]:
    """Return the widest window and the first entry in it.

    Without an anchor before it, an entry's window is open below: there it begins at the time that
    the first entry states, which its owner may have made up.
    """
    anchors = _anchors(notes, prefix)
    places = [seq for seq, _ in anchors]
    widest, where = timedelta(0), 0
    starts = sorted({0, *places, *(size for size in sizes if size < prefix.size)})
    for seq in starts:
        index = bisect_left(sizes, seq + 1)
        if index == len(sizes):
            continue
        before = bisect_left(places, seq)
        since = anchors[before - 1][1] if before else _time(prefix.recorded[0])
        width = upper[sizes[index]] - since
        if width > widest:
            widest, where = width, seq
    return widest, where


def _anchors(notes: Notes, prefix: Prefix) -> list[tuple[int, datetime]]:
    """Return the anchor entries whose evidence is in the bundle, with its time.

    Raises:
        IntegrityError: If an anchor names a checkpoint that comes after it.
    """
    found = []
    for entry in prefix.kept:
        if entry.type != "anchor":
            continue
        size, digest = entry.body["size"], entry.body["evidence_sha256"]
        assert isinstance(size, int)
        if size > entry.seq:
            raise IntegrityError(
                f"entry {entry.seq} anchors a checkpoint over {size} entries", seq=entry.seq
            )
        held = notes.assents.get(size)
        if held is None or not held.cosigned:
            continue
        if hashlib.sha256(held.note.encode()).hexdigest() == digest:
            times = [each.cosignature.at for each in held.cosigned if each.cosignature.time]
            found += [(entry.seq, at) for at in sorted(times)[:1]]
    return found


def _silence(prefix: Prefix, policy: Policy) -> str:
    """Return where the ledger was silent for longer than the policy allows, in words."""
    limit = policy.silence_days_max
    if limit is None:
        return ""
    for seq in range(1, prefix.size):
        if prefix.recorded[seq] == prefix.recorded[seq - 1]:
            continue
        gap = _time(prefix.recorded[seq]) - _time(prefix.recorded[seq - 1])
        if gap > timedelta(days=limit):
            return f"silent for {_days(gap)} before entry {seq}, and the policy allows {limit} days"
    return ""


def _time(stated: int) -> datetime:
    """Return a stated time from its fourteen digits."""
    return datetime.strptime(str(stated), "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _days(span: timedelta) -> str:
    """Return a span of time in words."""
    hours = span // timedelta(hours=1)
    return f"{span.days} days" if span.days > 1 else f"{hours} hours"
