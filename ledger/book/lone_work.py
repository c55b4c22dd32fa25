"""Lone work is that of models by themselves: what a counting set counts of it, for many at once.

Most models of a ledger have no parents, and of most of them either everything is counted or
nothing. What everything adds up to is added up once, for every counting set that asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ledger.measure import Sums, TotalKey
from ledger.regime.environment import Ends

__all__ = ["NOTHING", "LoneEnds", "LoneWork", "Weigh", "Words"]

Words: TypeAlias = tuple[str, str]
"""Activity and operation kind."""
Weigh: TypeAlias = Callable[[Words], Literal["counted", "known", "excluded"]]
"""Says of work whether it is counted; is of an activity that is, and so known to count nothing; or
says nothing of the rest."""

_UNKNOWN: Ends = (0, None, 0, None)
NOTHING: Ends = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Work:
    """The own work of one model.

    Attributes:
        pattern: Number of its words in ``LoneWork``.
        whole: What all of it adds up to; None where that makes no interval.
        parts: What is done in each of the words, in their order.
    """

    pattern: int
    whole: Ends | None
    parts: Sequence[Sums]


class LoneWork:
    """The own work of the models of one standpoint, by activity and operation kind."""

    def __init__(self, rows: Mapping[str, Sequence[tuple[TotalKey, Sums]]]) -> None:
        """Add up primary totals by model; work that had not happened is left out."""
        self._patterns: dict[tuple[Words, ...], int] = {}
        self._works: dict[str, _Work] = {}
        for model, held in rows.items():
            found: dict[Words, Sums] = {}
            for key, sums in held:
                if key.extent == "own" and sums.rows:
                    words = (key.activity, key.operation_kind)
                    more = found.get(words)
                    found[words] = sums if more is None else more + sums
            if found:
                pattern = self._patterns.setdefault(tuple(found), len(self._patterns))
                parts = tuple(found.values())
                self._works[model] = _Work(pattern, _ends(parts), parts)

    def counted(self, weigh: Weigh) -> LoneEnds:
        """Return what a counting set counts of it.

        Args:
            weigh: What the counting set says of an activity and a kind.
        """
        return LoneEnds(self._works, *self._ways(weigh))

    def _ways(self, weigh: Weigh) -> tuple[dict[int, Ends], dict[int, list[int]]]:
        """Return the patterns of which nothing is counted, and those of which only some words are.

        Returns:
            The ends of the former, and the places of the words counted of the latter.
        """
        plain: dict[int, Ends] = {}
        mixed: dict[int, list[int]] = {}
        for words, number in self._patterns.items():
            weights = [weigh(each) for each in words]
            counted = [place for place, weight in enumerate(weights) if weight == "counted"]
            if not counted:
                plain[number] = NOTHING if "known" in weights else _UNKNOWN
            elif len(counted) < len(words):
                mixed[number] = counted
        return plain, mixed


class LoneEnds:
    """What one counting set counts of the own work of each model."""

    def __init__(
        self, works: Mapping[str, _Work], plain: Mapping[int, Ends], mixed: Mapping[int, list[int]]
    ) -> None:
        """Take the work of models.

        Args:
            works: By model.
            plain: Ends of the patterns of which nothing is counted.
            mixed: Places of the words counted, of the patterns of which only some are.
        """
        self._works = works
        self._plain = plain
        self._mixed = mixed
        self._many: tuple[Sequence[str], list[Ends | None]] | None = None

    def many(self, models: Sequence[str]) -> list[Ends | None]:
        """Return the ends of many models; those asked for last are kept."""
        if self._many is None or self._many[0] is not models:
            self._many = (models, [self.of(model) for model in models])
        return self._many[1]

    def of(self, model: str) -> Ends | None:
        """Return the legal ends of what is counted of a model, and those of the error.

        There is no upper one where nothing is known of what is counted. None where they make no
        interval.
        """
        work = self._works.get(model)
        if work is None:
            return _UNKNOWN
        counted = self._mixed.get(work.pattern)
        if counted is not None:
            return _ends([work.parts[place] for place in counted])
        return self._plain.get(work.pattern, work.whole)

    def together(self, sure: Collection[str], perhaps: Collection[str]) -> Ends | None:
        """Add up some models that are surely meant, and some that only may be."""
        lo = error_lo = 0
        hi: int | None = 0
        error_hi: int | None = 0
        for model in (*sure, *perhaps):
            ends = self.of(model)
            if ends is None:
                return None
            if model in sure:
                lo, error_lo = lo + ends[0], error_lo + ends[2]
            hi = None if hi is None or ends[1] is None else hi + ends[1]
            error_hi = None if error_hi is None or ends[3] is None else error_hi + ends[3]
        return lo, hi, error_lo, error_hi


def _ends(parts: Sequence[Sums]) -> Ends | None:
    """Return the ends that sums add up to, or None where they make no interval."""
    lo = hi = unbounded = error_lo = error_hi = error_unbounded = 0
    for each in parts:
        lo, hi, unbounded = lo + each.lo, hi + each.hi, unbounded + each.unbounded
        error_lo, error_hi = error_lo + each.error_lo, error_hi + each.error_hi
        error_unbounded += each.error_unbounded
    if (not unbounded and hi < lo) or (not error_unbounded and error_hi < error_lo):
        return None
    return lo, None if unbounded else hi, error_lo, None if error_unbounded else error_hi
