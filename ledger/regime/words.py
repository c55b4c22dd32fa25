"""An expression in words is one line that a lawyer can read aloud: ``compute > line and not x``."""

from __future__ import annotations

from typing import Final

from ledger.quantity import Quantity
from ledger.regime.environment import FactValue
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    AtWindow,
    Choose,
    Exists,
    Expression,
    Flow,
    Ge,
    Gt,
    Le,
    Lt,
    Max,
    Member,
    Mul,
    Not,
    Quote,
    Sum,
    Total,
)

__all__ = ["SIGNS", "in_words", "value_in_words"]

SIGNS: Final = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def in_words(  # noqa: C901, PLR0911, PLR0912 - one return for each operator
    expression: Expression,
) -> str:
    """Write an expression as one line, with brackets only where they are needed."""
    match expression:
        case str():
            return _name(expression)
        case Quote():
            return str(expression.q)
        case Mul():
            return " × ".join(in_words(factor) for factor in expression.factors)
        case Sum():
            return f"{expression.lineage} operations by {expression.counting}"
        case Max():
            where = "" if expression.where is None else f" where {_bracketed(expression.where)}"
            return f"largest of {in_words(expression.number)} over {expression.over}{where}"
        case Total():
            return _total(expression)
        case Flow():
            return (
                f"{expression.fact} over the {expression.preceding} before the "
                f"{expression.ending} asked for"
            )
        case AtWindow():
            return f"{expression.parameter} of the window"
        case Gt() | Ge() | Lt() | Le():
            sign = SIGNS[expression.operator]
            return f"{in_words(expression.left)} {sign} {in_words(expression.right)}"
        case Not():
            return f"not {_bracketed(expression.item)}"
        case All():
            return " and ".join(_bracketed(item) for item in expression.items)
        case Any():
            return " or ".join(_bracketed(item) for item in expression.items)
        case AnyOf():
            return f"{expression.fact} has one of {', '.join(expression.values)}"
        case Member():
            return f"{expression.fact} is in {expression.set_id}"
        case Exists():
            return (
                f"one of {expression.of} ({expression.view}) has {in_words(expression.such_that)}"
            )
        case Choose():
            return "; ".join(
                f"if {in_words(arm.case)}: {in_words(arm.then)}" for arm in expression.arms
            )


def value_in_words(value: FactValue) -> str:
    """Write the value of a fact as someone would record it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case frozenset():
            return ", ".join(sorted(value)) or "none"
        case Quantity():
            return str(value)
        case _:
            return str(value)


def _total(total: Total) -> str:
    """Write a sum over holdings as one line."""
    less = f" less {' and '.join(total.less)}" if total.less else ""
    where = "" if total.where is None else f" where {_bracketed(total.where)}"
    alike = "" if total.of is None else f" of the same {' and '.join(total.of)}"
    when = "in the window" if total.during == "window" else "to date"
    return (
        f"{in_words(total.number)} over holdings{alike} {' and '.join(total.add)}{less} "
        f"{when}{where}"
    )


def _name(name: str) -> str:
    """Write a reading as an answer, any other name as it stands."""
    return name.removeprefix("reading:").replace("=", " is ") if ":" in name else name


def _bracketed(item: Expression) -> str:
    """Put brackets around what joins several parts."""
    text = in_words(item)
    return f"({text})" if isinstance(item, All | Any | Choose) else text
