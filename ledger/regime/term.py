"""A term is a number of a rule as a plain factor times what only the facts can give.

``3 × share × base`` under a share of 1/3 is the term 1 · base. Two terms compared divide an axis
at one place: ``own > 1/3 · base`` asks on which side of 1/3 the quotient of own and base lies. So
comparisons of the same things can be set against each other, whatever their numbers are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from ledger.regime.expression import Max, Mul, Number, Quote, Sum
from ledger.regime.name import is_factor

__all__ = ["Axis", "Division", "Sign", "Term", "division_of", "term_of"]

Sign: TypeAlias = Literal["<", "=", ">"]
Axis: TypeAlias = tuple[str, ...]
"""What is divided: parts of the left, a bar, parts of the right."""
_BAR: Final = "/"
_MIRROR: Final[Mapping[Sign, Sign]] = {"<": ">", "=": "=", ">": "<"}


@dataclass(frozen=True, slots=True)
class Term:
    """A factor times parts.

    Attributes:
        factor: The plain factor, zero or above.
        parts: Keys of what the facts give, sorted; none for a plain number.
        signed: Whether the parts could be below zero, as for a number of an unknown kind.
    """

    factor: Fraction
    parts: tuple[str, ...]
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Division:
    """The place at which a comparison divides an axis.

    Attributes:
        axis: What is divided.
        at: Where.
        turned: Whether the comparison names the sides the other way round.
        bounded: Whether nothing on the axis is below zero.
        vanishing: Whether both sides can be zero at once, and are then equal wherever it divides.
    """

    axis: Axis
    at: Fraction
    turned: bool
    bounded: bool
    vanishing: bool

    def seen(self, sign: Sign) -> Sign:
        """Return how the left of the comparison stands to its right, from a side of the axis."""
        return _MIRROR[sign] if self.turned else sign


def term_of(number: Number, lets: Mapping[str, Number], amounts: Mapping[str, Fraction]) -> Term:
    """Return a number as a term.

    Args:
        number: The number.
        lets: Numbers that the rule names.
        amounts: Parameters with one known value, in base units.
    """
    match number:
        case str() if number in lets:
            return term_of(lets[number], lets, amounts)
        case str() | Quote():
            plain = _plain(number, amounts)
            return Term(Fraction(1), (str(number),)) if plain is None else Term(plain, ())
        case Mul():
            return _product([term_of(each, lets, amounts) for each in number.factors])
        case Sum() | Max():
            return Term(Fraction(1), (repr(number),))
        case _:
            return Term(Fraction(1), (repr(number),), signed=True)


def division_of(left: Term, right: Term) -> Division | Sign:
    """Return where a comparison of two terms divides which axis, or how they always stand."""
    if left.parts == right.parts:
        difference = left.factor - right.factor
        if not left.parts or not difference:
            return _sign(difference)
        return _against(Term(Fraction(1), left.parts, left.signed), Fraction(0), difference < 0)
    if not right.parts:
        return _against(left, right.factor / left.factor, turned=False)
    if not left.parts:
        return _against(right, left.factor / right.factor, turned=True)
    if right.parts < left.parts:
        return _quotient(right, left, turned=True)
    return _quotient(left, right, turned=False)


def _plain(number: str | Quote, amounts: Mapping[str, Fraction]) -> Fraction | None:
    """Return what a number is without asking the facts, or None."""
    if isinstance(number, Quote):
        return number.q.base
    return Fraction(int(number)) if is_factor(number) else amounts.get(number)


def _product(terms: list[Term]) -> Term:
    """Return the product of terms; nothing is left of the parts where a factor is zero."""
    factor, parts, signed = Fraction(1), list[str](), False
    for term in terms:
        factor *= term.factor
        parts += term.parts
        signed |= term.signed
    return Term(factor, tuple(sorted(parts)), signed) if factor else Term(factor, ())


def _against(term: Term, at: Fraction, turned: bool) -> Division:  # noqa: FBT001 - keyword or sign
    """Return the division of a term by a plain number."""
    return Division((*term.parts, _BAR), at, turned, not term.signed, vanishing=False)


def _quotient(left: Term, right: Term, *, turned: bool) -> Division:
    """Return the division of the quotient of two terms."""
    at = right.factor / left.factor
    axis = (*left.parts, _BAR, *right.parts)
    if right.signed:
        # Where the right can be below zero, each place divides the axis in a way of its own.
        return Division((*axis, str(at)), at, turned, bounded=False, vanishing=False)
    return Division(axis, at, turned, not left.signed, vanishing=True)


def _sign(difference: Fraction) -> Sign:
    """Return how a number stands to zero."""
    return "=" if difference == 0 else ">" if difference > 0 else "<"
