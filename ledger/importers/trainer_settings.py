"""Settings of the trainer importer: what a trainer state does not say and the caller must."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from ledger.errors import HardwareError, InputError
from ledger.hardware import Catalogue, Device
from ledger.importers.held_time import day_setting
from ledger.period import parse_instant
from ledger.record import fields

__all__ = ["SETTINGS", "Said", "read_said", "read_settings"]

SETTINGS = frozenset(
    {
        "activity",
        "developer",
        "device",
        "devices",
        "model",
        "not_after",
        "parameters",
        "precision",
        "role",
        "run",
        "sparsity",
        "start",
        "tokens",
    }
)

_COUNT = re.compile(r"[1-9][0-9_]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller said with ``--set``.

    Attributes:
        run: Name of the run, or None to take it from where the file lies.
        model: Model, or None for the name of the run.
        developer: Developer, or None.
        activity: What the time was spent on; ``unknown`` if not said.
        start: First moment of the last session, or None.
        not_after: Day by whose end the run was over, or None if ``start`` is given.
        device: Device, or None.
        devices: How many devices, or None.
        precision: Operand format; ``unknown`` if not said.
        sparsity: ``dense``, ``structured`` or ``unknown``.
        role: ``primary``, or ``corroborating`` for a run that another source records already.
        parameters: Parameters, or None.
        tokens: Tokens processed, or None to take the trainer's own count.
    """

    run: str | None
    model: str | None
    developer: str | None
    activity: str
    start: datetime | None
    not_after: str | None
    device: Device | None
    devices: int | None
    precision: str
    sparsity: str
    role: str
    parameters: int | None
    tokens: int | None


def read_settings(settings: Mapping[str, str], catalogue: Catalogue) -> Said:
    """Read what the caller said of a source that has no dates of its own.

    Raises:
        InputError: A setting is malformed, or neither ``start`` nor ``not_after`` is given.
        HardwareError: The device is not in the catalogue.
    """
    said = read_said(settings, catalogue)
    if (said.start is None) == (said.not_after is None):
        raise InputError(
            "a trainer state has no date, and the settings do not give exactly one"
            if said.start is None
            else "the settings give start and not_after, of which one is enough",
            where="--set",
            why="operations without a date count under no version of the law",
            remedy="write --set not_after=2026-11-22, or --set start=2026-11-22T10:00:00Z when "
            "the state has a train_runtime and --set device= and devices= are given",
        )
    return said


def read_said(settings: Mapping[str, str], catalogue: Catalogue) -> Said:
    """Read what the caller said; dates may be missing.

    Raises:
        InputError: A setting is malformed.
        HardwareError: The device is not in the catalogue.
    """
    return Said(
        run=settings.get("run"),
        model=settings.get("model"),
        developer=settings.get("developer"),
        activity=_word(settings, "activity", get_args(fields.Activity)),
        start=_start(settings),
        not_after=day_setting(settings, "not_after"),
        device=_device(settings, catalogue),
        devices=_count(settings, "devices"),
        precision=_word(settings, "precision", get_args(fields.Precision)),
        sparsity=_word(settings, "sparsity", get_args(fields.Sparsity)),
        role=_word({"role": "primary", **settings}, "role", ("primary", "corroborating")),
        parameters=_count(settings, "parameters"),
        tokens=_count(settings, "tokens"),
    )


def _device(settings: Mapping[str, str], catalogue: Catalogue) -> Device | None:
    """Return the device that the caller names."""
    if "device" not in settings:
        return None
    try:
        return catalogue.find(settings["device"])
    except HardwareError as error:
        raise HardwareError(
            error.message, where="--set device=…", why=error.why, remedy=error.remedy
        ) from error


def _start(settings: Mapping[str, str]) -> datetime | None:
    """Return the start that the caller gives."""
    if "start" not in settings:
        return None
    try:
        return parse_instant(settings["start"])
    except InputError as error:
        raise InputError(error.message, where="--set start=…", remedy=error.remedy) from error


def _word(settings: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    """Return a word of a closed list; ``unknown`` if the caller says nothing."""
    word = settings.get(name, "unknown")
    if word not in known:
        raise InputError(
            f"{word!r} is not known", where=f"--set {name}=…", remedy="use: " + ", ".join(known)
        )
    return word


def _count(settings: Mapping[str, str], name: str) -> int | None:
    """Return a whole number above 0, or None if the caller says nothing."""
    text = settings.get(name)
    if text is None:
        return None
    if not _COUNT.fullmatch(text):
        raise InputError(
            f"{text!r} is not a whole number above 0",
            where=f"--set {name}=…",
            remedy="write digits, as in 8 or 1_550_000_000",
        )
    return int(text)
