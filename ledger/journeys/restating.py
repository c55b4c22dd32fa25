"""Restating corrects an entry: proposed by one person, approved by another, recorded as one.

A proposal is a file. It holds what is corrected and the records that come in its place as they were
given, so that the approver sees all of it; what is signed is worked out again from the ledger and
these records when they are recorded, and must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from ledger.approval import verify_approval
from ledger.canonical import JSON, encode, parse
from ledger.envelope import Envelope
from ledger.errors import ConflictError, InputError, IntegrityError, LedgerError
from ledger.journeys.confidence import in_confidence
from ledger.journeys.correction import (
    Correction,
    Reads,
    Reason,
    corrected_entry,
    supposed_correction,
)
from ledger.journeys.parties import Parties
from ledger.journeys.recording import read_record
from ledger.keys import VerifierKey
from ledger.log import Appended
from ledger.log.seal import reversal_key
from ledger.record.draft import Draft, draft_of
from ledger.regime.vocabulary import Vocabulary

__all__ = [
    "PROPOSAL_MAX",
    "Approved",
    "Desk",
    "Proposal",
    "Restated",
    "check_approval",
    "propose",
    "proposed_act",
    "read_proposal",
    "restate",
]

SCHEMA: Final = "flopledger/restatement.v1"
PROPOSAL_MAX: Final = 16_000_000
"""Bytes of a proposal."""

_MEMBERS: Final = {"schema", "origin", "approved", "records"}
_ANEW: Final = "write one: flopledger restate SEQ --with FILE --reason WORD --propose FILE"


class Restates(Protocol):
    """The part of a log that restating needs."""

    def append(self, drafts: Sequence[Draft], *, whole: bool = False) -> Appended:
        """Append what is new in one transaction, then sign the new head."""
        ...

    def preview(self, drafts: Sequence[Draft]) -> Appended:
        """Say what ``append`` would do, and write nothing."""
        ...

    def pseudonym(self, name: str, value: str) -> str:
        """Return the stand-in of a value of a confidential field."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Where corrections are made.

    Attributes:
        log: Where they are recorded.
        store: Where entries are read from.
        origin: Name of the ledger.
        vocabulary: Facts that may be stated.
        parties: Whom holdings name in confidence.
        recorded_on: UTC day on which they are made.
    """

    log: Restates
    store: Reads
    origin: str
    vocabulary: Vocabulary
    parties: Parties
    recorded_on: date

    def drafts(self, records: Sequence[Mapping[str, Any]]) -> tuple[Draft, ...]:
        """Read what comes in the place of an entry, parties under their pseudonyms.

        Raises:
            InputError: If a record is not written as it must be; it is named by its line.
        """
        found = []
        for number, record in enumerate(records, start=1):
            try:
                found.append(_draft(record, self.vocabulary, self.recorded_on))
            except LedgerError as error:
                where = f"replacement {number}"
                raise InputError(
                    error.message, where=where, why=error.why, remedy=error.remedy
                ) from error
        lines = list(range(1, len(found) + 1))
        return tuple(in_confidence(found, lines, "replacement", self.parties)[0])


@dataclass(frozen=True, slots=True)
class Proposal:
    """A correction that somebody proposes.

    Attributes:
        origin: The ledger.
        correction: What is taken back, and what comes in its place.
        drafts: The replacements, ready to be sealed.
        records: The replacements as they were given.
    """

    origin: str
    correction: Correction
    drafts: tuple[Draft, ...]
    records: tuple[dict[str, JSON], ...]

    def encode(self) -> bytes:
        """Return the file: canonical JSON and a newline."""
        value: dict[str, JSON] = {
            "schema": SCHEMA,
            "origin": self.origin,
            "approved": self.correction.approved(),
            "records": list(self.records),
        }
        return encode(value) + b"\n"


@dataclass(frozen=True, slots=True)
class Approved:
    """A second person's yes.

    Attributes:
        envelope: The signed approval.
        key: Whose signature counts.
    """

    envelope: Envelope
    key: VerifierKey


@dataclass(frozen=True, slots=True)
class Restated:
    """What was recorded.

    Attributes:
        proposal: What was corrected.
        reversal: Number of the reversal.
        replacements: Numbers of the replacements.
        approval: Number of the entry that names the approval; None without one.
    """

    proposal: Proposal
    reversal: int
    replacements: tuple[int, ...]
    approval: int | None


def propose(desk: Desk, seq: int, records: Iterable[Mapping[str, Any]], reason: Reason) -> Proposal:
    """Propose to correct an entry.

    Args:
        desk: Where it would be recorded.
        seq: The entry that is wrong.
        records: What comes in its place, as ``record`` takes it; none only withdraws it.
        reason: Why.

    Raises:
        MissingError: If there is no such entry.
        ConflictError: If it was corrected already, can never be, or a replacement is there already.
        InputError: If a record, the reason or the day is not written as it must be.
    """
    given = tuple(dict(record) for record in records)
    drafts = desk.drafts(given)
    entry = corrected_entry(desk.store, seq)
    correction = supposed_correction(
        entry,
        drafts,
        desk.log.pseudonym,
        reason,
    )
    proposal = Proposal(desk.origin, correction, drafts, given)
    _refuse_idle(proposal)
    _check_new(desk.log.preview(_drafts(proposal, None, 0)), proposal, 0)
    return proposal


def proposed_act(value: JSON) -> tuple[str, dict[str, JSON]] | None:
    """Return ledger and act of a proposal, or None if the value is none.

    Args:
        value: A file, read.
    """
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        return None
    origin, approved = value.get("origin"), value.get("approved")
    if not isinstance(origin, str) or not isinstance(approved, dict):
        raise InputError("origin of a proposal is a text, approved an object", remedy=_ANEW)
    return origin, approved


def read_proposal(data: bytes, desk: Desk) -> Proposal:
    """Read a proposal, and make sure that it still fits the ledger.

    Args:
        data: The file.
        desk: Where it would be recorded.

    Raises:
        InputError: If the file is no proposal.
        ConflictError: If it belongs to another ledger, or the ledger has moved on.
        IntegrityError: If what is to be approved is not what the records say.
    """
    value = parse(data.removesuffix(b"\n"), limit=PROPOSAL_MAX)
    if not isinstance(value, dict) or set(value) != _MEMBERS or value["schema"] != SCHEMA:
        raise InputError(
            f"the file is no {SCHEMA}",
            remedy=_ANEW,
        )
    if value["origin"] != desk.origin:
        raise ConflictError(
            f"the proposal is about {str(value['origin'])[:60]}, this ledger is {desk.origin}",
            remedy="give the --ledger that it was made for",
        )
    said, records = value["approved"], value["records"]
    if not isinstance(said, dict) or not isinstance(records, list):
        raise InputError("approved of a proposal is an object, records a list", remedy=_ANEW)
    objects = [record for record in records if isinstance(record, dict)]
    if len(objects) != len(records) or not isinstance(said.get("reverses"), int):
        raise InputError(
            "a proposal names the entry that it reverses, and records as objects", remedy=_ANEW
        )
    seq, word = said["reverses"], said.get("reason")
    assert isinstance(seq, int)
    reason = Reason(str(word), _text(said, "root_cause"), _text(said, "discovered_on"))
    proposal = propose(desk, seq, objects, reason)
    if proposal.correction.approved() != said:
        raise IntegrityError(
            "what the proposal wants approved is not what its records say",
            why="the approver would sign one thing and the ledger would hold another",
            remedy="propose again, and let the approver see the new file",
        )
    return proposal


def restate(
    desk: Desk,
    proposal: Proposal,
    approved: Approved | None,
    *,
    size: int,
    keep: Callable[[Envelope], object] | None = None,
) -> Restated:
    """Record a correction in one transaction: reversal, replacements, approval.

    Args:
        desk: Where to record it.
        proposal: What is corrected.
        approved: The approval; None records it with nobody's yes but the recorder's.
        size: Entries in the ledger when it was approved.
        keep: Keeps the envelope of the approval beside the ledger, durably.

    Raises:
        IntegrityError: If the approval is for something else, or not signed by the key.
        ConflictError: If the ledger has moved on.
        HeadMovedError: If other writers always came first.
    """
    digest = None
    if approved is not None:
        check_approval(approved, proposal)
        assert keep is not None, "an approval is kept"
        keep(approved.envelope)
        digest = approved.envelope.sha256()
    drafts = _drafts(proposal, digest, size)
    appended = desk.log.append(drafts, whole=True)
    extra = 0 if digest is None else 1
    _check_new(appended, proposal, extra)
    numbers = appended.new
    last = len(proposal.drafts) + 1
    return Restated(proposal, numbers[0], numbers[1:last], numbers[last] if extra else None)


def check_approval(approved: Approved, proposal: Proposal) -> None:
    """Refuse an approval of something else, or by somebody else.

    Raises:
        IntegrityError: If it is.
    """
    signed = verify_approval(
        approved.envelope,
        [approved.key],
        act="restatement",
        origin=proposal.origin,
        approved=proposal.correction.approved(),
    )
    if approved.key not in signed.keys:
        raise IntegrityError(
            f"the approval is not signed by {approved.key.name}",
            why="a correction needs the yes of a second person",
            remedy="flopledger approve PROPOSAL --key THEIR-KEY.pem -o FILE",
        )


def _draft(record: Mapping[str, Any], vocabulary: Vocabulary, today: date) -> Draft:
    """Read one replacement."""
    draft = read_record(record, vocabulary, today)
    if draft.type == "reversal":
        raise InputError(
            "a replacement is no reversal",
            why="restating takes back one entry; what comes in its place is a record of its own",
            remedy="restate the other entry by itself",
        )
    return draft


def _drafts(proposal: Proposal, approval: str | None, size: int) -> list[Draft]:
    """Return everything that is recorded, in order."""
    correction = proposal.correction
    body = dict(correction.reversal)
    key = reversal_key(correction.entry.seq)
    drafts = [draft_of("reversal", body, key=key), *proposal.drafts]
    if approval is not None:
        said = {"envelope_sha256": approval, "size": size, "number": 0}
        drafts.append(draft_of("attestation", said))
    return drafts


def _refuse_idle(proposal: Proposal) -> None:
    """Refuse a correction that leaves everything as it was."""
    correction = proposal.correction
    key = "idempotency_key"
    was = {name: value for name, value in correction.entry.body.items() if name != key}
    if [body for _, body in correction.replacements] == [was]:
        raise InputError(
            f"the replacement says what entry {correction.entry.seq} says already",
            why="a correction that corrects nothing only hides others",
            remedy="put the right figures into the file given with --with",
        )


def _check_new(appended: Appended, proposal: Proposal, extra: int) -> None:
    """Refuse a correction of which a part is in the ledger already."""
    seq = proposal.correction.entry.seq
    wanted = 1 + len(proposal.drafts) + extra
    if len(appended.new) == wanted and not appended.superseded:
        return
    if appended.conflicts:
        conflict = appended.conflicts[0]
        what = f"entry {seq} was corrected by entry {conflict.seq}"
        if conflict.draft_index:
            what = f"entry {conflict.seq} holds the key of replacement {conflict.draft_index}"
        raise ConflictError(
            what,
            why="an entry is corrected once; the next correction corrects what replaced it",
            remedy=f"flopledger show {conflict.seq} says what stands there; restate that one",
        )
    raise ConflictError(
        f"the correction of entry {seq}, or a part of it, is in the ledger already",
        why="it would be counted once and corrected twice",
        remedy=f"flopledger impact {seq} shows the correction that was recorded",
    )


def _text(said: Mapping[str, JSON], name: str) -> str | None:
    """Return a text of what is to be approved, or None."""
    value = said.get(name)
    return None if value is None else str(value)
