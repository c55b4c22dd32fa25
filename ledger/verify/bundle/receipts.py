"""Receipts prove single entries: each leads from its leaf to a signed root."""

from __future__ import annotations

from ledger.bundle import Manifest, Opened
from ledger.entry import Entry
from ledger.errors import InputError, IntegrityError
from ledger.inclusion import PROOF_MAX, Proof
from ledger.policy import Policy
from ledger.record import check_stored
from ledger.verify.bundle.course import Course
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.openings import Disclosed, check_redactions
from ledger.verify.bundle.prefix import bad_body

__all__ = ["check_receipts"]

_WHOLE = "a bundle of receipts does not hold the whole log"
_NEEDS_ALL = ((5, "links"), (9, "checkpoints"), (10, "signatures"), (11, "entries"), (12, "ids"))
_AFTER = (
    (13, "attestations"),
    (14, "approvals"),
    (15, "figures"),
    (16, "determinations"),
    (17, "determinations"),
)


def check_receipts(opened: Opened, manifest: Manifest, policy: Policy, course: Course) -> None:
    """Take the steps that single entries allow; the others say that they need the whole log.

    Raises:
        IntegrityError: Naming the receipt at fault.
    """
    course.step = 7
    notes = Notes(opened, manifest, policy)
    notes.check_signatures(course)
    disclosed = Disclosed(opened)
    for count, (seq, name) in enumerate(opened.names.leaves.items(), 1):
        course.step = 4
        entry = _entry(opened, name, seq, manifest.origin)
        course.step = 6
        _check_proof(opened, opened.names.proofs[seq], entry, notes)
        course.step = 18
        disclosed.take(entry)
        course.reached = count
    course.close(4, course.reached, "entries")
    course.close(6, course.reached, "receipts")
    for step, unit in (*_NEEDS_ALL, *_AFTER):
        course.close(step, 0, unit, _WHOLE, outcome="not_asked")
    disclosed.close(course)
    check_redactions(opened, manifest, disclosed, course)


def _entry(opened: Opened, name: str, seq: int, origin: str) -> Entry:
    """Read one entry."""
    try:
        entry = Entry.parse(opened.read(name))
    except InputError as error:
        raise IntegrityError(error.message, seq=seq, where=f"member {name!r}") from error
    if entry.seq != seq or entry.origin != origin:
        raise IntegrityError(
            f"the entry is number {entry.seq} of {entry.origin}", seq=seq, where=f"member {name!r}"
        )
    try:
        check_stored(entry.type, entry.body)
    except InputError as error:
        raise bad_body(seq, error) from error
    return entry


def _check_proof(opened: Opened, name: str, entry: Entry, notes: Notes) -> None:
    """Check one receipt against its entry and the checkpoint of the bundle."""
    try:
        _lead(Proof.parse(opened.read(name, PROOF_MAX)), entry, notes)
    except (InputError, IntegrityError) as error:
        raise IntegrityError(
            error.message,
            seq=entry.seq,
            where=f"member {name!r}",
            why=error.why,
            remedy=error.remedy or "keep the file as evidence",
        ) from error


def _lead(proof: Proof, entry: Entry, notes: Notes) -> None:
    """Follow a receipt from its entry to a checkpoint whose signatures were checked."""
    if proof.index != entry.seq:
        raise IntegrityError(f"the receipt is for entry {proof.index}")
    proof.verify(entry.hash())
    if notes.checkpoints.get(proof.checkpoint.size) != proof.checkpoint:
        raise IntegrityError(
            "the receipt leads to a checkpoint that the bundle does not hold",
            why="only checkpoints whose signatures were checked prove anything",
        )
    notes.assents[proof.checkpoint.size].require_quorum()
