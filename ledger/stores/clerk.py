"""A clerk commits batches to a ledger in another process, while the program goes on.

It has a connection of its own and does what a store does, nothing else: it neither reads back nor
signs. Whoever begins it has the lock of the ledger, and ends it.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import Queue
from threading import Thread

from ledger.log.store import Batch, Head
from ledger.stores.contract import LedgerStore
from ledger.verify.crew import (
    NO_PROCESS,
    begin,
    cores,
    uninterrupted,
    without_main,
    without_python,
)

__all__ = ["Clerk", "hire"]

_DONE = "done"
_PAUSE_S = 0.001  # in which a process that was woken by the system takes the lock


class Clerk:
    """Commits batches, one at a time."""

    def __init__(self, opened: Callable[[], LedgerStore]) -> None:
        """Begin the process; it opens the ledger while this one goes on.

        Args:
            opened: Opens the ledger for appending; it goes to the process through a pipe.

        Raises:
            OSError: If the system has no more processes or pipes.
        """
        context = multiprocessing.get_context("spawn")
        self._pipe, its = context.Pipe()
        self._process = context.Process(target=_work, args=(its, opened), daemon=True)
        try:
            with uninterrupted(), without_main():
                self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            its.close()

    def begin(self, expected: Head, batch: Batch) -> bool:
        """Have a batch committed behind a head; return whether the process took it."""
        try:
            self._pipe.send((expected, batch))
        except OSError:
            return False
        return True

    def done(self) -> bool:
        """Wait for the batch; return whether it is committed. Without a reply nothing is known."""
        try:
            return bool(self._pipe.recv() == _DONE)
        except (EOFError, OSError):
            return False

    def pause(self) -> None:
        """Give a moment to whoever waits for the lock of the ledger, which nobody has now."""
        time.sleep(_PAUSE_S)

    def end(self) -> None:
        """End the process, whatever it is at, were it stopped; it has nothing to put away.

        A file then holds what it had committed. A server may still end a commit it was given.
        """
        self._pipe.close()
        self._process.kill()
        self._process.join()


def hire(opened: Callable[[], LedgerStore]) -> Clerk | None:
    """Begin a clerk; None where there is one core, or no process can be begun."""
    if cores() == 1 or without_python():
        return None
    try:
        return Clerk(opened)
    except NO_PROCESS:
        return None


def _work(pipe: Connection, opened: Callable[[], LedgerStore]) -> None:
    """Commit what comes through the pipe until it is closed."""
    begin()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # Whatever it is, the program meets it when it does the same, and tells it.
    with suppress(Exception), opened() as store:
        # Held nowhere else, a message is gone once it is read.
        for told in map(ForkingPickler.loads, _messages(pipe)):
            store.append(*told)
            del told
            pipe.send(_DONE)


def _messages(pipe: Connection) -> Iterator[bytes]:
    """Return what comes through the pipe; while one is at work, the next is read from it."""
    come: Queue[bytes | None] = Queue(1)
    # It may wait for ever, and is no reason to stay.
    Thread(target=_read, args=(pipe, come), daemon=True).start()
    return iter(come.get, None)


def _read(pipe: Connection, come: Queue[bytes | None]) -> None:
    """Read messages as they come; the last one is None, whatever ends them."""
    try:
        with suppress(Exception):
            while True:
                come.put(pipe.recv_bytes())
    finally:
        come.put(None)
