"""A briefing is what a report of a ledger says: how it stands, what changed, what is missing.

It holds values only; pages and workbooks are made from it. What a report does not prove is part of
what it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from ledger.determination import Determination
from ledger.journeys.checking import Checked
from ledger.journeys.curve import Curve, curves_of
from ledger.journeys.deadlines import Deadline, Deadlines
from ledger.journeys.forecasting import Forecast, Forecasts
from ledger.journeys.grading import Tables
from ledger.journeys.lacking import Lacking, lacking
from ledger.journeys.news import News
from ledger.journeys.position import Position, position
from ledger.journeys.urgency import urgency
from ledger.measure import Sums
from ledger.regime.model import Regimes
from ledger.regime.vocabulary import Vocabulary

__all__ = ["CURVES_MAX", "NOT_PROVEN", "Asked", "Briefing", "Row", "Stamp", "Verdict", "brief"]

CURVES_MAX: Final = 6
"""Curves that a report draws; the most pressing first."""

NOT_PROVEN: Final = (
    "That every run was recorded. A run that nobody entered leaves no trace here.",
    (
        "That the figures are right. The sums are exact; what goes into them is stated, on the "
        "evidence grades shown."
    ),
    (
        "That the training, or the laboratory, complied. The findings hold under the rule pack "
        "named below, on the day named below, and under no other."
    ),
    (
        "That the rule pack says what a court would say. Where its figures are from memory or "
        "from secondary sources, the findings are no firmer than those."
    ),
    (
        "That nothing was replaced. Changes after a checkpoint that a witness cosigned are "
        "detected by `flopledger verify`; this report trusts the newest checkpoint."
    ),
)
"""What no report shows, whatever it says."""

Word: TypeAlias = Literal["overdue", "met", "foreseen", "open", "clear", "nothing"]


@dataclass(frozen=True, slots=True)
class Row:
    """How one subject stands under one rule.

    Attributes:
        determination: The outcome.
        forecast: When it crosses the line, if that can be said.
        deadline: Its next open date, or the first that has passed.
    """

    determination: Determination
    forecast: Forecast | None
    deadline: Deadline | None

    @property
    def crossing(self) -> bool:
        """Whether what is signed carries it over the line."""
        return self.forecast is not None and self.forecast.band.point.second is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report says first.

    Attributes:
        word: What weighs most.
        overdue: Dates that have passed with nothing filed.
        met: Lines of binding law that are met, duties open.
        filed: Lines of binding law that are met, every duty filed.
        foreseen: Lines of binding law that will be met by what is signed.
        waiting: Findings under binding law that wait for a fact.
        subjects: Subjects of lines met, in order.
        next: The next date.
    """

    word: Word
    overdue: int
    met: int
    filed: int
    foreseen: int
    waiting: int
    subjects: tuple[str, ...]
    next: Deadline | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a report was made from, so that it can be made again and held against the ledger.

    Attributes:
        command: The command line.
        program: Version of the program.
        head: Hash of the last entry under the checkpoint, hex; None for an empty ledger.
        vkey: Key that signed the checkpoint.
        types: Entries counted by type.
        control: Sums over all primary allocations, whatever a law counts.
    """

    command: str
    program: str
    head: str | None
    vkey: str
    types: dict[str, int]
    control: Sums


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a report says.

    Attributes:
        checked: The check behind it.
        regimes: The regimes asked.
        verdict: What it says first.
        rows: Every determination in scope, the most pressing first.
        forecasts: When lines are crossed.
        due: Dates of all duties.
        curves: How operations grew, for the most pressing models.
        curves_left: Curves that are left out.
        position: Capacity held.
        tables: What graded it.
        missing: Facts that would decide what is open.
        news: What changed; None if no earlier report was given.
        stamp: What it was made from.
    """

    checked: Checked
    regimes: Regimes
    verdict: Verdict
    rows: tuple[Row, ...]
    forecasts: Forecasts
    due: Deadlines
    curves: tuple[Curve, ...]
    curves_left: int
    position: Position
    tables: Tables
    missing: tuple[Lacking, ...]
    news: News | None
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Asked:
    """What a briefing is made from.

    Attributes:
        checked: A check whose snapshot is still open.
        regimes: The regimes asked.
        forecasts: Forecasts of the same check.
        due: Deadlines of the same check.
        tables: What grades the allocations.
        vocabulary: The facts that may be stated.
        news: What changed since an earlier report, if one was given.
    """

    checked: Checked
    regimes: Regimes
    forecasts: Forecasts
    due: Deadlines
    tables: Tables
    vocabulary: Vocabulary
    news: News | None


def brief(asked: Asked, *, command: str, program: str, head: str | None, vkey: str) -> Briefing:
    """Return what a report says.

    Args:
        asked: What it is made from.
        command: The command line, for the stamp.
        program: Version of the program, for the stamp.
        head: Hash of the last entry under the checkpoint, hex; None for an empty ledger.
        vkey: Key that signed the checkpoint.
    """
    found = asked.checked.document.determinations
    rows = _rows(found, asked.forecasts, asked.due)
    curves = curves_of(
        asked.checked,
        asked.regimes,
        asked.forecasts,
        [row.determination for row in rows],
        most=CURVES_MAX,
    )
    folded = asked.checked.world.book.folded
    types = Counter(record.type for record in folded.records)
    types["allocation"] = folded.allocations
    control = sum(
        (sums for key, sums in folded.totals.items() if key.role == "primary"), start=Sums()
    )
    return Briefing(
        checked=asked.checked,
        regimes=asked.regimes,
        verdict=_verdict(found, asked.due),
        rows=rows,
        forecasts=asked.forecasts,
        due=asked.due,
        curves=curves.drawn,
        curves_left=curves.left,
        position=position(folded, asked.tables),
        tables=asked.tables,
        missing=lacking((d for d in found if d.undetermined), asked.vocabulary),
        news=asked.news,
        stamp=Stamp(command, program, head, vkey, dict(sorted((+types).items())), control),
    )


def _rows(found: Sequence[Determination], forecasts: Forecasts, due: Deadlines) -> tuple[Row, ...]:
    """Return a row for every determination in scope, the most pressing first."""
    ahead = {id(each.determination): each for each in forecasts.held}
    dates: dict[int, Deadline] = {}
    for each in due.those("overdue", "runs_on", "due"):  # in order of days
        dates.setdefault(id(each.determination), each)
    shown = sorted((d for d in found if d.in_scope is not False), key=urgency)
    return tuple(Row(d, ahead.get(id(d)), dates.get(id(d))) for d in shown)


def _verdict(found: Sequence[Determination], due: Deadlines) -> Verdict:
    """Return what the report says first."""
    binding = [d for d in found if d.binding]
    met = [d for d in binding if d.finding == "met" and not d.closed]
    filed = sum(d.finding == "met" and d.closed for d in binding)
    foreseen = sum(d.met and d.finding != "met" for d in binding)
    open_ = sum(d.undetermined for d in binding)
    late = sum(each.pressing for each in due.held)
    ahead = (e for e in due.those("due") if not e.determination.hypothetical)
    counts = {"overdue": late, "met": len(met), "foreseen": foreseen, "open": open_}
    words: tuple[Word, ...] = ("overdue", "met", "foreseen", "open")
    rest: Word = "clear" if found else "nothing"
    return Verdict(
        word=next((word for word in words if counts[word]), rest),
        overdue=late,
        met=len(met),
        filed=filed,
        foreseen=foreseen,
        waiting=open_,
        subjects=tuple(dict.fromkeys(d.subject for d in met)),
        next=min(ahead, key=lambda each: each.on or date.max, default=None),
    )
