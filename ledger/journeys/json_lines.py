"""JSON Lines are objects one a line, read strictly: nothing is rounded, dropped or overwritten."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Never

from ledger.canonical import INTEGER_MAX
from ledger.errors import InputError

__all__ = ["LINE_MAX", "Lines", "numbered", "read_object", "read_objects"]

LINE_MAX = 262_144
"""Bytes of one line; an entry holds a quarter of it, and escapes can double a text."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A text of JSON Lines.

    Attributes:
        data: UTF-8; one object a line as `schemas/record-*.v1.schema.json` say; empty lines and a
            byte order mark are passed over.
        source: its name, for messages.
    """

    data: bytes
    source: str


def read_objects(given: Lines) -> tuple[Mapping[str, Any], ...]:
    """Reads the objects of a JSON Lines text strictly; what they say is not looked at.

    Raises:
        InputError: a line is no object, or not strict JSON; it is named.
    """
    found = []
    for number, line in numbered(given.data):
        try:
            found.append(read_object(line))
        except InputError as error:
            where = f"{given.source}:{number}"
            raise InputError(
                error.message, where=where, why=error.why, remedy=error.remedy
            ) from error
    return tuple(found)


def numbered(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields the lines that hold something, with their numbers."""
    plain = data.removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(plain.split(b"\n"), start=1):
        if line.strip():
            yield number, line


def read_object(line: bytes) -> Mapping[str, Any]:
    """Reads the JSON object of one line.

    Raises:
        InputError: it is no object, or not strict JSON.
    """
    if len(line) > LINE_MAX:
        raise InputError(f"the line has more than {LINE_MAX:,} bytes", remedy="split the record")
    if b"\0" in line:
        raise InputError(
            "the line holds a zero byte: the file is UTF-16 or no text",
            remedy="save the file as UTF-8",
        )
    try:
        value = _DECODER.decode(line.decode("utf-8").strip())
    except UnicodeDecodeError as error:
        raise InputError("the line is not UTF-8", remedy="save the file as UTF-8") from error
    except RecursionError as error:
        raise InputError("the line is nested too deep", remedy="records are flat") from error
    except json.JSONDecodeError as error:
        where = f"column {error.colno}"
        raise InputError(f"not JSON: {error.msg}, {where}", remedy="one object a line") from error
    if not isinstance(value, dict):
        raise InputError(
            f"the line holds a {type(value).__name__} and not an object",
            remedy='write {"type": "fact", …}',
        )
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"the key {twice!r} stands twice",
            why="readers of JSON disagree on which of the two counts",
            remedy="keep one",
        )
    return found


def _float(text: str) -> Never:
    """Refuses a number with a point or an exponent."""
    mantissa, _, exponent = text.lower().partition("e")
    exact = f'"{mantissa}*10^{exponent.lstrip("+")}"' if exponent else "an integer"
    raise InputError(
        f"{text[:40]} is a float",
        why="a float near 10^25 is exact only to about two billion operations",
        remedy=f"write all its digits as a text; {exact} means the same where a quantity is read",
    )


def _integer(text: str) -> int:
    """Reads an integer that every reader of JSON keeps exact."""
    if len(text) > len(str(-INTEGER_MAX)) or abs(int(text)) > INTEGER_MAX:
        raise InputError(
            f"the number {text[:40]} is beyond 2^53",
            why="many readers of JSON would round it",
            remedy=f'write it as a text of digits: "{text[:40]}"',
        )
    return int(text)


def _constant(text: str) -> Never:
    """Refuses NaN and the infinities."""
    raise InputError(f"{text} is not a number", remedy="write null for what is not known")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_float, parse_int=_integer, parse_constant=_constant
)
