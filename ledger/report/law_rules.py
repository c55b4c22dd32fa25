"""Rules in a law document: tests, what is counted, open questions, and the facts they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from pydantic import BaseModel

from ledger.regime.answered import BASE_OBTAINABLE, DESIGNATED, IS_MODIFICATION, SAME_PROVIDER
from ledger.regime.counting import RELATIONS, Counting, Open
from ledger.regime.dated import members_on
from ledger.regime.dimension import conditions
from ledger.regime.expression import Expression, walk
from ledger.regime.name import is_fact, reading_named
from ledger.regime.operator import Operator
from ledger.regime.rule import Obligation, Repeats, Rule
from ledger.regime.source import Citation
from ledger.regime.vocabulary import ACTIVITIES, Vocabulary
from ledger.regime.words import in_words
from ledger.report.law import LawView, clock_in_words, figure_in_words
from ledger.report.law_parts import (
    AlternativePart,
    CitePart,
    CountedPart,
    CountingPart,
    ExceptionPart,
    NeedPart,
    ObligationPart,
    ReadingPart,
    RebuttalPart,
    RulePart,
    SentencePart,
)
from ledger.report.sentences import Sentence, Speaker

__all__ = ["cite_part", "counting_parts", "need_parts", "reading_parts", "rule_parts"]

_UNSTATED: Final = {
    BASE_OBTAINABLE: "yes where the ledger holds a figure for it; else it stays unknown",
    DESIGNATED: "taken for no: the authority would have sent the decision",
    IS_MODIFICATION: "read off the recorded lineage; no where no step is recorded",
    SAME_PROVIDER: "read off the recorded lineage; else it stays unknown",
}
_DUTY_TOLD: Final = frozenset(
    {"id", "actor", "action", "recipient", "content", "due", "cite", "provenance"}
)
_DUE_TOLD: Final = frozenset({"within", "after", "on", "before", "ahead"})
_KINDS: Final = {
    "float": "floating-point operations",
    "integer": "integer operations",
    "unknown": "operations of which nobody recorded the kind",
}


def cite_part(view: LawView, cite: Citation) -> CitePart:
    """Return a citation with the title of its source."""
    source = view.regime.sources[cite.source].cite
    return CitePart(id=cite.source, source=source, at=cite.at, phrase=cite.phrase)


def rule_parts(view: LawView) -> Iterator[RulePart]:
    """Yield the rules in the order of the file."""
    for rule in view.regime.rules:
        speaker = Speaker(view, rule)
        rebuttal = rule.rebuttal
        yield RulePart(
            id=rule.id,
            title=rule.title["en"],
            subject=rule.subject,
            effect=rule.effect,
            provenance=rule.provenance,
            scope=[] if rule.scope is None else _sentences(speaker.condition(rule.scope)),
            let={name: speaker.number(number) for name, number in rule.let.items()},
            condition=in_words(rule.condition),
            sentences=_sentences(speaker.condition(rule.condition)),
            unless=[
                ExceptionPart(
                    id=item.id,
                    title=None if item.title is None else item.title["en"],
                    condition=in_words(item.when),
                    sentences=_sentences(speaker.condition(item.when)),
                    cite=cite_part(view, item.cite),
                )
                for item in rule.unless
            ],
            rebuttal=None
            if rebuttal is None
            else RebuttalPart(fact=rebuttal.fact, cite=cite_part(view, rebuttal.cite)),
            foreseen=rule.foresees,
            interpretation=rule.interpretation,
            cite=cite_part(view, rule.cite),
            obligations=[_obligation(view, duty) for duty in rule.obligations],
        )


def counting_parts(view: LawView, vocabulary: Vocabulary) -> Iterator[CountingPart]:
    """Yield what each counting set counts under the readings chosen."""
    for name, item in view.regime.counting.items():
        placed = list(_placed(view, item, vocabulary))
        kinds = [part for part in placed if not part.place.startswith("lineage.")]
        same = next(part for part in placed if part.place == "lineage.same_provider")
        yield CountingPart(
            id=name,
            title=item.title["en"],
            provenance=item.provenance,
            interpretation=item.interpretation,
            counted=[part for part in kinds if part.effect == "counted"],
            left_out=[part for part in kinds if part.effect == "excluded"],
            open=[part for part in kinds if part.reading is not None],
            relations=[part for part in placed if part.place.startswith("lineage.relations.")],
            same_provider="collapse" if same.effect == "collapse" else "ancestor",
            same_provider_reading=same.reading,
            cite=cite_part(view, item.cite),
        )


def reading_parts(view: LawView) -> Iterator[ReadingPart]:
    """Yield the open questions, with what rests on each."""
    for name, reading in view.regime.readings.items():
        yield ReadingPart(
            id=name,
            question=reading.question["en"],
            chosen=view.readings[name],
            default=reading.default,
            alternatives=[
                AlternativePart(id=word, title=item.title["en"], effect=item.effect)
                for word, item in reading.alternatives.items()
            ],
            why=reading.why,
            cite=None if reading.cite is None else cite_part(view, reading.cite),
            asked_by=list(_asking(view, name)),
        )


def need_parts(view: LawView, vocabulary: Vocabulary) -> Iterator[NeedPart]:
    """Yield the facts that the rules ask about, each once, in the order of the vocabulary."""
    asked: dict[str, list[str]] = {}
    for rule in view.regime.rules:
        for fact in dict.fromkeys(_facts(rule)):
            asked.setdefault(fact, []).append(rule.id)
    for name, known in vocabulary.facts.items():
        if name in asked:
            yield NeedPart(
                fact=name,
                subject=known.subject,
                type=known.type,
                values=list(known.values or ()),
                description=known.description["en"],
                example=known.example,
                unstated=_UNSTATED.get(name),
                asked_by=asked[name],
            )


def _obligation(view: LawView, duty: Obligation) -> ObligationPart:
    """Return one obligation; fields that this report does not know are told as they stand."""
    more = _more(duty, _DUTY_TOLD)
    if duty.due is not None:
        more |= _more(duty.due, _DUE_TOLD)
    if duty.retention is not None:
        more["retention"] = figure_in_words(view, duty.retention)
    if isinstance(duty.repeats, Repeats):
        more["repeats"] = _repeated(view, duty.repeats)
    return ObligationPart(
        id=duty.id,
        actor=duty.actor,
        action=duty.action["en"],
        recipient=None if duty.recipient is None else duty.recipient["en"],
        content=list(duty.content),
        due=clock_in_words(view, duty.due),
        more=more,
        provenance=duty.provenance,
        cite=cite_part(view, duty.cite),
    )


def _repeated(view: LawView, repeats: Repeats) -> str:
    """Return how often a duty comes back, with the figures of the day."""
    if repeats.every is not None:
        return f"every {figure_in_words(view, repeats.every)}"
    assert repeats.days is not None, "a duty comes back every so often or on days of the year"
    held = view.regime.sets[repeats.days]
    found = members_on(held, view.in_force_on, view.law_known_on, nearest=True)
    days = "no day known" if found is None else " and ".join(sorted(found))
    return f"each year on {days} ({repeats.days})"


def _more(node: BaseModel, told: frozenset[str]) -> dict[str, str]:
    """Return the fields of a mapping that are stated and not told elsewhere, in words."""
    found: dict[str, str] = {}
    for name, info in type(node).model_fields.items():
        value = getattr(node, name)
        if name not in told and value not in (None, (), {}, ""):
            found[info.alias or name] = _in_words(value)
    return found


def _in_words(value: object) -> str:
    """Return any value of a rule file in words."""
    if isinstance(value, Operator):
        return in_words(cast("Expression", value))
    if isinstance(value, BaseModel):
        return "; ".join(f"{name}: {text}" for name, text in _more(value, frozenset()).items())
    if isinstance(value, Mapping):
        return str(value.get("en")) if "en" in value else ", ".join(map(str, value))
    if isinstance(value, tuple):
        return ", ".join(map(_in_words, value))
    return str(value)


def _placed(view: LawView, item: Counting, vocabulary: Vocabulary) -> Iterator[CountedPart]:
    """Yield every place of a counting set as it is classified, in the order of reports."""
    answers = dict(item.classified())
    places = [
        *(f"operation_kinds.{kind}" for kind in _KINDS),
        *(f"activities.{name}" for name in (*ACTIVITIES, *item.activities)),
        *(f"lineage.relations.{relation}" for relation in RELATIONS),
        "lineage.same_provider",
    ]
    for place in dict.fromkeys(places):
        answer = answers.get(place)
        if answer is None:
            continue
        reading = answer.reading if isinstance(answer, Open) else None
        effect = answer if isinstance(answer, str) else _effect(view, answer)
        if effect is not None:
            yield CountedPart.model_validate(
                {
                    "place": place,
                    "title": _title(place, vocabulary),
                    "effect": effect,
                    "reading": reading,
                }
            )


def _effect(view: LawView, answer: Open) -> str | None:
    """Return what the reading chosen does at an open place; None for one not published."""
    chosen = view.readings.get(answer.reading)
    if chosen is None:
        return None
    return view.regime.readings[answer.reading].alternatives[chosen].effect


def _title(place: str, vocabulary: Vocabulary) -> str:
    """Return a place of a counting set in words."""
    family, _, name = place.rpartition(".")
    if family == "activities":
        activity = vocabulary.activities.get(name)
        return name if activity is None else activity.title["en"]
    return _KINDS[name] if family == "operation_kinds" else name.replace("_", " ")


def _asking(view: LawView, reading: str) -> Iterator[str]:
    """Yield what rests on a reading: counting sets, and rules that name it."""
    for name, counting in view.regime.counting.items():
        if reading in counting.open_readings():
            yield f"counting set {name}"
    for rule in view.regime.rules:
        named = (reading_named(node) for node in _nodes(rule) if isinstance(node, str))
        if any(found is not None and found[0] == reading for found in named):
            yield f"rule {rule.id}"


def _facts(rule: Rule) -> Iterator[str]:
    """Yield the facts that a rule asks about: in conditions, as a rebuttal, and by its clocks."""
    yield from (node for node in _nodes(rule) if isinstance(node, str) and is_fact(node))
    if rule.rebuttal is not None:
        yield rule.rebuttal.fact
    for duty in rule.obligations:
        if duty.due is not None and duty.due.after is not None:
            yield from (name for name in duty.due.after.moments if is_fact(name))


def _nodes(rule: Rule) -> Iterator[Expression]:
    """Yield every node of the expressions of a rule."""
    for _, condition in conditions(rule):
        yield from walk(condition)
    for number in rule.let.values():
        yield from walk(number)


def _sentences(said: Iterable[Sentence]) -> list[SentencePart]:
    """Return sentences as parts of the document."""
    return [SentencePart(depth=each.depth, text=each.text) for each in said]
