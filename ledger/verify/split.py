"""A split verification takes the same steps as the walk, the entries in segments side by side.

Several processes check the segments (``ledger.verify.crew``), this one among them, which joins them
in order and takes what needs the whole.
Where anything does not hold, the walk goes over the ledger from the front, so that a fault is
named in the same words. Nothing is taken for verified that one of the two did not verify.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import Final, TypeAlias, TypeVar

from ledger.custody import Custody
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.keys import VerifierKey
from ledger.merkle import leaf_hash
from ledger.verify.entries import (
    Reversals,
    check_repeated,
    keys_check,
    links_checks,
    openings_check,
)
from ledger.verify.evidence import Check, Evidence, Extent, Verdict
from ledger.verify.frame import check_given, check_meta, check_schema
from ledger.verify.marks import Marker, Marks
from ledger.verify.segment import Piece, Segment, Source
from ledger.verify.tree import Peaks, Tree
from ledger.verify.walk import verify

__all__ = ["SEGMENT", "CheckAll", "cuts", "joined", "verify_split"]

CheckAll: TypeAlias = Callable[[Iterable[Segment]], Generator[Piece]]
"""Checks segments and yields what held of each, in order; ``ledger.verify.crew`` has one."""

_Row = TypeVar("_Row")

SEGMENT: Final = 2**15
"""Entries of a segment, at most."""
SMALLEST: Final = 2**12
"""Fewer are not worth opening the store anew."""


def verify_split(
    evidence: Evidence,
    open_again: Callable[[], Source],
    check: CheckAll,
    entries: int = SEGMENT,
    parts: int = 1,
) -> Verdict:
    """Check everything, as ``verify`` does, with the entries in segments.

    Args:
        evidence: The ledger as stored.
        open_again: Opens the same store anew, in another process too, which gets it through a pipe.
        check: Checks the segments.
        entries: How many entries a segment has at most.
        parts: In how many parts what remains is given out; see `cuts`.

    Raises:
        IntegrityError: At the first fault, in the words of the walk.
        InputError: If the key that was given to be trusted cannot be read.
        LedgerError: If segments could not be checked, or what was put aside not be read.
    """
    try:
        verdict = joined(evidence, open_again, check, entries, parts)
    except IntegrityError:
        verify(evidence)
        raise
    # Two marks may be alike by chance, and an opening be erased meanwhile: the walk can tell.
    return verify(evidence) if verdict is None else verdict


def joined(
    evidence: Evidence,
    open_again: Callable[[], Source],
    check: CheckAll,
    entries: int,
    parts: int = 1,
) -> Verdict | None:
    """Return what the segments come to, or None where only the walk can tell; see `verify_split`.

    Raises:
        IntegrityError: At a fault, which need not be the first one.
    """
    given = None if evidence.vkey is None else VerifierKey.parse(evidence.vkey)
    schema = check_schema(evidence)
    key, meta = check_meta(evidence)
    extent = evidence.extent()
    if extent.first or extent.keys != extent.stop:
        return None
    joint, marker = _Joint(evidence, key), Marker.draw()
    segments = (
        Segment(open_again, key.name, evidence.secret, marker, start, stop)
        for start, stop in cuts(extent.stop, entries, parts)
    )
    with closing(check(segments)) as pieces:
        for piece in pieces:
            joint.take(piece)
    return joint.verdict(extent, given, (schema, meta))


def cuts(size: int, entries: int, parts: int) -> Iterator[tuple[int, int]]:
    """Yield where the segments of a ledger begin and end.

    The last ones are smaller, so that nobody waits long for whoever checks the last.

    Args:
        size: Entries of the ledger.
        entries: How many a segment has at most.
        parts: A segment has at most one of so many parts of what remains, except the smallest.
    """
    start = 0
    while start < size:
        stop = start + min(entries, max(SMALLEST, -(-(size - start) // parts)), size - start)
        yield start, stop
        start = stop


class _Joint:
    """Joins pieces, in order."""

    def __init__(self, evidence: Evidence, key: VerifierKey) -> None:
        """Begin before entry 0."""
        self._evidence = evidence
        self._key = key
        self._tree = Tree(evidence.notes, key)
        self._peaks = Peaks(evidence.peaks)
        self._peaks.take(0, self._tree)
        self._reversals = Reversals(evidence.leaf_at)
        self._marks = Marks()
        self._repeated: Iterator[tuple[bytes, int]] | None = None
        self._last = b""
        self._last_at = ""
        self._openings = 0
        self._erased = 0
        self._opaque = 0

    def take(self, piece: Piece) -> None:
        """Join the next piece.

        Raises:
            IntegrityError: If it does not go on where the last one ended, or a root, a reversal or
                a key entry does not hold.
        """
        if self._repeated is None:
            # Finding them takes a while: here the other processes have something to do meanwhile.
            self._repeated = _looked_up(self._evidence.repeated_keys)
        seq = self._tree.size
        if (piece.start, piece.before) != (seq, self._last):
            raise IntegrityError("prev is not the hash of the entry before", seq=seq)
        if piece.first_at < self._last_at:
            raise IntegrityError(f"recorded {piece.first_at}, before {self._last_at}", seq=seq)
        for entry in self._notable(piece):
            if entry.type == "reversal":
                self._reversals.take_reversal(entry)
            else:
                self._grow(piece, entry.seq)
                self._tree.hand_over(entry)
        self._grow(piece, piece.stop)
        self._marks.take(piece.marks)
        self._last, self._last_at = piece.hash_of(piece.stop - 1), piece.last_at
        self._openings += piece.openings
        self._erased += piece.erased
        self._opaque += piece.opaque

    def verdict(
        self, extent: Extent, given: VerifierKey | None, frame: tuple[Check, Check]
    ) -> Verdict | None:
        """Return the verdict, or None where only the walk can tell.

        Args:
            extent: How much the database holds.
            given: The key to trust, or None.
            frame: Steps 1 and 2.

        Raises:
            IntegrityError: If a step that needs the whole ledger does not hold.
        """
        covered, signed_size, (signatures, roots) = self._tree.finish()
        custody: Custody = self._tree.custody
        source = check_given(given, custody)
        if self._marks.doubtful() or self._openings != extent.openings:
            return None
        check_repeated(self._repeated or (), self._reversals.reversed_by)
        size = covered.stop
        middle = (
            Check(8, "ids", size),
            openings_check(self._openings, self._erased),
            keys_check(size, self._opaque, secret=self._evidence.secret is not None),
            self._reversals.check(),
        )
        last = self._peaks.check(self._evidence.meta["peaks"], covered)
        return Verdict(
            origin=self._key.name,
            size=size,
            root=covered.root(),
            signed_size=signed_size,
            vkey=custody.current.encode(),
            vkey_source=source,
            checks=(*frame, signatures, *links_checks(size), *middle, roots, last),
        )

    def _notable(self, piece: Piece) -> Iterator[Entry]:
        """Yield the reversals and key entries of a piece, as this process reads them."""
        for seq in piece.notable:
            data = self._evidence.leaf_at(seq) or b""
            if leaf_hash(data) != piece.hash_of(seq):
                raise IntegrityError("the entry is read in two ways", seq=seq)
            yield Entry.parse(data)

    def _grow(self, piece: Piece, stop: int) -> None:
        """Let the tree grow to a size, with a halt wherever a root or peaks are stated."""
        while self._tree.size < stop:
            awaited = (stop, self._tree.awaited, self._peaks.awaited)
            halt = min(size for size in awaited if size is not None)
            for leaves in piece.ranges(self._tree.size, halt):
                self._tree.join(leaves)
            self._peaks.take(halt, self._tree)


def _looked_up(rows: Iterable[_Row]) -> Iterator[_Row]:
    """Return the rows of a query once there is a first one, or none."""
    found = iter(rows)
    return chain(tuple(islice(found, 1)), found)
