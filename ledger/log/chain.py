"""A chain is the entries of one transaction: bytes, hashes and openings, each linked to the last.

Canonical bytes come from msgspec, which writes the same bytes as ``ledger.canonical`` within the
profile that drafts were checked for. Specification: ``schemas/store.v1.md``.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from bisect import bisect_left
from collections.abc import Iterable, Mapping

import msgspec

from ledger.canonical import BYTES_MAX
from ledger.entry import VERSION
from ledger.errors import InputError
from ledger.log.identity import Identity
from ledger.log.store import Head
from ledger.merkle import leaf_hash

__all__ = ["Chain"]

_encode = msgspec.json.Encoder(order="deterministic").encode

_URL = bytes.maketrans(b"+/", b"-_")


class Chain:
    """Entries behind a head, and where the log ends with them.

    Attributes:
        size: Number of entries, those before the chain among them.
        entries: (seq, bytes, hash) of its own, consecutive.
        openings: (seq, ord, bytes) of their confidential values.
    """

    def __init__(self, identity: Identity, head: Head, recorded_at: str) -> None:
        """Begin with no entry.

        Args:
            identity: Who seals.
            head: Where the log ends.
            recorded_at: When all of the entries are sealed.
        """
        self._identity = identity
        self._head = head
        self._prev = head.prev
        self._recorded_at = recorded_at
        # What stands in every entry before its ``prev``, and between that and its salt.
        self._to_prev = b',"origin":%b,"prev":"' % _encode(identity.origin)
        self._to_salt = b'","recorded_at":%b,"salt":' % _encode(recorded_at)
        self.size = head.size
        self.entries: list[tuple[int, bytes, bytes]] = []
        self.openings: list[tuple[int, int, bytes]] = []

    def head(self) -> Head:
        """Return where the log ends with these entries."""
        hashes = [row[2] for row in self.entries]
        return Head(self._head.range.extend(hashes), self._prev, self._recorded_at)

    def openings_of(self, seq: int) -> list[tuple[int, int, bytes]]:
        """Return the rows of the openings of one of these entries, in order."""
        first, end = (bisect_left(self.openings, (number, 0, b"")) for number in (seq, seq + 1))
        return self.openings[first:end]

    def link(
        self, kind: str, rows: Iterable[tuple[bytes, bytes, bytes, Mapping[str, str]]]
    ) -> None:
        """Add entries of one type.

        Args:
            kind: The type.
            rows: Of each the canonical bytes of its body up to the place of its key, the keyed
                digest of its key, the rest of the body, and its confidential fields.

        Raises:
            InputError: If an entry is too large.
        """
        ids, salts = self._identity.ids, self._identity.salts
        to_prev, to_salt = self._to_prev, self._to_salt
        end = b',"type":"%b","v":%d}' % (kind.encode(), VERSION)
        seq, prev, add = self.size, self._prev, self.entries.append
        for before, key, behind, hidden in rows:
            digests = self._open(seq, hidden) if hidden else b"[]"
            leaf = b"".join(
                (
                    b'{"body":',
                    before,
                    b'"idempotency_key":"',
                    key.hex().encode(),
                    b'",',
                    behind,
                    b',"id":',
                    _encode(ids()),
                    to_prev,
                    prev.encode(),
                    to_salt,
                    _encode(salts()),
                    b',"sd":',
                    digests,
                    b',"seq":%d' % seq,
                    end,
                )
            )
            if len(leaf) > BYTES_MAX:
                raise InputError(
                    f"a {kind} of {len(leaf)} bytes, more than the {BYTES_MAX} of an entry",
                    remedy="split the record, or shorten its texts",
                )
            digest = leaf_hash(leaf)
            add((seq, leaf, digest))
            prev = digest.hex()
            seq += 1
        self.size, self._prev = seq, prev

    def _open(self, seq: int, hidden: Mapping[str, str]) -> bytes:
        """Salt the confidential values; keep the openings and return their digests, in order."""
        pairs = []
        for name, value in hidden.items():
            stored = _base64(_encode([self._identity.salts(), name, value]))
            pairs.append((_base64(hashlib.sha256(stored).digest()).decode(), stored))
        pairs.sort()
        self.openings.extend((seq, place, stored) for place, (_, stored) in enumerate(pairs))
        return _encode([digest for digest, _ in pairs])


def _base64(data: bytes) -> bytes:
    """Return base64url without padding, as ``ledger.entry`` reads it."""
    return b2a_base64(data, newline=False).translate(_URL).rstrip(b"=")
