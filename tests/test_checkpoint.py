"""Keys, notes and checkpoints: C2SP bytes, and nothing lax is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.checkpoint import SIGNATURES_MAX, Checkpoint, Note
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.keys import FileSigner, VerifierKey, check_name
from ledger.merkle import EMPTY_ROOT

SIGNER = FileSigner.from_seed("ledger.example/lab", bytes(range(32)))
OTHER = FileSigner.from_seed("ledger.example/lab", bytes(range(1, 33)))
HEAD = Checkpoint("ledger.example/lab", 8, bytes(32))


@pytest.fixture
def vectors(shared_path: Callable[[str], Path]) -> Any:
    return json.loads(shared_path("vectors/signed-note.json").read_text())


def test_note_published_signatures_verify(vectors: Any) -> None:
    for case in vectors["published"]:
        key = VerifierKey.parse(case["vkey"])
        assert key.encode() == case["vkey"]
        note = Note.parse(case["note"].encode())
        note.verify(key)
        assert note.encode() == case["note"].encode()


def test_checkpoint_bytes_match_the_published_ones(vectors: Any) -> None:
    made = vectors["made_here"]
    signer = FileSigner.from_seed(made["log"]["name"], bytes.fromhex(made["log"]["seed"]))
    key = VerifierKey.parse(made["log"]["vkey"])
    assert signer.verifier == key
    for case in made["checkpoints"]:
        checkpoint = Checkpoint.open(case["note"].encode(), key)
        assert checkpoint.size == case["size"]
        assert checkpoint.sign(signer) == case["note"].encode()
    assert Checkpoint.open(made["cosigned_checkpoint"].encode(), key).size > 0


def test_checkpoint_reader_refuses_every_published_bad_note(vectors: Any) -> None:
    key = VerifierKey.parse(vectors["made_here"]["log"]["vkey"])
    assert len(vectors["must_refuse"]) == 21
    for case in vectors["must_refuse"]:
        with pytest.raises(LedgerError):
            Checkpoint.open(case["note"].encode(), key)


def test_checkpoint_of_another_key_is_refused() -> None:
    assert Checkpoint.open(HEAD.sign(SIGNER), SIGNER.verifier) == HEAD
    with pytest.raises(IntegrityError, match="0 signatures"):
        Checkpoint.open(HEAD.sign(OTHER), SIGNER.verifier)


def test_note_with_a_forged_signature_of_a_known_key_is_refused() -> None:
    note = Note.parse(HEAD.sign(SIGNER))
    line = note.signatures[0]
    broken = type(line)(line.name, line.key_id, bytes(64))
    with pytest.raises(IntegrityError, match="does not verify"):
        Note(note.text, (broken,)).verify(SIGNER.verifier)


def test_note_signed_twice_by_one_key_is_refused() -> None:
    note = Note.parse(HEAD.sign(SIGNER))
    with pytest.raises(IntegrityError, match="2 signatures"):
        Note(note.text, note.signatures * 2).verify(SIGNER.verifier)


def test_note_of_too_many_signatures_is_refused() -> None:
    note = Note.parse(HEAD.sign(SIGNER))
    full = Note(note.text, note.signatures * SIGNATURES_MAX)
    assert Note.parse(full.encode()) == full
    with pytest.raises(InputError, match="signatures"):
        Note.parse(Note(note.text, note.signatures * (SIGNATURES_MAX + 1)).encode())


def test_checkpoint_of_an_empty_log_has_the_empty_root() -> None:
    assert Checkpoint.parse(Checkpoint("a.b", 0, EMPTY_ROOT).text()).size == 0
    with pytest.raises(InputError, match="empty log"):
        Checkpoint.parse(Checkpoint("a.b", 0, bytes(32)).text())


def test_key_text_with_another_id_is_refused() -> None:
    name, _, data = SIGNER.verifier.encode().split("+", 2)
    with pytest.raises(InputError, match="its bytes give"):
        VerifierKey.parse(f"{name}+00000000+{data}")


def test_key_survives_its_pem_file() -> None:
    again = FileSigner.parse_pem(SIGNER.name, SIGNER.pem())
    assert again.verifier == SIGNER.verifier
    with pytest.raises(InputError, match="no readable private key"):
        FileSigner.parse_pem("a.b", b"-----BEGIN RUBBISH-----")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "é", "x" * 201, "a\nb"])
def test_key_name_that_would_break_a_note_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot name a ledger"):
        check_name(name)
