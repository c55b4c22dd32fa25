"""Hostile contents of bundles: rows 26 to 33, what is inside of members that are sound."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bundled import Members, archived, filled, members_of, relisted, verdict
from sealed import ORIGIN, SIGNER

from ledger.bundle import Caps
from ledger.checkpoint import Checkpoint
from ledger.errors import InputError
from ledger.merkle import EMPTY_ROOT
from ledger.report.bundle_verdict import Occasion, bundle_document, bundle_tables
from ledger.report.render import to_csv, to_markdown, to_terminal
from ledger.report.transcript import transcript

Alter = Callable[[bytearray], Any]
NOTE = "checkpoints/000000000005"


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    return members_of(filled(tmp_path_factory.mktemp("whole")))


@pytest.fixture(scope="module")
def good(members: Members) -> bytes:
    return archived(members)


# Row 26: numbers, nesting and lines that exhaust a reader.


def with_entry(members: Members, leaf: bytes, seq: int = 0) -> Members:
    """Return members with one line of the entries replaced, and the manifest made to fit."""
    rows = members["entries.jsonl"].split(b"\n")
    rows[seq] = leaf
    return relisted({**members, "entries.jsonl": b"\n".join(rows)})


@pytest.mark.parametrize(
    "text",
    [
        b"9" * 5000,
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b"-" + b"9" * 400,
        b'"' + b"x" * 60_000 + b'"',
    ],
)
def test_row_26_huge_numbers_nesting_and_texts(members: Members, text: bytes) -> None:
    began = time.process_time()
    found = verdict(with_entry(members, b'{"body":' + text + b"}"))
    assert time.process_time() - began < 2
    assert found.fault is not None
    assert (found.fault.step, found.fault.seq) == (4, 0)


def test_row_26_line_without_an_end(members: Members) -> None:
    cut = relisted({**members, "entries.jsonl": members["entries.jsonl"][:-1]})
    fault = verdict(cut).fault
    assert fault is not None
    assert "no end" in fault.message
    with pytest.raises(InputError, match="longer than the 65535 bytes"):
        verdict(with_entry(members, b"x" * 70_000))


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        ("members=3", "members, more than the 3"),
        ("bytes=1000", "more than the 1000"),
        ("entry=500", "longer than the 500"),
        ("ratio=1", "times its length"),
        ("depth=2", "nested deeper than the 2"),
    ],
)
def test_row_26_every_limit_can_be_lowered(good: bytes, cap: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        verdict(good, caps=Caps.parse([cap]))


@pytest.mark.parametrize("text", ["members=10001", "depth=33", "speed=1", "members=-1", "x", ""])
def test_row_26_no_limit_can_be_raised(text: str) -> None:
    with pytest.raises(InputError):
        Caps.parse([text])


# Rows 27 to 29: two readers, two meanings.

LEAVES = {
    "duplicate key": lambda leaf: leaf.replace(b'"v":1}', b'"v":1,"v":1}'),
    "NaN": lambda leaf: leaf.replace(b'"seq":0', b'"seq":NaN'),
    "float": lambda leaf: leaf.replace(b'"seq":0', b'"seq":0.0'),
    "exponent": lambda leaf: leaf.replace(b'"seq":0', b'"seq":1e400'),
    "minus nought": lambda leaf: leaf.replace(b'"seq":0', b'"seq":-0'),
    "mark before": lambda leaf: b"\xef\xbb\xbf" + leaf,
    "space": lambda leaf: leaf.replace(b'"v":1', b'"v": 1'),
    "other order": lambda leaf: b'{"v":1,' + leaf[1:].replace(b',"v":1', b""),
    "escape": lambda leaf: leaf.replace(b"allocation", b"\\u0061llocation"),
    "lone surrogate": lambda leaf: leaf.replace(b"run-0", b"\\ud800"),
    "raw surrogate": lambda leaf: leaf.replace(b"run-0", b"\xed\xa0\x80"),
    "other digits": lambda leaf: leaf.replace(b'"seq":0', '"seq":٠'.encode()),
    "plus": lambda leaf: leaf.replace(b'"seq":0', b'"seq":+0'),
    "underscore": lambda leaf: leaf.replace(b'"seq":0', b'"seq":0_0'),
    "true for one": lambda leaf: leaf.replace(b'"v":1', b'"v":true'),
    "letter in two parts": lambda leaf: leaf.replace(b"run-0", "rune\u0301".encode()),
    "letter that is another": lambda leaf: leaf.replace(b"run-0", "run\u212b".encode()),
    "direction": lambda leaf: leaf.replace(b"run-0", "run\u202e0".encode()),
    "no width": lambda leaf: leaf.replace(b"run-0", "run\u200b-0".encode()),
    "no width in a text": lambda leaf: leaf.replace(b'"locator":"', '"locator":"\u200b'.encode()),
    "text in two parts": lambda leaf: leaf.replace(b'"locator":"', '"locator":"e\u0301'.encode()),
    "unknown type": lambda leaf: leaf.replace(b'"type":"allocation"', b'"type":"allocatiom"'),
    "carriage return": lambda leaf: leaf + b"\r",
}


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_rows_27_to_29_spellings_that_two_readers_take_differently(
    members: Members, name: str
) -> None:
    leaf = members["entries.jsonl"].split(b"\n")[0]
    changed = LEAVES[name](leaf)
    assert changed != leaf
    fault = verdict(with_entry(members, changed)).fault
    assert fault is not None
    assert (fault.step, fault.seq) == (4, 0), name


@pytest.mark.parametrize("mark", ["\u2028", "\u0085", "\x1c", "\x0b", "\x0c"])
def test_row_29_only_a_newline_ends_a_line(members: Members, mark: str) -> None:
    rows = members["entries.jsonl"].split(b"\n")
    joined = mark.encode().join(rows[:2])
    changed = relisted({**members, "entries.jsonl": b"\n".join([joined, *rows[2:]])})
    fault = verdict(changed).fault
    assert fault is not None
    assert fault.step == 4


def test_row_29_base64_of_openings_and_notes_has_one_spelling(members: Members) -> None:
    first, _, rest = members["disclosures.jsonl"].partition(b"\n")
    text = json.loads(first)["disclosure"]
    for other in (text + "=", text[:-1] + chr(ord(text[-1]) ^ 1), text.replace("-", "+")):
        if other == text:
            continue
        line = json.dumps({"disclosure": other, "seq": 0}, separators=(",", ":")).encode()
        fault = verdict(relisted({**members, "disclosures.jsonl": line + b"\n" + rest})).fault
        assert fault is not None
        assert fault.step == 18


# Row 30: a verdict by accident.


def test_row_30_a_bundle_of_nothing_fails(members: Members) -> None:
    empty = {
        "checkpoints/000000000000": Checkpoint(ORIGIN, 0, EMPTY_ROOT).sign(SIGNER),
        "entries.jsonl": b"",
        "manifest.json": members["manifest.json"],
        "redactions.json": b'{"audience":"authority","erased":0,"fields":[],'
        b'"schema":"flopledger/redactions.v1"}',
    }
    found = verdict(relisted(empty, size=0))
    assert found.exit_status == 4
    assert found.fault is not None
    assert "no entry was checked" in found.fault.message


def test_row_30_every_step_says_how_much_it_checked(good: bytes) -> None:
    found = verdict(good)
    assert [step.number for step in found.steps] == list(range(1, 20))
    for step in found.steps:
        assert (step.count > 0) or step.outcome == "not_asked", step


def test_row_30_a_fault_leaves_no_later_step_as_held(members: Members) -> None:
    found = verdict(with_entry(members, b"{}", seq=3))
    assert found.fault is not None
    outcomes = [step.outcome for step in found.steps]
    assert outcomes[:3] == ["held"] * 3
    assert outcomes[3] == "failed"
    assert set(outcomes[4:]) == {"not_reached"}


# Row 33: what a report shows of a foreign text.

EVIL = '<script>alert(1)</script>=cmd|"\x1b[2J\u202e&'


def test_row_33_reports_show_foreign_text_and_run_none(good: bytes) -> None:
    found = verdict(good)
    assert found.bundle is not None
    bad = replace(
        found,
        bundle=replace(found.bundle, origin=EVIL, audience=EVIL),
        unknown=(EVIL,),
        attested=(EVIL,),
    )
    occasion = Occasion("0" * 64, (), "2026-11-24T00:00:00Z", "0.1.0")
    page = transcript(bad, occasion, EVIL)
    for sign in ("<script", "\x1b", "\u202e", "http:", "https:", "<img", "onload"):
        assert sign not in page
    assert page.count("&lt;script&gt;") >= 4
    tables = bundle_tables(bad, occasion)
    for text in (to_terminal(tables, width=None, color=False), to_markdown(tables)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "\n=cmd" not in to_csv(tables)
    assert json.loads(json.dumps(bundle_document(bad, occasion)))["bundle"]["origin"] == EVIL
