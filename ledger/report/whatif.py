"""A what-if report for people: who enters, who leaves, which dates move, and what is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ledger.determination import Counts, Determination
from ledger.journeys.whatif import Effect, EffectKind, Touched, WhatIf
from ledger.report.determinations import finding_in_words, follows
from ledger.report.figure import scientific
from ledger.report.redline import law_change_tables, limited
from ledger.report.table import Column, Table

__all__ = ["whatif_csv", "whatif_tables"]

_TITLES: Final[Mapping[EffectKind, str]] = {
    "enters": "Enters: met or foreseen only under the scenario",
    "leaves": "Leaves: no longer met nor foreseen under the scenario",
    "opens": "Opens: under the scenario a fact is missing that would decide it",
    "settles": "Settles: under the scenario it is decided, and not met",
    "moves": "Dates that move, met or foreseen under both laws",
    "other": "Other: only the standing of the law, the scope or the exception is another",
}
_NOTHING: Final = "·"
_STAMP: Final = "Hypothetical"
_COUNTED: Final = ("met", "foreseen", "undetermined", "excepted", "not_met", "out_of_scope")


def whatif_tables(found: WhatIf, *, everything: bool = False) -> tuple[Table, ...]:
    """Return what a scenario does for people.

    Args:
        found: What it does.
        everything: Whether every subject is listed.
    """
    tables = (
        _head(found),
        *(_stamped(table) for table in law_change_tables(found.scenario.law)),
        *(_effects(found, kind, everything=everything) for kind in _TITLES),
        limited(_commitments(found), everything=everything),
        _counts(found),
    )
    return tuple(table for table in tables if table.rows or not table.columns)


def whatif_csv(found: WhatIf) -> Table:
    """Return every effect and every commitment touched as one row of plain texts, for programs."""
    names = (
        "hypothetical",
        "part",
        "regime",
        "rule",
        "subject",
        "kind",
        "since",
        "what",
        "old",
        "new",
    )
    rows = tuple(tuple(text or "" for text in ("true", *row)) for row in _csv_rows(found))
    return Table("", tuple(Column(name) for name in names), rows)


def _head(found: WhatIf) -> Table:
    """Return what is supposed, of which records and days, and what must be known beside."""
    scenario, on, records = found.scenario, found.question, found.records
    known = "" if on.law_known_on == on.in_force_on else f" as known on {on.law_known_on}"
    notes = [
        "Nothing here is law, and nothing was recorded.",
        f"Law in use: pack {scenario.law.old.pack.digest}",
        f"Scenario: pack {scenario.law.new.pack.digest}",
        *(f"Set: {setting}" for setting in scenario.settings),
        *(f"Draft: {regime} from {given}" for regime, given in scenario.drafts.items()),
        *(f"Assumed: {text}" for text in found.supposed.assumptions),
        *(f"Reading: {text}" for text in found.supposed.readings),
        *(f"Note: {note}." for note in found.notes),
    ]
    if not found.effects:
        notes.append("Nothing changes for any subject on that day.")
    title = f"{records.origin}: law of {on.in_force_on}{known}, work as of {on.as_of}"
    return Table(f"{_STAMP}: what if? {title}", (), (), tuple(notes))


def _stamped(table: Table) -> Table:
    """Return a table whose title says that nothing in it is law."""
    return Table(f"{_STAMP}: {table.title}", table.columns, table.rows, table.notes)


def _effects(found: WhatIf, kind: EffectKind, *, everything: bool) -> Table:
    """Return the subjects to whom a scenario does one kind of thing."""
    columns = [Column("rule", wide=True), Column("subject", wide=True)]
    columns += [] if kind in {"moves", "other"} else [Column("from")]
    columns += [Column("now", wide=True), Column("under the scenario", wide=True)]
    rows = tuple(_row(effect) for effect in found.effects if effect.kind == kind)
    table = Table(f"{_STAMP}: {_TITLES[kind]}", tuple(columns), rows)
    return limited(table, everything=everything)


def _row(effect: Effect) -> tuple[str, ...]:
    """Return what happens to one subject."""
    regime, rule, subject = effect.place
    if effect.kind in {"moves", "other"}:
        sides = (
            "\n".join(f"{turn.what}: {side or _NOTHING}" for turn, side in pairs)
            for pairs in (
                [(turn, turn.old) for turn in effect.turns],
                [(turn, turn.new) for turn in effect.turns],
            )
        )
        return f"{regime}/{rule}", subject, *sides
    since = _NOTHING if effect.since is None else str(effect.since)
    return f"{regime}/{rule}", subject, since, _outcome(effect.old), _outcome(effect.new)


def _outcome(d: Determination | None) -> str:
    """Return an outcome in words; that it is hypothetical stands in the title."""
    if d is None:
        return "not asked"
    plain = d.model_copy(update={"hypothetical": False})
    return "; ".join((finding_in_words(plain), *follows(plain)))


def _commitments(found: WhatIf) -> Table:
    """Return the commitments to models whose outcome is another."""
    columns = (
        Column("contract", wide=True),
        Column("kind"),
        Column("model", wide=True),
        Column("agreed on"),
        Column("window"),
        Column("expected operations", "right"),
        Column("counts"),
        Column("outcomes that rest on it", wide=True),
    )
    rows = tuple(_commitment(touched) for touched in found.touched)
    legend = ("counts: it counts toward what is foreseen by the day asked.",)
    return Table(f"{_STAMP}: commitments touched", columns, rows, legend if rows else ())


def _commitment(touched: Touched) -> tuple[str, ...]:
    """Return one commitment."""
    body: Mapping[str, Any] = touched.record.body
    return (
        f"{body['contract']} (entry {touched.record.seq})",
        body["kind"],
        body["model"],
        body["agreed_on"],
        f"{body['window_start']} to {body['window_end']}",
        _expected(body),
        "yes" if touched.counts else "no",
        "\n".join(f"{regime}/{rule} {subject}" for regime, rule, subject in touched.places),
    )


def _expected(body: Mapping[str, Any]) -> str:
    """Return the operations expected of a commitment, in short."""
    if body["operations"] is not None:
        return scientific(int(body["operations"]))
    low, high = body["operations_low"], body["operations_high"]
    if low is None and high is None:
        return "unknown"
    least = "0" if low is None else scientific(int(low))
    return f"{least} or more" if high is None else f"{least} to {scientific(int(high), up=True)}"


def _counts(found: WhatIf) -> Table:
    """Return how many determinations came out how under both laws."""
    columns = (Column("determinations"), Column("now", "right"), Column("scenario", "right"))
    old, new = found.counts
    rows = tuple((name.replace("_", " "), *_count(name, old, new)) for name in _COUNTED)
    asked = f"Regimes asked: {', '.join(found.asked) or 'none'}."
    legend = "foreseen: of those not met, met once commitments count."
    return Table(f"{_STAMP}: counts of the regimes asked", columns, rows, (asked, legend))


def _count(name: str, *counts: Counts) -> Iterator[str]:
    """Yield one count of each law."""
    for each in counts:
        yield f"{getattr(each, name):,}"


def _csv_rows(found: WhatIf) -> Iterator[tuple[str | None, ...]]:
    """Yield every effect, one row a thing that is said otherwise, and every commitment."""
    for effect in found.effects:
        since = None if effect.since is None else str(effect.since)
        for turn in effect.turns:
            yield "effect", *effect.place, effect.kind, since, turn.what, turn.old, turn.new
    for touched in found.touched:
        body: Mapping[str, Any] = touched.record.body
        window = f"{body['window_start']}/{body['window_end']}"
        operations = body["operations"] or f"{body['operations_low']}/{body['operations_high']}"
        told = f"agreed {body['agreed_on']}, window {window}, operations {operations}"
        for place in touched.places:
            yield "commitment", *place, body["kind"], None, body["contract"], None, told
