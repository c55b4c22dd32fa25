"""A lacking report: a form of missing facts as JSON Lines, and the list of what is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.journeys.lacking import Lacking
from ledger.report.table import Column, Table

__all__ = [
    "LackingPart",
    "MissingDocument",
    "lacking_document",
    "lacking_form",
    "lacking_table",
    "missing_schema",
]


class LackingPart(BaseModel):
    """One thing that would help to decide."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    subject: str = Field(description="Of whom, with its prefix.")
    name: str = Field(description="A fact of the vocabulary, or what else is missing.")
    meaning: str = Field(description="What the fact says; empty for what is no fact.")
    values: str = Field(
        description="How a value is written, or which entries contradict each other; empty for "
        "what is no fact."
    )
    rules: list[str] = Field(description="Rules that wait for it, each with its own subject.")
    record: dict[str, Any] | None = Field(
        description="The record to fill, its value null; null for what is no fact, and for a fact "
        "about which entries contradict each other."
    )


class MissingDocument(BaseModel):
    """What ``flopledger fact missing -f json`` prints."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    schema_: Literal["flopledger/missing.v1"] = Field(alias="schema")
    missing: list[LackingPart]


def missing_schema() -> dict[str, Any]:
    """The published schema ``schemas/missing.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/missing.v1.schema.json",
        **MissingDocument.model_json_schema(by_alias=True),
    }


def lacking_form(items: Sequence[Lacking]) -> str:
    """Facts to fill, a record a line; what is no fact has no line."""
    records = (item.record for item in items if item.record is not None)
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def lacking_document(items: Sequence[Lacking]) -> dict[str, Any]:
    """The document of ``schemas/missing.v1.schema.json``."""
    parts = [
        LackingPart(
            subject=item.subject,
            name=item.name,
            meaning=item.meaning,
            values=item.values,
            rules=list(item.rules),
            record=item.record,
        )
        for item in items
    ]
    document = MissingDocument(schema="flopledger/missing.v1", missing=parts)
    return document.model_dump(mode="json", by_alias=True)


def lacking_table(items: Sequence[Lacking]) -> Table:
    """The list for people."""
    return Table(
        "Missing for open determinations",
        (
            Column("subject"),
            Column("what"),
            Column("write", wide=True),
            Column("rules waiting", "right"),
        ),
        tuple(
            (item.subject, item.name, item.values or "import or record it", str(len(item.rules)))
            for item in items
        ),
    )
