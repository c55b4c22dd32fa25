"""A command is a program that is captured from outside: started, waited for, and left alone.

Signals go to it, its exit status comes back, and whatever fails in the capture does not touch it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final, Self

from ledger.capture import Capture

__all__ = ["run_command"]

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
BY_SIGNAL: Final = 128
_PASSED: Final = (*("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCONT"),)
_OF_KEYS: Final = frozenset({"SIGINT", "SIGQUIT"})  # a terminal gives them to the program itself


def run_command(command: Sequence[str], **given: object) -> int:
    """Run a program and capture the time that it takes.

    Args:
        command: The program and its arguments, at least one word.
        given: See `ledger.capture.capture`.

    Returns:
        Its exit status; 128 and the number of the signal that killed it; 127 if there is no such
        program, 126 if it cannot be started.
    """
    assert command, "there is a program to run"
    with _Held() as held:
        captured = Capture.of_command(**given).start()
        try:
            child = subprocess.Popen(list(command))  # noqa: S603 - it is what the user asked for
        except FileNotFoundError:
            captured.stop("failed", "not found")
            return NOT_FOUND
        except (OSError, ValueError) as error:
            captured.stop("failed", type(error).__name__)
            return NOT_EXECUTABLE
        held.give_to(child)
        status = _wait(child)
        _stop(captured, status)
        return status if status >= 0 else BY_SIGNAL - status


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Return the exit status; below 0 it is the signal."""
    while True:
        with contextlib.suppress(InterruptedError, KeyboardInterrupt):
            return child.wait()


def _stop(captured: Capture, status: int) -> None:
    """Write how the program ended."""
    ending = f"signal {-status}" if status < 0 else f"status {status}"
    captured.stop("done" if status == 0 else "failed", ending)


def _leave(number: int, frame: FrameType | None) -> None:
    """Leave a signal to the program, which has it already."""
    del number, frame


class _Held:
    """Signals that come before the child is there are kept and given to it then."""

    def __init__(self) -> None:
        """Begin with none."""
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._former: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Take the signals; not those that whoever started us had ignored, as nohup does."""
        for name in _PASSED:
            number = getattr(signal, name, None)
            if number is None:
                continue
            take = _leave if name in _OF_KEYS and os.isatty(0) else self._take
            # Outside of the main thread signals cannot be taken: they go their own way.
            with contextlib.suppress(ValueError, OSError):
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._former[number] = signal.signal(number, take)
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        for number, former in self._former.items():
            with contextlib.suppress(ValueError, OSError, TypeError):
                signal.signal(number, former)

    def give_to(self, child: subprocess.Popen[bytes]) -> None:
        """Pass on what came early, and from now on everything at once."""
        self._child = child
        for number in self._early:
            self._send(number)

    def _take(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        del frame
        if self._child is None:
            self._early.append(number)
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        """Send a signal to the child, if it is still there."""
        if self._child is not None:
            with contextlib.suppress(OSError):
                self._child.send_signal(number)
