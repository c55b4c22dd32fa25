"""A manifest names every other member of a bundle with its digest, and what the bundle is for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, cast

from ledger.canonical import JSON, encode, parse
from ledger.errors import InputError
from ledger.keys import check_name

__all__ = ["MANIFEST_MAX", "SCHEMA", "Kind", "Listed", "Manifest"]

SCHEMA: Final = "flopledger/bundle.v1"
MANIFEST_MAX: Final = 4_000_000  # bytes; 10,000 members take under 2,500,000
Kind = Literal["entries", "receipts"]
_MEMBERS: Final = {"audience", "kind", "members", "origin", "schema", "size"}
_WORD: Final = re.compile(r"[a-z]{1,20}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One member as the manifest lists it.

    Attributes:
        sha256: Digest of its bytes, 64 hex digits.
        bytes: Its length.
    """

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        kind: ``entries`` for a whole prefix of the ledger, ``receipts`` for single entries.
        origin: Name of the ledger.
        size: Entries under the newest checkpoint in the bundle.
        audience: Whom it was made for.
        members: Every member but the manifest itself, by name.
    """

    kind: Kind
    origin: str
    size: int
    audience: str
    members: Mapping[str, Listed]

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        listed: list[JSON] = [
            {"bytes": each.bytes, "name": name, "sha256": each.sha256}
            for name, each in sorted(self.members.items())
        ]
        return encode(
            {
                "audience": self.audience,
                "kind": self.kind,
                "members": listed,
                "origin": self.origin,
                "schema": SCHEMA,
                "size": self.size,
            }
        )

    def digest(self) -> str:
        """Return the SHA-256 of the bytes, 64 hex digits: the digest of the bundle."""
        return hashlib.sha256(self.encode()).hexdigest()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a manifest; ``encode`` gives the same bytes again.

        Raises:
            InputError: If it is not canonical, or has another form.
        """
        value = parse(data, limit=MANIFEST_MAX)
        if not isinstance(value, dict) or set(value) != _MEMBERS or value["schema"] != SCHEMA:
            raise InputError(f"the manifest is not one of {SCHEMA}")
        kind, origin, size = value["kind"], value["origin"], value["size"]
        audience, members = value["audience"], value["members"]
        if not isinstance(kind, str) or kind not in {"entries", "receipts"}:
            raise InputError("the manifest does not say entries or receipts")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 10**12:
            raise InputError("the size in the manifest is no number of entries")
        if not isinstance(audience, str) or not _WORD.fullmatch(audience):
            raise InputError("the audience in the manifest is no word")
        if not isinstance(origin, str) or not isinstance(members, list):
            raise InputError("origin or members of the manifest have another form")
        listed = [_listed(member) for member in members]
        names = [name for name, _ in listed]
        if names != sorted(set(names)):
            raise InputError("the members in the manifest are not sorted, each once")
        return cls(cast("Kind", kind), check_name(origin), size, audience, dict(listed))


def _listed(member: JSON) -> tuple[str, Listed]:
    """Return one member of the list."""
    if not isinstance(member, dict) or set(member) != {"bytes", "name", "sha256"}:
        raise InputError("a member in the manifest is not name, sha256 and bytes")
    name, digest, length = member["name"], member["sha256"], member["bytes"]
    if not isinstance(name, str) or not isinstance(digest, str) or not _HEX.fullmatch(digest):
        raise InputError("a member in the manifest has no name or no SHA-256")
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise InputError(f"the length of {name[:100]!r} in the manifest is no length")
    return name, Listed(digest, length)
