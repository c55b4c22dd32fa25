"""A law memo lays one regime out for a lawyer: every number beside the words that decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from ledger.report.law import STANDING
from ledger.report.law_memo_open import needs_section, open_section, what_counts_section
from ledger.report.law_parts import (
    LawDocument,
    ObligationPart,
    ParameterPart,
    RulePart,
    SentencePart,
    SetPart,
    ValuePart,
)
from ledger.report.law_words import (
    BINDING,
    COMPARED,
    EFFECTS,
    EVENTS,
    LAW,
    PROVENANCE,
    SIDES,
    STANCES,
    asked,
    cited,
    days,
    known,
    spoken,
)
from ledger.report.memo import Entry, Line, Memo, Section

__all__ = ["law_memo"]

_SHORT_NAMES: Final = "A source with a long title goes by its short name in brackets; see Sources."
_DISCLAIMER: Final = (
    "Rule files are research and engineering, not legal advice; each figure says where it was read."
)
# Labels of what is told of a duty where the key of the rule file would say something else.
_SAID_OF_DUTY: Final = {"when": "only where", "retention": "keep for"}
_LINES: Final = frozenset({"operations", "operation_rate"})


def law_memo(document: LawDocument) -> Memo:
    """Return the memo of a regime; everything in it stands in the document."""
    sections = (
        _standing(document),
        _figures(document),
        _rules(document),
        what_counts_section(document),
        open_section(document),
        _obligations(document),
        _penalties(document),
        needs_section(document),
        _history(document),
        _sources(document),
    )
    return Memo(
        f"{document.title} ({document.id})",
        (f"Memo on the law of {asked(document)}.", _SHORT_NAMES),
        tuple(section for section in sections if section.entries or section.opening),
        (f"Rule pack {document.pack}.", _DISCLAIMER),
    )


def _standing(document: LawDocument) -> Section:
    """Return where the regime stands on the day."""
    since = "" if document.since is None else f", since {document.since}"
    current = next((event for event in document.lifecycle if event.current), None)
    by = "" if current is None else f" ({cited(current.cite)})"
    stance = next((item for item in document.stances if item.current), None)
    enforcement = STANCES[document.enforcement]
    if stance is not None:
        told = "" if stance.cite is None else f" ({cited(stance.cite)})"
        enforcement += f", {days(stance.from_, stance.until)}{told}"
        enforcement += "" if stance.note is None else f". {stance.note}"
    checked = ", ".join(document.checked_by)
    lines = [
        Line("law", f"{LAW[document.law]}{since}{by}"),
        Line("applies from", str(document.applies_from or "no day known")),
        Line("enforcement", enforcement),
        Line("jurisdiction", document.jurisdiction),
        Line(
            "rule file",
            f"{document.review}; compared with the text of the law by {checked or 'nobody yet'}",
        ),
    ]
    if document.review_note is not None:
        lines.append(Line("what was read", document.review_note))
    if document.hidden:
        named = ", ".join(name.replace(":", " ") for name in document.hidden)
        lines.append(Line("not published by then, and left out", named))
    return Section("Where it stands", (Entry("", tuple(lines)),))


def _figures(document: LawDocument) -> Section:
    """Return every number of the law beside the words that decide, and every list."""
    # What compute is compared with comes first.
    held = sorted(document.parameters, key=lambda part: part.dimension not in _LINES)
    figures = [_figure(part, document.in_force_on) for part in held]
    lists = [_list(part) for part in document.sets]
    return Section("Figures", (*figures, *lists))


def _figure(part: ParameterPart, day: date) -> Entry:
    """Return one figure with all its values, the one of the day first."""
    on_day = None if part.binding is None else part.values[part.binding]
    if on_day is None:
        lines = [Line("on the day", "no value of it is known to bind")]
    else:
        lines = list(_value(on_day))
    if part.values and len(part.compared) == 1:
        lines.append(Line("", COMPARED[part.compared[0]]))
    elif part.values and part.compared:
        sides = " and ".join(SIDES[word] for word in part.compared)
        lines.append(Line("", f"the rules compare with it as {sides}; see there"))
    if part.note is not None:
        lines.append(Line("note", part.note))
    for value in part.values:
        if value is not on_day:
            past = value.until is not None and value.until <= day
            label = "before" if past else "later" if value.from_ > day else "known differently"
            lines.append(Line(label, value.shown))
            lines += [replace(line, depth=1) for line in _value(value)]
    shown = "no value on the day" if on_day is None else on_day.shown
    return Entry(f"{shown} ({part.id})", tuple(lines))


def _value(value: ValuePart) -> Iterator[Line]:
    """Yield what is told of one value, the words of the law first."""
    if value.cite.phrase is not None:
        yield Line("", value.cite.phrase, quoted=True)
    yield Line("stands in", cited(value.cite))
    yield Line("binds", f"{days(value.from_, value.until)}; {known(value.known)}")
    if value.retroactive is not None:
        yield Line("for the past", value.retroactive)
    yield Line("provenance", PROVENANCE[value.provenance])


def _list(part: SetPart) -> Entry:
    """Return one list of the law."""
    lines = []
    for value in part.values:
        lines.append(Line(days(value.from_, value.until), ", ".join(value.members)))
        if value.cite.phrase is not None:
            lines.append(Line("", value.cite.phrase, depth=1, quoted=True))
        told = f"{cited(value.cite)}; {known(value.known)}; {PROVENANCE[value.provenance]}"
        lines.append(Line("stands in", told, depth=1))
    return Entry(f"List of {part.of} ({part.id})", tuple(lines))


def _rules(document: LawDocument) -> Section:
    """Return the rules in sentences."""
    return Section("Rules", tuple(_rule(rule) for rule in document.rules))


def _rule(rule: RulePart) -> Entry:
    """Return one rule."""
    effect = EFFECTS.get(rule.effect, rule.effect)
    lines = [Line("asked of", f"each {rule.subject}"), Line(rule.effect, effect)]
    lines += _said("only where", rule.scope)
    lines += _said("met if", rule.sentences)
    lines += [Line(f"where {name} is", text) for name, text in rule.let.items()]
    for item in rule.unless:
        title = "" if item.title is None else f"{item.title}; "
        lines.append(Line(f"exception {item.id}", f"{title}{cited(item.cite)}"))
        lines += _said("if", item.sentences, below=1)
    if rule.rebuttal is not None:
        told = f"{rule.rebuttal.fact} is yes ({cited(rule.rebuttal.cite)})"
        lines.append(Line("rebutted, and still met, if", told))
    counts = "commitments and plans count before the compute is spent"
    lines.append(Line("looks at", counts if rule.foreseen else "what has happened only"))
    lines.append(Line("stands in", cited(rule.cite)))
    if rule.interpretation is not None:
        lines.append(Line("read so", rule.interpretation))
    if rule.provenance is not None:
        lines.append(Line("provenance", PROVENANCE[rule.provenance]))
    return Entry(f"{rule.title} ({rule.id})", tuple(lines))


def _said(label: str, sentences: Iterable[SentencePart], *, below: int = 0) -> Iterator[Line]:
    """Yield sentences: the first behind a label, those below it indented."""
    for number, sentence in enumerate(sentences):
        head = "" if sentence.depth else "or" if number else label
        yield Line(head, sentence.text, depth=sentence.depth + below)


def _obligations(document: LawDocument) -> Section:
    """Return what has to be done once a rule is met."""
    entries = [_obligation(rule, duty) for rule in document.rules for duty in rule.obligations]
    opening = () if entries else ("None.",)
    return Section("Obligations", tuple(entries), opening)


def _obligation(rule: RulePart, duty: ObligationPart) -> Entry:
    """Return one obligation."""
    lines = [
        Line("who", f"{duty.actor}, once {rule.title} ({rule.id}) is met"),
        Line("to whom", duty.recipient or "the file names nobody"),
        Line("when", "no date of its own" if duty.due == STANDING else duty.due),
        *(Line(_SAID_OF_DUTY.get(name, spoken(name)), text) for name, text in duty.more.items()),
    ]
    if duty.content:
        lines.append(Line("with", ""))
        lines += [Line("", text, depth=1) for text in duty.content]
    lines.append(Line("stands in", cited(duty.cite)))
    if duty.provenance is not None:
        lines.append(Line("provenance", PROVENANCE[duty.provenance]))
    return Entry(f"{duty.action} ({duty.id})", tuple(lines))


def _penalties(document: LawDocument) -> Section:
    """Return what a breach costs."""
    lines = []
    for item in document.penalties:
        told = "" if item.provenance is None else f"; {PROVENANCE[item.provenance]}"
        lines.append(Line("", f"{item.text} ({cited(item.cite)}{told})"))
    entries = (Entry("", tuple(lines)),) if lines else ()
    return Section("Penalties", entries, () if lines else ("The file states none.",))


def _history(document: LawDocument) -> Section:
    """Return what happened to the text, and how it was enforced."""
    lines = []
    for event in document.lifecycle:
        until = "" if event.until is None else f", until {event.until}"
        note = "" if event.note is None else f". {event.note}"
        told = EVENTS.get(event.event, event.event)
        text = f"{told}{until} ({cited(event.cite)}; {known(event.known)}){note}"
        lines.append(Line(str(event.on), text))
    stances = []
    for stance in document.stances:
        where = "" if stance.cite is None else f"{cited(stance.cite)}; "
        note = "" if stance.note is None else f". {stance.note}"
        text = f"{STANCES[stance.stance]} ({where}{known(stance.known)}){note}"
        stances.append(Line(days(stance.from_, stance.until), text))
    notes = [Line(str(note.on), f"{note.text} ({cited(note.cite)})") for note in document.notes]
    entries = (
        Entry("The text", tuple(lines)),
        Entry("Enforcement", tuple(stances)),
        Entry("Beside it", tuple(notes)),
    )
    return Section("History", tuple(entry for entry in entries if entry.lines))


def _sources(document: LawDocument) -> Section:
    """Return the texts that the file rests on."""
    entries = []
    for source in document.sources:
        read = "" if source.known == source.published else f"; could be read from {source.known}"
        lines = [
            Line("published", f"{source.published}{read}"),
            Line("kind", BINDING.get(source.binding, source.binding)),
        ]
        lines += [
            Line(label, text)
            for label, text in (
                ("replaces", source.replaces),
                ("address", source.url),
                ("ELI", source.eli),
                ("note", source.note),
            )
            if text is not None
        ]
        entries.append(Entry(f"[{source.id}] {source.cite}", tuple(lines)))
    return Section("Sources", tuple(entries))
