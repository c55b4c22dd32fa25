"""A crew is the processes that check the segments of a ledger side by side, this one among them.

This process checks the first segment that nobody has, and gives the next ones to the others: each
has one more than it is at, so that it goes on while this one is at its own. What they find comes
in between two segments of this process, and waits for its turn. They send it from a thread of
theirs: a thread here that took it in would have to get the interpreter for every few kilobytes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from types import ModuleType
from typing import Final, TypeAlias

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
    "without_python",
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
_PARTS = 2  # into which what remains is cut, a process
_AHEAD = 2  # segments that another process has: the one it is at, and the next
_HELD = 3  # segments a process that are given out, or done before their turn

_Answer: TypeAlias = Piece | Exception


class Crew:
    """Checks segments in this process, and in fresh ones at the same time."""

    def __init__(self, processes: int | None = None) -> None:
        """Begin with no process but this one.

        Args:
            processes: How many there are with this one; None for one a core, up to
                ``PROCESSES_MAX``. Where no other can be begun, this one checks every segment.
        """
        self.processes = processes or min(PROCESSES_MAX, cores())

    @property
    def parts(self) -> int:
        """In how many parts what remains is given out, so that all end at about the same time."""
        return _PARTS * self.processes

    def __call__(self, segments: Iterable[Segment]) -> Generator[Piece]:
        """Yield what held of each segment, in order; closing the iterator ends the processes.

        Raises:
            IntegrityError: At a segment with a fault.
            LedgerError: If a process was ended from outside, or had not enough memory.
        """
        waiting, hands = deque(segments), list[_Hand]()
        try:
            _begin_all(hands, min(self.processes, len(waiting)) - 1)
            yield from _in_turn(waiting, hands, _HELD * self.processes)
        except (_EndedError, MemoryError) as error:
            raise LedgerError(
                "a process that verified a part of the ledger was ended, or had not enough memory",
                why="that part was not verified, so that nothing can be said of the ledger",
                remedy="run the same command again, with --processes 1 if it happens again",
            ) from error
        finally:
            _end_all(hands)


class _EndedError(Exception):
    """Another process ended before it said what it found."""


class _Hand:
    """Another process, which checks the segments it is given, one after the other."""

    def __init__(self) -> None:
        """Begin the process; it loads while this one goes on."""
        context = multiprocessing.get_context("spawn")  # a forked one would share the connection
        self._pipe, its = context.Pipe()
        self._process = context.Process(target=_work, args=(its,), daemon=True)
        self._found = deque[_Answer]()
        self.busy = 0
        """Segments that it has, and said nothing of."""
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            its.close()

    def give(self, segment: Segment) -> None:
        """Give it a segment more."""
        with _alive():
            self._pipe.send(segment)
        self.busy += 1

    def collect(self) -> None:
        """Take in what it found meanwhile, so that it can send what it finds next."""
        with _alive():
            while self.busy and self._pipe.poll():
                self._take_in()

    def is_done(self) -> bool:
        """Return whether it has found what ``next`` returns."""
        return bool(self._found)

    def next(self) -> Piece:
        """Return what held of the next segment, in the order in which it was given them.

        Raises:
            LedgerError: At a fault.
        """
        with _alive():
            while not self._found:
                self._take_in()
        found = self._found.popleft()
        if isinstance(found, Exception):
            raise found
        return found

    def kill(self) -> None:
        """End the process, whatever it is at, were it stopped; it has nothing to put away."""
        self._pipe.close()
        self._process.kill()

    def join(self) -> None:
        """Wait until it has ended."""
        self._process.join()

    def _take_in(self) -> None:
        """Wait for the next thing it found."""
        self._found.append(self._pipe.recv())
        self.busy -= 1


@contextmanager
def _alive() -> Iterator[None]:
    """Say of a pipe that leads nowhere that the process ended."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise _EndedError from error


def _begin_all(hands: list[_Hand], count: int) -> None:
    """Begin so many processes, or as many as can be begun."""
    if without_python():
        return
    with suppress(*NO_PROCESS), uninterrupted(), without_main():
        while len(hands) < count:
            hands.append(_Hand())


def _end_all(hands: Sequence[_Hand]) -> None:
    """End the processes, all of them before one is waited for."""
    for hand in hands:
        hand.kill()
    for hand in hands:
        hand.join()


def _in_turn(waiting: deque[Segment], hands: Sequence[_Hand], most: int) -> Iterator[Piece]:
    """Yield what held of each segment, in order.

    Args:
        waiting: The segments, none of them given out.
        hands: Who else checks some.
        most: How many may be given out, or done before their turn.
    """
    # In the order of the segments: a piece, or whose next one it will be.
    turns = deque[Piece | _Hand]()
    while waiting:
        own, place = waiting.popleft(), len(turns)
        turns.extend(_give_out(waiting, hands, most - place - 1))
        turns.insert(place, own.check())
        for hand in hands:
            hand.collect()
        while turns and (len(turns) >= most or _is_done(turns[0])):
            yield _piece(turns.popleft())
    while turns:
        yield _piece(turns.popleft())


def _give_out(waiting: deque[Segment], hands: Sequence[_Hand], most: int) -> Iterator[_Hand]:
    """Give out the first segments that wait, at most so many, and yield who got each."""
    for _ in range(min(most, len(waiting))):
        hand = min(hands, key=lambda each: each.busy, default=None)
        if hand is None or hand.busy == _AHEAD:
            return
        hand.give(waiting.popleft())
        yield hand


def _is_done(turn: Piece | _Hand) -> bool:
    """Return whether nobody has to wait for a piece."""
    return isinstance(turn, Piece) or turn.is_done()


def _piece(turn: Piece | _Hand) -> Piece:
    """Return the piece the turn of which it is."""
    return turn if isinstance(turn, Piece) else turn.next()


def _work(pipe: Connection) -> None:
    """Check the segments that come through the pipe until it is closed."""
    begin()
    found = SimpleQueue[_Answer]()
    # The one who began this process takes in what was found when it has time.
    threading.Thread(target=_send, args=(pipe, found), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            found.put(_answer(pipe.recv()))


def _answer(segment: Segment) -> _Answer:
    """Return what held of a segment, or the fault."""
    try:
        return segment.check()
    except Exception as error:  # noqa: BLE001 - raised by who gave the segment
        return error


def _send(pipe: Connection, found: SimpleQueue[_Answer]) -> None:
    """Send what was found; without an answer, this process is nothing to wait for."""
    try:
        while True:
            pipe.send(found.get())
    finally:
        os._exit(1)


def cores() -> int:
    """Return how many cores this process may use, as far as the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def without_python() -> bool:
    """Return whether no interpreter is known that a process could begin with.

    The executable of a frozen program is the program and not Python.
    """
    return bool(getattr(sys, "frozen", False)) or not sys.executable


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
