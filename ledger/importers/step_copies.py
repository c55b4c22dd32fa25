"""Step copies: logs of one directory that tell of the same work under several names.

Each rank of a run may write a log of its own, and each tells of the whole run. When nobody says
that they are one run, all but the first are recorded as corroborating, so that they never add.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ledger.errors import Problem
from ledger.journeys.importing import Reading
from ledger.period import epoch_ms, parse_instant
from ledger.record import Draft

__all__ = ["corroborate"]

_SKEW_MS: Final = 5000  # the clocks of ranks differ, and their lines are printed to the second

Sign = tuple[tuple[str, ...], ...]


def corroborate(readings: Sequence[Reading], names: Sequence[str]) -> list[Reading]:
    """Return the readings, those that copy an earlier one as corroborating.

    Args:
        readings: One a log.
        names: The logs, as many.
    """
    known: defaultdict[Sign, list[tuple[int, str]]] = defaultdict(list)
    found = []
    for reading, name in zip(readings, names, strict=True):
        drafts = tuple(reading.drafts)
        if not drafts:
            found.append(reading)
            continue
        sign = tuple(_sign(draft) for draft in drafts)
        start = _start(drafts[0])
        twins = [twin for began, twin in known[sign] if abs(began - start) <= _SKEW_MS]
        known[sign].append((start, name))
        found.append(_copied(reading, drafts, name, twins[0]) if twins else reading)
    return found


def _sign(draft: Draft) -> tuple[str, ...]:
    """Return what two records of the same work have in common."""
    names = ("milli_devices", "operations", "operations_low", "activity")
    inputs = draft.body["method_inputs"]
    assert isinstance(inputs, dict)
    steps = (str(inputs.get("steps")), str(inputs.get("last_step")))
    return (*(str(draft.body[name]) for name in names), *steps)


def _start(draft: Draft) -> int:
    """Return when a record begins, milliseconds since 1970; 0 if it has no times."""
    start = draft.body["start"]
    return 0 if start is None else epoch_ms(parse_instant(str(start)))


def _copied(reading: Reading, drafts: Sequence[Draft], name: str, twin: str) -> Reading:
    """Return a reading whose records never add, and the finding that says so."""
    told = Problem(
        name,
        None,
        "ranks-repeat",
        f"it tells of the same work at the same time as {twin}: recorded as corroborating",
        "write --set run=NAME if these are logs of one run; if they are not, import each by itself",
        "finding",
        "each rank tells of the whole run: adding them counts it many times",
    )
    copies = tuple(replace(draft, body={**draft.body, "role": "corroborating"}) for draft in drafts)
    return replace(reading, drafts=copies, problems=(*reading.problems, told))
