"""Held time: allocation bodies in which everything that a source does not state stays unknown.

A source gives a few fields and a period; this module fills the rest with null or ``unknown``,
splits the period at UTC midnight, and divides operations over the pieces so that they add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError, Problem
from ledger.estimate import ceiling, parts
from ledger.hardware import Device
from ledger.importers.line_error import LineError
from ledger.importers.line_stream import LineStream
from ledger.importers.source_file import SourceFile
from ledger.period import Period, format_instant, parse_day
from ledger.record.whole import Whole

__all__ = [
    "SPAN_MAX_MS",
    "UNKNOWN",
    "dated",
    "day_setting",
    "evidence",
    "most",
    "peak_fields",
    "refusal",
    "refused",
    "undated",
    "whole",
    "word_setting",
]

UNKNOWN: Mapping[str, JSON] = {
    "developer": None,
    "activity": "unknown",
    "extent": "own",
    "start": None,
    "start_ms": 0,
    "end": None,
    "end_ms": 0,
    "not_after": None,
    "device": None,
    "milli_devices": None,
    "device_us": None,
    "precision": "unknown",
    "sparsity": "unknown",
    "operation_kind": "unknown",
    "scale_up_gb_per_s": None,
    "scale_up_domain": None,
    "scale_out_gbit_per_s": None,
    "topology": "unknown",
    "concurrent_devices": None,
    "catalogue_digest": None,
    "peak_operations_per_s": None,
    "ceiling_operations": None,
    "operations": None,
    "operations_low": None,
    "operations_high": None,
    "operations_executed": None,
    "method": "none",
    "method_inputs": {},
    "commitment": None,
    "status": "final",
    "role": "primary",
}
"""What an allocation says when its source says nothing."""

SPAN_MAX_MS = 3_660 * 86_400_000
"""Milliseconds, about ten years: a longer stretch of held time is a broken clock or unit."""

Fields = dict[str, JSON]

_AMOUNTS = ("operations", "operations_low", "operations_high", "operations_executed")


def evidence(
    kind: str, source: SourceFile | LineStream, locator: str, importer: tuple[str, str]
) -> Fields:
    """Return where a record comes from.

    Args:
        kind: A source kind of the records, such as ``benchmark_log``.
        source: The file.
        locator: Place inside it.
        importer: Name and version of the importer.
    """
    return {
        "source_kind": kind,
        "file_sha256": source.sha256,
        "locator": locator,
        "importer": importer[0],
        "importer_version": importer[1],
    }


def undated(stated: Mapping[str, JSON], not_after: str) -> Fields:
    """Return the body of a leg of which only the latest day is known.

    Args:
        stated: The fields that the source gives.
        not_after: ``YYYY-MM-DD``.
    """
    return {**UNKNOWN, **stated, "not_after": not_after}


def dated(stated: Mapping[str, JSON], period: Period, milli_devices: int) -> Iterator[Fields]:
    """Yield the bodies of a period, one for each UTC day that it touches.

    Args:
        stated: The fields that the source gives; amounts are for the whole period.
        period: When the devices were held.
        milli_devices: Thousandths of devices held all the time.
    """
    pieces = tuple(period.split_by_day())
    lengths = tuple(piece.milliseconds for piece in pieces)
    filled: Fields = {**UNKNOWN, **stated}
    shares = {name: _shares(v, lengths) for name in _AMOUNTS if (v := filled[name]) is not None}
    for index, piece in enumerate(pieces):
        device_us = milli_devices * lengths[index]
        yield {
            **filled,
            **{name: share[index] for name, share in shares.items()},
            "start": format_instant(piece.start),
            "start_ms": piece.start.microsecond // 1000,
            "end": format_instant(piece.stop),
            "end_ms": piece.stop.microsecond // 1000,
            "milli_devices": milli_devices,
            "device_us": str(device_us),
            "ceiling_operations": most(stated, device_us),
        }


def most(stated: Mapping[str, JSON], device_us: int) -> str | None:
    """Return the ceiling of time held, as digits, or None.

    The dense peak bounds dense operations only, so without stated sparsity there is no ceiling.

    Args:
        stated: Fields of an allocation, with peak and sparsity if known.
        device_us: Time held, device-microseconds.
    """
    peak = stated.get("peak_operations_per_s")
    if peak is None or stated.get("sparsity") != "dense":
        return None
    return str(ceiling(device_us, int(str(peak))))


def peak_fields(device: Device, precision: str, digest: str) -> Fields:
    """Return device, precision and dense peak, with the catalogue that states the peak.

    Args:
        device: The device held.
        precision: Operand precision; ``unknown`` has no peak.
        digest: Digest of the catalogue.
    """
    peak = device.peak(precision)
    return {
        "device": device.id,
        "precision": precision,
        "peak_operations_per_s": None if peak is None else str(peak),
        "catalogue_digest": None if peak is None else digest,
    }


def whole(key: tuple[str, ...], stated: Mapping[str, JSON]) -> Whole:
    """Return what the legs of a period are of, which have its key and a number.

    Args:
        key: What tells the period from every other.
        stated: The fields of its legs, with their evidence.
    """
    return Whole.numbered(key, cast("Fields", stated["evidence"]))


def refusal(source: str, error: LedgerError, line: int | None = None) -> Problem:
    """Return an error about a file or a row as the problem that keeps it out.

    Args:
        source: The file that was asked for.
        error: What is wrong with it, or with a file that it needs.
        line: Line of the row, or None when the whole file is meant.
    """
    remedy = error.remedy or "correct the file or leave it out"
    if line is None and isinstance(error, LineError):
        line = error.line
    # That an error has a line is no kind of problem of its own.
    code = InputError.code if type(error) is LineError else error.code
    return Problem(error.where or source, line, code, error.message, remedy, why=error.why)


def refused(problems: tuple[Problem, ...]) -> bool:
    """Return whether anything among the problems keeps the file out."""
    return any(problem.severity == "refused" for problem in problems)


def day_setting(settings: Mapping[str, str], name: str) -> str | None:
    """Return a setting that must be a date, or None if it is not given.

    Raises:
        InputError: It is not a date.
    """
    if name not in settings:
        return None
    try:
        return parse_day(settings[name]).isoformat()
    except InputError as error:
        raise InputError(
            error.message, where=f"--set {name}=…", remedy=f"write --set {name}=2026-11-22"
        ) from error


def word_setting(settings: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    """Return a setting that must be one of a few words; the first where it is not given.

    Raises:
        InputError: It is another word.
    """
    word = settings.get(name, words[0])
    if word not in words:
        raise InputError(
            f"{word!r} is no {name}", where=f"--set {name}=…", remedy=" or ".join(words)
        )
    return word


def _shares(amount: JSON, lengths: tuple[int, ...]) -> tuple[str, ...]:
    """Return the part of an amount that falls on each piece, in proportion to its length."""
    return tuple(str(part) for part in parts(int(str(amount)), lengths))
