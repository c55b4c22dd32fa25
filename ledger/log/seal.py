"""Sealing turns drafts into entries: keys, pseudonyms, openings, bytes, hashes, links.

Keyed digests are HMAC-SHA256 under the ledger's secret, so that a leaf tells nobody which
records are the same thing. Canonical bytes come from msgspec, which writes the same bytes as
``ledger.canonical`` within the profile that is checked here.
Specification: ``schemas/store.v1.md``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from ledger.canonical import BYTES_MAX, INTEGER_MAX, JSON
from ledger.entry import TYPES, VERSION, Entry
from ledger.errors import ConflictError, InputError
from ledger.keys import Signer
from ledger.log.outcome import Appended, Conflict
from ledger.log.store import Batch, Head, KeyRow, Store
from ledger.merkle import leaf_hash
from ledger.period import format_instant
from ledger.record import MODELS, Draft
from ledger.record.growth import precedes

__all__ = ["IRREVERSIBLE", "Identity", "Sealing", "pseudonym"]

IRREVERSIBLE = frozenset({"anchor", "attestation", "key", "reversal"})
PSEUDONYM_HEX = 32  # 128 bits: enough that two names never share one

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

    def key(self, parts: Sequence[str]) -> bytes:
        """Return the keyed digest of a natural key, 32 bytes."""
        return hmac.digest(self.secret, b"key\0" + _encode(list(parts)), "sha256")

    def content(self, kind: str, body: Mapping[str, JSON], hidden: Mapping[str, str]) -> bytes:
        """Return the keyed digest of what a record says, 32 bytes."""
        value = {"body": body, "hidden": hidden, "type": kind}
        return hmac.digest(self.secret, b"content\0" + _encode(value), "sha256")

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
    digest = hmac.digest(secret, b"pseudonym\0" + _encode([name, value]), "sha256")
    return digest.hex()[:PSEUDONYM_HEX]


class Prepared(NamedTuple):
    """A draft with its keyed digests; the body has its pseudonyms and not yet its key."""

    draft: Draft
    body: dict[str, JSON]
    key: bytes
    content: bytes


class Sealing:
    """One transaction in the making: drafts go in, a batch comes out."""

    def __init__(self, identity: Identity, store: Store, head: Head) -> None:
        """Begin where the log ends."""
        self._identity = identity
        self._store = store
        self._head = head
        self._prev = head.prev
        self._recorded_at = max(format_instant(identity.clock()), head.recorded_at)
        self._live: dict[bytes, KeyRow] = {}
        self._entries: list[tuple[int, bytes, bytes]] = []
        self._openings: list[tuple[int, int, bytes]] = []
        self._keys: list[tuple[bytes, int, bytes]] = []
        self._new: list[int] = []
        self._superseded: list[int] = []
        self._conflicts: list[Conflict] = []
        self._same = 0
        self._pseudonyms: dict[tuple[str, str], str] = {}

    def run(self, drafts: Sequence[Draft]) -> tuple[Batch, Appended]:
        """Seal what is new.

        Raises:
            InputError: If a draft has no canonical form or is too large.
            ConflictError: If a reversal does not fit what it reverses.
        """
        prepared = [self._prepare(draft) for draft in drafts]
        self._live = self._find_live({item.key for item in prepared})
        for index, item in enumerate(prepared):
            self._take(index, item)
        leaves = (row[2] for row in self._entries)
        head = Head(self._head.range.extend(leaves), self._prev, self._recorded_at)
        batch = Batch(self._entries, self._openings, self._keys, head)
        appended = Appended(
            tuple(self._new), self._same, tuple(self._conflicts), tuple(self._superseded)
        )
        return batch, appended

    def _prepare(self, draft: Draft) -> Prepared:
        """Compute the pseudonyms and the keyed digests of a draft."""
        if draft.type not in TYPES:
            raise InputError(f"record type {draft.type!r} is unknown")
        body = dict(draft.body)
        check_profile(body)
        check_hidden(draft.hidden)
        # A reversal's key is what it reverses, so that a second one meets the first.
        parts = reversal_key(body["reverses"]) if draft.type == "reversal" else draft.key
        try:
            for name in MODELS[draft.type].PSEUDONYMS:
                value = draft.hidden.get(name)
                body[name + "_pseudonym"] = None if value is None else self._pseudonym(name, value)
            key = self._identity.key(parts)
            content = self._identity.content(draft.type, body, draft.hidden)
        except UnicodeEncodeError as error:
            raise InputError(
                f"a text of the {draft.type} holds half a character",
                why="a lone surrogate has no UTF-8 form",
                remedy="write the file anew as UTF-8",
            ) from error
        return Prepared(draft, body, key, content)

    def _pseudonym(self, name: str, value: str) -> str:
        """Return the stand-in of a value; the same few names come again and again."""
        found = self._pseudonyms.get((name, value))
        if found is None:
            found = self._pseudonyms[name, value] = self._identity.pseudonym(name, value)
        return found

    def _find_live(self, keys: Iterable[bytes]) -> dict[bytes, KeyRow]:
        """Return the stored entries under these keys that nothing reverses."""
        found = self._store.find_keys(list(keys))
        reversals = {self._identity.key(reversal_key(row.seq)): key for key, row in found.items()}
        reversed_keys = {reversals[key] for key in self._store.find_keys(list(reversals))}
        return {key: row for key, row in found.items() if key not in reversed_keys}

    def _take(self, index: int, item: Prepared) -> None:
        """Add a draft, or count why it is not added."""
        live = self._live.get(item.key)
        if live is None:
            if item.draft.type == "reversal":
                self._check_reversal(item.body)
            self._new.append(self._add(item))
        elif live.content == item.content:
            self._same += 1
        elif item.draft.type != "allocation":
            self._conflicts.append(Conflict(index, live.seq, item.draft.key))
        else:
            self._take_changed_allocation(index, item, live)

    def _take_changed_allocation(self, index: int, item: Prepared, live: KeyRow) -> None:
        """Let a final record replace a provisional one, and a grown provisional one its former."""
        held = self._entry(live.seq)
        before, after = held.body.get("status"), item.body.get("status")
        if (before, after) == ("provisional", "final"):
            self._add(self._prepare(_superseding(held)))
            self._superseded.append(live.seq)
            self._new.append(self._add(item))
        elif (before, after) == ("final", "provisional"):
            # The final record has come before: an older export that is read again adds nothing.
            self._same += 1
        elif before == after == "provisional" and precedes(held.body, item.body):
            self._add(self._prepare(_superseding(held)))
            self._superseded.append(live.seq)
            self._new.append(self._add(item))
        elif before == after == "provisional" and precedes(item.body, held.body):
            self._same += 1
        else:
            self._conflicts.append(Conflict(index, live.seq, item.draft.key))

    def _check_reversal(self, body: Mapping[str, JSON]) -> None:
        """Refuse a reversal that does not copy what it reverses word for word."""
        target = body["reverses"]
        assert isinstance(target, int)
        if not 0 <= target < self._head.size + len(self._entries):
            raise ConflictError(
                f"entry {target} cannot be reversed: it is not there",
                remedy="flopledger status shows how many entries there are",
            )
        held = self._entry(target)
        if held.type in IRREVERSIBLE:
            raise ConflictError(
                f"entry {target} is a record of type {held.type}, which is never reversed",
                why="what the ledger says about itself is corrected by a further record",
            )
        copy = (body["hash"], body["reversed_type"], _encode(body["reversed"]))
        if copy != (held.hash().hex(), held.type, _encode(held.body)):
            raise ConflictError(
                f"the reversal does not copy entry {target} word for word",
                remedy=f"take hash and body from: flopledger show {target} -f json",
            )

    def _entry(self, seq: int) -> Entry:
        """Return an entry, stored or of this very batch."""
        if seq >= self._head.size:
            return Entry.parse(self._entries[seq - self._head.size][1])
        (row,) = self._store.read(seq, seq + 1)
        return Entry.parse(row.bytes)

    def _add(self, item: Prepared) -> int:
        """Link one entry to the last and return its number."""
        seq = self._head.size + len(self._entries)
        openings, digests = self._open(item.draft.hidden)
        item.body["idempotency_key"] = item.key.hex()
        leaf = _encode(
            {
                "body": item.body,
                "id": self._identity.ids(),
                "origin": self._identity.origin,
                "prev": self._prev,
                "recorded_at": self._recorded_at,
                "salt": self._identity.salts(),
                "sd": digests,
                "seq": seq,
                "type": item.draft.type,
                "v": VERSION,
            }
        )
        if len(leaf) > BYTES_MAX:
            raise InputError(
                f"a {item.draft.type} of {len(leaf)} bytes, more than the {BYTES_MAX} of an entry",
                remedy="split the record, or shorten its texts",
            )
        digest = leaf_hash(leaf)
        self._entries.append((seq, leaf, digest))
        self._openings.extend((seq, place, stored) for place, stored in enumerate(openings))
        self._keys.append((item.key, seq, item.content))
        self._prev = digest.hex()
        self._live[item.key] = KeyRow(seq, item.content)
        if item.draft.type == "reversal":
            self._free(item.body)
        return seq

    def _open(self, hidden: Mapping[str, str]) -> tuple[list[bytes], list[str]]:
        """Salt the confidential values; return openings and digests in the order of digests."""
        if not hidden:
            return [], []
        pairs = []
        for name, value in hidden.items():
            stored = base64.urlsafe_b64encode(
                _encode([self._identity.salts(), name, value])
            ).rstrip(b"=")
            digest = base64.urlsafe_b64encode(hashlib.sha256(stored).digest())
            pairs.append((digest.rstrip(b"=").decode(), stored))
        pairs.sort()
        return [stored for _, stored in pairs], [digest for digest, _ in pairs]

    def _free(self, body: Mapping[str, JSON]) -> None:
        """Let the key of a reversed entry be used again."""
        copy = body["reversed"]
        assert isinstance(copy, dict)
        key = bytes.fromhex(str(copy["idempotency_key"]))
        live = self._live.get(key)
        if live is not None and live.seq == body["reverses"]:
            del self._live[key]


def reversal_key(seq: JSON) -> tuple[str, str]:
    """Return the natural key that every reversal of one entry shares."""
    return ("reversal", str(seq))


def _superseding(held: Entry) -> Draft:
    """Return the reversal of a provisional entry whose final record has come."""
    body: dict[str, JSON] = {
        "reverses": held.seq,
        "hash": held.hash().hex(),
        "reversed_type": held.type,
        "reversed": held.body,
        "reason": "superseded_provisional",
        "root_cause": None,
        "discovered_on": None,
    }
    return Draft("reversal", body, {}, reversal_key(held.seq))


def check_hidden(hidden: Mapping[str, str]) -> None:
    """Raise unless confidential fields are texts under names that an opening can carry.

    Raises:
        InputError: If one is not.
    """
    for name, value in hidden.items():
        if not name.isascii() or not isinstance(value, str):
            raise InputError(
                f"confidential field {name!r} is not a text", remedy='write {"notes": "…"}'
            )


def check_profile(value: JSON, depth: int = 0) -> None:
    """Raise unless a value lies within the profile of ``ledger.canonical``.

    Raises:
        InputError: If it holds a float, an integer beyond 2^53 - 1, a key that is not ASCII, or
            anything that JSON does not have.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return
    if isinstance(value, dict):
        if not "".join(value).isascii():
            key = next(key for key in value if not key.isascii())
            raise InputError(f"field name {key!r} is not ASCII", remedy="rename the field")
        for item in value.values():
            # Texts, nulls and small numbers are nearly all fields: they need no call.
            if item is None or type(item) is str:
                continue
            if type(item) is not int or not -INTEGER_MAX <= item <= INTEGER_MAX:
                check_profile(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_profile(item, depth + 1)
    elif not isinstance(value, int) or abs(value) > INTEGER_MAX:
        raise InputError(
            f"{str(value)[:60]} ({kind.__name__}) has no place in an entry",
            why="numbers are exact integers within 2^53 - 1",
            remedy="write larger numbers as strings of digits, and no floats",
        )
