"""A determination is our outcome for one subject under one rule; these are its fields."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from ledger.modelling import BaseModel, ConfigDict, Field, StringConstraints
from ledger.regime.source import LawStatus, Provenance, StanceKind
from ledger.regime.trace import Comparator

__all__ = [
    "Band",
    "Closed",
    "Contradiction",
    "Counts",
    "Determination",
    "Digits",
    "Due",
    "Evidence",
    "Finding",
    "Foreseen",
    "InScope",
    "MetOn",
]

Finding: TypeAlias = Literal["met", "not_met", "undetermined", "excepted"]
InScope: TypeAlias = bool | Literal["undetermined"]
Digits = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]*)(\.[0-9]+)?$")]
Millionths = Annotated[int, Field(ge=0, le=1_000_000)]


class _Format(BaseModel):
    """A part of a published output: closed, strict and frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Band(_Format):
    """An amount in the base unit of its dimension, as decimal strings.

    Attributes:
        low: Lower end of the legal interval.
        point: The amount, if one is known; else null.
        high: Upper end of the legal interval; null if nothing bounds it.
        error_low: Lower end of the stated error.
        error_high: Upper end of the stated error; null if nothing bounds it.
    """

    low: Digits
    point: Digits | None
    high: Digits | None
    error_low: Digits
    error_high: Digits | None


class Foreseen(_Format):
    """What comes out once commitments and plans count beside what has happened.

    Attributes:
        finding: The finding with commitments.
        on: Earliest day of agreement that carries it, or of the work that did beside agreements
            made before; null if it is not met, or if what was done carried it as early.
    """

    finding: Finding
    on: date | None


class MetOn(_Format):
    """Since when a rule is met.

    Attributes:
        earliest: First day on which it can have been met; null if undated records alone may have
            carried it.
        latest: First day on which it was surely met; null if no record says since when.
    """

    earliest: date | None
    latest: date | None


class Due(_Format):
    """A dated obligation that no filing has closed.

    Attributes:
        obligation: Its id in the rule.
        on: Day on which it falls due; null when a day that it runs from is not recorded.
        days_left: Days from ``as_of`` to that day; negative when it is overdue.
    """

    obligation: str
    on: date | None
    days_left: int | None


class Closed(_Format):
    """An obligation that a filing closed.

    Attributes:
        obligation: Its id in the rule.
        seq: Entry of the filing.
        sent_on: UTC day on which it was sent.
        due_on: Day on which it fell due; null if it had no date.
    """

    obligation: str
    seq: int
    sent_on: date
    due_on: date | None


class Contradiction(_Format):
    """A fact that entries, or entries and a figure, contradict for the day: it has no value.

    Attributes:
        name: The fact, followed by ``@subject`` where it is not of the subject itself.
        entries: The entries that state it, in order.
    """

    name: str
    entries: tuple[int, ...]


class Evidence(_Format):
    """Share of the operations counted by evidence grade, in parts per million; together 10^6.

    All are 0 when no operations are counted.
    """

    A: Millionths = 0
    B: Millionths = 0
    C: Millionths = 0
    D: Millionths = 0
    E: Millionths = 0


class Determination(_Format):
    """Our outcome for one subject under one rule.

    Attributes:
        regime: Dotted id of the body of law.
        rule: Id of the rule inside it.
        subject: With its prefix, such as ``model:x``.
        law: Status of the text on the day asked for; null if nothing of it was known.
        enforcement: Stance of the authority on that day; null if none is stated.
        in_scope: Whether the rule concerns the subject; false while it binds nobody.
        finding: What it finds; null when out of scope.
        exception: Id of the exception that takes the subject out, when excepted.
        foreseen: The same with commitments; null for a rule that looks only at what happened.
        hypothetical: Whether the law was assumed rather than found.
        met_on: Since when it is met; null when it is not.
        rebutted: Whether a decision answers the presumption; null for a rule that none can, and
            while entries contradict each other about the decision.
        measured: Amount compared, by its dimension; null when the rule compares none, or it is
            open which of several.
        comparison: How it is compared with the threshold; null where the line is open.
        threshold: The line in the base unit, rounded to the whole number that gives the same
            answer for every whole amount; null if it is not one known number, or it is open which
            line applies. Of several it is the one on which the finding hangs: not met, the one
            nearest to its amount that could still decide; met, the first that carries the finding.
        unit: Base unit of ``measured`` and ``threshold``.
        margin: Distance from the line, in that unit; null while the finding or the comparison is
            undetermined.
        missing: Facts that would decide it, or what is foreseen; never empty when undetermined.
        robust: Whether the finding is the same all over the stated error; null out of scope.
        readings: Alternative taken for each open question that the rule rests on.
        due: Dated obligations that are open.
        closed_by: Filings that closed obligations; null if there is none.
        unfiled: Obligations that no filing closed, of a rule that dates none; else empty.
        evidence_share: Share of the operations by evidence grade.
        provenance: The weakest check among the figures of law it rests on; null if it rests on
            none.
        cite: Where the rule stands.
        entries_counted: Allocations in the amount compared.
        contradictions: Facts that would matter and have no value, since entries differ, or a
            figure on the ledger contradicts them.
        notes: What a reader must know beside the fields.
    """

    regime: str
    rule: str
    subject: str
    law: LawStatus | None
    enforcement: StanceKind | None
    in_scope: InScope
    finding: Finding | None
    exception: str | None
    foreseen: Foreseen | None
    hypothetical: bool
    met_on: MetOn | None
    rebutted: bool | None
    measured: dict[str, Band] | None
    comparison: Comparator | None
    threshold: Digits | None
    unit: str | None
    margin: Digits | None
    missing: tuple[str, ...]
    robust: bool | None
    readings: dict[str, str]
    due: tuple[Due, ...]
    closed_by: tuple[Closed, ...] | None
    evidence_share: Evidence
    provenance: Provenance | None
    cite: str
    entries_counted: int
    unfiled: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def binding(self) -> bool:
        """Whether the law is found, not assumed, and obliges people on the day."""
        return self.law in {"in_force", "disputed"} and not self.hypothetical

    @property
    def met(self) -> bool:
        """Whether the line is met, now or foreseen."""
        ahead = self.foreseen is not None and self.foreseen.finding == "met"
        return self.finding == "met" or ahead

    @property
    def undetermined(self) -> bool:
        """Whether a fact is missing that would decide what is met or what is foreseen."""
        ahead = self.foreseen is not None and self.foreseen.finding == "undetermined"
        return self.finding == "undetermined" or (ahead and self.finding != "met")

    @property
    def closed(self) -> bool:
        """Whether filings closed every dated obligation, or all of a rule that dates none."""
        return self.closed_by is not None and not self.due and not self.unfiled

    @property
    def overdue(self) -> bool:
        """Whether a date has passed and nothing was filed."""
        late = any(due.days_left is not None and due.days_left < 0 for due in self.due)
        return late and not self.hypothetical

    @property
    def actionable(self) -> bool:
        """Whether somebody has something to do: a line met under binding law, or a date passed."""
        return (self.met and self.binding and not self.closed) or self.overdue


class Counts(_Format):
    """How many determinations came out how; the last five add up to the first.

    Attributes:
        determinations: Pairs of a rule and a subject of its kind.
        met: Met.
        not_met: Not met.
        undetermined: A needed fact is missing.
        excepted: An exception takes the subject out.
        out_of_scope: The rule does not concern the subject, or binds nobody on the day.
        foreseen: Of those not met, met once commitments count.
        overdue: Of all, those with a date that has passed.
    """

    determinations: int
    met: int
    not_met: int
    undetermined: int
    excepted: int
    out_of_scope: int
    foreseen: int
    overdue: int
