"""Canonical JSON: one text for one value, and nothing else is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import BYTES_MAX, DEPTH_MAX, INTEGER_MAX, digits, encode, parse
from ledger.errors import CanonicalError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_bytes_equal_the_rfc8785_package(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(VALUES)
def test_canonical_reader_gives_back_what_was_written(value: Any) -> None:
    assert parse(encode(value)) == value


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace")))
def test_canonical_reader_reprints_or_refuses(data: bytes) -> None:
    try:
        value = parse(data)
    except CanonicalError:
        return
    assert encode(value) == data


def test_canonical_reader_refuses_every_published_bad_text(
    shared_path: Callable[[str], Path],
) -> None:
    vectors = json.loads(shared_path("vectors/jcs.json").read_text())
    for case in vectors["must_refuse_in_a_ledger"]:
        text = case["text"].replace("9...", "9" * 5000)
        if "[[[" in text:
            text = "[" * 100_000
        with pytest.raises(CanonicalError):
            parse(text.encode("utf-8", "surrogatepass"), limit=10**6)


def test_canonical_documents_without_floats_match_published_bytes(
    shared_path: Callable[[str], Path],
) -> None:
    vectors = json.loads(shared_path("vectors/jcs.json").read_text())
    compared = 0
    for case in vectors["documents"]:
        try:
            written = encode(case["value"])
        except CanonicalError:
            continue
        assert written.hex() == case["canonical_hex"]
        compared += 1
    assert compared == 6


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a":1,"a":2}', "canonical form"),
        ('{"a":1.0}', "float"),
        ('{"a":1e25}', "float"),
        ('{"a":NaN}', "not a number"),
        ('{"a":-0}', "canonical form"),
        ('{"a":9007199254740992}', "2\\^53"),
        ('{"b":1,"a":1}', "canonical form"),
        ("[1,]", "not JSON"),
        ('{"é":1}', "ASCII"),
    ],
)
def test_canonical_reader_says_what_is_wrong(text: str, fault: str) -> None:
    with pytest.raises(CanonicalError, match=fault):
        parse(text.encode())


def test_canonical_depth_and_length_have_limits() -> None:
    deep = b"[" * DEPTH_MAX + b"]" * DEPTH_MAX
    assert encode(parse(deep)) == deep
    with pytest.raises(CanonicalError, match="deeper"):
        parse(b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2))
    long = encode("x" * (BYTES_MAX - 2))
    assert parse(long) == "x" * (BYTES_MAX - 2)
    with pytest.raises(CanonicalError, match="more than"):
        parse(encode("x" * (BYTES_MAX - 1)))


@pytest.mark.parametrize("value", [1.5, b"x", {1: 2}, {"é": 1}, "\ud800", 2**53, object()])
def test_canonical_writer_refuses_what_is_outside_the_profile(value: Any) -> None:
    with pytest.raises(CanonicalError):
        encode(value)


@pytest.mark.parametrize("text", ["", "-1", "+1", "01", " 1", "1 ", "1_0", "١", "1e3", "9" * 39])
def test_digits_refuse_every_other_spelling(text: str) -> None:
    with pytest.raises(CanonicalError):
        digits(text)


def test_digits_read_numbers_no_float_can_hold() -> None:
    assert digits("10000000000000000000000001") == 10**25 + 1
    assert digits("0") == 0


def test_canonical_published_vectors_hold() -> None:
    path = Path(__file__).parent / "vectors" / "canonical-json.v1.json"
    for case in json.loads(path.read_text())["documents"]:
        assert encode(case["value"]).hex() == case["canonical_hex"]
        assert rfc8785.dumps(case["value"]).hex() == case["canonical_hex"]
