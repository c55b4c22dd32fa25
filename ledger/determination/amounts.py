"""Amounts are what a determination reports of a comparison: both intervals, the line, the margin.

Texts are exact decimals in the base unit. A line that is no finite decimal, such as a third of
10^25, is given as the whole number on its near side that divides whole amounts in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from ledger.determination.ground import Ground
from ledger.determination.model import Band, Evidence
from ledger.determination.standpoint import Standpoint
from ledger.determination.verdict import Verdict
from ledger.quantity import Dimension
from ledger.regime.expression import Comparison
from ledger.regime.question import Question
from ledger.regime.trace import COMPARATORS, Comparator, Operand, Span

__all__ = ["Amounts", "amounts_of", "decimal"]

_MILLION: Final = 1_000_000
# A comparison of two days has no amount to report.
_DIMENSIONS: Final = frozenset(member.value for member in Dimension)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is reported of a rule; the last five are None when it compares nothing.

    The line is None too while it is open which of several applies.

    Attributes:
        evidence: Share of the operations by evidence grade.
        rows: Allocations in the amount.
        measured: Amount by its dimension.
        comparison: The comparator.
        threshold: The line.
        unit: Base unit of both.
        margin: Distance of the nearer end of the amount from the line, once both the finding and
            the comparison are decided.
    """

    evidence: Evidence
    rows: int
    measured: dict[str, Band] | None = None
    comparison: Comparator | None = None
    threshold: str | None = None
    unit: str | None = None
    margin: str | None = None


def amounts_of(
    ground: Ground, verdict: Verdict, question: Question, standpoint: Standpoint
) -> Amounts:
    """Return what to report of a rule and a subject.

    Of the comparisons on which a finding ``not_met`` hangs it is the one nearest to its line, by
    the distance as a share of the line; of those alike, which share an amount that is nothing, the
    lowest line, else the first in the order of the file. One of which the distance is not known
    comes last. Where several are left of any other finding, it is open which
    applies: then only what they have in common is reported, and no line if they differ.

    Args:
        ground: What the rule rests on.
        verdict: The verdict, with the comparisons on which the finding hangs.
        question: The rule asked of the subject by the legal intervals.
        standpoint: What the records say.
    """
    nodes = [ground.comparisons[place] for place in verdict.hinges]
    if nodes[1:] and verdict.finding == "not_met":
        nodes = [_nearest(ground, nodes, question)]
    node = nodes[0] if all(each.left == nodes[0].left for each in nodes[1:]) and nodes else None
    evidence, rows = _counted(ground, node, question.subject, standpoint)
    if node is None:
        return Amounts(evidence=evidence, rows=rows)
    left, error = _left(ground, node, question)
    line = _right(ground, node, question)
    dimension = left.dimension or line.dimension
    if dimension is None or dimension not in _DIMENSIONS:
        return Amounts(evidence=evidence, rows=rows)
    amounts = Amounts(
        evidence=evidence,
        rows=rows,
        measured={dimension: _band(left.span, error)},
        unit=ground.unit(node.right, dimension),
    )
    lines = {(each.operator, _right(ground, each, question).span) for each in nodes}
    if len(lines) > 1:
        return amounts
    comparator = _comparator(node)
    threshold = _line(line.span, comparator)
    decided = verdict.finding != "undetermined"
    return replace(
        amounts,
        comparison=comparator,
        threshold=None if threshold is None else decimal(threshold),
        margin=_margin(left.span, threshold, comparator) if decided else None,
    )


def _nearest(ground: Ground, nodes: Sequence[Comparison], question: Question) -> Comparison:
    """Return the comparison that is nearest to its line."""
    known = [
        (away, node) for node in nodes if (away := _distance(ground, node, question)) is not None
    ]
    if not known:
        return nodes[0]
    share = min(away[0] for away, _ in known)
    alike = [(away[1], node) for away, node in known if away[0] == share]
    # Nothing is as far from every line as the line is: then the lowest one is reached first.
    same = [(distance, node) for distance, node in alike if node.left == alike[0][1].left]
    return min(same, key=lambda each: each[0])[1]


def _distance(
    ground: Ground, node: Comparison, question: Question
) -> tuple[Fraction, Fraction] | None:
    """Return how far an amount is from its line, as a share of it and by itself; None if unknown.

    Between two ranges it is the distance of the ends that are next to each other.
    """
    left, _ = _left(ground, node, question)
    line = _right(ground, node, question)
    if (left.dimension or line.dimension) not in _DIMENSIONS:
        return None
    if left.span.hi is not None and left.span.hi <= line.span.lo:
        end, distance = line.span.lo, line.span.lo - left.span.hi
    elif line.span.hi is not None and line.span.hi <= left.span.lo:
        end, distance = line.span.hi, left.span.lo - line.span.hi
    else:
        return None
    if distance == 0:
        return distance, distance
    return (distance / end, distance) if end else None


def _left(ground: Ground, node: Comparison, question: Question) -> tuple[Operand, Span]:
    """Return the amount by the legal intervals and by the error intervals."""
    total = ground.sum_itself(node.left)
    counting = None if total is None else ground.law.counting.get(total.counting)
    if total is None or counting is None:
        seen = question.number(node.left)
        return seen, replace(question, sight="error").number(node.left).span
    found = question.peers.answers.total(question.subject, counting, total.lineage, "actual")
    operand = Operand("", Span.of(found.legal), Dimension.OPERATIONS.value)
    return operand, Span.of(found.error)


def _right(ground: Ground, node: Comparison, question: Question) -> Operand:
    """Return the line; one that is the same for every subject is worked out once."""
    held = ground.lines.get(id(node))
    if held is None:
        held = question.number(node.right)
        if ground.is_constant(node.right):
            ground.lines[id(node)] = held
    return held


def decimal(value: Fraction) -> str:
    """Write a number that is not negative as a decimal; one without an end is rounded down."""
    whole, rest = divmod(value.numerator, value.denominator)
    if not rest:
        return str(whole)
    places = _places(value.denominator)
    if places is None:
        return str(whole)
    digits = str(rest * 10**places // value.denominator).rjust(places, "0")
    return f"{whole}.{digits}"


def _places(denominator: int) -> int | None:
    """Return how many decimal places a fraction has, or None when they never end."""
    counts = []
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator //= prime
            count += 1
        counts.append(count)
    return max(counts) if denominator == 1 else None


def _comparator(node: Comparison) -> Comparator:
    """Return the comparator of a node."""
    return next(name for name in COMPARATORS if name == node.operator)


def _line(span: Span, comparator: Comparator) -> Fraction | None:
    """Return the line, whole where it is no finite decimal; None when it is not one number."""
    if not span.known:
        return None
    if _places(span.lo.denominator) is not None:
        return span.lo
    down = span.lo.numerator // span.lo.denominator
    return Fraction(down if comparator in {"gt", "le"} else down + 1)


def _margin(left: Span, line: Fraction | None, comparator: Comparator) -> str | None:
    """Return the distance between the line and the nearer end of an amount on one side of it.

    The finding may rest on another comparison, and then this one can be open.
    """
    if line is None:
        return None
    if comparator in {"gt", "le"}:
        above, below = left.lo > line, left.hi is not None and left.hi <= line
    else:
        above, below = left.lo >= line, left.hi is not None and left.hi < line
    if not above and not below:
        return None
    return decimal(min(abs(line - end) for end in (left.lo, left.hi) if end is not None))


def _band(legal: Span, error: Span) -> Band:
    """Return both intervals of an amount."""
    return Band(
        low=decimal(legal.lo),
        point=decimal(legal.lo) if legal.known else None,
        high=None if legal.hi is None else decimal(legal.hi),
        error_low=decimal(error.lo),
        error_high=None if error.hi is None else decimal(error.hi),
    )


def _counted(
    ground: Ground, node: Comparison | None, subject: str, standpoint: Standpoint
) -> tuple[Evidence, int]:
    """Return the evidence and the number of allocations behind the rule's sum."""
    total = ground.principal(node)
    counting = None if total is None else ground.law.counting.get(total.counting)
    if total is None or counting is None:
        return Evidence(), 0
    measured = standpoint.total(subject, counting, total.lineage, "actual")
    return _shares(measured.evidence), measured.rows


def _shares(operations: Mapping[str, int]) -> Evidence:
    """Return shares in parts per million that add up: the largest remainders are rounded up."""
    whole = sum(operations.values())
    if whole == 0:
        return Evidence()
    exact = {letter: divmod(amount * _MILLION, whole) for letter, amount in operations.items()}
    shares = {letter: share for letter, (share, _) in exact.items()}
    left = _MILLION - sum(shares.values())
    for letter in sorted(exact, key=lambda name: (-exact[name][1], name))[:left]:
        shares[letter] += 1
    return Evidence(**shares)
