"""A Merkle tree commits to a list of leaves: roots, proofs and mergeable ranges of RFC 6962.

Half-open ranges throughout: ``index`` names a leaf, ``size`` counts leaves. Proofs are lists of
32-byte hashes in the order of RFC 6962 §2.1.1 and §2.1.2. Verification raises; it returns
nothing that could be ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

from ledger.errors import IntegrityError

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "CompactRange",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "prefix_proof",
    "prefix_root",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
_LEAF = hashlib.sha256(b"\x00")
_BLOCK = 4_096
"""Leaves that are hashed level by level."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 || data), 32 bytes."""
    # A copy costs less than a new hash, and the leaf is not copied to put a byte before it.
    whole = _LEAF.copy()
    whole.update(data)
    return whole.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes; the hash of nothing for no leaves."""
    return CompactRange.of(leaves).root()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The perfect subtrees that cover leaves [start, stop), left to right.

    Ranges that touch merge into one, so a log can be folded in any grouping and still give the
    same root. A range that starts at 0 knows its root.

    Attributes:
        start: Index of the first leaf covered.
        stop: Index after the last leaf covered.
        peaks: (level, hash) of each subtree of 2^level leaves, left to right.
    """

    start: int = 0
    stop: int = 0
    peaks: tuple[tuple[int, bytes], ...] = ()

    @classmethod
    def of(cls, leaves: Iterable[bytes], *, start: int = 0) -> Self:
        """Cover consecutive leaf hashes, the first of them at index ``start``."""
        row = list(leaves)
        stop = start + len(row)
        peaks, begin = [], 0
        for level in _levels(start, stop):
            end = begin + (1 << level)
            peaks.append((level, _perfect(row[begin:end])))
            begin = end
        return cls(start, stop, tuple(peaks))

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """Return the range with further leaf hashes on its right, of which few are held at once."""
        whole, rest = self, iter(leaves)
        while block := list(islice(rest, _BLOCK)):
            whole = whole.merge(self.of(block, start=whole.stop))
        return whole

    def merge(self, right: Self) -> Self:
        """Return the range over both; ``right`` must start where this one stops.

        Raises:
            IntegrityError: If the ranges do not touch.
        """
        if right.start != self.stop:
            raise IntegrityError(f"ranges do not touch: {self.stop} and {right.start}")
        peaks = list(self.peaks)
        position = self.stop
        for right_level, right_digest in right.peaks:
            level, digest = right_level, right_digest
            while peaks and peaks[-1][0] == level and (position >> level) & 1:
                digest = node_hash(peaks.pop()[1], digest)
                level += 1
            peaks.append((level, digest))
            position += 1 << right_level
        return type(self)(self.start, right.stop, tuple(peaks))

    def root(self) -> bytes:
        """Return the RFC 6962 root; only a range from 0 has one.

        Raises:
            IntegrityError: If the range does not start at 0.
        """
        if self.start != 0:
            raise IntegrityError(f"a range from {self.start} has no root")
        if not self.peaks:
            return EMPTY_ROOT
        digest = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            digest = node_hash(left, digest)
        return digest

    def encode(self) -> str:
        """Write as ``start-stop:hex,hex,…``; levels follow from the bounds."""
        return f"{self.start}-{self.stop}:" + ",".join(h.hex() for _, h in self.peaks)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``encode`` wrote.

        Raises:
            IntegrityError: If the text has another form or the wrong number of hashes.
        """
        try:
            bounds, hashes = text.split(":")
            start, stop = (int(part) for part in bounds.split("-"))
            digests = [bytes.fromhex(part) for part in hashes.split(",")] if hashes else []
        except ValueError as error:
            raise IntegrityError("a stored Merkle range cannot be read") from error
        levels = _levels(start, stop)
        if len(levels) != len(digests) or any(len(d) != HASH_BYTES for d in digests):
            raise IntegrityError("a stored Merkle range has the wrong number of hashes")
        made = cls(start, stop, tuple(zip(levels, digests, strict=True)))
        if made.encode() != text:
            raise IntegrityError("a stored Merkle range is not in canonical form")
        return made


def _perfect(row: list[bytes]) -> bytes:
    """Return the root over 2^n leaf hashes, level by level: a loop that asks nothing."""
    while len(row) > 1:
        hashes = iter(row)
        row = list(map(node_hash, hashes, hashes))
    return row[0]


def _levels(start: int, stop: int) -> list[int]:
    """Return the levels of the perfect subtrees that cover [start, stop), left to right."""
    levels = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        levels.append(level)
        start += 1 << level
    return levels


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (RFC 6962's k)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of one leaf.

    Args:
        leaves: All leaf hashes of the tree.
        index: Which leaf; 0 <= index < len(leaves).

    Returns:
        Sibling hashes from the leaf up to the root.
    """
    assert 0 <= index < len(leaves)
    start, stop = 0, len(leaves)
    path: list[bytes] = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(root_of(leaves[middle:stop]))
            stop = middle
        else:
            path.append(root_of(leaves[start:middle]))
            start = middle
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf hash stands at an index of the tree with this root.

    Raises:
        IntegrityError: If it does not, or the proof has the wrong length.
    """
    if not 0 <= index < size:
        raise IntegrityError(f"leaf {index} is not in a tree of {size}", seq=index)
    node, last, digest = index, size - 1, leaf
    rest = iter(proof)
    for sibling in rest:
        if last == 0:
            raise IntegrityError("the inclusion proof is too long", seq=index)
        if node & 1 or node == last:
            digest = node_hash(sibling, digest)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise IntegrityError("the inclusion proof is too short", seq=index)
    if digest != root:
        raise IntegrityError("the inclusion proof leads to another root", seq=index)


def earlier_roots(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Return the roots right before and right after a leaf was added, as its proof shows them.

    The hashes on the left of the path are the whole subtrees over all leaves before this one.

    Args:
        leaf: Hash of the leaf.
        index: Its number.
        size: Size of the tree.
        proof: A proof of inclusion that ``verify_inclusion`` took.
    """
    node, last = index, size - 1
    before, after = EMPTY_ROOT, leaf
    for sibling in proof:
        if node & 1 or node == last:
            before = sibling if before == EMPTY_ROOT else node_hash(sibling, before)
            after = node_hash(sibling, after)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return before, after


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof that the tree of ``first`` leaves is a prefix of this one.

    Args:
        leaves: All leaf hashes of the larger tree.
        first: Size of the smaller tree; 0 <= first <= len(leaves).

    Returns:
        Hashes in the order of RFC 6962 §2.1.2; empty for equal sizes and for size 0.
    """
    assert 0 <= first <= len(leaves)
    if first in (0, len(leaves)):
        return []
    return _subproof(leaves, first, known=True)


def _subproof(leaves: Sequence[bytes], first: int, *, known: bool) -> list[bytes]:
    """Return SUBPROOF(first, leaves, known) of RFC 6962 §2.1.2."""
    size = len(leaves)
    if first == size:
        return [] if known else [root_of(leaves)]
    middle = _split(size)
    if first <= middle:
        return [*_subproof(leaves[:middle], first, known=known), root_of(leaves[middle:])]
    right = _subproof(leaves[middle:], first - middle, known=False)
    return [*right, root_of(leaves[:middle])]


def verify_consistency(
    first: int, first_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of ``first`` leaves is a prefix of the tree of ``size`` leaves.

    A first size of 0 says "no earlier state": it passes only with the empty root and no proof.

    Raises:
        IntegrityError: If it is not a prefix, or the proof has the wrong length.
    """
    if first > size:
        raise IntegrityError(f"the log shrank from {first} to {size} entries")
    if first == 0 and first_root != EMPTY_ROOT:
        raise IntegrityError("an empty log with the root of another")
    if first == size and first_root != root:
        raise IntegrityError(f"two different logs of {first} entries")
    if first in (0, size):
        if proof:
            raise IntegrityError(f"a consistency proof from {first} to {size} entries holds hashes")
        return
    _walk_consistency(first, first_root, size, root, list(proof))


def _walk_consistency(
    first: int, first_root: bytes, size: int, root: bytes, proof: list[bytes]
) -> None:
    """Compare both roots with those that the proof leads to."""
    path = [first_root, *proof] if _is_whole(first) else proof
    if not proof:
        raise IntegrityError("the consistency proof is too short")
    old, new = _rebuilt(first, size, path)
    if old != first_root or new != root:
        raise IntegrityError(f"the log of {first} entries is not a prefix of that of {size}")


def prefix_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof of the root over the first leaves of this tree, for ``prefix_root``.

    It is the consistency proof, with the root of the first leaves before it where RFC 6962 leaves
    it out because the reader knows it.

    Args:
        leaves: All leaf hashes of the larger tree.
        first: Size of the smaller tree; 0 < first < len(leaves).
    """
    proof = consistency_proof(leaves, first)
    return [root_of(leaves[:first]), *proof] if _is_whole(first) else proof


def prefix_root(first: int, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root over the first leaves of the tree with this root, as the proof shows it.

    Args:
        first: Size of the smaller tree; 0 < first < size.
        size: Size of the larger tree.
        root: Its root.
        proof: What ``prefix_proof`` gives.

    Raises:
        IntegrityError: If the proof does not lead to the root, or has the wrong length.
    """
    if not 0 < first < size:
        raise IntegrityError(f"{first} entries are no beginning of {size}")
    old, new = _rebuilt(first, size, proof)
    if new != root:
        raise IntegrityError(f"the proof does not lead to the root over {size} entries")
    return old


def _is_whole(size: int) -> bool:
    """Return whether a tree is one complete subtree of every larger one."""
    return size & (size - 1) == 0


def _rebuilt(first: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of both trees from a path, as RFC 9162 §2.1.4.2 words the algorithm."""
    if not path:
        raise IntegrityError("the consistency proof is too short")
    node, last = first - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise IntegrityError("the consistency proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise IntegrityError("the consistency proof is too short")
    return old, new
