"""Caps are the limits within which a reader goes on reading a bundle from somebody else.

Whatever lies beyond one is refused before it can fill memory or disk. A reader may lower them,
never raise them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Self

from ledger.canonical import BYTES_MAX, DEPTH_MAX
from ledger.errors import InputError

__all__ = ["Caps"]

_NUMBER = re.compile(r"[1-9][0-9]{0,11}")


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits of a reader; the defaults are the largest there are.

    Attributes:
        members: Members of a bundle.
        bytes: Bytes of all members together, unpacked.
        entry: Bytes of an entry.
        ratio: How many times its packed length a member may have.
        depth: How deep JSON may be nested.
    """

    members: int = 10_000
    bytes: int = 1_000_000_000
    entry: int = BYTES_MAX
    ratio: int = 200
    depth: int = DEPTH_MAX

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read ``NAME=NUMBER`` texts, such as ``members=100``.

        Raises:
            InputError: If a text names no cap, or a number above the default.
        """
        made = cls()
        known = [field.name for field in fields(cls)]
        for text in texts:
            name, _, number = text.partition("=")
            if name not in known or not _NUMBER.fullmatch(number):
                raise InputError(
                    f"{text[:40]!r} lowers no limit",
                    remedy=f"write NAME=NUMBER with one of: {', '.join(known)}",
                )
            if int(number) > getattr(cls(), name):
                raise InputError(
                    f"{name}={number} is above the limit of {getattr(cls(), name)}",
                    why="limits are lowered, never raised",
                )
            made = replace(made, **{name: int(number)})
        return made
