"""Forms: what is seen of a leaf at one glance is what the slow way accepts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import EVIDENCE, allocation, commitment, fact, lineage, undated

from ledger.canonical import BYTES_MAX, JSON, encode
from ledger.entry import Entry, Opening, opening_bytes
from ledger.errors import InputError, LedgerError
from ledger.record import MODELS, check_stored
from ledger.verify.entries import read_opening
from ledger.verify.leaf import picker, read_leaf

HASH = "0123456789abcdef" * 4
DETAILS = {
    "device": "nvidia-h100-sxm5",
    "milli_devices": 8000,
    "device_us": str(8000 * 8 * 3600 * 1000),
    "peak_operations_per_s": "989400000000000",
    "ceiling_operations": str(8000 * 8 * 3600 * 1000 * 989400000000000 // 10**6),
    "scale_up_gb_per_s": 900,
    "concurrent_devices": 8,
    "operations_low": "1",
    "operations_high": "300",
    "method": "counter",
    "method_inputs": {"a": "x,", "b": -5, "steps": 3},
    "commitment": "c-1",
}
SAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("adoption", {"pack_digest": HASH, "by": "Ann Example", "on": "2026-01-01"}),
    ("allocation", allocation("m", 10)),
    ("allocation", allocation("modèle 模型", 10, **DETAILS)),
    ("allocation", allocation("m", 7, **undated(date(2026, 1, 31)))),
    (
        "allocation",
        allocation("m", 7, start="2026-12-31T23:59:59Z", start_ms=999, end="2027-01-01T00:00:00Z"),
    ),
    (
        "anchor",
        {"kind": "timestamp", "size": 5, "evidence_sha256": HASH, "stated_time": None},
    ),
    ("attestation", {"envelope_sha256": HASH, "size": 5, "number": 1}),
    ("commitment", commitment("m", "acme")),
    *(
        ("fact", fact("model:m", "model.x", kind, value))
        for kind, value in (
            ("boolean", True),
            ("set", []),
            ("set", ["a", "b,", "c"]),
            ("quantity", "600_000_000 USD"),
            ("date", "2026-02-28"),
            ("text", "anything"),
        )
    ),
    (
        "filing",
        {
            "regime": "eu.aia",
            "rule": "r",
            "obligation": "o",
            "subject": "",
            "sent": "x",
            "sent_at": "2026-01-01T00:00:00Z",
            "receipt": HASH,
        },
    ),
    (
        "holding",
        {
            "device": "h20",
            "quantity": 8,
            "headquarters": "NO",
            "destination": None,
            "event": "received",
            "authorisation": "NAC",
            "on": "2026-01-05",
            "evidence": EVIDENCE,
        },
    ),
    ("key", {"event": "added", "vkey": "a+b+c", "replaces": None, "reason": "first"}),
    ("lineage", lineage("m", "base", relation="merged", on="2026-01-05")),
]
ODD: list[JSON] = [
    *(None, True, False, 0, 1, -1, 5, 999, 1000, 10**15, 2**53 - 1, -(2**53) + 1),
    *("", "0", "-1", "+1", "01", "1", "9" * 28, "1" + "0" * 28, "1" + "0" * 27 + "1", "9" * 38),
    *("9" * 39, "a", " a", "a ", "a\n", "a\tb", "\\", '"', "é", "\u00a0", "a\u200bb", "\u2028"),
    *(
        "e\u0301",
        "model:e\u0301",
        "a\u202eb",
        "\u212b",
        "\uac00",
        "\u1100\u1161",
        "\ufb01",
        "\u0338",
    ),
    *("x" * 200, "x" * 201, "x" * 4000, "x" * 4001, "\x7f", "model:m", "model: m", "model:"),
    *("2026-02-28", "2026-02-29", "2028-02-29", "2026-02-30", "0000-01-01", "2026-13-01"),
    *("2026-01-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:59:60Z", "9999-12-31"),
    *("٢٠٢٦-٠١-٠١", HASH, HASH[:32], HASH.upper(), "pretrain", "own", "final", "option", "NO"),
    *([], ["a"], ["a", "b"], ["b", "a"], ["a", "a"], ["", "a"], {}, {"a": 1}, {"b": 1, "a": "x"}),
    *({"kind": "boolean", "value": 1}, {"kind": "quantity", "value": "5"}, {"kind": "set"}),
    *({"kind": "set", "value": ["b", "a"]}, {"kind": "date", "value": "2026-02-30"}),
    *({"kind": "quantity", "value": "1e9 USD"}, {"kind": "text", "value": None}, {"x": None}),
]


def sealed(kind: str, body: dict[str, Any], **changes: Any) -> bytes:
    """Return a leaf with what sealing adds to a body."""
    added: dict[str, Any] = {f"{name}_pseudonym": None for name in MODELS[kind].PSEUDONYMS}
    entry = Entry(
        seq=5,
        id="00000000-0000-4000-8000-00000000000a",
        type=kind,
        recorded_at="2026-11-23T10:00:00Z",
        origin="ledger.example/lab-a",
        prev=HASH,
        salt="A" * 22,
        sd=("a" * 43, "b" * 43),
        body={**body, **added, "idempotency_key": HASH},
    )
    return replace(entry, **changes).encode()


def is_seen(data: bytes) -> bool:
    """Whether a leaf is accepted at one glance; if so, the slow way must accept it alike."""
    try:
        leaf = read_leaf(data)
    except LedgerError:
        return False
    if not leaf.seen:
        return False
    entry = Entry.parse(data)
    check_stored(entry.type, entry.body)
    for name in ("seq", "id", "type", "recorded_at", "origin", "prev", "sd"):
        assert getattr(leaf, name) == getattr(entry, name), name
    assert leaf.key == entry.body["idempotency_key"]
    assert {name for name in entry.body if leaf.holds(name)} == entry.body.keys()
    assert not leaf.holds("salt")
    return True


@pytest.mark.parametrize(("kind", "body"), SAMPLES)
def test_common_bodies_are_seen_at_one_glance(kind: str, body: dict[str, Any]) -> None:
    assert is_seen(sealed(kind, body))


def places(value: Mapping[str, Any], *before: str) -> Iterator[tuple[str, ...]]:
    """Yield the path of every member."""
    for name, inner in value.items():
        yield (*before, name)
        if isinstance(inner, Mapping):
            yield from places(inner, *before, name)


@pytest.mark.parametrize(("kind", "body"), SAMPLES)
def test_threat_32_no_form_takes_an_odd_value_that_the_model_refuses(
    kind: str, body: dict[str, Any]
) -> None:
    whole_ = json.loads(sealed(kind, body))
    for path in list(places(whole_["body"], "body")):
        for odd in (*ODD, ...):
            inner = whole_
            for name in path[:-1]:
                inner = inner[name]
            right = inner.pop(path[-1])
            if odd is not ...:
                inner[path[-1]] = odd
            is_seen(encode(whole_))
            inner[path[-1]] = right


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("operations", "-5"), ("operations", "01"), ("operations", "1" + "0" * 28)),
        *(("milli_devices", -1), ("start_ms", 1000), ("start_ms", -1), ("end_ms", True)),
        *(("start", "2026-03-10T24:00:00Z"), ("not_after", "2026-03-10"), ("model", "m ")),
        *(
            ("model", "e\u0301"),
            ("model", "\u212b"),
            ("evidence", EVIDENCE | {"locator": "e\u0301"}),
        ),
        *(("model", "a\u200bb"), ("device_us", "5"), ("operations_low", "11"), ("extra", None)),
        *(("ceiling_operations", "5"), ("method_inputs", {"": 1}), ("precision", "bf17")),
        *(("method_inputs", {"a": True}), ("evidence", {}), ("site_pseudonym", "x")),
    ],
)
def test_threat_32_a_wrong_value_is_never_seen(name: str, value: Any) -> None:
    right = sealed("allocation", allocation("m", 10, **DETAILS))
    assert is_seen(right)
    found = json.loads(right)
    found["body"][name] = value
    leaf = read_leaf(encode(found))
    assert not leaf.seen
    with pytest.raises(LedgerError):
        leaf.require_shape()


@pytest.mark.parametrize(
    "inputs", ['{"b":1,"a":2}', '{"a":1,"a":2}', '{"a":"","a":2}', '{"a":1,"b":2,"aa":3}']
)
def test_members_that_are_out_of_order_or_there_twice_are_not_seen(inputs: str) -> None:
    data = sealed("allocation", allocation("m", 10))
    assert is_seen(data.replace(b'"method_inputs":{}', b'"method_inputs":{"a":1,"b":2}'))
    wrong = data.replace(b'"method_inputs":{}', b'"method_inputs":' + inputs.encode())
    with pytest.raises(LedgerError):
        read_leaf(wrong)


@settings(max_examples=1500, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    at=st.floats(0, 1, exclude_max=True),
    cut=st.integers(0, 3),
    put=st.one_of(
        st.binary(max_size=3),
        st.sampled_from(
            [b" ", b'"', b"\\", b",", b"{}", b"null", b"0", b"-", b"\xc2\xa0", b"\xff"]
        ),
    ),
)
def test_no_change_of_bytes_is_seen_that_is_refused_otherwise(
    sample: tuple[str, dict[str, Any]], at: float, cut: int, put: bytes
) -> None:
    data = sealed(*sample)
    place = int(at * len(data))
    is_seen(data[:place] + put + data[place + cut :])


@pytest.mark.parametrize(
    "changes",
    [
        {"sd": ("b" * 43, "a" * 43)},
        {"sd": ("a" * 43, "a" * 43)},
        {"sd": tuple(f"{n:043d}" for n in range(33))},
        {"sd": ("a" * 42,)},
        {"id": "0" * 36},
        {"prev": "0"},
        {"salt": "A" * 21},
        {"seq": -1},
        {"recorded_at": "2026-02-30T00:00:00Z"},
        {"origin": "a b"},
        {"origin": "x" * 201},
        {"type": "nothing"},
    ],
)
def test_entry_with_a_wrong_field_is_not_seen(changes: dict[str, Any]) -> None:
    body = allocation("m", 10)
    data = sealed("allocation", body, **changes)
    assert not is_seen(data)
    with pytest.raises(LedgerError):
        read_leaf(data)


def test_leaf_that_is_too_long_is_not_seen() -> None:
    inputs = {f"{n:03d}": "x" * 4000 for n in range(17)}
    data = sealed("allocation", allocation("m", 10, method_inputs=inputs))
    assert len(data) > BYTES_MAX
    assert not is_seen(data)


def test_what_no_form_takes_is_read_the_slow_way() -> None:
    for text in ('a "b"', "29 \u2028"):
        leaf = read_leaf(
            sealed("allocation", allocation(run="r", evidence={**EVIDENCE, "locator": text}))
        )
        assert not leaf.seen
        leaf.require_shape()
    leaf = read_leaf(sealed("filing", {**SAMPLES[14][1], "sent_at": "2028-02-29T00:00:00Z"}))
    assert not leaf.seen
    leaf.require_shape()


def test_picker_gives_the_texts_of_a_leaf() -> None:
    pick = picker("allocation", ("operations", "start", "evidence_source_kind", "operations_low"))
    found = pick(sealed("allocation", allocation("m", 10)))
    assert found == ("10", "2026-03-10T00:00:00Z", "assertion", None)
    assert pick(sealed("filing", SAMPLES[14][1])) is None


@pytest.mark.parametrize("length", [0, 5, 65_000, 65_499, 65_500, 65_501, 65_502, 65_503, 70_000])
@pytest.mark.parametrize("sign", ["a", "é", "\x7f", '"', "\n"])
def test_opening_is_read_as_the_slow_way_reads_it(length: int, sign: str) -> None:
    # 65,535 bytes are the most of any canonical text: here the salt and the name take 35 of them.
    stored = opening_bytes("A" * 22, "notes", "a" * length + sign)
    said: list[object] = []
    for read in (read_opening, lambda data: astuple(Opening.parse(data))[1:]):
        try:
            said.append(read(stored))
        except InputError:
            said.append(None)
    assert said[0] == said[1]
    assert (said[0] is None) == (len(base64.urlsafe_b64decode(stored + b"===")) > BYTES_MAX)


def test_a_commitment_with_fields_that_came_later_is_read_the_slow_way() -> None:
    later = {"allocated_on": "2026-03-01", "substitutes": [{"device": "b200", "ratio": "1/2"}]}
    leaf = read_leaf(sealed("commitment", commitment("m", "acme", **later)))
    assert not leaf.seen
    leaf.require_shape()
    assert leaf.holds("substitutes")
