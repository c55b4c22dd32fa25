"""Entries are checked one by one, in order: bytes, links, openings, keys, reversals."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ledger.canonical import BYTES_MAX, encode
from ledger.entry import TYPES, Entry, Opening, digest_of_opening, genesis_prev
from ledger.errors import InputError, IntegrityError
from ledger.keyed import KeyedDigest
from ledger.merkle import leaf_hash
from ledger.verify.evidence import Check
from ledger.verify.leaf import BODY, Leaf, read_leaf

__all__ = [
    "Keys",
    "Links",
    "Openings",
    "Reversals",
    "bad_entry",
    "check_repeated",
    "keys_check",
    "links_checks",
    "openings_check",
]

REVERSIBLE = TYPES - {"anchor", "attestation", "key", "reversal"}

# A list of salt, name and value without anything to escape: it has only this one spelling.
_PLAIN_OPENING = re.compile(
    rb'\["[A-Za-z0-9_-]{22}","([a-z_]{1,40})","([^"\\\x00-\x1f]*)"\]', re.DOTALL
)

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Links:
    """Steps 4 to 7: bytes, hash, number, ``prev``, origin and time of each entry."""

    def __init__(self, origin: str, size: int = 0, prev: str | None = None) -> None:
        """Begin before entry 0, or in the middle of a ledger.

        Args:
            origin: Name of the ledger.
            size: Entries before the first one here.
            prev: Hash of the one before it, 64 hex digits; None at the beginning.
        """
        self.size = size
        self.recorded_at = ""
        self._origin = origin
        self._prev = genesis_prev(origin) if prev is None else prev

    def take(self, seq: int, data: bytes, stored: bytes | None = None) -> tuple[Leaf, bytes]:
        """Return the entry and its hash once every check held.

        Args:
            seq: Number at which it stands.
            data: Its bytes.
            stored: The hash that is kept beside it; None where none is.

        Raises:
            IntegrityError: Naming the entry.
        """
        if seq != self.size:
            missing = min(seq, self.size)
            raise IntegrityError(f"entry {self.size} is missing, {seq} is there", seq=missing)
        if type(data) is not bytes or not (stored is None or type(stored) is bytes):
            raise IntegrityError("the row does not hold bytes", seq=seq)
        try:
            entry = read_leaf(data)
        except InputError as error:
            raise bad_entry(seq, f"the stored bytes are no entry: {error.message}") from error
        digest = leaf_hash(data)
        if stored is not None and digest != stored:
            raise bad_entry(seq, "the stored hash is not the hash of the stored bytes")
        if entry.seq != seq:
            raise bad_entry(seq, f"the entry says it is number {entry.seq}")
        if entry.origin != self._origin:
            raise bad_entry(seq, f"the entry belongs to {entry.origin}")
        if entry.prev != self._prev:
            raise bad_entry(seq, "prev is not the hash of the entry before")
        if entry.recorded_at < self.recorded_at:
            raise bad_entry(seq, f"recorded {entry.recorded_at}, before {self.recorded_at}")
        self._prev, self.recorded_at = digest.hex(), entry.recorded_at
        self.size += 1
        return entry, digest

    def checks(self) -> tuple[Check, ...]:
        """Return steps 4 to 7."""
        return links_checks(self.size)


def links_checks(size: int) -> tuple[Check, ...]:
    """Return steps 4 to 7 over so many entries."""
    names = ((4, "entries"), (5, "hashes"), (6, "chain"), (7, "times"))
    return tuple(Check(step, name, size) for step, name in names)


class Openings:
    """Step 9: each opening stands behind the digest at its place; some may be erased."""

    def __init__(self, rows: Iterable[tuple[int, int, bytes]]) -> None:
        """Begin with the first row."""
        self._rows: Iterator[tuple[int, int, bytes]] = iter(rows)
        self._next = next(self._rows, None)
        self.count = 0
        self.erased = 0

    def take(self, entry: Leaf) -> dict[str, str] | None:
        """Return the confidential fields of an entry, or None if any was erased.

        Raises:
            IntegrityError: Naming the entry and the opening.
        """
        hidden: dict[str, str] = {}
        found = 0
        while self._next is not None and self._next[0] <= entry.seq:
            seq, place, stored = self._next
            if seq < entry.seq:
                raise _orphan(seq, "opening")
            self._check(entry, place, stored, hidden)
            found += 1
            self._next = next(self._rows, None)
        self.count += found
        self.erased += len(entry.sd) - found
        return hidden if found == len(entry.sd) else None

    def check(self) -> Check:
        """Return step 9.

        Raises:
            IntegrityError: If an opening belongs to no entry.
        """
        if self._next is not None:
            raise _orphan(self._next[0], "opening")
        return openings_check(self.count, self.erased)

    def _check(self, entry: Leaf, place: int, stored: bytes, hidden: dict[str, str]) -> None:
        """Compare one opening with its digest and read it."""
        if type(stored) is not bytes or not 0 <= place < len(entry.sd):
            raise _bad_opening(entry.seq, place, "no digest of the entry has this place")
        if digest_of_opening(stored) != entry.sd[place]:
            raise _bad_opening(entry.seq, place, "the opening is not the one behind the digest")
        try:
            name, value = read_opening(stored)
        except InputError as error:
            raise _bad_opening(entry.seq, place, error.message) from error
        if name in hidden or entry.holds(name):
            raise _bad_opening(entry.seq, place, f"the entry holds {name} already")
        hidden[name] = value


def openings_check(count: int, erased: int) -> Check:
    """Return step 9 over so many openings that are there, and so many that were erased."""
    note = f"{erased} erased: their digests stand" if erased else ""
    return Check(9, "openings", count, note)


def read_opening(stored: bytes) -> tuple[str, str]:
    """Return name and value of an opening; the same as ``Opening.parse``, and faster.

    Raises:
        InputError: If the opening is not in canonical form.
    """
    try:
        data = base64.urlsafe_b64decode(stored + b"=" * (-len(stored) % 4))
        plain = _PLAIN_OPENING.fullmatch(data)
        if (
            plain
            and len(data) <= BYTES_MAX
            and base64.urlsafe_b64encode(data).rstrip(b"=") == stored
        ):
            return plain[1].decode(), plain[2].decode()
    except ValueError as error:
        raise InputError("an opening cannot be read") from error
    opening = Opening.parse(stored)
    return opening.name, opening.value


class Keys:
    """Step 10: one key an entry, as the leaf states it, with the digest of its content."""

    def __init__(self, rows: Iterable[tuple[int, bytes, bytes]], secret: bytes | None) -> None:
        """Begin with the first row."""
        self._rows: Iterator[tuple[int, bytes, bytes]] = iter(rows)
        self._digest = None if secret is None else KeyedDigest(secret).of
        self.count = 0
        self.opaque = 0

    def take(self, entry: Leaf, hidden: Mapping[str, str] | None) -> None:
        """Compare the row of an entry with its leaf.

        Args:
            entry: The entry.
            hidden: Its confidential fields, or None if some were erased.

        Raises:
            IntegrityError: Naming the entry.
        """
        row = next(self._rows, None)
        if row is None or row[0] != entry.seq:
            self._refuse(entry.seq, row)
        assert row is not None
        _, key, content = row
        if type(key) is not bytes or key.hex() != entry.key:
            raise _bad_key(entry.seq, "the key is not the leaf's")
        self.compare(entry.seq, self.digest(entry, hidden), content)

    def digest(self, entry: Leaf, hidden: Mapping[str, str] | None) -> bytes | None:
        """Return the digest of the content of an entry, and count it; None if it is opaque."""
        self.count += 1
        if self._digest is None or hidden is None:
            self.opaque += 1
            return None
        return self._digest(content_text(entry, hidden))

    def compare(self, seq: int, digest: bytes | None, content: bytes | None) -> None:
        """Compare the digest of a content with the stored one, which is None if there is none.

        Raises:
            IntegrityError: Naming the entry.
        """
        if content is None:
            self._refuse(seq, None)
        if digest is not None and digest != content:
            raise _bad_key(
                seq,
                "the digest of the content is not that of the entry",
                why="the keys table was changed, or the secret is another ledger's",
            )

    def check(self, repeated: Iterable[tuple[bytes, int]], reversed_by: Mapping[int, int]) -> Check:
        """Return step 10.

        Args:
            repeated: (key, seq) of the keys that several entries carry.
            reversed_by: Which entry reverses which.

        Raises:
            IntegrityError: If a row belongs to no entry, or two live entries share a key.
        """
        row = next(self._rows, None)
        if row is not None:
            raise _orphan(row[0], "key")
        check_repeated(repeated, reversed_by)
        return keys_check(self.count, self.opaque, secret=self._digest is not None)

    def _refuse(self, seq: int, row: tuple[int, bytes, bytes] | None) -> None:
        """Raise for an entry without a key, or with two."""
        if row is None or row[0] > seq:
            raise IntegrityError("the entry has no key", seq=seq, where=f"entry {seq}, keys")
        raise IntegrityError("the entry has two keys", seq=row[0], where=f"entry {row[0]}, keys")


def check_repeated(repeated: Iterable[tuple[bytes, int]], reversed_by: Mapping[int, int]) -> None:
    """Do nothing if no two live entries share a key; see `Keys.check`.

    Raises:
        IntegrityError: Naming the second one.
    """
    before, held = b"", -1
    for key, seq in repeated:
        if key == before and reversed_by.get(held, seq) >= seq:
            raise bad_entry(seq, f"it carries the key of entry {held}, which was not reversed")
        before, held = key, seq


def keys_check(count: int, opaque: int, *, secret: bool) -> Check:
    """Return step 10 over so many keys, the content of so many of which was not recomputed."""
    cause = "openings erased" if secret else "no secret"
    note = f"content of {opaque} not recomputed: {cause}" if opaque else ""
    return Check(10, "keys", count, note)


def content_text(entry: Leaf, hidden: Mapping[str, str]) -> bytes:
    """Return what the content digest covers: body without key, hidden fields, type.

    The body is cut out of the leaf instead of being written again; see ``Leaf.parts``.
    """
    data = entry.data
    start, end, stop = entry.parts()
    # One comma goes with the key: the one after it, or before it where it is the last member.
    if data.startswith(b",", end):
        end += 1
    elif data.endswith(b",", BODY, start):
        start -= 1
    secrets = _compact(dict(sorted(hidden.items()))) if hidden else "{}"
    return b"".join(
        (
            b'content\0{"body":',
            data[BODY:start],
            data[end:stop],
            f',"hidden":{secrets},"type":"{entry.type}"}}'.encode(),
        )
    )


class Reversals:
    """Step 11: each reversal copies what it reverses, and nothing is reversed twice."""

    def __init__(self, leaf_at: Callable[[int], bytes | None]) -> None:
        """Begin with nothing reversed."""
        self._leaf_at = leaf_at
        self.reversed_by: dict[int, int] = {}

    def take(self, leaf: Leaf) -> None:
        """Check an entry that is a reversal; others pass.

        Raises:
            IntegrityError: Naming the reversal.
        """
        if leaf.type == "reversal":
            self.take_reversal(leaf.entry)

    def take_reversal(self, entry: Entry) -> None:
        """Check a reversal.

        Raises:
            IntegrityError: Naming the reversal.
        """
        target, copy = entry.body.get("reverses"), entry.body.get("reversed")
        if not isinstance(target, int) or not 0 <= target < entry.seq:
            raise bad_entry(entry.seq, "it reverses no entry before it")
        if target in self.reversed_by:
            raise bad_entry(
                entry.seq, f"it reverses entry {target}, as entry {self.reversed_by[target]} did"
            )
        data = self._leaf_at(target) or b""
        held = Entry.parse(data)
        if held.type not in REVERSIBLE:
            raise bad_entry(entry.seq, f"it reverses entry {target} of type {held.type}")
        stated = (entry.body.get("hash"), entry.body.get("reversed_type"), encode(copy))
        if stated != (leaf_hash(data).hex(), held.type, encode(held.body)):
            raise bad_entry(entry.seq, f"it does not copy entry {target} word for word")
        self.reversed_by[target] = entry.seq

    def check(self) -> Check:
        """Return step 11."""
        return Check(11, "reversals", len(self.reversed_by))


def bad_entry(seq: int, message: str) -> IntegrityError:
    """Return the error for one entry."""
    return IntegrityError(
        f"entry {seq}: {message}",
        seq=seq,
        why="it is not what was sealed and signed",
        remedy="keep the files as evidence, and put back a copy that verifies",
    )


def _bad_key(seq: int, message: str, why: str = "") -> IntegrityError:
    """Return the error for the key of one entry."""
    return IntegrityError(message, seq=seq, where=f"entry {seq}, keys", why=why)


def _bad_opening(seq: int, place: int, message: str) -> IntegrityError:
    """Return the error for one opening."""
    return IntegrityError(
        message,
        seq=seq,
        where=f"entry {seq}, opening {place}",
        why="an opening may be erased, and never changed",
    )


def _orphan(seq: int, what: str) -> IntegrityError:
    """Return the error for a row that belongs to no entry."""
    return IntegrityError(f"the {what} of entry {seq} has no entry", seq=seq)
