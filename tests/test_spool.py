"""The lines of a spool: golden bytes, and a reader that believes nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spools import HEAD, head, mark

from ledger.record import fields
from ledger.spool import (
    ACTIVITIES,
    OPERATION_KINDS,
    PRECISIONS,
    SPARSITIES,
    TOPOLOGIES,
    Torn,
    encode_line,
    is_spool,
    parse_line,
)

GOLDEN = (
    b'000171 15b3baa52d29dfe7 {"activity":"pretrain","lost":0,"mono_ms":31000,"n":1,'
    b'"operations":"600000000000000000000","refused":0,"steps":"600","t":"beat",'
    b'"tokens":"2457600","wall_ms":1772359230000}\n'
)
CLOSING = (
    b'000088 2bee2af3fb173365 {"format":"flopledger.spool/1","job":"4711","n":0,"t":"closing",'
    b'"wall_ms":1772359230000}\n'
)


def framed(payload: bytes) -> bytes:
    """A payload in a right frame."""
    digest = hashlib.sha256(payload).hexdigest()[:16].encode()
    return b"%06d %s %s" % (len(payload), digest, payload)


def test_spool_line_has_these_bytes_and_no_others() -> None:
    counts = {"tokens": "2457600", "steps": "600", "operations": str(6 * 10**20)}
    assert mark(1, 30_000, **counts) == GOLDEN
    assert parse_line(GOLDEN[:-1])["operations"] == str(6 * 10**20)
    said = {"t": "closing", "format": HEAD["format"], "job": "4711", "n": 0}
    assert encode_line({**said, "wall_ms": 1_772_359_230_000}) == CLOSING


def test_spool_words_are_those_of_the_records() -> None:
    assert get_args(fields.Activity) == ACTIVITIES
    assert get_args(fields.Precision) == PRECISIONS
    assert get_args(fields.Sparsity) == SPARSITIES
    assert get_args(fields.OperationKind) == OPERATION_KINDS
    assert get_args(fields.Topology) == TOPOLOGIES


def test_spool_line_cut_at_every_byte_is_torn() -> None:
    line = head()
    assert parse_line(line[:-1]) == HEAD
    for stop in range(len(line) - 1):
        with pytest.raises(Torn):
            parse_line(line[:stop])
        with pytest.raises(Torn):
            parse_line(line[stop + 1 : -1])


def test_spool_line_with_one_bit_changed_is_torn() -> None:
    for place in range(len(GOLDEN) - 1):  # a digit becomes another digit, and stays JSON
        changed = bytearray(GOLDEN[:-1])
        changed[place] ^= 1
        with pytest.raises(Torn):
            parse_line(bytes(changed))


@given(st.integers(0, len(GOLDEN) - 2), st.integers(0, 255))
def test_spool_line_with_another_byte_is_torn(place: int, byte: int) -> None:
    changed = bytearray(GOLDEN[:-1])
    changed[place] = byte
    if bytes(changed) == GOLDEN[:-1]:
        return
    with pytest.raises(Torn):
        parse_line(bytes(changed))


@given(st.binary(max_size=200))
def test_spool_reader_raises_nothing_but_torn(data: bytes) -> None:
    for line in (data, framed(data), framed(b"{" + data + b"}")):
        with pytest.raises(Torn):
            parse_line(line)
    assert is_spool(data) is False


@pytest.mark.parametrize(
    "change",
    [
        {"milli_devices": 8.0},
        {"milli_devices": True},
        {"milli_devices": -1},
        {"milli_devices": 2**53},
        {"activity": "pretrian"},
        {"session": "x"},
        {"parameters": "07"},
        {"parameters": "1e9"},
        {"run": "x" * 1001},
        {"run": None},
        {"doubts": [1]},
        {"format": "flopledger.spool/2"},
        {"more": 1},
        {"t": "tail"},
        {"t": ["head"]},
    ],
)
def test_spool_statement_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Torn):
        parse_line(encode_line({**HEAD, **change})[:-1])


def test_spool_payload_has_one_text() -> None:
    plain = json.dumps(json.loads(GOLDEN[24:-1])).encode()  # with spaces
    twice = GOLDEN[24:-2] + b',"n":1}'
    nan = GOLDEN[24:-1].replace(b'"n":1,', b'"n":NaN,')
    deep = b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    for payload in (plain, twice, nan, deep):
        with pytest.raises(Torn):
            parse_line(framed(payload))
