"""The scheduler of a cluster says which workers there are, or nothing: it is never waited for long.

A machine that hangs keeps its connection open and does not answer. So every question ends after
some seconds, and whoever did not answer one is left in peace for a while: no answer is not known,
which is another thing than no workers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any

__all__ = ["Scheduler"]

_ANSWER_S = 5.0  # the most that one question may take
_PEACE = 3  # as many times as long, one that did not answer is not asked again
_FAILURES = (OSError, RuntimeError, ValueError)  # a limit that passed is an OSError


class Scheduler:
    """What a connection to a scheduler tells, within a limit of time."""

    def __init__(self, client: Any, patience: float) -> None:  # noqa: ANN401 - of an extra
        """Ask over a connection.

        Args:
            client: A ``distributed.Client``.
            patience: Seconds that one question may take, if those are few.
        """
        self._client = client
        self._limit = min(_ANSWER_S, patience)
        self._again = 0.0

    @property
    def connected(self) -> bool:
        """Whether the connection is there; nobody is asked."""
        return bool(self._client.status == "running")

    def workers(self) -> frozenset[str] | None:
        """Return the addresses of the workers that it knows now; None if it does not answer."""
        told = self._told(lambda: self._client.scheduler.identity(n_workers=-1))
        return None if told is None else frozenset(told["workers"])

    def holder(self, key: str) -> str | None:
        """Return who has a result, by its word and not the worker's own; None if not known."""
        told = self._told(lambda: self._client.scheduler.who_has(keys=[key]))
        return next(iter((told or {}).get(key, ())), None)

    def busy(self, keys: Collection[str]) -> tuple[str, ...]:
        """Return the workers that have one of these at work, sorted; none if it is not known."""
        told = self._told(lambda: self._client.scheduler.processing(workers=None)) or {}
        return tuple(
            sorted(worker for worker, held in told.items() if not set(keys).isdisjoint(held))
        )

    def forget(self, futures: Iterable[Any]) -> None:
        """Tell it that nobody waits for some results any more."""
        with suppress(*_FAILURES):
            self._client.cancel(list(futures))

    def leave(self) -> None:
        """End the connection, whether or not it says goodbye."""
        with suppress(*_FAILURES):
            self._client.close(timeout=_ANSWER_S)

    def _told(self, question: Callable[[], Any]) -> Any:  # noqa: ANN401 - what it is asked for
        """Return what it answers; None if it does not."""
        if monotonic() < self._again:
            return None
        try:
            return self._client.sync(question, callback_timeout=self._limit)
        except _FAILURES:
            self._again = monotonic() + _PEACE * self._limit
            return None
