"""The dask engine adds up segments on a cluster, and believes a worker only when confirmed.

Each batch is added up by two workers, some here as well, and all are held against the control
totals that were made when the segment was built: see ``ledger.engines.confirming``. The two passes
over legs and the hashing of the leaves stay in this process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ledger.engines.confirming import PATIENCE_S, Round
from ledger.engines.leaves import Leaves
from ledger.engines.means import Means
from ledger.engines.partials import Batch, Partial
from ledger.engines.place import Place
from ledger.engines.polars import PolarsEngine
from ledger.engines.scheduler import Scheduler
from ledger.engines.shelf import Shelf
from ledger.errors import InputError, MissingError

__all__ = ["Cluster", "engine"]

_CONNECT_S = 10


class Cluster:
    """An executor over the workers of a Dask scheduler."""

    def __init__(self, means: Means, *, patience: float = PATIENCE_S) -> None:
        """Name the cluster; it is greeted when it is needed.

        Args:
            means: Its scheduler, where its workers find segments, and how warnings are told.
            patience: Seconds without an answer after which work is done here.

        Raises:
            InputError: If no scheduler is named, or the place of segments is not known.
            MissingError: If a package is not installed.
        """
        if means.scheduler is None:
            raise InputError(
                "the engine dask needs the address of a scheduler",
                where="--engine dask",
                why="it adds up on the machines of a cluster, which the scheduler knows",
                remedy="add --scheduler tcp://HOST:8786, or use --engine pool on this machine",
            )
        try:
            import distributed  # noqa: F401, PLC0415 - an extra, and slow to load
        except ImportError as error:
            raise MissingError(
                "the package distributed is not installed",
                where="--engine dask",
                why="the engine dask speaks to a cluster with it",
                remedy="pip install 'flopledger[cluster]', or use --engine pool",
            ) from error
        self._means = means
        self._address = means.scheduler
        self._shelf = None if means.segments is None else Shelf(means.segments)
        self._patience = patience

    def greet(self) -> None:
        """Make sure that the cluster is there, before anything is worked out for it.

        Raises:
            MissingError: If no scheduler answers, or it has no workers.
        """
        with self._client():
            pass

    def __call__(
        self, function: Callable[[Batch], Partial], batches: Sequence[Batch]
    ) -> Iterator[Partial]:
        """Yield what the function gives of each batch, confirmed, in order.

        Raises:
            MissingError: If the cluster is not there, or its workers cannot run the function.
        """
        if not batches:
            return
        with self._client() as client:
            offer = None if self._shelf is None else self._shelf.offer
            asked = Round(client, function, batches, offer, self._means.say, self._patience)
            answers = asked.answers()
        yield from answers

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Give a connection to the scheduler."""
        import distributed  # noqa: PLC0415 - an extra, and slow to load

        connect: Any = distributed.Client  # it states no types

        _hush()
        try:
            client = connect(self._address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            raise self._unanswered(error) from error
        scheduler = Scheduler(client, self._patience)
        try:
            workers = scheduler.workers()
            if workers is None:
                raise self._unanswered(TimeoutError("it took too long"))
            if not workers:
                raise MissingError(
                    f"the scheduler at {self._address} has no workers",
                    where="--scheduler",
                    why="the engine dask has nobody to add up",
                    remedy=f"start some: dask worker {self._address}; or use --engine pool",
                )
            yield client
        finally:
            scheduler.leave()

    def _unanswered(self, error: Exception) -> MissingError:
        """Build the error for a scheduler that is not there."""
        text = next(iter(str(error).splitlines()), type(error).__name__)
        return MissingError(
            f"no scheduler answers at {self._address}: {text}",
            where="--scheduler",
            why="the engine dask has nobody to add up",
            remedy="start one: dask scheduler; on each machine: dask worker ADDRESS; "
            "or use --engine pool",
        )


def _hush() -> None:
    """Let this program tell what goes wrong, once, and not every part of the other, with traces."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def engine(source: Leaves, projection: Place | None, means: Means) -> PolarsEngine:
    """Return the engine over a source, with its projection in a folder.

    Raises:
        InputError: If no scheduler is named.
        MissingError: If the cluster is not there.
    """
    cluster = Cluster(means)
    cluster.greet()
    return PolarsEngine(source, projection, run=cluster, own=False, means=means)
