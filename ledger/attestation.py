"""An attestation is a person's signed word on what a ledger says up to one checkpoint.

It is a statement whose subject is the checkpoint: ``<origin>@<size>``, with SHA-256 of the three
lines that the log signed. Its predicate repeats ledger, period, claim of completeness, population,
totals and the whole check, so that whoever holds the leaves can work all of it out again and
compare. Attestations of a ledger are numbered, and each names the one before.
Specification: ``schemas/attestation.v1.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self, cast

from ledger.approval import (
    APPROVAL,
    Act,
    Approval,
    approval_of,
    body_digest,
    restatement,
    restatement_digest,
    verify_approval,
)
from ledger.canonical import JSON
from ledger.checkpoint import Checkpoint
from ledger.claim import Claim, Completeness, Days, Population, count_in, hex_in, object_in
from ledger.envelope import PAYLOAD_TYPE, Envelope, EnvelopeSignature, Signed, keyid_of, pae
from ledger.errors import InputError, IntegrityError
from ledger.keys import check_name
from ledger.statement import STATEMENT_TYPE, Statement

__all__ = [
    "APPROVAL",
    "APPROVAL_NUMBER",
    "ATTESTATION",
    "CHECK_SCHEMA",
    "PAYLOAD_TYPE",
    "STATEMENT_TYPE",
    "Act",
    "Approval",
    "Attestation",
    "Claim",
    "Completeness",
    "Days",
    "Envelope",
    "EnvelopeSignature",
    "Population",
    "Signed",
    "Statement",
    "approval_of",
    "body_digest",
    "check_entry",
    "check_follows",
    "keyid_of",
    "pae",
    "restatement",
    "restatement_digest",
    "verify_approval",
]

ATTESTATION: Final = "urn:flopledger:attestation:v1"
CHECK_SCHEMA: Final = "flopledger/check.v1"
APPROVAL_NUMBER: Final = 0
"""Number of an ``attestation`` entry whose envelope is an approval; attestations begin at 1."""


_MEMBERS: Final = {
    "check",
    "completeness",
    "ledger",
    "number",
    "period",
    "population",
    "previous",
    "totals",
}


@dataclass(frozen=True, slots=True)
class Attestation:
    """What is attested.

    Attributes:
        checkpoint: The state of the log that is spoken of.
        number: Its number in the series of this ledger, from 1.
        previous: SHA-256 of the payload before, 64 hex digits; None for the first.
        period: Days that the attestation is about; totals are of all entries.
        completeness: What is claimed about runs that are not recorded.
        population: How much the ledger holds.
        totals: ``by_grade`` and ``by_counting_set``, lists of objects with decimal strings.
        check: The whole ``flopledger/check.v1`` document that is claimed.
    """

    checkpoint: Checkpoint
    number: int
    previous: str | None
    period: Days
    completeness: Completeness
    population: Population
    totals: Mapping[str, JSON]
    check: Mapping[str, JSON]

    @classmethod
    def parse(cls, statement: Statement) -> Self:
        """Read an attestation; nothing in it is trusted before its signatures are checked.

        Raises:
            InputError: If the statement is of another kind or malformed.
            IntegrityError: If subject, ledger and claimed check do not speak of one checkpoint.
        """
        if statement.predicate_type != ATTESTATION:
            raise InputError(f"the statement is {statement.predicate_type!r}, not an attestation")
        value = statement.predicate
        if set(value) != _MEMBERS:
            raise InputError("the predicate has not exactly the members of attestation.v1")
        previous = value["previous"]
        found = cls(
            checkpoint=_ledger(value["ledger"]),
            number=_number(value["number"]),
            previous=None if previous is None else hex_in(previous, "previous"),
            period=Days.read(value["period"]),
            completeness=Completeness.read(value["completeness"]),
            population=Population.read(value["population"]),
            totals=_totals(value["totals"]),
            check=_check(value["check"]),
        )
        found._check_parts(statement)
        return found

    @classmethod
    def open(cls, envelope: Envelope) -> Self:
        """Read the attestation that an envelope carries; its signatures are not looked at here."""
        return cls.parse(Statement.open(envelope))

    def statement(self) -> Statement:
        """Return what is signed."""
        log = self.checkpoint
        return Statement(
            name=f"{log.origin}@{log.size}",
            sha256=hashlib.sha256(log.text().encode()).hexdigest(),
            predicate_type=ATTESTATION,
            predicate={
                "check": dict(self.check),
                "completeness": self.completeness.value(),
                "ledger": {"origin": log.origin, "root": log.root.hex(), "size": log.size},
                "number": self.number,
                "period": self.period.value(),
                "population": self.population.value(),
                "previous": self.previous,
                "totals": dict(self.totals),
            },
        )

    def check_binding(self, checkpoint: Checkpoint) -> None:
        """Check that this attestation is about the ledger shown.

        Args:
            checkpoint: What the log signed at the size of the attestation, its signature checked.

        Raises:
            IntegrityError: If origin, size or root are others.
        """
        for name, said, shown in (
            ("ledger", self.checkpoint.origin, checkpoint.origin),
            ("size", str(self.checkpoint.size), str(checkpoint.size)),
            ("root", self.checkpoint.root.hex(), checkpoint.root.hex()),
        ):
            if said != shown:
                raise IntegrityError(
                    f"the attestation is about another {name}: {said}, the ledger shows {shown}",
                    where=f"attestation {self.number}",
                    why="each of the two may be genuine, and they do not belong together",
                    remedy="ask for the attestation of this ledger, or the ledger of this one",
                )

    def _check_parts(self, statement: Statement) -> None:
        """Refuse parts that speak of different states of a log."""
        whole = self.statement()
        if (whole.name, whole.sha256) != (statement.name, statement.sha256):
            raise IntegrityError(
                "the subject of the attestation is not the checkpoint that it states",
                where=f"attestation {self.number}",
                why="a signature would stand under another state of the ledger",
            )
        if self.population.entries != self.checkpoint.size:
            raise IntegrityError(
                f"the attestation counts {self.population.entries} entries under a checkpoint "
                f"over {self.checkpoint.size}",
                where=f"attestation {self.number}",
            )
        ledger = cast("dict[str, JSON]", whole.predicate["ledger"])
        claimed = self.check.get("ledger")
        if not isinstance(claimed, dict) or any(claimed.get(n) != ledger[n] for n in ledger):
            raise IntegrityError(
                "the claimed check is not one of the checkpoint attested",
                where=f"attestation {self.number}",
                why="its determinations rest on other entries",
            )


def check_follows(
    attestation: Attestation, before: Statement | None, *, number: int | None = None
) -> None:
    """Check that an attestation stands in its series as it says.

    Args:
        attestation: The attestation.
        before: The statement of the attestation before it, or None if it is the first.
        number: Number that its entry states, or None if that is not asked.

    Raises:
        IntegrityError: If its number or the one it names is another, or its size is smaller.
    """
    last = None if before is None else Attestation.parse(before)
    where = f"attestation {attestation.number}"
    wanted = 1 if last is None else last.number + 1
    if attestation.number != wanted or number not in {None, wanted}:
        raise IntegrityError(
            f"the attestation is number {attestation.number}, the series goes on with {wanted}",
            where=where,
            why="one was left out, or an earlier one is shown again",
        )
    if attestation.previous != (None if before is None else before.payload_sha256()):
        raise IntegrityError(
            "the attestation names another one before it than the series has", where=where
        )
    if last is not None and attestation.checkpoint.size < last.checkpoint.size:
        raise IntegrityError("the attestation is about fewer entries than the last", where=where)


def check_entry(body: Mapping[str, JSON], seq: int, envelope: Envelope) -> None:
    """Check that an ``attestation`` entry names this envelope.

    Args:
        body: Body of the entry.
        seq: Its number.
        envelope: What is shown for it: an attestation, or an approval with the number 0.

    Raises:
        InputError: If the envelope carries neither.
        IntegrityError: If digest, size or number are others, or it was recorded before its time.
    """
    where = f"entry {seq}"
    if body.get("envelope_sha256") != envelope.sha256():
        raise IntegrityError(
            "the entry names another envelope",
            where=where,
            why="an envelope that the ledger does not name may have been made later",
        )
    statement = Statement.open(envelope)
    if statement.predicate_type == APPROVAL:
        Approval.parse(statement)
        number, size = APPROVAL_NUMBER, None
    else:
        attested = Attestation.parse(statement)
        number, size = attested.number, attested.checkpoint.size
    if body.get("number") != number or (size is not None and body.get("size") != size):
        raise IntegrityError(
            f"the entry says number {body.get('number')} over {body.get('size')} entries, "
            f"the envelope {number} over {size}",
            where=where,
        )
    if size is not None and size > seq:
        raise IntegrityError(
            f"the attestation is about {size} entries and was recorded as entry {seq}",
            where=where,
            why="nobody can attest what is not there yet",
        )


def _ledger(value: JSON) -> Checkpoint:
    """Read which state of which log is meant."""
    said = object_in(value, "ledger", {"origin", "root", "size"})
    origin = said["origin"]
    if not isinstance(origin, str):
        raise InputError("origin of the attestation is no text")
    size, root = count_in(said["size"], "size"), bytes.fromhex(hex_in(said["root"], "root"))
    return Checkpoint.parse(Checkpoint(check_name(origin), size, root).text())


def _number(value: JSON) -> int:
    """Read the number of the attestation; approvals alone have none."""
    number = count_in(value, "number")
    if number == APPROVAL_NUMBER:
        raise InputError("attestations are numbered from 1")
    return number


def _totals(value: JSON) -> dict[str, JSON]:
    """Read the totals; their rows are compared with those recomputed, not read here."""
    said = object_in(value, "totals", {"by_counting_set", "by_grade"})
    for name, rows in said.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise InputError(f"{name} of the attestation is no list of objects")
    return said


def _check(value: JSON) -> dict[str, JSON]:
    """Read the claimed check; what it says is compared with what is determined again."""
    if not isinstance(value, dict) or value.get("schema") != CHECK_SCHEMA:
        raise InputError(f"check of the attestation is no {CHECK_SCHEMA} document")
    return value
