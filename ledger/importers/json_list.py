"""A JSON list is a long list inside a JSON object, read member by member in constant memory.

Exports of schedulers are one object with one list, such as ``items`` or ``jobs``, that may be
larger than the memory. Whether the text has line ends does not matter. Several such objects, or
single ones, may follow each other.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.errors import InputError

__all__ = ["MEMBER_MAX", "Member", "json_members"]

MEMBER_MAX: Final = 16_000_000
"""Characters of one member of the list, and of all that stands before the list."""

_FIRST: Final = 4096  # characters after which decoding is tried first
_SPACE: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the list, or an object that has no such list.

    Attributes:
        number: Its place in the text, from 1.
        value: What it is.
        beside: The fields of the object around it that stand before the list.
        listed: Whether it stands in such a list; else it is an object without one.
    """

    number: int
    value: Any
    beside: Mapping[str, Any]
    listed: bool


def json_members(blocks: Iterable[bytes], name: str) -> Iterator[Member]:
    """Yield the members of the list ``name`` of each object, and the objects that have none.

    What stands behind the list in its object is read over.

    Args:
        blocks: The text, cut anywhere.
        name: The field that holds the list.

    Raises:
        InputError: If the text is no JSON, ends too early, or has a member beyond `MEMBER_MAX`.
    """
    text = _Text(blocks)
    number = 0
    while text.peek():
        beside: dict[str, Any] = {}
        listed = False
        for field in _fields(text):
            if field != name or text.peek() != "[":
                value = text.value()
                if not listed:
                    beside[field] = value
                continue
            if listed:
                raise InputError(f"the JSON holds two lists {name!r}", remedy="export it again")
            listed = True
            for value in _members(text):
                number += 1
                yield Member(number, value, beside, listed=True)
        if not listed:
            number += 1
            yield Member(number, beside, {}, listed=False)


def _fields(text: _Text) -> Iterator[str]:
    """Yield the names of an object; whoever asks for the next one has read the value."""
    text.take("{")
    if text.peek() == "}":
        text.take("}")
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise _broken()
        text.take(":")
        yield name
        if text.take(",}") == "}":
            return


def _members(text: _Text) -> Iterator[Any]:
    """Yield the members of a list."""
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        yield text.value()
        if text.take(",]") == "]":
            return


class _Text:
    """A text that is read as far as the value at hand needs it."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read(1)

    def take(self, wanted: str) -> str:
        """Take the next character, which has to be one of those wanted."""
        found = self.peek()
        if not found or found not in wanted:
            raise _broken()
        self._at += 1
        return found

    def value(self) -> Any:  # noqa: ANN401 - whatever stands in the JSON
        """Take the next value.

        Decoding is tried again only when twice as much has been read, so that the time is in
        proportion to the text.
        """
        self.peek()
        size = _FIRST
        while True:
            value, stop = None, -1
            try:
                value, stop = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                pass  # told apart below: either more has to be read, or there is no more
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"not JSON that can be read: {error}", remedy="export it again"
                ) from error
            # What reaches to the end of the text at hand may go on behind it, as a number does.
            if 0 <= stop < len(self._text) + self._ended:
                self._at = stop
                return value
            if self._ended:
                raise _broken()
            size = max(2 * (len(self._text) - self._at), size)
            if size > 2 * MEMBER_MAX:
                raise InputError(
                    "a member of the JSON does not end", remedy="export again; the file is damaged"
                )
            self._read(size)

    def _read(self, size: int) -> None:
        """Read until that many characters are at hand, or the text has ended."""
        parts = [self._text[self._at :]]
        found = len(parts[0])
        while found < size and not self._ended:
            block = next(self._blocks, None)
            self._ended = block is None
            part = self._decode(block or b"", final=self._ended)
            parts.append(part)
            found += len(part)
        self._text, self._at = "".join(parts), 0


def _broken() -> InputError:
    """Return the error of a text that is cut or damaged."""
    return InputError(
        "the JSON ends too early or is damaged",
        why="the file was cut, or something in it is no JSON",
        remedy="export it again",
    )
