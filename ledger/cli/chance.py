"""Chance gives keys, secrets, salts and ids: from the system, or from a seed for demonstrations.

A seeded ledger repeats byte for byte, so its salts hide nothing and its key is public. Seeds are
therefore bound to names of the demonstration, and those names to seeds: neither opens the other.
"""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
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
        return self if self.seeded else Chance(_stocked(self.draw), seeded=False)


def _stocked(draw: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Draw the pieces behind salts and ids many at once; each of them is given out once.

    A process that was forked off draws its own, so that two never hold the same.
    """
    stock: list[bytes] = []
    os.register_at_fork(after_in_child=stock.clear)

    def take(length: int) -> bytes:
        if length != _PIECE:
            return draw(length)
        try:
            return stock.pop()
        except IndexError:
            block = draw(_PIECE * _STOCK)
            stock.extend(
                block[start : start + _PIECE] for start in range(_PIECE, len(block), _PIECE)
            )
            return block[:_PIECE]

    return take


SYSTEM = Chance(os.urandom, seeded=False)
