"""An impact report for people: what was said with an entry, and what would be said without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ledger.determination import Determination
from ledger.journeys.correction import Correction
from ledger.journeys.impact import Affected, AttestationUsed, CommitmentUsed, FilingUsed, Impact
from ledger.report.determinations import amount_in_words, finding_in_words, follows
from ledger.report.figure import scientific
from ledger.report.redline import limited
from ledger.report.table import Column, Table

__all__ = ["impact_csv", "impact_tables"]

_NOTHING: Final = "·"
_ALIKE_MAX: Final = 12
_DIGITS_MAX: Final = 15
_HOUR_US: Final = 3_600_000_000


def impact_tables(found: Impact, *, everything: bool = False) -> tuple[Table, ...]:
    """Return an impact for people.

    Args:
        found: What used the entry.
        everything: Whether every determination is listed.
    """
    tables = (
        _head(found),
        _correction(found.correction),
        limited(_outcomes(found), everything=everything),
        limited(_figures(found), everything=everything),
        _attestations(found),
        _filings(found.filings),
        _commitments(found.commitments),
    )
    return tuple(table for table in tables if table.rows or not table.columns)


def impact_csv(found: Impact) -> Table:
    """Return every change as one row of plain texts, for programs."""
    names = ("part", "entry", "regime", "rule", "subject", "what", "old", "new")
    rows = tuple(tuple(text or "" for text in row) for row in _csv_rows(found))
    return Table("", tuple(Column(name) for name in names), rows)


def _head(found: Impact) -> Table:
    """Return what is asked, and the answer in a sentence."""
    entry, on = found.correction.entry, found.question
    recorded = found.correction.recorded
    kind = "supposed, nothing was recorded" if recorded is None else f"entry {recorded}"
    flips, moved = len(found.flips), len(found.determinations)
    on_days = f"Law of {on.in_force_on}, work as of {on.as_of}"
    otherwise = sum(bool(each.changes) for each in found.attestations)
    notes = [
        f"Correction: {kind}. {on_days}, over the {found.size} entries before it.",
        f"{moved} of {found.asked} determinations rest on the entry; {flips} come out otherwise.",
        f"Signed statements over it: {len(found.attestations)}, {otherwise} would say otherwise.",
        f"Filings that rest on it: {len(found.filings)}.",
        *_alike(found),
    ]
    return Table(f"Impact of entry {entry.seq} ({entry.type})", (), (), tuple(notes))


def _alike(found: Impact) -> Iterator[str]:
    """Yield where else the same mistake may be."""
    if found.alike:
        first = ", ".join(str(seq) for seq in found.alike[:_ALIKE_MAX])
        more = f" and {len(found.alike) - _ALIKE_MAX} more" if len(found.alike) > _ALIKE_MAX else ""
        yield f"Look too at entries {first}{more}: the same device, read from the same file."


def _correction(correction: Correction) -> Table:
    """Return the fields that the correction changes."""
    columns = (Column("field"), Column("entry says", wide=True), Column("correction", wide=True))
    was: dict[str, Any] = dict(correction.entry.body)
    rows = []
    for place, (_, body) in enumerate(correction.replacements):
        marked = "" if len(correction.replacements) == 1 else f"{place + 1}: "
        rows += [
            (marked + name, _value(was.get(name)), _value(body.get(name)))
            for name in sorted({*was, *body} - {"idempotency_key"})
            if was.get(name) != body.get(name)
        ]
    if not correction.replacements:
        rows = [("whole entry", correction.entry.type, "taken back, nothing in its place")]
    reason = str(correction.reversal["reason"])
    notes = [f"Reason: {reason}"] if correction.recorded is not None else []
    for name in ("root_cause", "discovered_on"):
        value = correction.reversal[name]
        if value is not None:
            notes.append(f"{name.replace('_', ' ').capitalize()}: {value}")
    return Table("What is corrected", columns, tuple(rows), tuple(notes))


def _value(value: object) -> str:
    """Return a field of a record as text; long digits in four."""
    if value is None:
        return "not stated"
    text = str(value)
    return scientific(int(text)) if text.isdigit() and len(text) > _DIGITS_MAX else text


def _outcomes(found: Impact) -> Table:
    """Return the determinations that come out otherwise."""
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("as it stood", wide=True),
        Column("corrected", wide=True),
        Column("what follows", wide=True),
    )
    rows = tuple(
        (*_where(each), _outcome(each.old), _outcome(each.new), _then(each)) for each in found.flips
    )
    return Table("Determinations that come out otherwise", columns, rows)


def _where(each: Affected) -> tuple[str, str]:
    """Return the rule and the subject."""
    regime, rule, subject = each.place
    return f"{regime}/{rule}", subject


def _outcome(d: Determination | None) -> str:
    """Return an outcome with its amount."""
    if d is None:
        return "not known"
    amount = amount_in_words(d)
    return finding_in_words(d) + (f"\n{amount}" if amount else "")


def _then(each: Affected) -> str:
    """Return what follows from the correction: days late first."""
    late = [f"{late.obligation} was due {late.on}, {late.days} days late" for late in each.late]
    told = [] if each.new is None else list(follows(each.new))
    rest = [text for text in told if not text.endswith("days late")]
    return "\n".join([*late, *rest][:4])


def _figures(found: Impact) -> Table:
    """Return the determinations of which only figures move."""
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("finding"),
        Column("as it stood", "right"),
        Column("corrected", "right"),
    )
    rows = []
    for each in found.determinations:
        old, new = each.old, each.new
        if each.flips or old is None or new is None:
            continue
        sides = amount_in_words(old) or _NOTHING, amount_in_words(new) or _NOTHING
        rows.append((*_where(each), finding_in_words(new), *sides))
    return Table("Determinations of which only figures move", columns, tuple(rows))


def _attestations(found: Impact) -> Table:
    """Return the signed statements that covered the entry."""
    columns = (
        Column("statement"),
        Column("entry", "right"),
        Column("signed"),
        Column("over", "right"),
        Column("would say otherwise", wide=True),
    )
    rows = tuple(_attestation(each) for each in found.attestations)
    notes = (
        ("The statement itself is not at hand: asked by the law of the day it was recorded.",)
        if any(not each.kept for each in found.attestations)
        else ()
    )
    return Table("Signed statements over the entry", columns, rows, notes)


def _attestation(each: AttestationUsed) -> tuple[str, ...]:
    """Return one signed statement."""
    body = each.record.body
    return (
        f"number {body['number']}" + ("" if each.kept else " *"),
        str(each.record.seq),
        each.record.recorded_at[:10],
        f"{body['size']} entries",
        "\n".join(_changes(each.changes)) or "nothing",
    )


def _changes(changes: Iterable[Affected]) -> Iterator[str]:
    """Yield what comes out otherwise, and how many figures move."""
    moved = 0
    for each in changes:
        moved += not each.flips
        if each.flips:
            regime, rule, subject = each.place
            yield f"{regime}/{rule} {subject}: {_short(each.old)} → {_short(each.new)}"
    if moved:
        yield f"figures of {moved} more"


def _short(d: Determination | None) -> str:
    """Return a finding alone."""
    return "not known" if d is None else finding_in_words(d)


def _filings(filings: Iterable[FilingUsed]) -> Table:
    """Return the filings that rest on the entry."""
    columns = (
        Column("entry", "right"),
        Column("sent"),
        Column("duty", wide=True),
        Column("subject", wide=True),
        Column("as known then", wide=True),
        Column("corrected", wide=True),
    )
    rows = tuple(
        (
            str(each.record.seq),
            str(each.record.body["sent_at"])[:10],
            f"{each.record.body['regime']}/{each.record.body['obligation']}",
            str(each.record.body["subject"]),
            _outcome(each.change.old),
            _outcome(each.change.new),
        )
        for each in filings
    )
    notes = ("Whether an amended filing is owed, the law says; a person decides.",) if rows else ()
    return Table("Filings that rest on the entry", columns, rows, notes)


def _commitments(commitments: Iterable[CommitmentUsed]) -> Table:
    """Return the commitments touched."""
    columns = (
        Column("contract"),
        Column("entry", "right"),
        Column("device-hours delivered", "right"),
        Column("corrected", "right"),
        Column("foreseen outcome is another", wide=True),
    )
    rows = tuple(
        (
            str(each.record.body["contract"]),
            str(each.record.seq),
            *(f"{us // _HOUR_US:,}" for us in each.delivered),
            "\n".join(f"{r}/{rule} {subject}" for r, rule, subject in each.foreseen) or _NOTHING,
        )
        for each in commitments
    )
    return Table("Commitments touched", columns, rows)


def _csv_rows(found: Impact) -> Iterator[tuple[str | None, ...]]:
    """Yield every change."""
    parts = [("determination", str(found.correction.entry.seq), found.determinations)]
    parts += [("attestation", str(a.record.seq), a.changes) for a in found.attestations]
    parts += [("filing", str(f.record.seq), (f.change,)) for f in found.filings]
    for part, seq, changes in parts:
        for each in changes:
            old, new = each.old, each.new
            amounts = [None if d is None else amount_in_words(d) or None for d in (old, new)]
            if amounts[0] != amounts[1]:
                yield part, seq, *each.place, "amount", *amounts
            for turn in each.turns:
                yield part, seq, *each.place, turn.what, turn.old, turn.new
    for touched in found.commitments:
        old_us, new_us = touched.delivered
        contract = str(touched.record.body["contract"])
        seq = str(touched.record.seq)
        yield "commitment", seq, None, None, contract, "device_us", str(old_us), str(new_us)
