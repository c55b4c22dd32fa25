"""A tally is the counters of a run that goes on: exact totals, taken in well under a microsecond.

No call here touches a file, waits or raises. A lock that a signal handler may take again guards
the additions, and a process that is forked gets a new one, so that nothing can ever hang on it.
"""

from __future__ import annotations

import operator
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["PENDING_MAX", "Moment", "Tally"]

PENDING_MAX: Final = 10_000
"""Changes of activity that wait to be written; of more, the activity in between is unknown."""
COUNT_MAX: Final = 10**30
"""A count beyond is refused."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Totals at one moment.

    Attributes:
        wall_ms: Time by the clock, milliseconds since 1970.
        mono_ms: Time that never goes back, milliseconds.
        activity: What the time since the last moment was spent on.
        tokens: Tokens since the start, or None if none were ever counted.
        steps: Steps since the start, or None.
        operations: Operations since the start, or None.
        refused: Counts that were not whole numbers from 0 and are in no total.
    """

    wall_ms: int
    mono_ms: int
    activity: str
    tokens: int | None
    steps: int | None
    operations: int | None
    refused: int


class Tally:
    """Counters, and the changes of activity that are not written yet."""

    def __init__(self, activity: str, now: Callable[[], tuple[int, int]]) -> None:
        """Begin with nothing counted.

        Args:
            activity: What begins.
            now: Gives the time by the clock and the time that never goes back, milliseconds.
        """
        self._activity = activity
        self._now = now
        self._refused = 0
        self._tokens: int | None = None
        self._steps: int | None = None
        self._operations: int | None = None
        self._changes: deque[Moment] = deque()
        self._mixed = False
        self._lock = threading.RLock()

    def add(self, tokens: object = None, operations: object = None, steps: object = None) -> bool:
        """Add counts; return whether all of them could be taken.

        Args:
            tokens: Tokens, a whole number.
            operations: Operations, a whole number.
            steps: Steps, a whole number.
        """
        # Spelled out for each, since a call of a function costs as much as an addition.
        taken = True
        with self._lock:
            if tokens is not None:
                if type(tokens) is int and 0 <= tokens < COUNT_MAX:
                    self._tokens = tokens + (self._tokens or 0)
                else:
                    taken = self._add_foreign("_tokens", tokens)
            if steps is not None:
                if type(steps) is int and 0 <= steps < COUNT_MAX:
                    self._steps = steps + (self._steps or 0)
                else:
                    taken = self._add_foreign("_steps", steps) and taken
            if operations is not None:
                if type(operations) is int and 0 <= operations < COUNT_MAX:
                    self._operations = operations + (self._operations or 0)
                else:
                    taken = self._add_foreign("_operations", operations) and taken
            if not taken:
                self._refused += 1
        return taken

    def change(self, activity: str) -> str:
        """Begin another activity; return the one that ends."""
        with self._lock:
            before = self._activity
            if activity != before:
                if len(self._changes) < PENDING_MAX:
                    self._changes.append(self._moment())
                    self._mixed = False
                else:
                    self._mixed = True
                self._activity = activity
            return before

    def take(self) -> tuple[tuple[Moment, ...], Moment]:
        """Return the changes that wait, which are kept until `drop`, and this moment."""
        with self._lock:
            return tuple(self._changes), self._moment()

    def drop(self, changes: int) -> None:
        """Forget the first changes: they are written."""
        with self._lock:
            for _ in range(changes):
                self._changes.popleft()

    def unlock(self) -> None:
        """Take a new lock, in a child process: nobody is left who would give the old one back."""
        self._lock = threading.RLock()

    def _add_foreign(self, name: str, value: Any) -> bool:  # noqa: ANN401
        """Add an integer of another kind, such as numpy's; a float is none and is not taken."""
        try:
            number = -1 if isinstance(value, bool) else operator.index(value)
        except Exception:  # noqa: BLE001 - a foreign number may do anything
            return False
        if not 0 <= number < COUNT_MAX:
            return False
        setattr(self, name, number + (getattr(self, name) or 0))
        return True

    def _moment(self) -> Moment:
        """Return where everything stands; the lock keeps moments in the order of their time."""
        wall, mono = self._now()
        return Moment(
            wall,
            mono,
            "unknown" if self._mixed else self._activity,
            self._tokens,
            self._steps,
            self._operations,
            self._refused,
        )
