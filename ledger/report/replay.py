"""A replay report says whether a check came out the same again, and else what differs."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.journeys.check_document import Coordinates
from ledger.journeys.replaying import Difference, Replayed
from ledger.report.table import Column, Table

__all__ = ["ReplayDocument", "replay_document", "replay_schema", "replay_table"]

_SCHEMA: Final = "flopledger/replay.v1"
_SHOWN_MAX: Final = 60  # characters of a value in a table; the document has all of it
_LAYOUT: Final = "The content is the same; the file is not laid out as check writes it."

Count = Annotated[int, Field(ge=0)]


class DifferencePart(BaseModel):
    """One field that the file states otherwise."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    place: str = Field(
        description="regime/rule subject of a determination, or ledger, coordinates or counts."
    )
    field: str = Field(description="Name of the field; empty for a whole determination.")
    stated: Any = Field(description="What the file says.")
    found: Any = Field(description="What comes out.")


class CoveragePart(BaseModel):
    """How much of what could be asked the file asks."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    rules: Count = Field(description="Rules in the file.")
    rules_held: Count = Field(
        description="Rules of the pack that have a subject in the ledger; those of an optional "
        "regime only if the file asks one of them."
    )
    subjects: Count = Field(description="Subjects in the file.")
    subjects_held: Count = Field(description="Subjects of these rules in the ledger.")


class ReplayDocument(BaseModel):
    """What ``flopledger check --replay FILE -f json`` prints."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    schema_: Literal["flopledger/replay.v1"] = Field(alias="schema")
    reproduced: bool = Field(description="Whether every byte of the file came out again.")
    same_content: bool = Field(description="Whether all fields did, whatever their layout.")
    origin: str = Field(description="Name of the ledger.")
    coordinates: Coordinates
    determinations: Count = Field(description="Determinations that came out.")
    coverage: CoveragePart
    differences: list[DifferencePart]


def replay_schema() -> dict[str, Any]:
    """Return the published schema, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/replay.v1.schema.json",
        **ReplayDocument.model_json_schema(by_alias=True, mode="serialization"),
    }


def replay_document(replayed: Replayed, *, reproduced: bool) -> dict[str, Any]:
    """Return a replay as a document.

    Args:
        replayed: What came out.
        reproduced: Whether it has the same bytes as the file.
    """
    document, coverage = replayed.document, replayed.coverage
    part = ReplayDocument(
        schema=_SCHEMA,
        reproduced=reproduced,
        same_content=not replayed.differences,
        origin=document.ledger.origin,
        coordinates=document.coordinates,
        determinations=document.counts.determinations,
        coverage=CoveragePart(
            rules=coverage.rules,
            rules_held=coverage.rules_held,
            subjects=coverage.subjects,
            subjects_held=coverage.subjects_held,
        ),
        differences=[
            DifferencePart(place=d.place, field=d.field, stated=d.stated, found=d.found)
            for d in replayed.differences
        ],
    )
    return part.model_dump(mode="json", by_alias=True)


def replay_table(replayed: Replayed, *, reproduced: bool) -> Table:
    """Return a replay for people."""
    document = replayed.document
    at, counts = document.coordinates, document.counts.determinations
    columns = (
        Column("determination", wide=True),
        Column("field"),
        Column("the file says", wide=True),
        Column("it comes out as", wide=True),
    )
    rows = tuple(_row(difference) for difference in replayed.differences)
    title = "reproduced" if reproduced else "not reproduced"
    asked = (
        f"{counts:,} determinations; law of {at.in_force_on} as known on {at.law_known_on}, "
        f"work as of {at.as_of}, recorded by {at.recorded_by or 'nobody yet'}."
    )
    notes = (
        *(() if reproduced or rows else (_LAYOUT,)),
        asked,
        f"{document.ledger.origin}: the first {at.checkpoint.size:,} entries; pack {at.pack}.",
        _covered(replayed),
    )
    return Table(title, columns if rows else (), rows, notes)


def _covered(replayed: Replayed) -> str:
    """Return how much of what could be asked the file asks, in words."""
    held = replayed.coverage
    if held.whole:
        return (
            "The file asks every rule of the pack of every subject, optional regimes aside that "
            "nobody named."
        )
    return (
        f"The file asks {held.rules:,} of {held.rules_held:,} rules that have a subject, "
        f"and has {held.subjects:,} of {held.subjects_held:,} subjects; of the others it "
        "says nothing."
    )


def _row(difference: Difference) -> tuple[str, ...]:
    """Return one difference."""
    sides = (_shown(difference.stated), _shown(difference.found))
    return difference.place, difference.field or "all of it", *sides


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a JSON value short enough for a table."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
