"""Cosignatures: C2SP bytes, times, and keys that sign something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from witnesses import LOG, TIME, W1, W2, cosigned, leaves, signed, vkey

from ledger.checkpoint import Note, NoteSignature
from ledger.cosignature import TIME_MAX, Cosignature, cosign, cosigner, message, parse_cosignatures
from ledger.errors import InputError, IntegrityError
from ledger.keys import COSIGNATURE, ED25519, ML_DSA, FileSigner, VerifierKey

TEXT = Note.parse(signed(leaves(5))).text


@pytest.fixture
def made(shared_path: Callable[[str], Path]) -> Any:
    return json.loads(shared_path("vectors/signed-note.json").read_text())["made_here"]


def test_cosignature_bytes_match_the_published_ones(made: Any) -> None:
    signer = FileSigner.from_seed(made["witness"]["name"], bytes.fromhex(made["witness"]["seed"]))
    key = VerifierKey.parse(made["witness"]["vkey"], (COSIGNATURE,))
    assert cosigner(signer) == key
    assert key.encode() == made["witness"]["vkey"]
    assert key.key_id.hex() == made["witness"]["key_id"]
    note = Note.parse(made["cosigned_checkpoint"].encode())
    assert message(made["cosignature_time"], note.text).decode() == made["cosigned_message"]
    opened = Cosignature.open(note, key)
    assert opened is not None
    assert opened.time == made["cosignature_time"]
    again = cosign(note.text, made["cosignature_time"], signer)
    assert again.line() == note.signatures[1]
    assert again == opened


def test_cosignature_of_nobody_is_none() -> None:
    note = Note.parse(cosigned(leaves(5), W1))
    assert Cosignature.open(note, cosigner(W2)) is None
    opened = Cosignature.open(note, cosigner(W1))
    assert opened is not None
    assert opened.at.isoformat() == "2026-05-28T20:26:40+00:00"


@pytest.mark.parametrize("time", [0, 1, 2**32, TIME_MAX])
def test_cosignature_carries_any_time(time: int) -> None:
    opened = Cosignature.open(Note.parse(cosigned(leaves(5), W1, time=time)), cosigner(W1))
    assert opened is not None
    assert opened.time == time
    assert opened.at.year <= 9999


def test_cosignature_with_a_time_out_of_range_is_refused() -> None:
    line = NoteSignature(W1.name, cosigner(W1).key_id, b"\xff" * 72)
    with pytest.raises(IntegrityError, match="states the time"):
        Cosignature.open(Note(TEXT, (line,)), cosigner(W1))


@given(st.integers(0, 71), st.integers(1, 255))
def test_cosignature_changed_at_any_byte_is_refused(place: int, flip: int) -> None:
    line = cosign(TEXT, TIME, W1).line()
    data = bytearray(line.signature)
    data[place] ^= flip
    bad = NoteSignature(line.name, line.key_id, bytes(data))
    with pytest.raises(IntegrityError):
        Cosignature.open(Note(TEXT, (bad,)), cosigner(W1))


def test_cosignature_and_signature_never_stand_for_each_other() -> None:
    plain = NoteSignature(W1.name, cosigner(W1).key_id, bytes(8) + W1.sign(TEXT.encode()))
    with pytest.raises(IntegrityError, match="does not verify"):
        Cosignature.open(Note(TEXT, (plain,)), cosigner(W1))
    with pytest.raises(InputError, match="type 1"):
        Cosignature.open(Note.parse(signed(leaves(5))), LOG.verifier)
    with pytest.raises(InputError, match="cosignature key of type 4"):
        Note.parse(signed(leaves(5))).verify(
            VerifierKey(LOG.name, LOG.verifier.public, COSIGNATURE)
        )


def test_key_of_each_type_is_read_where_it_belongs() -> None:
    assert VerifierKey.parse(vkey(W1), (COSIGNATURE, ML_DSA)).kind == COSIGNATURE
    big = VerifierKey("pq.example/w", bytes(range(256)) * 5 + bytes(32), ML_DSA)
    assert VerifierKey.parse(big.encode(), (COSIGNATURE, ML_DSA)) == big
    with pytest.raises(InputError, match="ML-DSA-44 cosignature key of type 6"):
        VerifierKey.parse(big.encode())
    with pytest.raises(InputError, match="with 1311 bytes, not 1312"):
        VerifierKey.parse(VerifierKey("w", bytes(1311), ML_DSA).encode(), (ML_DSA,))
    with pytest.raises(InputError, match="unknown type 250"):
        VerifierKey.parse(VerifierKey("w", bytes(32), 250).encode(), (ED25519,))
    with pytest.raises(InputError, match="type 6"):
        Cosignature.open(Note.parse(signed(leaves(5))), big)


def test_answer_of_a_witness_is_lines_and_nothing_else() -> None:
    line = cosign(TEXT, TIME, W1).line()
    data = line.encode().encode()
    assert parse_cosignatures(data) == (line,)
    assert parse_cosignatures(data * 2) == (line, line)
    unpadded = data.replace(b"=", b"")
    for bad in (b"", b"\n", data[:-1], data + b"\n", b"x" + data, b"\xff\n", unpadded):
        with pytest.raises(InputError):
            parse_cosignatures(bad)
