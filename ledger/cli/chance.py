"""Chance gives keys, secrets, salts and ids: from the system, or from a seed for demonstrations.

A seeded ledger repeats byte for byte, so its salts hide nothing and its key is public. Seeds are
therefore bound to names of the demonstration, and those names to seeds: neither opens the other.
"""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from ledger.errors import InputError

__all__ = ["DEMONSTRATION", "DEMONSTRATION_ORIGIN", "SYSTEM", "Chance"]

DEMONSTRATION = "demonstration.flopledger.example/"
"""What the name of every ledger and key of a demonstration begins with."""

DEMONSTRATION_ORIGIN = f"{DEMONSTRATION}lab"
_PIECE = 16  # bytes behind a salt, and behind an id
_SALT_LENGTH = 22  # characters of base64, without the padding
_URL = bytes.maketrans(b"+/", b"-_")
_VARIANTS = "89ab" * 4  # by the hex digit in its place, of which two bits stay
_VARIANT = bytes.maketrans(b"0123456789abcdef", _VARIANTS.encode())
_DIGITS = (*range(8), *range(9, 13), *range(14, 18), *range(19, 23), *range(24, 36))
"""Where the hex digits of a UUID stand in its text."""
_VERSION_AT, _VARIANT_AT = 14, 19
_LINE = 37  # its 36 characters and what parts it from the next
_PADDED = 18  # bytes that base64 writes as whole characters, of which a piece fills 22
_WRITTEN = 24  # characters behind them
_STOCK = 256  # pieces drawn at once


@dataclass(frozen=True, slots=True)
class Chance:
    """A source of bytes that nobody should guess.

    Attributes:
        draw: Gives that many bytes, new at each call.
        seeded: Whether the bytes repeat.
    """

    draw: Callable[[int], bytes]
    seeded: bool

    @classmethod
    def from_seed(cls, seed: str) -> Chance:
        """Repeat the same bytes for the same seed, up to 32 at each call."""
        from hashlib import sha256  # noqa: PLC0415 - help needs no seed, and starts faster without

        numbers = count()

        def draw(length: int) -> bytes:
            return sha256(f"{seed} {next(numbers)}".encode()).digest()[:length]

        return cls(draw, seeded=True)

    def salt(self) -> str:
        """Return 128 bits as 22 characters of base64url."""
        text = b2a_base64(self.draw(_PIECE), newline=False)
        return text[:_SALT_LENGTH].translate(_URL).decode()

    def id(self) -> str:
        """Return a UUID of version 4."""
        text = self.draw(_PIECE).hex()
        # Version and variant, as RFC 9562 has them in section 5.4.
        variant = _VARIANTS[int(text[16], 16)]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def check(self, origin: str) -> None:
        """Refuse seeds for a real ledger, and chance for the demonstration's.

        Raises:
            InputError: If origin and source do not belong together.
        """
        if self.seeded != origin.startswith(DEMONSTRATION):
            raise InputError(
                f"{origin} is a name of the demonstration, whose keys and salts are public"
                if not self.seeded
                else f"{origin} is a real ledger and takes no seeded salts",
                remedy="choose another origin: flopledger init --origin ledger.example/lab-a",
            )

    def bound(self, origin: str) -> Chance:
        """Return the same source, which refuses to be drawn from for a name that is not its own.

        A ledger of the demonstration can so be opened and asked, and takes no further entry.
        """

        def refuse(length: int) -> bytes:
            self.check(origin)
            return self.draw(length)

        if self.seeded != origin.startswith(DEMONSTRATION):
            return Chance(refuse, self.seeded)
        return self if self.seeded else _Stocked(self.draw, seeded=False)


@dataclass(frozen=True, slots=True)
class _Stocked(Chance):
    """A source that draws for many salts or ids at once, and gives each of them out once.

    A process that was forked off draws its own, so that two never hold the same.
    """

    _salts: list[str] = field(default_factory=list, init=False, repr=False, compare=False)
    _ids: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Give nothing of it to a child."""
        for stock in (self._salts, self._ids):
            os.register_at_fork(after_in_child=stock.clear)

    def salt(self) -> str:
        """Return 128 bits as 22 characters of base64url."""
        try:
            return self._salts.pop()
        except IndexError:
            first, *rest = _salts_of(self.draw(_PIECE * _STOCK))
            self._salts.extend(rest)
            return first

    def id(self) -> str:
        """Return a UUID of version 4."""
        try:
            return self._ids.pop()
        except IndexError:
            first, *rest = _ids_of(self.draw(_PIECE * _STOCK))
            self._ids.extend(rest)
            return first


def _salts_of(block: bytes) -> list[str]:
    """Return the salt that each piece of a block gives, padded so that none shares a character."""
    padded = bytearray(len(block) // _PIECE * _PADDED)
    for place in range(_PIECE):
        padded[place::_PADDED] = block[place::_PIECE]
    text = b2a_base64(padded, newline=False).translate(_URL).decode()
    return [text[start : start + _SALT_LENGTH] for start in range(0, len(text), _WRITTEN)]


def _ids_of(block: bytes) -> list[str]:
    """Return the UUID that each piece of a block gives, a digit of all of them at a time."""
    digits, count_ = block.hex().encode(), len(block) // _PIECE
    text = bytearray(b"\n".rjust(_LINE, b"-")) * count_
    for place, at in enumerate(_DIGITS):
        text[at::_LINE] = digits[place :: 2 * _PIECE]
    text[_VERSION_AT::_LINE] = b"4" * count_
    text[_VARIANT_AT::_LINE] = text[_VARIANT_AT::_LINE].translate(_VARIANT)
    return text.decode().split()


SYSTEM = Chance(os.urandom, seeded=False)
