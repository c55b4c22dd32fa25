"""Each trap of counting compute has tests, and each test that the table names exists."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from named import TESTS, missing, names_in

TABLES: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    (TESTS / "traps.yaml").read_text("utf-8")
)["tables"]
ROWS = [(table, name) for table, rows in TABLES.items() for name in rows]
NOT_READ = {
    *(("slurm", "siblings"), ("kubernetes", "claims"), ("telemetry", "other-makers")),
    *(("focus", "commitments"), ("frameworks", "trackers")),
}
OF_TRAPS = ("test_slurm_traps.py", "test_sample_traps.py", "test_focus_forms.py")


def test_traps_are_those_of_every_kind_of_source() -> None:
    kinds = {"slurm", "kubernetes", "telemetry", "focus", "frameworks", "tools", "keys"}
    assert set(TABLES) == kinds
    assert {(table, name) for table, name in ROWS if "limit" in TABLES[table][name]} == NOT_READ


@pytest.mark.parametrize(("table", "name"), ROWS)
def test_trap_is_told_with_tests_that_exist(table: str, name: str) -> None:
    row = TABLES[table][name]
    what = "limit" if (table, name) in NOT_READ else "done"
    assert set(row) == {"trap", what, "tests"}
    assert all(isinstance(row[word], str) and row[word] for word in ("trap", what))
    assert row["tests"]
    assert len(row["tests"]) == len(set(row["tests"]))
    assert [each for each in row["tests"] if missing(each)] == []


@pytest.mark.parametrize("file", OF_TRAPS)
def test_tests_of_traps_stand_in_the_table(file: str) -> None:
    """What a file of traps tests is about a trap, unless it is about damage to a file."""
    named = {t for rows in TABLES.values() for row in rows.values() for t in row["tests"]}
    about_damage = ("refuse", "stops_the_import", "is_no_bill")
    unnamed = [n for n in sorted(names_in(file)) if f"{file}::{n}" not in named]
    assert [name for name in unnamed if not any(word in name for word in about_damage)] == []
