"""A stretch is devices held from one instant to another, as a scheduler or its log tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from unicodedata import normalize

from ledger.canonical import JSON
from ledger.errors import InputError
from ledger.form.plain import visible
from ledger.period import Period

__all__ = ["SLOTS", "WHOLE", "Doubt", "Nothing", "Refusal", "Stretch", "Units", "plain_text"]

WHOLE: Final = 1000
"""Thousandths of a device that is held whole."""

SLOTS: Final = tuple("01234567")
"""Places of units that are told apart by their order alone: one is used only behind the last."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Something that held no devices.

    Attributes:
        why: A word of the source, such as ``not-started``.
        amount: How many of them.
        key: Its key as a stretch would have it, if it is over and may have been recorded while it
            seemed to hold something; else empty.
        units: Names of the devices that it would have held, as in the keys of records.
        locator: Where it stands, in words.
        doubtful: Whether it ran, so that its source may only not have listed its devices.
    """

    why: str
    amount: int = 1
    key: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    locator: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that cannot be read.

    Attributes:
        line: Its line, or None.
        error: What is wrong.
    """

    line: int | None
    error: InputError


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that somebody should look at.

    Attributes:
        code: Of the finding.
        message: What it is.
        remedy: What to do.
    """

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Units:
    """Devices of one type, or equal parts of them.

    Attributes:
        type: The source's word for the type; empty where none is stated.
        count: How many.
        milli: How much of a device each is, in thousandths; None if that is not known.
        words: Columns that are about these devices, beside those of the stretch.
        name: What tells them from others in the key of the record; the type, if it is empty. A
            type that another file has to tell is no part of a key: without that file the same
            devices would be others.
    """

    type: str
    count: int
    milli: int | None = WHOLE
    words: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    @property
    def place(self) -> str:
        """Return what tells these devices from others in the key of a record."""
        return self.name or self.type


@dataclass(frozen=True, slots=True)
class Stretch:
    """Devices held over a period.

    Attributes:
        line: Where it stands, from 1, or None.
        locator: The same in words, for the evidence.
        cells: Columns for the map, in lower case.
        run: Its run, unless the map says otherwise.
        key: What tells it from every other, but for the units, the UTC day and ``turn``.
        units: What was held.
        period: When.
        running: Whether the end is not known yet.
        concurrent: Devices that worked on the run at the same time, if known.
        inputs: What else is said about it.
        hidden: What is said in confidence.
        doubts: What is odd about it.
        day: Number of the UTC day on which it starts, from that on which the first stretch with
            the same key starts.
        turn: 1 if an earlier stretch with the same key ended on the day this one starts; else 0.
        more: Whether it is a further part of what the stretch before it is of.
        places: Places that units of it have in any file, where those of the units are not all.
        span_known: Whether the units were held for all of the period; else for a part of it that
            nobody stated.
    """

    line: int | None
    locator: str
    cells: Mapping[str, str]
    run: str
    key: tuple[str, ...]
    units: tuple[Units, ...]
    period: Period
    running: bool = False
    concurrent: int | None = None
    inputs: Mapping[str, JSON] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    day: int = 0
    turn: int = 0
    more: bool = False
    places: tuple[str, ...] = ()
    span_known: bool = True


def plain_text(text: str | None) -> str:
    """Return a text as it can stand in a record, shortened."""
    return normalize("NFC", visible(text or "", " "))[:200].strip()
