"""The walk goes over a ledger once, front to back, and takes every step at every entry."""

from __future__ import annotations

from ledger.keys import VerifierKey
from ledger.verify.entries import Keys, Links, Openings, Reversals
from ledger.verify.evidence import Evidence, Verdict
from ledger.verify.frame import check_given, check_meta, check_schema
from ledger.verify.ids import Ids
from ledger.verify.leaf import require_body
from ledger.verify.tree import Peaks, Tree

__all__ = ["verify"]


def verify(evidence: Evidence) -> Verdict:
    """Check everything, in the steps of ``ledger.verify``.

    Memory stays small: rows, openings, keys and notes are read side by side.

    Args:
        evidence: The ledger as stored.

    Returns:
        What was checked; the fact of returning says that it held.

    Raises:
        IntegrityError: At the first fault, naming entry, checkpoint, row or table.
        InputError: If the key that was given to be trusted cannot be read.
        LedgerError: If ids that were put aside in a temporary file cannot be read.
    """
    given = None if evidence.vkey is None else VerifierKey.parse(evidence.vkey)
    schema = check_schema(evidence)
    key, meta = check_meta(evidence)
    tree = Tree(evidence.notes, key)
    links, ids = Links(key.name), Ids()
    openings = Openings(evidence.openings)
    keys = Keys(evidence.keys, evidence.secret)
    reversals = Reversals(evidence.leaf_at)
    peaks = Peaks(evidence.peaks)
    peaks.take(0, tree)
    for seq, data, stored in evidence.rows:
        leaf, digest = links.take(seq, data, stored)
        require_body(leaf)
        ids.take(leaf)
        keys.take(leaf, openings.take(leaf))
        reversals.take(leaf)
        if leaf.type == "key":
            tree.hand_over(leaf.entry)
        tree.take(digest)
        peaks.take(links.size, tree)
    covered, signed_size, (signatures, roots) = tree.finish()
    source = check_given(given, tree.custody)
    middle = (
        ids.check(evidence.leaf_at),
        openings.check(),
        keys.check(evidence.repeated_keys, reversals.reversed_by),
        reversals.check(),
    )
    last = peaks.check(evidence.meta["peaks"], covered)
    return Verdict(
        origin=key.name,
        size=links.size,
        root=covered.root(),
        signed_size=signed_size,
        vkey=tree.custody.current.encode(),
        vkey_source=source,
        checks=(schema, meta, signatures, *links.checks(), *middle, roots, last),
    )
