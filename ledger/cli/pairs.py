"""Pairs are options of the form NAME=VALUE that may be given several times."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import InputError

__all__ = ["parse_pairs"]


def parse_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return the values by name.

    Args:
        texts: What was given.
        option: The option, for the error.

    Raises:
        InputError: One is no pair, or a name comes twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name or name in pairs:
            raise InputError(
                f"{option} {text!r} is not one NAME=VALUE, or comes twice",
                remedy=f"write {option} name=value, once for each name",
            )
        pairs[name] = value
    return pairs
