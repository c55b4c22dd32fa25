"""A mark is what a model says of a type beside the type: bounds, validators, tags, defaults.

The names and arguments are those of pydantic, of which this is the part that the core uses. An
argument that is not known here raises a TypeError where the model is defined: a bound that is
passed over would let a wrong value through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypedDict

__all__ = [
    "ABSENT",
    "AfterValidator",
    "BeforeValidator",
    "ConfigDict",
    "Discriminator",
    "Field",
    "FieldInfo",
    "PlainSerializer",
    "PlainValidator",
    "StringConstraints",
    "Tag",
    "ValidationInfo",
    "WithJsonSchema",
    "model_validator",
]

ABSENT: Final = object()
"""Stands for a default that is not there."""
VALIDATES: Final = "__plain_validates__"


class ConfigDict(TypedDict, total=False):
    """How a model reads; see `BaseModel` for what is asked of it."""

    strict: bool
    extra: str
    frozen: bool
    validate_by_name: bool
    validate_by_alias: bool
    defer_build: bool


@dataclass(frozen=True, slots=True)
class ValidationInfo:
    """What a validator is told beside the value.

    Attributes:
        context: What the caller gave along.
        mode: ``python``, or ``json`` for values that were JSON.
    """

    context: Any = None
    mode: Literal["python", "json"] = "python"


@dataclass(frozen=True, slots=True)
class BeforeValidator:
    """A function from what is given to what the type reads."""

    func: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class AfterValidator:
    """A function from what the type read to what is kept."""

    func: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class PlainValidator:
    """A function that reads in place of the type."""

    func: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class PlainSerializer:
    """A function that writes a value; nothing here writes values that need one."""

    func: Callable[..., Any]
    return_type: object = None


@dataclass(frozen=True, slots=True, eq=False)  # a schema is a dict, and a mark must be hashable
class WithJsonSchema:
    """The JSON Schema of a type; no schema is made here."""

    json_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StringConstraints:
    """Bounds of a text: characters, and a pattern that must be found in it."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None

    @property
    def bounds(self) -> frozenset[str]:
        """Names of what is said of the text."""
        names = ("min_length", "max_length", "pattern")
        return frozenset(name for name in names if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Tag:
    """The name of an alternative of a union."""

    tag: str


@dataclass(frozen=True, slots=True)
class Discriminator:
    """A function that names the alternative that a value means, or returns None."""

    discriminator: Callable[[Any], str | None]
    custom_error_type: str | None = None
    custom_error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """What a model says of one field.

    Attributes:
        default: Value where none is given; ABSENT for a field that must be given.
        default_factory: Makes that value.
        alias: Key in the place of the name.
        ge: Least number.
        le: Greatest number.
        min_length: Least entries.
        max_length: Most entries.
        discriminator: Key that names the alternative of a union of models.
        annotation: The type without its marks; known once a value of the model was read.
    """

    default: Any = ABSENT
    default_factory: Callable[[], Any] | None = None
    alias: str | None = None
    ge: int | None = None
    le: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    discriminator: str | None = None
    annotation: Any = field(default=None, compare=False, repr=False)

    @property
    def bounds(self) -> frozenset[str]:
        """Names of what is said of the value itself."""
        names = ("ge", "le", "min_length", "max_length", "discriminator")
        return frozenset(name for name in names if getattr(self, name) is not None)

    def is_required(self) -> bool:
        """Return whether the field must be given."""
        return self.default is ABSENT and self.default_factory is None


def Field(**said: Any) -> Any:  # noqa: ANN401, N802 - called like pydantic's
    """Return what a model says of a field."""
    return FieldInfo(**said)


def model_validator(*, mode: Literal["before", "after"]) -> Callable[[Any], Any]:
    """Mark a method as a validator of the whole model.

    Args:
        mode: ``before`` for a class method over what is given, ``after`` for a method of what was
            read.
    """

    def mark(method: Any) -> Any:  # noqa: ANN401 - a function or a class method
        setattr(getattr(method, "__func__", method), VALIDATES, mode)
        return method

    return mark
