"""A regraded document is a check or a position whose totals are shared out by reconciled grade too.

The published document stands inside as it is without that, so that it can be taken out and
replayed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ledger.determination.model import Evidence
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.regrading import Held, Regraded, Shared
from ledger.report.position_document import PositionDocument
from ledger.report.reconciliation_document import RatioPart, ratio_part

__all__ = [
    "CHECK",
    "POSITION",
    "Reconciled",
    "reconciled_of",
    "regraded_check_document",
    "regraded_check_schema",
    "regraded_position_document",
    "regraded_position_schema",
    "share_of",
]

CHECK = "flopledger/check-reconciled.v1"
POSITION = "flopledger/position-reconciled.v1"

Digits: TypeAlias = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Letter: TypeAlias = Literal["A", "B", "C", "D", "E"]


class _Part(BaseModel):
    """Base of the parts: strict, frozen, no unknown fields."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Reconciled(_Part):
    """The reconciliation that the reconciled grades follow from."""

    size: Count = Field(description="Entries under the signed checkpoint.")
    root: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    entries: Count = Field(description="Entries counted, from the first.")
    as_of: str = Field(description="Last day whose work counts.")
    tolerances_ppm: dict[str, Count]
    runs: dict[Letter, Count] = Field(description="Runs by their grade.")
    findings: Count = Field(description="What reconciling found; flopledger reconcile lists it.")


class TotalPart(_Part):
    """The total behind one determination, in parts per million by grade."""

    regime: str
    rule: str
    subject: str
    recorded: Evidence = Field(description="By the grade of each record alone.")
    reconciled: Evidence = Field(description="By the grade that reconciling gives its run.")


class HeldPart(_Part):
    """Own primary work under one grade."""

    operations: Digits = Field(description="Sum of the lower ends of what is stated.")
    operations_share: RatioPart | None = Field(description="Null if nothing is stated at all.")
    device_us: Digits
    device_share: RatioPart | None


class GradePart(_Part):
    """What stands under one grade, as recorded and as reconciled."""

    grade: Letter
    recorded: HeldPart
    reconciled: HeldPart


class RegradedCheck(_Part):
    """What ``flopledger check --reconciled -f json`` prints."""

    schema_: Literal["flopledger/check-reconciled.v1"] = Field(alias="schema")
    reconciliation: Reconciled
    totals: list[TotalPart] = Field(
        description="Determinations whose total is not nothing, in their order."
    )
    check: CheckDocument = Field(description="The check as it is without --reconciled.")


class RegradedPosition(_Part):
    """What ``flopledger position --reconciled -f json`` prints."""

    schema_: Literal["flopledger/position-reconciled.v1"] = Field(alias="schema")
    reconciliation: Reconciled
    totals: list[GradePart]
    position: PositionDocument = Field(description="The position as it is without --reconciled.")


def regraded_check_schema() -> dict[str, Any]:
    """Return ``schemas/check-reconciled.v1.schema.json``, generated from the model."""
    return _schema("check-reconciled", RegradedCheck)


def regraded_position_schema() -> dict[str, Any]:
    """Return ``schemas/position-reconciled.v1.schema.json``, generated from the model."""
    return _schema("position-reconciled", RegradedPosition)


def regraded_check_document(
    check: CheckDocument, shares: Sequence[Shared], reconciled: Reconciled
) -> dict[str, Any]:
    """Return the document of ``schemas/check-reconciled.v1.schema.json``.

    Args:
        check: The check.
        shares: Its totals by grade.
        reconciled: What the grades follow from.
    """
    return {
        "schema": CHECK,
        "reconciliation": reconciled.model_dump(mode="json"),
        "totals": [
            {
                "regime": each.regime,
                "rule": each.rule,
                "subject": each.subject,
                "recorded": each.recorded.model_dump(mode="json"),
                "reconciled": each.reconciled.model_dump(mode="json"),
            }
            for each in shares
        ],
        "check": check.model_dump(mode="json", by_alias=True),
    }


def regraded_position_document(
    position: Mapping[str, Any], regraded: Regraded, reconciled: Reconciled
) -> dict[str, Any]:
    """Return the document of ``schemas/position-reconciled.v1.schema.json``.

    Args:
        position: The document of the position.
        regraded: What stands under each grade.
        reconciled: What the grades follow from.
    """
    rows = [
        {
            "grade": letter,
            "recorded": _held(regraded.recorded, letter),
            "reconciled": _held(regraded.reconciled, letter),
        }
        for letter in "ABCDE"
    ]
    return {
        "schema": POSITION,
        "reconciliation": reconciled.model_dump(mode="json"),
        "totals": rows,
        "position": dict(position),
    }


def reconciled_of(
    regraded: Regraded, *, size: int, root: str, entries: int, as_of: str
) -> Reconciled:
    """Return what the reconciled grades follow from.

    Args:
        regraded: The records by reconciled grade.
        size: Entries under the checkpoint.
        root: Their root, 64 hex digits.
        entries: Entries counted.
        as_of: Last day that counts, ``YYYY-MM-DD``.
    """
    runs = Counter(line.grade.letter for line in regraded.found.runs)
    return Reconciled.model_validate(
        {
            "size": size,
            "root": root,
            "entries": entries,
            "as_of": as_of,
            "tolerances_ppm": dict(regraded.found.tolerances),
            "runs": {letter: runs[letter] for letter in "ABCDE"},
            "findings": len(regraded.found.problems),
        }
    )


def share_of(held: Mapping[str, Held], letter: str, name: str) -> Fraction | None:
    """Return the share of a grade in an amount, or None if there is nothing to share."""
    whole = sum(getattr(each, name) for each in held.values())
    return Fraction(getattr(held[letter], name), whole) if whole else None


def _held(held: Mapping[str, Held], letter: str) -> dict[str, Any]:
    """Return what stands under one grade."""
    return {
        "operations": str(held[letter].operations),
        "operations_share": _share(held, letter, "operations"),
        "device_us": str(held[letter].device_us),
        "device_share": _share(held, letter, "device_us"),
    }


def _share(held: Mapping[str, Held], letter: str, name: str) -> dict[str, Any] | None:
    """Return the share of a grade in an amount."""
    part = ratio_part(share_of(held, letter, name))
    return None if part is None else part.model_dump(mode="json")


def _schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://flopledger.example/schemas/{name}.v1.schema.json",
        **model.model_json_schema(by_alias=True, mode="serialization"),
    }
