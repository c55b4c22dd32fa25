"""A resumed run is one of which a new log begins below a step that the ledger holds already.

The steps in between were done twice. Logs that are read together tell which of them are waste; of
logs that come one by one nobody has looked at both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.errors import Problem
from ledger.journeys.figures import Entries, standing
from ledger.record.draft import Draft

__all__ = ["STEPPED", "done_before"]

STEPPED: Final = frozenset({"maxtext", "megatron"})
"""Importers whose records say of which steps they are."""

_RUNS_MAX: Final = 20  # runs of one file that are looked up; each is a pass over the ledger

Body = Mapping[str, JSON]


def done_before(
    drafts: Iterable[Draft], entries: Entries | None, source: str
) -> tuple[Problem, ...]:
    """Return a finding for each run of a log whose steps the ledger holds from another log.

    Args:
        drafts: All that the log says, before any of it is appended.
        entries: The store, or None if it cannot be asked.
        source: Name of the log.
    """
    if entries is None:
        return ()
    mine: dict[str, list[Draft]] = {}
    for draft in drafts:
        if _counts(draft.type, draft.body):
            mine.setdefault(str(draft.body["run"]), []).append(draft)
    asked, others = list(mine)[:_RUNS_MAX], len(mine) - _RUNS_MAX
    found = (_run_problem(run, mine[run], entries, source) for run in asked)
    told = tuple(problem for problem in found if problem is not None)
    return told if others <= 0 else (*told, _not_asked(others, source))


def _not_asked(others: int, source: str) -> Problem:
    """Return the note for runs that nobody looked up."""
    message = f"{others:,} more runs of these logs were not looked up in the ledger: whether it "
    message += "holds their steps from other logs is not known"
    remedy = "import their logs in smaller groups"
    return Problem(source, None, "steps-not-asked", message, remedy, "note")


def _run_problem(
    run: str, drafts: Sequence[Draft], entries: Entries, source: str
) -> Problem | None:
    """Return the finding for one run."""
    keys = {_place(draft.body) for draft in drafts}
    spans = [_steps(draft.body) for draft in drafts]

    def counted_too(entry: Entry) -> bool:
        """Return whether an entry adds steps of these, and is no earlier telling of a draft."""
        if not _counts(entry.type, entry.body) or _place(entry.body) in keys:
            return False
        return any(_meet(_steps(entry.body), span) for span in spans)

    held = standing(entries, run, counted_too)
    if not held:
        return None
    seq, entry = next(iter(held.items()))
    first, last = _steps(entry.body)
    return Problem(
        source,
        None,
        "steps-held",
        f"entry {seq} holds steps {first + 1:,} to {last:,} of the run {run} from another log: "
        "steps that both tell of count twice, and none of them as restart_waste",
        "import the directory with all logs of the run; records that then clash are named, and a "
        "reversal with `flopledger record` takes them back",
        "finding",
        "only logs that are read together tell what a restart did again",
    )


def _counts(type_: str, body: Body) -> bool:
    """Return whether a record adds steps to its run that are no waste."""
    if type_ != "allocation" or body["role"] != "primary" or body["activity"] == "restart_waste":
        return False
    evidence = cast("Body", body["evidence"])
    return evidence["importer"] in STEPPED and "last_step" in cast("Body", body["method_inputs"])


def _steps(body: Body) -> tuple[int, int]:
    """Return the step before the first, and the last."""
    inputs = cast("Body", body["method_inputs"])
    last = int(str(inputs["last_step"]))
    return last - int(str(inputs["steps"])), last


def _place(body: Body) -> tuple[JSON, int]:
    """Return what the same leg has in another telling: when it begins, and at which step."""
    return body["start"], _steps(body)[0]


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two spans have a step in common."""
    return max(one[0], other[0]) < min(one[1], other[1])
