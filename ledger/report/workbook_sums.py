"""The sheets of a workbook whose totals are formulas: operations, models, and capacity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ledger.journeys.briefing import Briefing
from ledger.measure import Sums, TotalKey
from ledger.report.workbook_exact import LIMBS, ExactColumn, letters
from ledger.report.workbook_sheet import Formats, Sheet

__all__ = ["capacity_sheet", "models_sheet", "operations_sheet"]

FIRST: Final = 4
"""Row of the first figures on a sheet of sums, from 0."""

_KEYS: Final = ("model", "developer", "activity", "kind", "extent", "role", "evidence", "run")
_ROWS, _COUNTS = len(_KEYS), len(_KEYS) + 1
_LOW: Final = ExactColumn(text=_COUNTS + 1, limbs=_COUNTS + 6)
_HIGH: Final = ExactColumn(text=_COUNTS + 3, limbs=_COUNTS + 6 + LIMBS)
_OPEN: Final = _COUNTS + 5
_MODEL_LOW: Final = ExactColumn(text=2, limbs=6)
_MODEL_HIGH: Final = ExactColumn(text=4, limbs=6 + LIMBS)
_HELD: Final = ExactColumn(text=5, limbs=7)
_LIMB_NOTE: Final = (
    "A cell keeps 15 digits of a number, so each figure stands as text with every digit, and as "
    "the nearest number beside it. Exact totals are formulas too: they add limbs of nine digits, "
    "which stand in the folded columns on the right."
)


def _rows(briefing: Briefing) -> list[tuple[TotalKey, Sums]]:
    """Return the totals of the ledger by group, in order."""
    held = briefing.checked.world.book.folded.totals
    return sorted(held.items(), key=lambda item: [str(part or "") for part in _key(item[0])])


def _key(key: TotalKey) -> tuple[str, ...]:
    """Return what tells a group apart."""
    return (
        key.model,
        key.developer or "",
        key.activity,
        key.operation_kind,
        key.extent,
        key.role,
        key.evidence,
        key.run or "",
    )


def _whole(column: int, last: int) -> str:
    """Return the cells of a column of the operations, from the first row to the last."""
    name = letters(column)
    return f"{name}{FIRST + 1}:{name}{last + 1}"


def _adding(column: ExactColumn, last: int, around: str) -> Callable[[str], str]:
    """Return what adds up a place of an exact column of the operations.

    Args:
        column: The column.
        last: Its last row.
        around: The formula, with ``{}`` where the cells stand.
    """

    def adds(place: str) -> str:
        at = column.number if place == "N" else column.limbs + int(place)
        return around.format(_whole(at, last))

    return adds


def operations_sheet(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write every group of operations, and the control total."""
    rows = _rows(briefing)
    last = FIRST + max(len(rows), 1) - 1
    sheet.note(0, "Operations recorded, by group", formats.title)
    sheet.note(1, _LIMB_NOTE)
    heads = [*_KEYS, "allocations", "counts", "low, exact", "low", "high, exact", "high", "open"]
    sheet.heads(FIRST - 1, [*heads, *_limb_heads("low"), *_limb_heads("high")])
    for place, (key, sums) in enumerate(rows):
        row = FIRST + place
        for column, words in enumerate(_key(key)):
            sheet.text(row, column, words)
        sheet.count(row, _ROWS, sums.rows)
        counts = int(key.role == "primary")
        sheet.formula(row, _COUNTS, f'=IF(F{row + 1}="primary",1,0)', counts, formats.count)
        sheet.exact(row, _LOW, sums.lo)
        sheet.exact(row, _HIGH, sums.hi)
        sheet.count(row, _OPEN, sums.unbounded)
    total, counting = last + 1, _whole(_COUNTS, last)
    primary = [sums for key, sums in rows if key.role == "primary"]
    sheet.text(total, 0, "control total", formats.total)
    for column, values in (
        (_ROWS, [s.rows for s in primary]),
        (_OPEN, [s.unbounded for s in primary]),
    ):
        formula = f"=SUMPRODUCT({counting}*{_whole(column, last)})"
        sheet.formula(total, column, formula, sum(values), formats.count_total)
    around = f"SUMPRODUCT({counting}*{{}})"
    sheet.exact_sum(total, _LOW, [s.lo for s in primary], _adding(_LOW, last, around))
    sheet.exact_sum(total, _HIGH, [s.hi for s in primary], _adding(_HIGH, last, around))
    _control(sheet, formats, briefing, total)
    sheet.close(hidden=range(_LOW.limbs, _HIGH.limbs + LIMBS))


def _control(sheet: Sheet, formats: Formats, briefing: Briefing, total: int) -> None:
    """Write what the ledger says the control total is, and whether the sheet agrees."""
    control = briefing.stamp.control
    sheet.text(total + 1, 0, "as the ledger folds it")
    sheet.text(total + 1, _LOW.text, str(control.lo), formats.digits)
    sheet.text(total + 1, _HIGH.text, str(control.hi), formats.digits)
    low, high = letters(_LOW.text), letters(_HIGH.text)
    same = f"AND({low}{total + 1}={low}{total + 2},{high}{total + 1}={high}{total + 2})"
    sheet.text(total + 2, 0, "both are the same")
    sheet.formula(total + 2, _LOW.text, f'=IF({same},"yes","NO")', "yes", formats.digits_total)
    sheet.note(total + 4, "counts: 1 for primary groups; others restate what these count.")
    sheet.note(total + 5, "open: allocations without an upper end, which `high` leaves out.")


def models_sheet(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write what each model's own primary work adds up to, from the sheet of operations."""
    rows = _rows(briefing)
    last = FIRST + max(len(rows), 1) - 1
    sheet.note(0, "Own work by model, added up from the sheet Operations", formats.title)
    sheet.note(1, "Whatever a law counts: what each rule compares stands on the first sheet.")
    heads = ["model", "allocations", "low, exact", "low", "high, exact", "high"]
    sheet.heads(FIRST - 1, [*heads, *_limb_heads("low"), *_limb_heads("high")])
    own = [(k, s) for k, s in rows if k.role == "primary" and k.extent == "own"]
    for place, model in enumerate(dict.fromkeys(key.model for key, _ in own)):
        row = FIRST + place
        mine = [sums for key, sums in own if key.model == model]
        sheet.text(row, 0, model)
        # EXACT, since SUMIF would read a name such as >1 or * as a condition.
        theirs = (
            f"EXACT(Operations!{_whole(0, last)},A{row + 1})"
            f'*EXACT(Operations!{_whole(4, last)},"own")*Operations!{_whole(_COUNTS, last)}'
        )
        formula = f"=SUMPRODUCT({theirs}*Operations!{_whole(_ROWS, last)})"
        sheet.formula(row, 1, formula, sum(s.rows for s in mine), formats.count)
        around = f"SUMPRODUCT({theirs}*Operations!{{}})"
        sheet.exact_sum(row, _MODEL_LOW, [s.lo for s in mine], _adding(_LOW, last, around))
        sheet.exact_sum(row, _MODEL_HIGH, [s.hi for s in mine], _adding(_HIGH, last, around))
    sheet.close(hidden=range(_MODEL_LOW.limbs, _MODEL_HIGH.limbs + LIMBS))


def capacity_sheet(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write the device time held by grade, and its total."""
    held = briefing.position.rows
    last = FIRST + max(len(held), 1) - 1
    sheet.note(0, "Capacity held, by grade", formats.title)
    sheet.note(1, "Device-microseconds, exact; unknown rows add nothing and are counted.")
    heads = ["precision", "sparsity", "grade", "scale", "allocations"]
    heads += ["device-microseconds, exact", "device-microseconds", *_limb_heads("held")]
    sheet.heads(FIRST - 1, [*heads, "unknown rows", "device-hours"])
    unknown, hours = _HELD.limbs + LIMBS, _HELD.limbs + LIMBS + 1
    number = letters(_HELD.number)
    for place, each in enumerate(held):
        row, sums = FIRST + place, each.amounts.sums
        words = (each.key.precision, each.key.sparsity, " or ".join(each.key.possible))
        for column, text in enumerate((*words, each.key.scale or "not known")):
            sheet.text(row, column, text)
        sheet.count(row, 4, sums.rows)
        sheet.exact(row, _HELD, sums.device_us)
        sheet.count(row, unknown, sums.device_us_unknown)
        formula = f"={number}{row + 1}/3600000000"
        sheet.formula(row, hours, formula, sums.device_us / 3_600_000_000, formats.count)
    total = last + 1
    sheet.text(total, 0, "total", formats.total)
    for column, values in (
        (4, [each.amounts.sums.rows for each in held]),
        (unknown, [each.amounts.sums.device_us_unknown for each in held]),
    ):
        formula = f"=SUM({_whole(column, last)})"
        sheet.formula(total, column, formula, sum(values), formats.count_total)
    values = [each.amounts.sums.device_us for each in held]
    sheet.exact_sum(total, _HELD, values, _adding(_HELD, last, "SUM({})"))
    formula = f"={number}{total + 1}/3600000000"
    sheet.formula(total, hours, formula, sum(values) / 3_600_000_000, formats.count_total)
    sheet.close(hidden=range(_HELD.limbs, _HELD.limbs + LIMBS))


def _limb_heads(name: str) -> list[str]:
    """Return the headings of limbs."""
    return [f"{name}, limb {limb}" for limb in range(1, LIMBS + 1)]
