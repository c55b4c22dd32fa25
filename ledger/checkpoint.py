"""A checkpoint is a signed note that states the size and root of a log.

Example::

    ledger.example/demo-lab
    8
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

    — ledger.example/demo-lab LnR/Ks3gROh6v78Knm7S10dp3mCUN…

Three body lines, each ended by a newline; an empty line; signature lines
``— <name> base64(4-byte key id || signature)``. Source: C2SP signed-note and tlog-checkpoint.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Self

from ledger.errors import InputError, IntegrityError
from ledger.keys import (
    ED25519,
    SIGNATURE_BYTES,
    Signer,
    VerifierKey,
    check_name,
    kind_in_words,
    strict_base64,
)
from ledger.merkle import EMPTY_ROOT, HASH_BYTES

__all__ = ["NOTE_MAX", "SIGNATURES_MAX", "Checkpoint", "Note", "NoteSignature"]

NOTE_MAX = 65_536  # bytes; a body is under 300, a signature line about 135
SIGNATURES_MAX = 32  # C2SP asks verifiers to take at least 16
_SIZE_MAX = 2**62
_BODY_LINES = 3
_KEY_ID_BYTES = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Attributes:
        name: Key name as the line gives it.
        key_id: 4 bytes, a hint only.
        signature: The remaining bytes; 64 of them for type 1.
    """

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one line without its newline.

        Raises:
            InputError: If the line has another form.
        """
        if not line.startswith(_DASH):
            raise InputError("a signature line begins with an em dash and a space")
        parts = line[len(_DASH) :].split(" ")
        if len(parts) != 2:  # noqa: PLR2004 - name and base64
            raise InputError("a signature line holds a name and base64")
        data = strict_base64(parts[1])
        if len(data) <= _KEY_ID_BYTES:
            raise InputError("a signature line holds no signature")
        return cls(check_name(parts[0]), data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])

    def encode(self) -> str:
        """Return the line, newline included."""
        return _line(self.name, self.key_id + self.signature)


@dataclass(frozen=True, slots=True)
class Note:
    """A text with the signatures below it; nothing in it is trusted before ``verify``.

    Attributes:
        text: What is signed, ended by a newline.
        signatures: At least one, in the order of the lines.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a whole note; encoding it gives the same bytes again.

        Raises:
            InputError: If the note is malformed or over a limit.
        """
        if len(data) > NOTE_MAX:
            raise InputError(f"a note of {len(data)} bytes, more than {NOTE_MAX}")
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise InputError("the note is not UTF-8") from error
        _check_characters(whole)
        text, found, lines = whole.rpartition("\n\n")
        if not whole.endswith("\n"):
            raise InputError("malformed note: no newline at its end", remedy="copy it whole")
        if not found or not lines:
            raise InputError("malformed note: no empty line before the signatures")
        rows = lines[:-1].split("\n")
        if len(rows) > SIGNATURES_MAX:
            raise InputError(f"a note with {len(rows)} signatures, more than {SIGNATURES_MAX}")
        note = cls(text + "\n", tuple(NoteSignature.parse(row) for row in rows))
        if note.encode() != data:
            raise InputError("the note is not in canonical form")
        return note

    def encode(self) -> bytes:
        """Return the bytes of the note."""
        return (self.text + "\n" + "".join(s.encode() for s in self.signatures)).encode()

    def verify(self, key: VerifierKey) -> None:
        """Check that the key signed the text.

        Signatures of unknown names are ignored; a broken one of this key is not.

        Raises:
            InputError: If the key is of another type: its signatures cover other bytes.
            IntegrityError: If no signature is by this key, or one that claims to be fails.
        """
        if key.kind != ED25519:
            raise InputError(
                f"{key.label} is {kind_in_words(key.kind)}",
                why="a note itself is signed with a key of type 1",
            )
        mine = [s for s in self.signatures if s.name == key.name and s.key_id == key.key_id]
        if len(mine) != 1:
            raise IntegrityError(f"the note carries {len(mine)} signatures of {key.name}, not one")
        if len(mine[0].signature) != SIGNATURE_BYTES:
            raise IntegrityError(f"the signature of {key.name} has the wrong length")
        key.verify(mine[0].signature, self.text.encode())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: so many entries under this root.

    Attributes:
        origin: Name of the log.
        size: Number of entries, 0 <= size < 2^62.
        root: 32-byte RFC 6962 root over the first ``size`` entries.
    """

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the signed text of a checkpoint, without extension lines.

        Raises:
            InputError: If a line is missing, added or not in canonical form.
        """
        lines = text.split("\n")
        if len(lines) != _BODY_LINES + 1 or lines[-1]:
            raise InputError("malformed checkpoint: origin, size and root, a line each")
        origin, size, root = lines[:_BODY_LINES]
        if not _SIZE.fullmatch(size) or int(size) >= _SIZE_MAX:
            raise InputError(f"malformed checkpoint: size {size[:40]!r} {_fault_of_size(size)}")
        try:
            digest = strict_base64(root)
        except InputError as error:
            raise InputError(f"malformed checkpoint: the root {error.message}") from error
        if len(digest) != HASH_BYTES:
            raise InputError(f"malformed checkpoint: a root of {len(digest)} bytes")
        checkpoint = cls(check_name(origin), int(size), digest)
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise InputError("malformed checkpoint: an empty log with the root of another")
        return checkpoint

    @classmethod
    def open(cls, data: bytes, key: VerifierKey) -> Self:
        """Read a note, check its signature, and return what it states.

        Raises:
            InputError: If the bytes are malformed.
            IntegrityError: If the signature fails or the origin is not the key's name.
        """
        note = Note.parse(data)
        note.verify(key)
        checkpoint = cls.parse(note.text)
        if checkpoint.origin != key.name:
            raise IntegrityError(
                f"the checkpoint speaks for {checkpoint.origin}, the key for {key.name}"
            )
        return checkpoint

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, *signers: Signer) -> bytes:
        """Return the signed note; the name of every signer must be the origin."""
        text = self.text()
        signed, lines = text.encode(), ""
        for signer in signers:
            key = signer.verifier
            assert key.name == self.origin
            lines += _line(key.name, key.key_id + signer.sign(signed))
        return f"{text}\n{lines}".encode()


def _line(name: str, data: bytes) -> str:
    """Return a signature line, newline included, that carries these bytes."""
    return f"{_DASH}{name} {base64.b64encode(data).decode()}\n"


def _check_characters(text: str) -> None:
    """Raise if the text holds a control character other than the newline."""
    found = _CONTROL.search(text)
    if found is not None and found[0] == "\r":
        raise InputError("malformed note: a carriage return; lines end with one newline alone")
    if found is not None:
        raise InputError(f"malformed note: the control character 0x{ord(found[0]):02x}")


def _fault_of_size(text: str) -> str:
    """Return in words why this is no size."""
    if not text:
        return "is empty"
    if not text.isascii():
        return "is not written in ASCII digits"
    if text != text.strip(" "):
        return "has a space around it"
    if text[0] in "+-":
        return "has a sign"
    if not text.isdigit():
        return "is no plain decimal number"
    return "has a leading zero" if text[0] == "0" else "is 2^62 or more"
