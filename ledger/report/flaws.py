"""A list of flaws in a report is what is wrong in rule files, one row each."""

from __future__ import annotations

from typing import Any

from ledger.journeys.linting import Linted
from ledger.pack import LINT_NAME
from ledger.regime.check import LEVELS
from ledger.regime.diagnosis import Flaw
from ledger.regime.registry import check_of
from ledger.report.table import Column, Table

__all__ = ["flaw_document", "flaw_table"]


def flaw_table(linted: Linted) -> Table:
    """Return what is wrong in rule files as a table."""
    columns = (
        Column("where", wide=True),
        Column("level"),
        Column("check"),
        Column("what", wide=True),
        Column("do", wide=True),
    )
    rows = tuple(
        (flaw.where, check_of(flaw.code).level, flaw.code, flaw.message, flaw.remedy)
        for flaw in linted.findings
    )
    return Table(_title(linted), columns, rows, _notes(linted))


def flaw_document(linted: Linted) -> dict[str, Any]:
    """Return what is wrong in rule files as a document."""
    levels = [check_of(flaw.code).level for flaw in linted.findings]
    return {
        "schema": "flopledger/rules-lint.v2",
        "pack": linted.digest,
        "regimes": linted.regimes,
        "refused": linted.refused,
        "counts": {level: levels.count(level) for level in LEVELS},
        "findings": [_entry(flaw) for flaw in linted.findings],
        "excepted": [
            _entry(each.flaw)
            | {"reason": each.waiver.reason, "until": each.waiver.until.isoformat()}
            for each in linted.waived
        ],
    }


def _entry(flaw: Flaw) -> dict[str, Any]:
    """Return one finding."""
    return {
        "file": flaw.file,
        "line": flaw.line,
        "place": flaw.place,
        "check": flaw.code,
        "level": check_of(flaw.code).level,
        "message": flaw.message,
        "remedy": flaw.remedy,
    }


def _title(linted: Linted) -> str:
    """Return how much was found in how much."""
    found = _counted(len(linted.findings), "finding")
    told = f"{found} in {_counted(linted.regimes, 'regime')}"
    if not linted.refused:
        return told
    kept = "keeps a file" if linted.refused == 1 else "keep files"
    return f"{told}; {_counted(linted.refused, 'mistake')} {kept} from loading"


def _notes(linted: Linted) -> tuple[str, ...]:
    """Return what is passed over, and where more is said of a check."""
    notes = []
    if linted.findings:
        notes.append(f"more of a check: flopledger rules lint --explain {linted.findings[0].code}")
    if linted.waived:
        first = min(each.waiver.until for each in linted.waived)
        found = _counted(len(linted.waived), "finding")
        notes.append(f"{LINT_NAME} passes over {found}, the first until {first}")
    return tuple(notes)


def _counted(number: int, what: str) -> str:
    """Return a number of things."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
