"""Rendering: text from a ledger can neither move a cursor nor run as a formula."""

from __future__ import annotations

import csv
import io

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
