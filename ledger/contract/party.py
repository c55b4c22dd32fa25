"""A party is somebody with a name: who buys, who sells, whose capacity it becomes."""

from __future__ import annotations

from typing import Final

from ledger.errors import InputError
from ledger.record.fields import plain_name

__all__ = ["party_name"]

_LENGTH_MAX: Final = 200
_NOBODY: Final = "none"


def party_name(text: str, what: str, where: str = "") -> str:
    """Return a name that can stand for somebody.

    Args:
        text: The name.
        what: Whose it is: the key or the option that it stands under.
        where: File and place, for messages.

    Raises:
        InputError: If it is empty, too long, ``none``, or two that look alike could differ.
    """
    if not text.strip() or len(text) > _LENGTH_MAX or text == _NOBODY:
        raise InputError(
            f"{what} is {text[:40]!r}, which names nobody",
            where=where,
            remedy=f"write the name of the party, at most {_LENGTH_MAX} characters",
        )
    try:
        return plain_name(text)
    except ValueError as error:
        raise InputError(f"{what} is {text[:40]!r}: {error}", where=where) from error
