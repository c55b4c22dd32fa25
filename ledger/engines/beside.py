"""Beside means: other processes take parts from the end while this one takes them from the front.

Nothing depends on it. What a process did not do, for whatever reason, is left out of the answer:
whoever asked does it in turn, and meets the fault where it is, in the same words.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from typing import TypeVar

from ledger.errors import LedgerError
from ledger.verify.crew import NO_PROCESS, begin, end, uninterrupted, without_main

__all__ = ["beside"]

_AHEAD = 2  # parts a process that are handed out before it has time for them
P = TypeVar("P")
T = TypeVar("T")


def beside(
    own: Callable[[P], T], other: Callable[[P], T], parts: Sequence[P], processes: int
) -> dict[P, T]:
    """Do parts here and in fresh processes at the same time.

    Args:
        own: Does a part here.
        other: Does a part in another process, which gets it and what it gives through a pipe.
        parts: All of them, each another one.
        processes: How many to begin.

    Returns:
        What was done, by part; from the first fault on, parts are missing.
    """
    waiting, done = deque(parts), dict[P, T]()
    handed: deque[tuple[P, Future[T]]] = deque()
    others = set(multiprocessing.active_children())
    pool = _pool(processes)
    if pool is None:
        return done
    try:
        with suppress(LedgerError):
            while waiting and _hand_out(pool, other, waiting, handed, _AHEAD * processes):
                part = waiting.popleft()
                done[part] = own(part)
            for part, future in handed:
                if future.exception() is None:
                    done[part] = future.result()
    except BaseException:
        end(others)
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return done


def _pool(processes: int) -> ProcessPoolExecutor | None:
    """Return what begins so many processes when they are needed; None where the system has none."""
    context = multiprocessing.get_context("spawn")
    try:
        return ProcessPoolExecutor(processes, mp_context=context, initializer=begin)
    except NO_PROCESS:
        return None


def _hand_out(
    pool: ProcessPoolExecutor,
    other: Callable[[P], T],
    waiting: deque[P],
    handed: deque[tuple[P, Future[T]]],
    most: int,
) -> bool:
    """Give parts from the end to the pool until so many are not done; one stays here.

    Returns:
        Whether the pool took them.
    """
    under_way = sum(not future.done() for _, future in handed)
    with uninterrupted(), without_main():
        for _ in range(min(most - under_way, len(waiting) - 1)):
            try:
                handed.append((waiting[-1], pool.submit(other, waiting[-1])))
            except NO_PROCESS:
                return False
            waiting.pop()
    return True
