"""The pool engine adds up segments in processes of this machine; it must equal the plain engine."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context

from ledger.engines.leaves import Leaves
from ledger.engines.means import Means
from ledger.engines.partials import Batch, Partial
from ledger.engines.place import Place
from ledger.engines.polars import PolarsEngine
from ledger.errors import LedgerError

__all__ = ["Pool", "engine"]

_AHEAD = 4  # batches a process that are added up before they are asked for; more fills the memory


class Pool:
    """An executor over fresh processes, one a core; a single batch is added up here."""

    def __init__(self, say: Callable[[str], None], processes: int | None = None) -> None:
        """Begin with no process.

        Args:
            say: Tells people a warning.
            processes: How many at most; None for one a core.
        """
        self._say = say
        self._processes = processes or os.cpu_count() or 1
        self._broken = False

    def __call__(
        self, function: Callable[[Batch], Partial], batches: Sequence[Batch]
    ) -> Iterator[Partial]:
        """Yield what the function gives of each batch, in order."""
        count = min(self._processes, len(batches))
        if count < 2:  # noqa: PLR2004 - a pool of one is this process with more to do
            yield from map(function, batches)
            return
        waiting: deque[tuple[Batch, Future[Partial] | None]] = deque()
        # Forked processes would share the threads of polars, which do not survive it.
        with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
            for batch in batches:
                waiting.append((batch, _submitted(pool, function, batch)))
                if len(waiting) == _AHEAD * count:
                    yield self._result(function, *waiting.popleft())
            while waiting:
                yield self._result(function, *waiting.popleft())

    def _result(
        self, function: Callable[[Batch], Partial], batch: Batch, future: Future[Partial] | None
    ) -> Partial:
        """Return what a batch adds up to; the work of a pool that broke is done here.

        Raises:
            LedgerError: If what arrived from a process cannot be read.
        """
        if future is not None:
            with suppress(BrokenProcessPool):
                found: Partial | LedgerError = future.result()
                if isinstance(found, LedgerError):
                    raise found
                return found
        if not self._broken:
            self._broken = True
            self._say("warning: a process of the pool was ended; its work is done here")
        return function(batch)


def _submitted(
    pool: ProcessPoolExecutor, function: Callable[[Batch], Partial], batch: Batch
) -> Future[Partial] | None:
    """Hand a batch to a pool, unless that is broken."""
    try:
        return pool.submit(function, batch)
    except BrokenProcessPool:
        return None


def engine(source: Leaves, projection: Place | None, means: Means) -> PolarsEngine:
    """Return the engine over a source, with its projection in a folder."""
    return PolarsEngine(source, projection, run=Pool(means.say), means=means)
