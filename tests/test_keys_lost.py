"""A key that others may have is lost under every name that it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bundled import APPROVER as BEN
from bundled import ASKED, policy
from bundled import OFFICER as ANN

from ledger.custody import Revocation, RevocationReason
from ledger.keys import FileSigner
from ledger.policy import KeyTerm, Policy


def test_threat_12_compromised_key_is_lost_under_every_name() -> None:
    # No file gives one key two names; whoever makes a policy in a program is not misled either.
    alias = FileSigner("law.example/other", ANN.private).verifier
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def terms(reason: RevocationReason) -> Policy:
        first = KeyTerm(ANN.verifier, revoked=Revocation(7, reason, at))
        return replace(policy(**ASKED), keys=(first, KeyTerm(alias, to_size=5)))

    lost = terms("compromised")
    for key in (ANN.verifier, alias):
        assert lost.term(key).key == key
        assert "compromised" in lost.term(key).lapse(7)
    assert lost.term(alias).to_size == 5
    assert lost.term(BEN.verifier).revoked is None
    # What was only given up is given up under its name.
    assert terms("retired").term(alias).revoked is None
