"""An opened bundle gives its members as streams; each is bounded, and none is believed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final, Protocol

from ledger.bundle.caps import Caps
from ledger.bundle.lines import lines
from ledger.bundle.manifest import MANIFEST_MAX, Manifest
from ledger.bundle.names import (
    DISCLOSURES,
    ENTRIES,
    MANIFEST,
    PACK,
    REDACTIONS,
    Names,
    read_names,
)
from ledger.bundle.redactions import Redactions
from ledger.errors import InputError, IntegrityError

__all__ = ["Members", "Opened"]

_LINE_MAX: Final = 131_072  # bytes of a disclosure; a value of 4,000 characters takes under 40,000
_LIMITS: Final = {
    "anchors": 65_536,
    "checkpoints": 65_536,
    "timestamps": 65_536,
    "proofs": 131_072,
    "attestations": 32 * 1024 * 1024,
}
_PACK_MAX: Final = 64_000_000
_REDACTIONS_MAX: Final = 1_000_000


_DISCLOSURE: Final = re.compile(rb'\{"disclosure":"([A-Za-z0-9_-]+)","seq":(0|[1-9][0-9]{0,11})\}')


class Members(Protocol):
    """Where the members of a bundle are: an archive, or a folder of files."""

    def names(self) -> tuple[str, ...]:
        """Return the names as they stand."""
        ...

    def size(self, name: str) -> int:
        """Return the length that is stated of a member, in bytes."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member, at most as many as are stated."""
        ...


class _Looking:
    """Looks for a text in bytes that come in chunks.

    Attributes:
        text: The text.
        found: Whether it was there so far.
    """

    def __init__(self, text: bytes) -> None:
        """Begin before the first chunk."""
        self.text = text
        self.found = False
        self._rest = b""

    def take(self, chunk: bytes) -> None:
        """Look into one more chunk, and over the edge to the one before."""
        if self.found:
            return
        length = max(len(self.text) - 1, 1)
        self.found = self.text in chunk or self.text in self._rest + chunk[:length]
        self._rest = (self._rest + chunk[-length:])[-length:]


class Opened:
    """A bundle whose names were read; manifest and contents are read when asked for."""

    def __init__(self, members: Members, caps: Caps) -> None:
        """Read the names.

        Args:
            members: Where the bytes are.
            caps: Limits.

        Raises:
            InputError: If a cap is passed.
            IntegrityError: If a name has no place in a bundle.
        """
        self.members = members
        self.caps = caps
        self._seen: dict[tuple[str, bytes], bool] = {}
        given = members.names()
        if len(given) > caps.members:
            raise InputError(f"{len(given)} members, more than the {caps.members} allowed")
        self.names: Names = read_names(given)
        total = sum(members.size(name) for name in given)
        if total > caps.bytes:
            raise InputError(f"{total} bytes, more than the {caps.bytes} allowed")

    def manifest(self) -> tuple[Manifest, str]:
        """Return the manifest and its SHA-256, once it lists every other member and no more.

        Raises:
            IntegrityError: Naming the member that is not as listed.
        """
        data = self.read(MANIFEST, MANIFEST_MAX)
        try:
            manifest = Manifest.parse(data)
        except InputError as error:
            raise _refusal(MANIFEST, error.message) from error
        listed, held = set(manifest.members), set(self.names.all) - {MANIFEST}
        for name in sorted(listed ^ held):
            missing = name in listed
            raise _refusal(
                name,
                "the manifest lists it, and it is not there"
                if missing
                else "the manifest does not list it",
            )
        has_entries = self.names.has(ENTRIES)
        if (manifest.kind == "entries") != has_entries:
            raise _refusal(MANIFEST, f"it speaks of {manifest.kind}, the bundle holds others")
        return manifest, hashlib.sha256(data).hexdigest()

    def check_member(self, name: str, manifest: Manifest, *asked: bytes) -> None:
        """Read a member whole and compare it with the manifest.

        Args:
            name: Its name.
            manifest: What is listed of it.
            asked: Texts to look for on the way; see ``contains``.

        Raises:
            IntegrityError: If length or digest differ.
        """
        listed = manifest.members[name]
        if self.members.size(name) != listed.bytes:
            raise _refusal(name, "it has another length than the manifest lists")
        digest = hashlib.sha256()
        looking = [_Looking(text) for text in asked]
        for chunk in self.members.chunks(name):
            digest.update(chunk)
            for each in looking:
                each.take(chunk)
        self._seen.update({(name, each.text): each.found for each in looking})
        if digest.hexdigest() != listed.sha256:
            raise _refusal(name, "it has another SHA-256 than the manifest lists")

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return a whole member that is known to be small.

        Args:
            name: Its name.
            limit: Most bytes; by default that of its kind.

        Raises:
            InputError: If it is longer.
        """
        most = _LIMITS.get(name.partition("/")[0], self.caps.entry) if limit is None else limit
        if self.members.size(name) > most:
            raise InputError(
                f"the member has {self.members.size(name)} bytes, more than {most}",
                where=f"member {name!r}",
            )
        return b"".join(self.members.chunks(name))

    def contains(self, name: str, text: bytes) -> bool:
        """Whether these bytes stand anywhere in a member; faster than reading its lines."""
        if (name, text) in self._seen:
            return self._seen[name, text]
        looking = _Looking(text)
        for chunk in self.members.chunks(name):
            looking.take(chunk)
            if looking.found:
                return True
        return False

    def entries(self) -> Iterator[bytes]:
        """Yield the leaves in order, or nothing if the bundle holds receipts alone."""
        if not self.names.has(ENTRIES):
            return iter(())
        return lines(self.members.chunks(ENTRIES), member=ENTRIES, limit=self.caps.entry)

    def disclosures(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number of the entry and the opening, in order.

        Raises:
            IntegrityError: If a line has another form, or they are out of order.
        """
        if not self.names.has(DISCLOSURES):
            return
        chunks = self.members.chunks(DISCLOSURES)
        before = -1
        for number, line in enumerate(lines(chunks, member=DISCLOSURES, limit=_LINE_MAX), 1):
            seq, opening = _disclosure(line, number)
            if seq < before:
                raise _line_refusal(number, f"it is for entry {seq}, after one for {before}")
            before = seq
            yield seq, opening

    def redactions(self) -> Redactions:
        """Return the log of redactions.

        Raises:
            IntegrityError: If it has another form.
        """
        try:
            return Redactions.parse(self.read(REDACTIONS, _REDACTIONS_MAX))
        except InputError as error:
            raise _refusal(REDACTIONS, error.message) from error

    def pack(self) -> bytes | None:
        """Return the rule pack, or None if the bundle brings none."""
        return self.read(PACK, _PACK_MAX) if self.names.has(PACK) else None


def _disclosure(line: bytes, number: int) -> tuple[int, bytes]:
    """Read one line of the disclosures: canonical JSON has only this one spelling for it."""
    found = _DISCLOSURE.fullmatch(line)
    if found is None:
        raise _line_refusal(number, "it is no canonical disclosure with its entry")
    return int(found[2]), found[1]


def _line_refusal(number: int, message: str) -> IntegrityError:
    """Return the error for one line of the disclosures."""
    return IntegrityError(message, where=f"member {DISCLOSURES!r}, line {number}")


def _refusal(name: str, message: str) -> IntegrityError:
    """Return the error for one member."""
    return IntegrityError(
        message,
        where=f"member {name[:100]!r}",
        why="it was changed after the bundle was made, or comes from elsewhere",
        remedy="keep the file as evidence, and ask for the bundle again",
    )
