"""Receipts: C2SP tlog-proof bytes, everything lax refused, and the check of one entry."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed import ORIGIN, SIGNER, entries, fill, found, said
from witnesses import W1, cosigned, leaves, vkey

from ledger.canonical import BYTES_MAX
from ledger.checkpoint import Checkpoint, Note
from ledger.cosignature import cosign
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.inclusion import PROOF_MAX, Proof
from ledger.merkle import inclusion_proof, leaf_hash, root_of
from ledger.stores.cosignatures import CosignaturesFile
from ledger.stores.keyfiles import Files

Run = Callable[..., Any]
SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
HASHES = leaves(8)
NOTE = cosigned(HASHES, W1)
HEAD = Checkpoint.parse(Note.parse(NOTE).text)
SOUND = Proof(5, tuple(inclusion_proof(HASHES, 5)), HEAD, NOTE)
LINES = SOUND.encode().decode().split("\n")


def test_receipt_bytes_match_the_published_ones(shared_path: Callable[[str], Path]) -> None:
    made = json.loads(shared_path("vectors/signed-note.json").read_text())["made_here"]
    tree = json.loads(shared_path("vectors/rfc6962-merkle.json").read_text())
    proof = Proof.parse(made["tlog_proof_index_5"].encode())
    assert proof.encode().decode() == made["tlog_proof_index_5"]
    assert (proof.index, proof.checkpoint.size, proof.extra) == (5, 8, None)
    proof.verify(leaf_hash(bytes.fromhex(tree["leaves"][5])))
    for number, leaf in enumerate(tree["leaves"]):
        if number != 5:
            with pytest.raises(IntegrityError, match="another root"):
                proof.verify(leaf_hash(bytes.fromhex(leaf)))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 33])
def test_receipt_of_every_leaf_holds_and_reads_back(size: int) -> None:
    hashes = leaves(size)
    note = cosigned(hashes, W1)
    for index in range(size):
        path = tuple(inclusion_proof(hashes, index))
        proof = Proof(index, path, Checkpoint.parse(Note.parse(note).text), note)
        assert Proof.parse(proof.encode()) == proof
        proof.verify(hashes[index])


def test_receipt_carries_its_extra_and_proves_nothing_of_it() -> None:
    for extra in (b"", b"\0\xff", b"version 1"):
        proof = Proof(5, SOUND.path, HEAD, NOTE, extra)
        again = Proof.parse(proof.encode())
        assert again == proof
        again.verify(HASHES[5])


BAD_LINES: dict[str, list[str]] = {
    "first line of a proof": ["c2sp.org/tlog-proof@v2", *LINES[1:]],
    "no index line": [LINES[0], *LINES[2:]],
    "plain decimal number": [LINES[0], "index 05", *LINES[2:]],
    "decimal": [LINES[0], "index -1", *LINES[2:]],
    "a plain decimal": [LINES[0], "index  5", *LINES[2:]],
    "index line": [LINES[0], "extra QQ==", "extra QQ=="],
    "not base64": [*LINES[:2], "extra QQ==", *LINES[2:]],
    "canonical base64": [LINES[0], "extra QR==", *LINES[1:]],
    "hash 1 of the proof of inclusion has 31 bytes": [*LINES[:2], "A" * 41 + "A==", *LINES[3:]],
    "with 64 hashes, more than 63": [*LINES[:2], *[LINES[2]] * 64, *LINES[5:]],
    "no empty line before the checkpoint": LINES[:3],
    "is not ASCII": [LINES[0], "index \u0665", *LINES[2:]],
    "no newline at its end": LINES[:-1],
    "carriage return": [*LINES[:-2], LINES[-2] + "\r", ""],
}


@pytest.mark.parametrize("words", BAD_LINES)
def test_receipt_of_another_spelling_is_refused_by_name(words: str) -> None:
    data = "\n".join(BAD_LINES[words]).encode()
    if words == "index line":
        data += b"\n\n" + NOTE
    with pytest.raises(InputError) as caught:
        Proof.parse(data)
    assert words in caught.value.message


def test_receipt_that_is_too_long_too_short_or_of_no_entry_is_refused() -> None:
    with pytest.raises(InputError, match="more than"):
        Proof.parse(SOUND.encode() + b"x" * PROOF_MAX)
    for path, words in ((SOUND.path[:-1], "too short"), ((*SOUND.path, bytes(32)), "too long")):
        with pytest.raises(IntegrityError, match=words):
            Proof(5, path, HEAD, NOTE).verify(HASHES[5])
    with pytest.raises(IntegrityError, match="of entry 8, its checkpoint covers 8"):
        Proof(8, SOUND.path, HEAD, NOTE).verify(HASHES[5])


@given(st.binary(max_size=400), st.integers(0, len(SOUND.encode())))
def test_receipt_reader_raises_nothing_but_its_own_errors(noise: bytes, place: int) -> None:
    sound = SOUND.encode()
    for data in (noise, sound[:place] + noise, sound[:place] + noise + sound[place:]):
        try:
            assert Proof.parse(data).encode() == data
        except LedgerError:
            continue


@pytest.fixture
def receipt(tmp_path: Path, flopledger: Run) -> list[str]:
    """Arguments that check a receipt of entry 3 in a cosigned ledger of 5."""
    context = found(tmp_path)
    fill(context, [said(n) for n in range(5)])
    text = flopledger("checkpoint", "show").out.partition("\n\n")[0] + "\n"
    file = CosignaturesFile(Files(context.ledger).cosignatures)
    file.add(Note(text, (cosign(text, 1_780_000_000, W1).line(),)))
    # A newer checkpoint that nobody cosigned does not take its place.
    fill(context, [said(9)])
    assert flopledger("prove", "3", "--entry", "entry", "-o", "p.tlog-proof").code == 0
    return ["prove", "--check", "p.tlog-proof", "entry"]


def test_receipt_command_says_who_signed(receipt: list[str], flopledger: Run) -> None:
    keys = ["--vkey", SIGNER.verifier.encode(), "--vkey", vkey(W1)]
    done = flopledger(*receipt, *keys)
    assert done.code == 0, done.err
    assert "entry 3 is in the ledger ledger.example/lab-a" in done.out
    assert "cosigned by" in done.out
    document = json.loads(flopledger(*receipt, *keys, "-f", "json").out)
    schema = json.loads((SCHEMAS / "receipt.v1.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["checkpoint"]["size"] == 5
    assert document["cosigned_by"][0]["time"] == "2026-05-28T20:26:40Z"
    plain = flopledger(*receipt, "--vkey", SIGNER.verifier.encode())
    assert "a signature of regulator.example/w1: shown only" in plain.out


def test_receipt_command_fails_for_what_does_not_hold(
    receipt: list[str], flopledger: Run, tmp_path: Path
) -> None:
    key = ["--vkey", SIGNER.verifier.encode()]
    sound = Path("entry").read_bytes()
    Path("entry").write_bytes(sound + b"\n")
    assert flopledger(*receipt, *key).code == 0
    other = entries(found_context(tmp_path))[2].encode()
    Path("entry").write_bytes(other)
    done = flopledger(*receipt, *key)
    assert done.code == 4
    assert "the entry says number 2, the proof is of number 3" in done.err
    Path("entry").write_bytes(sound.replace(b"number 3", b"number 4").replace(b"3 FLOP", b"4 FLOP"))
    done = flopledger(*receipt, *key)
    assert done.code == 4
    assert "leads to another root" in done.err
    Path("entry").write_bytes(sound)
    short = flopledger(*receipt, *key, "--vkey", vkey(W1).replace("w1", "w9"))
    assert short.code == 2  # the id no longer fits the name
    Path("policy").write_text(f"log {key[1]}\nwitness w {vkey(W1)}\nquorum w\n")
    assert flopledger(*receipt, "--policy", "policy").code == 0
    proof = Path("p.tlog-proof").read_text().splitlines(keepends=True)
    Path("p.tlog-proof").write_text("".join(proof[:-1]))
    done = flopledger(*receipt, "--policy", "policy")
    assert done.code == 4
    assert "too few witnesses" in done.err
    assert flopledger(*receipt).code == 2
    for name in ("x", "9" * 30, "9" * 5000, "\u0663"):
        assert flopledger("prove", name).code == 2
    assert flopledger("prove", "3", *key).code == 2


def test_threat_4_receipt_command_compares_what_the_policy_remembers(
    receipt: list[str], flopledger: Run, tmp_path: Path
) -> None:
    hashes = [each.hash() for each in entries(found_context(tmp_path))]
    log = f"log {SIGNER.verifier.encode()}"

    def checked(*kept: Checkpoint, **limits: Any) -> Any:
        value = {
            "schema": "flopledger/policy.v1",
            "tlog_policy": [log, f"witness w {vkey(W1)}", "quorum w"],
            "remembered": [each.sign(SIGNER).decode() for each in kept] or None,
            "keys": [{"vkey": SIGNER.verifier.encode(), **limits}] if limits else None,
        }
        Path("policy").write_text(json.dumps(value))
        return flopledger(*receipt, "--policy", "policy", "-f", "json")

    def state(size: int, root: bytes | None = None) -> Checkpoint:
        return Checkpoint(ORIGIN, size, root or root_of(hashes[:size]))

    assert checked(state(3), state(4), state(5)).code == 0
    for size in (3, 4, 5):
        forked = checked(state(size, b"x" * 32))
        assert forked.code == 4
        assert "have another root than the checkpoint kept" in forked.err
    open_ = checked(state(2), state(4), state(6))
    assert (open_.code, json.loads(open_.out)["not_compared"]) == (3, [2, 6])
    # And a key whose term is over, as in a bundle: the witness saw the checkpoint in May.
    assert checked(not_after="2026-06-01T00:00:00Z").code == 0
    ended = checked(not_after="2026-05-01T00:00:00Z")
    assert ended.code == 4
    assert "nothing shows that" in ended.err


def found_context(folder: Path) -> Any:
    """Return the options of the ledger in the folder."""
    from ledger.cli.context import Context  # noqa: PLC0415 - beside its only use

    return Context(folder / "ledger.db", None, quiet=True, no_input=True, debug=False)


def test_receipt_command_shows_extra_as_unproved(receipt: list[str], flopledger: Run) -> None:
    path = Path("p.tlog-proof")
    path.write_bytes(path.read_bytes().replace(b"index", b"extra AAAA\nindex", 1))
    done = flopledger(*receipt, "--vkey", SIGNER.verifier.encode())
    assert done.code == 0
    assert "3 bytes that nothing proves" in done.out


def test_receipt_is_checked_without_a_database_or_a_model(receipt: list[str]) -> None:
    heavy = "pydantic msgspec yaml polars sqlmodel sqlalchemy sqlite3"
    arguments = [*receipt, "--vkey", SIGNER.verifier.encode()]
    code = (
        f"import sys; from ledger.cli.app import run; assert run({arguments!r}) == 0; "
        f"print([m for m in {heavy.split()!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow  # what it loads is tested above; this is the time that it takes
def test_receipt_is_checked_in_a_fifth_of_a_second(receipt: list[str]) -> None:
    # Time of the processor, beside an interpreter that does nothing: other work does not count.
    def spent(*arguments: str) -> float:
        best = 10.0
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return best

    checked = spent("-m", "ledger", *receipt, "--vkey", SIGNER.verifier.encode())
    assert checked - spent("-c", "pass") < 0.2


def test_entry_fits_an_entry_bundle_of_a_tiled_log(shared_path: Callable[[str], Path]) -> None:
    tiles = json.loads(shared_path("vectors/tlog-tiles.json").read_text())["entry_bundle"]
    made = [bytes.fromhex(entry) for entry in tiles["entries_hex"]]
    bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in made)
    assert bundle.hex() == tiles["bundle_hex"]
    assert BYTES_MAX == 2**16 - 1
