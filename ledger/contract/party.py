"""A party is somebody with a name: who buys, who sells, whose capacity it becomes.

A contract has a name of the same form, which stands for no one but itself.
"""

from __future__ import annotations

from typing import Final

from ledger.errors import InputError
from ledger.record.fields import plain_name

__all__ = ["contract_name", "party_name"]

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
    if _is_none(text):
        raise InputError(
            f"{what} is {text[:40]!r}, which names nobody",
            where=where,
            remedy=f"write the name of the party, at most {_LENGTH_MAX} characters",
        )
    return _plain(text, what, where)


def contract_name(text: str, where: str) -> str:
    """Return an identifier that can stand for a contract.

    Args:
        text: The identifier.
        where: File and place, for messages.

    Raises:
        InputError: If it is empty, too long, ``none``, or two that look alike could differ.
    """
    if _is_none(text):
        raise InputError(
            f"contract is {text[:40]!r}, which is no identifier",
            where=where,
            why="commands and deliveries name the contract by it",
            remedy=f"write a name of your own for the contract, at most {_LENGTH_MAX} characters",
        )
    return _plain(text, "contract", where)


def _is_none(text: str) -> bool:
    """Return whether a text can be no name."""
    return not text.strip() or len(text) > _LENGTH_MAX or text == _NOBODY


def _plain(text: str, what: str, where: str) -> str:
    """Return a name that no other looks like.

    Raises:
        InputError: If another could.
    """
    try:
        return plain_name(text)
    except ValueError as error:
        raise InputError(f"{what} is {text[:40]!r}: {error}", where=where) from error
