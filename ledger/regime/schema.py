"""A schema tells an editor what a rule file may say, generated from the models that load it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema, NullableSchema, WithDefaultSchema

from ledger.regime.cased import CasedRegime
from ledger.regime.index import Index
from ledger.regime.trust import Trust
from ledger.regime.vocabulary import FACTS_FILE
from ledger.regime.waiver import Waivers

__all__ = ["SCHEMAS", "described", "regime_schemas", "schema_text"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PUBLISHED: Final = "https://flopledger.example/schemas/"

# File name below schemas/ to the model that it is generated from.
SCHEMAS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "facts.v1.schema.json": FACTS_FILE,
    "index.v1.schema.json": TypeAdapter(Index),
    "lint.v1.schema.json": TypeAdapter(Waivers),
    "pack-trust.v1.schema.json": TypeAdapter(Trust),
    "regime.v1.schema.json": TypeAdapter(CasedRegime),
}


class _Schema(GenerateJsonSchema):
    """Draft 2020-12 with the reason of each node, and no invented titles."""

    schema_dialect = _DIALECT

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - the parent's type
        """Return False: a title made from the key says nothing that the key does not."""
        del schema
        return False

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """Refuse a key that has the wrong form, as loading does."""
        described = super().dict_schema(schema)
        if "patternProperties" in described:
            described["additionalProperties"] = False
        return described

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        """Describe what may stand there; what is absent is left out, never written as null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Leave out a default that only says that nothing was written."""
        described = super().default_schema(schema)
        return {k: v for k, v in described.items() if k != "default" or v not in (None, [], ())}


def regime_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas of rule files by their file name."""
    return {name: _document(name) for name in SCHEMAS}


def schema_text(name: str) -> str:
    """Return the JSON Schema of a kind of rule file as the text that is published.

    Args:
        name: File name, one of ``SCHEMAS``.
    """
    return json.dumps(_document(name), indent=2, ensure_ascii=False) + "\n"


def _document(name: str) -> dict[str, Any]:
    """Return one schema with its dialect and name in front."""
    found = described(SCHEMAS[name], name)
    # People know a rule file by the regime that it holds, whatever its model is called.
    return found | ({"title": "Regime"} if found.get("title") == CasedRegime.__name__ else {})


def described(model: TypeAdapter[Any], name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file that is written like a rule file.

    Args:
        model: What the file is read into.
        name: File name of the schema.
    """
    body: dict[str, Any] = model.json_schema(by_alias=True, schema_generator=_Schema)
    return {"$schema": _DIALECT, "$id": f"{_PUBLISHED}{name}"} | body
