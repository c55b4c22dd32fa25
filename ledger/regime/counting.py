"""A counting set says which training operations one test of one law counts.

In a rule file every activity, operation kind and lineage relation is classified: counted or
excluded, followed or not, or left open to a reading. Resolved under the readings chosen, no
question is open any more and the measure can add.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from ledger.errors import RuleError
from ledger.modelling import Discriminator, Field, Tag
from ledger.regime.scalar import Day, Identifier, Localised, Node, Word
from ledger.regime.source import Citation, Provenance, Text

__all__ = [
    "OPERATION_KINDS",
    "RELATIONS",
    "Alternative",
    "Counted",
    "Counting",
    "CountingSet",
    "Effect",
    "Followed",
    "LineagePolicy",
    "Open",
    "OperationKind",
    "Reading",
    "Relation",
    "SameProvider",
    "choose_readings",
    "resolve",
]

OperationKind = Literal["float", "integer", "unknown"]
Relation = Literal["derived", "merged", "initialised", "distilled"]
SameProvider = Literal["collapse", "ancestor"]
Effect = Literal["counted", "excluded", "follow", "stop", "collapse", "ancestor"]
OPERATION_KINDS: Final[tuple[OperationKind, ...]] = ("float", "integer", "unknown")
RELATIONS: Final[tuple[Relation, ...]] = ("derived", "merged", "initialised", "distilled")


class Open(Node):
    """A question the law leaves open, answered by the reading of that id."""

    reading: Identifier = Field(alias="open")


def _open_or_word(value: object) -> str:
    """Tell a mapping from a word, so that a mistake in either is reported once."""
    return "open" if isinstance(value, dict | Open) else "word"


_CHOICE = Discriminator(_open_or_word)
Counted = Annotated[
    Annotated[Literal["counted", "excluded"], Tag("word")] | Annotated[Open, Tag("open")], _CHOICE
]
Followed = Annotated[
    Annotated[Literal["follow", "stop"], Tag("word")] | Annotated[Open, Tag("open")], _CHOICE
]
Provider = Annotated[Annotated[SameProvider, Tag("word")] | Annotated[Open, Tag("open")], _CHOICE]


class Relations(Node):
    """What happens at each kind of edge to another model."""

    derived: Followed
    merged: Followed
    initialised: Followed
    distilled: Followed


class LineagePolicy(Node):
    """Which ancestors add their operations, and how edges of one provider are seen."""

    relations: Relations
    same_provider: Provider


class Kinds(Node):
    """Which kinds of operation are counted."""

    floating: Counted = Field(alias="float")
    integer: Counted
    unknown: Counted


class Counting(Node):
    """A counting set as the rule file states it, with open questions still open."""

    title: Localised
    cite: Citation
    known: Day | None = None
    provenance: Provenance | None = None
    operation_kinds: Kinds
    activities: dict[Word, Counted]
    lineage: LineagePolicy
    interpretation: Text | None = None

    def open_readings(self) -> tuple[str, ...]:
        """Return the ids of the readings that the set needs, in the order of the file."""
        found = [value.reading for _, value in self.classified() if isinstance(value, Open)]
        return tuple(dict.fromkeys(found))

    def classified(self) -> tuple[tuple[str, str | Open], ...]:
        """Return every classified place as (path, answer), in the order of the file."""
        places: list[tuple[str, str | Open]] = [
            ("operation_kinds.float", self.operation_kinds.floating),
            ("operation_kinds.integer", self.operation_kinds.integer),
            ("operation_kinds.unknown", self.operation_kinds.unknown),
        ]
        places += [(f"activities.{name}", answer) for name, answer in self.activities.items()]
        places += [
            (f"lineage.relations.{relation}", getattr(self.lineage.relations, relation))
            for relation in RELATIONS
        ]
        return (*places, ("lineage.same_provider", self.lineage.same_provider))


class Alternative(Node):
    """One answer to an open question, and what it does where a counting set asks."""

    title: Localised
    effect: Effect | None = None


class Reading(Node):
    """A question that the text leaves open: the answers argued for, and the default."""

    question: Localised
    default: Identifier
    alternatives: dict[Identifier, Alternative] = Field(min_length=2)
    why: Text
    cite: Citation | None = None
    known: Day | None = None


@dataclass(frozen=True, slots=True)
class CountingSet:
    """A counting set with every question answered.

    Attributes:
        id: Its id in the rule file.
        activities: Activities whose operations are counted.
        excluded_activities: Activities whose operations are not counted.
        operation_kinds: Kinds of operation (float, integer, unknown) that are counted.
        relations: Lineage relations that lead to ancestors whose operations are counted.
        same_provider: ``collapse`` when an edge inside one provider leaves one model, ``ancestor``
            when it leads to another one.
    """

    id: str
    activities: frozenset[str]
    excluded_activities: frozenset[str]
    operation_kinds: frozenset[str]
    relations: frozenset[str]
    same_provider: SameProvider

    def __hash__(self) -> int:
        """Tell sets apart cheaply: they are looked up for every model."""
        return hash(self.id)

    def classify(self, activity: str, operation_kind: str) -> Literal["counted", "excluded"]:
        """Say whether operations of an activity and kind enter the sum.

        Raises:
            RuleError: If the activity is not one of the vocabulary, or the kind is none of float,
                integer and unknown.
        """
        if activity not in self.activities and activity not in self.excluded_activities:
            raise _unclassified("activity", activity, self.id)
        if operation_kind not in OPERATION_KINDS:
            raise _unclassified("operation kind", operation_kind, self.id)
        counts = activity in self.activities and operation_kind in self.operation_kinds
        return "counted" if counts else "excluded"

    def follows(self, relation: str) -> bool:
        """Say whether an edge of that relation leads to operations that are counted.

        Raises:
            RuleError: If there is no such relation.
        """
        if relation not in RELATIONS:
            raise _unclassified("lineage relation", relation, self.id)
        return relation in self.relations


def choose_readings(readings: Mapping[str, Reading], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the alternative in force for every reading: the one chosen, else the default.

    Args:
        readings: The readings of a regime.
        chosen: Reading id to alternative id; ids of other regimes are passed over.

    Raises:
        RuleError: If an alternative chosen does not exist.
    """
    answers: dict[str, str] = {}
    for name, reading in readings.items():
        answer = chosen.get(name, reading.default)
        if answer not in reading.alternatives:
            raise RuleError(
                f"reading {name} has no alternative {answer!r}",
                remedy="choose one of " + ", ".join(reading.alternatives),
            )
        answers[name] = answer
    return answers


def resolve(
    name: str,
    counting: Counting,
    readings: Mapping[str, Reading],
    chosen: Mapping[str, str],
) -> CountingSet:
    """Answer every open question of a counting set.

    Args:
        name: Id of the counting set.
        counting: The set as the rule file states it.
        readings: The readings of the same file.
        chosen: Reading id to alternative id; a reading not chosen takes its default.

    Raises:
        RuleError: If an alternative chosen does not exist or has no effect at that place.
    """
    answers = choose_readings(readings, chosen)

    def answer(place: str, value: str | Open) -> str:
        if isinstance(value, str):
            return value
        effect = readings[value.reading].alternatives[answers[value.reading]].effect
        if effect is None:
            raise RuleError(
                f"alternative {answers[value.reading]} of reading {value.reading} has no effect",
                where=f"counting.{name}.{place}",
                remedy="give the alternative an effect",
            )
        return effect

    settled = {place: answer(place, value) for place, value in counting.classified()}

    def having(prefix: str, effect: str) -> frozenset[str]:
        return frozenset(
            place.removeprefix(prefix)
            for place, value in settled.items()
            if place.startswith(prefix) and value == effect
        )

    return CountingSet(
        id=name,
        activities=having("activities.", "counted"),
        excluded_activities=having("activities.", "excluded"),
        operation_kinds=having("operation_kinds.", "counted"),
        relations=having("lineage.relations.", "follow"),
        same_provider="collapse" if settled["lineage.same_provider"] == "collapse" else "ancestor",
    )


def _unclassified(what: str, word: str, counting: str) -> RuleError:
    """Build the error for a word that no counting set knows."""
    return RuleError(
        f"{what} {word!r} is not classified by counting set {counting}",
        why="operations that nobody classified can be neither counted nor left out",
        remedy="use a word of the vocabulary",
    )
