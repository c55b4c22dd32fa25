"""A record schema is the published JSON Schema of one record type, generated from its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from ledger.record.draft import MODELS

__all__ = ["record_schemas"]

_BASE = "https://flopledger.example/schemas/"


def record_schemas() -> Mapping[str, dict[str, Any]]:
    """Return the schema of every record type by its file name.

    The schema describes a record as it is given to ``record``: the public fields, the type, and
    optionally ``hidden`` (confidential fields) and ``key`` (natural identity).
    """
    return {f"record-{kind}.v1.schema.json": _schema(kind) for kind in MODELS}


def _schema(kind: str) -> dict[str, Any]:
    """Return the schema of one record type."""
    model = MODELS[kind]
    schema = model.model_json_schema(schema_generator=GenerateJsonSchema)
    hidden = {name: {"type": "string", "maxLength": 4000} for name in sorted(model.HIDDEN)}
    schema["properties"] = {
        "type": {"const": kind},
        **schema["properties"],
        "hidden": {
            "type": "object",
            "description": "Confidential fields: the leaf holds only their salted digests.",
            "properties": hidden,
            "additionalProperties": False,
        },
        "key": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Natural identity; recording the same key again adds nothing.",
        },
    }
    schema["required"] = ["type", *schema["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{_BASE}record-{kind}.v1.schema.json",
        **schema,
    }
