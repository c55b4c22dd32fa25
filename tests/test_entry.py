"""Entries: strict bytes, one hash, openings hashed as stored."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.canonical import encode
from ledger.entry import Entry, Opening, digest_of_opening, genesis_prev, opening_bytes
from ledger.errors import InputError

SALT = base64.urlsafe_b64encode(bytes(16)).decode().rstrip("=")
ENTRY = Entry(
    seq=0,
    id="00000000-0000-4000-8000-000000000000",
    type="adoption",
    recorded_at="2026-11-22T10:00:00Z",
    origin="ledger.example/lab",
    prev=genesis_prev("ledger.example/lab"),
    salt=SALT,
    sd=(digest_of_opening(opening_bytes(SALT, "notes", "hall 3")),),
    body={"by": "officer", "on": "2026-11-22", "pack_digest": "00" * 32},
)


def changed(**fields: object) -> bytes:
    """Return the canonical bytes of the entry with members replaced or, by None, removed."""
    value = json.loads(ENTRY.encode())
    value.update(fields)
    return encode({name: member for name, member in value.items() if member is not ...})


def test_entry_survives_its_bytes() -> None:
    assert Entry.parse(ENTRY.encode()) == ENTRY


def test_entry_published_vectors_hold() -> None:
    path = Path(__file__).parent / "vectors" / "entry.v1.json"
    vectors = json.loads(path.read_text())
    prev = genesis_prev(vectors["origin"])
    assert prev == vectors["genesis_prev"]
    for case in vectors["entries"]:
        entry = Entry.parse(case["canonical"].encode())
        assert entry.prev == prev
        assert entry.hash().hex() == case["hash"]
        stored = [opening.encode() for opening in case["openings"]]
        assert sorted(digest_of_opening(opening) for opening in stored) == list(entry.sd)
        assert [dataclasses.asdict(Opening.parse(opening)) for opening in stored] == case["opened"]
        prev = case["hash"]
    for case in vectors["must_refuse"]:
        with pytest.raises(InputError):
            Entry.parse(case["text"].encode())


def test_entry_proposal_shape_is_ours_but_for_its_record_types(
    shared_path: Callable[[str], Path],
) -> None:
    vectors = json.loads(shared_path("vectors/entry-proposal.json").read_text())
    assert genesis_prev(vectors["origin"]) == vectors["genesis_prev"]
    allocation = vectors["entries"][1]
    assert Entry.parse(allocation["canonical"].encode()).hash().hex() == allocation["leaf_hash"]
    for case in vectors["entries"]:
        digests = sorted(digest_of_opening(d.encode()) for d in case["disclosures"])
        assert digests == json.loads(case["canonical"])["sd"]
    with pytest.raises(InputError, match=r"run\.register"):
        Entry.parse(vectors["entries"][0]["canonical"].encode())


def test_opening_digests_match_the_published_ones(shared_path: Callable[[str], Path]) -> None:
    vectors = json.loads(shared_path("vectors/sd-disclosure.json").read_text())
    for case in vectors["disclosures"]:
        assert digest_of_opening(case["disclosure"].encode()) == case["sha256_base64url"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"seq": -1}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": "0"}, "seq"),
        ({"v": 2}, "version"),
        ({"v": True}, "version"),
        ({"type": "payment"}, "unknown"),
        ({"id": "x"}, "id is malformed"),
        ({"prev": "00" * 31}, "prev is malformed"),
        ({"prev": "AA" * 32}, "prev is malformed"),
        ({"salt": "short"}, "salt is malformed"),
        ({"recorded_at": "2026-11-22T10:00:00+00:00"}, "not a UTC time"),
        ({"recorded_at": "2026-02-30T10:00:00Z"}, "does not exist"),
        ({"origin": "a b"}, "cannot name"),
        ({"sd": ["b" * 43, "a" * 43]}, "sorted"),
        ({"sd": ["a" * 43, "a" * 43]}, "distinct"),
        ({"sd": ["a" * 42]}, "digests"),
        ({"sd": "a" * 43}, "not a list"),
        ({"body": []}, "body"),
        ({"extra": 1}, "exactly the fields"),
        ({"salt": ...}, "exactly the fields"),
    ],
)
def test_entry_of_another_form_is_refused(fields: dict[str, object], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        Entry.parse(changed(**fields))


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"!!!!",
        base64.urlsafe_b64encode(b'["a","b"]'),
        base64.urlsafe_b64encode(encode([SALT, "a", 1])),
        base64.urlsafe_b64encode(encode(["short", "a", "b"])),
        opening_bytes(SALT, "a", "b") + b"=",
        base64.urlsafe_b64encode(b'["' + SALT.encode() + b'", "a", "b"]'),
    ],
)
def test_opening_of_another_form_is_refused(stored: bytes) -> None:
    with pytest.raises(InputError):
        Opening.parse(stored)
