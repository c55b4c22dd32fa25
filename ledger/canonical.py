"""Canonical JSON: one text for one value, the restricted profile of RFC 8785.

The profile holds objects with ASCII keys, arrays, strings, booleans, null and integers within
±(2^53 - 1). There are no floats: every larger number is a string of digits (``digits``). Under
these limits Python's own encoder writes RFC 8785 bytes, which the tests compare with the
``rfc8785`` package. The reader accepts exactly what the writer writes.
Specification: ``schemas/canonical-json.v1.md``.
"""

from __future__ import annotations

import json
import re
from typing import Never, TypeAlias

from ledger.errors import CanonicalError

__all__ = [
    "BYTES_MAX",
    "DEPTH_MAX",
    "DIGITS_PATTERN",
    "INTEGER_MAX",
    "JSON",
    "digits",
    "encode",
    "parse",
    "parse_known",
    "parse_spelling",
]

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"

BYTES_MAX = 65_535  # an entry's length travels in 16 bits in tiled logs
DEPTH_MAX = 32  # deeper nesting only serves to exhaust a parser
INTEGER_MAX = 2**53 - 1  # the largest integer every JSON reader keeps exact
DIGITS_PATTERN = r"(?:0|[1-9][0-9]{0,37})"

_DIGITS = re.compile(DIGITS_PATTERN)


def encode(value: JSON) -> bytes:
    """Write a value of the profile as canonical bytes.

    Args:
        value: Null, boolean, integer within ±(2^53 - 1), valid Unicode string, list, or dict with
            ASCII string keys.

    Returns:
        UTF-8 bytes: keys sorted, no white space, only necessary escapes.

    Raises:
        CanonicalError: If the value holds anything else, floats included.
    """
    _check(value)
    return _write(value).encode()


def parse(data: bytes, *, limit: int = BYTES_MAX) -> JSON:
    """Read canonical bytes, refusing every other spelling of the same value.

    Args:
        data: The bytes as stored or received.
        limit: Largest length taken, in bytes.

    Returns:
        The value; ``encode`` of it gives ``data`` again.

    Raises:
        CanonicalError: If the bytes are too long, not UTF-8, not JSON, outside the profile, or
            not in canonical form (order, spaces, escapes, duplicate keys).
    """
    if len(data) > limit:
        raise CanonicalError(f"{len(data)} bytes, more than the {limit} allowed")
    try:
        value: JSON = _DECODER.decode(data.decode())
        same = _write(value).encode() == data
    except UnicodeError as error:
        raise CanonicalError("the text is not valid UTF-8") from error
    except RecursionError as error:
        raise CanonicalError(f"nested deeper than {DEPTH_MAX}") from error
    except ValueError as error:
        raise CanonicalError(f"not JSON of the profile: {error}") from error
    if not same:
        raise CanonicalError(
            "the bytes are not in canonical form",
            why="two spellings of one value would have two hashes",
        )
    # Only these two faults survive the comparison; a short ASCII text can have neither.
    if not data.isascii() or data.count(b"[") + data.count(b"{") > DEPTH_MAX:
        _check(value)
    return value


def parse_known(data: bytes) -> JSON:
    """Read bytes that ``parse`` is known to take, without finding that out again.

    Args:
        data: Bytes of a digest that was written down when ``parse`` had taken them.

    Returns:
        What ``parse`` returns.
    """
    value: JSON = _DECODER.decode(data.decode())
    return value


def parse_spelling(data: bytes, *, limit: int) -> JSON:
    """Read a value of the profile in any spelling: for files that people write.

    White space, the order of keys and escapes are free. Floats, duplicate keys, integers beyond
    2^53 - 1 and deep nesting are refused all the same.

    Args:
        data: UTF-8 text of one JSON value.
        limit: Largest length taken, in bytes.

    Raises:
        CanonicalError: If the bytes are too long, not UTF-8, not JSON or outside the profile.
    """
    if len(data) > limit:
        raise CanonicalError(f"{len(data)} bytes, more than the {limit} allowed")
    try:
        value: JSON = _SPELT.decode(data.decode())
    except UnicodeError as error:
        raise CanonicalError("the text is not valid UTF-8") from error
    except RecursionError as error:
        raise CanonicalError(f"nested deeper than {DEPTH_MAX}") from error
    except ValueError as error:
        raise CanonicalError(f"not JSON of the profile: {error}") from error
    _check(value)
    return value


def digits(text: str) -> int:
    """Read a non-negative integer written as canonical digits.

    Args:
        text: ``0`` or up to 38 digits without a leading zero.

    Returns:
        The integer.

    Raises:
        CanonicalError: If the text is anything else (signs, spaces, separators, exponents,
            digits of other scripts).
    """
    if not _DIGITS.fullmatch(text):
        raise CanonicalError(
            f"{text[:60]!r} is not a canonical integer",
            remedy="write digits only, without sign, separator, exponent or leading zero",
        )
    return int(text)


def _integer(text: str) -> int:
    """Read a JSON integer within the profile's bounds."""
    if len(text) > len(str(-INTEGER_MAX)) or abs(int(text)) > INTEGER_MAX:
        raise ValueError(f"integer {text[:20]} is beyond 2^53 - 1; write it as a string of digits")
    return int(text)


def _no_float(text: str) -> Never:
    """Refuse a number with a point or an exponent."""
    raise ValueError(f"{text[:40]} is a float; write an integer or a string of digits")


def _no_constant(text: str) -> Never:
    """Refuse NaN and the infinities."""
    raise ValueError(f"{text} is not a number")


def _no_duplicate(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    """Build an object in which each key stands once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:60]!r} stands twice in one object")
    return found


# Made once; what was read or checked before holds no circle that the encoder would look for.
_write = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
).encode
_DECODER = json.JSONDecoder(
    parse_float=_no_float, parse_int=_integer, parse_constant=_no_constant, strict=True
)
_SPELT = json.JSONDecoder(
    object_pairs_hook=_no_duplicate,
    parse_float=_no_float,
    parse_int=_integer,
    parse_constant=_no_constant,
    strict=True,
)


def _check(value: JSON) -> None:
    """Raise unless the value lies within the profile; level by level, not by recursion."""
    level, depth = [value], 0
    while level:
        if depth > DEPTH_MAX:
            raise CanonicalError(f"nested deeper than {DEPTH_MAX}")
        below: list[JSON] = []
        for item in level:
            if isinstance(item, str):
                # To ask whether a text is ASCII costs nothing, and most are.
                if not item.isascii():
                    _check_text(item)
            elif isinstance(item, dict):
                _check_keys(item)
                below += item.values()
            elif isinstance(item, list):
                below += item
            else:
                _check_scalar(item)
        level, depth = below, depth + 1


def _check_text(text: str) -> None:
    """Raise if the text cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CanonicalError("a string holds a lone surrogate") from error


def _check_keys(value: dict[str, JSON]) -> None:
    """Raise unless the keys are ASCII."""
    try:
        if "".join(value).isascii():
            return
    except TypeError:
        pass  # the key that is no text is named below
    for key in value:
        if not isinstance(key, str) or not key.isascii():
            raise CanonicalError(f"key {key!r} is not an ASCII string")


def _check_scalar(value: JSON) -> None:
    """Raise unless the value is null, a boolean or an integer that every reader keeps exact."""
    if value is None or isinstance(value, bool):
        return
    if not isinstance(value, int):
        raise CanonicalError(f"{type(value).__name__} has no canonical form")
    if abs(value) > INTEGER_MAX:
        raise CanonicalError(f"integer {value} is beyond 2^53 - 1", remedy="use digits")
