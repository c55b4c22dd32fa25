"""Windows of a bundle: when its entries can have been written, as cosignatures and anchors show.

What bounds what is for ``ledger.anchoring``; here the evidence of a bundle is brought to it, and
what comes out is held against the entries' own times and the limits of the policy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.anchoring import Anchored, Seen, Written, outside_of, silences, wide, windows
from ledger.bundle import Opened
from ledger.errors import InputError, IntegrityError
from ledger.period import parse_instant
from ledger.policy import Assent, Policy, assent, seen_by
from ledger.verify.bundle.course import Course
from ledger.verify.bundle.custody import existed_by
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.prefix import Prefix
from ledger.verify.bundle.timestamps import Stamps

__all__ = ["SKEW", "check_moments", "check_windows", "outside"]

SKEW: Final = timedelta(minutes=10)
"""How far clocks may be apart before a stated time contradicts one from outside."""
_UNBOUNDED: Final = (
    "nothing from outside: when entries were written rests on the owner's word alone"
)


def outside(opened: Opened, notes: Notes, stamps: Stamps, policy: Policy) -> list[Seen]:
    """Return every checkpoint that was seen outside: by witnesses, in anchors, by authorities.

    Raises:
        IntegrityError: If the evidence of an anchor is not what its name or the log says.
    """
    seen = [each for found in notes.assents.values() for each in _seen(found, policy)]
    return [*seen, *_anchors(opened, notes, policy), *stamps.seen]


def check_windows(
    seen: list[Seen], stamps: Stamps, prefix: Prefix, policy: Policy, course: Course
) -> tuple[Written, ...]:
    """Step 11: stated times lie within the windows; no window or silence is over the policy's.

    Returns:
        The windows of all entries, in order.

    Raises:
        IntegrityError: Naming the entry whose stated time contradicts evidence from outside.
    """
    written = windows(prefix.size, _anchored(prefix), seen)
    for each in written:
        _check_stated(each, prefix)
    found = [*_wide(written, policy), *_silent(seen, prefix, policy), *stamps.refused]
    told = [_counted(stamps), stamps.unchecked]
    bounded = max((each.stop for each in written if each.by is not None), default=0)
    if not bounded:
        told.append(_UNBOUNDED)
    elif bounded < prefix.size:
        told.append(f"nothing from outside shows by when entries from {bounded} on were there")
    if found:
        course.close(11, bounded, "entries", *found, *told, outcome="finding")
    elif stamps.lacking:
        course.close(11, bounded, "entries", *told, outcome="withheld")
    elif bounded:
        course.close(11, bounded, "entries", *told)
    else:
        course.close(11, 0, "entries", *told, outcome="not_asked")
    return written


def check_moments(
    notes: Notes, stamps: Stamps, recorded: Mapping[int, str], policy: Policy, course: Course
) -> None:
    """Step 11 over single entries: none states a time after it was seen.

    Since when an entry can have been written, and how long the log was silent, stands in entries
    that are not here: where the policy limits these, the step is not checkable.

    Args:
        notes: The checkpoint that the receipts lead to.
        stamps: The tokens over it.
        recorded: ``recorded_at`` of each entry, by number.
        policy: Whose cosignatures count, and what is asked.
        course: Told what came out.

    Raises:
        IntegrityError: Naming the entry whose stated time contradicts evidence from outside.
    """
    by = min(existed_by(notes, policy, stamps.by_size()).values(), default=None)
    for seq, text in recorded.items():
        stated = parse_instant(text)
        wrong = outside_of(Written(seq, seq + 1, None, by), stated, stated, SKEW)
        if wrong is not None:
            raise _contradicted(wrong, seq)
    limits = ("window_days_max", "silence_days_max")
    asked = [name for name in limits if getattr(policy, name) is not None]
    told = [_counted(stamps), stamps.unchecked]
    if asked:
        told.append(f"only the whole log shows what the policy limits: {', '.join(asked)}")
    if by is None:
        told.append(_UNBOUNDED)
    count = 0 if by is None else len(recorded)
    if stamps.refused:
        course.close(11, count, "entries", *stamps.refused, *told, outcome="finding")
    elif asked or stamps.lacking:
        course.close(11, count, "entries", *told, outcome="withheld")
    else:
        course.close(11, count, "entries", *told, outcome="held" if count else "not_asked")


def _seen(found: Assent, policy: Policy, evidence: str = "") -> Iterator[Seen]:
    """Yield a checkpoint that the quorum has seen; its time is that of the last one needed."""
    by = seen_by(found, policy)
    if by is not None:
        # One witness whose clock is ahead must not raise what bounds later entries from below.
        yield Seen(found.checkpoint.size, by, by, evidence)


def _anchors(opened: Opened, notes: Notes, policy: Policy) -> Iterator[Seen]:
    """Yield the cosigned notes that anchor entries name, their signatures checked.

    Raises:
        IntegrityError: If a note is not the one of its name, or of another state of the log.
    """
    for digest, name in opened.names.anchors.items():
        data = opened.read(name)
        if hashlib.sha256(data).hexdigest() != digest:
            raise IntegrityError(
                "the evidence has another SHA-256 than its name", where=f"member {name!r}"
            )
        try:
            found = assent(data, policy)
        except (InputError, IntegrityError) as error:
            raise IntegrityError(
                error.message, where=f"member {name!r}", why=error.why, remedy=error.remedy
            ) from error
        if notes.checkpoints.get(found.checkpoint.size) != found.checkpoint:
            raise IntegrityError(
                "the evidence is of another state of the log than the bundle holds",
                where=f"member {name!r}",
            )
        yield from _seen(found, policy, digest)


def _anchored(prefix: Prefix) -> Iterator[Anchored]:
    """Yield what the ``anchor`` entries say."""
    for entry in prefix.kept:
        if entry.type == "anchor":
            size, digest = entry.body["size"], entry.body["evidence_sha256"]
            assert isinstance(size, int)
            yield Anchored(entry.seq, size, str(digest))


def _check_stated(written: Written, prefix: Prefix) -> None:
    """Refuse entries that state times outside of their window."""
    first, last = prefix.recorded[written.start], prefix.recorded[written.stop - 1]
    wrong = outside_of(written, _time(first), _time(last), SKEW)
    if wrong is not None:
        raise _contradicted(wrong, written.start)


def _contradicted(wrong: str, seq: int) -> IntegrityError:
    """Return the error for a stated time that evidence from outside contradicts."""
    return IntegrityError(
        wrong,
        seq=seq,
        why="a clock was wrong, or the stated time was made up",
        remedy="ask the owner which of the two it was",
    )


def _wide(written: tuple[Written, ...], policy: Policy) -> Iterator[str]:
    """Yield the first window that is wider than the policy allows, in words."""
    limit = policy.window_days_max
    if limit is None:
        return
    over = wide(written, limit)
    if over:
        first, count = over[0], sum(each.stop - each.start for each in over)
        width = "without bound" if first.width is None else f"{first.width.days} days wide"
        yield (
            f"{count} entries can have been written at another time than the policy allows: the "
            f"window of entry {first.start} is {width}, not {limit} days"
        )


def _silent(seen: list[Seen], prefix: Prefix, policy: Policy) -> Iterator[str]:
    """Yield how long nobody outside saw the log, where it is longer than the policy allows.

    The log begins with its first entry and goes on to its last, by its own word: before the first
    sight and after the last one it can be silent, too.
    """
    limit = policy.silence_days_max
    if limit is None:
        return
    times = [each.by for each in seen]
    if not times:
        yield f"nobody outside ever saw the log, and the policy allows {limit} days of silence"
        return
    begun, ended = _time(prefix.recorded[0]), _time(prefix.recorded[-1])
    found = silences([begun, *times], max(ended, *times), limit)
    if found:
        longest = max(found, key=lambda each: each.stop - each.start)
        times_ = "" if len(found) == 1 else f", the longest of {len(found)} silences"
        yield (
            f"nobody outside saw the log from {longest.start:%Y-%m-%d} to "
            f"{longest.stop:%Y-%m-%d}{times_}, and the policy allows {limit} days"
        )


def _counted(stamps: Stamps) -> str:
    """Return how many time stamps count, in words."""
    count = len(stamps.seen)
    stamped = "1 time stamp leads" if count == 1 else f"{count} time stamps lead"
    return f"{stamped} to a root of the policy" if count else ""


def _time(stated: int) -> datetime:
    """Return a stated time from its fourteen digits."""
    return datetime.strptime(f"{stated:014d}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
