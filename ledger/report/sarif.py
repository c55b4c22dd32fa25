"""A SARIF log is what lint found, in the form that code-review tools read (SARIF 2.1.0)."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from ledger import __version__
from ledger.journeys.linting import Linted
from ledger.regime.check import Check
from ledger.regime.diagnosis import Flaw
from ledger.regime.registry import REGISTRY, check_of
from ledger.regime.waiver import Waiver
from ledger.report.checks import PAGE_URL, check_section, check_text

__all__ = ["SARIF_SCHEMA", "sarif_document"]

SARIF_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_RULES_BASE: Final = "RULES"


def sarif_document(linted: Linted, prefix: str | None) -> dict[str, Any]:
    """Return what lint found as a SARIF log.

    Args:
        linted: What was found; what is passed over is a result that is suppressed.
        prefix: Path of the rules folder below the folder that the reader calls its root, ended
            by a slash, or None when it lies elsewhere.
    """
    flaws = [*linted.findings, *(each.flaw for each in linted.waived)]
    unknown = dict.fromkeys(flaw.code for flaw in flaws if flaw.code not in REGISTRY)
    checks = [*REGISTRY.values(), *(check_of(code) for code in unknown)]
    index = {check.id: position for position, check in enumerate(checks)}
    results = [_result(flaw, index, prefix, None) for flaw in linted.findings]
    results += [_result(each.flaw, index, prefix, each.waiver) for each in linted.waived]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "flopledger",
                "semanticVersion": __version__,
                "informationUri": PAGE_URL,
                "rules": [_rule(check) for check in checks],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
    }
    if prefix is None:
        told = "the folder of rule files that was looked at"
        run["originalUriBaseIds"] = {_RULES_BASE: {"description": {"text": told}}}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(check: Check) -> dict[str, Any]:
    """Return what a check looks for and why."""
    return {
        "id": check.id,
        "shortDescription": {"text": f"{check.title}."},
        "fullDescription": {"text": check.why},
        "help": {"text": check_text(check), "markdown": check_section(check)},
        "helpUri": f"{PAGE_URL}#{check.id}",
        "defaultConfiguration": {"level": check.level},
        "properties": {"tags": [check.stage]},
    }


def _result(
    flaw: Flaw, index: dict[str, int], prefix: str | None, waiver: Waiver | None
) -> dict[str, Any]:
    """Return one finding; its place in the file is its identity, whatever line it moves to."""
    location: dict[str, Any] = {"uri": quote(f"{prefix or ''}{flaw.file}")}
    if prefix is None:
        location["uriBaseId"] = _RULES_BASE
    physical = {"artifactLocation": location, "region": {"startLine": flaw.line or 1}}
    place = [{"fullyQualifiedName": flaw.place}] if flaw.place else []
    reason = [] if waiver is None else [{"kind": "external", "justification": waiver.reason}]
    return {
        "ruleId": flaw.code,
        "ruleIndex": index[flaw.code],
        "level": check_of(flaw.code).level,
        "message": {"text": f"{flaw.message}; {flaw.remedy}" if flaw.remedy else flaw.message},
        "locations": [{"physicalLocation": physical, "logicalLocations": place}],
        "partialFingerprints": {"place/v1": f"{flaw.code}|{flaw.file}|{flaw.place}"},
        "suppressions": reason,
    }
