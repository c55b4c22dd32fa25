"""A statement says something about one thing that its digest names: in-toto Statement v1.

The payload of an envelope is such a statement in canonical JSON::

    {"_type":"https://in-toto.io/Statement/v1","predicate":{…},"predicateType":"urn:…",
     "subject":[{"digest":{"sha256":"…"},"name":"ledger.example/lab-a@1402"}]}

Specification: ``schemas/attestation.v1.md``; source: in-toto attestation framework, Statement v1.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from ledger.canonical import JSON, encode, parse
from ledger.envelope import ENVELOPE_MAX, PAYLOAD_TYPE, Envelope
from ledger.errors import InputError

__all__ = ["STATEMENT_TYPE", "Statement"]

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"

_MEMBERS: Final = {"_type", "predicate", "predicateType", "subject"}
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_NAME_MAX: Final = 256  # an origin of 200 characters, a mark, and a size or an act
_TYPE_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class Statement:
    """What is stated, and of what.

    Attributes:
        name: Name of the subject.
        sha256: SHA-256 of the subject, 64 hex digits.
        predicate_type: Which kind of statement it is.
        predicate: What is stated, as the kind says.
    """

    name: str
    sha256: str
    predicate_type: str
    predicate: dict[str, JSON]

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read a payload; ``encode`` gives the same bytes again.

        Raises:
            InputError: If the bytes are not canonical, or no statement about one subject.
        """
        value = parse(payload, limit=ENVELOPE_MAX)
        if not isinstance(value, dict) or set(value) != _MEMBERS:
            raise InputError("a statement has exactly _type, predicate, predicateType and subject")
        if value["_type"] != STATEMENT_TYPE:
            raise InputError(f"the statement is not of the type {STATEMENT_TYPE}")
        kind, predicate = value["predicateType"], value["predicate"]
        if not isinstance(kind, str) or not 0 < len(kind) <= _TYPE_MAX:
            raise InputError("the predicateType of the statement is no short text")
        if not isinstance(predicate, dict):
            raise InputError("the predicate of the statement is not an object")
        name, digest = _subject(value["subject"])
        return cls(name, digest, kind, predicate)

    @classmethod
    def open(cls, envelope: Envelope) -> Self:
        """Read what an envelope carries; its signatures are not looked at here.

        Raises:
            InputError: If the envelope carries something else than a statement.
        """
        if envelope.payload_type != PAYLOAD_TYPE:
            raise InputError(
                f"the envelope carries {envelope.payload_type!r}, not {PAYLOAD_TYPE!r}",
                why="bytes signed as one kind of thing are not read as another",
            )
        return cls.parse(envelope.payload)

    def encode(self) -> bytes:
        """Return the canonical bytes: the payload."""
        return encode(
            {
                "_type": STATEMENT_TYPE,
                "predicate": self.predicate,
                "predicateType": self.predicate_type,
                "subject": [{"digest": {"sha256": self.sha256}, "name": self.name}],
            }
        )

    def payload_sha256(self) -> str:
        """Return SHA-256 of the payload, 64 hex digits: what the next of a series names."""
        return hashlib.sha256(self.encode()).hexdigest()


def _subject(value: JSON) -> tuple[str, str]:
    """Return name and digest of the one subject."""
    if not isinstance(value, list) or len(value) != 1:
        raise InputError("the statement does not have exactly one subject")
    (subject,) = value
    if not isinstance(subject, dict) or set(subject) != {"digest", "name"}:
        raise InputError("a subject has exactly digest and name")
    name, digests = subject["name"], subject["digest"]
    if not isinstance(name, str) or not 0 < len(name) <= _NAME_MAX:
        raise InputError(f"the name of a subject is a text of 1 to {_NAME_MAX} characters")
    if not isinstance(digests, dict) or set(digests) != {"sha256"}:
        raise InputError("the digest of a subject is sha256 and nothing else")
    digest = digests["sha256"]
    if not isinstance(digest, str) or not _HEX.fullmatch(digest):
        raise InputError("the sha256 of a subject is not 64 hex digits")
    return name, digest
