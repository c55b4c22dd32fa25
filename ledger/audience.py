"""An audience is whom a bundle is made for, and which confidential fields it may see.

The leaves hold confidential values only as salted digests, so every audience gets the same leaves
and the same root. What differs is which openings come with them. The table below decides; it is
printed in ``schemas/bundle.v1.md`` with its reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from ledger.errors import InputError

__all__ = ["AUDIENCES", "FIELDS", "Audience", "Confidential", "audience_of", "ground_of", "shows"]

Audience: TypeAlias = Literal["authority", "auditor", "counterparty", "public"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
Ground: TypeAlias = Literal["security", "trade-secret", "contract", "free-text"]


@dataclass(frozen=True, slots=True)
class Confidential:
    """One confidential field.

    Attributes:
        ground: Why it is withheld from whoever does not see it: ``security`` (where machines
            stand), ``trade-secret`` (what is worked on and who takes part), ``contract`` (what
            two parties agreed to keep), ``free-text`` (may hold any of these, or personal data).
        seen_by: Audiences that see it besides the authority, which sees everything.
    """

    ground: Ground
    seen_by: frozenset[Audience]


_BOTH: Final = frozenset[Audience]({"auditor", "counterparty"})
_AUDITOR: Final = frozenset[Audience]({"auditor"})
_PARTNER: Final = frozenset[Audience]({"counterparty"})

FIELDS: Final[Mapping[str, Confidential]] = {
    "buyer": Confidential("trade-secret", _BOTH),
    "cluster": Confidential("security", _BOTH),
    "consignee": Confidential("trade-secret", _BOTH),
    "cost_centre": Confidential("trade-secret", _AUDITOR),
    "notes": Confidential("free-text", _AUDITOR),
    "operator": Confidential("trade-secret", _BOTH),
    "price": Confidential("contract", _PARTNER),
    "run_name": Confidential("trade-secret", _AUDITOR),
    "seller": Confidential("trade-secret", _BOTH),
    "site": Confidential("security", _BOTH),
    "terms": Confidential("contract", _PARTNER),
    "ultimate_parent": Confidential("trade-secret", _AUDITOR),
}
"""Every confidential field of every record type."""


def audience_of(word: str) -> Audience:
    """Return the audience of a word.

    Raises:
        InputError: If there is none of this name.
    """
    for audience in AUDIENCES:
        if audience == word:
            return audience
    raise InputError(f"{word[:40]!r} is no audience", remedy="use one of: " + ", ".join(AUDIENCES))


def shows(audience: Audience, name: str) -> bool:
    """Whether an audience sees a confidential field.

    Raises:
        InputError: If there is no such field: what is not in the table is shown to nobody.
    """
    field = _field(name)
    return audience == "authority" or audience in field.seen_by


def ground_of(name: str) -> Ground:
    """Return why a confidential field is withheld.

    Raises:
        InputError: If there is no such field.
    """
    return _field(name).ground


def _field(name: str) -> Confidential:
    """Return what the table says of a field."""
    if name not in FIELDS:
        raise InputError(f"{name[:40]!r} is no confidential field of any record")
    return FIELDS[name]
