"""Many problems: every refused row is in the document, and none costs more than it must."""

from __future__ import annotations

import tracemalloc
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import ROW, catalogue

from ledger.errors import Problem
from ledger.importers.csv import IMPORTER
from ledger.journeys.held_time import Ceiling
from ledger.journeys.importing import Imported, Request, import_files
from ledger.log import Appended
from ledger.record import Draft
from ledger.report.imports import import_document, import_json
from ledger.report.problems import problem_lines
from ledger.report.render import to_json

HOSTILE = '"a\\b"\n  "problems": []\n\t\x00\x1f\x7f\x85\u2028é\U0001f5dd[]{},'
ROWS = 12_000
BYTES_A_ROW = 300
"""What a problem of its own may take: its numbers, its message, and its place in the lists."""


class Refusing:
    """A ledger to which nothing may come."""

    def append(self, drafts: Sequence[Draft], **_: object) -> Appended:
        raise AssertionError(drafts)

    preview = append


def done(*problems: Problem) -> Imported:
    """An import that found these problems."""
    ceiling = Ceiling(2, 0, 1, 10**25, {"bf16": 10**25})
    held = {HOSTILE: 10**18, "idle": 2}
    return Imported(3, 0, 1, 2, 3, 4, len(problems), problems, held, {HOSTILE: ceiling})


def found(count: int) -> tuple[Problem, ...]:
    """As many problems, of every kind."""
    kinds = (
        Problem(HOSTILE, None, "not-csv", HOSTILE, HOSTILE, "finding", HOSTILE),
        Problem("t.csv", 7, "number-form", "devices is 'x'", "write digits"),
        Problem("t.csv", 8, "read", "", "", "note"),
    )
    return tuple(kinds[number % 3] for number in range(count))


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001, 2500])
@pytest.mark.parametrize("dry_run", [True, False])
def test_json_in_parts_is_the_bytes_of_the_whole(count: int, *, dry_run: bool) -> None:
    imported = done(*found(count))
    whole = to_json(import_document(imported, dry_run=dry_run))
    parts = list(import_json(imported, dry_run=dry_run))
    assert "".join(parts) == whole
    assert len(parts) == 1 + -(-count // 1000)


def test_problems_take_no_more_than_they_must(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    wrong = (f"{number} FLOPs" for number in range(ROWS))
    rows = (",".join({**ROW, "operations": cell}.values()) for cell in wrong)
    path.write_text("\n".join((",".join(ROW), *rows, "")), "utf-8")
    request = Request(IMPORTER, {}, catalogue(), dry_run=True)
    tracemalloc.start()
    try:
        imported = import_files(Refusing(), request, [path])
        kept = tracemalloc.get_traced_memory()[0]
        shown = problem_lines(imported.problems[:100])  # what is made once
        first = _more(lambda: problem_lines(imported.problems))
        second = _more(lambda: deque(import_json(imported, dry_run=True), maxlen=0))
    finally:
        tracemalloc.stop()
    assert (imported.refused, len(imported.problems)) == (ROWS, ROWS)
    assert shown[-1] == "and 80 more; -f json lists all"
    assert kept < ROWS * BYTES_A_ROW, kept / ROWS
    assert first < ROWS * 2, first / ROWS
    # A thousand problems are written together: objects, text of the same, and its bytes.
    assert second < 1_000 * 3_000, second / ROWS


def _more(told: Callable[[], object]) -> int:
    """Bytes that are taken meanwhile, beside those that were taken before."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    told()
    return tracemalloc.get_traced_memory()[1] - before


PROBLEMS = st.lists(
    st.builds(
        Problem,
        st.sampled_from(["a.csv", "b.csv"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from(["c", "d"]),
        st.sampled_from(["m", "n"]),
        st.sampled_from(["", "do"]),
        st.sampled_from(["refused", "finding", "note"]),
        st.sampled_from(["", "so"]),
    ),
    max_size=40,
)


@given(PROBLEMS, st.integers(1, 6))
def test_lines_say_what_they_say_of_all_problems_sorted(problems: list[Problem], most: int) -> None:
    ranks = {"refused": 0, "finding": 1, "note": 2}
    alike: dict[tuple[str, ...], list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: ranks[problem.severity]):
        words = (problem.severity, problem.code, problem.message, problem.why, problem.remedy)
        alike.setdefault(words, []).append(problem)
    groups = list(alike.values())
    heads = [line for line in problem_lines(problems, most=most) if not line.startswith("  ")]
    rest = sum(map(len, groups[most:]))
    assert len(heads) == len(groups[:most]) + bool(rest)
    for (problem, *more), line in zip(groups[:most], heads, strict=False):
        place = problem.source if problem.line is None else f"{problem.source}:{problem.line}"
        assert line.startswith(f"{place}: {problem.severity}[{problem.code}]: {problem.message}")
        told = f" (and at {len(more)} place" if more else ""
        assert (told in line) if told else "(and" not in line
    if rest:
        assert heads[-1] == f"and {rest} more; -f json lists all"
