"""The check document is the published JSON of a check, ``flopledger/check.v1``.

Large numbers are decimal strings; null is not known or not stated, never zero. The page beside the
schema, ``schemas/check.v1.md``, says what each field means for a reader.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from ledger.determination import Counts, Determination
from ledger.modelling import BaseModel, ConfigDict, Field, StringConstraints
from ledger.regime.source import LawStatus

__all__ = [
    "SCHEMA",
    "CheckDocument",
    "Coordinates",
    "LedgerState",
    "Signed",
    "check_schema",
    "describe",
]

SCHEMA: Final = "flopledger/check.v1"
_ID: Final = "https://flopledger.example/schemas/check.v1.schema.json"
_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)

Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    """A part of the document: closed, strict and frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class LedgerState(_Part):
    """Which ledger was checked.

    Attributes:
        origin: Its name.
        size: Entries under the newest checkpoint.
        root: RFC 6962 root over them, 64 hex digits.
        unsigned_tail: Entries after the checkpoint; they are not counted.
    """

    origin: str
    size: int
    root: Hex
    unsigned_tail: int


class Signed(_Part):
    """The checkpoint that the entries reproduced.

    Attributes:
        size: Entries under it.
        root: RFC 6962 root over them, 64 hex digits.
    """

    size: int
    root: Hex


class Coordinates(_Part):
    """Everything from which the determinations can be worked out again, to the same bytes.

    Attributes:
        pack: SHA-256 of the canonical rule pack, 64 hex digits.
        checkpoint: Which entries.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen.
        recorded_by: Time after which nothing recorded is seen; null for an empty ledger.
        as_of: Last day whose work and facts count.
        readings: Alternatives chosen, by regime and reading; all others take their default.
        assumptions: Status assumed, by regime.
        evaluated_at: When it was worked out.
    """

    pack: Hex
    checkpoint: Signed
    in_force_on: date
    law_known_on: date
    recorded_by: str | None
    as_of: date
    readings: dict[str, dict[str, str]]
    assumptions: dict[str, LawStatus]
    evaluated_at: str


class CheckDocument(_Part):
    """What ``check -f json`` prints.

    Attributes:
        schema: Name of this format.
        ledger: Which ledger was checked.
        coordinates: From which it can be worked out again.
        counts: How many came out how.
        determinations: In the order of regimes, rules and subjects.
    """

    schema_: Literal["flopledger/check.v1"] = Field(alias="schema")
    ledger: LedgerState
    coordinates: Coordinates
    counts: Counts
    determinations: tuple[Determination, ...]


def check_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document, every field with its description."""
    schema = CheckDocument.model_json_schema(by_alias=True, mode="serialization")
    for part in (schema, *schema["$defs"].values()):
        describe(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _ID, **schema}


def describe(part: dict[str, Any]) -> None:
    """Move what the description of a part says of each attribute to the attribute itself.

    Args:
        part: A part of a JSON Schema, which is changed in place.
    """
    summary, _, attributes = part.get("description", "").partition("\n\nAttributes:\n")
    if summary:
        part["description"] = summary
    for name, text in _ATTRIBUTE.findall(attributes):
        part["properties"][name]["description"] = " ".join(text.split())
