"""Lone work is that of models by themselves: what a counting set counts of it, for many at once.

Most models of a ledger have no parents, and of most of them either everything is counted or
nothing. What everything adds up to is added up once, for every counting set that asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ledger.measure import Sums, TotalKey
from ledger.regime.environment import Ends

__all__ = ["LoneWork", "Weigh", "Words"]

Words: TypeAlias = tuple[str, str]
"""Activity and operation kind."""
Weigh: TypeAlias = Callable[[Words], Literal["counted", "known", "excluded"]]
"""Says of work whether it is counted; is of an activity that is, and so known to count nothing; or
says nothing of the rest."""

_UNKNOWN: Ends = (0, None, 0, None)
_NOTHING: Ends = (0, 0, 0, 0)


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

    def ends(self, models: Iterable[str], weigh: Weigh) -> list[Ends | None]:
        """Return what is counted of the own work of some models, legal ends and those of the error.

        Args:
            models: Names without prefix.
            weigh: What the counting set says of an activity and a kind.

        Returns:
            For each model its ends, without an upper one where nothing is known of what is
            counted; None where they make no interval.
        """
        plain, mixed = self._ways(weigh)
        found: list[Ends | None] = []
        for model in models:
            work = self._works.get(model)
            if work is None:
                found.append(_UNKNOWN)
                continue
            counted = mixed.get(work.pattern)
            if counted is not None:
                found.append(_ends([work.parts[place] for place in counted]))
            else:
                found.append(plain.get(work.pattern, work.whole))
        return found

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
                plain[number] = _NOTHING if "known" in weights else _UNKNOWN
            elif len(counted) < len(words):
                mixed[number] = counted
        return plain, mixed


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
