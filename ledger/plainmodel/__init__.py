"""Plain models read the rule language and the documents with the standard library alone.

They are the part of pydantic that the core uses, under its names: what one refuses, the other
refuses too, at the same place and for the same reason. They serve who verifies with nothing but
Python and ``cryptography``; `ledger.modelling` says when.
"""

from __future__ import annotations

from ledger.plainmodel.adapter import TypeAdapter
from ledger.plainmodel.fault import ModelError, RefusedError
from ledger.plainmodel.mark import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from ledger.plainmodel.model import BaseModel

__all__ = [
    "AfterValidator",
    "BaseModel",
    "BeforeValidator",
    "ConfigDict",
    "Discriminator",
    "Field",
    "ModelError",
    "PlainSerializer",
    "PlainValidator",
    "RefusedError",
    "StringConstraints",
    "Tag",
    "TypeAdapter",
    "ValidationInfo",
    "WithJsonSchema",
    "model_validator",
]
