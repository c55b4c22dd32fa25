"""An explanation for people: the reasons as a tree, the law in its words, the entries behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from ledger.journeys.explaining import CountedLeg, Explanation, FactLine
from ledger.journeys.supposing import Supposition
from ledger.quantity import parse_number
from ledger.regime.trace import Reason
from ledger.report.determinations import finding_in_words, follows
from ledger.report.figure import scientific
from ledger.report.holdings import holding_documents, holding_table
from ledger.report.operand import in_full
from ledger.report.table import Column, Table

__all__ = ["LEGS_MAX", "explanation_document", "explanation_tables"]

LEGS_MAX: Final = 40
"""Lines of work, and of holdings, shown unless all are asked for."""

_ANSWERS: Final = {True: "yes", False: "no", None: "unknown"}


def explanation_tables(found: Explanation, *, everything: bool = False) -> tuple[Table, ...]:
    """Return an explanation for people.

    Args:
        found: The explanation.
        everything: Whether all work and holdings are listed, however long the lists.
    """
    tables = [_head(found)]
    if found.outcome is not None:
        tables.append(_reasons(found))
    if found.figures:
        tables.append(_law(found))
    if found.facts:
        tables.append(_facts(found))
    if found.legs:
        tables.append(_work(found.legs, everything=everything))
    if found.holdings:
        tables.append(holding_table(found.holdings, None if everything else LEGS_MAX))
    if found.supposed:
        tables.append(_supposed(found))
    return tuple(tables)


def explanation_document(found: Explanation) -> dict[str, Any]:
    """Return an explanation as a document; numbers are decimal strings or fractions."""
    return {
        "schema": "flopledger/explain.v1",
        "determination": found.determination.model_dump(mode="json"),
        "title": found.title,
        "effect": found.effect,
        "interpretation": found.interpretation,
        "law": {
            "status": found.standing.law,
            "since": _iso(found.standing.since),
            "applies_from": _iso(found.standing.applies_from),
            "cite": found.standing_cite,
            "figures": [
                {
                    "name": figure.name,
                    "value": figure.value,
                    "phrase": figure.phrase,
                    "cite": figure.cite,
                    "provenance": figure.provenance,
                }
                for figure in found.figures
            ],
        },
        "reasons": [] if found.outcome is None else list(_trees(found)),
        "facts": [
            {"subject": f.subject, "name": f.name, "value": f.said, "entries": list(f.entries)}
            for f in found.facts
        ],
        "work": [_leg_document(item) for item in found.legs],
        "holdings": holding_documents(found.holdings),
        "missing": [
            {
                "name": each.missing,
                "asked_for": each.asked_for,
                "would": [{"value": value, "finding": came} for value, came in each.outcomes],
                "turning": each.turning,
                "decides": list(each.deciding),
            }
            for each in found.supposed
        ],
    }


def _head(found: Explanation) -> Table:
    """Return what was determined, and how the law stands."""
    d, standing = found.determination, found.standing
    law = standing.law or "not known"
    since = "" if standing.since is None else f" since {standing.since}"
    cite = "" if found.standing_cite is None else f" ({found.standing_cite})"
    notes = [f"{found.title}, {found.effect}: {d.cite}.", f"Law: {law}{since}{cite}."]
    if d.enforcement is not None:
        notes.append(f"Enforcement: {d.enforcement}.")
    notes += [f"{text[:1].upper()}{text[1:]}." for text in follows(d)]
    if d.robust is False and d.finding in {"met", "not_met", "excepted"}:
        notes.append("The line lies inside the stated error of the amount: (!)")
    if found.interpretation is not None:
        notes.append(f"Read so: {found.interpretation}")
    if d.readings:
        chosen = ", ".join(f"{name}={alternative}" for name, alternative in d.readings.items())
        notes.append(f"Where the law is open, taken: {chosen}.")
    title = f"{d.regime}/{d.rule} of {d.subject}: {finding_in_words(d)}"
    return Table(title, (), (), tuple(notes))


def _reasons(found: Explanation) -> Table:
    """Return the tree of reasons as indented lines, without what does not matter."""
    columns = (Column("reason", wide=True), Column("answer"), Column("amounts", wide=True))
    rows = []
    for label, root in _roots(found):
        if root.truth is False and label.startswith("unless"):
            rows.append((label.rstrip(": "), _ANSWERS[root.truth], ""))
            continue
        for depth, reason in _walk(root, 0):
            text = f"{'  ' * depth or label}{_label(reason)}"
            rows.append((text, _ANSWERS[reason.truth], _values(reason)))
    return Table("Reasons", columns, tuple(rows))


def _label(reason: Reason) -> str:
    """Return a reason in words; what several others make is told by its parts."""
    match reason.operator:
        case "all":
            return "all of these"
        case "any":
            return "one of these"
        case "choose":
            return "by case"
        case "arm":
            return f"case {reason.parts[0].text}"
        case _:
            return reason.text


def _roots(found: Explanation) -> Iterator[tuple[str, Reason]]:
    """Yield the roots of the tree with what each is for."""
    assert found.outcome is not None
    if found.outcome.scope is not None:
        yield "scope: ", found.outcome.scope
    yield "condition: ", found.outcome.reason
    for name, reason in found.outcome.exceptions.items():
        yield f"unless {name}: ", reason


def _walk(reason: Reason, depth: int) -> Iterator[tuple[int, Reason]]:
    """Yield a reason and what below it matters, with its depth."""
    yield depth, reason
    for part in _that_matter(reason):
        yield from _walk(part, depth + 1)


def _that_matter(reason: Reason) -> Sequence[Reason]:
    """Return the parts that led to the answer."""
    parts = reason.parts
    match reason.operator:
        case "all" | "any" | "exists" | "rule":
            same = [part for part in parts if part.truth is reason.truth]
            return same or parts
        case "choose":
            return [arm for arm in parts if arm.truth is not False]
        case "arm":
            return parts[1:]
        case _:
            return parts


def _values(reason: Reason) -> str:
    """Return what a reason rests on: amounts of a comparison, or what a fact says."""
    if reason.operands is None:
        return reason.value or ""
    return "; ".join(f"{operand.text} = {in_full(operand)}" for operand in reason.operands)


def _law(found: Explanation) -> Table:
    """Return the figures of the law with the words that decide."""
    columns = (
        Column("figure"),
        Column("value", "right"),
        Column("checked"),
        Column("words of the law", wide=True),
    )
    rows = tuple(
        (f.name, _figure(f.value), f.provenance, f"“{f.phrase}”, {f.cite}" if f.phrase else f.cite)
        for f in found.figures
    )
    return Table("Figures of the law", columns, rows)


def _figure(text: str) -> str:
    """Return a figure as a power of ten where that is exact."""
    number, _, unit = text.partition(" ")
    if not number.isdigit():
        return text
    short = scientific(int(number))
    whole = short if parse_number(short) == int(number) else f"{int(number):,}"
    return f"{whole} {unit}"


def _facts(found: Explanation) -> Table:
    """Return the facts asked, with the entries that say so."""
    columns = (
        Column("fact", wide=True),
        Column("subject", wide=True),
        Column("recorded", wide=True),
        Column("entries"),
    )
    rows = tuple(
        (f.name, f.subject, _said(f), ", ".join(map(str, f.entries)) or "none") for f in found.facts
    )
    return Table("Facts", columns, rows)


def _said(fact: FactLine) -> str:
    """Return what is recorded of a fact, in words."""
    if fact.said is not None:
        return fact.said
    if len(fact.entries) == 1:
        return "contradictory: a figure on the ledger says otherwise"
    return "contradictory: reverse one of them" if fact.entries else "nothing"


def _work(legs: Sequence[CountedLeg], *, everything: bool) -> Table:
    """Return the work looked at, with the first entry of each line."""
    columns = (
        Column("entry", "right"),
        Column("of", "right"),
        Column("run", wide=True),
        Column("activity", wide=True),
        Column("day"),
        Column("operations", "right"),
        Column("counted by", wide=True),
    )
    shown = legs if everything else legs[:LEGS_MAX]
    left = len(legs) - len(shown)
    notes = (f"{left} more lines; --all shows them.",) if left else ()
    legend = "entry: the first of so many alike; see it with: flopledger show SEQ"
    return Table("Work", columns, tuple(map(_leg_row, shown)), (legend, *notes))


def _leg_row(item: CountedLeg) -> tuple[str, ...]:
    """Return one line of work."""
    leg = item.leg
    day = f"by {leg.not_after}" if leg.day is None else str(leg.day)
    return (
        str(leg.seq),
        str(leg.rows),
        leg.run if leg.run == item.model else f"{leg.run} of {item.model}",
        leg.activity if leg.extent == "own" else f"{leg.activity}, whole lineage",
        day,
        _range(leg.lo, leg.hi),
        ", ".join(item.counted_by) or "none",
    )


def _range(low: int, high: int | None) -> str:
    """Return operations in short."""
    if low == high:
        return scientific(low)
    if high is None:
        return f"≥ {scientific(low)}" if low else "unknown"
    return f"{scientific(low)} to {scientific(high, up=True)}"


def _supposed(found: Explanation) -> Table:
    """Return what is missing and what it would decide."""
    columns = (Column("missing", wide=True), Column("what it would decide", wide=True))
    now = finding_in_words(found.determination)
    rows = tuple((each.missing, _would(each, now)) for each in found.supposed)
    notes = ("As a form to fill: flopledger fact missing",)
    return Table("What is missing", columns, rows, notes)


def _would(each: Supposition, now: str) -> str:
    """Return what one missing thing would decide."""
    by_finding: dict[str, list[str]] = {}
    for value, finding in each.outcomes:
        by_finding.setdefault(finding, []).append(value)
    if set(by_finding) == {now}:
        return "alone it decides nothing"
    told = [f"{', '.join(values)}: {finding}" for finding, values in by_finding.items()]
    if each.turning:
        return "; ".join([*told, each.turning])
    return "; ".join([*told, *each.deciding]) or "records that must be settled first"


def _trees(found: Explanation) -> Iterator[dict[str, Any]]:
    """Yield the trees of reasons."""
    for number, (label, root) in enumerate(_roots(found)):
        yield {"for": label.rstrip(": "), **_tree(root, str(number))}


def _tree(reason: Reason, place: str) -> dict[str, Any]:
    """Return a reason and what is below it; the id is its place in the tree."""
    return {
        "id": place,
        "operator": reason.operator,
        "text": reason.text,
        "subject": reason.subject,
        "answer": reason.truth,
        "value": reason.value,
        "missing": list(reason.missing),
        "operands": [
            {
                "text": operand.text,
                "low": str(operand.span.lo),
                "high": None if operand.span.hi is None else str(operand.span.hi),
                "dimension": operand.dimension,
            }
            for operand in reason.operands or ()
        ],
        "parts": [_tree(part, f"{place}.{i}") for i, part in enumerate(reason.parts)],
    }


def _leg_document(item: CountedLeg) -> dict[str, Any]:
    """Return one line of work."""
    leg = item.leg
    return {
        "seq": leg.seq,
        "entries": leg.rows,
        "run": leg.run,
        "model": item.model,
        "activity": leg.activity,
        "operation_kind": leg.operation_kind,
        "extent": leg.extent,
        "day": _iso(leg.day),
        "not_after": _iso(leg.not_after),
        "operations": {"low": str(leg.lo), "high": None if leg.hi is None else str(leg.hi)},
        "evidence": leg.evidence,
        "commitment": leg.commitment,
        "counted_by": list(item.counted_by),
    }


def _iso(day: date | None) -> str | None:
    """Return a day as JSON has it."""
    return None if day is None else day.isoformat()
