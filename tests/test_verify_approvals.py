"""Approvals in a bundle: a second person's yes to exactly the act that the entries record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bundled import (
    APPROVER,
    OFFICER,
    STRANGER,
    Members,
    fault,
    members_of,
    people,
    policy,
    relisted,
    step,
    verdict,
)
from sealed import ORIGIN, SIGNER, entries, fill, found, leg, reversal, said

from ledger.approval import approval_of, restatement
from ledger.canonical import JSON
from ledger.cli.context import Context
from ledger.envelope import Envelope
from ledger.keys import FileSigner
from ledger.record import Draft, Whole, draft_of
from ledger.stores.envelopes import EnvelopeFolder
from ledger.stores.keyfiles import Files

ON = date(2026, 11, 24)
ASKED = {"people": people(), "four_eyes": ["restatement", "adoption"]}
ADOPTED: dict[str, JSON] = {"pack_digest": "1" * 64, "by": "board", "on": "2026-11-01"}


def kept(context: Context, envelope: Envelope) -> Draft:
    """Keep an envelope beside the ledger, and return the entry that names it."""
    EnvelopeFolder(Files(context.ledger).attestations).write(envelope)
    size = len(entries(context))
    body = {"envelope_sha256": envelope.sha256(), "size": size, "number": 0}
    return draft_of("attestation", body)


def restated(folder: Path, *signers: FileSigner, approved: int = 5) -> Context:
    """Correct a fact in one transaction; what was approved may be another correction."""
    context = found(folder)
    fill(context, [said(0), said(1)])
    back, instead = reversal(entries(context)[0]), said(5)
    yes = restatement(back.body, [said(approved).body])
    envelope = approval_of("restatement", ORIGIN, yes, ON)
    for signer in signers:
        envelope = envelope.sign(signer)
    fill(context, [back, instead, kept(context, envelope)])
    return context


def test_restatement_that_somebody_else_approved_holds(tmp_path: Path) -> None:
    found_ = verdict(members_of(restated(tmp_path, APPROVER)), policy(**ASKED))
    assert found_.fault is None
    assert (step(found_, "approvals").outcome, step(found_, "approvals").count) == ("held", 1)


@pytest.mark.parametrize("signer", [OFFICER, STRANGER, SIGNER])
def test_restatement_that_no_approver_signed_is_refused(tmp_path: Path, signer: FileSigner) -> None:
    found_ = verdict(members_of(restated(tmp_path, signer)), policy(**ASKED))
    assert "0 people signed as approver" in fault(found_, "approvals").message


def test_whoever_records_cannot_approve_a_restatement(tmp_path: Path) -> None:
    asked: dict[str, Any] = {**ASKED, "people": people(recorder=True)}
    found_ = verdict(members_of(restated(tmp_path, SIGNER)), policy(**asked))
    assert "holds the key of the log" in fault(found_, "approvals").why


def test_approval_of_another_correction_is_refused(tmp_path: Path) -> None:
    found_ = verdict(members_of(restated(tmp_path, APPROVER, approved=6)), policy(**ASKED))
    assert fault(found_, "approvals").where.startswith("member 'attestations/")


def test_approval_taken_out_of_the_bundle_is_told(tmp_path: Path) -> None:
    members = members_of(restated(tmp_path, APPROVER))
    rest = {name: data for name, data in members.items() if "attestations/" not in name}
    found_ = verdict(relisted(rest), policy(**ASKED))
    assert step(found_, "approvals").outcome == "withheld"
    assert found_.exit_status == 3


def test_threat_12_approval_counts_within_the_term_of_its_key(tmp_path: Path) -> None:
    members = members_of(restated(tmp_path, APPROVER))
    key = {"vkey": APPROVER.verifier.encode()}
    late = policy(**ASKED, keys=[{**key, "not_before": "2026-11-24T00:00:00Z"}])
    assert "a signature does not count" in fault(verdict(members, late), "approvals").message
    ended = verdict(members, policy(**ASKED, keys=[{**key, "not_after": "2027-01-01T00:00:00Z"}]))
    held = step(ended, "approvals")
    assert (held.outcome, ended.exit_status) == ("withheld", 3)
    assert "nothing shows that law.example/approver" in held.notes[1]


def superseded(context: Context, *after: Draft) -> Members:
    """Reverse entry 0 as if its final record had come, append what is given, and bundle it."""
    held = entries(context)[0]
    fill(context, [reversal(held, reason="superseded_provisional"), *after])
    return members_of(context)


RUNNING: dict[str, Any] = {
    "status": "provisional",
    "device_us": None,
    "ceiling_operations": None,
}
LATER = leg(0, **RUNNING, end="2026-03-10T09:00:00Z")
SHRUNK = replace(LATER, body={**LATER.body, "operations": "1"})
OTHER = replace(leg(0), key=("leg", "another"))


@pytest.mark.parametrize("after", [(leg(0),), (LATER,)])
def test_provisional_record_makes_room_for_its_successor_without_approval(
    tmp_path: Path, after: tuple[Draft, ...]
) -> None:
    context = found(tmp_path)
    fill(context, [leg(0, **RUNNING)], after)
    assert [entry.type for entry in entries(context)] == ["allocation", "reversal", "allocation"]
    assert verdict(members_of(context), policy(**ASKED)).fault is None


@pytest.mark.parametrize("after", [(), (said(1),), (SHRUNK,), (OTHER,)])
def test_reversal_that_says_superseded_and_has_no_successor_needs_approval(
    tmp_path: Path, after: tuple[Draft, ...]
) -> None:
    context = found(tmp_path)
    fill(context, [leg(0, **RUNNING)])
    found_ = fault(verdict(superseded(context, *after), policy(**ASKED)), "approvals")
    assert "nobody approved the restatement that entry 1 records" in found_.message


def test_successor_that_comes_later_is_none(tmp_path: Path) -> None:
    # Between the two, the ledger was shown without either; a yes was due then.
    context = found(tmp_path)
    fill(context, [leg(0, **RUNNING)])
    superseded(context)
    fill(context, [said(1)], [leg(0)])
    assert fault(verdict(members_of(context), policy(**ASKED)), "approvals").seq == 1


def test_adoption_needs_the_approval_of_this_very_pack(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [draft_of("adoption", ADOPTED)])
    assert "adoption" in fault(verdict(members_of(context), policy(**ASKED)), "approvals").message
    other = approval_of("adoption", ORIGIN, {**ADOPTED, "by": "nobody"}, ON).sign(APPROVER)
    yes = approval_of("adoption", ORIGIN, ADOPTED, ON).sign(APPROVER)
    fill(context, [kept(context, yes)])
    assert verdict(members_of(context), policy(**ASKED)).fault is None
    fill(context, [kept(context, other)])
    found_ = verdict(members_of(context), policy(**ASKED))
    assert "no entry records the adoption" in fault(found_, "approvals").message


def test_legs_that_a_source_tells_no_more_make_room_without_approval(tmp_path: Path) -> None:
    """Nothing is taken out: a final record that holds nothing stands in the place of each."""
    context = found(tmp_path)
    whole = Whole.numbered(("thing",), leg(0).body["evidence"])  # type: ignore[arg-type]
    held = [
        replace(leg(n, status="provisional"), key=("allocation", "thing", str(n)), whole=whole)
        for n in range(3)
    ]
    fill(context, held, [replace(leg(0), key=held[0].key, whole=whole)])
    assert [entry.type for entry in entries(context)].count("reversal") == 3
    assert verdict(members_of(context), policy(**ASKED)).fault is None
