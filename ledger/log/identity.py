"""An identity is who seals: a ledger's name, its secret and signer, and where chance comes from.

Keyed digests are HMAC-SHA256 under the secret. Specification: ``schemas/store.v1.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from ledger.canonical import JSON
from ledger.keyed import KeyedDigest
from ledger.keys import Signer

__all__ = ["PSEUDONYM_HEX", "Identity", "pseudonym"]

PSEUDONYM_HEX = 32
"""128 bits: enough that two names never share one."""

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Identity:
    """Who seals, and where chance and time come from.

    Attributes:
        origin: Name of the ledger.
        secret: Key of the keyed digests, 32 bytes.
        signer: Signs checkpoints; None leaves what is appended unsigned.
        clock: Gives the time, aware.
        salts: Gives 128 random bits as 22 characters of base64url, new at each call.
        ids: Gives a UUID, new at each call.
        heir: The signer that a rotation hands over to, while one is under way; else None.
    """

    origin: str
    secret: bytes
    signer: Signer | None
    clock: Callable[[], datetime]
    salts: Callable[[], str]
    ids: Callable[[], str]
    heir: Signer | None = None
    _digest: Callable[[bytes], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take in the secret once."""
        object.__setattr__(self, "_digest", KeyedDigest(self.secret).of)

    def key(self, parts: Sequence[str]) -> bytes:
        """Return the keyed digest of a natural key, 32 bytes."""
        return self.key_of(_encode(list(parts)))

    def key_of(self, parts: bytes) -> bytes:
        """Return the keyed digest of a natural key, from the canonical bytes of its list."""
        return self._digest(b"key\0" + parts)

    def content(self, kind: str, body: Mapping[str, JSON], hidden: Mapping[str, str]) -> bytes:
        """Return the keyed digest of what a record says, 32 bytes."""
        return self.content_of(kind, _encode(body), _encode(hidden))

    def content_of(self, kind: str, body: bytes, hidden: bytes) -> bytes:
        """Return the keyed digest of what a record says, from the canonical bytes of its parts."""
        return self._digest(
            b'content\0{"body":%b,"hidden":%b,"type":%b}' % (body, hidden, _encode(kind))
        )

    def pseudonym(self, name: str, value: str) -> str:
        """Return the stand-in of a confidential value, 32 hex digits."""
        return pseudonym(self.secret, name, value)


def pseudonym(secret: bytes, name: str, value: str) -> str:
    """Return the stand-in of a confidential value, 32 hex digits.

    Args:
        secret: Key of the keyed digests, 32 bytes.
        name: Field of the record.
        value: What it says.
    """
    return KeyedDigest(secret).of(b"pseudonym\0" + _encode([name, value])).hex()[:PSEUDONYM_HEX]
