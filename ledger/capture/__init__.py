"""Capture records a training while it runs, into a spool that `flopledger sync` reads later.

Two lines in a training program::

    from ledger.capture import capture

    with capture(run="falcon-2-a", model="falcon-2", activity="pretrain",
                 device="nvidia-h100-sxm5", devices=8, precision="bf16", sparsity="dense") as c:
        for batch in batches:
            ...
            c.add(tokens=batch.tokens, steps=1)

Nothing here raises into the training, waits for a disk, or needs anything but the standard library.
Only rank 0 writes. The format of the spool is ``schemas/spool.v1.md``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from ledger.capture.session import Options, Session, say

__all__ = ["Capture", "capture"]

P = ParamSpec("P")
T = TypeVar("T")

_OPTIONS = ("spool", "every", "textfile", "ranks", "apart", "environment", "clock", "write")


class Capture:
    """A run that is captured: a context manager, a decorator, or `start` and `stop`."""

    def __init__(self, **given: object) -> None:
        """Keep what is said of the run; see `capture`."""
        self._given = given
        self._session: Session | None = None
        self._by = "context"

    @classmethod
    def of_command(cls, **given: object) -> Capture:
        """Return the capture of a command that `flopledger run` starts."""
        made = cls(**given)
        made._by = "command"
        return made

    @property
    def session(self) -> Session | None:
        """The session that goes on or is over; None before the start, or if it could not begin."""
        return self._session

    def start(self) -> Capture:
        """Begin a session; one that goes on is kept."""
        if self._session is not None:
            return self
        given = dict(self._given)
        try:
            chosen: dict[str, Any] = {n: given.pop(n) for n in _OPTIONS if n in given}
            options = Options(**chosen)
            self._session = Session(options, given, self._by)
            self._session.start()
        except Exception as error:  # noqa: BLE001 - a training is never stopped
            say(f"nothing is captured of this run: {type(error).__name__}: {error}")
        return self

    def stop(self, outcome: str = "done", status: str | None = None) -> None:
        """End the session.

        Args:
            outcome: ``done``, ``failed`` or ``left``.
            status: Exit status or kind of error, or None.
        """
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(Exception):
                session.finish(outcome, status)

    def add(self, tokens: object = None, operations: object = None, steps: object = None) -> None:
        """Count what was done since the last call; exact, whole numbers from 0.

        Args:
            tokens: Tokens that went through the model, padding and repeats included.
            operations: Operations done; a multiply-add is two.
            steps: Steps of the optimiser.
        """
        session = self._session
        if session is not None and not session.tally.add(tokens, operations, steps):
            session.tell("a count that is no whole number from 0 is in no total")

    @contextlib.contextmanager
    def activity(self, name: str) -> Iterator[None]:
        """Spend the time of a block on another activity, such as ``eval`` or ``startup``."""
        before = self.change(name)
        try:
            yield
        finally:
            if before is not None:
                self.change(before)

    def change(self, activity: str) -> str | None:
        """Begin another activity; return the one before, None if nothing is captured."""
        with contextlib.suppress(Exception):
            return None if self._session is None else self._session.change(activity)
        return None

    def __enter__(self) -> Self:
        """Begin."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; an exception goes its own way."""
        del error, trace
        self.stop("done" if kind is None else "failed", None if kind is None else kind.__name__)

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return a function each call of which is a session of its own."""
        import functools  # noqa: PLC0415 - only a decorator needs it

        @functools.wraps(function)
        def captured(*args: P.args, **kwargs: P.kwargs) -> T:
            with type(self)(**self._given):
                return function(*args, **kwargs)

        return captured


def capture(**given: object) -> Capture:
    """Return what captures a run: for ``with … as c:``, or as a decorator above a function.

    What is wrong in an argument is told on stderr and by `flopledger sync`; it stops nothing.

    Args:
        given: Of the run: ``run``, ``model``, ``developer``, ``activity``, ``device`` (an id of
            `flopledger hardware`), ``devices`` (all devices of the job, not of this process),
            ``precision``, ``sparsity``, ``operation_kind``, ``parameters`` (active for each token,
            for 6·N·D from the tokens), ``method``, ``scale_up_gb_per_s``, ``scale_up_domain``,
            ``scale_out_gbit_per_s``, ``topology``, ``rank``. Of the capture: ``spool`` (folder),
            ``every`` (seconds between heartbeats, 30), ``textfile``, ``ranks`` (``one`` or
            ``each``), ``apart``.
    """
    return Capture(**given)
