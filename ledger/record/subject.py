"""Records about subjects: facts, lineage, commitments and holdings."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from ledger.form.rules import Descent, Exact, Window
from ledger.modelling import AfterValidator, Field, StringConstraints, model_validator
from ledger.record.allocation import Fabric
from ledger.record.fields import (
    Activity,
    Body,
    Count,
    Day,
    Digits,
    EvidenceStatement,
    Identifier,
    OperationKind,
    Operations,
    Precision,
    Ratio,
    Sparsity,
    Text,
    agree,
    plain_name,
)

__all__ = ["Commitment", "Fact", "FactValue", "Holding", "Lineage", "Subject", "Substitution"]


def _subject(text: str) -> str:
    """Return the subject if its name is a plain one."""
    plain_name(text.partition(":")[2])
    return text


Subject = Annotated[
    str,
    StringConstraints(
        pattern=r"^(model|developer|group|system|run|cluster|device|site|transaction|destination|"
        r"consignee|company|headquarters):[^\x00-\x1f\x7f]{1,200}$"
    ),
    AfterValidator(_subject),
]


class BooleanValue(Body):
    """Yes or no."""

    kind: Literal["boolean"]
    value: bool


class SetValue(Body):
    """A set of words, sorted and distinct; an enum is a set of one."""

    kind: Literal["set"]
    value: list[Identifier]

    @model_validator(mode="after")
    def _sorted(self) -> Self:
        """One set has one spelling."""
        if self.value != sorted(set(self.value)):
            raise ValueError("a set is written sorted and without repetition")
        return self


class QuantityValue(Body):
    """A number with its unit, such as ``600_000_000 USD``."""

    kind: Literal["quantity"]
    value: Text

    @model_validator(mode="after")
    def _readable(self) -> Self:
        """The text must be an exact quantity."""
        Exact(self.value).require()
        return self


class DateValue(Body):
    """A day."""

    kind: Literal["date"]
    value: Day


class TextValue(Body):
    """A text that no rule reads as a number."""

    kind: Literal["text"]
    value: Text


FactValue = Annotated[
    BooleanValue | SetValue | QuantityValue | DateValue | TextValue, Field(discriminator="kind")
]


class Fact(Body):
    """What somebody states of a subject.

    Attributes:
        subject: ``model:…``, ``developer:…`` and so on.
        name: Word of the vocabulary.
        value: Typed value.
        valid_from: First day it holds; null for always.
        valid_until: First day it no longer holds; null for open.
        evidence: Where it comes from.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    subject: Subject
    name: Identifier
    value: FactValue
    valid_from: Day | None
    valid_until: Day | None
    evidence: EvidenceStatement


class Lineage(Body):
    """That one model was made from another.

    Attributes:
        model: The later model.
        parent: The earlier one; null when a parent exists and nobody says which.
        relation: How the parent entered.
        same_provider: Whether one provider made both.
        on: Day of the step, if stated.
        evidence: Where it comes from.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"notes"})

    model: Identifier
    parent: Identifier | None
    relation: Literal["derived", "merged", "initialised", "distilled"]
    same_provider: Literal["yes", "no", "unknown"]
    on: Day | None
    evidence: EvidenceStatement

    @model_validator(mode="after")
    def _not_itself(self) -> Self:
        """A model is not its own parent."""
        agree(self, Descent)
        return self


class Substitution(Body):
    """A device that may be delivered in place of the one agreed.

    Attributes:
        device: Catalogue id.
        ratio: How many of it stand for one of those agreed: ``1/2``, or ``3``.
    """

    device: Identifier
    ratio: Ratio


class Commitment(Fabric):
    """Capacity to be delivered: a contract, an option, a reservation or a run plan.

    Attributes:
        contract: Identifier that deliveries refer to.
        kind: An option counts once exercised; the others count when agreed.
        window_start: First day of delivery.
        window_end: First day after it.
        device: Catalogue id.
        milli_devices: Thousandths of devices.
        device_us: Contracted device-microseconds.
        precision: Operand format the quantity is graded at.
        sparsity: Sparsity basis of the grade.
        operations_low: Least operations expected from it.
        operations: Operations expected.
        operations_high: Most operations expected.
        firmness: Whether delivery hangs on a condition.
        agreed_on: Day from which it was known.
        exercised_on: Day an option was exercised.
        model: Model it is meant for; null when unallocated.
        developer: Who will use it.
        activity: What it is meant for.
        operation_kind: Floating-point or integer operations.
        evidence: Where it comes from.
        allocated_on: Day on which it was meant for this purpose, if not from the beginning; left
            out where it was.
        expired_on: Day on which somebody recorded that this will not come; left out while it may.
        substitutes: Devices that may be delivered instead, sorted; left out where not stated.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"buyer", "seller", "price", "terms", "notes"})
    PSEUDONYMS: ClassVar[frozenset[str]] = frozenset({"buyer", "seller"})
    LATER: ClassVar[frozenset[str]] = frozenset({"allocated_on", "expired_on", "substitutes"})

    contract: Identifier
    kind: Literal["forward", "option", "reservation", "plan"]
    window_start: Day
    window_end: Day
    device: Identifier | None
    milli_devices: Count | None
    device_us: Digits | None
    precision: Precision
    sparsity: Sparsity
    operations_low: Operations | None
    operations: Operations | None
    operations_high: Operations | None
    firmness: Literal["firm", "conditional"]
    agreed_on: Day
    exercised_on: Day | None
    model: Identifier | None
    developer: Identifier | None
    activity: Activity
    operation_kind: OperationKind
    evidence: EvidenceStatement
    allocated_on: Day | None = None
    expired_on: Day | None = None
    substitutes: list[Substitution] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """The window runs forward, the range does not decrease, only options are exercised."""
        agree(self, Window)
        if self.allocated_on is not None and self.allocated_on < self.agreed_on:
            raise ValueError("nothing is allocated before it is agreed")
        if self.expired_on is not None and self.expired_on < self.window_end:
            raise ValueError("what may still be delivered does not expire")
        names = [each.device for each in self.substitutes or ()]
        if names != sorted(set(names)) or self.device in names:
            raise ValueError("substitutes are sorted, each once, and not the device agreed")
        return self


class Holding(Body):
    """That devices were shipped, received, installed or removed.

    Attributes:
        device: Catalogue id.
        quantity: Whole devices.
        headquarters: Country of headquarters, ISO 3166 alpha-2.
        destination: Country of destination, ISO 3166 alpha-2.
        event: What happened.
        authorisation: Licence or exception used; null if not stated.
        on: Day of the event.
        evidence: Where it comes from.
    """

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"consignee", "ultimate_parent", "site", "notes"})
    PSEUDONYMS: ClassVar[frozenset[str]] = frozenset({"consignee", "ultimate_parent", "site"})

    device: Identifier
    quantity: Count
    headquarters: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None
    destination: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None
    event: Literal["shipped", "received", "installed", "removed"]
    authorisation: Text | None
    on: Day
    evidence: EvidenceStatement
