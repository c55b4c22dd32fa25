"""A statement is what a program says of the run that it starts, checked without ever raising.

A word that is not known becomes ``unknown`` or null, and a doubt beside it says what was written:
the import tells it, and the total stays open instead of wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from ledger.form.plain import visible
from ledger.spool import ACTIVITIES, METHODS, OPERATION_KINDS, PRECISIONS, SPARSITIES, TOPOLOGIES

__all__ = ["Statement", "state"]

_WORDS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "activity": (ACTIVITIES, "unknown"),
    "precision": (PRECISIONS, "unknown"),
    "sparsity": (SPARSITIES, "unknown"),
    "operation_kind": (OPERATION_KINDS, "unknown"),
    "topology": (TOPOLOGIES, "unknown"),
    "method": (METHODS, METHODS[0]),
}
_NAMES: Final = ("run", "model", "developer", "device")
_COUNTS: Final = ("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s", "rank")
_INTEGER_MAX: Final = 2**53 - 1
_NAME_MAX: Final = 200
_DOUBTS_MAX: Final = 20
_PARAMETERS_MAX: Final = 10**30


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of a run.

    Attributes:
        fields: Fields of the head of a spool, each of the right form.
        doubts: What could not be taken as it was given, a sentence each.
    """

    fields: Mapping[str, object]
    doubts: tuple[str, ...]


def state(given: Mapping[str, object], session: str) -> Statement:
    """Return what a caller said, in the form of a head.

    Args:
        given: Names and values as the caller gave them; those that are None were not given.
        session: Name of the session, of which a run without a name takes its own.
    """
    doubts: list[str] = []
    known = {*_WORDS, *_NAMES, *_COUNTS, "devices", "parameters"}
    doubts += [f"{_short(name)} is nothing that can be said" for name in given if name not in known]
    fields: dict[str, object] = {}
    for name, (words, default) in _WORDS.items():
        fields[name] = _word(name, given.get(name), words, default, doubts)
    for name in _NAMES:
        fields[name] = _name(name, given.get(name), doubts)
    for name in _COUNTS:
        fields[name] = _count(name, given.get(name), _INTEGER_MAX, doubts)
    devices = _count("devices", given.get("devices"), _INTEGER_MAX // 1000, doubts)
    parameters = _count("parameters", given.get("parameters"), _PARAMETERS_MAX, doubts)
    fields["milli_devices"] = None if devices is None else 1000 * devices
    fields["parameters"] = None if parameters is None else str(parameters)
    fields["run"] = fields["run"] or f"capture-{session[:12]}"
    return Statement(fields, tuple(doubts[:_DOUBTS_MAX]))


def _word(
    name: str, value: object, words: tuple[str, ...], default: str, doubts: list[str]
) -> object:
    """Return one of some words."""
    if value is None:
        return default
    if isinstance(value, str) and value in words:
        return value
    doubts.append(f"{name} was given as {_short(value)}, which is none of its words")
    return default


def _name(name: str, value: object, doubts: list[str]) -> str | None:
    """Return a name that can stand in a record."""
    if value is None:
        return None
    if not isinstance(value, str):
        doubts.append(f"{name} was given as {_short(value)}, which is no text")
        return None
    kept = normalize("NFC", visible(value).strip())[:_NAME_MAX].strip()
    if kept != value:
        doubts.append(f"{name} was given as {_short(value)} and is kept as {kept!r}")
    return kept or None


def _count(name: str, value: object, most: int, doubts: list[str]) -> int | None:
    """Return a whole number."""
    if value is None:
        return None
    if type(value) is int and 0 <= value <= most:
        return value
    doubts.append(f"{name} was given as {_short(value)}, which is no whole number in bounds")
    return None


def _short(value: object) -> str:
    """Return a value as text for a message; what it is must not matter."""
    try:
        return ascii(value)[:100]
    except Exception:  # noqa: BLE001 - a foreign __repr__ may do anything
        return f"a {type(value).__name__}"
