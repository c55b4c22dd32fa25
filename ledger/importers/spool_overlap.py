"""A spool overlap is two sessions of one run at the same time that both add: counted twice, likely.

It comes of a launcher that tells its processes no rank: each of them takes itself for the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ledger.errors import LedgerError, Problem
from ledger.importers.line_stream import LineStream
from ledger.importers.spool_session import SpoolSession
from ledger.spool import Torn, parse_line

__all__ = ["Overlaps", "adds"]


def adds(head: Mapping[str, Any]) -> bool:
    """Return whether a session adds: it is the first rank, and lies within no other one."""
    return head["within"] is None and head["rank"] in {0, None}


class Overlaps:
    """The first lines of the spools that are read together."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        """Read the first line of each; what cannot be read is told when it is its turn."""
        self._paths = frozenset(paths)
        self._starts: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        for path in sorted(self._paths):
            head = _head(path)
            if head is not None and adds(head):
                start = (head["wall_ms"], head["session"], path.name)
                self._starts[head["run"]].append(start)

    def problems(self, path: Path, session: SpoolSession) -> Iterator[Problem]:
        """Yield a finding if other sessions began while this one went on.

        Args:
            path: A spool.
            session: What it holds.
        """
        head = session.head
        if path not in self._paths or not adds(head):
            return
        mine = (head["wall_ms"], head["session"])
        names = [
            name
            for start, other, name in sorted(self._starts[head["run"]])
            if mine < (start, other) and start < session.last and other != head["session"]
        ]
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            yield Problem(
                str(path),
                None,
                "counted-twice",
                f"{names[0]}{more} speak of the run {head['run']} at the same time: all add up",
                "set RANK for each process of a job; else keep one of the files, or give runs that "
                "are not one names of their own",
                "finding",
                "a process that is told no rank takes itself for the first",
            )


def _head(path: Path) -> Mapping[str, Any] | None:
    """Return the first line of a spool, or None if it is none."""
    try:
        head = parse_line(next(LineStream(path).lines(), b""))
    except (Torn, LedgerError):
        return None
    return head if head["t"] == "head" else None
