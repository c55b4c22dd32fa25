"""Held amounts are numbers added up over holdings in columns, subject by subject.

Every holding is a row of a sheet of its own, on which the number and the condition of a total are
computed once for all subjects; what belongs to whom is then joined and added up by group.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from ledger.engines.numbers import AMOUNT, Leaf, Number
from ledger.engines.sums import Grouping, group_sums
from ledger.regime.answered import Answers
from ledger.regime.expression import Total
from ledger.regime.trace import Span, Truth
from ledger.regime.words import in_words

__all__ = ["Rows", "held_leaf"]

_AMOUNTS = ("added_lo", "added_hi", "taken_lo", "taken_hi")
_COUNTS = ("added_unbounded", "taken_unbounded")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a total says of each holding.

    Attributes:
        names: The holdings, as subjects, one a row.
        number: The number added up.
        where: Whether the holding is meant, in each row; None where all are.
        gaps: What would decide that, in each row.
    """

    names: Sequence[str]
    number: Number
    where: Sequence[Truth] | None
    gaps: Sequence[tuple[str, ...]]


def held_leaf(asked: Total, answers: Answers, subjects: Sequence[str], rows: Rows) -> Leaf:
    """Return a total over holdings as a number.

    Args:
        asked: The total.
        answers: Says which holdings belong to a subject.
        subjects: One a row of the result.
        rows: What the total says of each holding.
    """
    places = {name: row for row, name in enumerate(rows.names)}
    spans = [rows.number.span(row) for row in range(len(rows.names))]
    scale = math.lcm(*(end.denominator for s in spans for end in (s.lo, s.hi) if end is not None))
    table: list[dict[str, object]] = []
    missing: list[set[str]] = [set() for _ in subjects]
    dimensions: list[str | None] = [None] * len(subjects)
    for place, subject in enumerate(subjects):
        belonging = answers.held(subject, asked.of, in_window=asked.during == "window")
        for held in belonging:
            row = places[held.subject]
            truth = True if rows.where is None else rows.where[row]
            event = held.holding.event
            if truth is False or event not in (*asked.add, *asked.less):
                continue
            sure = held.sure and truth is True
            table.append(_row(place, spans[row], scale, sure=sure, added=event in asked.add))
            missing[place] |= {*held.missing, *rows.number.gap(row)}
            missing[place] |= set(rows.gaps[row])
            dimensions[place] = dimensions[place] or rows.number.dimension(row)
    sums = _added(table, len(subjects), scale)

    def gaps(row: int) -> tuple[str, ...]:
        return () if sums[row].known else tuple(sorted(missing[row]))

    return Leaf.of(in_words(asked) + f" {id(asked)}", sums, dimensions, gaps)


def _row(place: int, span: Span, scale: int, *, sure: bool, added: bool) -> dict[str, object]:
    """Return what one holding adds to a subject, or takes from it, as digits of whole parts."""
    side, other = ("added", "taken") if added else ("taken", "added")
    lo = int(span.lo * scale) if sure else 0
    return {
        "subject": place,
        f"{side}_lo": str(lo),
        f"{side}_hi": None if span.hi is None else str(int(span.hi * scale)),
        f"{side}_unbounded": int(span.hi is None),
        f"{other}_lo": "0",
        f"{other}_hi": "0",
        f"{other}_unbounded": 0,
    }


def _added(table: Sequence[dict[str, object]], subjects: int, scale: int) -> list[Span]:
    """Add rows up by subject, and take away what went."""
    found = [Span.point(0)] * subjects
    if not table:
        return found
    schema = {"subject": pl.Int64, **dict.fromkeys(_AMOUNTS, pl.String)}
    frame = pl.DataFrame(table, schema={**schema, **dict.fromkeys(_COUNTS, pl.Int64)})
    rows = frame.lazy().with_columns(pl.col(name).cast(AMOUNT) for name in _AMOUNTS)
    sums = group_sums(Grouping(rows, ("subject",), _COUNTS, _AMOUNTS))
    for row in sums.iter_rows(named=True):
        added, taken = (
            Span(
                Fraction(int(row[f"{side}_lo"]), scale),
                None if row[f"{side}_unbounded"] else Fraction(int(row[f"{side}_hi"]), scale),
            )
            for side in ("added", "taken")
        )
        found[row["subject"]] = added.less(taken)
    return found
