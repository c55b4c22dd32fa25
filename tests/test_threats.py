"""Each threat has tests, and each test that the table names exists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml
from named import TESTS, missing, names_in

ROWS: dict[int, dict[str, Any]] = yaml.safe_load((TESTS / "threats.yaml").read_text("utf-8"))[
    "rows"
]
LIMITS = {8, 9}  # nothing in a program shows what was never written, or what is false and signed


def numbers_of(name: str) -> Sequence[int]:
    """Return the rows that the name of a test says it belongs to."""
    found = re.match(r"test_(?:threat|row)s?_(\d+)_(?:(to|and)_(\d+)_)?", name)
    if found is None:
        return ()
    first, last = int(found[1]), int(found[3] or found[1])
    return range(first, last + 1) if found[2] != "and" else (first, last)


def test_threats_are_numbered_without_a_gap() -> None:
    assert list(ROWS) == list(range(1, 34))


@pytest.mark.parametrize("number", ROWS)
def test_threat_has_a_control_and_tests_that_exist(number: int) -> None:
    row = ROWS[number]
    assert set(row) == {"threat", "control", "tests"} | ({"limit"} if number in LIMITS else set())
    assert len(row["tests"]) >= 2
    assert len(row["tests"]) == len(set(row["tests"]))
    assert [each for each in row["tests"] if missing(each)] == []


def test_threat_that_a_test_names_is_in_the_table_under_its_number() -> None:
    """A test called after a threat stands in its row, by its name or its pattern."""
    unnamed = []
    for path in sorted(TESTS.rglob("test_*.py")):
        file = str(path.relative_to(TESTS))
        for name in sorted(names_in(file)):
            for number in numbers_of(name):
                named = [each.partition("::") for each in ROWS[number]["tests"]]
                if not any(file == other and fnmatchcase(name, like) for other, _, like in named):
                    unnamed.append((number, f"{file}::{name}"))
    assert unnamed == []


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("test_row_25_too_many_members", [25]),
        ("test_threat_7_x", [7]),
        ("test_rows_27_to_29_x", [27, 28, 29]),
        ("test_rows_3_and_11_x", [3, 11]),
        ("test_rows_of_the_table", []),
    ],
)
def test_numbers_of_threats_are_read_from_names(name: str, numbers: list[int]) -> None:
    assert list(numbers_of(name)) == numbers


@pytest.mark.parametrize(
    "named", ["test_threats.py::test_nothing", "test_none.py::test_x", "test_threats.py"]
)
def test_name_of_no_test_is_seen(named: str) -> None:
    assert missing(named)
