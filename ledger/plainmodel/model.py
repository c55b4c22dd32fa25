"""A plain model is a closed, strict, frozen mapping of named fields, read without pydantic."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from inspect import get_annotations
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    Self,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from ledger.plainmodel.fault import Fault, Refused, RefusedError, called
from ledger.plainmodel.mark import VALIDATES, ConfigDict, FieldInfo, ValidationInfo
from ledger.plainmodel.reader import Reader, reader_of

__all__ = ["BaseModel", "parse_json", "written"]

_CLOSED: Final[Mapping[str, object]] = {"strict": True, "extra": "forbid", "frozen": True}
# A plain model is read by a plan that is made at its first use, whether that is asked for or not.
_KNOWN: Final = {*_CLOSED, "validate_by_name", "validate_by_alias", "defer_build"}
_IN_CODE: Final = ValidationInfo()


@dataclass(frozen=True, slots=True)
class _Field:
    """One field as it is read: its name, its key, its reader, and what stands in its place."""

    name: str
    key: str
    read: Reader
    said: FieldInfo

    def default(self) -> Any:  # noqa: ANN401 - of the type of the field
        """Return what stands where nothing is given; a value that can change is copied."""
        if self.said.default_factory is not None:
            return self.said.default_factory()
        default = self.said.default
        return deepcopy(default) if isinstance(default, dict | list) else default


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a model is read."""

    fields: tuple[_Field, ...]
    by_name: bool
    before: tuple[Callable[..., Any], ...]
    after: tuple[Callable[..., Any], ...]


class BaseModel:
    """A model. Its configuration must say strict, closed and frozen; no other kind is read here."""

    __slots__ = ("__dict__", "_given")

    model_config: ClassVar[ConfigDict] = ConfigDict()
    model_fields: ClassVar[dict[str, FieldInfo]] = {}
    _given: set[str]
    _plan: ClassVar[_Plan | None] = None

    def __init_subclass__(cls) -> None:
        """Collect the fields, those of the bases first, and check the configuration."""
        super().__init_subclass__()
        bases = [base for base in reversed(cls.__mro__[1:]) if issubclass(base, BaseModel)]
        config: dict[str, object] = {}
        fields: dict[str, FieldInfo] = {}
        for base in bases:
            config |= base.model_config
            fields |= base.model_fields
        config |= cls.__dict__.get("model_config", {})
        if not _CLOSED.items() <= config.items() or not config.keys() <= _KNOWN:
            raise TypeError(f"{cls.__name__}: a plain model is strict, closed and frozen")
        for name, kind in get_annotations(cls).items():
            if not str(kind).startswith("ClassVar") and name != "model_config":
                fields[name] = _said(cls, name)
        cls.model_config = cast("ConfigDict", config)
        cls.model_fields = fields
        cls._plan = None

    def __init__(self, /, **data: Any) -> None:  # noqa: ANN401 - checked here
        """Read the fields given by name or key.

        Raises:
            RefusedError: If they are not what the model takes; every fault is named.
        """
        try:
            _fill(self, data, _IN_CODE)
            _check(self, data)
        except Refused as refused:
            raise RefusedError(type(self).__name__, refused.faults) from None

    @classmethod
    def read_plain(cls, value: object, info: ValidationInfo) -> Any:  # noqa: ANN401 - see Reader
        """Read one model.

        Raises:
            Refused: If it is not what the model takes.
        """
        if isinstance(value, cls):
            made = value
        else:
            made = cls.__new__(cls)
            _fill(made, value, info)
        _check(made, value)
        return made

    @classmethod
    def words(cls, name: str) -> tuple[str, ...]:
        """Return the words that a field of the model knows."""
        return get_args(_hints(cls)[name])

    @classmethod
    def model_validate(cls, data: object) -> Self:
        """Read a mapping.

        Raises:
            RefusedError: If it is not what the model takes; every fault is named.
        """
        return cls._read(data, _IN_CODE)

    @classmethod
    def model_validate_json(cls, data: bytes | str) -> Self:
        """Read JSON.

        Raises:
            RefusedError: If it is not JSON, or not what the model takes.
        """
        return cls._read(parse_json(data, cls.__name__), ValidationInfo(mode="json"))

    @classmethod
    def model_construct(cls, **values: Any) -> Self:  # noqa: ANN401 - taken as they are
        """Make a model of values that are not checked."""
        made = cls.__new__(cls)
        for each in _planned(cls).fields:
            if each.name in values:
                made.__dict__[each.name] = values[each.name]
            elif not each.said.is_required():
                made.__dict__[each.name] = each.default()
        object.__setattr__(made, "_given", cls.model_fields.keys() & values.keys())
        return made

    @classmethod
    def model_rebuild(cls) -> None:
        """Do nothing: names are looked up when the first value is read."""

    @property
    def model_fields_set(self) -> set[str]:
        """Names of the fields that were given, not left to their default."""
        return set(self._given)

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """Return a copy in which some fields are others; they are not checked."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__ | dict(update or {}))
        object.__setattr__(made, "_given", self._given | set(update or {}))
        return made

    def model_dump(self, *, mode: Literal["json"], by_alias: bool = False) -> dict[str, Any]:
        """Return the model as JSON values."""
        if mode != "json":
            raise TypeError("a plain model writes JSON values only")
        fields = type(self).model_fields
        return {
            (fields[name].alias or name) if by_alias else name: written(
                self.__dict__[name], by_alias=by_alias
            )
            for name in fields
        }

    def __eq__(self, other: object) -> bool:
        """Compare type and fields."""
        if type(self) is not type(other):
            return NotImplemented
        return all(self.__dict__[n] == other.__dict__[n] for n in type(self).model_fields)

    def __hash__(self) -> int:
        """Hash the fields."""
        return hash((type(self), *(self.__dict__[name] for name in type(self).model_fields)))

    def __repr__(self) -> str:
        """Return the name of the model and its fields in their order."""
        return f"{type(self).__name__}({', '.join(self._shown())})"

    def __str__(self) -> str:
        """Return the fields in their order."""
        return " ".join(self._shown())

    def _shown(self) -> Iterator[str]:
        """Yield each field with its value."""
        for name in type(self).model_fields:
            yield f"{name}={self.__dict__[name]!r}"

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse to change a model."""
        fault = Fault("frozen_instance", "Instance is frozen", value, None, [name])
        raise RefusedError(type(self).__name__, [fault])

    def __delattr__(self, name: str) -> None:
        """Refuse to change a model."""
        self.__setattr__(name, None)

    @classmethod
    def _read(cls, data: object, info: ValidationInfo) -> Self:
        """Read one model for a caller outside."""
        try:
            made: Self = cls.read_plain(data, info)
        except Refused as refused:
            raise RefusedError(cls.__name__, refused.faults) from None
        return made


def _planned(kind: type[BaseModel]) -> _Plan:
    """Return how a model is read, worked out once, when every name in it is defined."""
    plan: _Plan | None = kind.__dict__.get("_plan")
    if plan is None:
        plan = _plan_of(kind)
        kind._plan = plan  # noqa: SLF001 - the class keeps it, and one below it has its own
    return plan


def _fill(made: BaseModel, value: object, info: ValidationInfo) -> None:
    """Read every field of a mapping into a model that has none yet."""
    plan = _planned(type(made))
    mapping = _mapping_of(type(made), plan, value, info)
    values, given, keys = made.__dict__, set[str](), set[str]()
    faults: list[Fault] = []
    for each in plan.fields:
        key = each.key
        if key not in mapping and plan.by_name and each.name in mapping:
            key = each.name
        if key in mapping:
            keys.add(key)
            given.add(each.name)
            try:
                values[each.name] = each.read(mapping[key], info)
            except Refused as refused:
                faults += refused.under(key)
        elif each.said.is_required():
            faults.append(Fault("missing", "Field required", mapping, None, [key]))
        else:
            values[each.name] = each.default()
    if len(keys) != len(mapping):
        faults += _odd(mapping, keys)
    if faults:
        raise Refused(faults)
    object.__setattr__(made, "_given", given)


def _mapping_of(
    kind: type[BaseModel], plan: _Plan, value: object, info: ValidationInfo
) -> Mapping[Any, Any]:
    """Return what is given as a mapping, once the validators of the whole have seen it."""
    seen = value
    for before in plan.before:
        seen = called(before, seen, kind, seen, info)
    if isinstance(seen, dict):
        return seen
    message = f"Input should be a valid dictionary or instance of {kind.__name__}"
    if info.mode == "json":
        message = "Input should be an object"
    raise Refused.because("model_type", message, seen, class_name=kind.__name__)


def _check(made: BaseModel, given: object) -> None:
    """Refuse a model that does not hold together."""
    for after in _planned(type(made)).after:
        if called(after, given, made) is not made:
            raise TypeError(f"{after.__qualname__} must return the model itself")


def _odd(value: Mapping[Any, Any], keys: set[str]) -> Iterator[Fault]:
    """Yield a fault for every key that is none of the model."""
    for key, item in value.items():
        if not isinstance(key, str):
            yield Fault("invalid_key", "Keys should be strings", key, None, [key])
        elif key not in keys:
            message = "Extra inputs are not permitted"
            yield Fault("extra_forbidden", message, item, None, [key])


def _said(cls: type[BaseModel], name: str) -> FieldInfo:
    """Return what a class says of a field of its own, and take it off the class."""
    if name not in cls.__dict__:
        return FieldInfo()
    said = cls.__dict__[name]
    delattr(cls, name)
    return said if isinstance(said, FieldInfo) else FieldInfo(default=said)


def _hints(cls: type[BaseModel]) -> dict[str, Any]:
    """Return the types of the fields with every name resolved."""
    return get_type_hints(cls, include_extras=True)


def _plan_of(cls: type[BaseModel]) -> _Plan:
    """Return how a model is read."""
    hints = _hints(cls)
    config = cls.model_config
    for name, said in cls.model_fields.items():
        bare = get_args(hints[name])[0] if get_origin(hints[name]) is Annotated else hints[name]
        object.__setattr__(said, "annotation", bare)
    fields = tuple(
        _Field(name, said.alias or name, reader_of(hints[name], [said]), said)
        for name, said in cls.model_fields.items()
    )
    found: dict[str, tuple[str, Callable[..., Any]]] = {}
    for base in reversed(cls.__mro__):
        for name, method in base.__dict__.items():
            function = getattr(method, "__func__", method)
            if (mode := getattr(function, VALIDATES, None)) is not None:
                found[name] = (mode, function)
            else:
                found.pop(name, None)
    after = tuple(function for mode, function in found.values() if mode == "after")
    before = [function for mode, function in found.values() if mode == "before"]
    return _Plan(fields, config.get("validate_by_name", False), tuple(reversed(before)), after)


def parse_json(data: bytes | str, title: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON text.

    Args:
        data: The text; bytes are UTF-8.
        title: Name of what it should be.

    Raises:
        RefusedError: If it is not JSON.
    """
    try:
        return json.loads(data if isinstance(data, str) else data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        told = str(error) or "nested too deeply"
        fault = Fault("json_invalid", f"Invalid JSON: {told}", data, {"error": told})
        raise RefusedError(title, [fault]) from error


def written(value: object, *, by_alias: bool) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value as JSON has it.

    Raises:
        TypeError: If JSON has no such value.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case date():
            return value.isoformat()
        case BaseModel():
            return value.model_dump(mode="json", by_alias=by_alias)
        case tuple() | list():
            return [written(each, by_alias=by_alias) for each in value]
        case dict():
            return {key: written(each, by_alias=by_alias) for key, each in value.items()}
    raise TypeError(f"a plain model does not write {type(value).__name__}")
