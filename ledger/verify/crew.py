"""A crew is the processes that check the segments of a ledger side by side."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Final

from ledger.errors import LedgerError
from ledger.verify.segment import Piece, Segment

__all__ = [
    "NO_PROCESS",
    "PROCESSES_MAX",
    "Crew",
    "begin",
    "cores",
    "end",
    "uninterrupted",
    "without_main",
]

PROCESSES_MAX: Final = 8
"""More are not begun without being asked for: reading is the limit then."""
NO_PROCESS: Final = (
    # The pool is broken, or the system has no more processes, threads or semaphores, or none.
    OSError,
    RuntimeError,
    ImportError,
    NotImplementedError,
    # A process that was begun by another may not begin one itself.
    AssertionError,
)
"""What beginning a process raises where none can be begun."""
_HIDING = threading.Lock()  # two that put the main module back would lose it
_PARTS = 4  # segments a process
_AHEAD = 2  # segments a process that are handed out before their turn to be joined


class Crew:
    """Checks segments in fresh processes, as many as it has."""

    def __init__(self, processes: int | None = None) -> None:
        """Begin with no process.

        Args:
            processes: How many; None for one a core, up to ``PROCESSES_MAX``.
        """
        self.processes = processes or min(PROCESSES_MAX, cores())

    @property
    def parts(self) -> int:
        """How many segments let them end at about the same time."""
        return _PARTS * self.processes

    def __call__(self, segments: Iterable[Segment]) -> Generator[Piece]:
        """Yield what held of each segment, in order; closing the iterator ends the processes.

        Raises:
            IntegrityError: At the first segment with a fault.
            LedgerError: If a process was ended from outside, or had not enough memory.
        """
        waiting: deque[Future[Piece]] = deque()
        others = set(multiprocessing.active_children())
        # A forked process would share the connection and the threads of this one.
        pool = ProcessPoolExecutor(
            self.processes, mp_context=multiprocessing.get_context("spawn"), initializer=begin
        )
        try:
            for segment in segments:
                with uninterrupted(), without_main():
                    waiting.append(pool.submit(segment.check))
                if len(waiting) == _AHEAD * self.processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except (BrokenProcessPool, MemoryError) as error:
            end(others)
            raise LedgerError(
                "a process that verified a part of the ledger was ended, or had not enough memory",
                why="that part was not verified, so that nothing can be said of the ledger",
                remedy="run the same command again, with --processes 1 if it happens again",
            ) from error
        except BaseException:
            end(others)
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def cores() -> int:
    """Return how many cores this process may use, as far as the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def end(others: Collection[BaseProcess]) -> None:
    """End the processes that were begun since, whatever they are at."""
    for process in multiprocessing.active_children():
        if process not in others:
            process.terminate()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let processes that begin in the block inherit that they see no interruption.

    Who interrupts the program means this process; it ends the others.
    """
    # It lets signals through again where it is begun, which the first process would inherit.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def without_main() -> Iterator[None]:
    """Let processes that begin in the block not run the main module of this one.

    They need nothing of it, and a script without a guard would do all of its work once more.
    """
    with _HIDING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def begin() -> None:
    """Let this process end with the one that began it, however that ends."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """Wait for the end of the parent, and leave."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
