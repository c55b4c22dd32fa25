"""A spelling is the pattern of one value as canonical JSON writes it, and of no other text.

It may leave out values that a record may hold, such as texts with escapes, integers of sixteen
digits or the 29th of February: those are read the slow way. It never takes one that a record may
not hold, given that the leaf is plain (``ledger.form.plain``): a pattern alone cannot tell
characters that look like nothing, or letters that are written in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

__all__ = [
    "CHARACTER",
    "COUNT",
    "DAY",
    "DIGITS",
    "HASH",
    "IDENTIFIER",
    "INPUTS",
    "INSTANT",
    "MILLISECONDS",
    "OPERATIONS",
    "PSEUDONYM",
    "SET",
    "TEXT",
    "YES_NO",
    "Spelling",
    "subject",
    "whole",
    "words",
]

CHARACTER: Final = r'[^"\\\x00-\x1f\x7f]'
"""One character that stands for itself in a JSON text; no control character."""
_KEY: Final = r"[ !#-\[\]-~]"  # the same, ASCII alone: a key of the profile

_DATE: Final = (
    r"(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_NAME: Final = f"(?! ){CHARACTER}{{1,200}}+(?<! )"
_FREE: Final = f"{CHARACTER}{{0,4000}}+"
_INTEGER: Final = "(?:0|-?[1-9][0-9]{0,14})"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How one value is spelt.

    Attributes:
        inside: Pattern of what is caught when the value is: a text without its quotes.
        quoted: Whether the value is a text.
        null: Whether null may stand in its place; then nothing is caught.
        number: Whether it is an integer.
    """

    inside: str
    quoted: bool = True
    null: bool = False
    number: bool = False

    def or_null(self) -> Self:
        """Return the same, or null."""
        return replace(self, null=True)

    def source(self, caught: str | None = None) -> str:
        """Return the pattern.

        Args:
            caught: Name of the group that catches the value; None catches nothing.
        """
        group = f"(?P<{caught}>{self.inside})" if caught else f"(?:{self.inside})"
        value = f'"{group}"' if self.quoted else group
        return f"(?:null|{value})" if self.null else value


COUNT: Final = Spelling("0|[1-9][0-9]{0,14}", quoted=False, number=True)
MILLISECONDS: Final = Spelling("0|[1-9][0-9]{0,2}", quoted=False, number=True)
YES_NO: Final = Spelling("true|false", quoted=False)
DIGITS: Final = Spelling("0|[1-9][0-9]{0,37}")
OPERATIONS: Final = Spelling("0|[1-9][0-9]{0,27}")
HASH: Final = Spelling("[0-9a-f]{64}")
PSEUDONYM: Final = Spelling("[0-9a-f]{32}")
DAY: Final = Spelling(_DATE)
INSTANT: Final = Spelling(f"{_DATE}T{_TIME}Z")
IDENTIFIER: Final = Spelling(_NAME)
TEXT: Final = Spelling(_FREE)
SET: Final = Spelling(rf'\[(?:"{_NAME}"(?:,"{_NAME}")*+)?\]', quoted=False)
"""Names in a list, in any order: that they are sorted is a rule."""
INPUTS: Final = Spelling(
    r"\{(?:ENTRY(?:,ENTRY)*+)?\}".replace(
        "ENTRY", rf'"(?! ){_KEY}{{1,200}}+(?<! )":(?:{_INTEGER}|"{_FREE}")'
    ),
    quoted=False,
)
"""Names with an integer or a text each, in any order: that they are sorted is a rule."""


def words(known: Iterable[str]) -> Spelling:
    """Return the spelling of one of some words."""
    return Spelling("|".join(re.escape(word) for word in known))


def subject(kinds: Iterable[str]) -> Spelling:
    """Return the spelling of a kind, a colon and a name."""
    return Spelling(f"(?:{'|'.join(kinds)}):{_NAME}")


def whole(members: Mapping[str, Spelling], *, catch: Collection[str] = (), under: str = "") -> str:
    """Return the pattern of an object that holds just these members, in canonical order.

    Args:
        members: Spelling of each by its key.
        catch: Names of the groups wanted.
        under: What stands before a key in the name of its group.
    """
    spelt = (
        f'"{key}":{members[key].source(under + key if under + key in catch else None)}'
        for key in sorted(members)
    )
    return r"\{" + ",".join(spelt) + r"\}"
