"""The first screen of a page: the verdict, and how every subject stands under every rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.journeys.briefing import Briefing, Row
from ledger.report.briefing_words import (
    GRADES,
    band_of,
    band_words,
    distance_words,
    evidence_words,
    line_words,
    next_words,
    sign_of,
    total_words,
    verdict_words,
)
from ledger.report.determinations import finding_in_words, follows
from ledger.report.page_table import kept, kinds, noted, table_html, text
from ledger.report.table import Column, Table

__all__ = ["ROWS_MAX", "compares", "others_html", "standing_html", "verdict_html"]

ROWS_MAX: Final = 60
"""Rows that the first table shows, the most pressing first."""

_HEADS: Final = (
    *("rule", "subject", "finding", "total", "band", "line", "distance", "evidence"),
    "next date",
)
_COLOURS: Final = {"overdue": "bad", "met": "bad", "foreseen": "look", "open": "look"}
_SIGNS: Final = {"overdue": "‼", "met": "!", "foreseen": "▸", "open": "?", "clear": "="}
_SAID: Final = {
    "overdue": "a date has passed",
    "met": "the line is met",
    "foreseen": "the line will be met by what is signed",
    "open": "a fact is missing",
    "clear": "nothing to act on",
}


def verdict_html(briefing: Briefing) -> str:
    """Return the verdict."""
    at = briefing.checked.document.coordinates
    assumed = "".join(f"; {text(name)} as if it were in force" for name in sorted(at.assumptions))
    return (
        f'<section class="verdict {briefing.verdict.word}" aria-label="Verdict">'
        f'<p class="say">{text(verdict_words(briefing))}</p>'
        f'<p class="note">Law of {at.in_force_on}, as known on {at.law_known_on}{assumed}. '
        "A finding holds under the rule pack named in the stamp and on the evidence shown; it is "
        "no certificate.</p></section>"
    )


def standing_html(briefing: Briefing) -> str:
    """Return the table of regimes, rules and subjects."""
    rows = [row for row in briefing.rows if compares(row)]
    shown = rows[:ROWS_MAX]
    if not shown:
        return "<p>No rule asked compares anything of this ledger with a line.</p>"
    groups: dict[str, list[Row]] = {}
    for row in shown:
        groups.setdefault(row.determination.regime, []).append(row)
    heads = "".join(f'<th scope="col" role="columnheader">{head}</th>' for head in _HEADS)
    bodies = "".join(_group(briefing, regime, rows) for regime, rows in groups.items())
    title = "How each subject stands under each rule, the most pressing first"
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{title}">'
        f'<table class="cards" role="table"><caption>{title}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>{bodies}</table></div>'
        + noted(_notes(briefing, shown))
    )


def compares(row: Row) -> bool:
    """Return whether a row belongs on the first screen: it compares an amount, or is pressing."""
    d = row.determination
    band = band_of(d)
    known = band is not None and (band.low != "0" or band.high is not None)
    return d.met or d.overdue or (d.threshold is not None and (known or d.unit in {"OP", "FLOP"}))


def others_html(briefing: Briefing) -> str:
    """Return the findings that compare no amount, in short."""
    rows = [row for row in briefing.rows if not compares(row)]
    if not rows:
        return "<p>There is no other finding.</p>"
    cells = tuple(
        (
            f"{row.determination.regime}/{row.determination.rule}",
            row.determination.subject,
            finding_in_words(row.determination),
            "; ".join(follows(row.determination)),
        )
        for row in rows[:ROWS_MAX]
    )
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("finding"),
        Column("what follows", wide=True),
    )
    left = len(rows) - len(cells)
    notes = (f"{left:,} more: flopledger check --all.",) if left else ()
    return table_html(Table("", columns, cells, notes))


def _group(briefing: Briefing, regime: str, rows: Sequence[Row]) -> str:
    """Return the rows of one regime below its name."""
    d = rows[0].determination
    title = briefing.regimes[regime].title["en"]
    standing = ", ".join(str(part) for part in (d.law or "unknown", d.enforcement) if part)
    standing = standing.replace("_", " ")
    name = f"{text(regime)}: {text(title)} ({text(standing)})"
    return (
        f'<tbody role="rowgroup"><tr role="row"><th class="group" scope="rowgroup" role="rowheader"'
        f' colspan="{len(_HEADS)}">{name}</th></tr>' + "".join(map(_row, rows)) + "</tbody>"
    )


def _row(row: Row) -> str:
    """Return one row."""
    d, word = row.determination, sign_of(row)
    sign = (
        f'<span class="sign {_COLOURS.get(word, "good")}" aria-hidden="true">{_SIGNS[word]}</span> '
    )
    cells = (
        ("subject", "", d.subject),
        ("finding", "keep", finding_in_words(d)),
        ("total", "right", total_words(d)),
        ("band", "right span", band_words(d)),
        ("line", "right", line_words(d)),
        ("distance", "", distance_words(d)),
        ("evidence", "", evidence_words(d.evidence_share)),
        ("next date", "", next_words(row)),
    )
    held = "".join(
        f'<td role="cell" data-label="{name}"{kinds(words, kind)}>{cell}</td>'
        for name, kind, words in cells
        for cell in ((sign if name == "finding" else "") + kept(text(words)),)
    )
    name = f'<th scope="row" role="rowheader"{kinds(d.rule)}>{text(d.rule)}</th>'
    return f'<tr role="row">{name}{held}</tr>'


def _notes(briefing: Briefing, shown: Sequence[Row]) -> list[str]:
    """Return what must be said of the rows."""
    words = dict.fromkeys(sign_of(row) for row in shown)
    notes = ["Signs: " + ", ".join(f"{_SIGNS[word]} {_SAID[word]}" for word in words) + "."]
    letters = [
        letter
        for letter in GRADES
        if any(getattr(row.determination.evidence_share, letter) for row in shown)
    ]
    if letters:
        notes.append(
            "Evidence grades, by share of the operations: "
            + "; ".join(f"{letter} {GRADES[letter]}" for letter in letters)
            + "."
        )
    notes.append(
        "Total: the legal interval that is compared with the line. Band: the stated error. "
        "Figures show at most four digits, lower ends rounded down and upper ends up; the "
        "workbook and -f json have every digit."
    )
    if any("(!)" in finding_in_words(row.determination) for row in shown):
        notes.append("(!) The line lies inside the stated error.")
    if any(row.determination.hypothetical for row in shown):
        notes.append("If in force: the law is assumed, and obliges nobody.")
    left = sum(map(compares, briefing.rows)) - len(shown)
    if left:
        notes.append(f"{left:,} less pressing rows are left out: flopledger check --all.")
    others = len(briefing.rows) - sum(map(compares, briefing.rows))
    if others:
        notes.append(f"{others:,} findings that compare no amount stand under Other findings.")
    return notes
