"""Approvals: golden bytes, and that a yes to one act is no yes to another."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attested import BEN, ORIGIN

from ledger.approval import Approval, approval_of, restatement, restatement_digest, verify_approval
from ledger.canonical import encode
from ledger.errors import InputError, IntegrityError
from ledger.statement import Statement

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
DAY = date(2026, 11, 26)
BEN_KEY = BEN.verifier
ACT: dict[str, Any] = {"reverses": 7, "hash": "ab" * 32, "reason": "wrong_device"}


def test_approval_bytes_are_golden_and_stand_on_the_page() -> None:
    approval = approval_of("restatement", ORIGIN, ACT, DAY).sign(BEN)
    page = (SCHEMAS / "approval.v1.md").read_text("utf-8")
    assert approval.encode().decode() in page
    assert approval.payload.decode() in page
    assert approval.sha256() in page


def test_approval_is_of_one_act_in_one_ledger() -> None:
    approval = approval_of("restatement", ORIGIN, ACT, DAY).sign(BEN)
    signed = verify_approval(
        approval, [BEN_KEY], act="restatement", origin=ORIGIN, approved=dict(reversed(ACT.items()))
    )
    assert signed.keys == (BEN_KEY,)
    for change, words in (
        ({"act": "adoption"}, "another kind of act"),
        ({"origin": "ledger.example/lab-b"}, "another ledger"),
        ({"approved": {**ACT, "reverses": 8}}, "another act"),
    ):
        asked: dict[str, Any] = {"act": "restatement", "origin": ORIGIN, "approved": ACT, **change}
        with pytest.raises(IntegrityError, match=words):
            verify_approval(approval, [BEN_KEY], **asked)


def test_approval_whose_subject_is_another_act_is_refused() -> None:
    value = json.loads(approval_of("restatement", ORIGIN, ACT, DAY).payload)
    value["predicate"]["approved"]["reverses"] = 8
    with pytest.raises(IntegrityError, match="not what it says is approved"):
        Approval.parse(Statement.parse(encode(value)))
    value["predicate"]["act"] = "everything"
    with pytest.raises(InputError, match="nobody can approve"):
        Approval.parse(Statement.parse(encode(value)))


def test_restatement_is_approved_without_keys_and_salts() -> None:
    reversal = {
        "reverses": 7,
        "hash": "ab" * 32,
        "reversed_type": "allocation",
        "reversed": {"model": "m"},
        "reason": "wrong_device",
        "root_cause": None,
        "discovered_on": "2026-11-01",
        "idempotency_key": "cd" * 32,
    }
    body = {"model": "m", "operations": "5"}
    sealed = {**body, "idempotency_key": "ef" * 32}
    assert restatement(reversal, [body]) == restatement(reversal, [sealed])
    digest = hashlib.sha256(encode(restatement(reversal, [sealed]))).hexdigest()
    assert restatement_digest(reversal, [body]) == digest
    assert restatement_digest(reversal, [body, body]) != digest
    assert restatement_digest({**reversal, "reason": "duplicate"}, [body]) != digest
