"""A law document is one regime as JSON: standing, figures, rules, open questions, history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from ledger.quantity import Quantity
from ledger.regime.dated import known_on
from ledger.regime.phrase import compared
from ledger.regime.source import Event, Parameter, ParameterValue, Stance
from ledger.regime.vocabulary import Vocabulary
from ledger.report.law import LawView, value_shown
from ledger.report.law_parts import (
    EventPart,
    LawDocument,
    NotePart,
    ParameterPart,
    PenaltyPart,
    SetPart,
    SetValuePart,
    SourcePart,
    StancePart,
    ValuePart,
)
from ledger.report.law_rules import cite_part, counting_parts, need_parts, reading_parts, rule_parts

__all__ = ["law_document"]

_SCHEMA: Final = "flopledger/rules-show.v2"
_Happening = TypeVar("_Happening", Event, Stance)


def law_document(view: LawView, vocabulary: Vocabulary, digest: str) -> LawDocument:
    """Return a regime as it is shown, with everything that a reader of its memo is told.

    Args:
        view: The regime as it is shown.
        vocabulary: Words of facts and activities.
        digest: Digest of the rule pack.
    """
    regime, standing = view.regime, view.standing
    dated = _Dates(view)
    return LawDocument(
        schema=_SCHEMA,
        pack=digest,
        in_force_on=view.in_force_on,
        law_known_on=view.law_known_on,
        id=regime.id,
        title=regime.title["en"],
        jurisdiction=regime.jurisdiction,
        law=standing.law,
        since=standing.since,
        applies_from=standing.applies_from,
        enforcement=standing.enforcement,
        review=regime.review.state,
        review_note=regime.review.note,
        checked_by=list(regime.review.checked_against_text_by),
        readings=dict(view.readings),
        hidden=list(view.hidden),
        parameters=[dated.parameter(n, p) for n, p in regime.parameters.items()],
        sets=list(dated.sets()),
        rules=list(rule_parts(view)),
        counting=list(counting_parts(view, vocabulary)),
        open_questions=list(reading_parts(view)),
        needs=list(need_parts(view, vocabulary)),
        penalties=[
            PenaltyPart(
                text=item.text["en"], provenance=item.provenance, cite=cite_part(view, item.cite)
            )
            for item in regime.penalties
        ],
        lifecycle=list(dated.events()),
        stances=list(dated.stances()),
        notes=[
            NotePart(on=item.on, text=item.text["en"], cite=cite_part(view, item.cite))
            for item in regime.notes
        ],
        sources=list(dated.sources()),
    )


@dataclass(frozen=True, slots=True)
class _Dates:
    """What the file dates, as far as it was known.

    Attributes:
        view: The regime as it is shown.
    """

    view: LawView

    def parameter(self, name: str, item: Parameter) -> ParameterPart:
        """Return a figure with every value known."""
        regime = self.view.regime
        held = [value for value in item.values if self._seen(value.known)]
        said = [
            each.comparator
            for rule in regime.rules
            for each in compared(regime, rule)
            if each.parameter == name
        ]
        covering = [value for value in held if self._covers(value.from_, value.until)]
        binding = max(covering, key=lambda value: (value.known, value.from_), default=None)
        return ParameterPart(
            id=name,
            dimension=item.dimension,
            note=item.note,
            compared=list(dict.fromkeys(said)),
            binding=None if binding is None else held.index(binding),
            values=[self._value(value) for value in held],
        )

    def sets(self) -> Iterator[SetPart]:
        """Yield the lists of the law."""
        for name, item in self.view.regime.sets.items():
            values = [
                SetValuePart.model_validate(
                    {
                        "members": list(value.members),
                        "from": value.from_,
                        "until": value.until,
                        "known": value.known,
                        "provenance": value.provenance,
                        "cite": cite_part(self.view, value.cite),
                    }
                )
                for value in item.values
                if self._seen(value.known)
            ]
            yield SetPart(id=name, of=item.of, values=values)

    def events(self) -> Iterator[EventPart]:
        """Yield what happened to the text, in order of days."""
        standing = self.view.standing
        for event in self._known(self.view.regime.lifecycle, key=lambda item: item.on):
            yield EventPart(
                on=event.on,
                until=event.until,
                event=event.event,
                known=known_on(event, self.view.regime.sources),
                note=event.note,
                current=event.on == standing.since and event.cite == standing.cite,
                cite=cite_part(self.view, event.cite),
            )

    def stances(self) -> Iterator[StancePart]:
        """Yield how the authority enforces, in order of days."""
        held = list(self._known(self.view.regime.enforcement, key=lambda item: item.from_))
        covering = [stance for stance in held if self._covers(stance.from_, stance.until)]
        for stance in held:
            yield StancePart.model_validate(
                {
                    "stance": stance.stance,
                    "from": stance.from_,
                    "until": stance.until,
                    "known": known_on(stance, self.view.regime.sources),
                    "note": stance.note,
                    "current": covering[-1:] == [stance],
                    "cite": None if stance.cite is None else cite_part(self.view, stance.cite),
                }
            )

    def sources(self) -> Iterator[SourcePart]:
        """Yield the texts that the file rests on."""
        for name, source in self.view.regime.sources.items():
            if self._seen(source.known_from):
                yield SourcePart(
                    id=name,
                    cite=source.cite,
                    published=source.published,
                    known=source.known_from,
                    binding=source.binding,
                    url=source.url,
                    eli=source.eli,
                    replaces=source.replaces,
                    note=source.note,
                )

    def _value(self, value: ParameterValue) -> ValuePart:
        """Return one value of a figure."""
        number = value.value
        return ValuePart.model_validate(
            {
                "value": str(number.value) if isinstance(number, Quantity) else str(number),
                "unit": number.unit.symbol if isinstance(number, Quantity) else None,
                "shown": value_shown(number),
                "from": value.from_,
                "until": value.until,
                "known": value.known,
                "provenance": value.provenance,
                "retroactive": value.retroactive,
                "cite": cite_part(self.view, value.cite),
            }
        )

    def _known(
        self, items: Iterable[_Happening], *, key: Callable[[_Happening], date]
    ) -> list[_Happening]:
        """Return events or stances that were known, in order of days."""
        sources = self.view.regime.sources
        seen = (item for item in items if self._seen(known_on(item, sources)))
        return sorted(seen, key=key)

    def _seen(self, known: date | None) -> bool:
        """Whether something was known by the day."""
        limit = self.view.law_known_on
        return known is None or limit is None or known <= limit

    def _covers(self, start: date, stop: date | None) -> bool:
        """Whether the day asked lies in a half-open stretch."""
        day = self.view.in_force_on
        return start <= day and (stop is None or day < stop)
