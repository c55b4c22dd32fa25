"""Envelopes: whose signature counts, and that no bytes raise anything else."""

from __future__ import annotations

import re

import pytest
from attested import ANNA, BEN, attestation
from hypothesis import given
from hypothesis import strategies as st

from ledger.envelope import Envelope, EnvelopeSignature, keyid_of
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.statement import Statement

STATEMENT = attestation().statement()
SIGNED = Envelope(STATEMENT.encode()).sign(ANNA).sign(BEN)
ANNA_KEY, BEN_KEY = ANNA.verifier, BEN.verifier


def test_signers_are_keys_and_not_signatures() -> None:
    signed = SIGNED.signed_by([BEN_KEY, ANNA_KEY, ANNA_KEY])
    assert signed.keys == (ANNA_KEY, BEN_KEY)
    assert not signed.unknown
    assert SIGNED.sign(ANNA) == SIGNED
    assert SIGNED.signed_by([BEN_KEY]).unknown == (keyid_of(ANNA_KEY),)
    # Without a hint, or under a foreign one, a signature still belongs to the key that made it.
    bare = Envelope(
        SIGNED.payload,
        signatures=tuple(EnvelopeSignature(None, row.signature) for row in SIGNED.signatures),
    )
    assert bare.signed_by([BEN_KEY, ANNA_KEY]).keys == (ANNA_KEY, BEN_KEY)


def test_envelopes_join_over_one_statement_only() -> None:
    draft = Envelope(STATEMENT.encode())
    assert draft.sign(ANNA).joined(draft.sign(BEN)) == SIGNED
    assert SIGNED.joined(draft.sign(BEN)) == SIGNED
    with pytest.raises(InputError, match="different statements"):
        draft.sign(ANNA).joined(Envelope(attestation(number=2).statement().encode()).sign(BEN))


def test_threat_14_signature_under_the_hint_of_another_known_key_is_refused() -> None:
    by_ben = SIGNED.signatures[1].signature
    row = EnvelopeSignature(keyid_of(ANNA_KEY), by_ben)
    claimed = Envelope(STATEMENT.encode(), signatures=(row,))
    with pytest.raises(IntegrityError, match=r"claims to be by law\.example/anna"):
        claimed.signed_by([ANNA_KEY, BEN_KEY])
    # Where nobody knows the key of the hint, it is a hint and no more.
    assert claimed.signed_by([BEN_KEY]).keys == (BEN_KEY,)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_envelope_and_statement_raise_nothing_else(data: bytes) -> None:
    for read in (Envelope.parse, Statement.parse):
        with pytest.raises(InputError):
            read(data)


@given(st.data())
def test_envelope_with_a_byte_changed_is_refused_or_signs_no_longer(data: st.DataObject) -> None:
    raw = bytearray(SIGNED.encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        signed = Envelope.parse(bytes(raw)).signed_by([ANNA_KEY, BEN_KEY])
    except LedgerError:
        return
    # Only a hint can change and leave both signatures as they are.
    hints = [m.span(1) for m in re.finditer(rb'"keyid":"([^"]*)"', SIGNED.encode())]
    assert signed.keys != (ANNA_KEY, BEN_KEY) or any(a <= place < b for a, b in hints)
