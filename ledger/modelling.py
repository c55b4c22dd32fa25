"""Modelling is what the core's models are made with: pydantic, or plain models where there is none.

The core names no other source of models, so that the rule language, the fold and the determinations
run on the standard library alone. Both give equal models and refuse the same; the tests hold them
to it. Who wants plain models beside an installed pydantic bars it: ``sys.modules["pydantic"] =
None`` before anything of the core is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "PLAIN",
    "AfterValidator",
    "BaseModel",
    "BeforeValidator",
    "ConfigDict",
    "Discriminator",
    "ErrorDetails",
    "Field",
    "PlainSerializer",
    "PlainValidator",
    "PydanticCustomError",
    "StringConstraints",
    "Tag",
    "TypeAdapter",
    "ValidationError",
    "ValidationInfo",
    "WithJsonSchema",
    "model_validator",
]

PLAIN = False
"""Whether the models are plain ones."""

if TYPE_CHECKING:
    from pydantic import (
        AfterValidator,
        BaseModel,
        BeforeValidator,
        ConfigDict,
        Discriminator,
        Field,
        PlainSerializer,
        PlainValidator,
        StringConstraints,
        Tag,
        TypeAdapter,
        ValidationError,
        ValidationInfo,
        WithJsonSchema,
        model_validator,
    )
    from pydantic_core import ErrorDetails, PydanticCustomError
else:
    try:
        from pydantic import (
            AfterValidator,
            BaseModel,
            BeforeValidator,
            ConfigDict,
            Discriminator,
            Field,
            PlainSerializer,
            PlainValidator,
            StringConstraints,
            Tag,
            TypeAdapter,
            ValidationError,
            ValidationInfo,
            WithJsonSchema,
            model_validator,
        )
        from pydantic_core import ErrorDetails, PydanticCustomError
    except ModuleNotFoundError as error:
        if error.name != "pydantic":  # a pydantic that is there and broken is told, not replaced
            raise
        from ledger.plainmodel import (
            AfterValidator,
            BaseModel,
            BeforeValidator,
            ConfigDict,
            Discriminator,
            Field,
            PlainSerializer,
            PlainValidator,
            StringConstraints,
            Tag,
            TypeAdapter,
            ValidationInfo,
            WithJsonSchema,
            model_validator,
        )
        from ledger.plainmodel import ModelError as PydanticCustomError
        from ledger.plainmodel import RefusedError as ValidationError

        ErrorDetails = dict[str, Any]
        PLAIN = True
