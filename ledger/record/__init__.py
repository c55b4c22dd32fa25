"""A record is a fact as somebody states it: a closed union of eleven types."""

from __future__ import annotations

from ledger.record.administration import Adoption, Anchor, Attestation, Filing, Key, Reversal
from ledger.record.allocation import Allocation, Fabric
from ledger.record.draft import (
    MODELS,
    Draft,
    draft_again,
    draft_of,
    evidence_grade,
    parse_record,
)
from ledger.record.fields import Body, EvidenceStatement
from ledger.record.sheet import Sheet, Spelling
from ledger.record.stored import check_stored
from ledger.record.subject import Commitment, Fact, Holding, Lineage
from ledger.record.whole import Series, Whole

__all__ = [
    "MODELS",
    "Adoption",
    "Allocation",
    "Anchor",
    "Attestation",
    "Body",
    "Commitment",
    "Draft",
    "EvidenceStatement",
    "Fabric",
    "Fact",
    "Filing",
    "Holding",
    "Key",
    "Lineage",
    "Reversal",
    "Series",
    "Sheet",
    "Spelling",
    "Whole",
    "check_stored",
    "draft_again",
    "draft_of",
    "evidence_grade",
    "parse_record",
]
