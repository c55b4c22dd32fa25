"""An assent: what the keys of a policy say under one checkpoint, and what never counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from witnesses import LOG, NEW_KEY, TIME, W1, W3, cosigned, leaves, policy_text, signed, vkey

from ledger.checkpoint import Note, NoteSignature
from ledger.errors import IntegrityError
from ledger.keys import ML_DSA, FileSigner, VerifierKey
from ledger.policy import Policy, assent, parse_policy

ML_DSA_KEY = VerifierKey("pq.example/w", bytes(1312), ML_DSA)
RETIRED = {"at": "2026-11-01T00:00:00Z", "reason": "retired"}


def document(value: Any) -> Policy:
    """Read a policy in its JSON form."""
    return parse_policy(json.dumps(value).encode())


def test_assent_counts_only_what_verifies_under_the_policy() -> None:
    policy = parse_policy(policy_text("group g 2 w1 w2 w3", "quorum g"))
    done = assent(cosigned(leaves(5), W1, W3), policy)
    assert done.quorum.present == ("w1", "w3")
    assert [each.cosignature.time for each in done.cosigned] == [TIME, TIME]
    done.require_quorum()
    short = assent(cosigned(leaves(5), W1), policy)
    with pytest.raises(IntegrityError, match="too few witnesses") as caught:
        short.require_quorum()
    assert "there: w1" in caught.value.why
    with pytest.raises(IntegrityError, match="knows no log"):
        assent(signed(leaves(5)), parse_policy(b"quorum none\n"))
    with pytest.raises(IntegrityError, match="no key of the policy signed"):
        assent(signed(leaves(5), NEW_KEY), policy)


def test_assent_refuses_a_broken_line_of_a_known_witness_and_shows_unknown_ones() -> None:
    policy = parse_policy(policy_text("quorum none"))
    note = Note.parse(cosigned(leaves(5), W1))
    stray = FileSigner.from_seed("stray.example/w", bytes(32))
    mixed = Note.parse(cosigned(leaves(5), W1, stray))
    done = assent(mixed.encode(), policy)
    assert [line.name for line in done.unknown] == ["stray.example/w"]
    assert done.quorum.present == ("w1",)
    line = note.signatures[1]
    for data in (bytes(72), line.signature[:-1], line.signature + b"\0", line.signature[8:]):
        bad = Note(note.text, (note.signatures[0], NoteSignature(line.name, line.key_id, data)))
        with pytest.raises(IntegrityError):
            assent(bad.encode(), policy)
    lifted = Note(Note.parse(signed(leaves(6))).text, note.signatures)
    with pytest.raises(IntegrityError, match="does not verify"):
        assent(lifted.encode(), policy)
    twice = Note(note.text, (*note.signatures, line))
    with pytest.raises(IntegrityError, match="2 cosignatures"):
        assent(twice.encode(), policy)


def test_assent_never_counts_a_witness_of_a_type_that_is_not_checked() -> None:
    text = policy_text(f"witness pq {ML_DSA_KEY.encode()}", "group g any pq w1", "quorum g")
    policy = parse_policy(text)
    note = Note.parse(signed(leaves(5)))
    line = NoteSignature(ML_DSA_KEY.name, ML_DSA_KEY.key_id, bytes(2428))
    done = assent(Note(note.text, (*note.signatures, line)).encode(), policy)
    assert not done.quorum.holds
    assert done.unknown == (line,)


@pytest.mark.parametrize(
    ("term", "size", "holds"),
    [
        ({"from_size": 5}, 5, True),
        ({"from_size": 6}, 5, False),
        ({"to_size": 6}, 5, True),
        ({"to_size": 5}, 5, False),
        ({"revoked": {"from_size": 6, "at": "2026-11-01T00:00:00Z", "reason": "retired"}}, 5, True),
        (
            {"revoked": {"from_size": 5, "at": "2026-11-01T00:00:00Z", "reason": "retired"}},
            5,
            False,
        ),
    ],
)
def test_assent_keeps_each_key_to_its_sizes(term: Any, size: int, *, holds: bool) -> None:
    quorum = policy_text("quorum w1").decode().splitlines()
    data = cosigned(leaves(size), W1)
    log = {"schema": "flopledger/policy.v1", "tlog_policy": quorum}
    limited = document({**log, "keys": [{"vkey": vkey(W1), **term}]})
    done = assent(data, limited)
    assert done.quorum.holds is holds
    assert bool(done.lapsed) is not holds
    limited = document({**log, "keys": [{"vkey": LOG.verifier.encode(), **term}]})
    if holds:
        assert assent(data, limited).log_keys == (LOG.verifier,)
    else:
        with pytest.raises(IntegrityError, match=f"no key that may sign size {size}"):
            assent(data, limited)


def test_assent_keeps_a_witness_to_its_days() -> None:
    quorum = policy_text("quorum w1").decode().splitlines()

    def holds(**term: str) -> bool:
        value = {"schema": "flopledger/policy.v1", "tlog_policy": quorum}
        policy = document({**value, "keys": [{"vkey": vkey(W1), **term}]})
        return assent(cosigned(leaves(5), W1), policy).quorum.holds

    at, later = "2026-05-28T20:26:40Z", "2026-05-28T20:26:41Z"  # TIME, and a second after it
    assert holds(not_before=at, not_after=later)
    assert not holds(not_before=later)
    assert not holds(not_after=at)


def test_policy_vectors_make_a_policy(shared_path: Callable[[str], Path]) -> None:
    made = json.loads(shared_path("vectors/signed-note.json").read_text())["made_here"]
    text = f"log {made['log']['vkey']}\nwitness w {made['witness']['vkey']}\nquorum w\n"
    done = assent(made["cosigned_checkpoint"].encode(), parse_policy(text.encode()))
    done.require_quorum()
    assert done.cosigned[0].cosignature.time == made["cosignature_time"]
