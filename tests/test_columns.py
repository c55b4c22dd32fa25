"""Columns: blocks of any length give the rows that a plain reading of each entry gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import DAY, MemoryLeaves, Reverse, allocation, ledgers, records, undated

from ledger.engines import columns
from ledger.engines.columns import SCHEMA, Columns, columns_of
from ledger.errors import IntegrityError
from ledger.measure import StoredRecord
from ledger.record.provenance import evidence_grade

AMOUNTS = ("lo", "hi", "error_lo", "error_hi", "device_us", "ceiling", "peak_operations_per_s")
TEXT = 'é ü "quoted" \\ back \U0001f9ee'
Rows = list[dict[str, Any]]


def leaves_of(held: Sequence[StoredRecord]) -> list[bytes]:
    """Return the canonical bytes of some records."""
    return [row.bytes for row in MemoryLeaves(held).rows]


def plain(leaves: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the rows as the specification of the projection states them, one entry at a time."""
    for leaf in leaves:
        entry = json.loads(leaf)
        body, sign, reverses = entry["body"], 1, None
        if entry["type"] == "reversal":
            if body["reversed_type"] != "allocation":
                continue
            sign, reverses, body = -1, body["reverses"], body["reversed"]
        elif entry["type"] != "allocation":
            continue
        yield row_of(body) | {"seq": entry["seq"], "sign": sign, "reverses": reverses}


def row_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a row holds of an allocation."""
    low, point, high, ceiling = (
        None if body[name] is None else int(body[name])
        for name in ("operations_low", "operations", "operations_high", "ceiling_operations")
    )
    if point is not None:
        legal = (point, point)
    elif high is None and ceiling is not None and ceiling >= (low or 0):
        legal = (low or 0, ceiling)
    else:
        legal = (low or 0, high)
    made = {name: body[name] for name in SCHEMA if name in body}
    made |= {
        "lo": legal[0],
        "hi": legal[1],
        "error_lo": legal[0] if low is None else low,
        "error_hi": legal[1] if high is None else high,
        "ceiling": ceiling,
        "evidence": evidence_grade(body),
        "day": body["start"] and date.fromisoformat(body["start"][:10]),
        "not_after": body["not_after"] and date.fromisoformat(body["not_after"]),
    }
    return made | {name: None if made[name] is None else Decimal(made[name]) for name in AMOUNTS}


def taken(leaves: Sequence[bytes], block: int) -> Columns:
    """Take leaves apart so many rows at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_BLOCK", block)
        return columns_of(leaves)


def rows_of(found: Columns) -> Rows:
    """Return the rows of the frame, which must have the published types."""
    assert found.allocations.schema == SCHEMA
    return found.allocations.to_dicts()


def in_order(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in the order of the columns."""
    return {name: row[name] for name in SCHEMA}


@given(ledgers(), st.integers(1, 9))
def test_blocks_of_any_length_give_the_rows_of_a_plain_reading(
    held: tuple[StoredRecord, ...], block: int
) -> None:
    leaves = leaves_of(held)
    found = taken(leaves, block)
    assert rows_of(found) == [in_order(row) for row in plain(leaves)]
    assert found.records == tuple(each for each in held if each.type != "allocation")
    assert found.allocations.n_chunks() == 1


def test_texts_are_taken_as_they_are() -> None:
    bodies = [
        allocation(TEXT, 10**28, run=TEXT, developer=None, commitment=TEXT),
        allocation("null", None, run='","model":"other', **undated(DAY)),
        allocation("m", 0, scale_up_gb_per_s=2**53 - 1, concurrent_devices=0),
    ]
    leaves = leaves_of(records(*bodies, Reverse(0)))
    assert rows_of(taken(leaves, 2)) == [in_order(row) for row in plain(leaves)]


# What somebody who signs whatever he likes may put in the place of a part of a leaf.
FAULTS: tuple[tuple[str, str], ...] = (
    (r'"run":"r\d*"', '"run":7'),
    (r'"run":"r\d*"', '"run":null'),
    (r'"run":"r\d*",', ""),
    (r'"run":"r\d*"', '"run":"r","run":"other"'),
    (r'"run":"r\d*"', '"run":"\\u0041\\n"'),
    (r'"run":"r\d*"', '"run":"\\ud800"'),
    (r'"run":"r\d*"', '"run":"r'),
    (r'"run":"r\d*"', '"run":"r","unheard":{"run":[1e9,"x"]}'),
    (r'"developer":"acme"', '"developer":{"model":"x"}'),
    (r'"device_us":null', '"device_us":12'),
    (r'"device_us":null', f'"device_us":"{10**37}"'),
    (r'"device_us":null', f'"device_us":"{10**38}"'),
    (r'"device_us":null', '"device_us":"1e3"'),
    (r'"device_us":null', '"device_us":"٣"'),
    (r'"scale_up_domain":null', f'"scale_up_domain":{2**63 - 1}'),
    (r'"scale_up_domain":null', f'"scale_up_domain":{2**63}'),
    (r'"scale_up_domain":null', f'"scale_up_domain":{10**60}'),
    (r'"scale_up_domain":null', '"scale_up_domain":8.0'),
    (r'"scale_up_domain":null', '"scale_up_domain":true'),
    (r'"scale_up_domain":null', '"scale_up_domain":"8"'),
    (r'"start":"2026-03-10', '"start":"2026-02-30'),
    (r'"start":"2026-03-10T00:00:00Z"', '"start":""'),
    (r'"not_after":null', '"not_after":"2026-3-1"'),
    (r'"method_inputs":\{\}', '"method_inputs":[ ]'),
    (r'"method_inputs":\{\}', '"method_inputs":{"a":}'),
    (r'"source_kind":"assertion"', '"source_kind":null'),
    (r'"source_kind":"assertion"', '"source_kind":"unheard"'),
    (r'"evidence":\{[^}]*\}', '"evidence":"none"'),
    (r'"seq":\d', '"seq":"SEQ"'),
    (r'"seq":\d', f'"seq":SEQ{10**25}'),
    (r'"v":1\}', '"v":1} '),
    (r'"v":1\}', '"v":1}{"type":"allocation","v":1}'),
    (r"^\{", "["),
)


def outcome(leaves: Sequence[bytes], block: int) -> tuple[Rows, object] | str:
    """Return the rows and records, or the error that names a leaf which cannot be read."""
    try:
        found = taken(leaves, block)
    except IntegrityError as error:
        return error.message
    return rows_of(found), found.records


@pytest.mark.parametrize("fault", FAULTS, ids=range(len(FAULTS)))
@pytest.mark.parametrize("place", [0, 3, 6])
def test_faults_are_found_in_blocks_of_any_length(fault: tuple[str, str], place: int) -> None:
    leaves = leaves_of(records(*(allocation(f"m{n}", n, run=f"r{n}") for n in range(7))))
    pattern, planted = fault
    text, count = re.subn(
        pattern, lambda _: planted.replace("SEQ", str(place)), leaves[place].decode()
    )
    assert count == 1
    leaves[place] = text.encode()
    whole = outcome(leaves, 10**6)
    assert [outcome(leaves, block) for block in (1, 2, 3, 7)] == [whole] * 4
    if not isinstance(whole, str):
        alone = [rows_of(columns_of([leaf])) for leaf in leaves]
        assert whole[0] == [row for rows in alone for row in rows]


@pytest.mark.parametrize("digits", [2**63, 10**60])
def test_integers_beyond_64_bits_are_named(digits: int) -> None:
    (leaf,) = leaves_of(records(allocation("m", 1)))
    wrong = leaf.replace(b'"scale_up_domain":null', b'"scale_up_domain":%d' % digits)
    with pytest.raises(IntegrityError, match="cannot be read"):
        columns_of([wrong])


def test_bytes_that_are_no_text_are_refused() -> None:
    (leaf,) = leaves_of(records(allocation("m", 1, run="r1")))
    for wrong in (b"\xff", b"\xed\xa0\x80", b"\x00"):
        with pytest.raises(IntegrityError, match="cannot be read"):
            columns_of([leaf.replace(b'"r1"', b'"r' + wrong + b'"')])


def test_no_leaves_have_no_rows() -> None:
    found = columns_of([])
    assert (found.allocations.schema, len(found.allocations)) == (pl.Schema(SCHEMA), 0)
    assert found.records == ()
