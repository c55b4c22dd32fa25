"""An interruption is the user's wish to stop, remembered until the program has left.

A library may take the exception for a fault of its own and answer with another, as a validator
does that calls back into Python; what is then told is still that the user stopped it.
"""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["STATUS", "Interruption", "interrupted"]

STATUS = 130


class Interruption:
    """Raises ``KeyboardInterrupt`` when the signal comes, and remembers that it came."""

    def __init__(self) -> None:
        """Begin with no signal seen, and wait for one."""
        self.seen = False
        signal.signal(signal.SIGINT, self)

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Take the signal."""
        self.seen = True
        raise KeyboardInterrupt


def interrupted() -> bool:
    """Return whether the user has interrupted this process, where that is remembered."""
    held = signal.getsignal(signal.SIGINT)
    return isinstance(held, Interruption) and held.seen
