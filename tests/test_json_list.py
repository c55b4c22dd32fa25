"""JSON lists: read member by member, whatever the blocks, and refused when they are cut."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.importers.json_list import json_members

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def cut(text: str, size: int) -> Iterator[bytes]:
    data = text.encode()
    return (data[at : at + size] for at in range(0, len(data), size))


def found(text: str, size: int = 7) -> list[Any]:
    return [member.value for member in json_members(cut(text, size), "items")]


@given(
    st.lists(VALUES, max_size=5), st.dictionaries(st.text(max_size=4), VALUES), st.integers(1, 40)
)
def test_members_are_those_of_the_list_however_the_text_is_cut(
    items: list[Any], beside: dict[str, Any], size: int
) -> None:
    beside.pop("items", None)
    for indent in (None, 1):
        text = json.dumps({**beside, "items": items, "kind": "List"}, indent=indent)
        assert found(text, size) == items


def test_what_stands_before_the_list_is_told() -> None:
    text = '{"kind": "PodList", "metadata": {"items": [9]}, "items": [{"a": 1}]}'
    (member,) = json_members(cut(text, 5), "items")
    assert (member.value, member.listed) == ({"a": 1}, True)
    assert member.beside == {"kind": "PodList", "metadata": {"items": [9]}}


def test_objects_may_follow_each_other() -> None:
    text = '{"a": 1}\n{\n "b": {}\n}{"items": [3, 4], "c": [5]} {}'
    assert found(text) == [{"a": 1}, {"b": {}}, 3, 4, {}]


@pytest.mark.parametrize(
    "text",
    [
        *('{"items": [{"a": 1}', '{"items": [1', '{"items": [1, 2', '{"items": [{"a": "x', "[1]"),
        *(
            '{"items"',
            '{"items": [1,,2]}',
            "{1: 2}",
            '{"items": [1]',
            '{"items": [1], "items": [2]}',
        ),
        *('{"a": ' + "[" * 100_000, '{"a": ' + "9" * 5000 + "}", "{", "\x00", "rubbish"),
    ],
)
def test_a_text_that_is_cut_or_damaged_is_an_error(text: str) -> None:
    with pytest.raises(InputError):
        found(text, 4096)


def test_bytes_that_are_no_text_are_replaced() -> None:
    (member,) = json_members([b'{"items": ["a\xff', b"\xe2\x82", b'\xac"]}'], "items")
    assert member.value == "a\ufffd\u20ac"


def test_memory_is_that_of_a_member_and_not_of_the_list() -> None:
    def blocks() -> Iterator[bytes]:
        yield b'{"items": [0'
        for number in range(20_000):
            yield b',{"metadata":{"name":"pod-%d","pad":"%s"}}' % (number, b"x" * 1000)
        yield b"]}"

    tracemalloc.start()
    try:
        assert sum(1 for _ in json_members(blocks(), "items")) == 20_001
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
