"""A cosignature is a witness's signature over a time and a checkpoint.

The signed message is ``cosignature/v1``, ``time <seconds>`` and the text of the checkpoint, each
line ended. The signature line carries eight bytes of time and 64 of Ed25519 behind the key id.
Source: C2SP tlog-cosignature. Specification: ``schemas/cosignature.v1.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from ledger.checkpoint import Note, NoteSignature
from ledger.errors import InputError, IntegrityError
from ledger.keys import COSIGNATURE, SIGNATURE_BYTES, Signer, VerifierKey, kind_in_words

__all__ = ["TIME_MAX", "Cosignature", "cosign", "cosigner", "parse_cosignatures"]

TIME_MAX = 2**63 - 1
_TIME_BYTES = 8
_LAST_SECOND = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, slots=True)
class Cosignature:
    """That a witness saw no log of this name that contradicts the checkpoint.

    Attributes:
        key: Of the witness, type 0x04.
        time: When it signed, in seconds since 1970.
        signature: 64 bytes.
    """

    key: VerifierKey
    time: int
    signature: bytes

    @classmethod
    def open(cls, note: Note, key: VerifierKey) -> Self | None:
        """Return the verified cosignature of a witness under a note, or None if it has none.

        Raises:
            InputError: If the key is not of type 0x04.
            IntegrityError: If a line that claims to be this witness's is not, or there are two.
        """
        if key.kind != COSIGNATURE:
            raise InputError(
                f"{key.label} is {kind_in_words(key.kind)}",
                why="only cosignatures of type 4 are checked here",
            )
        mine = [s for s in note.signatures if (s.name, s.key_id) == (key.name, key.key_id)]
        if not mine:
            return None
        if len(mine) > 1:
            raise IntegrityError(f"the note carries {len(mine)} cosignatures of {key.name}")
        data = mine[0].signature
        if len(data) != _TIME_BYTES + SIGNATURE_BYTES:
            raise IntegrityError(f"the cosignature of {key.name} has the wrong length")
        time = int.from_bytes(data[:_TIME_BYTES], "big")
        if time > TIME_MAX:
            raise IntegrityError(f"the cosignature of {key.name} states the time {time}")
        key.verify(data[_TIME_BYTES:], message(time, note.text))
        return cls(key, time, data[_TIME_BYTES:])

    @property
    def at(self) -> datetime:
        """When it signed, in UTC; a time beyond the year 9999 is its last second."""
        return datetime.fromtimestamp(min(self.time, _LAST_SECOND), UTC)

    def line(self) -> NoteSignature:
        """Return the signature line."""
        data = self.time.to_bytes(_TIME_BYTES, "big") + self.signature
        return NoteSignature(self.key.name, self.key.key_id, data)


def cosigner(signer: Signer) -> VerifierKey:
    """Return the public key under which a signer's cosignatures go."""
    plain = signer.verifier
    return VerifierKey(plain.name, plain.public, COSIGNATURE)


def cosign(text: str, time: int, signer: Signer) -> Cosignature:
    """Sign a time and the text of a checkpoint.

    Args:
        text: The three lines of the checkpoint.
        time: Seconds since 1970, 0 <= time < 2^63.
        signer: The witness.
    """
    assert 0 <= time <= TIME_MAX
    return Cosignature(cosigner(signer), time, signer.sign(message(time, text)))


def message(time: int, text: str) -> bytes:
    """Return what a witness signs."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def parse_cosignatures(data: bytes) -> tuple[NoteSignature, ...]:
    """Read the answer of a witness: signature lines, nothing else.

    Raises:
        InputError: If it is not one or more ended lines in canonical form.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputError("the cosignature is not UTF-8") from error
    if not text.endswith("\n"):
        raise InputError("the cosignature has no newline at its end", remedy="copy it whole")
    lines = tuple(NoteSignature.parse(line) for line in text[:-1].split("\n"))
    if "".join(line.encode() for line in lines) != text:
        raise InputError("the cosignature is not in canonical form")
    return lines
