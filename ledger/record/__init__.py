"""A record is a fact as somebody states it: a closed union of eleven types.

The models of the types load when one of them is asked for: who only folds records that were checked
when they were sealed needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ledger.record.provenance import evidence_grade
from ledger.record.whole import Series, Whole

if TYPE_CHECKING:
    from ledger.record.administration import Adoption, Anchor, Attestation, Filing, Key, Reversal
    from ledger.record.allocation import Allocation, Fabric
    from ledger.record.draft import MODELS, Draft, draft_again, draft_of, parse_record
    from ledger.record.fields import Body, EvidenceStatement
    from ledger.record.sheet import Sheet, Spelling
    from ledger.record.stored import check_stored
    from ledger.record.subject import Commitment, Fact, Holding, Lineage

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

_MODULES = {
    "administration": ("Adoption", "Anchor", "Attestation", "Filing", "Key", "Reversal"),
    "allocation": ("Allocation", "Fabric"),
    "draft": ("MODELS", "Draft", "draft_again", "draft_of", "parse_record"),
    "fields": ("Body", "EvidenceStatement"),
    "sheet": ("Sheet", "Spelling"),
    "stored": ("check_stored",),
    "subject": ("Commitment", "Fact", "Holding", "Lineage"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load the models of records when one of them is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
