"""A union is one of several types: the first that fits, or the one that the value names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.plainmodel.fault import Fault, Refused
from ledger.plainmodel.mark import Discriminator, ValidationInfo

__all__ = ["Alternative", "any_of", "chosen_by", "chosen_by_key"]

_Reader = Callable[[Any, ValidationInfo], Any]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One type of a union.

    Attributes:
        name: Its tag, or the name of its type.
        read: Its reader.
    """

    name: str
    read: _Reader


def any_of(alternatives: Sequence[Alternative]) -> _Reader:
    """Return a reader by the first alternative that takes the value."""

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        faults: list[Fault] = []
        for each in alternatives:
            try:
                return each.read(value, info)
            except Refused as refused:
                faults += refused.under(each.name)
        raise Refused(faults)

    return read


def chosen_by(by: Discriminator, alternatives: Sequence[Alternative]) -> _Reader:
    """Return a reader by the alternative that a function names."""
    known = {each.name: each.read for each in alternatives}
    choose = by.discriminator
    name = f"{getattr(choose, '__name__', choose)}()"

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        tag = choose(value)
        reader = None if tag is None else known.get(tag)
        if reader is not None and tag is not None:
            return _under(tag, reader, value, info)
        if by.custom_error_type is not None:
            message = by.custom_error_message or by.custom_error_type
            raise Refused.because(by.custom_error_type, message, value)
        raise _unknown(name, tag, known, value)

    return read


def chosen_by_key(key: str, known: Mapping[str, _Reader]) -> _Reader:
    """Return a reader of models by the word that stands under a key of theirs."""

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        if isinstance(value, dict):
            if key not in value:
                raise _unknown(f"'{key}'", None, known, value)
            tag = value[key]
        elif hasattr(type(value), "read_plain") and hasattr(value, key):
            tag = getattr(value, key)
        else:
            message = "Input should be a valid dictionary or object to extract fields from"
            if info.mode == "json":
                message = "Input should be an object"
            raise Refused.because("model_attributes_type", message, value)
        reader = known.get(tag) if isinstance(tag, str) else None
        if reader is None:
            raise _unknown(f"'{key}'", str(tag), known, value)
        return _under(tag, reader, value, info)

    return read


def _under(tag: str, reader: _Reader, value: object, info: ValidationInfo) -> Any:  # noqa: ANN401 - see Alternative
    """Read by an alternative; its faults stand below its tag."""
    try:
        return reader(value, info)
    except Refused as refused:
        raise Refused(refused.under(tag)) from None


def _unknown(by: str, tag: str | None, known: Mapping[str, object], value: object) -> Refused:
    """Build the refusal of a value that names none of the alternatives."""
    if tag is None:
        message = f"Unable to extract tag using discriminator {by}"
        return Refused.because("union_tag_not_found", message, value, discriminator=by)
    expected = ", ".join(f"'{each}'" for each in known)
    message = (
        f"Input tag '{tag}' found using {by} does not match any of the expected tags: {expected}"
    )
    return Refused.because(
        "union_tag_invalid", message, value, discriminator=by, tag=tag, expected_tags=expected
    )
