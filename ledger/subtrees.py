"""Subtrees are the whole subtrees of a log by level and place: what a proof is read from.

A subtree of level k at place i covers the leaves [i · 2^k, (i + 1) · 2^k). Once all of them are
there it never changes. A proof of inclusion in a tree of n leaves reads at most 2 · log2 n of them.
Source: RFC 6962 §2.1.1.
"""

from __future__ import annotations

from typing import Protocol

from ledger.merkle import node_hash

__all__ = ["Subtrees", "inclusion_path", "reads_max"]


class Subtrees(Protocol):
    """Keeps the hashes of whole subtrees."""

    def subtree(self, level: int, place: int) -> bytes:
        """Return the hash of a whole subtree, 32 bytes; nothing about it is trusted."""
        ...


def inclusion_path(subtrees: Subtrees, index: int, size: int) -> list[bytes]:
    """Return the audit path of one leaf, as ``ledger.merkle.inclusion_proof`` does from all leaves.

    Args:
        subtrees: Those of a log of at least ``size`` leaves.
        index: Which leaf; 0 <= index < size.
        size: Leaves in the tree.

    Returns:
        Sibling hashes from the leaf up to the root.
    """
    assert 0 <= index < size
    start, stop = 0, size
    path: list[bytes] = []
    while stop - start > 1:
        middle = start + (1 << ((stop - start - 1).bit_length() - 1))
        if index < middle:
            path.append(_root(subtrees, middle, stop))
            stop = middle
        else:
            path.append(_root(subtrees, start, middle))
            start = middle
    return path[::-1]


def reads_max(size: int) -> int:
    """Return how many subtrees a proof in a tree of so many leaves reads at most."""
    return 2 * (size - 1).bit_length()


def _root(subtrees: Subtrees, start: int, stop: int) -> bytes:
    """Return the root over the leaves [start, stop) of a subtree, whole or cut on its right."""
    peaks: list[bytes] = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        peaks.append(subtrees.subtree(level, start >> level))
        start += 1 << level
    digest = peaks.pop()
    while peaks:
        digest = node_hash(peaks.pop(), digest)
    return digest
