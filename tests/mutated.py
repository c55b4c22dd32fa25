"""Good inputs spoilt at random, byte by byte, word by word and value by value, for tests."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

WORDS: Sequence[bytes] = (
    *(b"", b"\0", b"\xff", b"\n", b"\n\n", b"\r\n", b" ", b"\t", b"=", b"+", b"-", b"/", b"%00"),
    *(b"0", b"-0", b"-1", b"1e9", b"9" * 30, b"1" * 5000, b"NaN", b"null", b"true", b"0x10"),
    *(b'"', b"{", b"}", b"[", b"]", b"[" * 200, b'{"a":' * 200, b"\\ud800", b"\\u0000", b'"a":1,'),
    *("\u2028".encode(), "\u0663".encode(), "\u00e9".encode(), "\N{EM DASH} ".encode()),
    *(b"\xef\xbb\xbf", b"\xed\xa0\x80", b"..", b"A" * 70_000, b"__class__", b"old 0", b"AAAA"),
)
VALUES: Sequence[Any] = (
    *(None, True, False, 0, -1, 1, 2**53 - 1, "", "a", "x" * 5000, [], {}, [[]], {"": None}),
    *([None], [1, "a"], {"a": {"b": []}}, "2026-13-40", "9" * 50, "-1", "00", "\u202e", "0" * 64),
    *("\ud800", 2**70, -(2**53), 1.5, "2026-11-23T10:00:00Z", "model:", ":", "AAAA", "A" * 43),
)
_TOKEN = re.compile(rb"[A-Za-z0-9_]+|[^A-Za-z0-9_]")


def spoilt(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    """Return one of the good inputs after a few edits.

    Where it is JSON, half of the time a value is changed and everything written anew: what comes
    then is well-formed, and reaches what reads the meaning.
    """
    data = chance.choice(corpus)
    if chance.random() < 0.5 and data[:1] in {b"{", b"["}:
        changed = _revalued(chance, data)
        if changed is not None:
            return changed
    for _ in range(chance.randrange(1, 4)):
        data = chance.choice(_EDITS)(chance, data, corpus)
    return data


def _revalued(chance: random.Random, data: bytes) -> bytes | None:
    """Change values of a JSON text and write it in its canonical form."""
    try:
        value = json.loads(data)
    except ValueError:
        return None
    for _ in range(chance.randrange(1, 3)):
        value = _changed(chance, value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") + data[len(data.rstrip(b"\n")) :]


def _changed(chance: random.Random, value: Any) -> Any:
    """Change one value somewhere within."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        return _changed_object(chance, value)
    if isinstance(value, list) and value and chance.random() < 0.9:
        return _changed_list(chance, value)
    if isinstance(value, str) and value and chance.random() < 0.4:
        data = value.encode("utf-8", "surrogatepass")
        return chance.choice(_EDITS)(chance, data, [data]).decode("utf-8", "replace")
    if isinstance(value, int) and not isinstance(value, bool) and chance.random() < 0.4:
        return value + chance.choice([-1, 1, 1000, -1000])
    return chance.choice(VALUES)


def _changed_object(chance: random.Random, value: dict[str, Any]) -> dict[str, Any]:
    """Drop, rename or add a member, or change what it says."""
    name, kept, what = chance.choice(sorted(value)), dict(value), chance.random()
    if what < 0.08:
        del kept[name]
    elif what < 0.16:
        kept[chance.choice(["", "a", name + "x", name.upper(), "schema"])] = kept.pop(name)
    elif what < 0.2:
        kept["extra"] = chance.choice(VALUES)
    else:
        kept[name] = _changed(chance, kept[name])
    return kept


def _changed_list(chance: random.Random, value: list[Any]) -> list[Any]:
    """Drop or repeat an item, turn the list round, or change an item."""
    place, what = chance.randrange(len(value)), chance.random()
    if what < 0.1:
        return value[:place] + value[place + 1 :]
    if what < 0.2:
        return [*value, value[place]]
    if what < 0.3:
        return value[::-1]
    return [*value[:place], _changed(chance, value[place]), *value[place + 1 :]]


def _flipped(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    del corpus
    if not data:
        return data
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def _cut(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    del corpus
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice([1, 2, 10, 100, len(data)]) :]


def _put(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    del corpus
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(WORDS) + data[place:]


def _said_twice(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    del corpus
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.choice([1, 10, 100])]
    return data[:start] + piece * chance.choice([2, 3, 50]) + data[start + len(piece) :]


def _reworded(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    tokens = _TOKEN.findall(data[:20_000])
    if not tokens:
        return data
    other = _TOKEN.findall(chance.choice(corpus)[:20_000]) or [b""]
    place = chance.randrange(len(tokens))
    tokens[place] = chance.choice(WORDS) if chance.random() < 0.5 else chance.choice(other)
    return b"".join(tokens) + data[20_000:]


def _reordered(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    del corpus
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _spliced(chance: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    other = chance.choice(corpus)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


_EDITS: Sequence[Callable[[random.Random, bytes, Sequence[bytes]], bytes]] = (
    *(_flipped, _cut, _put, _said_twice, _reworded, _reordered, _spliced),
)
