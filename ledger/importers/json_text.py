"""JSON text of other programs, read exactly: no field twice, and no number through a float."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Self

from ledger.errors import InputError
from ledger.importers.line_error import LineError

__all__ = [
    "Field",
    "Printed",
    "RepeatedFieldError",
    "line_of",
    "parse_json",
    "repeated_fields",
]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:]', re.DOTALL)


class Printed(Decimal):
    """A number with a point or an exponent, exact, with the text that stands in the file.

    Attributes:
        text: As printed, such as ``1.25e+16``.
    """

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Self:
        """Read the text and keep it."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    @property
    def has_exponent(self) -> bool:
        """Whether it is printed with an exponent, as a float is."""
        return "e" in self.text.lower()


class RepeatedFieldError(LineError):
    """An object states a field twice; which of the two is meant, nobody knows."""

    code = "repeated-field"


class _RepeatedError(ValueError):
    """An object states a field twice."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object in a JSON text.

    Attributes:
        name: Its name.
        line: Line of the name, from 1.
        repeated: Whether its object stated it before.
    """

    name: str
    line: int
    repeated: bool


def parse_json(text: str, *, line: int = 1, once: Collection[str] | None = None) -> object:
    """Read one JSON value; numbers with a point or an exponent come as `Printed`.

    Args:
        text: The value and nothing else but white space.
        line: Line of the file on which the text begins, for the errors.
        once: Fields that may not stand twice in an object, of whatever depth; None for all.

    Raises:
        RepeatedFieldError: An object in it states a field twice.
        LineError: It is not JSON.
        InputError: It is nested too deep, or has a number out of all bounds.
    """
    try:
        value: object = json.loads(
            text, parse_float=Printed, object_pairs_hook=partial(_object, once=once)
        )
    except _RepeatedError as error:
        found = next(f for f in repeated_fields(text) if once is None or f.name in once)
        raise RepeatedFieldError(
            f"the field {found.name[:60]!r} stands twice in one object",
            line + found.line - 1,
            why="nobody knows which of the two is meant",
            remedy="delete the one that is wrong",
        ) from error
    except json.JSONDecodeError as error:
        raise LineError(
            "a second value begins here: these are two files in one"
            if error.msg == "Extra data"
            else f"not JSON at column {error.colno}: {error.msg}",
            line + error.lineno - 1,
            remedy="copy the file again, one value in each",
        ) from error
    except (ArithmeticError, ValueError, RecursionError) as error:
        raise InputError(f"not JSON that can be read: {error}", remedy="copy it again") from error
    return value


def line_of(text: str, name: str) -> int | None:
    """Return the line on which a field first stands in JSON text, or None."""
    return next((field.line for field in _fields(text) if field.name == name), None)


def repeated_fields(text: str) -> tuple[Field, ...]:
    """Return the fields that their object stated before, in the order in which they stand."""
    return tuple(field for field in _fields(text) if field.repeated)


def _object(pairs: list[tuple[str, object]], *, once: Collection[str] | None) -> dict[str, object]:
    """Build an object, unless a field stands twice that may not."""
    value = dict(pairs)
    if len(value) != len(pairs):
        names = Counter(name for name, _ in pairs)
        if any(count > 1 and (once is None or name in once) for name, count in names.items()):
            raise _RepeatedError
    return value


def _fields(text: str) -> Iterator[Field]:
    """Yield the fields of all objects in the order in which they stand."""
    open_: list[set[str]] = []
    last, line, at = "", 1, 0
    for token in _TOKEN.finditer(text):
        line, at = line + text.count("\n", at, token.start()), token.start()
        match token[0]:
            case "{" | "[":
                open_.append(set())
            case "}" | "]":
                del open_[-1:]
            case ":" if open_:
                name = str(json.loads(last, strict=False))
                yield Field(name, line, name in open_[-1])
                open_[-1].add(name)
            case other:
                last = other
