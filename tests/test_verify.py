"""Verifying: what holds, what is reported beside it, and what even the key's owner cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed import (
    ORIGIN,
    SIGNER,
    altered,
    checked,
    entries,
    fill,
    forge,
    found,
    leg,
    plain_leaf,
    reversal,
    said,
)

from ledger.canonical import JSON, encode
from ledger.entry import TYPES, Entry, Opening, genesis_prev, opening_bytes
from ledger.errors import InputError, IntegrityError
from ledger.keys import FileSigner
from ledger.log.seal import IRREVERSIBLE
from ledger.merkle import leaf_hash, verify_inclusion
from ledger.stores.keyfiles import Files
from ledger.verify.entries import REVERSIBLE, content_text, read_opening
from ledger.verify.leaf import read_leaf

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "verify.v1.schema.json"
OTHER_KEY = FileSigner.from_seed(ORIGIN, b"1" * 32).verifier.encode()
NAMES = [
    *("schema", "meta", "signatures", "entries", "hashes", "chain", "times"),
    *("ids", "openings", "keys", "reversals", "roots", "peaks"),
]


def test_verify_of_an_empty_ledger_holds(tmp_path: Path) -> None:
    verdict = checked(found(tmp_path))
    assert (verdict.size, verdict.signed_size) == (0, 0)
    assert [check.name for check in verdict.checks] == NAMES
    assert [check.step for check in verdict.checks] == list(range(1, 14))
    counts = {check.name: check.count for check in verdict.checks}
    assert (counts["signatures"], counts["roots"], counts["entries"]) == (1, 1, 0)


def test_verify_counts_what_it_checked(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0), leg(1)], [leg(2), said(0)])
    fill(context, [reversal(entries(context)[3])])
    counts = {check.name: check.count for check in checked(context).checks}
    assert counts == {
        "schema": 15,
        "meta": 4,
        "signatures": 4,
        "entries": 5,
        "hashes": 5,
        "chain": 5,
        "times": 5,
        "ids": 5,
        "openings": 3 * 3 + 1,
        "keys": 5,
        "reversals": 1,
        "roots": 4,
        "peaks": 2,
    }


def test_verify_reports_an_unsigned_tail(tmp_path: Path) -> None:
    context = found(tmp_path)
    path = Files(context.ledger).checkpoints
    fill(context, [said(0)])
    before = path.read_bytes()
    fill(context, [said(1), said(2)])
    path.write_bytes(before)
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (3, 1)
    roots = next(check for check in verdict.checks if check.name == "roots")
    assert roots.note == "2 entries after the newest checkpoint are unsigned"


def test_verify_leaves_out_a_torn_note_and_says_so(tmp_path: Path) -> None:
    context = found(tmp_path)
    path = Files(context.ledger).checkpoints
    fill(context, [said(0)])
    before = len(path.read_bytes())
    fill(context, [said(1)])
    whole = path.read_bytes()
    for stop in range(before + 1, len(whole)):
        path.write_bytes(whole[:stop])
        verdict = checked(context)
        assert verdict.signed_size == 1, stop
        assert f"{stop - before} bytes" in verdict.checks[2].note
    path.write_bytes(whole[: before + 40] + bytes(60))
    assert checked(context).signed_size == 1


@pytest.mark.parametrize("tail", [b"\0", b"x", ORIGIN.encode() + b"\n3", ORIGIN.encode() + b"\n1"])
def test_verify_refuses_a_tail_that_no_crash_leaves(tmp_path: Path, tail: bytes) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    with Files(context.ledger).checkpoints.open("ab") as file:
        file.write(tail)
    with pytest.raises(IntegrityError, match="no note"):
        checked(context)


def test_verify_trusts_the_given_key_and_says_which(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    assert checked(context).vkey_source == "ledger"
    given_key = checked(context, SIGNER.verifier.encode())
    assert (given_key.vkey, given_key.vkey_source) == (SIGNER.verifier.encode(), "given")
    with pytest.raises(IntegrityError, match="not the one to be trusted"):
        checked(context, OTHER_KEY)
    with pytest.raises(InputError):
        checked(context, "ledger.example/lab-a+00000000+AAAA")


def test_verify_finds_a_history_signed_with_another_key(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    with altered(context) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'vkey'", (OTHER_KEY,))
    with pytest.raises(IntegrityError, match="note 1"):
        checked(context)


def test_verify_without_the_secret_says_what_it_could_not_see(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0), said(1)])
    Files(context.ledger).secret.unlink()
    notes = {check.name: check.note for check in checked(context).checks}
    assert notes["keys"] == "content of 2 not recomputed: no secret"


def test_verify_with_another_secret_fails(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    Files(context.ledger).secret.write_text("0" * 64)
    with pytest.raises(IntegrityError, match="content") as caught:
        checked(context)
    assert "secret" in caught.value.why


def test_verify_refuses_an_opening_that_no_digest_asks_for(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [leg(0), leg(1)])
    extra = opening_bytes("A" * 22, "operator", "me")
    for seq, place in ((1, 3), (1, 7), (0, -1)):
        with altered(context) as connection:
            connection.execute("INSERT INTO openings VALUES (?, ?, ?)", (seq, place, extra))
        with pytest.raises(IntegrityError, match="no digest") as caught:
            checked(context)
        assert caught.value.seq == seq
        with altered(context) as connection:
            connection.execute("DELETE FROM openings WHERE ord = ?", (place,))
    checked(context)


def test_verify_accepts_a_forged_history_that_is_sound(tmp_path: Path) -> None:
    context = found(tmp_path)
    forge(context, [plain_leaf(0), plain_leaf(1), plain_leaf(2)])
    assert checked(context).size == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seq": 7}, "says it is number 7"),
        ({"origin": "ledger.example/lab-b"}, "belongs to ledger.example/lab-b"),
        ({"prev": "0" * 64}, "prev is not the hash"),
        ({"recorded_at": "2026-11-23T09:59:59Z"}, "before 2026"),
        ({"recorded_at": "2026-11-31T09:59:59Z"}, "does not exist"),
        ({"id": "00000000-0000-4000-8000-000000000000"}, "is that of entry 0"),
        ({"id": "zero"}, "id is malformed"),
        ({"type": "rumour"}, "unknown"),
        ({"v": 2}, "version"),
        ({"salt": "short"}, "salt is malformed"),
        ({"sd": ["A" * 43, "A" * 43]}, "distinct"),
        ({"extra": 1}, "exactly the fields"),
    ],
)
def test_verify_holds_the_owner_of_the_key_to_the_shape(
    tmp_path: Path, change: dict[str, JSON], message: str
) -> None:
    context = found(tmp_path)
    forge(context, [plain_leaf(0), plain_leaf(1, **change), plain_leaf(2)])
    with pytest.raises(IntegrityError, match=message) as caught:
        checked(context)
    assert caught.value.seq == 1


def test_verify_refuses_bytes_that_are_not_canonical(tmp_path: Path) -> None:
    context = found(tmp_path)
    forge(context, [plain_leaf(0)])
    (entry,) = entries(context)
    for spelling in (
        entry.encode().replace(b'"v":1', b'"v": 1'),
        entry.encode().replace(b'"v":1', b'"v":1.0'),
        entry.encode().replace(b'"sd":[]', b'"sd":[],"sd":[]'),
        entry.encode().replace(b"letter", b"lette\\u0072"),
        b"[" * 40_000,
        b"\xff",
    ):
        with altered(context) as connection:
            row = (spelling, leaf_hash(spelling))
            connection.execute("UPDATE entries SET bytes = ?, hash = ?", row)
        with pytest.raises(IntegrityError, match="no entry") as caught:
            checked(context)
        assert caught.value.seq == 0


def backwards(seq: int, target: dict[str, JSON], **changes: JSON) -> dict[str, JSON]:
    """Return a reversal of a forged entry 0."""
    data = encode({"prev": genesis_prev(ORIGIN), **target})
    body: dict[str, JSON] = {
        "reverses": target["seq"],
        "hash": leaf_hash(data).hex(),
        "reversed_type": target["type"],
        "reversed": target["body"],
        "reason": "withdrawn",
        "root_cause": None,
        "discovered_on": None,
        "idempotency_key": f"{seq:064x}",
        **changes,
    }
    return plain_leaf(seq, type="reversal", body=body)


def test_verify_takes_a_reversal_once_and_word_for_word(tmp_path: Path) -> None:
    first = plain_leaf(0)
    whole = backwards(1, first)
    sound = found(tmp_path, "sound.db")
    forge(sound, [first, whole])
    assert checked(sound).size == 2
    wrong: dict[str, list[dict[str, JSON]]] = {
        "as entry 1 did": [first, whole, backwards(2, first)],
        "word for word": [first, backwards(1, first, hash="0" * 64)],
        "copy entry 0 word": [first, backwards(1, first, reversed={})],
        "copy entry 0": [first, backwards(1, first, reversed_type="fact")],
        "no entry before it": [first, backwards(1, first, reverses=1)],
        "not that of type reversal": [first, backwards(1, first, reverses=None)],
    }
    body = {"envelope_sha256": "0" * 64, "size": 0, "number": 1, "idempotency_key": "0" * 64}
    attested = plain_leaf(0, type="attestation", body=body)
    wrong["of type attestation"] = [attested, backwards(1, attested, reversed_type="filing")]
    for number, (message, leaves) in enumerate(wrong.items()):
        context = found(tmp_path, f"{number}.db")
        forge(context, leaves)
        with pytest.raises(IntegrityError, match=message) as caught:
            checked(context)
        assert caught.value.seq == len(leaves) - 1
    assert REVERSIBLE == TYPES - IRREVERSIBLE


def test_verify_refuses_two_live_entries_under_one_key(tmp_path: Path) -> None:
    context = found(tmp_path)
    twin = plain_leaf(1)
    assert isinstance(twin["body"], dict)
    twin["body"]["idempotency_key"] = "0" * 64
    forge(context, [plain_leaf(0), twin])
    with pytest.raises(IntegrityError, match="key of entry 0, which was not reversed") as caught:
        checked(context)
    assert caught.value.seq == 1


@pytest.mark.parametrize("body", [{}, {"idempotency_key": 5}, {"idempotency_key": "ab"}])
def test_verify_refuses_a_leaf_without_its_key(tmp_path: Path, body: dict[str, JSON]) -> None:
    context = found(tmp_path)
    forge(context, [plain_leaf(0)])
    leaf = encode({"prev": entries(context)[0].prev, **plain_leaf(0, body=body)})
    with altered(context) as connection:
        connection.execute("UPDATE entries SET bytes = ?, hash = ?", (leaf, leaf_hash(leaf)))
    with pytest.raises(IntegrityError, match="idempotency_key is not"):
        checked(context)


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(TEXT, TEXT, st.sampled_from(["", "a", "idempotency_key_2", "z"]))
def test_content_is_cut_out_of_the_leaf_as_it_would_be_written(
    value: str, secret: str, name: str
) -> None:
    key = "ab" * 32
    body: dict[str, JSON] = {"idempotency_key": key}
    if name:
        body |= {name: value, "reversed": {"idempotency_key": "cd" * 32, "id": value}}
    name_of = "00000000-0000-4000-8000-000000000000"
    at, prev, salt = "2026-11-23T10:00:00Z", "0" * 64, "A" * 22
    entry = Entry(0, name_of, "fact", at, ORIGIN, prev, salt, (), body)
    hidden = {"site": secret, "notes": '","id":"'}
    own: dict[str, JSON] = {k: v for k, v in body.items() if k != "idempotency_key"}
    whole = encode({"body": own, "hidden": dict(hidden), "type": "fact"})
    assert content_text(read_leaf(entry.encode()), hidden) == b"content\0" + whole


@given(TEXT, st.sampled_from(["site", "notes", "Site", "x" * 50]))
def test_opening_is_read_alike_on_both_ways(value: str, name: str) -> None:
    stored = opening_bytes("A" * 22, name, value)
    assert read_opening(stored) == (name, value)
    assert Opening.parse(stored) == Opening("A" * 22, name, value)


@pytest.mark.parametrize(
    "stored",
    [b"", b"!", b"W10", b"WyJBIl0=", opening_bytes("B" * 22, "a", "b") + b"=", b"\xff" * 4],
)
def test_opening_in_another_form_is_refused(stored: bytes) -> None:
    with pytest.raises(InputError):
        read_opening(stored)


def test_verify_command_prints_a_verdict_of_the_published_form(
    tmp_path: Path, flopledger: Run
) -> None:
    context = found(tmp_path)
    fill(context, [leg(0), said(1)])
    schema = json.loads(SCHEMA.read_text("utf-8"))
    done = flopledger("verify", "-f", "json")
    assert done.code == 0
    document = json.loads(done.out)
    jsonschema.validate(document, schema)
    assert document["ledger"]["size"] == 2
    assert "stated by the ledger itself" in flopledger("verify").out
    assert "given with --vkey" in flopledger("verify", "--vkey", SIGNER.verifier.encode()).out
    with altered(context) as connection:
        connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq = 1")
    failed = flopledger("verify", "-f", "json")
    assert failed.code == 4
    jsonschema.validate(json.loads(failed.out), schema)
    assert json.loads(failed.out)["failure"]["seq"] == 1
    assert "entry 1" in failed.err
    assert "Traceback" not in failed.err


def test_verify_command_tells_a_missing_ledger_from_a_bad_one(
    tmp_path: Path, flopledger: Run
) -> None:
    assert flopledger("verify").code == 2
    context = found(tmp_path)
    assert flopledger("verify").code == 0
    assert flopledger("verify", "--vkey", "nonsense").code == 2
    assert flopledger("verify", "--vkey", OTHER_KEY).code == 4
    # Its checkpoints are still there: a ledger that is gone is not one that never was.
    context.ledger.rename(tmp_path / "renamed.db")
    assert flopledger("verify").code == 4


def test_prove_gives_a_receipt_that_stands_alone(tmp_path: Path, flopledger: Run) -> None:
    context = found(tmp_path)
    fill(context, [said(n) for n in range(5)])
    done = flopledger("prove", "3")
    assert done.code == 0
    first, index, *rest = done.out.split("\n")
    assert (first, index) == ("c2sp.org/tlog-proof@v1", "index 3")
    assert done.out.endswith(flopledger("checkpoint", "show").out)
    shown = json.loads(flopledger("show", "3", "-f", "json").out)["proof"]
    path = [bytes.fromhex(digest) for digest in shown["path"]]
    assert len(path) == rest.index("")
    leaf = entries(context)[3].hash()
    verify_inclusion(leaf, 3, 5, path, bytes.fromhex(shown["root"]))
    assert flopledger("prove", "5").code == 2
