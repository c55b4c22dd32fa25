"""A rule told for a lawyer: one line, sentences with the law's words, what counts, what follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.journeys.expounding import Counts, Duty, Expounded, Said
from ledger.regime.gist import gist
from ledger.regime.sentence import Sentence, Wording
from ledger.report.law import value_shown
from ledger.report.table import Column, Table

__all__ = ["rule_tables"]

_RELATIONS: Final = {"collapse": "leave one model", "ancestor": "lead to another model"}


def rule_tables(found: Expounded) -> tuple[Table, ...]:
    """Return one rule by itself as the tables that a lawyer reads."""
    tables = (
        _head(found),
        _sentences(found),
        _figures(found),
        *(_counting(each) for each in found.counts),
        _questions(found),
        _duties(found),
    )
    return tuple(table for table in tables if table.rows or not table.columns)


def _head(found: Expounded) -> Table:
    """Return what the rule is, where it stands and how the text was read."""
    law, rule, standing, ground = found.law, found.rule, found.standing, found.ground
    since = "" if standing.since is None else f" since {standing.since}"
    enforcement = f"enforcement: {standing.enforcement or 'not stated'}"
    notes = [
        f"{rule.effect.capitalize()} about a {rule.subject}: {ground.cite}.",
        f"Law on {law.in_force_on}: {standing.law or 'none known'}{since}; {enforcement}.",
        f"In one line: {found.condition.infix}",
        *(f"  where {name} is {infix}" for name, infix, _ in found.lets),
    ]
    if rule.group is not None:
        notes.append(f"Asked of holdings grouped so: {gist(rule.group)}.")
    if found.asks:
        notes.append(f"It asks other rules: {', '.join(rule_id for rule_id, _ in found.asks)}.")
    foreseen = (
        "commitments can meet it before the work is done"
        if rule.foresees
        else ("only what has happened can meet it")
    )
    notes.append(f"Foreseen: {foreseen}.")
    if rule.interpretation is not None:
        notes.append(f"Read so: {rule.interpretation}")
    if ground.stands_in:
        names = ", ".join(ground.stands_in)
        notes.append(f"No value binds on that day, the nearest one is given: {names}.")
    return Table(f"{law.regime.id}/{rule.id}: {rule.title['en']}", (), (), tuple(notes))


def _sentences(found: Expounded) -> Table:
    """Return scope, condition, exceptions and rebuttal, node by node."""
    columns = (
        Column("the rule", wide=True),
        Column("the law says", wide=True),
        Column("where", wide=True),
    )
    subject = found.rule.subject
    rows: list[tuple[str, str, str]] = []
    if found.scope is None:
        rows.append((f"It concerns every {subject}.", "", ""))
    else:
        rows += _section(found, f"It concerns a {subject} of which this is so:", found.scope)
    rows += _section(found, "It is met if this is so:", found.condition)
    for item in found.exceptions:
        title = item.id if item.title is None else f"{item.id}, {item.title}"
        head, *rest = _section(found, f"Except ({title}) where this is so:", item.said)
        rows += [(head[0], "", item.cite), *rest]
    if found.rebuttal is not None:
        fact, clause, cite = found.rebuttal
        rows.append((f"It stays met but is answered once {clause} ({fact}).", "", cite))
    return Table("In sentences", columns, tuple(rows))


def _section(found: Expounded, heading: str, said: Said) -> Iterator[tuple[str, str, str]]:
    """Yield a condition under a heading."""
    yield heading, "", ""
    for sentence in said.sentences:
        text = f"{'  ' * (sentence.depth + 1)}{sentence.text}"
        yield text, *_words(found, sentence)


def _words(found: Expounded, sentence: Sentence) -> tuple[str, str]:
    """Return the law's words for the numbers of a sentence, and where they stand."""
    quoted = [(_phrase(each), found.cite_of(each)) for each in sentence.wordings]
    return "\n".join(phrase for phrase, _ in quoted), "\n".join(cite for _, cite in quoted)


def _phrase(wording: Wording) -> str:
    """Return the words that decide."""
    return "no words quoted" if wording.phrase is None else f"“{wording.phrase}”"


def _figures(found: Expounded) -> Table:
    """Return the numbers that the rule rests on."""
    columns = (
        Column("figure"),
        Column("value", "right"),
        Column("the law says", wide=True),
        Column("where", wide=True),
        Column("checked"),
    )
    rows = tuple(
        (
            each.figure,
            "none" if each.value is None else value_shown(each.value),
            _phrase(each),
            found.cite_of(each),
            each.provenance or "",
        )
        for each in found.figures
    )
    return Table("Figures", columns, rows)


def _counting(counts: Counts) -> Table:
    """Return what one counting set counts."""
    columns = (Column("operations"), Column("are", wide=True))
    rows = [
        ("counted", ", ".join(counts.counted) or "none"),
        ("left out", ", ".join(counts.excluded) or "none"),
        ("of kind", ", ".join(counts.kinds) or "none"),
        ("of parents", ", ".join(counts.relations) or "none"),
        ("steps inside one provider", _RELATIONS.get(counts.same_provider, counts.same_provider)),
    ]
    if counts.resting:
        told = ", ".join(f"{place} ({reading})" for place, reading in counts.resting)
        rows.append(("open, by reading", told))
    notes = (counts.cite, *(() if counts.interpretation is None else (counts.interpretation,)))
    return Table(f"What {counts.id} counts: {counts.title}", columns, tuple(rows), notes)


def _questions(found: Expounded) -> Table:
    """Return the open questions, the answer taken and the others."""
    columns = (
        Column("reading"),
        Column("question", wide=True),
        Column("taken", wide=True),
        Column("other answers", wide=True),
        Column("why", wide=True),
    )
    rows = tuple(
        (
            each.id,
            each.question,
            f"{each.chosen[0]}: {each.chosen[1]}" + ("" if each.is_default else " (chosen)"),
            "\n".join(f"{key}: {title}" for key, title in each.others),
            each.why,
        )
        for each in found.questions
    )
    return Table("Where the text is open", columns, rows)


def _duties(found: Expounded) -> Table:
    """Return what has to be done once the rule is met."""
    columns = (
        Column("duty"),
        Column("who", wide=True),
        Column("what", wide=True),
        Column("to whom", wide=True),
        Column("due", wide=True),
        Column("where", wide=True),
    )
    return Table(
        "What follows once it is met", columns, tuple(_duty(each) for each in found.duties)
    )


def _duty(duty: Duty) -> tuple[str, ...]:
    """Return one duty."""
    what = (duty.action, *duty.content, *(f"{key}: {words}" for key, words in duty.more))
    return (duty.id, duty.actor, "\n".join(what), duty.recipient or "", duty.clock, duty.cite)
