"""Turns: segments are given out a few at a time, and their pieces come in order."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from ledger.verify.crew import _in_turn
from ledger.verify.segment import Piece


class Sleeping:
    """The place of another process that never answers, or always has."""

    def __init__(self, *, answers: bool = False) -> None:
        self.busy = 0
        self.given = list[int]()
        self.answers = answers

    def give(self, segment: Any) -> None:
        self.given.append(segment.start)
        self.busy += 1

    def collect(self) -> None:
        self.busy = 0 if self.answers else self.busy

    def is_done(self) -> bool:
        return self.answers

    def next(self) -> Any:
        if not self.answers:
            raise TimeoutError
        return self.given.pop(0)


class Small:
    """A segment that takes no time; a number stands for its piece."""

    def __init__(self, start: int, checked: list[int]) -> None:
        self.start = start
        self.checked = checked

    def check(self) -> Any:
        self.checked.append(self.start)
        return Piece(self.start, self.start + 1, b"", "", "", b"", (), b"", (), 0, 0, 0)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_as_much_as_was_said_waits_for_its_turn(count: int) -> None:
    here, hands = list[int](), [Sleeping() for _ in range(count)]
    waiting: Any = deque(Small(number, here) for number in range(100))
    pieces = _in_turn(waiting, hands, 9)  # type: ignore[arg-type]  # stand-ins
    if not count:
        assert [next(pieces).start for _ in range(50)] == list(range(50)) == here
        return
    assert next(pieces).start == 0
    with pytest.raises(TimeoutError):
        next(pieces)
    assert [len(hand.given) for hand in hands] == [2] * count
    assert len(here) == 1 + 9 - 2 * count
    assert sorted([*here, *(n for hand in hands for n in hand.given)]) == list(range(10))


@pytest.mark.parametrize("most", [1, 2, 5, 9])
def test_pieces_come_in_order_whoever_is_faster(most: int) -> None:
    here, hands = list[int](), [Sleeping(answers=True) for _ in range(2)]
    waiting: Any = deque(Small(number, here) for number in range(40))
    pieces: Any = _in_turn(waiting, hands, most)  # type: ignore[arg-type]  # stand-ins
    assert [getattr(piece, "start", piece) for piece in pieces] == list(range(40))
    assert len(here) == 40 // min(most, 5)
