"""The profile is what an entry may hold: exact integers, texts, and names that are ASCII."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.canonical import INTEGER_MAX, JSON
from ledger.errors import InputError

__all__ = ["check_hidden", "check_profile"]


def check_hidden(hidden: Mapping[str, str]) -> None:
    """Raise unless confidential fields are texts under names that an opening can carry.

    Raises:
        InputError: If one is not.
    """
    for name, value in hidden.items():
        if not name.isascii() or not isinstance(value, str):
            raise InputError(
                f"confidential field {name!r} is not a text", remedy='write {"notes": "…"}'
            )


def check_profile(value: JSON, depth: int = 0) -> None:
    """Raise unless a value lies within the profile of ``ledger.canonical``.

    Raises:
        InputError: If it holds a float, an integer beyond 2^53 - 1, a key that is not ASCII, or
            anything that JSON does not have.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return
    if isinstance(value, dict):
        if not "".join(value).isascii():
            key = next(key for key in value if not key.isascii())
            raise InputError(f"field name {key!r} is not ASCII", remedy="rename the field")
        for item in value.values():
            # Texts, nulls and small numbers are nearly all fields: they need no call.
            if item is None or type(item) is str:
                continue
            if type(item) is not int or not -INTEGER_MAX <= item <= INTEGER_MAX:
                check_profile(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_profile(item, depth + 1)
    elif not isinstance(value, int) or abs(value) > INTEGER_MAX:
        raise InputError(
            f"{str(value)[:60]} ({kind.__name__}) has no place in an entry",
            why="numbers are exact integers within 2^53 - 1",
            remedy="write larger numbers as strings of digits, and no floats",
        )
