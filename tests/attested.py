"""Attestations for tests: people with published seeds, and a small statement about a small log."""

from __future__ import annotations

from datetime import date
from typing import Any

from ledger.attestation import Attestation
from ledger.checkpoint import Checkpoint
from ledger.claim import Completeness, Days, Population
from ledger.keys import FileSigner

ORIGIN = "ledger.example/lab-a"
ROOT = bytes(range(32))
LOG = FileSigner.from_seed(ORIGIN, bytes(range(32)))
ANNA = FileSigner.from_seed("law.example/anna", bytes(range(1, 33)))
BEN = FileSigner.from_seed("law.example/ben", bytes(range(2, 34)))
IMPOSTOR = FileSigner.from_seed("law.example/anna", bytes(range(3, 35)))
CHECKPOINT = Checkpoint(ORIGIN, 2, ROOT)


def attestation(**changes: Any) -> Attestation:
    """Return an attestation of two entries; its check is cut down to what binds it."""
    fields: dict[str, Any] = {
        "checkpoint": CHECKPOINT,
        "number": 1,
        "previous": None,
        "period": Days(date(2026, 1, 1), date(2027, 1, 1)),
        "completeness": Completeness("every-run-recorded"),
        "population": Population(2, {"allocation": 2}, 1, 1),
        "totals": {
            "by_counting_set": [
                {
                    "counting_set": "cumulative",
                    "cumulative": {"high": "30", "low": "30"},
                    "model": "m",
                    "own": {"high": "30", "low": "30"},
                    "regime": "eu.aia",
                }
            ],
            "by_grade": [],
        },
    }
    fields |= changes
    log = fields["checkpoint"]
    ledger = {"origin": log.origin, "size": log.size, "root": log.root.hex()}
    fields.setdefault("check", {"schema": "flopledger/check.v1", "ledger": ledger})
    return Attestation(**fields)
