"""Confirming is how the sums of a cluster are believed: never one worker's word alone.

Every batch is added up twice, by two workers, on two machines where there are two. A few batches,
drawn anew each time, are added up by this process as well; where a segment has control totals,
each answer must come to them. Whoever differs from what this process finds is named, nothing that
it said is used, and then each of the others is tried as well. What is late, lost or failed is
added up by this process. So a cluster can be slow, broken or wrong, and the sums are still those
of the files.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from queue import Empty, Queue
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

from ledger import __version__
from ledger.engines.answer import Function, answer_batch, is_plausible, is_same
from ledger.engines.partials import Batch, DamagedSegmentError, Partial
from ledger.engines.scheduler import Scheduler
from ledger.errors import IntegrityError, LedgerError, MissingError

__all__ = ["PATIENCE_S", "Round"]

PATIENCE_S = 60.0
"""Seconds without any answer after which this process begins to do the work itself."""

SAMPLE = 32
"""One batch of this many, and at least one, is added up by this process too."""

_POLL_S = 0.25

Offer: TypeAlias = Callable[..., Batch]


class _Asked(NamedTuple):
    """A batch that was sent.

    Attributes:
        place: Which one.
        allowed: The workers that may add it up; None for any.
        future: What becomes of it.
    """

    place: int
    allowed: frozenset[str] | None
    future: Any


class _Work:
    """What is known of one batch: who answered first, what this process found, what is believed."""

    __slots__ = ("done", "first", "own", "parties")

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.first: tuple[str, Partial] | None = None
        self.own: Partial | None = None
        self.done: Partial | None = None
        self.parties: set[str] = set()


class Round:
    """One question to a cluster: some batches, each to be added up and confirmed."""

    def __init__(  # noqa: PLR0913, PLR0917 - what the executor knows
        self,
        client: Any,  # noqa: ANN401 - of a package that is an extra
        function: Function,
        batches: Sequence[Batch],
        offer: Offer | None,
        say: Callable[[str], None],
        patience: float,
    ) -> None:
        """Prepare to ask.

        Args:
            client: A ``distributed.Client`` whose scheduler has workers.
            function: Adds up one batch.
            batches: With digests, since others read the files.
            offer: Puts the files of a batch where workers find them; None where they see ours.
            say: Tells people a warning.
            patience: Seconds without any answer after which work is done here.
        """
        self._client = client
        self._scheduler = Scheduler(client, patience)
        self._function = function
        self._batches = batches
        self._offer = offer
        self._say = say
        self._patience = patience
        self._work = [_Work() for _ in batches]
        self._left = set(range(len(batches)))
        self._asked: dict[str, _Asked] = {}
        self._ready: Queue[Any] = Queue()
        self._liars: set[str] = set()
        self._proven: set[str] = set()
        self._told: set[str] = set()
        self._names = map(f"flopledger-{secrets.token_hex(8)}-{{}}".format, count())

    def answers(self) -> list[Partial]:
        """Ask, and return what is confirmed of each batch, in order.

        Raises:
            LedgerError: If a batch cannot be added up by this process either.
            MissingError: If the workers cannot run this program.
        """
        for index in range(len(self._batches)):
            self._ask(index)
        size = -(-len(self._batches) // SAMPLE)
        for index in secrets.SystemRandom().sample(range(len(self._batches)), size):
            self._own(index)
        heard = monotonic()
        while True:
            if not self._left:
                if not self._doubted():
                    break
                heard = monotonic()
            try:
                future = self._ready.get(timeout=_POLL_S)
            except Empty:
                # Patience first: who is late may well be whom rerouting would ask.
                if self._left and monotonic() - heard >= self._patience:
                    self._rescue()
                else:
                    self._reroute()
            else:
                self._hear(future)
                # What was done here meanwhile is no worker's silence.
                heard = monotonic()
        self._scheduler.forget(asked.future for asked in self._asked.values())
        return [self._believed(index) for index in range(len(self._batches))]

    def _ask(self, index: int, without: frozenset[str] = frozenset()) -> None:
        """Send a batch to a worker that is none of these; with no other, add it up here."""
        allowed = None
        if without or self._liars:
            allowed = self._others(without)
            if not allowed:
                self._settle(index)
                return
        batch = self._batches[index] if self._offer is None else self._offer(self._batches[index])
        future = self._client.submit(
            answer_batch,
            self._function,
            replace(batch, control=None),
            __version__,
            key=next(self._names),
            workers=None if allowed is None else sorted(allowed),
            allow_other_workers=False,
            pure=False,
        )
        self._asked[future.key] = _Asked(index, allowed, future)
        future.add_done_callback(self._ready.put)

    def _others(self, without: frozenset[str]) -> frozenset[str]:
        """Return the workers that may be asked, those on other machines if there are any."""
        near = {_host(worker) for worker in without}
        others = (self._scheduler.workers() or frozenset()) - self._liars - without
        return frozenset(each for each in others if _host(each) not in near) or others

    def _hear(self, future: Any) -> None:  # noqa: ANN401 - of a package that is an extra
        """Take in one answer, or that there will be none."""
        asked = self._asked.pop(future.key, None)
        if asked is None or asked.place not in self._left:
            return
        if not self._scheduler.connected:
            self._do_the_rest()
            return
        if future.status == "error":
            self._broken(asked.place, future.exception())
            return
        worker = self._scheduler.holder(future.key)
        if worker is None:
            self._settle(asked.place)
            return
        try:
            answer = future.result(timeout=self._patience)
        except Exception:  # noqa: BLE001 - whatever a connection that breaks may raise
            self._settle(asked.place)
            return
        self._take(asked.place, worker, answer)

    def _broken(self, index: int, error: BaseException) -> None:
        """Do the work of a batch that nobody could do, unless nobody can do any."""
        if type(error).__name__ not in {"KilledWorker", "CancelledError", "FutureCancelledError"}:
            raise MissingError(
                f"the workers cannot run this program: {type(error).__name__}: {error}",
                where="--scheduler",
                why="the scheduler and every worker run the same program as this one",
                remedy=f"install there: pip install 'flopledger[cluster]=={__version__}'",
            ) from error
        self._tell("a batch was given up, as the workers that had it were ended; it is done here")
        self._settle(index)

    def _take(self, index: int, worker: str, answer: object) -> None:
        """Hold an answer against what is known of its batch."""
        work = self._work[index]
        if worker in self._liars:
            self._ask(index, frozenset(work.parties - {worker}))
            return
        if isinstance(answer, MissingError):
            raise answer
        if isinstance(answer, LedgerError):
            self._failed(index, worker, answer)
            return
        work.parties.add(worker)
        if not isinstance(answer, Partial):
            self._accuse(worker, index)
        elif work.own is None and work.first is not None and is_same(work.first[1], answer):
            # As plausible as the first, which was found to be.
            self._finish(index, answer)
        elif not is_plausible(answer, self._batches[index]):
            self._accuse(worker, index)
        elif work.own is None and work.first is None:
            work.first = (worker, answer)
            self._ask(index, frozenset({worker}))
        else:
            self._settle(index, (worker, answer))

    def _failed(self, index: int, worker: str, error: LedgerError) -> None:
        """Say why a worker could not add up, and do it here; a copy that is bad or gone is made."""
        parts = (error.message, error.where, error.why, error.remedy)
        text = "; ".join(part for part in parts if part)
        self._tell(f"worker {worker} could not add up, it is done here: {text}", of=worker)
        self._settle(index)
        if self._offer is not None:
            bad = isinstance(error, DamagedSegmentError)
            self._offer(self._batches[index], again=bad)

    def _settle(self, index: int, second: tuple[str, Partial] | None = None) -> None:
        """Believe what this process finds, and accuse whoever differs from it."""
        work, own = self._work[index], self._own(index)
        first, work.first = work.first, None
        self._finish(index, own)
        for answer in (first, second):
            if answer is None:
                continue
            if is_same(answer[1], own):
                self._proven.add(answer[0])
            else:
                self._accuse(answer[0], index)

    def _own(self, index: int) -> Partial:
        """Add a batch up here, once."""
        work = self._work[index]
        if work.own is None:
            work.own = self._function(self._batches[index])
        return work.own

    def _finish(self, index: int, partial: Partial) -> None:
        """Believe what a batch adds up to, and keep it once."""
        self._work[index].first, self._work[index].done = None, partial
        self._left.discard(index)

    def _believed(self, index: int) -> Partial:
        """Return what is believed of a batch; one of which nothing is may not be left out."""
        done = self._work[index].done
        if done is None:
            raise IntegrityError(
                "a batch of segments came to nothing",
                where=str(next(iter(self._batches[index].paths), "no file")),
                why="a sum without it would be too small",
                remedy="run the same command with --engine polars, and report this",
            )
        return done

    def _accuse(self, worker: str, index: int) -> None:
        """Name a worker that was wrong, and forget what it said and confirmed."""
        if index in self._left:
            self._settle(index)
        if worker in self._liars:
            return
        self._liars.add(worker)
        paths = self._batches[index].paths
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        self._tell(f"worker {worker} gave a wrong sum of {paths[0]}{more}; it is not asked again")
        for place, work in enumerate(self._work):
            if work.first is not None and work.first[0] == worker:
                work.first = None
            if worker in work.parties and work.own is None and place not in self._left:
                work.done, work.parties = None, set()
                self._left.add(place)
                self._ask(place)

    def _doubted(self) -> bool:
        """Once one has lied, try each of the others; return whether there is work again.

        Two that tell the same lie confirm each other, so each is held against this process.
        """
        if not self._liars:
            return False
        believed = {worker for work in self._work if work.own is None for worker in work.parties}
        for worker in sorted(believed):
            held = [
                place
                for place, work in enumerate(self._work)
                if worker in work.parties and work.own is None and work.done is not None
            ]
            if worker in self._proven | self._liars or not held:
                continue
            place = secrets.choice(held)
            work, done = self._work[place], self._work[place].done
            assert done is not None, "only what is believed is doubted"
            work.done = self._own(place)
            if is_same(done, work.done):
                self._proven |= work.parties
                continue
            for party in sorted(work.parties):
                self._accuse(party, place)
        return bool(self._left)

    def _reroute(self) -> None:
        """Send again what waits for workers that are gone; without a cluster do it here."""
        if not self._scheduler.connected:
            self._do_the_rest()
            return
        live = self._scheduler.workers()
        if live is None:
            return
        for key, asked in list(self._asked.items()):
            gone = asked.future.status in {"cancelled", "lost"}
            if not gone and (asked.allowed is None or asked.allowed & live):
                continue
            del self._asked[key]
            if asked.place in self._left:
                first = self._work[asked.place].first
                self._ask(asked.place, frozenset() if first is None else frozenset({first[0]}))

    def _do_the_rest(self) -> None:
        """Do all that is left, as there is no cluster any more."""
        self._tell("the connection to the scheduler was lost; the rest is done here")
        for index in sorted(self._left):
            self._settle(index)

    def _rescue(self) -> None:
        """Do the work of the first batch that is late, and say who has it."""
        index = min(self._left)
        keys = {key for key, asked in self._asked.items() if asked.place == index}
        who = " and ".join(self._scheduler.busy(keys)) or "the cluster"
        self._tell(
            f"{who} did not answer in {self._patience:g} seconds; the work is done here",
            of=f"late {who}",
        )
        self._settle(index)

    def _tell(self, text: str, *, of: str = "") -> None:
        """Tell people, once; of a worker that keeps failing the first time only."""
        if not {text, of} & self._told:
            self._told |= {text, of} - {""}
            self._say(f"warning: {text}")


def _host(address: str) -> str:
    """Return the machine in the address of a worker: ``tcp://host:port``."""
    return address.rpartition(":")[0]
