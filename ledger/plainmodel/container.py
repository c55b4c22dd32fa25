"""A container is a value of several others: a list, a tuple, a mapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ledger.plainmodel.fault import Fault, Refused
from ledger.plainmodel.mark import ValidationInfo

__all__ = ["fixed", "listed", "mapped", "series"]

_Reader = Callable[[Any, ValidationInfo], Any]


def listed(item: _Reader) -> _Reader:
    """Return a reader of lists."""

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        if not isinstance(value, list):
            raise Refused.because("list_type", "Input should be a valid list", value)
        return _items(value, item, info)

    return read


def _items(value: Sequence[Any], item: _Reader, info: ValidationInfo) -> list[Any]:
    """Read every entry."""
    found: list[Any] = []
    faults: list[Fault] = []
    for index, each in enumerate(value):
        try:
            found.append(item(each, info))
        except Refused as refused:
            faults += refused.under(index)
    if faults:
        raise Refused(faults)
    return found


def series(item: _Reader, least: int | None, most: int | None) -> _Reader:
    """Return a reader of tuples of any length within bounds."""

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        given = _tuple(value, info)
        found: list[Any] = []
        faults: list[Fault] = []
        for index, each in enumerate(given):
            try:
                found.append(item(each, info))
            except Refused as refused:
                faults += refused.under(index)
            if most is not None and len(found) > most:
                raise _too_long("Tuple", value, most, len(given))
        if least is not None and len(found) < least:
            faults += _too_short("Tuple", value, least, len(found)).faults
        if faults:
            raise Refused(faults)
        return tuple(found)

    return read


def fixed(items: Sequence[_Reader]) -> _Reader:
    """Return a reader of tuples of a fixed length."""

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        given = _tuple(value, info)
        if len(given) > len(items):
            raise _too_long("Tuple", value, len(items), len(given))
        found: list[Any] = []
        faults: list[Fault] = []
        for index, item in enumerate(items):
            if index >= len(given):
                faults.append(Fault("missing", "Field required", value, None, [index]))
                continue
            try:
                found.append(item(given[index], info))
            except Refused as refused:
                faults += refused.under(index)
        if faults:
            raise Refused(faults)
        return tuple(found)

    return read


def _tuple(value: Any, info: ValidationInfo) -> Sequence[Any]:  # noqa: ANN401 - anything may be given
    """Return the entries of a tuple; in JSON it is a list."""
    if isinstance(value, list if info.mode == "json" else tuple):
        entries: Sequence[Any] = value
        return entries
    wanted = "array" if info.mode == "json" else "tuple"
    raise Refused.because("tuple_type", f"Input should be a valid {wanted}", value)


def mapped(key: _Reader, item: _Reader, least: int | None, most: int | None) -> _Reader:
    """Return a reader of mappings."""

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        if not isinstance(value, dict):
            raise Refused.because("dict_type", "Input should be a valid dictionary", value)
        found: dict[Any, Any] = {}
        faults: list[Fault] = []
        for name, each in value.items():
            try:
                known = key(name, info)
            except Refused as refused:
                faults += refused.under("[key]", name)
                known = name
            try:
                found[known] = item(each, info)
            except Refused as refused:
                faults += refused.under(name)
        if faults:
            raise Refused(faults)
        if least is not None and len(found) < least:
            raise _too_short("Dictionary", value, least, len(found))
        if most is not None and len(found) > most:
            raise _too_long("Dictionary", value, most, None)
        return found

    return read


def _too_short(what: str, value: object, least: int, count: int) -> Refused:
    """Build the refusal of too few entries."""
    message = (
        f"{what} should have at least {least} item{'s' * (least != 1)} after validation, "
        f"not {count}"
    )
    return Refused.because(
        "too_short", message, value, field_type=what, min_length=least, actual_length=count
    )


def _too_long(what: str, value: object, most: int, count: int | None) -> Refused:
    """Build the refusal of too many entries."""
    message = (
        f"{what} should have at most {most} item{'s' * (most != 1)} after validation, "
        f"not {'more' if count is None else count}"
    )
    return Refused.because(
        "too_long", message, value, field_type=what, max_length=most, actual_length=count
    )
