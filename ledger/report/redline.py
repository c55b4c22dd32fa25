"""A redline is two laws side by side for people: what stood there, what stands there, who flips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ledger.journeys.comparing import Compared, Redline
from ledger.journeys.flip import Flip, Turn
from ledger.regime.difference import Change, Difference
from ledger.regime.gist import gist
from ledger.regime.likeness import Likeness
from ledger.regime.model import Regime
from ledger.regime.source import ParameterValue
from ledger.report.law import cited, value_shown
from ledger.report.table import Column, Table

__all__ = ["ROWS_MAX", "law_change_tables", "limited", "redline_csv", "redline_tables"]

ROWS_MAX: Final = 40
"""Subjects shown one by one unless all are asked for."""

_NOTHING: Final = "·"
_SECTIONS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("Standing and sources", frozenset({"lifecycle", "enforcement", "sources"})),
    ("Lists and how figures are filed", frozenset({"parameters", "sets"})),
    ("What is counted, and where the text is open", frozenset({"counting", "readings"})),
    ("Rules", frozenset({"rules"})),
)
_NAMED: Final = frozenset[str]().union(*(sections for _, sections in _SECTIONS))
_TOLD: Final = {True: "yes", False: "no", None: "unknown"}
_ANSWERS: Final = {
    "equivalent": "equivalent",
    "equivalent_when_known": "equivalent once all facts are known",
    "differs": "not equivalent",
    "not_tried": "not tried: too many combinations",
}


def redline_tables(redline: Redline, *, everything: bool = False) -> tuple[Table, ...]:
    """Return two laws side by side for people.

    Args:
        redline: The two laws, and what they lead to.
        everything: Whether every subject that comes out otherwise is listed.
    """
    compared = redline.compared
    found = (*law_change_tables(compared), _cases(compared), _files(compared))
    flipped = _on_cases(redline) if redline.ledger is None else _on_ledger(redline)
    tables = [_head(redline), *found, limited(flipped, everything=everything), _unasked(redline)]
    return tuple(table for table in tables if table.rows or not table.columns)


def law_change_tables(compared: Compared) -> tuple[Table, ...]:
    """Return what differs in the law, part by part, without the parts that are the same."""
    tables = (_regimes(compared), _values(compared), *_changes(compared), _conditions(compared))
    return tuple(table for table in tables if table.rows)


def limited(table: Table, *, everything: bool) -> Table:
    """Return a table with its first rows only, unless everything is wanted, and how many it had."""
    left = len(table.rows) - ROWS_MAX
    if everything or left <= 0:
        return table
    notes = (*table.notes, f"{left:,} more; --all shows them.")
    return Table(table.title, table.columns, table.rows[:ROWS_MAX], notes)


def redline_csv(redline: Redline) -> Table:
    """Return every difference as one row of plain texts, for programs."""
    names = ("part", "regime", "place", "kind", "old", "new", "detail")
    rows = tuple(tuple(text or "" for text in row) for row in _csv_rows(redline))
    return Table("", tuple(Column(name) for name in names), rows)


def _head(redline: Redline) -> Table:
    """Return what was compared, and the answer in a sentence."""
    compared, (old, new) = redline.compared, redline.given
    notes = [
        f"Old: {old}, {len(compared.old.regimes)} regimes, pack {compared.old.pack.digest}",
        f"New: {new}, {len(compared.new.regimes)} regimes, pack {compared.new.pack.digest}",
        _answer(redline),
    ]
    if compared.rewritten:
        notes.append(f"Only written otherwise, saying the same: {', '.join(compared.rewritten)}")
    return Table("The law before and after", (), (), tuple(notes))


def _answer(redline: Redline) -> str:
    """Return the answer in a sentence."""
    compared = redline.compared
    if not compared:
        return "No difference."
    counts = (
        (len(compared.added), "regime added", "regimes added"),
        (len(compared.removed), "regime removed", "regimes removed"),
        (sum(len(d.values) for d in compared.differences), "figure changed", "figures changed"),
        (sum(len(d.changes) for d in compared.differences), "other change", "other changes"),
        (sum(len(d.cases) for d in compared.differences), "case changed", "cases changed"),
        (len(compared.files), "change in other files", "changes in other files"),
    )
    told = [f"{number} {one if number == 1 else many}" for number, one, many in counts if number]
    law = bool(compared.added or compared.removed or any(d.of_law for d in compared.differences))
    return f"{', '.join(told)}." + ("" if law else " No rule says anything else than before.")


def _regimes(compared: Compared) -> Table:
    """Return the regimes that only one of the laws has."""
    columns = (Column("regime"), Column("change"), Column("title", wide=True), Column("rules"))
    rows = (
        *((r.id, "added", r.title["en"], _rules(r)) for r in compared.added),
        *((r.id, "removed", r.title["en"], _rules(r)) for r in compared.removed),
    )
    return Table("Regimes", columns, rows)


def _rules(regime: Regime) -> str:
    """Return the rules of a regime."""
    return "\n".join(rule.id for rule in regime.rules)


def _values(compared: Compared) -> Table:
    """Return the values of figures that are new, gone or otherwise, each side whole."""
    columns = (
        Column("figure", wide=True),
        Column("change", wide=True),
        Column("was", wide=True),
        Column("becomes", wide=True),
    )
    rows = tuple(
        (
            f"{each.new.id}/{value.parameter}",
            ", ".join(value.changed) or ("added" if value.old is None else "removed"),
            _value(each.old, value.old),
            _value(each.new, value.new),
        )
        for each in compared.differences
        for value in each.values
    )
    return Table("Figures", columns, rows)


def _value(regime: Regime, value: ParameterValue | None) -> str:
    """Return a value of a figure with its days, its place in the law and its words."""
    if value is None:
        return _NOTHING
    until = "" if value.until is None else f" until {value.until}"
    phrase = "" if value.cite.phrase is None else f" “{value.cite.phrase}”"
    lines = (
        value_shown(value.value),
        f"from {value.from_}{until}, known {value.known}, {value.provenance}",
        f"{cited(regime, value.cite)}{phrase}",
    )
    return "\n".join(lines)


def _changes(compared: Compared) -> Iterator[Table]:
    """Yield what else differs, one table a part of the file."""
    columns = (
        Column("place", wide=True),
        Column("change"),
        Column("was", wide=True),
        Column("becomes", wide=True),
    )
    for title, sections in (*_SECTIONS, ("The file and what it says beside its rules", None)):
        rows = tuple(
            (f"{each.new.id} {change.place}", *_sides(change))
            for each in compared.differences
            for change in each.changes
            if (change.section in sections if sections else change.section not in _NAMED)
        )
        yield Table(title, columns, rows)


def _sides(change: Change) -> tuple[str, str, str]:
    """Return what kind of change it is, and both sides."""
    return change.kind, change.old or _NOTHING, change.new or _NOTHING


def _conditions(compared: Compared) -> Table:
    """Return whether conditions that are written otherwise say the same."""
    columns = (
        Column("condition", wide=True),
        Column("the two are", wide=True),
        Column("they part where", wide=True),
        Column("old"),
        Column("new"),
        Column("resting on what changed", wide=True),
    )
    rows = tuple(
        _condition(each, found) for each in compared.differences for found in each.likenesses
    )
    notes = (
        "Facts are taken as independent of each other, and so are comparisons of other numbers.",
        "What a figure, list, counting set or rule in the last column means is taken as the same.",
    )
    return Table("Conditions that are written otherwise", columns, rows, notes if rows else ())


def _condition(each: Difference, found: Likeness) -> tuple[str, ...]:
    """Return what became of one condition."""
    sides = (_TOLD[found.old], _TOLD[found.new]) if found.witness else ("", "")
    return (
        f"{each.new.id}/{found.rule} {found.place}",
        _ANSWERS[found.answer],
        "\n".join(found.witness),
        *sides,
        ", ".join(found.changed),
    )


def _cases(compared: Compared) -> Table:
    """Return the cases that are new, gone or otherwise."""
    columns = (Column("regime"), Column("case", wide=True), Column("change"))
    rows = tuple(
        (each.new.id, case.name, case.kind) for each in compared.differences for case in each.cases
    )
    return Table("Cases", columns, rows)


def _files(compared: Compared) -> Table:
    """Return where files differ that hold no regime."""
    columns = (
        Column("place", wide=True),
        Column("change"),
        Column("was", wide=True),
        Column("becomes", wide=True),
    )
    rows = tuple((change.place, *_sides(change)) for change in compared.files)
    return Table("Vocabulary, catalogue, units and grades", columns, rows)


_FLIPPED: Final = (
    Column("what", wide=True),
    Column("was", wide=True),
    Column("becomes", wide=True),
)


def _on_cases(redline: Redline) -> Table:
    """Return what comes out otherwise on the cases of both files."""
    columns = (Column("case", wide=True), Column("subject", wide=True), *_FLIPPED)
    rows = tuple(
        (
            f"{found.flip.regime}: {found.case}",
            f"{found.flip.rule} {found.flip.subject}",
            *_turned(found.flip.turns),
        )
        for found in redline.cases
    )
    if not rows and any(each.of_law for each in redline.compared.differences):
        return Table("Findings on the cases of both files", (), (), ("No finding flips.",))
    return Table("Findings that flip on the cases of both files", columns, rows)


def _on_ledger(redline: Redline) -> Table:
    """Return what comes out otherwise on a ledger."""
    assert redline.ledger is not None
    question, records = redline.ledger.question, redline.ledger.records
    columns = (Column("rule", wide=True), Column("subject", wide=True), *_FLIPPED)
    rows = tuple(
        (f"{flip.regime}/{flip.rule}", flip.subject, *_turned(flip.turns))
        for flip in redline.ledger.flips
    )
    asked = f"{records.origin}: law of {question.in_force_on}, work as of {question.as_of}"
    if not rows:
        return Table(f"Findings on {asked}", (), (), ("No finding flips.",))
    return Table(f"Findings that flip on {asked}", columns, rows)


def _turned(turns: Iterable[Turn]) -> tuple[str, str, str]:
    """Return what is said otherwise, as three columns of lines."""
    lines = [(turn.what, turn.old or _NOTHING, turn.new or _NOTHING) for turn in turns]
    what, old, new = ("\n".join(column) for column in zip(*lines, strict=True))
    return what, old, new


def _unasked(redline: Redline) -> Table:
    """Return the cases that one of the laws cannot be asked about."""
    columns = (Column("case", wide=True), Column("law"), Column("why", wide=True))
    rows = tuple((f"{u.regime}: {u.case}", u.law, u.why) for u in redline.unasked)
    return Table("Cases that one of the laws cannot be asked about", columns, rows)


def _csv_rows(redline: Redline) -> Iterator[Sequence[str | None]]:
    """Yield every difference."""
    compared = redline.compared
    for kind, regimes in (("added", compared.added), ("removed", compared.removed)):
        for regime in regimes:
            yield "regime", regime.id, "", kind, None, None, regime.title["en"]
    for each in compared.differences:
        yield from _csv_of_regime(each)
    for change in compared.files:
        yield "file", "", change.place, change.kind, change.old, change.new, ""
    for found in redline.cases:
        yield from _csv_of_flip("case finding", found.flip, f"{found.case} ({found.of})")
    for flip in () if redline.ledger is None else redline.ledger.flips:
        yield from _csv_of_flip("finding", flip, "")


def _csv_of_regime(each: Difference) -> Iterator[Sequence[str | None]]:
    """Yield where two regimes differ."""
    regime_id = each.new.id
    for change in each.changes:
        yield "law", regime_id, change.place, change.kind, change.old, change.new, ""
    for value in each.values:
        kind = "changed" if value.changed else "added" if value.old is None else "removed"
        sides = (None if side is None else gist(side) for side in (value.old, value.new))
        yield "figure", regime_id, value.parameter, kind, *sides, " ".join(value.changed)
    for found in each.likenesses:
        place = f"{found.rule} {found.place}"
        detail = "; ".join((*found.witness, *(f"changed: {name}" for name in found.changed)))
        said = (_TOLD[found.old], _TOLD[found.new]) if found.witness else ("", "")
        yield "condition", regime_id, place, found.answer, *said, detail
    for case in each.cases:
        yield "case", regime_id, case.name, case.kind, None, None, ""


def _csv_of_flip(part: str, flip: Flip, detail: str) -> Iterator[Sequence[str | None]]:
    """Yield what is said otherwise of a subject."""
    for turn in flip.turns:
        place = f"{flip.rule} {flip.subject}"
        yield part, flip.regime, place, turn.what, turn.old, turn.new, detail
