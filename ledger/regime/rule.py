"""A rule is one test of a regime at one kind of subject, and what follows when it is met."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from ledger.modelling import Field, model_validator
from ledger.regime.expression import Choice, Choose, Condition, Number
from ledger.regime.grouping import Group
from ledger.regime.scalar import Day, FactName, Identifier, Localised, Node, refuse
from ledger.regime.source import Citation, Provenance, Text

__all__ = [
    "After",
    "Basis",
    "Due",
    "Effect",
    "Moment",
    "Obligation",
    "Rebuttal",
    "Repeats",
    "Rule",
    "SubjectKind",
    "Unless",
    "View",
    "ViewName",
]

SubjectKind: TypeAlias = Literal[
    "model",
    "developer",
    "group",
    "system",
    "run",
    "cluster",
    "device",
    "site",
    "transaction",
    "destination",
    "consignee",
    "company",
    "headquarters",
]
Effect: TypeAlias = Literal[
    "presumption",
    "indication",
    "definition",
    "classification",
    "notification",
    "licence",
    "prohibition",
    "exemption",
    "cap",
    "duty",
    "undertaking",
]
ViewName: TypeAlias = Literal["actual", "foreseen"]
Basis: TypeAlias = Literal["actual", "committed"]
Moment: TypeAlias = Literal["met", "foreseen"] | FactName


class View(Node):
    """Which ledger rows a view of the condition rests on."""

    basis: tuple[Basis, ...] = Field(min_length=1, max_length=2)

    @model_validator(mode="after")
    def _rests_on_what_happened(self) -> Self:
        """What has happened is in every view, and nothing is named twice."""
        if self.basis not in {("actual",), ("actual", "committed")}:
            raise refuse(
                "basis",
                f"a view of {', '.join(self.basis)} cannot be measured",
                "write basis: [actual] or basis: [actual, committed]",
            )
        return self


class Views(Node):
    """The views of a rule; a rule that names none has only the actual one."""

    actual: View | None = None
    foreseen: View | None = None


class Unless(Node):
    """A circumstance that takes a subject out although the condition holds."""

    id: Identifier
    title: Localised | None = None
    when: Condition
    cite: Citation


class Rebuttal(Node):
    """A decision, recorded as a fact, that answers a presumption without undoing it."""

    fact: FactName
    cite: Citation


class After(Node):
    """The moment from which a period runs: the earliest, or the latest, of those named."""

    earliest: tuple[Moment, ...] | None = Field(default=None, min_length=1)
    latest: tuple[Moment, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        """Either the earliest or the latest, never neither or both."""
        if (self.earliest is None) == (self.latest is None):
            raise refuse(
                "after",
                "it must name either the earliest or the latest moment",
                "write after: { earliest: [met, foreseen] }",
            )
        return self

    @property
    def moments(self) -> tuple[str, ...]:
        """The moments named."""
        return self.earliest or self.latest or ()


class Due(Node):
    """When an obligation falls due: a period after a moment, or a fixed day of the law.

    ``within`` names a parameter of a duration, of calendar months or of business days, and needs
    ``after``; ``on`` names a parameter of dimension date; with both, the later day counts.
    ``before`` names a date of the subject on or before which it is due, alone; with ``ahead``, a
    parameter like that of ``within``, it is due so long before that date.
    """

    within: Identifier | None = None
    after: After | None = None
    on: Identifier | None = None
    before: FactName | None = None
    ahead: Identifier | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """A period needs the moment it runs from."""
        stated = [self.within is not None, self.on is not None, self.before is not None]
        alone = self.before is None or sum(stated) == 1
        if (self.within is None) != (self.after is None) or not any(stated) or not alone:
            raise refuse(
                "due",
                "a due date needs a period and the moment it runs from, or a fixed day",
                "write within: <duration> with after: { earliest: [met] }, or on: <date>, or "
                "before: <date of the subject>",
            )
        if self.ahead is not None and self.before is None:
            raise refuse(
                "due",
                "a period ahead needs the date that it is ahead of",
                "write ahead: <duration> with before: <date of the subject>",
            )
        return self


class Repeats(Node):
    """How often a duty comes back once it has begun: every so often, or on days of the year.

    ``every`` names a parameter of a duration or of calendar months; ``days`` names a set of days
    of the year, each ``MM-DD``.
    """

    every: Identifier | None = None
    days: Identifier | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        """Either a period or days of the year, never neither or both."""
        if (self.every is None) == (self.days is None):
            raise refuse(
                "repeats",
                "a duty comes back every so often or on days of the year",
                "write repeats: { every: <period> } or repeats: { days: <set> }",
            )
        return self


class Obligation(Node):
    """What someone must do once the rule is met.

    A duty without ``due`` is standing: it is reported, never overdue. ``when`` says whom of those
    that meet the rule it binds; without it all. ``retention`` names the parameter that says how
    long its records are kept.
    """

    id: Identifier
    actor: Text
    action: Localised
    recipient: Localised | None = None
    content: tuple[Text, ...] = ()
    when: Condition | None = None
    due: Due | None = None
    repeats: Repeats | None = None
    retention: Identifier | None = None
    cite: Citation
    provenance: Provenance | None = None


class Rule(Node):
    """One test: its subject, its condition, its exceptions, and what follows."""

    id: Identifier
    title: Localised
    subject: SubjectKind
    group: Group | None = None
    effect: Effect
    cite: Citation
    known: Day | None = None
    provenance: Provenance | None = None
    interpretation: Text | None = None
    scope: Condition | None = None
    let: dict[Identifier, Number] = Field(default_factory=dict)
    when: Condition | None = None
    choose: tuple[Choice, ...] | None = Field(default=None, min_length=2)
    unless: tuple[Unless, ...] = ()
    rebuttal: Rebuttal | None = None
    views: Views | None = None
    obligations: tuple[Obligation, ...] = ()

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        """A rule says when, or chooses between cases."""
        if (self.when is None) == (self.choose is None):
            raise refuse(
                "condition",
                "a rule has either when or choose",
                "write when: with one condition, or choose: with cases",
            )
        return self

    @model_validator(mode="after")
    def _grouped_by_its_subject(self) -> Self:
        """The first key of a grouping is the subject, and no key stands twice."""
        by = () if self.group is None else self.group.by
        if by and (by[0] != self.subject or len(set(by)) != len(by)):
            raise refuse(
                "group",
                f"a {self.subject} is not made by grouping holdings by {', '.join(by)}",
                f"write by: [{self.subject}, ...] with each key once",
            )
        return self

    @property
    def family(self) -> str:
        """Names the kind of subject asked, with the grouping that makes it."""
        if self.group is None:
            return self.subject
        window = self.group.window
        if window is None:
            # Not the kind itself: a company of which only a fact is recorded holds nothing.
            return "/".join((*self.group.by, "ever"))
        return "/".join((*self.group.by, window.calendar or "..".join(window.between or ())))

    @property
    def condition(self) -> Condition | Choose:
        """The condition, whichever way it is written."""
        if self.when is not None:
            return self.when
        assert self.choose is not None, "the validator lets no rule through without a condition"
        # Made of what was read: its parts, and so what is known of them, stay the same.
        return Choose.model_construct(arms=self.choose)

    @property
    def foresees(self) -> bool:
        """Whether commitments can meet the rule before the compute is spent."""
        view = None if self.views is None else self.views.foreseen
        return view is not None and "committed" in view.basis
