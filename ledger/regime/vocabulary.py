"""The vocabulary is the closed list of activities, and of facts that a rule may ask about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, Self, TypeAlias, get_args

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError, RuleError
from ledger.modelling import Field, TypeAdapter, model_validator
from ledger.pack import Pack
from ledger.period import parse_day
from ledger.quantity import UNITS, Dimension, parse_quantity
from ledger.record import fields
from ledger.regime.diagnosis import flawed, parse_node
from ledger.regime.scalar import DimensionName, FactName, Localised, Node, Word, nearest, refuse
from ledger.regime.source import Text

__all__ = [
    "ACTIVITIES",
    "ACTIVITIES_FILE",
    "ACTIVITIES_PATH",
    "FACTS_FILE",
    "FACTS_PATH",
    "Activity",
    "Fact",
    "FactType",
    "Vocabulary",
    "load_vocabulary",
]

FACTS_PATH: Final = "vocabulary/facts.yaml"
ACTIVITIES_PATH: Final = "vocabulary/activities.yaml"
# Records accept no other word; the order is the one in which reports list them.
ACTIVITIES: Final[tuple[str, ...]] = get_args(fields.Activity)

FactType: TypeAlias = Literal["boolean", "enum", "set", "quantity", "date", "text"]


class Activity(Node):
    """What training hardware was doing while operations were done."""

    title: Localised
    description: Localised


class Fact(Node):
    """A property of a subject that a rule may ask about and someone may record."""

    subject: Word
    type: FactType
    dimension: DimensionName | None = None
    values: tuple[Word, ...] | None = Field(default=None, min_length=1)
    description: Localised
    example: Text

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """A quantity has a dimension, an enum or set its values, and nothing else has them."""
        if (self.dimension is not None) != (self.type == "quantity"):
            raise refuse(
                "fact-type",
                f"a fact of type {self.type} and dimension {self.dimension} cannot be read",
                "give a dimension to a quantity, and to nothing else",
            )
        if (self.values is not None) != (self.type in {"enum", "set"}):
            raise refuse(
                "fact-type",
                f"a fact of type {self.type} has {'no' if self.values is None else 'a'} value list",
                "give values to an enum or a set, and to nothing else",
            )
        return self


# ``rules/vocabulary/facts.yaml``: every fact by its name, ``<subject kind>.<name>``.
FACTS_FILE: Final = TypeAdapter(dict[FactName, Fact])
# ``rules/vocabulary/activities.yaml``: every activity by its name.
ACTIVITIES_FILE: Final = TypeAdapter(dict[Word, Activity])


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a rule pack.

    Attributes:
        facts: Fact by name.
        activities: Activity by name, in the order of reports.
    """

    facts: Mapping[str, Fact]
    activities: Mapping[str, Activity]

    def fact(self, name: str) -> Fact:
        """Return the fact of that name.

        Raises:
            RuleError: If there is none; the message names the nearest.
        """
        if name not in self.facts:
            raise RuleError(
                f"{name!r} is not a fact of the vocabulary",
                why="a misspelt fact would stay unknown for ever",
                remedy=nearest(name, self.facts),
            )
        return self.facts[name]

    def read_value(self, name: str, value: str | Sequence[str]) -> dict[str, JSON]:
        """Read what someone wrote as the value of a fact.

        Args:
            name: Name of the fact.
            value: One text, or a list of words for a set.

        Returns:
            ``kind`` and ``value`` as a fact record holds them: a boolean, a sorted list of words,
            the text of a quantity with its unit, a day, or a text (enum facts are texts).

        Raises:
            RuleError: If there is no such fact.
            InputError: If the value does not fit the type of the fact.
        """
        fact = self.fact(name)
        if fact.type == "set":
            return {"kind": "set", "value": _words(name, fact, value)}
        if not isinstance(value, str):
            raise InputError(
                f"{name} takes one value, not a list", remedy=f"such as {fact.example}"
            )
        return _scalar(name, fact, value)


@lru_cache(maxsize=4)
def load_vocabulary(pack: Pack) -> Vocabulary:
    """Read the vocabulary of a rule pack; those of the last few packs are read once each.

    Raises:
        MissingError: If the pack has no vocabulary.
        RuleError: If a file cannot be read, a fact is filed under the wrong subject, or the
            activities are not the ones that records accept.
    """
    of_facts = parse_node(FACTS_FILE, pack.tree(FACTS_PATH), FACTS_PATH)
    of_activities = parse_node(ACTIVITIES_FILE, pack.tree(ACTIVITIES_PATH), ACTIVITIES_PATH)
    facts, activities = of_facts[0], of_activities[0]
    if facts is None or activities is None:
        raise flawed((*of_facts[1], *of_activities[1]))
    for name, fact in facts.items():
        if name.partition(".")[0] != fact.subject:
            raise RuleError(
                f"the name of {name} does not begin with its subject {fact.subject}",
                where=f"{FACTS_PATH}: {name}",
                remedy=f"name it {fact.subject}.{name.partition('.')[2]} or correct the subject",
            )
    if set(activities) != set(ACTIVITIES):
        odd = sorted(set(activities) ^ set(ACTIVITIES))
        raise RuleError(
            f"the activities differ from those that records accept: {', '.join(odd)}",
            where=ACTIVITIES_PATH,
            remedy="the list is closed; describe each of its activities once",
        )
    ordered = {name: activities[name] for name in ACTIVITIES}
    return Vocabulary(facts, ordered)


def _words(name: str, fact: Fact, value: str | Sequence[str]) -> JSON:
    """Read the members of a set: a list, or one text with commas."""
    given = [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
    for word in given:
        _require_listed(name, fact, word)
    members: list[JSON] = [*sorted(set(given))]
    return members


def _scalar(name: str, fact: Fact, value: str) -> dict[str, JSON]:
    """Read a value that is one text."""
    try:
        match fact.type:
            case "boolean":
                if value not in {"yes", "no"}:
                    raise InputError(f"{value!r} is neither yes nor no", remedy="write yes or no")
                return {"kind": "boolean", "value": value == "yes"}
            case "quantity":
                assert fact.dimension is not None, "the model lets no quantity through without one"
                if value.partition(" ")[2] not in UNITS:
                    message = f"{value!r} has no known unit"
                    remedy = f"write the number and its unit, such as {fact.example}"
                    raise InputError(message, remedy=remedy)
                quantity = parse_quantity(value, Dimension(fact.dimension))
                return {"kind": "quantity", "value": str(quantity)}
            case "date":
                return {"kind": "date", "value": parse_day(value).isoformat()}
            case _:
                _require_listed(name, fact, value)
                return {"kind": "text", "value": value}
    except LedgerError as error:
        raise InputError(
            f"{name}: {error.message}",
            why=f"{name} is of type {fact.type}",
            remedy=error.remedy or f"write it like {fact.example}",
        ) from error


def _require_listed(name: str, fact: Fact, word: str) -> None:
    """Refuse a word that the fact's list of values does not hold."""
    if fact.values is not None and word not in fact.values:
        raise InputError(f"{word!r} is not a value of {name}", remedy=nearest(word, fact.values))
