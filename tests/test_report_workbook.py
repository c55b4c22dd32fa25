"""The report as a workbook: every total is a formula, and comes to what the ledger says."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from reported import HOSTILE, Lab, empty, hostile, lab, shared
from sheetmath import Sheets

from ledger.report.workbook_exact import letters


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return shared(tmp_path_factory, lab)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return shared(tmp_path_factory, hostile)


def opened(folder: Path) -> Any:
    return openpyxl.load_workbook(folder / "r.xlsx")


def formulas(book: Any) -> list[tuple[str, Any]]:
    """Every cell that is a formula."""
    return [
        (sheet.title, cell)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def row_of(sheet: Any, first: str) -> int:
    """The row whose first cell says this."""
    return next(row[0].row for row in sheet.iter_rows() if row[0].value == first)


@pytest.mark.parametrize("name", ["made", "odd"])
def test_formulas_come_to_the_values_that_stand_in_them(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(name).folder
    book = opened(folder)
    stored = openpyxl.load_workbook(folder / "r.xlsx", data_only=True)
    sheets = Sheets(book)
    held = formulas(book)
    assert len(held) > 100
    for title, cell in held:
        found = sheets.cell(title, cell.row, cell.column)
        kept = stored[title].cell(cell.row, cell.column).value
        if isinstance(kept, str) or kept is None:
            assert found == (kept or ""), (title, cell.coordinate)
        else:
            assert abs(Fraction(found) - Fraction(kept)) <= abs(Fraction(kept)) / 10**14, (
                title,
                cell.coordinate,
            )


def test_totals_have_every_digit(made: Lab) -> None:
    book = opened(made.folder)
    sheets, operations = Sheets(book), book["Operations"]
    total = row_of(operations, "control total")
    heads = [cell.value for cell in operations[4]]
    low, high = heads.index("low, exact") + 1, heads.index("high, exact") + 1
    # 20 runs of 3*10^23 and one of 123456789012345678901234567.
    assert sheets.cell("Operations", total, low) == "129456789012345678901234567"
    assert operations.cell(total, low).data_type == "f"
    assert sheets.cell("Operations", total + 2, low) == "yes"
    assert sheets.cell("Operations", total, high) == operations.cell(total + 1, high).value
    assert sheets.cell("Operations", total, heads.index("open") + 1) == 1


def test_a_changed_figure_changes_the_totals(made: Lab) -> None:
    book = opened(made.folder)
    operations = book["Operations"]
    heads = [cell.value for cell in operations[4]]
    low = heads.index("low, exact") + 1
    row = row_of(operations, "falcon-2")
    operations.cell(row, low).value = "600000000000000000000001"
    sheets = Sheets(book)
    total = row_of(operations, "control total")
    assert sheets.cell("Operations", total, low) == "124056789012345678901234568"
    assert sheets.cell("Operations", total + 2, low) == "NO"
    models = book["Models"]
    assert sheets.cell("Models", row_of(models, "falcon-2"), 3) == "600000000000000000000001"
    assert sheets.cell("Models", row_of(models, "owl-1"), 3) == "123456789012345678901234567"


def test_findings_are_those_of_the_check_and_their_distance_is_worked_out(made: Lab) -> None:
    book = opened(made.folder)
    sheets, report = Sheets(book), book["Report"]
    heads = [cell.value for cell in report[5]]
    at = {name: heads.index(name) + 1 for name in heads}
    row = next(
        cells[0].row
        for cells in report.iter_rows(min_row=6)
        if [c.value for c in cells[1:3]] == ["gpaisr-presumption", "model:falcon-2"]
    )
    assert report.cell(row, at["low, exact"]).value == "6000000000000000000000000"
    assert report.cell(row, at["line, exact"]).value == "10000000000000000000000000"
    assert sheets.cell("Report", row, at["share of line"]) == Fraction(6, 10)
    assert sheets.cell("Report", row, at["left to line"]) == 4 * 10**24
    assert sheets.cell("Report", row, at["days left"]) == 13
    assert sheets.cell("Report", row, at["evidence, sum"]) == 1


def test_device_time_is_exact_beyond_what_a_cell_keeps(made: Lab) -> None:
    book = opened(made.folder)
    capacity = book["Capacity"]
    total = row_of(capacity, "total")
    # 20 days of 4,096 devices.
    micro = 20 * 4096 * 86_400 * 10**6
    assert Sheets(book).cell("Capacity", total, 6) == str(micro)
    hours = [cell.value for cell in capacity[4]].index("device-hours") + 1
    assert Sheets(book).cell("Capacity", total, hours) == 20 * 4096 * 24


def test_no_name_becomes_a_formula_or_a_link(odd: Lab) -> None:
    book = opened(odd.folder)
    own = ("=IF(", "=SUM", "=VALUE(", "=COUNTA(", "=SUMPRODUCT(")
    for _, cell in formulas(book):
        text = str(cell.value)
        plain = text[1:2].isalpha() or text[1:2].isdigit()
        assert text.startswith(own) or plain, text
        assert "HYPERLINK" not in text
    names = {cell.value for cell in book["Models"]["A"]}
    assert set(HOSTILE) <= names
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                if cell.data_type == "s" and str(cell.value).startswith(("=", "+", "-", "@")):
                    assert cell.quotePrefix, cell.coordinate
    with zipfile.ZipFile(odd.folder / "r.xlsx") as archive:
        assert not [name for name in archive.namelist() if "external" in name.lower()]


def test_models_are_told_apart_letter_by_letter(odd: Lab) -> None:
    # A name such as >1 or * is a condition to SUMIF, and would add up other models.
    book = opened(odd.folder)
    sheets, models = Sheets(book), book["Models"]
    for name in (">1", "*", "=HYPERLINK(1)"):
        assert sheets.cell("Models", row_of(models, name), 3) == str(2 * 10**26), name


def test_the_same_input_gives_the_same_workbook(made: Lab) -> None:
    assert (made.folder / "r.xlsx").read_bytes() == (made.folder / "again.xlsx").read_bytes()


def test_a_workbook_of_nothing_opens(tmp_path_factory: pytest.TempPathFactory) -> None:
    book = opened(shared(tmp_path_factory, empty).folder)
    sheets = Sheets(book)
    total = row_of(book["Operations"], "control total")
    assert sheets.cell("Operations", total, 11) == "0"
    for title, cell in formulas(book):
        sheets.cell(title, cell.row, cell.column)


def test_the_stamp_and_the_changes_stand_in_it(made: Lab) -> None:
    book = opened(made.folder)
    early = json.loads((made.folder / "early.json").read_text())
    stamp = {row[0].value: row[1].value for row in book["Stamp"].iter_rows(max_col=2)}
    assert stamp["rule pack"] == early["coordinates"]["pack"]
    assert stamp["control total, low"] == "129456789012345678901234567"
    changed = {(row[0].value, row[1].value) for row in book["Changes"].iter_rows()}
    assert ("eu.aia/gpaisr-presumption", "model:owl-1") in changed


def test_columns_beyond_z_have_two_letters() -> None:
    assert [letters(place) for place in (0, 25, 26, 51, 52, 701, 702)] == [
        *("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"),
    ]
