"""Requests and replies of the queue: their bytes, and that nothing else is taken for one."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed import identity, leg, said

from ledger.errors import CanonicalError, ConflictError, InputError, IntegrityError, LedgerError
from ledger.log import Appended, Conflict
from ledger.log.request import (
    DRAFTS_MAX,
    REQUEST_BYTES_MAX,
    Reply,
    code_of,
    encode_reply,
    encode_request,
    parse_reply,
    parse_request,
)
from ledger.record import Draft, Whole

WHO = identity()
PLAIN = Draft("fact", {"b": 1, "a": "ü"}, {"notes": "n"}, ("fact", "k"))
REQUEST = (
    b"flopledger.queue/1 request\n"
    b'{"drafts":[{"body":{"a":"\xc3\xbc","b":1},"hidden":{"notes":"n"},"key":["fact","k"],'
    b'"type":"fact"}],"origin":"ledger.example/lab-a"}\n'
    b"CODE\n"
)
OUTCOME = Appended((3, 4), 1, (Conflict(2, 0, ("fact", "k")),), (1,), 5, (2,))
REPLY = (
    b"flopledger.queue/1 reply\n"
    b'{"appended":{"conflicts":[{"draft_index":2,"key":["fact","k"],"seq":0}],"new":[3,4],'
    b'"refuted":[2],"same":1,"superseded":[1],"withheld":5},"company":7,"error":null}\n'
    b"CODE\n"
)


def asked(*drafts: Draft) -> bytes:
    """Return the bytes of a request."""
    data = encode_request(WHO, drafts)
    assert data is not None
    return data


def answered(request: bytes, outcome: Appended | LedgerError, company: int = 7) -> bytes:
    """Return the bytes of a reply."""
    data = encode_reply(WHO.secret, request, Reply(outcome, company))
    assert data is not None
    return data


def coded(data: bytes, golden: bytes) -> bytes:
    """Return the golden bytes with the code of the data in its place."""
    return golden.replace(b"CODE\n", code_of(data))


def test_request_and_reply_have_these_bytes() -> None:
    request = asked(PLAIN)
    assert request == coded(request, REQUEST)
    assert code_of(request) == GOLDEN_CODES[0]
    reply = answered(request, OUTCOME)
    assert reply == coded(reply, REPLY)
    assert code_of(reply) == GOLDEN_CODES[1]


GOLDEN_CODES = (
    b"05d2ef412b85a3ccadbc50e7872358a0fb89543896c427e2d2a023de974acdf2\n",
    b"085a784912056dac15397b6e87162b33543790033533b189bea42a33f8c5d64f\n",
)


def test_request_gives_back_its_drafts() -> None:
    drafts = [said(1), leg(2), PLAIN]
    assert parse_request(WHO, asked(*drafts)) == drafts


@pytest.mark.parametrize(
    "error",
    [
        InputError("what", where="where", why="why", remedy="next"),
        CanonicalError("bytes"),
        ConflictError("taken", remedy="look"),
    ],
)
def test_reply_gives_back_an_error_with_its_four_parts(error: LedgerError) -> None:
    request = asked(PLAIN)
    told = parse_reply(WHO.secret, request, answered(request, error, 2))
    assert told is not None
    assert told.company == 2
    assert (type(told.outcome), vars(told.outcome)) == (type(error), vars(error))


def test_reply_tells_no_failure_that_is_not_of_the_request() -> None:
    for error in (IntegrityError("damaged", seq=1), LedgerError("the disk is full")):
        assert encode_reply(WHO.secret, asked(PLAIN), Reply(error, 0)) is None


ODD_ERROR = dict.fromkeys(("code", "message", "where", "why", "remedy"), "x")
WHOLE = Whole.numbered(("a",), {})


@pytest.mark.parametrize(
    "drafts",
    [
        [],
        [PLAIN] * (DRAFTS_MAX + 1),
        [replace(PLAIN, whole=WHOLE)],
        [replace(PLAIN, body={"a": 0.5})],
        [replace(PLAIN, body={"a": 2**60})],
        [replace(PLAIN, body={"a": ("tuple",)})],
        [replace(PLAIN, body={"a": "\ud800"})],
        [replace(PLAIN, hidden={"notes": 1})],
        [replace(PLAIN, body={"a": "x" * REQUEST_BYTES_MAX})],
    ],
)
def test_request_is_none_where_another_could_not_append_the_same(drafts: Sequence[Draft]) -> None:
    assert encode_request(WHO, drafts) is None


@given(st.data())
def test_request_changed_in_any_byte_is_none(data: st.DataObject) -> None:
    request = asked(said(1))
    place = data.draw(st.integers(0, len(request) - 1))
    changed = bytearray(request)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert parse_request(WHO, bytes(changed)) is None
    assert parse_request(WHO, request[:place]) is None
    assert parse_request(WHO, request + request[place:]) is None


def coded_anew(text: bytes, about: bytes = b"") -> bytes:
    """Return a text with a code that holds, as only a holder of the secret can make it."""
    digest = hmac.digest(WHO.secret, b"queue\0" + about + text, "sha256")
    return text + digest.hex().encode() + b"\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"queue/1", b"queue/2"),
        lambda text: text.replace(b"request", b"reply"),
        lambda text: text.replace(b"lab-a", b"lab-b"),
        lambda text: text.replace(b'"origin"', b'"more":1,"origin"'),
        lambda text: text.replace(b'"type":"fact"', b'"type":1'),
        lambda text: text.replace(b'["fact","k"]', b'"k"'),
        lambda text: text.replace(b'"drafts":[{', b'"drafts":[[{').replace(b"}],", b"}]],"),
        lambda text: text[:27] + b'{"drafts":[],"origin":"ledger.example/lab-a"}\n',
        lambda text: text[:27] + b"[" * 100_000 + b"\n",
        lambda text: text[:-1],
    ],
)
def test_request_of_another_form_is_none_even_with_a_code(change: Callable[[bytes], bytes]) -> None:
    text = asked(PLAIN)[:-65]
    assert parse_request(WHO, coded_anew(text)) is not None
    assert parse_request(WHO, coded_anew(change(text))) is None


def test_request_needs_the_secret() -> None:
    stranger = replace(WHO, secret=bytes(32))
    data = encode_request(stranger, [PLAIN])
    assert data is not None
    assert parse_request(WHO, data) is None


def test_reply_is_bound_to_its_request_and_to_the_secret() -> None:
    one, other = asked(said(1)), asked(said(2))
    reply = answered(one, OUTCOME)
    assert parse_reply(WHO.secret, one, reply) == Reply(OUTCOME, 7)
    assert parse_reply(WHO.secret, other, reply) is None
    assert parse_reply(bytes(32), one, reply) is None
    assert all(parse_reply(WHO.secret, one, reply[:stop]) is None for stop in range(len(reply)))
    assert parse_reply(WHO.secret, one, one) is None


@pytest.mark.parametrize(
    "body",
    [
        {"appended": None, "company": 0, "error": None},
        {"appended": {}, "company": 0, "error": ODD_ERROR},
        {"appended": None, "company": 0, "error": ODD_ERROR},
        {"appended": {"new": ["1"]}, "company": 0, "error": None},
    ],
)
def test_reply_of_another_form_is_none_even_with_a_code(body: Any) -> None:
    request = asked(PLAIN)
    text = b"flopledger.queue/1 reply\n" + json.dumps(body).encode() + b"\n"
    assert parse_reply(WHO.secret, request, coded_anew(text, code_of(request))) is None
