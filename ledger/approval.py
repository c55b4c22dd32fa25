"""An approval is a person's signed yes to one act before it is recorded.

It is a statement whose subject is what is approved, word for word: the digest is SHA-256 of its
canonical JSON, and the predicate repeats it, so that a reader sees what was signed.
Specification: ``schemas/approval.v1.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Self, TypeAlias, cast, get_args

from ledger.canonical import JSON, encode
from ledger.envelope import Envelope, Signed
from ledger.errors import InputError, IntegrityError
from ledger.keys import VerifierKey, check_name
from ledger.period import parse_day
from ledger.statement import Statement

__all__ = [
    "APPROVAL",
    "Act",
    "Approval",
    "approval_of",
    "body_digest",
    "restatement",
    "restatement_digest",
    "verify_approval",
]

APPROVAL: Final = "urn:flopledger:approval:v1"
Act: TypeAlias = Literal["restatement", "adoption", "key"]

_MEMBERS: Final = {"act", "approved", "on", "origin"}


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody approves.

    Attributes:
        act: Which kind of act it is.
        origin: Name of the ledger in which it may be done.
        approved: The act itself.
        on: Day on which the person says to have approved it.
    """

    act: Act
    origin: str
    approved: dict[str, JSON]
    on: date

    @classmethod
    def parse(cls, statement: Statement) -> Self:
        """Read an approval; nothing in it is trusted before its signatures are checked.

        Raises:
            InputError: If the statement is of another kind or malformed.
            IntegrityError: If the subject is not what the predicate says is approved.
        """
        if statement.predicate_type != APPROVAL:
            raise InputError(f"the statement is {statement.predicate_type!r}, not an approval")
        value = statement.predicate
        if set(value) != _MEMBERS:
            raise InputError("an approval has exactly act, approved, on and origin")
        act, origin, approved, on = (value[n] for n in ("act", "origin", "approved", "on"))
        if act not in get_args(Act):
            raise InputError(f"nobody can approve the act {str(act)[:40]!r}")
        if not isinstance(origin, str) or not isinstance(on, str):
            raise InputError("origin and on of an approval are texts")
        if not isinstance(approved, dict):
            raise InputError("what is approved is not an object")
        found = cls(cast("Act", act), check_name(origin), approved, parse_day(on))
        if found.statement() != statement:
            raise IntegrityError(
                "the subject of the approval is not what it says is approved",
                where="approval",
                why="a signature would stand under another act",
            )
        return found

    @classmethod
    def open(cls, envelope: Envelope) -> Self:
        """Read the approval that an envelope carries."""
        return cls.parse(Statement.open(envelope))

    def statement(self) -> Statement:
        """Return what is signed."""
        return Statement(
            name=f"{self.origin}/{self.act}",
            sha256=_digest(self.approved),
            predicate_type=APPROVAL,
            predicate={
                "act": self.act,
                "approved": self.approved,
                "on": self.on.isoformat(),
                "origin": self.origin,
            },
        )


def approval_of(act: Act, origin: str, approved: Mapping[str, JSON], on: date) -> Envelope:
    """Return an envelope, still without signature, that approves an act.

    Args:
        act: Which kind of act it is.
        origin: Name of the ledger.
        approved: The act itself, canonical JSON values.
        on: Today, as the person who signs says.
    """
    return Envelope(Approval(act, origin, dict(approved), on).statement().encode())


def verify_approval(
    envelope: Envelope,
    keys: Iterable[VerifierKey],
    *,
    act: Act,
    origin: str,
    approved: Mapping[str, JSON],
) -> Signed:
    """Check that an envelope approves exactly this act, and say which of the keys signed it.

    Args:
        envelope: What was handed in.
        keys: Keys that count, from the policy.
        act: The kind of act done.
        origin: The ledger in which it was done.
        approved: The act, made anew from what was recorded.

    Raises:
        InputError: If the envelope carries no approval.
        IntegrityError: If it approves another act, or a signature by one of the keys fails.
    """
    found = Approval.open(envelope)
    for name, said, done in (
        ("kind of act", found.act, act),
        ("ledger", found.origin, origin),
        ("act", _digest(found.approved), _digest(approved)),
    ):
        if said != done:
            raise IntegrityError(
                f"the approval is for another {name}: {said}, not {done}",
                where="approval",
                why="a yes to one act is no yes to another",
                remedy="let the approver look at this act and sign it",
            )
    return envelope.signed_by(keys)


def restatement(
    reversal: Mapping[str, JSON], replacements: Iterable[Mapping[str, JSON]]
) -> dict[str, JSON]:
    """Return what is approved of a restatement; leaves alone are enough to make it.

    Args:
        reversal: Body of the reversal.
        replacements: Public bodies of the records that take its place, in their order.
    """
    names = ("reverses", "hash", "reason", "root_cause", "discovered_on")
    said: dict[str, JSON] = {name: reversal[name] for name in names}
    return {**said, "replacements": [body_digest(body) for body in replacements]}


def restatement_digest(
    reversal: Mapping[str, JSON], replacements: Iterable[Mapping[str, JSON]]
) -> str:
    """Return SHA-256 of what is approved of a restatement, 64 hex digits; see ``restatement``."""
    return _digest(restatement(reversal, replacements))


def body_digest(body: Mapping[str, JSON]) -> str:
    """Return SHA-256 of a public body, 64 hex digits, without the key that sealing adds."""
    return _digest({name: value for name, value in body.items() if name != "idempotency_key"})


def _digest(value: Mapping[str, JSON]) -> str:
    """Return SHA-256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(encode(dict(value))).hexdigest()
