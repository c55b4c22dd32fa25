"""Write every generated file again: ``python tests/regenerate.py``; tests fail on drift."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from ledger.hardware.instance import instances_schema
from ledger.importers.mapping import map_schema
from ledger.journeys.check_document import check_schema
from ledger.pack import PACK_NAME, build_pack, packed_bytes
from ledger.record.schema import record_schemas
from ledger.regime.schema import regime_schemas
from ledger.report.book_document import book_schema
from ledger.report.checks import PAGE_NAME, check_page
from ledger.report.contracts_document import contracts_schema
from ledger.report.deadlines_document import deadlines_schema
from ledger.report.estimates import estimate_schema, methods_schema
from ledger.report.figures import figures_schema
from ledger.report.forecast_document import forecast_schema
from ledger.report.impact_document import impact_schema
from ledger.report.imports import import_schema
from ledger.report.lackings import missing_schema
from ledger.report.law_parts import law_schema
from ledger.report.position_document import position_schema
from ledger.report.quorum import quorum_schema
from ledger.report.reconciliation_document import reconcile_schema
from ledger.report.records import recorded_schema
from ledger.report.redline_document import rules_diff_schema
from ledger.report.regraded_document import regraded_check_schema, regraded_position_schema
from ledger.report.replay import replay_schema
from ledger.report.rule_document import rules_explain_schema
from ledger.report.whatif_book_document import whatif_book_schema
from ledger.report.whatif_document import rules_whatif_schema

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "ledger" / "shipped.py"


def schema_files() -> dict[str, str]:
    """Return the text of every generated schema by file name."""
    documents: dict[str, Any] = {
        **record_schemas(),
        **regime_schemas(),
        "check.v1.schema.json": check_schema(),
        "check-reconciled.v1.schema.json": regraded_check_schema(),
        "contracts.v1.schema.json": contracts_schema(),
        "deadlines.v1.schema.json": deadlines_schema(),
        "estimate.v1.schema.json": estimate_schema(),
        "forecast.v1.schema.json": forecast_schema(),
        "impact.v1.schema.json": impact_schema(),
        "import.v1.schema.json": import_schema(),
        "instances.v1.schema.json": instances_schema(),
        "map.v1.schema.json": map_schema(),
        "methods.v1.schema.json": methods_schema(),
        "missing.v1.schema.json": missing_schema(),
        "pack-signatures.v1.schema.json": quorum_schema(),
        "position-book.v1.schema.json": book_schema(),
        "position.v1.schema.json": position_schema(),
        "position-reconciled.v1.schema.json": regraded_position_schema(),
        "reconcile.v1.schema.json": reconcile_schema(),
        "recorded.v1.schema.json": recorded_schema(),
        "rules-diff.v1.schema.json": rules_diff_schema(),
        "rules-explain.v1.schema.json": rules_explain_schema(),
        "rules-whatif.v1.schema.json": rules_whatif_schema(),
        "replay.v1.schema.json": replay_schema(),
        "rules-show.v2.schema.json": law_schema(),
        "whatif-book.v1.schema.json": whatif_book_schema(),
        "run-figures.v1.schema.json": figures_schema(),
    }
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in documents.items()
    }


def shipped_text(packed: bytes, law: str) -> str:
    """Return the module that names what ships by its digests.

    Args:
        packed: The bytes of the canonical rule pack.
        law: The digest of the rules in it.
    """
    text = SHIPPED.read_text("utf-8")
    for name, digest in {
        "PACK_SHA256": hashlib.sha256(packed).hexdigest(),
        "LAW_SHA256": law,
    }.items():
        text = re.sub(rf'(?m)^{name}: Final = ".*"$', f'{name}: Final = "{digest}"', text)
    return text


def main() -> None:
    """Write the schemas, the page of checks, the canonical rule pack and its digests."""
    for name, text in schema_files().items():
        (ROOT / "schemas" / name).write_text(text, encoding="utf-8")
    (ROOT / "schemas" / PAGE_NAME).write_text(check_page(), encoding="utf-8")
    packed = packed_bytes(ROOT / "rules")
    (ROOT / "rules" / PACK_NAME).write_bytes(packed)
    SHIPPED.write_text(shipped_text(packed, build_pack(ROOT / "rules").digest), encoding="utf-8")


if __name__ == "__main__":
    main()
