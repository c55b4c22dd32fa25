"""Verifying for people: the verdict as a document, and the proof of one entry for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from ledger.checkpoint import Checkpoint
from ledger.errors import InputError, IntegrityError
from ledger.inclusion import Proof
from ledger.keys import VerifierKey
from ledger.log import Row
from ledger.merkle import leaf_hash

if TYPE_CHECKING:
    from ledger.verify import Verdict

__all__ = ["Leaves", "Rows", "failure_document", "hashed_anew", "prove", "verdict_document"]

SCHEMA = "flopledger/verify.v1"


class Leaves(Protocol):
    """What proofs need of a ledger."""

    def inclusion(self, seq: int, checkpoint: Checkpoint) -> tuple[bytes, list[bytes]]:
        """Return the hash of a signed entry, and its path to the root of a checkpoint.

        Raises:
            IntegrityError: If the entries are not those that were signed.
        """
        ...

    def vkey(self) -> str:
        """Return the text of the key that signs the ledger."""
        ...


class Rows(Protocol):
    """The part of a store that gives the stored bytes."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        ...


def hashed_anew(ledger: Rows, stop: int, *, start: int = 0) -> list[bytes]:
    """Return the leaf hashes of the entries [start, stop), each from its stored bytes.

    The stored hashes alone would prove what was signed while the bytes beside them are others.

    Raises:
        IntegrityError: If the stored hash of an entry is another, naming the entry.
    """
    hashes: list[bytes] = []
    for row in ledger.read(start, stop):
        if row.seq != start + len(hashes):
            break
        digest = leaf_hash(row.bytes)
        if digest != row.hash:
            raise IntegrityError(
                "the stored hash is not the hash of the stored bytes",
                seq=row.seq,
                why="nothing is proved to others from a ledger that was altered",
                remedy="keep the files as evidence, and put back a copy that verifies",
            )
        hashes.append(digest)
    return hashes


def prove(ledger: Leaves, note: bytes, seq: int) -> Proof:
    """Prove that an entry is in the ledger, and check the proof before giving it out.

    Args:
        ledger: Where the entries are.
        note: A signed checkpoint of this ledger.
        seq: Number of the entry.

    Raises:
        InputError: If the checkpoint does not cover the entry.
        IntegrityError: If the signature fails or the entries lead to another root.
    """
    checkpoint = Checkpoint.open(note, VerifierKey.parse(ledger.vkey()))
    if not 0 <= seq < checkpoint.size:
        raise InputError(
            f"entry {seq} is not among the {checkpoint.size} signed entries",
            why="a proof leads to a signed root",
            remedy="flopledger status shows how many entries there are and are signed",
        )
    leaf, path = ledger.inclusion(seq, checkpoint)
    proof = Proof(seq, tuple(path), checkpoint, note)
    proof.verify(leaf)
    return proof


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict that held as ``flopledger/verify.v1``."""
    return {
        "schema": SCHEMA,
        "result": "verified",
        "ledger": {
            "origin": verdict.origin,
            "size": verdict.size,
            "root": verdict.root.hex(),
            "signed_size": verdict.signed_size,
            "unsigned_tail": verdict.size - verdict.signed_size,
        },
        "key": {"vkey": verdict.vkey, "source": verdict.vkey_source},
        "checks": [
            {"step": check.step, "name": check.name, "count": check.count, "note": check.note}
            for check in verdict.checks
        ],
        "failure": None,
    }


def failure_document(error: IntegrityError) -> dict[str, Any]:
    """Return a fault as ``flopledger/verify.v1``."""
    return {
        "schema": SCHEMA,
        "result": "failed",
        "ledger": None,
        "key": None,
        "checks": [],
        "failure": {
            "message": error.message,
            "seq": error.seq,
            "where": error.where,
            "why": error.why,
            "remedy": error.remedy,
        },
    }
