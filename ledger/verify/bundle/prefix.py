"""A prefix is the entries of a bundle, gone over once: bytes, chain, roots, ids, reversals."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from ledger.bundle import Opened
from ledger.bundle.names import ENTRIES
from ledger.canonical import BYTES_MAX, DEPTH_MAX, JSON, parse
from ledger.checkpoint import Checkpoint
from ledger.entry import Entry
from ledger.errors import InputError, IntegrityError
from ledger.merkle import CompactRange
from ledger.verify.bundle.course import Course
from ledger.verify.bundle.leaves import BundleLeaves
from ledger.verify.bundle.openings import Disclosed
from ledger.verify.entries import Links, Reversals
from ledger.verify.ids import Ids
from ledger.verify.leaf import Leaf, bad_body, require_body

__all__ = [
    "KEPT",
    "REMEMBERED",
    "REVERSAL",
    "Correction",
    "Follower",
    "Prefix",
    "Stated",
    "bad_body",
    "other_root",
    "require_depth",
]

KEPT = frozenset({"adoption", "anchor", "attestation", "key"})
"""Types whose entries later steps look at."""
Stated: TypeAlias = Mapping[int, Sequence[tuple[int, Checkpoint]]]
"""Checkpoints by size, each with the step that it is compared in."""
REMEMBERED = 9
REVERSAL = b'"type":"reversal","v":1}'
"""How a canonical leaf of this type ends."""
_FOLDED = 4096  # leaf hashes held before they are folded
_REPLACEMENTS_MAX = 1000  # entries held after a reversal, in case an approval follows


class Correction:
    """A reversal and what was recorded with it.

    Attributes:
        entry: The reversal.
        after: Leaves sealed at the same second, right after it.
    """

    def __init__(self, entry: Entry) -> None:
        """Begin with the reversal alone."""
        self.entry = entry
        self.after: list[bytes] = []


class Follower(Protocol):
    """Sees the entries while the walk goes over them, so that nobody need read them again.

    Attributes:
        size: How many it wants to see; 0 for none.
    """

    size: int

    def begin(self, opened: Opened, reversing: Mapping[int, int]) -> Follower:
        """Begin before entry 0; which entry seems to reverse which is not believed."""
        ...

    def take(self, leaf: Leaf) -> None:
        """See one entry: bytes, links, id and shape hold, and whom it reverses."""
        ...

    def close(self, covered: CompactRange) -> None:
        """See the range over so many entries as were wanted."""
        ...


class Prefix:
    """What one pass over the entries found; ``run`` makes the pass.

    Attributes:
        size: Entries seen.
        recorded: ``recorded_at`` of the entries, as whole seconds, in order.
        kept: Entries of the types in ``KEPT``, in order.
        corrections: Every reversal that is no automatic one, by number.
        types: Number of entries by type.
    """

    def __init__(
        self, opened: Opened, origin: str, course: Course, follower: Follower | None = None
    ) -> None:
        """Begin before entry 0.

        Args:
            opened: The bundle.
            origin: Name of the ledger, from its checkpoint.
            course: Told which step is being taken.
            follower: Sees every entry once it is checked.
        """
        self.size = 0
        self.recorded = array("q")
        self.kept: list[Entry] = []
        self.corrections: dict[int, Correction] = {}
        self.types: Counter[str] = Counter()
        self._opened = opened
        self._course = course
        self._links = Links(origin)
        self._ids = Ids()
        self._targets = _targets(opened)
        self._follower = None if follower is None else follower.begin(opened, self._targets)
        self._held: dict[int, bytes] = {}
        self._reversals = Reversals(self._held.get)
        self._range = CompactRange()
        self._buffer: list[bytes] = []
        self._open: Correction | None = None
        self._second = "", 0  # the last time, and as a number: batches share one

    def run(self, stated: Stated, disclosed: Disclosed) -> CompactRange:
        """Go over the entries, comparing the root wherever a checkpoint stands.

        Args:
            stated: Checkpoints by size: those of the bundle, and those kept from earlier.
            disclosed: Takes each entry, to compare what is opened of it.

        Returns:
            The Merkle range over all of them.

        Raises:
            IntegrityError: At the first fault; the course says in which step.
        """
        course = self._course
        self._compare(stated)
        for data in self._opened.entries():
            course.step = 4
            leaf = self._take(data)
            course.step = 18
            disclosed.take(leaf)
            course.step = 12
            self._ids.take(leaf)
            if leaf.type == "reversal" or leaf.seq in self._targets:
                self._reverse(leaf)
            self._keep(leaf)
            course.step = 6
            if self._follower is not None:
                self._follow(self._follower, leaf)
            if self.size in stated or len(self._buffer) >= _FOLDED:
                self._compare(stated)
            course.reached = self.size
        self._fold()
        course.step = 4
        if not self.size:
            raise IntegrityError(
                "no entry was checked: the bundle holds none",
                where="member 'entries.jsonl'",
                why="a verdict over nothing would say that all is well",
            )
        return self._range

    @property
    def leaves(self) -> BundleLeaves:
        """The leaves that were gone over, to be read again."""
        return BundleLeaves(
            self._opened, self._reversals.reversed_by, self.types, self._second[0] or None
        )

    def close(self) -> None:
        """Close steps 4, 5 and 12.

        Raises:
            IntegrityError: If two entries share an id.
        """
        course = self._course
        course.step = 12
        self._ids.check(self.leaves.leaf_at)
        reversed_ = len(self._reversals.reversed_by)
        course.close(4, self.size, "entries")
        course.close(5, self.size, "links")
        course.close(12, self.size, "ids", f"{reversed_} reversals copy what they reverse")

    def _take(self, data: bytes) -> Leaf:
        """Steps 4 and 5: bytes and links of one entry."""
        try:
            leaf, digest = self._links.take(self.size, data)
        except IntegrityError as error:
            if not isinstance(error.__cause__, InputError):
                self._course.step = 5
            raise
        if not leaf.seen:
            require_body(leaf)
        if self._opened.caps.depth < DEPTH_MAX:
            require_depth(leaf.entry, self._opened.caps.depth)
        self._buffer.append(digest)
        self.size += 1
        return leaf

    def _reverse(self, leaf: Leaf) -> None:
        """Step 12: hold what will be reversed until it is."""
        if leaf.seq in self._targets:
            self._held[leaf.seq] = leaf.data
        self._reversals.take(leaf)
        if leaf.type == "reversal":
            target = leaf.entry.body["reverses"]
            assert isinstance(target, int)
            self._held.pop(target, None)

    def _keep(self, leaf: Leaf) -> None:
        """Keep what later steps look at."""
        self.types[leaf.type] += 1
        if leaf.recorded_at != self._second[0]:
            self._second = leaf.recorded_at, _seconds(leaf.recorded_at)
        self.recorded.append(self._second[1])
        if leaf.type in KEPT:
            self.kept.append(leaf.entry)
        if leaf.type == "reversal":
            self._open = self.corrections[leaf.seq] = Correction(leaf.entry)
        elif self._open is not None:
            same = leaf.recorded_at == self._open.entry.recorded_at
            if same and len(self._open.after) < _REPLACEMENTS_MAX:
                self._open.after.append(leaf.data)
            else:
                self._open = None

    def _follow(self, follower: Follower, leaf: Leaf) -> None:
        """Show an entry to whoever follows."""
        follower.take(leaf)
        if self.size == follower.size:
            self._fold()
            follower.close(self._range)

    def _compare(self, stated: Stated) -> None:
        """Step 6: compare the root with what a checkpoint of this size states."""
        here = stated.get(self.size, ())
        if here or len(self._buffer) >= _FOLDED:
            self._fold()
        root = self._range.root() if here else b""
        for step, checkpoint in here:
            if checkpoint.root != root:
                self._course.step = step
                raise other_root(step, self.size)

    def _fold(self) -> None:
        """Fold the leaf hashes held into the range."""
        self._range = self._range.extend(self._buffer)
        self._buffer.clear()


def require_depth(entry: Entry, limit: int) -> None:
    """Do nothing if an entry is nested no deeper than a cap allows.

    Raises:
        InputError: If it is.
    """
    if 1 + _depth(entry.body) > limit:
        raise InputError(f"entry {entry.seq} is nested deeper than the {limit} levels allowed")


def other_root(step: int, size: int) -> IntegrityError:
    """Return the error for entries that lead to another root than was stated."""
    if step == REMEMBERED:
        return IntegrityError(
            f"the first {size} entries have another root than the checkpoint kept from earlier",
            where=f"remembered checkpoint {size}",
            why="the owner signed two histories of the same length: both notes together prove it",
            remedy="keep the bundle and the earlier checkpoint as evidence of a fork",
        )
    return IntegrityError(
        f"the first {size} entries have another root than the checkpoint states",
        where=f"checkpoint {size}",
        why="one of these entries is not the one that was signed",
        remedy="keep the file as evidence; compare with another copy of the ledger",
    )


def _targets(opened: Opened) -> dict[int, int]:
    """Return the entries that reversals name, and by which, so that no others need be held.

    What is read here is not believed: the pass itself reads and compares it again.
    """
    found: dict[int, int] = {}
    if not opened.contains(ENTRIES, REVERSAL):
        return found
    for data in opened.entries():
        if data.endswith(REVERSAL):
            try:
                value: JSON = parse(data, limit=BYTES_MAX)
            except InputError:
                continue
            body = value.get("body") if isinstance(value, dict) else None
            target = body.get("reverses") if isinstance(body, dict) else None
            if isinstance(target, int) and isinstance(value, dict):
                seq = value.get("seq")
                found[target] = seq if isinstance(seq, int) else -1
    return found


def _depth(value: JSON) -> int:
    """Return how deep a value is nested; a text or number is 0 deep."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _seconds(recorded_at: str) -> int:
    """Return a time as a number that orders as it does: its fourteen digits."""
    return int(recorded_at.translate(_DIGITS))


_DIGITS = {ord(mark): None for mark in "-:TZ"}
