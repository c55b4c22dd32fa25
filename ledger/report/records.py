"""A record report: what became of records that were given by hand."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ledger.journeys.recording import Recorded
from ledger.report.problems import ProblemPart, problem_part
from ledger.report.table import Column, Table

__all__ = [
    "RecordedDocument",
    "recorded_document",
    "recorded_schema",
    "recorded_summary",
    "recorded_table",
]

Count: TypeAlias = Annotated[int, Field(ge=0)]
_COUNTS = ("new", "same", "changed", "superseded", "refused")


class RecordedDocument(BaseModel):
    """What ``flopledger record -f json`` and ``flopledger fact set -f json`` print."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    schema_: Literal["flopledger/recorded.v1"] = Field(alias="schema")
    dry_run: bool = Field(description="Whether nothing was appended; new says what would be.")
    new: Count = Field(description="Records appended.")
    same: Count = Field(description="Records that the ledger already held.")
    changed: Count = Field(description="Records held with other content; not appended.")
    superseded: Count = Field(description="Provisional records that a final one replaced.")
    refused: Count = Field(description="Lines that could not be read; then nothing is appended.")
    entries: list[Count] = Field(description="Numbers of the new entries.")
    problems: list[ProblemPart]


def recorded_schema() -> dict[str, Any]:
    """The published schema ``schemas/recorded.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/recorded.v1.schema.json",
        **RecordedDocument.model_json_schema(by_alias=True),
    }


def recorded_document(recorded: Recorded, *, dry_run: bool) -> dict[str, Any]:
    """The document of ``schemas/recorded.v1.schema.json``."""
    written = RecordedDocument(
        schema="flopledger/recorded.v1",
        dry_run=dry_run,
        new=recorded.new,
        same=recorded.same,
        changed=recorded.changed,
        superseded=recorded.superseded,
        refused=recorded.refused,
        entries=list(recorded.entries),
        problems=[problem_part(problem) for problem in recorded.problems],
    )
    return written.model_dump(mode="json", by_alias=True)


def recorded_summary(recorded: Recorded, *, dry_run: bool) -> str:
    """One line for people: what became of the records."""
    counts = ", ".join(f"{getattr(recorded, name):,} {name}" for name in _COUNTS)
    return f"{counts}; dry run, nothing appended" if dry_run else counts


def recorded_table(recorded: Recorded) -> Table:
    """The counts."""
    rows = tuple((name, f"{getattr(recorded, name):,}") for name in _COUNTS)
    return Table("Records", (Column("records"), Column("count", "right")), rows)
