"""A source is a published text of law or guidance, and what a regime takes from it, dated.

Everything that a text fixes carries three things: the days on which it binds (``from``, ``until``,
half-open), the day from which it was known, and a citation with the words that decide.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from ledger.modelling import Field, StringConstraints, model_validator
from ledger.regime.scalar import (
    Day,
    DimensionName,
    Identifier,
    Localised,
    Node,
    ParameterScalar,
    Word,
    refuse,
)

__all__ = [
    "Binding",
    "Citation",
    "DatedSet",
    "Event",
    "EventKind",
    "LawStatus",
    "Note",
    "Parameter",
    "ParameterValue",
    "Penalty",
    "Provenance",
    "SetValue",
    "Source",
    "Stance",
    "StanceKind",
    "Stretch",
    "Text",
]

Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Provenance = Literal["verified", "secondary", "memory"]
Binding = Literal["law", "decree", "executive_order", "guidance", "announcement", "opinion", "bill"]
EventKind = Literal[
    "proposed",
    "enacted",
    "enters_force",
    "applies",
    "suspended",
    "revived",
    "rescinded",
    "expired",
    "vetoed",
    "disputed",
    "voluntary",
]
LawStatus = Literal[
    "proposed",
    "enacted",
    "in_force",
    "disputed",
    "suspended",
    "rescinded",
    "expired",
    "vetoed",
    "voluntary",
]
StanceKind = Literal["enforced", "no_fines_yet", "not_enforced", "grace_period", "none"]


class Citation(Node):
    """A place in a source, with the words of the law that decide."""

    source: Identifier
    at: Text | None = None
    phrase: Text | None = None


class Source(Node):
    """A published text: how to cite it, when it was published and how far it binds.

    ``known`` is for a text that could be read before: signed on one day, printed on another.
    """

    cite: Text
    published: Day
    known: Day | None = None
    binding: Binding
    url: Text | None = None
    eli: Text | None = None
    replaces: Identifier | None = None
    note: Text | None = None

    @property
    def known_from(self) -> date:
        """Day from which what stands in it is known."""
        return self.known or self.published


class Event(Node):
    """A day on which the standing of the regime changed."""

    on: Day
    event: EventKind
    until: Day | None = None
    known: Day | None = None
    cite: Citation
    note: Text | None = None

    @model_validator(mode="after")
    def _until_only_where_it_ends(self) -> Self:
        """Only a dispute or a suspension ends by itself."""
        if self.until is None:
            return self
        if self.event not in {"disputed", "suspended"}:
            raise refuse(
                "until",
                f"{self.event} has no end day",
                "write the event that ends it as its own line",
            )
        _forward(self.on, self.until)
        return self


class Stretch(Node):
    """Days from one on, up to another that no longer belongs, or without end."""

    from_: Day = Field(alias="from")
    until: Day | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        """A stretch ends after it begins."""
        _forward(self.from_, self.until)
        return self


class Stance(Stretch):
    """How the authority enforces from a day on; nothing here changes the law itself."""

    stance: StanceKind
    known: Day | None = None
    cite: Citation | None = None
    note: Text | None = None


class ParameterValue(Stretch):
    """One value of a parameter: the days it binds, when it became known, and where it stands."""

    known: Day
    value: ParameterScalar
    cite: Citation
    provenance: Provenance
    retroactive: Text | None = None


class Parameter(Node):
    """A dated, cited number or day of the law."""

    dimension: DimensionName
    values: tuple[ParameterValue, ...] = Field(min_length=1)
    note: Text | None = None

    @model_validator(mode="after")
    def _values_have_its_dimension(self) -> Self:
        """Refuse a value whose unit measures something else."""
        for value in self.values:
            found = "date" if isinstance(value.value, date) else value.value.dimension.value
            if found != self.dimension:
                raise refuse(
                    "dimension",
                    f"{value.value} is of dimension {found}, the parameter of {self.dimension}",
                    "write the value in a unit of that dimension, or correct the dimension",
                )
        return self


class SetValue(Stretch):
    """The members of a set over some days."""

    known: Day
    members: tuple[Word, ...] = Field(min_length=1)
    cite: Citation
    provenance: Provenance


class DatedSet(Node):
    """A list that the law fixes, dated like a parameter."""

    of: Word
    values: tuple[SetValue, ...] = Field(min_length=1)


class Penalty(Node):
    """What a breach costs, in words; never computed."""

    text: Localised
    cite: Citation
    provenance: Provenance | None = None


class Note(Node):
    """Something that happened and changes no rule, kept with its citation."""

    on: Day
    text: Localised
    cite: Citation


def _forward(start: date, stop: date | None) -> None:
    """Refuse a stretch of days that ends on or before its first day."""
    if stop is not None and stop <= start:
        raise refuse(
            "until",
            f"it ends on {stop} and begins on {start}",
            "give an until later than from; until is the first day on which it no longer holds",
        )
