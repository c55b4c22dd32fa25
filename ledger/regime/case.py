"""A case is a small invented ledger in a rule file, and the determinations it must give."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from ledger.modelling import BeforeValidator, Discriminator, Field, Tag, model_validator
from ledger.quantity import Dimension, Quantity
from ledger.regime.counting import OperationKind, Relation
from ledger.regime.scalar import (
    Day,
    FactName,
    Identifier,
    Node,
    QuantityScalar,
    RegimeId,
    Word,
    YesNo,
    refuse,
)
from ledger.regime.source import LawStatus, StanceKind, Text

__all__ = [
    "AtLeast",
    "Case",
    "CaseCommitment",
    "CaseFact",
    "CaseHolding",
    "CaseLaw",
    "CaseLineage",
    "CaseTraining",
    "Days",
    "DeviceRates",
    "Expectation",
    "FactValue",
    "Finding",
    "Operations",
    "Range",
    "stated_facts",
]

Finding = Literal["met", "not_met", "undetermined", "excepted"]


class Range(Node):
    """A figure known between two ends; with a point, an estimate and its stated error."""

    low: QuantityScalar
    point: QuantityScalar | None = None
    high: QuantityScalar


class AtLeast(Node):
    """A figure known only from below."""

    at_least: QuantityScalar = Field(alias="at-least")


def _figure(value: object) -> str:
    """Return which form of a figure stands there."""
    if isinstance(value, dict):
        return "at-least" if "at-least" in value else "range"
    if isinstance(value, Range):
        return "range"
    if isinstance(value, AtLeast):
        return "at-least"
    return "unknown" if value == "unknown" else "point"


Operations = Annotated[
    Annotated[QuantityScalar, Tag("point")]
    | Annotated[Literal["unknown"], Tag("unknown")]
    | Annotated[Range, Tag("range")]
    | Annotated[AtLeast, Tag("at-least")],
    Discriminator(_figure),
]


def _check_operations(figure: Quantity | str | Range | AtLeast) -> None:
    """Refuse a figure that does not count operations."""
    match figure:
        case Quantity():
            parts = [figure]
        case Range(low=low, point=point, high=high):
            if high.base < low.base:
                raise refuse("range", "the high end is below the low one", "exchange the ends")
            if point is not None and not low.base <= point.base <= high.base:
                message = "the point lies outside of its stated error"
                raise refuse("range", message, "widen the error, or correct the point")
            parts = [low, high] if point is None else [low, point, high]
        case AtLeast():
            parts = [figure.at_least]
        case _:
            parts = []
    for part in parts:
        if part.dimension is not Dimension.OPERATIONS:
            raise refuse("dimension", f"{part} does not count operations", "write it in FLOP or OP")


class CaseLaw(Node):
    """The law the case asks about."""

    in_force_on: Day
    law_known_on: Day | None = None
    assume: dict[RegimeId, LawStatus] = Field(default_factory=dict)


class CaseTraining(Node):
    """Operations of a run of a model, on a day or not after one."""

    run: Word | None = None
    model: Word
    developer: Word | None = None
    operations: Operations
    on: Day | None = None
    not_after: Day | None = None
    activity: Word = "pretrain"
    kind: OperationKind = "float"
    extent: Literal["own", "cumulative"] = "own"
    recorded: Day | None = None

    @model_validator(mode="after")
    def _dated(self) -> Self:
        """A row has a day, or a day that it is not after."""
        _check_operations(self.operations)
        if (self.on is None) == (self.not_after is None):
            raise refuse("date", "a row needs on or not_after, not both", "write on: 2026-03-01")
        return self


class CaseCommitment(Node):
    """Compute agreed to be delivered in a window."""

    contract: Word | None = None
    kind: Literal["forward", "option", "reservation", "plan"] = "plan"
    model: Word | None = None
    developer: Word | None = None
    operations: Operations
    agreed_on: Day
    window_start: Day
    window_end: Day
    exercised_on: Day | None = None
    firmness: Literal["firm", "conditional"] = "firm"
    activity: Word = "pretrain"
    operation_kind: OperationKind = "float"
    recorded: Day | None = None

    @model_validator(mode="after")
    def _figures(self) -> Self:
        """The expected work counts operations and the window runs forward."""
        _check_operations(self.operations)
        if self.window_end <= self.window_start:
            raise refuse("date", "the window ends before it begins", "correct window_end")
        return self


class CaseLineage(Node):
    """An edge from a model to its parent."""

    model: Word
    parent: Word
    relation: Relation = "derived"
    same_provider: Literal["yes", "no", "unknown"]
    on: Day | None = None


class CaseFact(Node):
    """A fact that holds only over some days."""

    value: FactValue
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    recorded: Day | None = None


FactValue = Annotated[
    Annotated[Text, Tag("word")] | Annotated[tuple[Word, ...], Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list | tuple) else "word"),
]


def _fact_form(value: object) -> str:
    """Return which form of a fact stands there."""
    if isinstance(value, dict | CaseFact):
        return "dated"
    if isinstance(value, list | tuple):
        dated = value and all(isinstance(each, dict | CaseFact) for each in value)
        return "series" if dated else "list"
    return "word"


AnyFact = Annotated[
    Annotated[Text, Tag("word")]
    | Annotated[tuple[Word, ...], Tag("list")]
    | Annotated[CaseFact, Tag("dated")]
    | Annotated[tuple[CaseFact, ...], Tag("series")],
    Discriminator(_fact_form),
]


def stated_facts(
    stated: str | tuple[str, ...] | CaseFact | tuple[CaseFact, ...],
) -> tuple[CaseFact, ...]:
    """Return what a case states under one name, each value with its days.

    Args:
        stated: One value, a list of words, a value with its days, or several of those.
    """
    if isinstance(stated, CaseFact):
        return (stated,)
    dated = tuple(each for each in stated if isinstance(each, CaseFact))
    if dated:
        return dated
    assert not isinstance(stated, CaseFact)
    words = stated if isinstance(stated, str) else tuple(str(word) for word in stated)
    return (CaseFact(value=words),)


class CaseHolding(Node):
    """An event of devices: what was shipped, received, installed or removed, where and for whom."""

    device: Word
    quantity: QuantityScalar
    event: Literal["shipped", "received", "installed", "removed"]
    on: Day
    consignee: Word | None = None
    company: Word | None = None
    site: Word | None = None
    destination: Word | None = None
    headquarters: Word | None = None
    authorisation: Text | None = None
    recorded: Day | None = None


class DeviceRates(Node):
    """One supported precision of a device, for classification by its largest rate."""

    device: Word
    precision: Word
    mac_rate: QuantityScalar
    bit_length: QuantityScalar
    operand: Literal["stated", "tf32-19", "tf32-32"] = "stated"


class Days(Node):
    """The first and last day on which something may have happened."""

    earliest: Day
    latest: Day


def _scope(value: object) -> object:
    """Read yes, no or undetermined."""
    if value in {"yes", "no", "undetermined"}:
        return value
    raise refuse("scope", f"{value!r} is no answer", "write yes, no or undetermined")


InScope = Annotated[Literal["yes", "no", "undetermined"], BeforeValidator(_scope)]
MetOn = Annotated[
    Annotated[Day, Tag("day")] | Annotated[Days, Tag("days")],
    Discriminator(lambda value: "days" if isinstance(value, dict | Days) else "day"),
]


DueOn = Annotated[
    Annotated[Day, Tag("day")] | Annotated[Literal["none"], Tag("none")],
    Discriminator(lambda value: "none" if value == "none" else "day"),
]


class Expectation(Node):
    """What must come out for one subject; a field left out is not asked.

    ``due`` names the day of each duty asked about; ``none`` where it has no day or does not bind.
    ``binds`` says whether a duty binds the subject, dated or not.
    """

    finding: Finding | Literal["none"] | None = None
    in_scope: InScope | None = None
    law: LawStatus | Literal["none"] | None = None
    enforcement: StanceKind | None = None
    margin: QuantityScalar | None = None
    missing: tuple[Text, ...] | None = None
    met_on: MetOn | None = None
    foreseen: Finding | None = None
    foreseen_on: Day | None = None
    due: dict[Identifier, DueOn] | None = None
    binds: dict[Identifier, InScope] | None = None
    by: Identifier | None = None
    robust: YesNo | None = None
    rebutted: YesNo | None = None
    hypothetical: YesNo | None = None


class Case(Node):
    """One case: the law asked about, what the ledger holds, and what must come out."""

    name: Text
    law: CaseLaw
    as_of: Day | None = None
    training: tuple[CaseTraining, ...] = ()
    commitments: tuple[CaseCommitment, ...] = ()
    lineage: tuple[CaseLineage, ...] = ()
    device_rates: tuple[DeviceRates, ...] = ()
    holdings: tuple[CaseHolding, ...] = ()
    facts: dict[Text, dict[FactName, AnyFact]] = Field(default_factory=dict)
    readings: dict[Identifier, Identifier] = Field(default_factory=dict)
    expect: dict[Identifier, dict[Text, Expectation]] = Field(min_length=1)

    @property
    def evaluated_on(self) -> date:
        """The day up to which things have happened: as_of, else the day of the law."""
        return self.as_of or self.law.in_force_on


CaseFact.model_rebuild()
