"""A trust file says whose signatures under a rule pack count: keys, roles, days, and how many.

It belongs to whoever relies on the pack, and comes to them on another way than the pack.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from ledger.errors import InputError, LedgerError
from ledger.keys import VerifierKey
from ledger.modelling import (
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from ledger.regime.diagnosis import parse_node
from ledger.regime.endorsement import ROLES_MAX
from ledger.regime.scalar import Identifier, Node, nearest, refuse
from ledger.regime.source import Stretch, Text
from ledger.yamltree import parse_tree

__all__ = ["Signatory", "Trust", "TrustedKey", "load_trust"]

_MANY_MAX: Final = 99
_MANY: Final = re.compile(r"[1-9][0-9]?")

Role = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$", max_length=32)]


def _vkey(value: object) -> object:
    """Accept the C2SP text of an Ed25519 key."""
    if not isinstance(value, str):
        return value
    try:
        VerifierKey.parse(value)
    except LedgerError as error:
        raise refuse("vkey", error.message, error.remedy or "copy the key whole") from error
    return value


def _many(value: object) -> object:
    """Read how many signers are needed."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _MANY.fullmatch(value):
        return int(value)
    raise refuse("count", f"{value!r} is no number of signers", f"write 1 to {_MANY_MAX}")


VKey = Annotated[
    str,
    BeforeValidator(_vkey),
    WithJsonSchema({"type": "string", "pattern": r"^[!-*,-~]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$"}),
]
Many = Annotated[
    int,
    BeforeValidator(_many),
    Field(ge=1, le=_MANY_MAX),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": _MANY_MAX},
                {"type": "string", "pattern": r"^[1-9][0-9]?$"},
            ]
        }
    ),
]


class TrustedKey(Stretch):
    """A key, and the days of signing [from, until) for which it is trusted."""

    vkey: VKey

    @property
    def key(self) -> VerifierKey:
        """The key itself."""
        return VerifierKey.parse(self.vkey)


class Signatory(Node):
    """A person or office that signs packs, with every key it had, and the roles it holds."""

    name: Text
    roles: tuple[Role, ...] = Field(min_length=1, max_length=ROLES_MAX)
    keys: tuple[TrustedKey, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_role_once(self) -> Self:
        """A role is held or not."""
        for role in self.roles:
            if self.roles.count(role) > 1:
                raise refuse("duplicate", f"the role {role} stands twice", "name it once")
        return self


class Trust(Node):
    """A trust file: who signs, and how many different signers each role needs."""

    schema_: Literal["flopledger/pack-trust.v1"] = Field(alias="schema")
    signers: dict[Identifier, Signatory] = Field(min_length=1)
    threshold: dict[Role, Many] = Field(min_length=1, max_length=ROLES_MAX)

    @model_validator(mode="after")
    def _no_key_of_two(self) -> Self:
        """A key belongs to one signer, and its hint names one key."""
        seen: dict[tuple[str, bytes], str] = {}
        for signer, held in self.signers.items():
            for trusted in held.keys:
                key = trusted.key
                other = seen.setdefault((key.name, key.key_id), signer)
                if other != signer:
                    raise refuse(
                        "duplicate",
                        f"{other} and {signer} have the same key {key.name}+{key.key_id.hex()}",
                        "a key of two people proves neither: give it to one of them",
                    )
        return self

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        """Enough signers hold each role that is needed."""
        for role, needed in self.threshold.items():
            holding = [name for name, held in self.signers.items() if role in held.roles]
            if len(holding) < needed:
                known = {role for held in self.signers.values() for role in held.roles}
                raise refuse(
                    "threshold",
                    f"{needed} signers are needed as {role}, and {len(holding)} hold that role",
                    "give the role to more signers, or lower the threshold"
                    if role in known
                    else nearest(role, known),
                )
        return self


def load_trust(text: str, *, where: str) -> Trust:
    """Read a trust file, YAML or JSON.

    Args:
        text: Its text.
        where: Its name, for messages.

    Raises:
        RuleError: If it is not YAML.
        InputError: If it is no trust file; names the place and what to write.
    """
    trust, flaws = parse_node(Trust, parse_tree(text, where=where), where)
    if trust is None:
        first, more = flaws[0], len(flaws) - 1
        why = f"and {more} more in this file" if more else ""
        raise InputError(first.message, where=first.where, why=why, remedy=first.remedy)
    return trust
