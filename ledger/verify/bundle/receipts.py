"""Receipts prove single entries: each leads from its leaf to a signed root.

They get the same steps as a bundle with all entries, as far as the facts are there. Where a policy
asks for what only the whole log can show, the step is not checkable, and is never passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ledger.bundle import Manifest, Opened
from ledger.custody import KeyEvent
from ledger.entry import Entry, genesis_prev
from ledger.errors import InputError, IntegrityError
from ledger.inclusion import PROOF_MAX, Proof
from ledger.merkle import EMPTY_ROOT
from ledger.policy import Policy
from ledger.record.stored import check_stored
from ledger.verify.bundle.course import Course, Outcome
from ledger.verify.bundle.custody import check_signer
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.openings import Disclosed, check_redactions
from ledger.verify.bundle.prefix import bad_body, require_depth
from ledger.verify.bundle.timestamps import Stamps
from ledger.verify.bundle.windows import check_moments
from ledger.verify.entries import Reversals

__all__ = ["check_receipts"]

_WHOLE = "a bundle of receipts does not hold the whole log"
_LAW = ((15, "figures"), (16, "determinations"), (17, "determinations"))


def check_receipts(opened: Opened, manifest: Manifest, policy: Policy, course: Course) -> None:
    """Take the steps that single entries allow; the others say that they need the whole log.

    Raises:
        IntegrityError: Naming the receipt, entry or checkpoint at fault.
    """
    course.step = 7
    notes = Notes(opened, manifest, policy)
    notes.check_signatures(course)
    root = notes.checkpoints[manifest.size].root
    assert course.bundle is not None
    course.bundle = replace(course.bundle, root=root.hex(), witnessed=notes.witnessed)
    disclosed = Disclosed(opened)
    single = _Single(opened, manifest.origin, course)
    for entry in single.run(notes):
        course.step = 18
        disclosed.take(entry)
    single.close()
    notes.compare_remembered({0: EMPTY_ROOT, manifest.size: root, **single.roots}, course)
    course.step = 11
    stamps = Stamps(opened, notes, policy)
    check_signer(notes, stamps, single.events, policy, course)
    course.step = 11
    check_moments(notes, stamps, single.recorded, policy, course)
    _close_statements(single, policy, course)
    for step, unit in _LAW:
        course.close(step, 0, unit, _WHOLE, outcome="not_asked")
    disclosed.close(course)
    check_redactions(opened, manifest, disclosed, course)


class _Single:
    """What the single entries of a bundle show, each once its receipt holds.

    Attributes:
        roots: Roots of earlier states of the log, by size, as the receipts show them.
        recorded: ``recorded_at`` of each entry, by number.
        events: What its ``key`` entries say.
        stated: Number of the first entry that names a signed statement; None if there is none.
    """

    def __init__(self, opened: Opened, origin: str, course: Course) -> None:
        """Begin before the first entry."""
        self.roots: dict[int, bytes] = {}
        self.recorded: dict[int, str] = {}
        self.events: list[KeyEvent] = []
        self.stated: int | None = None
        self._opened = opened
        self._origin = origin
        self._course = course
        self._ids: dict[str, int] = {}
        self._last: Entry | None = None
        self._links = 0
        self._blind = 0  # reversals of entries that are not here
        self._reversals = Reversals(self._leaf)

    def run(self, notes: Notes) -> Iterator[Entry]:
        """Yield each entry once it and its receipt were checked.

        Raises:
            IntegrityError: Naming the member or entry at fault.
        """
        course, names = self._course, self._opened.names
        for count, (seq, name) in enumerate(sorted(names.leaves.items()), 1):
            course.step = 4
            entry = _entry(self._opened, name, seq, self._origin)
            course.step = 5
            self._follow(entry)
            course.step = 6
            proof = _check_proof(self._opened, names.proofs[seq], entry, notes)
            self.roots |= proof.earlier_roots(entry.hash())
            course.step = 12
            self._check_once(entry)
            course.step = 10
            self._keep(entry)
            yield entry
            course.reached = count

    def close(self) -> None:
        """Close steps 4, 5, 6 and 12."""
        course, count = self._course, len(self.recorded)
        course.close(4, count, "entries")
        linked: Outcome = "held" if self._links else "not_asked"
        course.close(5, self._links, "links", f"between neighbours alone: {_WHOLE}", outcome=linked)
        course.close(6, count, "receipts")
        copied, blind = len(self._reversals.reversed_by), self._blind
        told = f"{copied} reversals copy what they reverse" if copied else ""
        missed = (
            f"reversals whose entry is not here, so that nothing shows what they copy: {blind}"
            if blind
            else ""
        )
        outcome: Outcome = "withheld" if blind else "held"
        course.close(
            12, count, "ids", missed, told, f"among these entries alone: {_WHOLE}", outcome=outcome
        )

    def _follow(self, entry: Entry) -> None:
        """Compare an entry with its neighbour, if that is here, and its time with those before."""
        last, self._last = self._last, entry
        if entry.seq == 0 or (last is not None and last.seq == entry.seq - 1):
            self._links += 1
            wanted = genesis_prev(self._origin) if last is None else last.hash().hex()
            if entry.prev != wanted:
                raise _bad(entry.seq, "prev is not the hash of the entry before")
        if last is not None and entry.recorded_at < last.recorded_at:
            raise _bad(entry.seq, f"recorded {entry.recorded_at}, before {last.recorded_at}")

    def _check_once(self, entry: Entry) -> None:
        """Refuse a second entry of one id, and a reversal that does not copy an entry here."""
        before = self._ids.setdefault(entry.id, entry.seq)
        if before != entry.seq:
            raise _bad(entry.seq, f"its id {entry.id} is that of entry {before}")
        if entry.type != "reversal":
            return
        if entry.body["reverses"] in self._opened.names.leaves:
            self._reversals.take_reversal(entry)
        else:
            self._blind += 1

    def _keep(self, entry: Entry) -> None:
        """Keep what later steps look at."""
        self.recorded[entry.seq] = entry.recorded_at
        if entry.type == "attestation" and self.stated is None:
            self.stated = entry.seq
        event = KeyEvent.of(entry) if entry.type == "key" else None
        if event is not None:
            self.events.append(event)

    def _leaf(self, seq: int) -> bytes:
        """Return the bytes of an entry that is here."""
        return self._opened.read(self._opened.names.leaves[seq])


def _close_statements(single: _Single, policy: Policy, course: Course) -> None:
    """Steps 13 and 14: people's statements are not among receipts; say so where they are asked."""
    asked = [_WHOLE]
    if policy.attestation:
        asked.append("the policy asks for signatures of people")
    if single.stated is not None:
        asked.append(f"the statement named by entry {single.stated} is not in the bundle")
    outcome: Outcome = "withheld" if len(asked) > 1 else "not_asked"
    course.close(13, 0, "attestations", *asked, outcome=outcome)
    acts = sorted((policy.four_eyes or frozenset()) - {"attestation"})
    told = f"the policy asks for a second person in {', '.join(acts)}" if acts else ""
    course.close(14, 0, "approvals", _WHOLE, told, outcome="withheld" if acts else "not_asked")


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
    require_depth(entry, opened.caps.depth)
    return entry


def _check_proof(opened: Opened, name: str, entry: Entry, notes: Notes) -> Proof:
    """Check one receipt against its entry and the checkpoint of the bundle."""
    try:
        return _lead(Proof.parse(opened.read(name, PROOF_MAX)), entry, notes)
    except (InputError, IntegrityError) as error:
        raise IntegrityError(
            error.message,
            seq=entry.seq,
            where=f"member {name!r}",
            why=error.why,
            remedy=error.remedy or "keep the file as evidence",
        ) from error


def _lead(proof: Proof, entry: Entry, notes: Notes) -> Proof:
    """Follow a receipt from its entry to the checkpoint whose signatures were checked."""
    if proof.index != entry.seq:
        raise IntegrityError(f"the receipt is for entry {proof.index}")
    proof.verify(entry.hash())
    if notes.checkpoints.get(proof.checkpoint.size) != proof.checkpoint:
        raise IntegrityError(
            "the receipt leads to a checkpoint that the bundle does not hold",
            why="only checkpoints whose signatures were checked prove anything",
        )
    return proof


def _bad(seq: int, message: str) -> IntegrityError:
    """Return the error for one entry."""
    return IntegrityError(
        f"entry {seq}: {message}",
        seq=seq,
        where=f"entry {seq}",
        why="it was signed as it stands, and no program of this kind records such an entry",
        remedy="ask the owner of the ledger how it came to be signed",
    )
