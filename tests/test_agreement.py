"""Agreements: what is seen in the texts alone is what the rule itself accepts; so are digests."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_form import SAMPLES, sealed

from ledger.canonical import encode
from ledger.errors import LedgerError
from ledger.form.agreement import AGREEMENTS
from ledger.form.rules import Amounts, Inputs, Rule, Times
from ledger.keyed import KeyedDigest
from ledger.verify.entries import content_text
from ledger.verify.leaf import read_leaf

NUMBERS = {"start_ms", "end_ms", "milli_devices"}
DAYS = st.sampled_from(
    [datetime(2026, 1, 31, 23, 59, 59), datetime(2026, 2, 1), datetime(2026, 1, 31)]  # noqa: DTZ001
)
INSTANTS = st.none() | st.builds(
    lambda day, seconds: f"{day + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
    DAYS,
    st.sampled_from([0, 1, 2, 3600]),
)
MS = st.sampled_from(["0", "1", "999"])
AMOUNTS = st.none() | st.sampled_from(["0", "1", "2", "3599000", "1000000", "7200000000"])


def holds(rule: Rule, texts: tuple[str | None, ...]) -> bool:
    """Return whether a rule holds of the values that these texts stand for."""
    named = zip(rule._fields, texts, strict=True)
    values: list[Any] = [
        int(text) if text is not None and name in NUMBERS else text for name, text in named
    ]
    try:
        rule._make(values).require()
    except (ValueError, LedgerError):
        return False
    return True


@given(st.tuples(INSTANTS, MS, INSTANTS, MS, st.none() | st.just("2026-01-31"), AMOUNTS, AMOUNTS))
@example(("2026-01-31T00:00:00Z", "0", "2026-01-31T01:00:00Z", "0", None, "2", "7200000"))
@example(("2026-01-31T00:00:00Z", "0", "2026-01-31T01:00:00Z", "0", None, "2", "7200001"))
@example(("2026-01-31T01:00:00Z", "0", "2026-01-31T00:00:00Z", "0", None, "0", "0"))
@example(("2026-01-31T00:00:00Z", "0", "2026-01-31T00:00:00Z", "0", None, None, None))
@example(("2026-01-31T00:00:00Z", "0", "2026-01-31T01:00:00Z", "0", "2026-01-31", None, None))
@example(("2026-01-31T00:00:00Z", "0", "2026-02-01T00:00:01Z", "0", None, None, None))
def test_times_agree_only_where_the_rule_holds(texts: tuple[str | None, ...]) -> None:
    if AGREEMENTS[Times](*texts):
        assert holds(Times, texts)


@given(st.tuples(*[AMOUNTS] * 6))
@example((None, None, None, "1500000", "3", "4"))
@example((None, None, None, "1500000", "3", "5"))
@example((None, None, None, "1500000", "3", "45"))
@example(("2", "1", None, None, None, None))
@example((None, "2", "1", None, None, None))
def test_amounts_agree_only_where_the_rule_holds(texts: tuple[str | None, ...]) -> None:
    if AGREEMENTS[Amounts](*texts):
        assert holds(Amounts, texts)


@given(st.sampled_from(["{}", '{"a":1}', '{"b":1,"a":2}', '{"a":1,"a":2}']))
def test_inputs_agree_only_where_the_rule_holds(text: str) -> None:
    if AGREEMENTS[Inputs](text):
        assert holds(Inputs, (text,))


def test_what_most_legs_are_like_is_seen_at_once() -> None:
    day = ("2026-01-31T00:00:00Z", "0", "2026-01-31T01:00:00Z", "5")
    assert AGREEMENTS[Times](*day, None, "8000", str(8000 * 3_600_005))
    assert AGREEMENTS[Times](*day, None, None, None)
    assert AGREEMENTS[Amounts](None, "5", None, "1500000", "3", "4")
    assert AGREEMENTS[Inputs]("{}")


@given(st.binary(max_size=150), st.lists(st.binary(max_size=300), max_size=4))
@example(bytes(range(64)), [b"", b"a"])
@example(bytes(range(65)), [b"a", b"a"])
def test_keyed_digest_is_hmac(secret: bytes, texts: list[bytes]) -> None:
    digest = KeyedDigest(secret)
    for text in texts:
        assert digest.of(text) == hmac.digest(secret, text, "sha256")


@pytest.mark.parametrize(("kind", "body"), SAMPLES)
def test_content_of_a_leaf_seen_at_one_glance_is_cut_out_right(
    kind: str, body: dict[str, Any]
) -> None:
    data = sealed(kind, body)
    leaf = read_leaf(data)
    assert leaf.seen
    whole = json.loads(data)["body"]
    del whole["idempotency_key"]
    hidden = {"notes": "größer", "cluster": "x"}
    text = encode({"body": whole, "hidden": dict(hidden), "type": kind})
    assert content_text(leaf, hidden) == b"content\0" + text
