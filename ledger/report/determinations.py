"""Determinations for people: those that somebody must act on first, and counts for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from ledger.determination.conclusion import IN_GUIDANCE
from ledger.determination.model import Band, Determination, Due
from ledger.determination.tally import Tally
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.urgency import urgency
from ledger.regime.words import SIGNS
from ledger.report.figure import scientific
from ledger.report.table import Column, Table

__all__ = [
    "OTHERS_MAX",
    "ROWS_MAX",
    "amount_in_words",
    "check_tables",
    "finding_in_words",
    "follows",
    "line_in_words",
]

ROWS_MAX: Final = 40
"""Determinations met or foreseen that a rule shows one by one, unless all are asked for."""
OTHERS_MAX: Final = 8
"""Other determinations that a rule shows one by one."""

_COLUMNS: Final = (
    Column("finding"),
    Column("subject", wide=True),
    Column("amount", "right"),
    Column("what follows", wide=True),
)
_RULE_COLUMNS: Final = (
    Column("rule", wide=True),
    Column("law"),
    *(Column(name, "right") for name in ("met", "ahead", "open", "excepted", "not met", "out")),
)
_COUNTS_LEGEND: Final = (
    "ahead: not met, but foreseen with commitments; open: a fact is missing; out: out of scope."
)
# Said once below the tables and not in every row.
_OF_DATES: Final = ("dates due run from", "no clock starts before")
_SAID_ONCE: Final = (*_OF_DATES, IN_GUIDANCE)


def check_tables(
    document: CheckDocument, tallies: Sequence[Tally], *, everything: bool = False
) -> tuple[Table, ...]:
    """Return a check for people: rule by rule what matters first, then the counts of every rule.

    Args:
        document: The result of a check; of many determinations it may hold those that come first.
        tallies: How the subjects of every rule came out.
        everything: Whether every determination has a row.
    """
    found = sorted(document.determinations, key=urgency)
    subjects = {(tally.regime, tally.rule): tally.subjects for tally in tallies}
    groups: dict[tuple[str, str], list[Determination]] = {}
    for d in found:
        groups.setdefault((d.regime, d.rule), []).append(d)
    tables, shown = [Table(_title(document), (), (), _left_out(document))], list[Determination]()
    for held in groups.values():
        rows = held if everything else _worth_a_row(held, document.counts.determinations)
        if rows:
            shown += rows
            left = subjects[held[0].regime, held[0].rule] - len(rows)
            tables.append(_rule_table(held, rows, left))
    tables.append(_counts_table(document, tallies, shown))
    return tuple(tables)


def _worth_a_row(held: list[Determination], total: int) -> list[Determination]:
    """Return the determinations of a rule that a short report shows."""
    if total <= ROWS_MAX:
        return [d for d in held if d.in_scope is not False]
    first = [d for d in held if d.met or d.overdue]
    rest = (d for d in held if not d.met and not d.overdue)
    others = [d for d in rest if d.undetermined or d.finding == "excepted"]
    close = [d for d in held if d.finding == "not_met" and d.robust is False]
    return [*first[:ROWS_MAX], *(*others, *close)[:OTHERS_MAX]]


def _rule_table(held: list[Determination], rows: Sequence[Determination], left: int) -> Table:
    """Return what one rule says of the subjects shown, and how many it leaves out."""
    d = held[0]
    lines = {line_in_words(row) for row in rows} - {""}
    common = lines.pop() if len(lines) == 1 else ""
    standing = ", ".join(str(part) for part in (d.law or "unknown", d.enforcement) if part)
    title = f"{d.regime}/{d.rule} {common}".rstrip() + f" ({standing})"
    figures = (
        "" if d.provenance in {None, "verified"} else f"; its figures are from: {d.provenance}"
    )
    soft = f"; {IN_GUIDANCE}" if any(IN_GUIDANCE in row.notes for row in held) else ""
    more = (f"{left} more are counted below; --all shows them.",) if left else ()
    cells = tuple(_row(row, with_line=not common) for row in rows)
    return Table(title, _COLUMNS, cells, (f"{d.cite}{soft}{figures}", *more))


def _counts_table(
    document: CheckDocument,
    tallies: Sequence[Tally],
    shown: Sequence[Determination],
) -> Table:
    """Return the counts of every rule, with what must be said of all that is shown."""
    counts = document.counts
    total = (
        f"{counts.met} met + {counts.not_met} not met + {counts.undetermined} undetermined + "
        f"{counts.excepted} excepted + {counts.out_of_scope} out of scope = "
        f"{counts.determinations} determinations."
    )
    rows = tuple(_count_row(t) for t in sorted(tallies, key=lambda t: (t.regime, t.rule)))
    legend = (_COUNTS_LEGEND,) if rows else ("No rule asked has a subject in this ledger.",)
    return Table("By rule", _RULE_COLUMNS, rows, (total, *legend, *_notes(shown)))


def _left_out(document: CheckDocument) -> tuple[str, ...]:
    """Return what the check did not count."""
    tail = document.ledger.unsigned_tail
    told = f"Entries after the newest checkpoint, not signed and not counted: {tail:,}."
    return (told,) if tail else ()


def _title(document: CheckDocument) -> str:
    """Return what was asked."""
    at = document.coordinates
    text = f"{document.ledger.origin}: law of {at.in_force_on}"
    if at.law_known_on != at.in_force_on:
        text += f" as known on {at.law_known_on}"
    return f"{text}, work as of {at.as_of}"


def _row(d: Determination, *, with_line: bool) -> tuple[str, ...]:
    """Return one determination for people."""
    line = f" (line: {line_in_words(d)})" if with_line and line_in_words(d) else ""
    return finding_in_words(d), d.subject, f"{amount_in_words(d)}{line}", "; ".join(follows(d))


def finding_in_words(d: Determination) -> str:
    """Return the finding in words, with what qualifies it."""
    words = {None: "out of scope", "not_met": "not met"}
    text = words.get(d.finding, d.finding or "")
    if d.finding != "met" and d.met:
        text = "foreseen"
    if d.robust is False and d.finding in {"met", "not_met", "excepted"}:
        text += " (!)"
    if d.hypothetical:
        text += ", if in force"
    elif d.law in {"disputed", "voluntary"} and d.finding is not None:
        text += f", {d.law}"
    return text


def amount_in_words(d: Determination) -> str:
    """Return the amount compared."""
    bands = [] if d.measured is None else list(d.measured.values())
    return _band(bands[0]) if bands else ""


def _band(band: Band) -> str:
    """Return an amount with both ends if they differ."""
    low = _short(band.low)
    if band.point is not None:
        return low
    return f"≥ {low}" if band.high is None else f"{low} to {_short(band.high, up=True)}"


def line_in_words(d: Determination) -> str:
    """Return the line with its comparator."""
    if d.threshold is None or d.comparison is None:
        return ""
    return f"{SIGNS[d.comparison]} {_short(d.threshold)} {d.unit}"


def _short(digits: str, *, up: bool = False) -> str:
    """Return a decimal string in at most four digits."""
    value = Fraction(digits)
    return digits if value.denominator != 1 else scientific(value.numerator, up=up)


def follows(d: Determination) -> Iterator[str]:
    """Yield what follows from a determination, the most pressing first."""
    yield from (_due(due) for due in d.due)
    if d.met_on is not None:
        yield _since(d)
    elif d.met and d.foreseen is not None:
        yield f"foreseen since {d.foreseen.on}" if d.foreseen.on else "foreseen"
    if d.rebutted:
        yield "answered by a decision"
    if d.closed_by is not None:
        yield "filed: " + ", ".join(f"{c.obligation} (entry {c.seq})" for c in d.closed_by)
    if d.exception is not None:
        yield f"by {d.exception}"
    if d.missing and d.undetermined:
        yield "needs " + ", ".join(d.missing)
    yield from _distance(d)
    if d.finding is None and d.in_scope is False:
        yield (
            f"law {d.law}"
            if d.law not in {"in_force", "disputed", "voluntary"}
            else "no subject of it"
        )
    if d.unfiled and d.closed_by is not None:
        yield "not yet filed: " + ", ".join(d.unfiled)
    yield from (note for note in d.notes if not note.startswith(_SAID_ONCE))


def _distance(d: Determination) -> Iterator[str]:
    """Yield how far the amount is from the line, where that tells something."""
    if d.margin is None:
        return
    if d.margin == "0":
        yield "exactly on the line"
    elif d.finding == "not_met":
        yield f"{_short(d.margin)} {d.unit} away"
    elif amount_in_words(d) == _short(d.threshold or ""):
        yield f"above the line by {_short(d.margin)} {d.unit}"


def _due(due: Due) -> str:
    """Return a duty with its day."""
    if due.on is None or due.days_left is None:
        return f"{due.obligation}: due date not known"
    if due.days_left < 0:
        return f"{due.obligation} due {due.on}, {-due.days_left} days late"
    return f"{due.obligation} due {due.on}, {due.days_left} days left"


def _since(d: Determination) -> str:
    """Return since when a rule is met."""
    assert d.met_on is not None
    first, last = d.met_on.earliest, d.met_on.latest
    if last is None:
        return "met; no record says since when"
    if first == last:
        return f"met since {last}"
    return f"met by {last}" if first is None else f"met between {first} and {last}"


def _notes(shown: Sequence[Determination]) -> Iterator[str]:
    """Yield the signs used in the rows."""
    if any("(!)" in finding_in_words(d) for d in shown):
        yield "(!) The line lies inside the stated error: a figure within it would say otherwise."
    if any(d.hypothetical for d in shown):
        yield "if in force: the law is assumed for this check and obliges nobody."
    if any(note.startswith(_OF_DATES) for d in shown for note in d.notes):
        yield (
            "Dates due run from the latest day on which a line was met, never from before the "
            "rule applies."
        )
    if any(d.undetermined for d in shown):
        yield "Which facts are needed, as a form to fill: flopledger fact missing"


def _count_row(tally: Tally) -> tuple[str, ...]:
    """Return how the subjects of one rule came out."""
    numbers = (
        *(tally.met, tally.foreseen, tally.undetermined, tally.excepted),
        *(tally.not_met, tally.out_of_scope),
    )
    cells = (str(number) if number else "·" for number in numbers)
    return (f"{tally.regime}/{tally.rule}", tally.law or "unknown", *cells)
