"""An expression is a tree of closed operators over facts, parameters, lets, sets and rules.

A condition has one of three values (true, false, unknown); a number is an interval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from ledger.modelling import Discriminator, Field, Tag
from ledger.regime.grouping import Calendar, HoldingKey
from ledger.regime.lookup import AtWindow
from ledger.regime.name import FACTOR_PATTERN, Factor, Name
from ledger.regime.operator import Operator
from ledger.regime.scalar import FactName, Identifier, Node, QuantityScalar, Word

__all__ = [
    "OPERATORS",
    "All",
    "Any",
    "AnyOf",
    "AtWindow",
    "Choice",
    "Choose",
    "Comparator",
    "Comparison",
    "Condition",
    "Exists",
    "Expression",
    "Flow",
    "Ge",
    "Gt",
    "Le",
    "Lt",
    "Max",
    "Member",
    "Mul",
    "Not",
    "Number",
    "Quote",
    "Sum",
    "Total",
    "walk",
]


Comparator: TypeAlias = Literal["gt", "ge", "lt", "le"]
HoldingEvent: TypeAlias = Literal["shipped", "received", "installed", "removed"]


class Quote(Operator):
    """A quantity written in place: allowed in unit files only."""

    operator: ClassVar[str] = "q"
    q: QuantityScalar


class Mul(Operator):
    """The product of two or more numbers; a bare integer is a plain factor."""

    operator: ClassVar[str] = "mul"
    factors: tuple[Number, ...] = Field(alias="mul", min_length=2, max_length=8)

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return self.factors


class Sum(Operator):
    """The operations of the subject's training that a counting set counts."""

    operator: ClassVar[str] = "sum"
    field: Literal["operations"] = Field(alias="sum")
    counting: Identifier
    lineage: Literal["own", "base", "cumulative"]


class OverRows(Operator):
    """A number over the rows of a relation of the subject, those that a condition lets through."""

    number: Number
    where: Condition | None = None

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return (self.number,) if self.where is None else (self.number, self.where)


class Max(OverRows):
    """The largest value of a number over the rows of a relation of the subject."""

    operator: ClassVar[str] = "max"
    number: Number = Field(alias="max")
    over: Literal["device_rates"]


class Total(OverRows):
    """A number added up over the holdings of the subject, those of some events taken away.

    ``during: window`` takes the holdings dated in the subject's window; ``to-date`` takes all up
    to its end. ``of`` names the keys of the subject that a holding must share; without it all.
    """

    operator: ClassVar[str] = "total"
    number: Number = Field(alias="total")
    over: Literal["holdings"]
    add: tuple[HoldingEvent, ...] = Field(min_length=1)
    less: tuple[HoldingEvent, ...] = ()
    during: Literal["window", "to-date"] = "window"
    of: tuple[HoldingKey, ...] | None = Field(default=None, min_length=1)


class Flow(Operator):
    """A recorded amount a period, added up over the months before the day asked for.

    The window ends where the day, month, quarter or year of the day asked for begins, and begins
    ``preceding`` earlier, a parameter in months.
    """

    operator: ClassVar[str] = "flow"
    fact: FactName = Field(alias="flow")
    preceding: Identifier
    ending: Calendar = "day"

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return (self.fact, self.preceding)


class Comparison(Operator):
    """Two numbers of one dimension, compared."""

    operator: ClassVar[Comparator]
    operands: tuple[Number, Number]

    @property
    def left(self) -> Number:
        """The number before the comparator."""
        return self.operands[0]

    @property
    def right(self) -> Number:
        """The number after the comparator."""
        return self.operands[1]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return self.operands


class Gt(Comparison):
    """The left is greater than the right."""

    operator: ClassVar[Comparator] = "gt"
    operands: tuple[Number, Number] = Field(alias="gt")


class Ge(Comparison):
    """The left is the right or more."""

    operator: ClassVar[Comparator] = "ge"
    operands: tuple[Number, Number] = Field(alias="ge")


class Lt(Comparison):
    """The left is less than the right."""

    operator: ClassVar[Comparator] = "lt"
    operands: tuple[Number, Number] = Field(alias="lt")


class Le(Comparison):
    """The left is the right or less."""

    operator: ClassVar[Comparator] = "le"
    operands: tuple[Number, Number] = Field(alias="le")


class Joined(Operator):
    """Several conditions joined into one."""

    items: tuple[Condition, ...]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return self.items


class All(Joined):
    """True when every part is, false when one part is false (Kleene)."""

    operator: ClassVar[str] = "all"
    items: tuple[Condition, ...] = Field(alias="all", min_length=1)


class Any(Joined):
    """True when one part is, false when every part is false (Kleene)."""

    operator: ClassVar[str] = "any"
    items: tuple[Condition, ...] = Field(alias="any", min_length=1)


class Not(Operator):
    """The contrary; unknown stays unknown."""

    operator: ClassVar[str] = "not"
    item: Condition = Field(alias="not")

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return (self.item,)


class AnyOf(Operator):
    """A fact that is a set shares a member with the list; an enum fact is in the list."""

    operator: ClassVar[str] = "any-of"
    operands: tuple[FactName, tuple[Word, ...]] = Field(alias="any-of")

    @property
    def fact(self) -> str:
        """Name of the fact."""
        return self.operands[0]

    @property
    def values(self) -> tuple[str, ...]:
        """The values of which one suffices."""
        return self.operands[1]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return (self.fact,)


class Member(Operator):
    """A fact's value belongs to a dated set of the file."""

    operator: ClassVar[str] = "member"
    operands: tuple[FactName, Identifier] = Field(alias="member")

    @property
    def fact(self) -> str:
        """Name of the fact."""
        return self.operands[0]

    @property
    def set_id(self) -> str:
        """Id of the set."""
        return self.operands[1]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return (self.fact,)


class Members(Node):
    """Which members of the subject are asked, and what about them."""

    of: Literal["developer.models", "group.models", "group.developers", "system.models"]
    such_that: Condition = Field(alias="such-that")
    view: Literal["actual", "foreseen"] = "actual"


class Exists(Operator):
    """At least one member of the subject fulfils a condition (Kleene or)."""

    operator: ClassVar[str] = "exists"
    members: Members = Field(alias="exists")

    @property
    def of(self) -> str:
        """The relation whose rows are asked."""
        return self.members.of

    @property
    def such_that(self) -> Condition:
        """The condition at the member."""
        return self.members.such_that

    @property
    def view(self) -> Literal["actual", "foreseen"]:
        """Whether commitments count beside what has happened."""
        return self.members.view

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return (self.such_that,)


class Choice(Node):
    """One arm of a choose: the case in which it decides, and what it says."""

    case: Condition
    then: Condition


class Choose(Operator):
    """Exactly one case holds and its arm decides; an unknown case leaves it open."""

    operator: ClassVar[str] = "choose"
    arms: tuple[Choice, ...] = Field(alias="choose", min_length=2)

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The direct parts in the order of the file."""
        return tuple(part for arm in self.arms for part in (arm.case, arm.then))


_NUMBERS: Final = (Quote, Mul, Sum, Max, Total, Flow, AtWindow)
_CONDITIONS: Final = (Gt, Ge, Lt, Le, All, Any, Not, AnyOf, Member, Exists)
OPERATORS: Final = tuple(node.operator for node in (*_CONDITIONS, Choose, *_NUMBERS))


def _operator(value: object) -> str | None:
    """Return the tag of the node that a text or mapping stands for, or None."""
    if isinstance(value, str):
        return "factor" if re.fullmatch(FACTOR_PATTERN, value) else "name"
    if isinstance(value, Operator):
        return value.operator
    if isinstance(value, dict):
        found = [key for key in value if key in OPERATORS]
        return found[0] if len(found) == 1 else None
    return None


_NOT_NUMBER = Discriminator(
    _operator,
    custom_error_type="operator",
    custom_error_message=(
        "this is not a number: write a name, or one of mul, sum, max, total, flow, at-window"
    ),
)
_NOT_CONDITION = Discriminator(
    _operator,
    custom_error_type="operator",
    custom_error_message=(
        "this is not a condition: write a name, or one of gt, ge, lt, le, all, any, not, any-of, "
        "member, exists"
    ),
)
Number = Annotated[
    Annotated[Name, Tag("name")]
    | Annotated[Factor, Tag("factor")]
    | Annotated[Quote, Tag("q")]
    | Annotated[Mul, Tag("mul")]
    | Annotated[Sum, Tag("sum")]
    | Annotated[Max, Tag("max")]
    | Annotated[Total, Tag("total")]
    | Annotated[Flow, Tag("flow")]
    | Annotated[AtWindow, Tag("at-window")],
    _NOT_NUMBER,
]
Condition = Annotated[
    Annotated[Name, Tag("name")]
    | Annotated[Gt, Tag("gt")]
    | Annotated[Ge, Tag("ge")]
    | Annotated[Lt, Tag("lt")]
    | Annotated[Le, Tag("le")]
    | Annotated[All, Tag("all")]
    | Annotated[Any, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[AnyOf, Tag("any-of")]
    | Annotated[Member, Tag("member")]
    | Annotated[Exists, Tag("exists")],
    _NOT_CONDITION,
]
NumberNode = Quote | Mul | Sum | Max | Total | Flow | AtWindow
ConditionNode = Gt | Ge | Lt | Le | All | Any | Not | AnyOf | Member | Exists
Expression = str | NumberNode | ConditionNode | Choose


def walk(node: Expression) -> Iterator[Expression]:
    """Yield the node and everything below it, parents first, in the order of the file."""
    yield node
    if not isinstance(node, str):
        for part in node.parts:
            yield from walk(part)
