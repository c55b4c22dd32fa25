"""Redactions say which confidential fields a bundle shows and withholds, how often, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from ledger.audience import Audience, audience_of, ground_of
from ledger.canonical import JSON, encode, parse
from ledger.errors import InputError

__all__ = ["REDACTIONS_SCHEMA", "Redactions", "Withheld"]

REDACTIONS_SCHEMA: Final = "flopledger/redactions.v1"
_MAX: Final = 1_000_000  # bytes; there are some thirty fields
_MEMBERS: Final = {"audience", "erased", "fields", "schema"}
_FIELD: Final = {"ground", "name", "shown", "type", "withheld"}


@dataclass(frozen=True, slots=True)
class Withheld:
    """One confidential field of one record type.

    Attributes:
        type: Record type.
        name: Name of the field.
        shown: Values that the bundle opens.
        withheld: Values that it does not.
    """

    type: str
    name: str
    shown: int
    withheld: int


@dataclass(frozen=True, slots=True)
class Redactions:
    """The log of what was left out of a bundle.

    Attributes:
        audience: Whom the bundle was made for.
        erased: Digests whose values the ledger itself no longer holds.
        fields: In the order of type and name.
    """

    audience: Audience
    erased: int
    fields: tuple[Withheld, ...]

    @classmethod
    def of(
        cls, audience: Audience, opened: Iterable[tuple[str, str, bool]], *, erased: int
    ) -> Self:
        """Count what is shown and withheld.

        Args:
            audience: Whom the bundle is for.
            opened: (type, name, whether it is shown) of every value that the ledger holds.
            erased: Digests without a value.
        """
        counts: dict[tuple[str, str], list[int]] = {}
        for kind, name, shown in opened:
            counts.setdefault((kind, name), [0, 0])[not shown] += 1
        fields = tuple(Withheld(*place, *numbers) for place, numbers in sorted(counts.items()))
        return cls(audience, erased, fields)

    @property
    def shown(self) -> int:
        """Values shown."""
        return sum(field.shown for field in self.fields)

    @property
    def withheld(self) -> int:
        """Values withheld."""
        return sum(field.withheld for field in self.fields)

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        fields: list[JSON] = [
            {
                "ground": ground_of(field.name),
                "name": field.name,
                "shown": field.shown,
                "type": field.type,
                "withheld": field.withheld,
            }
            for field in self.fields
        ]
        return encode(
            {
                "audience": self.audience,
                "erased": self.erased,
                "fields": fields,
                "schema": REDACTIONS_SCHEMA,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the log; ``encode`` gives the same bytes again.

        Raises:
            InputError: If it is not canonical, or has another form.
        """
        value = parse(data, limit=_MAX)
        if not isinstance(value, dict) or set(value) != _MEMBERS:
            raise InputError(f"the log of redactions is not one of {REDACTIONS_SCHEMA}")
        audience, fields = value["audience"], value["fields"]
        if not isinstance(audience, str) or not isinstance(fields, list):
            raise InputError("audience or fields of the log of redactions have another form")
        read = cls(
            audience_of(audience),
            _count(value["erased"], "erased"),
            tuple(_field(each) for each in fields),
        )
        places = [(each.type, each.name) for each in read.fields]
        if places != sorted(set(places)):
            raise InputError("the fields in the log of redactions are not sorted, each once")
        if read.encode() != data:
            raise InputError("the log of redactions is not the one text of what it says")
        return read


def _field(value: JSON) -> Withheld:
    """Return one field."""
    if not isinstance(value, dict) or set(value) != _FIELD:
        raise InputError("a field in the log of redactions has other members")
    kind, name = value["type"], value["name"]
    if not isinstance(kind, str) or not isinstance(name, str):
        raise InputError("a field in the log of redactions has no type or name")
    ground_of(name)
    return Withheld(
        kind, name, _count(value["shown"], "shown"), _count(value["withheld"], "withheld")
    )


def _count(value: JSON, name: str) -> int:
    """Return a count."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{name} in the log of redactions is no count")
    return value
