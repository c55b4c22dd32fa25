"""An entry is a record in its place in the log; its canonical bytes are the leaf.

``entry hash = SHA-256(0x00 || bytes)`` is the RFC 6962 leaf hash, the ``prev`` of the next entry
and what receipts name. Confidential values stand in the leaf only as salted digests (``sd``); the
openings beside it are hashed as stored and never encoded again.
Specification: ``schemas/entry.v1.md``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Self

from ledger.canonical import JSON, encode, parse
from ledger.errors import CanonicalError, InputError
from ledger.keys import check_name
from ledger.merkle import leaf_hash
from ledger.period import parse_instant

__all__ = [
    "DIGEST_PATTERN",
    "ID_PATTERN",
    "SALT_PATTERN",
    "SD_MAX",
    "TYPES",
    "VERSION",
    "Entry",
    "Opening",
    "digest_of_opening",
    "genesis_prev",
    "opening_bytes",
]

VERSION = 1
TYPES = frozenset(
    {
        "adoption",
        "allocation",
        "anchor",
        "attestation",
        "commitment",
        "fact",
        "filing",
        "holding",
        "key",
        "lineage",
        "reversal",
    }
)
SD_MAX = 32  # more confidential fields than any record type has

_FIELDS = {"body", "id", "origin", "prev", "recorded_at", "salt", "sd", "seq", "type", "v"}
ID_PATTERN = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SALT_PATTERN = r"[A-Za-z0-9_-]{22}"
DIGEST_PATTERN = r"[A-Za-z0-9_-]{43}"
_ID = re.compile(ID_PATTERN)
_HEX = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(SALT_PATTERN)
_DIGEST = re.compile(DIGEST_PATTERN)
_OPENING_PARTS = 3


def genesis_prev(origin: str) -> str:
    """Return the ``prev`` of entry 0: SHA-256 of ``ledger genesis v1`` and the origin, a line each.

    The result is 64 hex digits.
    """
    return hashlib.sha256(f"ledger genesis v1\n{origin}\n".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place in the log.

    Attributes:
        seq: Index of the leaf, from 0.
        id: UUID, unique in the ledger.
        type: One of ``TYPES``.
        recorded_at: When it was sealed, ``YYYY-MM-DDTHH:MM:SSZ``; never decreases.
        origin: Name of the ledger.
        prev: Hash of the entry before, 64 hex digits.
        salt: 128 random bits, base64url, so that the hash cannot be guessed.
        sd: Digests of the openings, sorted.
        body: Public fields of the record type.
    """

    seq: int
    id: str
    type: str
    recorded_at: str
    origin: str
    prev: str
    salt: str
    sd: tuple[str, ...]
    body: dict[str, JSON]

    def encode(self) -> bytes:
        """Return the canonical bytes: the leaf."""
        return encode(
            {
                "body": self.body,
                "id": self.id,
                "origin": self.origin,
                "prev": self.prev,
                "recorded_at": self.recorded_at,
                "salt": self.salt,
                "sd": list(self.sd),
                "seq": self.seq,
                "type": self.type,
                "v": VERSION,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a leaf; ``encode`` gives the same bytes again.

        Raises:
            CanonicalError: If the bytes are not canonical.
            InputError: If a field is missing, unknown or malformed, or the type is unknown.
        """
        value = parse(data)
        if not isinstance(value, dict) or set(value) != _FIELDS:
            raise InputError("an entry has exactly the fields of schemas/entry.v1.md")
        if value["v"] != VERSION or isinstance(value["v"], bool):
            raise InputError(f"entry version {str(value['v'])[:60]!r} is not {VERSION}")
        seq, body = value["seq"], value["body"]
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
            raise InputError("seq is not a non-negative integer")
        if not isinstance(body, dict):
            raise InputError("body is not an object")
        kind = _text(value, "type")
        if kind not in TYPES:
            raise InputError(f"record type {kind[:40]!r} is unknown")
        recorded_at = _text(value, "recorded_at")
        parse_instant(recorded_at)
        return cls(
            seq=seq,
            id=_matched(value, "id", _ID),
            type=kind,
            recorded_at=recorded_at,
            origin=check_name(_text(value, "origin")),
            prev=_matched(value, "prev", _HEX),
            salt=_matched(value, "salt", _SALT),
            sd=_digests(value["sd"]),
            body=body,
        )

    def holds(self, name: str) -> bool:
        """Return whether the body has a field of this name."""
        return name in self.body

    def hash(self) -> bytes:
        """Return SHA-256(0x00 || bytes), 32 bytes."""
        return leaf_hash(self.encode())


def _text(value: dict[str, JSON], name: str) -> str:
    """Return a string field."""
    text = value[name]
    if not isinstance(text, str):
        raise InputError(f"{name} is not a string")
    return text


def _matched(value: dict[str, JSON], name: str, pattern: re.Pattern[str]) -> str:
    """Return a string field of a fixed form."""
    text = _text(value, name)
    if not pattern.fullmatch(text):
        raise InputError(f"{name} is malformed: {text[:60]!r}")
    return text


def _digests(value: JSON) -> tuple[str, ...]:
    """Return the sorted, distinct digests of the openings."""
    if not isinstance(value, list) or len(value) > SD_MAX:
        raise InputError(f"sd is not a list of at most {SD_MAX} digests")
    digests = tuple(item for item in value if isinstance(item, str) and _DIGEST.fullmatch(item))
    if len(digests) != len(value) or list(digests) != sorted(set(digests)):
        raise InputError("sd is not a sorted list of distinct digests")
    return digests


@dataclass(frozen=True, slots=True)
class Opening:
    """A confidential value with the salt that hides it.

    Attributes:
        salt: At least 128 random bits, base64url.
        name: Field of the record.
        value: The text behind the digest.
    """

    salt: str
    name: str
    value: str

    @classmethod
    def parse(cls, stored: bytes) -> Self:
        """Read a stored opening.

        Raises:
            InputError: If the bytes are not base64url of a canonical ``[salt, name, value]``.
        """
        try:
            data = base64.urlsafe_b64decode(stored + b"=" * (-len(stored) % 4))
            parts = parse(data)
        except (ValueError, CanonicalError) as error:
            raise InputError("an opening cannot be read") from error
        texts = [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
        if len(texts) != _OPENING_PARTS or not isinstance(parts, list) or len(parts) != len(texts):
            raise InputError("an opening is a salt, a name and a value")
        opening = cls(*texts)
        if not _SALT.fullmatch(opening.salt) or opening_bytes(*texts) != stored:
            raise InputError("an opening is not in canonical form")
        return opening


def opening_bytes(salt: str, name: str, value: str) -> bytes:
    """Return base64url, unpadded, of the canonical JSON list: what is stored and hashed."""
    return base64.urlsafe_b64encode(encode([salt, name, value])).rstrip(b"=")


def digest_of_opening(stored: bytes) -> str:
    """Return base64url(SHA-256(stored bytes)), 43 characters, as in RFC 9901."""
    return base64.urlsafe_b64encode(hashlib.sha256(stored).digest()).decode().rstrip("=")
