"""Checking a receipt for people: one entry, its proof, and whose keys to trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.inclusion import Proof
from ledger.keys import COSIGNATURE, VerifierKey
from ledger.merkle import EMPTY_ROOT, leaf_hash
from ledger.period import format_instant
from ledger.policy import Assent, Group, Log, Policy, Witness, assent, seen_by

__all__ = ["Receipt", "check_receipt", "policy_of_keys", "receipt_document"]

SCHEMA: Final = "flopledger/receipt.v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry that is proved to stand in a log whose keys are trusted.

    Attributes:
        entry: The entry.
        leaf: Its hash, 32 bytes.
        proof: What led from there to the signed root.
        assent: Who signed.
        not_compared: Sizes of checkpoints of this log that the policy remembers, and that a
            receipt of this entry does not reach.
    """

    entry: Entry
    leaf: bytes
    proof: Proof
    assent: Assent
    not_compared: tuple[int, ...] = ()


def policy_of_keys(keys: Sequence[VerifierKey]) -> Policy:
    """Return the policy that all of these keys must have signed: logs, and witnesses if any.

    Args:
        keys: Of type 0x01 for the log, of type 0x04 for witnesses.
    """
    logs = tuple(Log(key) for key in dict.fromkeys(keys) if key.kind != COSIGNATURE)
    witnesses = tuple(
        Witness(key.label, key) for key in dict.fromkeys(keys) if key.kind == COSIGNATURE
    )
    if not witnesses:
        return Policy(logs, (), (), "none")
    group = Group("all", len(witnesses), tuple(witness.name for witness in witnesses))
    return Policy(logs, witnesses, (group,), group.name)


def check_receipt(proof: bytes, leaf: bytes, policy: Policy) -> Receipt:
    """Check that an entry stands in a log that the policy trusts.

    Args:
        proof: A C2SP tlog-proof.
        leaf: Canonical bytes of the entry.
        policy: Whose keys count, and how many witnesses are needed.

    Raises:
        InputError: If one of them cannot be read.
        IntegrityError: If the entry is another than the proof's, a signature fails, no key that
            signed is trusted at that size and time, too few witnesses cosigned, or the log is
            another than the one of which the policy remembers a checkpoint.
    """
    parsed, entry = Proof.parse(proof), Entry.parse(leaf)
    # Signatures first: until a trusted key signed, the note's numbers are anybody's.
    signed = assent(parsed.note, policy)
    signed.require_quorum()
    _check_terms(signed, policy)
    for what, said, proved in (
        ("number", entry.seq, parsed.index),
        ("ledger", entry.origin, signed.checkpoint.origin),
    ):
        if said != proved:
            raise IntegrityError(
                f"the entry says {what} {said}, the proof is of {what} {proved}",
                why="a valid proof of one entry shows nothing of another",
                remedy="give the entry that the proof was made for",
            )
    digest = leaf_hash(leaf)
    parsed.verify(digest)
    return Receipt(entry, digest, parsed, signed, _compare_remembered(parsed, digest, policy))


def _check_terms(signed: Assent, policy: Policy) -> None:
    """Refuse a checkpoint none of whose signers is trusted at its size and time."""
    size, by = signed.checkpoint.size, seen_by(signed, policy)
    lapses = [policy.term(key).lapse_unstated(size, by) for key in signed.log_keys]
    if all(lapses):
        raise IntegrityError(
            f"no key that signed the checkpoint over {size} entries is trusted there",
            why=lapses[0],
            remedy="ask for a receipt under a checkpoint that a trusted key signed",
        )


def _compare_remembered(proof: Proof, leaf: bytes, policy: Policy) -> tuple[int, ...]:
    """Compare what the policy remembers of the log with what a receipt shows of it.

    Returns:
        Sizes of the checkpoints that the receipt does not reach.
    """
    checkpoint = proof.checkpoint
    roots = {0: EMPTY_ROOT, **proof.earlier_roots(leaf), checkpoint.size: checkpoint.root}
    kept = [each for _, each in policy.remembered or () if each.origin == checkpoint.origin]
    for each in kept:
        if roots.get(each.size, each.root) != each.root:
            raise IntegrityError(
                f"the first {each.size} entries have another root than the checkpoint kept from "
                "earlier",
                where=f"remembered checkpoint {each.size}",
                why="the owner signed two histories: both notes together prove it",
                remedy="keep the receipt and the earlier checkpoint as evidence of a fork",
            )
    return tuple(sorted({each.size for each in kept} - roots.keys()))


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt that held as ``flopledger/receipt.v1``."""
    signed, extra = receipt.assent, receipt.proof.extra
    return {
        "schema": SCHEMA,
        "result": "proved",
        "entry": {
            "seq": receipt.entry.seq,
            "id": receipt.entry.id,
            "type": receipt.entry.type,
            "hash": receipt.leaf.hex(),
        },
        "checkpoint": {
            "origin": signed.checkpoint.origin,
            "size": signed.checkpoint.size,
            "root": signed.checkpoint.root.hex(),
        },
        "signed_by": [key.encode() for key in signed.log_keys],
        "cosigned_by": [
            {
                "witness": each.witness,
                "vkey": each.cosignature.key.encode(),
                "time": format_instant(each.cosignature.at),
            }
            for each in signed.cosigned
        ],
        "quorum": {"name": signed.quorum.name, "present": list(signed.quorum.present)},
        "not_counted": list(signed.lapsed),
        "not_compared": list(receipt.not_compared),
        "unknown_signatures": [f"{s.name}+{s.key_id.hex()}" for s in signed.unknown],
        "unproved_extra_bytes": None if extra is None else len(extra),
    }
