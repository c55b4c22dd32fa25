"""An office program opens the workbook, works every formula out anew, and finds what we wrote."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from reported import hostile, lab

pytestmark = [pytest.mark.thirdparty, pytest.mark.slow]

_KEPT = re.compile(rb"(<c [^>]*>)(<f>[^<]*</f>)<v>[^<]*</v>")


def forgotten(source: Path, target: Path) -> int:
    """Copy a workbook without the values that stand beside its formulas; return how many."""
    count = 0
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data, found = _KEPT.subn(rb"\1\2", old.read(name))
            new.writestr(name, data)
            count += found
    return count


def recomputed(folder: Path) -> Path:
    """Have the office program open a workbook without values, and write it with its own."""
    office = next((path for name in ("soffice", "libreoffice") if (path := shutil.which(name))), "")
    if not office:
        pytest.skip("needs LibreOffice: apt-get install libreoffice-calc")
    assert forgotten(folder / "r.xlsx", folder / "bare.xlsx") > 100
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "xlsx", "--outdir", "office", "bare.xlsx"],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=240,
    )
    return folder / "office" / "bare.xlsx"


@pytest.mark.parametrize("made", [lab, hostile])
def test_an_office_program_comes_to_the_values_that_stand_in_the_workbook(
    tmp_path: Path, made: object
) -> None:
    assert callable(made)
    folder = made(tmp_path).folder
    theirs = openpyxl.load_workbook(recomputed(folder), data_only=True)
    ours = openpyxl.load_workbook(folder / "r.xlsx", data_only=True)
    told = openpyxl.load_workbook(folder / "r.xlsx")
    compared = 0
    for sheet in told:
        for row in sheet.iter_rows():
            for cell in (each for each in row if each.data_type == "f"):
                place = sheet.title, cell.coordinate
                kept = ours[sheet.title][cell.coordinate].value
                found = theirs[sheet.title][cell.coordinate].value
                if isinstance(kept, str) or kept is None:
                    assert (found or "") == (kept or ""), place
                else:
                    assert found is not None, place
                    apart = abs(Fraction(found) - Fraction(kept))
                    assert apart <= abs(Fraction(kept)) / 10**14, place
                compared += 1
    assert compared > 100
