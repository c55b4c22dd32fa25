"""A phrase is the law's deciding words beside a number; they fix the comparator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.quantity import Quantity
from ledger.regime.dimension import conditions
from ledger.regime.expression import (
    AtWindow,
    Comparator,
    Comparison,
    Expression,
    Not,
    Number,
    walk,
)
from ledger.regime.model import Regime
from ledger.regime.rule import Rule

__all__ = ["CONTRARY", "Compared", "comparator_of", "compared", "lost_exponent", "mentions_lost"]

CONTRARY: Final[Mapping[Comparator, Comparator]] = {"gt": "le", "le": "gt", "ge": "lt", "lt": "ge"}
_MIRROR: Final[Mapping[Comparator, Comparator]] = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
# The longer phrases come first, because they contain the shorter ones.
_WORDS: Final[tuple[tuple[str, Comparator], ...]] = (
    (r"equal to or (?:greater|more)|(?:greater|more) than or equal|not less than", "ge"),
    (r"no(?:t)? fewer than|at least|or (?:more|greater|above|higher)|minimum of", "ge"),
    (r"equal to or (?:less|lower)|less than or equal|no(?:t)? (?:more|greater|later) than", "le"),
    (r"at most|or (?:less|fewer|lower|below)|up to|no(?:t)? exceed|within", "le"),
    (r"greater than|more than|exceed|in excess of|\bover\b|\babove\b|larger than", "gt"),
    (r"less than|fewer than|lower than|\bbelow\b|\bunder\b|before", "lt"),
    ("\uc774\uc0c1", "ge"),  # Korean isang: or more
    ("\ucd08\uacfc", "gt"),  # Korean chogwa: more than
    ("\uc774\ud558", "le"),  # Korean iha: or less
    ("\ubbf8\ub9cc", "lt"),  # Korean miman: less than
)
# 10^25 printed without its superscript, or with a sign that a scan left behind; official copies of
# statutes do both, and some print the 10 alone.
_LOST_TEXT: Final = re.compile(
    r"(?<![0-9^*.])10(?:(?:1[5-9]|2[0-9])(?![0-9^.])|[^\x00-\x7f](?:1[5-9]|2[0-9])|)"
    r"(?=\s*(?:integer|floating|FLOP|OP\b|operation|computational)|(?<=[0-9]{4})$)"
)


@dataclass(frozen=True, slots=True)
class Compared:
    """A number of a rule compared with a parameter.

    Attributes:
        place: Path inside the rule.
        parameter: Id of the parameter.
        comparator: How the other number stands to the parameter where the rule takes hold; under
            a not it is the contrary of what is written.
        settled: Whether the direction is certain: not inside an exception, a scope or a case.
    """

    place: str
    parameter: str
    comparator: Comparator
    settled: bool


def comparator_of(phrase: str) -> Comparator | None:
    """Return the comparator that the law's words ask for, or None if they do not say."""
    text = phrase.lower()
    return next((found for words, found in _WORDS if re.search(words, text)), None)


def lost_exponent(quantity: Quantity) -> bool:
    """Return whether a count or rate of operations looks like a power printed flat: 1025."""
    flat = quantity.dimension in {"operations", "operation_rate"}
    return flat and quantity.base.denominator == 1 and 1000 <= quantity.base.numerator < 1100  # noqa: PLR2004 - 10 and two digits


def mentions_lost(text: str) -> str | None:
    """Return the flat power in a text, such as 1026 before ``operations``, or None."""
    found = _LOST_TEXT.search(text)
    return None if found is None else found.group()


def compared(regime: Regime, rule: Rule) -> Iterator[Compared]:
    """Yield every comparison of a rule with a parameter of the file."""
    for place, condition in conditions(rule):
        settled = place == "when" or place.endswith(".then")
        for comparison, negated in _comparisons(condition, negated=False):
            written = comparison.operator
            for side, number in enumerate(comparison.operands):
                for name in _parameters(number, rule, regime):
                    seen = written if side else _MIRROR[written]
                    yield Compared(place, name, CONTRARY[seen] if negated else seen, settled)


def _comparisons(condition: Expression, *, negated: bool) -> Iterator[tuple[Comparison, bool]]:
    """Yield the comparisons below a condition, each with whether a not stands over it."""
    if isinstance(condition, Comparison):
        yield condition, negated
    elif isinstance(condition, Not):
        yield from _comparisons(condition.item, negated=not negated)
    elif not isinstance(condition, str):
        for part in condition.parts:
            yield from _comparisons(part, negated=negated)


def _parameters(number: Number, rule: Rule, regime: Regime) -> Iterator[str]:
    """Yield the parameters in a number, through the lets of the rule."""
    for node in walk(number):
        if isinstance(node, AtWindow):
            yield node.parameter
        elif isinstance(node, str):
            if node in rule.let:
                yield from _parameters(rule.let[node], rule, regime)
            elif node in regime.parameters:
                yield node
