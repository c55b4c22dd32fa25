"""An endorsement is the digest of a rule pack, signed by a person in a role, as a signed note.

Example::

    flopledger/pack-signature.v1
    pack 7c1e2b…
    on 2026-11-23
    as encoder

    — law.example/anna LnR/Ks3gROh6v78Knm7S10dp3mCUN…

What is signed is the text above the empty line. Nothing in it is trusted before the signature is
checked with a key that somebody else vouches for. Specification: ``schemas/pack-signature.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from ledger.checkpoint import Note, NoteSignature
from ledger.errors import InputError
from ledger.keys import Signer
from ledger.period import parse_day

__all__ = [
    "NOTES_MAX",
    "ROLES_MAX",
    "SCHEMA",
    "SIGNATURES_BYTES_MAX",
    "Endorsement",
    "Signed",
    "check_role",
    "encode_signed",
    "parse_signed",
]

SCHEMA: Final = "flopledger/pack-signature.v1"
ROLES_MAX: Final = 8
"""Roles in which one person signs at once."""
NOTES_MAX: Final = 64
"""Notes in one file of signatures."""
SIGNATURES_BYTES_MAX: Final = 1_000_000

_DIGEST: Final = re.compile(r"pack ([0-9a-f]{64})")
_DAY: Final = re.compile(r"on ([0-9]{4}-[0-9]{2}-[0-9]{2})")
_ROLE: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_ROLE_MAX: Final = 32  # characters


def check_role(role: str) -> str:
    """Return the role if it can stand in a note.

    Raises:
        InputError: If it is no kebab-case word, or too long.
    """
    if len(role) > _ROLE_MAX or not _ROLE.fullmatch(role):
        raise InputError(
            f"{role[:40]!r} is not a role",
            remedy="write a word such as encoder, reviewer or legal-reviewer",
        )
    return role


@dataclass(frozen=True, slots=True)
class Endorsement:
    """What a person signs of a pack.

    Attributes:
        digest: Digest of the pack, 64 hex digits.
        on: Day on which the person says to have signed.
        roles: In which roles, sorted, each once, at least one.
    """

    digest: str
    on: date
    roles: tuple[str, ...]

    @classmethod
    def of(cls, digest: str, on: date, roles: Iterable[str]) -> Self:
        """Make what is to be signed.

        Raises:
            InputError: If no role is named, or too many, or one that is no role.
        """
        held = tuple(sorted({check_role(role) for role in roles}))
        if not 0 < len(held) <= ROLES_MAX:
            raise InputError(
                f"{len(held)} roles", remedy=f"name 1 to {ROLES_MAX} roles in which you sign"
            )
        return cls(digest, on, held)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note.

        Raises:
            InputError: If a line is missing, added or not in the one form it can have.
        """
        first, *lines = text.removesuffix("\n").split("\n")
        if first != SCHEMA:
            raise InputError(f"the note begins {first[:60]!r}, not {SCHEMA}")
        digest = _DIGEST.fullmatch(lines[0]) if lines else None
        day = _DAY.fullmatch(lines[1]) if len(lines) > 1 else None
        if digest is None or day is None or not all(line.startswith("as ") for line in lines[2:]):
            raise InputError("malformed endorsement: pack, on and as, a line each")
        found = cls.of(digest[1], parse_day(day[1]), [line[len("as ") :] for line in lines[2:]])
        if found.text() != text:
            raise InputError("malformed endorsement: roles are sorted, each once")
        return found

    def text(self) -> str:
        """Return the lines that are signed."""
        roles = "".join(f"as {role}\n" for role in self.roles)
        return f"{SCHEMA}\npack {self.digest}\non {self.on}\n{roles}"

    def sign(self, signer: Signer) -> Signed:
        """Return the endorsement with the signature of one person."""
        text, key = self.text(), signer.verifier
        line = NoteSignature(key.name, key.key_id, signer.sign(text.encode()))
        return Signed(self, Note(text, (line,)))


@dataclass(frozen=True, slots=True)
class Signed:
    """An endorsement and the note that carries it; its signatures are not checked yet.

    Attributes:
        endorsement: What the note states.
        note: The note.
    """

    endorsement: Endorsement
    note: Note


def parse_signed(data: bytes) -> tuple[Signed, ...]:
    """Read a file of signatures: notes, each followed by one empty line.

    Raises:
        InputError: If the file is too long, holds no note, or anything else than notes.
    """
    if len(data) > SIGNATURES_BYTES_MAX:
        raise InputError(f"{len(data):,} bytes, more than {SIGNATURES_BYTES_MAX:,}")
    *blocks, rest = data.split(b"\n\n")
    if rest or not blocks or len(blocks) % 2 or len(blocks) // 2 > NOTES_MAX:
        raise InputError(
            f"not 1 to {NOTES_MAX} signed notes, each followed by one empty line",
            remedy="take the file as rules sign wrote it",
        )
    pairs = zip(blocks[::2], blocks[1::2], strict=True)
    notes = [Note.parse(text + b"\n\n" + lines + b"\n") for text, lines in pairs]
    return tuple(Signed(Endorsement.parse(note.text), note) for note in notes)


def encode_signed(signed: Iterable[Signed]) -> bytes:
    """Return the bytes of a file of signatures."""
    return b"".join(each.note.encode() + b"\n" for each in signed)
