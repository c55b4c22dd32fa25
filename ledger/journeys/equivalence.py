"""Equivalence: two copies of a ledger have the same totals and come to the same determinations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.determination import Evaluator
from ledger.journeys.checking import Question, Records, check
from ledger.measure import Folded
from ledger.pack import Pack

__all__ = ["Answers", "Compared", "answers_of", "compare"]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one copy says.

    Attributes:
        folded: What its entries add up to.
        check: The whole ``flopledger/check.v1`` document of every rule and subject.
    """

    folded: Folded
    check: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that both copies were asked.

    Attributes:
        what: A word for it.
        count: How many of it the first copy has.
        equal: Whether the second copy has the same, each with the same content.
    """

    what: str
    count: int
    equal: bool


def answers_of(question: Question, records: Records, pack: Pack, evaluator: Evaluator) -> Answers:
    """Ask one copy everything."""
    checked = check(question, records, pack, evaluator, whole=True)
    return Answers(records.folded, checked.document.model_dump(mode="json", by_alias=True))


def compare(first: Answers, second: Answers) -> tuple[Compared, ...]:
    """Compare two copies that were asked the same question."""
    return tuple(_compared(first, second))


def _compared(first: Answers, second: Answers) -> Iterator[Compared]:
    """Yield what was compared."""
    one, two = first.folded, second.folded
    yield Compared("operation totals", len(one.totals), one.totals == two.totals)
    yield Compared("capacity totals", len(one.grades), one.grades == two.grades)
    yield Compared("delivered totals", len(one.deliveries), one.deliveries == two.deliveries)
    yield Compared("records", len(one.records), one.records == two.records)
    same = first.check == second.check
    yield Compared("determinations", len(first.check["determinations"]), same)
