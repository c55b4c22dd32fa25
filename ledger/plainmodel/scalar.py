"""A scalar is a value without parts: a text, a whole number, yes or no, a day, a known word."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from ledger.plainmodel.fault import Refused
from ledger.plainmodel.mark import ValidationInfo

__all__ = ["SCALARS", "bounded_number", "bounded_text", "words"]

_Reader = Callable[[Any, ValidationInfo], Any]
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _text(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
    """Read a text."""
    del info
    if not isinstance(value, str):
        raise Refused.because("string_type", "Input should be a valid string", value)
    _refuse_half(value)
    return value


def _refuse_half(text: str) -> None:
    """Refuse a text with half a character, which has no bytes."""
    if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        message = "Input should be a valid string, unable to parse raw data as a unicode string"
        raise Refused.because("string_unicode", message, text)


def _number(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
    """Read a whole number; yes and no are none."""
    del info
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused.because("int_type", "Input should be a valid integer", value)
    return value


def _yes_no(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
    """Read yes or no."""
    del info
    if not isinstance(value, bool):
        raise Refused.because("bool_type", "Input should be a valid boolean", value)
    return value


def _day(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
    """Read a day; in JSON it is a text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if info.mode != "json" or not isinstance(value, str):
        raise Refused.because("date_type", "Input should be a valid date", value)
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    message = "Input should be a valid date in the format YYYY-MM-DD"
    raise Refused.because("date_parsing", message, value)


SCALARS: Final[Mapping[object, _Reader]] = {str: _text, int: _number, bool: _yes_no, date: _day}
"""Reader of each type."""


def bounded_text(least: int | None, most: int | None, forms: Sequence[str]) -> _Reader:
    """Return a reader of texts of some length, in which each of the patterns is found."""
    patterns = [(form, _compiled(form)) for form in forms]

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        text = _text(value, info)
        if most is not None and len(text) > most:
            message = f"String should have at most {most} character{'s' * (most != 1)}"
            raise Refused.because("string_too_long", message, value, max_length=most)
        if least is not None and len(text) < least:
            message = f"String should have at least {least} character{'s' * (least != 1)}"
            raise Refused.because("string_too_short", message, value, min_length=least)
        for form, pattern in patterns:
            if pattern.search(text) is None:
                message = f"String should match pattern '{form}'"
                raise Refused.because("string_pattern_mismatch", message, value, pattern=form)
        return text

    return read


def _compiled(form: str) -> re.Pattern[str]:
    r"""Return a pattern whose last ``$`` is the very end: Python's own lets a line end through."""
    if "$" in form[:-1]:
        raise TypeError(f"a plain model knows the end of a text only at the end of {form!r}")
    return re.compile(form[:-1] + r"\Z" if form.endswith("$") else form)


def bounded_number(reader: _Reader, least: int | None, most: int | None) -> _Reader:
    """Return a reader of numbers between bounds."""

    def read(value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        number = reader(value, info)
        if least is not None and number < least:
            message = f"Input should be greater than or equal to {least}"
            raise Refused.because("greater_than_equal", message, value, ge=least)
        if most is not None and number > most:
            message = f"Input should be less than or equal to {most}"
            raise Refused.because("less_than_equal", message, value, le=most)
        return number

    return read


def words(known: Sequence[object]) -> _Reader:
    """Return a reader of a closed list of words.

    Raises:
        TypeError: If one of them is no text.
    """
    if not known or not all(isinstance(word, str) for word in known):
        raise TypeError(f"a plain model reads words, not {known!r}")
    shown = [repr(word) for word in known]
    expected = " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    held = frozenset(known)

    def read(value: Any, _: ValidationInfo) -> Any:  # noqa: ANN401 - anything may be given
        if isinstance(value, str) and value in held:
            return value
        if isinstance(value, str):
            _refuse_half(value)
        message = f"Input should be {expected}"
        raise Refused.because("literal_error", message, value, expected=expected)

    return read
