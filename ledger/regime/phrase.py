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

__all__ = [
    "CONTRARY",
    "Compared",
    "comparator_of",
    "comparators_in",
    "compared",
    "lost_exponent",
    "mentions_lost",
]

CONTRARY: Final[Mapping[Comparator, Comparator]] = {"gt": "le", "le": "gt", "ge": "lt", "lt": "ge"}
_MIRROR: Final[Mapping[Comparator, Comparator]] = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
_LESS, _MORE = (
    "(?:less|fewer|lower|smaller|below|under|short of)",
    "(?:more|greater|higher|larger|later|above|over|beyond|in excess)",
)
_NOT: Final = r"\b(?:no|not|never|nor)(?: (?:event|be|to|go|fall|drop|rise|any))*"
# What is matched is taken out before the next is tried: longer phrases contain shorter ones, and a
# denial turns what it denies.
_WORDS: Final[tuple[tuple[str, Comparator], ...]] = (
    (rf"{_NOT} {_LESS}\b(?! frequent)", "ge"),
    (rf"{_NOT} {_MORE}\b(?! frequent)|{_NOT} exceed\w*", "le"),
    (r"\b(?:meet|equal|reach|match)(?:s|es|ed|ing)?(?: or |/)exceed\w*", "ge"),
    (rf"equal to or {_MORE}(?: than| of)?|{_MORE} than or equal(?: to)?", "ge"),
    (rf"equal to or {_LESS}(?: than)?|{_LESS} than or equal(?: to)?", "le"),
    (rf"\bat least\b|\b(?:or|and) {_MORE}\b|\bminimum of\b|\breach(?:es|ed|ing)?\b", "ge"),
    (r"\bup to,? but (?:not including|excluding)", "lt"),
    (rf"\bat most\b|\b(?:or|and) {_LESS}\b|\bup to\b|\bmaximum of\b|\bwithin\b", "le"),
    (r"(?:more|greater|higher|larger) than|\bexceed\w*|in excess of|\bsurpass\w*|\babove\b", "gt"),
    (r"\bover\b(?! (?:the|a|any|each) (?:preceding|past|last|next|course|period|term))", "gt"),
    (r"(?:less|fewer|lower|smaller) than|\bbelow\b|\bunder\b(?! (?:the|this|section))", "lt"),
    ("\uc774\uc0c1", "ge"),  # Korean isang: or more
    ("\ucd08\uacfc", "gt"),  # Korean chogwa: more than
    ("\uc774\ud558", "le"),  # Korean iha: or less
    ("\ubbf8\ub9cc", "lt"),  # Korean miman: less than
)
_PATTERNS: Final = tuple((re.compile(words), found) for words, found in _WORDS)
_BEFORE: Final = re.compile(r"\bbefore\b")  # counts where nothing else is said
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
    """Return the comparator that the law's words ask for; None if they say none, or two."""
    asked = comparators_in(phrase)
    return asked.pop() if len(asked) == 1 else None


def comparators_in(phrase: str) -> set[Comparator]:
    """Return every comparator that words of a phrase ask for."""
    text, asked = phrase.lower(), set[Comparator]()
    for words, comparator in _PATTERNS:
        text, count = words.subn("|", text)
        if count:
            asked.add(comparator)
    return asked or ({"lt"} if _BEFORE.search(text) else set())


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
