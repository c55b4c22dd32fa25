"""An identity is who seals: a ledger's name, its secret and signer, and where chance comes from.

Keyed digests are HMAC-SHA256 under the secret. Specification: ``schemas/store.v1.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat

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
    _keyed: KeyedDigest = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take in the secret once."""
        object.__setattr__(self, "_keyed", KeyedDigest(self.secret))

    def key(self, parts: Sequence[str]) -> bytes:
        """Return the keyed digest of a natural key, 32 bytes."""
        return self._keyed.of(b"key\0" + _encode(list(parts)))

    def keys_of(self, several: Iterable[bytes]) -> list[bytes]:
        """Return the keyed digests of natural keys, from the canonical bytes of their lists."""
        return self._keyed.of_all(map(b"key\0".__add__, several))

    def content(self, kind: str, body: Mapping[str, JSON], hidden: Mapping[str, str]) -> bytes:
        """Return the keyed digest of what a record says, 32 bytes."""
        return self.content_of(kind, _encode(body), hidden)

    def content_of(self, kind: str, body: bytes, hidden: Mapping[str, str]) -> bytes:
        """Return the keyed digest of what a record says, from the canonical bytes of its body."""
        said = (body, _encode(hidden) if hidden else b"{}", _encode(kind))
        return self._keyed.of(b'content\0{"body":%b,"hidden":%b,"type":%b}' % said)

    def contents_of(
        self,
        kind: str,
        ahead: Iterable[bytes],
        behind: Iterable[bytes],
        hidden: Iterable[Mapping[str, str]],
    ) -> list[bytes]:
        """Return the keyed digests of what records of one type say, as ``content_of`` gives them.

        Args:
            kind: The type.
            ahead: Of each the canonical bytes of its body, up to some place.
            behind: The rest of them.
            hidden: The confidential fields of each.
        """
        end = b',"type":%b}' % _encode(kind)
        open_ = b',"hidden":{}' + end
        ends = (b',"hidden":%b%b' % (_encode(each), end) if each else open_ for each in hidden)
        rows = zip(repeat(b'content\0{"body":'), ahead, behind, ends, strict=False)
        return self._keyed.of_all(map(b"".join, rows))

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
