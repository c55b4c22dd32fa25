"""A step log is what a training program prints while it runs: lines about steps among much noise.

A reader of one program's lines turns them into the events of this module; what is made of them is
the same for all programs. Figures are exact integers, each with half of its last printed digit,
since a printed figure stands for every number that is rounded to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = [
    "Begun",
    "Broken",
    "Ended",
    "Event",
    "Format",
    "Printed",
    "Said",
    "Step",
    "printed",
    "whole",
]

_NUMBER: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?(?:[eE]([+-]?\d{1,2}))?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,15}", re.ASCII)
_MOST: Final = 10**30  # a figure beyond it is none of a training program


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure as printed.

    Attributes:
        value: In the unit that the reader asked for.
        half: How far the number behind it can be off, in the same unit.
    """

    value: int
    half: int


@dataclass(frozen=True, slots=True)
class Step:
    """A line that says how steps went.

    Attributes:
        last: Number of its last step, from 1.
        count: How many steps it is about, or None for all since the line before.
        time: Nanoseconds a step took.
        rate: Operations a second a device as the program counts them, or None.
        wall: ``YYYY-MM-DDTHH:MM:SS`` on the clock of the machine, or None.
        ms: Milliseconds to add to ``wall``.
        offset: Offset of that clock such as ``+02:00`` or ``Z``; empty if not printed.
        total: Steps planned, or None.
        batch: Sequences in the last step, or None.
        samples: Sequences consumed since the first step of the run, or None.
    """

    last: int
    count: int | None
    time: Printed
    rate: Printed | None
    wall: str | None = None
    ms: int = 0
    offset: str = ""
    total: int | None = None
    batch: int | None = None
    samples: int | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign that the program was started, or took up a checkpoint.

    Attributes:
        at: Step of the checkpoint, or None if the sign does not say.
    """

    at: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A setting that the program prints, such as the number of devices."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A sign that the training is done."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that announces a step and cannot be read."""


Event = Step | Begun | Said | Ended | Broken


@dataclass(frozen=True, slots=True)
class Format:
    """How the lines of one program are read.

    Attributes:
        name: Name of the importer.
        version: Its version.
        program: Name of the program, for people.
        read: Gives the event of a line, or None for noise.
        interesting: Whether raw bytes can hold an event; cheap, and true too often.
        step: What the program calls a step.
    """

    name: str
    version: str
    program: str
    read: Callable[[str], Event | None]
    interesting: Callable[[bytes], bool]
    step: str


def printed(text: str, power: int, *, significant: int | None = None) -> Printed | None:
    """Read a printed decimal exactly, or return None if it is none.

    Args:
        text: Such as ``412.3`` or ``1.249e+03``; not ``nan``, no sign.
        power: The figure is wanted in units of ten to the minus this.
        significant: Digits to which the program rounds, trailing zeros left out; None if it
            prints all decimals that it rounds to.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    decimals = found[2] or ""
    shift = power + int(found[3] or 0) - len(decimals)
    digits = int(found[1] + decimals)
    if shift < 0 and digits % 10**-shift:
        return None
    value = digits * 10**shift if shift >= 0 else digits // 10**-shift
    if value > _MOST:
        return None
    unit = shift if significant is None else len(str(value)) - significant
    return Printed(value, 5 * 10 ** (unit - 1) if unit > 0 else 1)


def whole(text: str | None) -> int | None:
    """Return a whole number as a program prints it, or None."""
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None
