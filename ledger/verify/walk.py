"""The walk goes over a ledger once, front to back, and takes every step at every entry."""

from __future__ import annotations

from typing import Literal

from ledger.custody import Custody
from ledger.errors import InputError, IntegrityError
from ledger.keys import VerifierKey
from ledger.verify.entries import Ids, Keys, Links, Openings, Reversals
from ledger.verify.evidence import Check, Evidence, Verdict
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
    """
    given = None if evidence.vkey is None else VerifierKey.parse(evidence.vkey)
    schema = _check_schema(evidence)
    key, meta = _check_meta(evidence)
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
    source = _check_given(given, tree.custody)
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


def _check_schema(evidence: Evidence) -> Check:
    """Step 1: the database declares what is published, and nothing else."""
    found, published = evidence.schema, evidence.published
    for name in sorted(found.keys() | published.keys()):
        if found.get(name) != published.get(name):
            fault = "is missing" if name not in found else "is not the published one"
            raise IntegrityError(
                f"{name} {fault}",
                where=f"schema, {name}",
                why="a guard was taken away, or the tables were made over",
                remedy="compare with the page of the store in schemas/",
            )
    return Check(1, "schema", len(published))


def _check_meta(evidence: Evidence) -> tuple[VerifierKey, Check]:
    """Step 2: the first key, the origin and the names of the rows belong together."""
    meta = evidence.meta
    if sorted(meta) != sorted(evidence.names):
        raise IntegrityError(f"the meta table holds {', '.join(sorted(meta))}", where="table meta")
    try:
        own = VerifierKey.parse(meta["vkey"])
    except InputError as error:
        raise IntegrityError(error.message, where="meta row vkey") from error
    if own.name != meta["origin"]:
        raise IntegrityError(
            f"the ledger is named {meta['origin'][:60]!r}, its key {own.name!r}",
            where="meta row origin",
        )
    return own, Check(2, "meta", len(meta))


def _check_given(given: VerifierKey | None, custody: Custody) -> Literal["given", "ledger"]:
    """Hold the keys of the ledger to the one that was given, where one was."""
    if given is None:
        return "ledger"
    if not custody.leads_from(given):
        raise IntegrityError(
            f"the ledger is signed with {custody.current.encode()}, not the one to be trusted",
            where="newest checkpoint",
            why="the key was revoked as compromised"
            if given in custody.keys
            else "whoever signed it does not hold the key you were given",
            remedy="ask the owner of the ledger for its key again, on another way",
        )
    return "given"
