"""Growth is how the provisional record of work that goes on changes from one export to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.canonical import JSON

__all__ = ["precedes"]

_GROWING: Final = frozenset(
    {
        *("end", "end_ms", "device_us", "ceiling_operations", "idempotency_key"),
        *("operations", "operations_low", "operations_high", "operations_executed"),
        *("method", "method_inputs", "evidence"),
    }
)
_COUNTS: Final = ("device_us", "operations_executed")

Body = Mapping[str, JSON]


def precedes(earlier: Body, later: Body) -> bool:
    """Return whether two provisional allocations are one leg, the second further on.

    Whatever is not a matter of time must agree, and nothing that was counted may shrink. Of two
    with the same end, the one without an upper end is the later: a run fell silent.

    Args:
        earlier: Body of an allocation.
        later: Body of another.
    """
    stays = {name for name in {*earlier, *later} if name not in _GROWING}
    if any(earlier.get(name) != later.get(name) for name in stays) or later["start"] is None:
        return False
    if _least(later) < _least(earlier) or any(_falls(earlier, later, n) for n in _COUNTS):
        return False
    ends = _end(earlier), _end(later)
    return ends[0] < ends[1] or (ends[0] == ends[1] and not _is_open(earlier) and _is_open(later))


def _end(body: Body) -> tuple[str, int]:
    """Return the end as it compares."""
    return str(body["end"]), int(str(body["end_ms"]))


def _least(body: Body) -> int:
    """Return the least that was done."""
    stated = (body["operations"], body["operations_low"])
    return max((int(str(value)) for value in stated if value is not None), default=0)


def _falls(earlier: Body, later: Body, name: str) -> bool:
    """Return whether a count shrinks, or is not known any more."""
    before, after = earlier[name], later[name]
    return before is not None and (after is None or int(str(after)) < int(str(before)))


def _is_open(body: Body) -> bool:
    """Return whether nothing bounds what was done."""
    ends = (body["operations"], body["operations_high"], body["ceiling_operations"])
    return all(end is None for end in ends)
