"""The open side of a law memo: what counts, what the text leaves open, and which facts it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger.report.law_parts import (
    AlternativePart,
    CountedPart,
    CountingPart,
    LawDocument,
    NeedPart,
    ReadingPart,
)
from ledger.report.law_words import PROVENANCE, cited
from ledger.report.memo import Entry, Line, Section

__all__ = ["needs_section", "open_section", "what_counts_section"]

_PROVIDER: Final = {
    "collapse": "successive versions of one provider are one model",
    "ancestor": "each version is a model of its own, its ancestor behind it",
}
_EFFECTS: Final = {"excluded": "left out", "follow": "followed", "stop": "not followed"}
_TYPES: Final = {
    "boolean": "yes or no",
    "set": "one or more of",
    "enum": "one of",
    "date": "a day",
    "quantity": "a number with its unit",
}
_OPEN: Final = (
    "The text does not answer these. Each has a default with its reasons; another answer is chosen "
    "with --reading ID=ALT."
)
_NEEDS: Final = (
    "Compute alone does not decide these rules. The ledger needs the facts below, and names the "
    "ones that are missing; flopledger fact missing writes a form of them."
)


def what_counts_section(document: LawDocument) -> Section:
    """Return what each counting set counts, what it leaves out, and where the text is open."""
    return Section("What counts", tuple(map(_counting, document.counting)))


def _counting(part: CountingPart) -> Entry:
    """Return one counting set, grouped."""
    lines = [
        Line("stands in", cited(part.cite)),
        Line("counted", _listed(part.counted)),
        Line("left out", _listed(part.left_out)),
    ]
    if part.open:
        lines.append(Line("open, and taken so", ""))
        lines += [
            Line("", f"{item.title}: {_taken(item)}, by the reading {item.reading}", depth=1)
            for item in part.open
        ]
    lines.append(Line("what it was made from", "; ".join(_parents(part))))
    by = f", by the reading {part.same_provider_reading}" if part.same_provider_reading else ""
    lines.append(Line("one provider", f"{_PROVIDER[part.same_provider]}{by}"))
    if part.interpretation is not None:
        lines.append(Line("read so", part.interpretation))
    if part.provenance is not None:
        lines.append(Line("provenance", PROVENANCE[part.provenance]))
    return Entry(f"{part.title} ({part.id})", tuple(lines))


def _listed(parts: list[CountedPart]) -> str:
    """Return what is classified without a reading, in one line."""
    sure = [item.title for item in parts if item.reading is None]
    return "; ".join(sure) or "nothing for certain"


def _taken(item: CountedPart) -> str:
    """Return how an open place is taken, in words."""
    return _EFFECTS.get(item.effect, item.effect)


def _parents(part: CountingPart) -> Iterator[str]:
    """Yield which kinds of step to a parent are followed, and which are not."""
    for effect in dict.fromkeys(item.effect for item in part.relations):
        alike = [item for item in part.relations if item.effect == effect]
        named = ", ".join(
            item.title if item.reading is None else f"{item.title} (open: {item.reading})"
            for item in alike
        )
        yield f"{_EFFECTS.get(effect, effect)} where {named}"


def open_section(document: LawDocument) -> Section:
    """Return the open questions, the reading taken, and what else is argued."""
    told = _OPEN if document.open_questions else "None is known."
    return Section("Open questions", tuple(map(_reading, document.open_questions)), (told,))


def _reading(part: ReadingPart) -> Entry:
    """Return one open question, the answer taken first."""
    label = "taken" if part.chosen == part.default else "taken, against the default"
    ordered = sorted(part.alternatives, key=lambda item: item.id != part.chosen)
    lines = [
        Line(label if item.id == part.chosen else "or", f"{item.title} ({_alternative(item)})")
        for item in ordered
    ]
    lines.append(Line("why the default", part.why))
    if part.cite is not None:
        lines.append(Line("argued from", cited(part.cite)))
    if part.asked_by:
        lines.append(Line("bears on", ", ".join(part.asked_by)))
    return Entry(f"{part.question} ({part.id})", tuple(lines))


def _alternative(item: AlternativePart) -> str:
    """Return the id of an alternative and what it does."""
    effect = item.effect
    return item.id if effect is None else f"{item.id}: {_EFFECTS.get(effect, effect)}"


def needs_section(document: LawDocument) -> Section:
    """Return the facts that nobody can add up, which somebody has to state."""
    told = _NEEDS if document.needs else "Compute alone decides these rules."
    entries = tuple(map(_need, document.needs))
    return Section("What the ledger cannot decide by itself", entries, (told,))


def _need(part: NeedPart) -> Entry:
    """Return one fact that is needed."""
    kind = _TYPES.get(part.type, part.type)
    values = f"{kind}: {', '.join(part.values)}" if part.values else kind
    lines = (
        Line("says", part.description),
        Line("is", values if part.values else f"{values}, such as {part.example}"),
        Line("if nobody states it", part.unstated or "it stays unknown"),
        Line("asked by", ", ".join(part.asked_by)),
    )
    return Entry(part.fact, lines)
