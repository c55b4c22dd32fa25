"""Rendering: text from a ledger can neither move a cursor nor run as a formula."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from ledger.report.render import to_csv, to_json, to_markdown, to_terminal
from ledger.report.table import Column, Table

TABLE = Table(
    "Totals",
    (Column("model", wide=True), Column("operations", "right")),
    (
        ("=cmd|' /C calc'!A0", "1"),
        ("a|b<script>\x1b[2J", "-25"),
        ("é", "10000000000000000000000001"),
    ),
    ("a note",),
)


def test_csv_cells_cannot_be_formulas() -> None:
    rows = list(csv.reader(io.StringIO(to_csv([TABLE]))))
    assert rows[0] == ["model", "operations"]
    assert rows[1][0].startswith("'=")
    assert rows[2][1] == "-25"
    assert rows[3] == ["é", "10000000000000000000000001"]


def test_markdown_cells_cannot_break_the_table_or_inject_markup() -> None:
    text = to_markdown([TABLE])
    assert "a\\|b&lt;script>\\x1b[2J" in text
    assert text.splitlines()[3] == "| --- | ---: |"


def test_terminal_text_holds_no_control_characters() -> None:
    text = to_terminal([TABLE], width=80, color=False)
    assert "\x1b" not in text
    assert "\\x1b[2J" in text
    assert "10000000000000000000000001" in text
    assert "a note" in text


def test_terminal_lines_fit_the_width() -> None:
    wide = Table("t", (Column("a", wide=True), Column("b", "right")), (("word " * 60, "1"),))
    lines = to_terminal([wide], width=60, color=False).splitlines()
    assert max(len(line) for line in lines) <= 60
    assert len(lines) > 5


def test_json_keeps_order_and_ends_in_a_newline() -> None:
    assert to_json({"b": "1", "a": 2}) == '{\n  "b": "1",\n  "a": 2\n}\n'


FACT = "developer.group_revenue_prior_calendar_year"
RANGE = "16028986236963934 to 166423817000000000"
CROWDED = Table(
    "crowded",
    (
        Column("entry", "right"),
        Column("fact", wide=True),
        Column("words of the law", wide=True),
        Column("amount", "right"),
        Column("grade"),
    ),
    (("17", FACT, "greater than 10^25, as the law says", RANGE, "P1"),),
    ("a note",),
)


def words(text: str) -> str:
    """Return a text without any white space."""
    return "".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200, None])
def test_terminal_shows_every_column_whole(width: int | None) -> None:
    text = to_terminal([CROWDED], width=width, color=False)
    assert "…" not in text
    assert width is None or max(map(len, text.splitlines())) <= width
    for number in ("17", "16028986236963934", "166423817000000000", "10^25,", "P1"):
        assert re.search(rf"(?<!\S){re.escape(number)}(?!\S)", text), number
    for column in CROWDED.columns:
        assert all(word in text for word in column.name.split())


def test_terminal_gives_a_row_that_does_not_fit_as_a_block() -> None:
    lines = to_terminal([CROWDED], width=60, color=False).splitlines()
    assert lines[1:4] == [
        "entry: 17",
        f"fact: {FACT}",
        "words of the law: greater than 10^25, as the law says",
    ]
    assert lines[-2:] == ["", "a note"]


def test_terminal_folds_a_long_name_at_its_joints() -> None:
    narrow = Table("", (Column("fact", wide=True), Column("n", "right")), ((FACT, "9" * 24),))
    text = to_terminal([narrow], width=60, color=False)
    assert [line.split()[0] for line in text.splitlines()[2:]] == [
        "developer.group_revenue_prior_",
        "calendar_year",
    ]


def test_terminal_folds_no_number() -> None:
    number = "100,000,000,000,000,000,000,000,000"
    columns = (Column("amounts", wide=True), Column("words", wide=True), Column("name"))
    text = to_terminal(
        [Table("", columns, ((number, "many words " * 9, "n" * 24),))], width=70, color=False
    )
    assert re.search(rf"(?<!\S){number}(?!\S)", text)


def test_terminal_line_of_a_pipe_is_never_cut() -> None:
    long = Table("", (Column("a"), Column("b", wide=True)), (("x" * 500, "y " * 400),))
    assert "x" * 500 + "   " + ("y " * 400).rstrip() in to_terminal([long], width=None, color=False)


def test_terminal_keeps_the_indent_of_a_tree() -> None:
    rows = (("root " * 6, "yes"), ("  branch " + "word " * 12, "no"), ("    leaf", "no"))
    tree = Table("", (Column("reason", wide=True), Column("answer")), rows)
    lines = to_terminal([tree], width=40, color=False).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  branch"))
    end = lines.index(next(line for line in lines if line.startswith("    leaf")))
    assert end > start + 1
    assert all(line.startswith("      word") for line in lines[start + 1 : end])


def test_terminal_measures_wide_characters() -> None:
    wide = Table("", (Column("law", wide=True), Column("b")), (("인공지능" * 20, "1"),))
    text = to_terminal([wide], width=60, color=False)
    assert max(cell_len(line) for line in text.splitlines()) <= 60
    assert "인공지능" * 20 in words(text.replace("1", "").replace("law", "").split("─")[-1])


def test_terminal_emphasises_headings_only_where_asked() -> None:
    assert to_terminal([TABLE], width=80, color=True).startswith("\x1b[1mTotals\x1b[0m\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
@example({"": '\x00\x1f\x7f\u2028é"\\/\b\f\n\r\t😀', "a": [], "b": {}, "c": [[], [{}]]})
def test_json_bytes_are_those_of_the_standard_library(document: dict[str, object]) -> None:
    assert to_json(document) == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def test_markdown_gives_each_note_one_bullet() -> None:
    table = Table("t", (Column("a"),), (), ("plain", "- dashed"))
    assert to_markdown([table]).endswith("\n- plain\n- dashed\n")
