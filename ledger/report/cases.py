"""A list of cases in a report is what became of each case of the law, failures first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.journeys.casework import CaseResult
from ledger.regime.boundary import Boundary
from ledger.report.table import Column, Table

__all__ = ["case_document", "case_tables", "line_of"]


def case_tables(results: Sequence[CaseResult], silent: Sequence[Boundary]) -> tuple[Table, ...]:
    """Return the failures field by field, and how many cases passed by regime.

    Args:
        results: What became of the cases.
        silent: Lines around which no case could be generated.
    """
    failed = Table("Failed cases", _FAILED, tuple(_rows(results)))
    counts = Table("Cases", _COUNTED, tuple(_counts(results)), _notes(silent))
    return (failed, counts) if failed.rows else (counts,)


def case_document(
    digest: str, results: Sequence[CaseResult], silent: Sequence[Boundary]
) -> dict[str, Any]:
    """Return what became of the cases as a document.

    Args:
        digest: Digest of the rule pack.
        results: What became of the cases.
        silent: Lines around which no case could be generated.
    """
    return {
        "schema": "flopledger/rules-test.v1",
        "pack": digest,
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "cases": [
            {
                "regime": result.regime,
                "name": result.case.name,
                "generated": result.generated,
                "passed": result.passed,
                "mismatches": [
                    {
                        "rule": wrong.rule,
                        "subject": wrong.subject,
                        "field": wrong.field,
                        "expected": wrong.expected,
                        "found": wrong.found,
                    }
                    for wrong in result.mismatches
                ],
            }
            for result in results
        ],
        "without_case": [line_of(boundary) for boundary in silent],
    }


_FAILED = (
    Column("regime"),
    Column("case", wide=True),
    Column("rule"),
    Column("subject"),
    Column("field"),
    Column("expected", wide=True),
    Column("found", wide=True),
)
_COUNTED = (
    Column("regime"),
    Column("written", "right"),
    Column("generated", "right"),
    Column("failed", "right"),
)


def _rows(results: Sequence[CaseResult]) -> list[tuple[str, ...]]:
    """Return one row for each field that came out otherwise."""
    return [
        (
            result.regime,
            result.case.name,
            wrong.rule,
            wrong.subject,
            wrong.field,
            wrong.expected,
            wrong.found,
        )
        for result in results
        for wrong in result.mismatches
    ]


def _counts(results: Sequence[CaseResult]) -> list[tuple[str, ...]]:
    """Return one row for each regime."""
    regimes = dict.fromkeys(result.regime for result in results)
    rows: list[tuple[str, ...]] = []
    for regime in regimes:
        own = [result for result in results if result.regime == regime]
        generated = sum(result.generated for result in own)
        failed = sum(not result.passed for result in own)
        rows.append((regime, str(len(own) - generated), str(generated), str(failed)))
    return rows


def _notes(silent: Sequence[Boundary]) -> tuple[str, ...]:
    """Return a note for each line that no generated case could reach."""
    return tuple(
        f"no case could be generated around {line_of(boundary)}; write one by hand"
        for boundary in silent
    )


def line_of(boundary: Boundary) -> str:
    """Return a line as the rule and parameter that draw it."""
    return f"{boundary.line.rule.id} {boundary.line.parameter} ({boundary.line.place})"
