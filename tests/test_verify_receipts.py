"""Receipts get the scrutiny of all entries: keys, times, witnesses, what was kept, each file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from bundled import (
    NEWEST,
    SECOND,
    WITNESS,
    WITNESSED_AT,
    Members,
    cosigned,
    fault,
    packed,
    people,
    policy,
    relisted,
    step,
    valid,
    verdict,
    witness_line,
)
from cryptography.hazmat.primitives.serialization import Encoding
from sealed import ORIGIN, SIGNER, START, plain_leaf
from stamping import authority

from ledger.bundle import Caps, Manifest, Redactions
from ledger.bundle.names import numbered
from ledger.canonical import JSON, encode
from ledger.checkpoint import Checkpoint
from ledger.entry import genesis_prev
from ledger.errors import InputError
from ledger.inclusion import Proof
from ledger.keys import FileSigner
from ledger.merkle import inclusion_proof, leaf_hash, root_of
from ledger.policy import Policy

NEW = FileSigner.from_seed(ORIGIN, b"n" * 32)
BOTH = (f"log {NEW.verifier.encode()}", "quorum none")
ONE = (witness_line("w1", WITNESS), "quorum w1")
SIZE = 12
Leaf = dict[str, JSON]


def log_of(changes: dict[int, Leaf] | None = None) -> list[bytes]:
    """Return the linked leaves of a small log, some of them changed."""
    prev, made = genesis_prev(ORIGIN), []
    for seq in range(SIZE):
        leaf = {"prev": prev, **plain_leaf(seq), **(changes or {}).get(seq, {})}
        made.append(encode(leaf))
        prev = leaf_hash(made[-1]).hex()
    return made


def receipts_of(
    leaves: list[bytes], *seqs: int, signers: Iterable[FileSigner] = (SIGNER,), note: bytes = b""
) -> Members:
    """Return a bundle of receipts, whatever stands in the log."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    checkpoint = Checkpoint(ORIGIN, len(leaves), root_of(hashes))
    note = note or checkpoint.sign(*signers)
    members = {
        numbered("checkpoints", len(leaves)): note,
        "redactions.json": Redactions.of("public", [], erased=0).encode(),
        "manifest.json": Manifest("receipts", ORIGIN, len(leaves), "public", {}).encode(),
    }
    for seq in seqs:
        proof = Proof(seq, tuple(inclusion_proof(hashes, seq)), checkpoint, note)
        members[numbered("proofs", seq)] = proof.encode()
        members[numbered("leaves", seq)] = leaves[seq]
    return relisted(members)


def witnessed(leaves: list[bytes], *seqs: int, time: int = WITNESSED_AT) -> Members:
    """Return receipts whose checkpoint a witness cosigned."""
    plain = receipts_of(leaves)
    return receipts_of(leaves, *seqs, note=cosigned(plain[NEWEST], WITNESS, time=time))


def limited(signer: FileSigner = SIGNER, **limits: Any) -> Policy:
    """Return a policy that limits a key of the log."""
    lines = (f"log {NEW.verifier.encode()}", *ONE)
    return policy(keys=[{"vkey": signer.verifier.encode(), **limits}], lines=lines)


def key_leaf(event: str, key: FileSigner, old: FileSigner | None, reason: str) -> Leaf:
    """Return what makes a leaf a ``key`` entry."""
    body: JSON = {
        "event": event,
        "vkey": key.verifier.encode(),
        "replaces": None if old is None else old.verifier.encode(),
        "reason": reason,
        "idempotency_key": "f" * 64,
    }
    return {"type": "key", "body": body}


def remembered(leaves: list[bytes], *sizes: int) -> list[str]:
    """Return the checkpoints of these sizes, as somebody kept them."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    return [Checkpoint(ORIGIN, s, root_of(hashes[:s])).sign(SIGNER).decode() for s in sizes]


LOG = log_of()
FORK = log_of({0: {"salt": "B" * 22}})


def test_receipts_show_root_and_witnesses_like_all_entries() -> None:
    found = verdict(witnessed(LOG, 2, 3, 7), policy(lines=ONE))
    assert (found.exit_status, found.fault) == (0, None)
    assert found.bundle is not None
    assert found.bundle.witnessed == SIZE
    assert found.bundle.root == root_of([leaf_hash(leaf) for leaf in LOG]).hex()
    counts = {each.name: (each.outcome, each.count) for each in found.steps}
    assert counts["entries"] == counts["roots"] == counts["ids"] == ("held", 3)
    assert counts["chain"] == ("held", 1)
    assert counts["quorum"] == counts["custody"] == ("held", 1)
    assert counts["windows"] == ("held", 3)
    assert valid(found)["bundle"]["witnessed"] == SIZE


# What was kept from earlier.


def test_threat_4_receipts_of_another_history_prove_a_fork() -> None:
    members = receipts_of(LOG, 6)
    for kept in (remembered(LOG, SIZE), remembered(LOG, 6, 7), remembered(LOG, 0, SIZE)):
        held = step(verdict(members, policy(remembered=kept)), "remembered")
        assert (held.outcome, held.count) == ("held", len(kept))
    for size in (SIZE, 6, 7):
        forked = verdict(members, policy(remembered=remembered(FORK, size)))
        found = fault(forked, "remembered")
        assert (found.where, "two histories" in found.why) == (
            f"remembered checkpoint {size}",
            True,
        )


@pytest.mark.parametrize(
    ("sizes", "count", "words"),
    [
        ((5,), 0, "for all entries, or for the receipt of entry 4"),
        ((5, SIZE), 1, "the checkpoint kept over 5 entries cannot be compared"),
        ((3, 5), 0, "2 that were kept cannot be compared"),
    ],
)
def test_checkpoint_that_receipts_do_not_reach_is_not_passed_over(
    sizes: tuple[int, ...], count: int, words: str
) -> None:
    found = verdict(receipts_of(LOG, 6), policy(remembered=remembered(LOG, *sizes)))
    held = step(found, "remembered")
    assert (held.outcome, held.count, found.exit_status) == ("withheld", count, 3)
    assert any(words in note for note in held.notes)


def test_receipts_of_an_older_state_than_was_kept_are_not_passed_over() -> None:
    found = verdict(receipts_of(LOG[:8], 6), policy(remembered=remembered(LOG, SIZE)))
    assert "over at least 12 entries" in step(found, "remembered").notes[0]
    assert found.exit_status == 3


# Keys.


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"not_after": "2026-11-23T12:00:00Z"}, "custody"),
        ({"not_before": "2026-11-23T12:00:01Z"}, "custody"),
        ({"to_size": SIZE}, "signatures"),
    ],
)
def test_threat_12_receipts_hold_a_key_to_its_term(limits: dict[str, Any], name: str) -> None:
    assert SIGNER.verifier.label in fault(verdict(witnessed(LOG, 3), limited(**limits)), name).why
    sound = {"not_before": "2026-11-23T12:00:00Z", "not_after": "2026-11-23T12:00:01Z"}
    assert verdict(witnessed(LOG, 3), limited(**sound, to_size=SIZE + 1)).fault is None


def test_threat_12_receipts_under_a_stolen_key_need_a_time_from_outside() -> None:
    revoked = {"from_size": 99, "at": "2026-11-23T11:00:00Z", "reason": "compromised"}
    late = fault(verdict(witnessed(LOG, 3), limited(revoked=revoked)), "custody")
    assert late.where == "checkpoint 12"
    assert "nothing shows that" in late.why
    keys = [{"vkey": SIGNER.verifier.encode(), "revoked": revoked}]
    assert fault(verdict(receipts_of(LOG, 3), policy(keys=keys)), "custody")
    early = witnessed(LOG, 3, time=WITNESSED_AT - 5400)
    assert verdict(early, limited(revoked=revoked)).fault is None
    # Another signer, who is trusted, makes up for it.
    double = receipts_of(LOG, 3, signers=(SIGNER, NEW))
    assert verdict(double, policy(keys=keys, lines=BOTH)).fault is None


@pytest.mark.parametrize(
    ("seq", "leaf", "words"),
    [
        (4, key_leaf("revoked", SIGNER, None, "compromised from size 9"), "entry 4 revokes"),
        (4, key_leaf("rotated", NEW, SIGNER, "new"), "entry 4 hands over from"),
    ],
)
def test_threat_13_receipts_read_the_key_entries_that_they_bring(
    seq: int, leaf: Leaf, words: str
) -> None:
    leaves = log_of({seq: leaf})
    found = fault(verdict(receipts_of(leaves, seq), policy(lines=BOTH)), "custody")
    assert words in found.why
    assert verdict(receipts_of(leaves, seq, signers=(NEW,)), policy(lines=BOTH)).fault is None


@pytest.mark.parametrize("signers", [(SIGNER,), (NEW,)])
def test_threat_13_receipt_of_a_handover_needs_both_keys(signers: tuple[FileSigner, ...]) -> None:
    leaves = log_of({SIZE - 1: key_leaf("rotated", NEW, SIGNER, "new")})
    alone = verdict(receipts_of(leaves, SIZE - 1, signers=signers), policy(lines=BOTH))
    assert "did not sign" in fault(alone, "custody").message
    both = receipts_of(leaves, SIZE - 1, signers=(SIGNER, NEW))
    assert verdict(both, policy(lines=BOTH)).fault is None


# Witnesses.


def test_threat_5_receipts_need_the_quorum() -> None:
    two = (*ONE[:1], witness_line("w2", SECOND), "group both all w1 w2", "quorum both")
    short = fault(verdict(witnessed(LOG, 3), policy(lines=two)), "quorum")
    assert "too few witnesses" in short.message
    none = fault(verdict(receipts_of(LOG, 3), policy(lines=ONE)), "quorum")
    assert "w1" in none.why


def test_receipt_cannot_lead_to_a_checkpoint_beside_the_witnessed_one() -> None:
    # The receipt leads to a state that nobody cosigned; the cosigned one is put beside it.
    older = receipts_of(LOG[:11], 3)
    members = relisted({**older, NEWEST: witnessed(LOG)[NEWEST]}, size=SIZE)
    found = fault(verdict(members, policy(lines=ONE)), "names")
    assert "one checkpoint" in found.message
    # Nor to one that is not in the bundle at all.
    lone = relisted({**witnessed(LOG, 3), **{k: v for k, v in older.items() if "proofs" in k}})
    assert "does not hold" in fault(verdict(lone, policy(lines=ONE)), "roots").message


# Times.


def test_receipt_that_was_seen_before_it_says_to_be_is_refused() -> None:
    early = witnessed(LOG, 3, 9, time=int(START.timestamp()) - 3600)
    found = fault(verdict(early, policy(lines=ONE)), "windows")
    assert (found.seq, "was there by" in found.message) == (3, True)


@pytest.mark.thirdparty
def test_token_over_the_checkpoint_of_receipts_is_read(tmp_path: Any) -> None:
    tsa = authority(tmp_path)
    root = str(tsa.root.public_bytes(Encoding.PEM).decode())
    plain = receipts_of(LOG, 3)
    text = Checkpoint(ORIGIN, SIZE, root_of([leaf_hash(leaf) for leaf in LOG])).text()
    place = numbered("timestamps", SIZE)
    found = verdict(relisted({**plain, place: tsa.stamp(text)}), policy(timestamp_roots=[root]))
    assert (step(found, "windows").outcome, step(found, "windows").count) == ("held", 1)
    ended = [{"vkey": SIGNER.verifier.encode(), "not_after": "2099-01-01T00:00:00Z"}]
    stamped = relisted({**plain, place: tsa.stamp(text)})
    assert verdict(stamped, policy(timestamp_roots=[root], keys=ended)).fault is None
    assert fault(verdict(plain, policy(timestamp_roots=[root], keys=ended)), "custody")
    other = relisted({**plain, place: tsa.stamp("another text\n")})
    wrong = fault(verdict(other, policy(timestamp_roots=[root])), "windows")
    assert place in wrong.where
    stray = relisted({**plain, numbered("timestamps", 5): tsa.stamp(text)})
    assert "over 5 entries" in fault(verdict(stray, policy()), "windows").message


# Entries side by side.


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({4: {"prev": "0" * 64}}, "chain", "prev is not the hash"),
        ({4: {"recorded_at": "2026-11-23T09:00:00Z"}}, "chain", "recorded 2026-11-23T09:00:00Z"),
        ({4: {"id": plain_leaf(3)["id"]}}, "ids", "is that of entry 3"),
    ],
)
def test_receipts_that_contradict_each_other_are_refused(
    changes: dict[int, Leaf], name: str, words: str
) -> None:
    found = fault(verdict(receipts_of(log_of(changes), 3, 4)), name)
    assert (found.seq, words in found.message) == (4, True)


def test_reversal_among_receipts_copies_what_it_reverses() -> None:
    held = plain_leaf(3)
    body: dict[str, JSON] = {
        "reverses": 3,
        "hash": leaf_hash(LOG[3]).hex(),
        "reversed_type": "filing",
        "reversed": held["body"],
        "reason": "withdrawn",
        "root_cause": None,
        "discovered_on": None,
        "idempotency_key": "e" * 64,
    }
    sound = receipts_of(log_of({5: {"type": "reversal", "body": body}}), 3, 5)
    assert "1 reversals copy" in step(verdict(sound), "ids").notes[0]
    lied = {**body, "hash": "0" * 64}
    leaves = log_of({5: {"type": "reversal", "body": lied}})
    assert "word for word" in fault(verdict(receipts_of(leaves, 3, 5)), "ids").message
    assert verdict(receipts_of(leaves, 5)).fault is None


# Nothing passes unread.


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (f"attestations/{'0' * 64}.json", b"{}"),
        (f"anchors/{'0' * 64}.note", b"x"),
        ("pack.json", b""),
    ],
)
def test_receipts_carry_no_file_that_nobody_reads(name: str, data: bytes) -> None:
    members = relisted({**receipts_of(LOG, 3), name: data or packed()})
    assert name in fault(verdict(members), "names").where


@pytest.mark.parametrize(
    ("asked", "name", "words"),
    [
        ({"window_days_max": 40}, "windows", "the policy limits: window_days_max"),
        ({"silence_days_max": 40}, "windows", "the policy limits: silence_days_max"),
        (
            {"people": people(), "attestation": {"officer": 1}},
            "attestations",
            "asks for signatures of people",
        ),
        (
            {"people": people(), "four_eyes": ["restatement"]},
            "approvals",
            "asks for a second person in restatement",
        ),
    ],
)
def test_what_a_policy_asks_of_the_whole_log_is_not_passed_over(
    asked: dict[str, Any], name: str, words: str
) -> None:
    found = verdict(witnessed(LOG, 3), policy(lines=ONE, **asked))
    assert (step(found, name).outcome, found.exit_status) == ("withheld", 3)
    assert words in str(step(found, name).notes)


def test_receipt_of_an_attestation_says_that_the_statement_is_not_there() -> None:
    body: JSON = {
        "envelope_sha256": "0" * 64,
        "size": 3,
        "number": 1,
        "idempotency_key": "d" * 64,
    }
    found = verdict(receipts_of(log_of({3: {"type": "attestation", "body": body}}), 3))
    assert "named by entry 3" in step(found, "attestations").notes[1]
    assert found.exit_status == 3


def reversal_leaf(leaves: list[bytes], target: int, **changes: JSON) -> Leaf:
    """Return what makes a leaf the reversal of an entry."""
    reversed_ = json.loads(leaves[target])
    body = {
        "reverses": target,
        "hash": leaf_hash(leaves[target]).hex(),
        "reversed_type": reversed_["type"],
        "reversed": reversed_["body"],
        "reason": "withdrawn",
        "root_cause": None,
        "discovered_on": None,
        "idempotency_key": "e" * 64,
    }
    return {"type": "reversal", "body": {**body, **changes}}


def test_threat_30_reversal_without_its_entry_is_not_checkable() -> None:
    true = log_of({7: reversal_leaf(LOG, 3)})
    both = verdict(receipts_of(true, 3, 7))
    assert (both.exit_status, step(both, "ids").outcome) == (0, "held")
    assert "1 reversals copy what they reverse" in str(step(both, "ids").notes)
    for leaves in (true, log_of({7: reversal_leaf(LOG, 3, hash="0" * 64)})):
        alone = verdict(receipts_of(leaves, 7))
        held = step(alone, "ids")
        assert (alone.exit_status, held.outcome) == (3, "withheld")
        assert "nothing shows what they copy: 1" in held.notes[0]


def test_threat_26_lowered_depth_holds_for_receipts() -> None:
    leaves = log_of({7: reversal_leaf(LOG, 3)})
    for seqs, depth in (((3,), 2), ((3, 7), 3)):
        members = receipts_of(leaves, *seqs)
        assert verdict(members, caps=Caps(depth=depth)).fault is None
        with pytest.raises(InputError, match=f"nested deeper than the {depth - 1} levels"):
            verdict(members, caps=Caps(depth=depth - 1))
