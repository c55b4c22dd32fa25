"""A spool line is one framed statement of a training that is captured while it runs.

A line holds its length, a digest and canonical JSON, so that a line cut short by a crash or a full
disk is told from a whole one. Counters are totals since the start: a line that is lost loses no
amount. Only the standard library is imported here. Format: ``schemas/spool.v1.md``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = [
    "ACTIVITIES",
    "FORMAT",
    "METHODS",
    "OPERATION_KINDS",
    "PRECISIONS",
    "SPARSITIES",
    "TOPOLOGIES",
    "Torn",
    "digits",
    "encode_line",
    "is_spool",
    "parse_line",
]

FORMAT: Final = "flopledger.spool/1"
ACTIVITIES: Final = (
    *("pretrain", "continued_pretrain", "sft", "preference", "rl_update", "rl_rollout"),
    *("synth_private", "synth_public", "eval", "red_team", "failed_experiment", "exploratory"),
    *("distil_teacher_training", "distil_teacher_forward", "auxiliary_model", "recompute"),
    *("merge_input", "restart_waste", "data_processing", "startup", "idle", "inference_service"),
    "unknown",
)
PRECISIONS: Final = (
    *("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8", "int4", "unknown"),
)
SPARSITIES: Final = ("dense", "structured", "unknown")
OPERATION_KINDS: Final = ("float", "integer", "unknown")
TOPOLOGIES: Final = (
    *("unknown", "oversubscribed", "limited", "non_blocking", "torus", "supernode"),
)
METHODS: Final = ("framework_reported", "counter")

_DIGEST: Final = 16
_PAYLOAD_MAX: Final = 65_000
_TEXT_MAX: Final = 1_000
_INTEGER_MAX: Final = 2**53 - 1
_FRAME: Final = re.compile(rb"([0-9]{6}) ([0-9a-f]{16}) (\{.*\})", re.DOTALL)
_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_DIGITS: Final = re.compile(r"0|[1-9][0-9]{0,37}")

Check = Callable[[object], bool]


class Torn(Exception):  # noqa: N818 - it is no fault of a program, but how a crash looks
    """A line that was not written whole, or that something else wrote."""


def encode_line(statement: Mapping[str, object]) -> bytes:
    """Return the bytes of a line, its end included.

    Args:
        statement: Fields of one statement; integers and texts, no floats.
    """
    payload = _canonical(statement).encode("ascii")
    return b"%06d %s %s\n" % (len(payload), _digest(payload), payload)


def parse_line(line: bytes) -> dict[str, Any]:
    """Read a line without its end.

    Args:
        line: Bytes up to and without the newline.

    Returns:
        The fields of a statement whose form is right: all of its kind, and no others.

    Raises:
        Torn: The line is not whole, or not of this format.
    """
    found = _FRAME.fullmatch(line)
    if found is None:
        raise Torn("the line is not whole")
    payload = found[3]
    if len(payload) != int(found[1]) or len(payload) > _PAYLOAD_MAX:
        raise Torn("the line is longer or shorter than it says")
    if _digest(payload) != found[2]:
        raise Torn("the digest of the line does not fit it")
    try:
        value = _decode(payload.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise Torn("the line is not JSON of whole numbers and texts") from error
    if _canonical(value).encode("ascii") != payload:
        raise Torn("the line is not in canonical form")
    fault = _fault(value)
    if fault:
        raise Torn(fault)
    return dict(value)


def is_spool(head: bytes) -> bool:
    """Return whether the first bytes of a file are those of a spool, whole or cut short."""
    mark = b'"format":"%s"' % FORMAT.encode()
    return _FRAME.match(head.partition(b"\n")[0]) is not None and mark in head.partition(b"\n")[0]


def digits(value: int | None) -> str | None:
    """Write a count as digits; None stays None."""
    return None if value is None else str(value)


def _digest(payload: bytes) -> bytes:
    """Return the first 16 hex digits of the SHA-256."""
    return hashlib.sha256(payload).hexdigest()[:_DIGEST].encode()


def _refuse(text: str) -> object:
    """Refuse a number that is not whole."""
    raise ValueError(text)


_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_decode: Final = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse).decode


def _count(value: object) -> bool:
    """Whether a value is a whole number from 0 that every reader of JSON keeps."""
    return type(value) is int and 0 <= value <= _INTEGER_MAX


def _text(value: object) -> bool:
    """Whether a value is a text of a bearable length."""
    return isinstance(value, str) and len(value) <= _TEXT_MAX


def _amount(value: object) -> bool:
    """Whether a value is a count as digits."""
    return isinstance(value, str) and _DIGITS.fullmatch(value) is not None


def _session(value: object) -> bool:
    """Whether a value names a session."""
    return isinstance(value, str) and _HEX32.fullmatch(value) is not None


def _texts(value: object) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(_text(item) for item in value)


def _or_null(check: Check) -> Check:
    """Return a check that lets null pass as well."""
    return lambda value: value is None or check(value)


def _one_of(words: tuple[str, ...]) -> Check:
    """Return a check for one of some words."""
    return lambda value: isinstance(value, str) and value in words


_HEAD: Final[Mapping[str, Check]] = {
    "format": _one_of((FORMAT,)),
    "session": _session,
    "within": _or_null(_session),
    "by": _one_of(("context", "command")),
    "run": _text,
    "model": _or_null(_text),
    "developer": _or_null(_text),
    "activity": _one_of(ACTIVITIES),
    "device": _or_null(_text),
    "milli_devices": _or_null(_count),
    "precision": _one_of(PRECISIONS),
    "sparsity": _one_of(SPARSITIES),
    "operation_kind": _one_of(OPERATION_KINDS),
    "method": _one_of(METHODS),
    "parameters": _or_null(_amount),
    "scale_up_gb_per_s": _or_null(_count),
    "scale_up_domain": _or_null(_count),
    "scale_out_gbit_per_s": _or_null(_count),
    "topology": _one_of(TOPOLOGIES),
    "rank": _or_null(_count),
    "job": _or_null(_text),
    "every_ms": _count,
    "doubts": _texts,
}
_MARK: Final[Mapping[str, Check]] = {
    "activity": _one_of(ACTIVITIES),
    "tokens": _or_null(_amount),
    "steps": _or_null(_amount),
    "operations": _or_null(_amount),
    "refused": _count,
    "lost": _count,
}
_ALL: Final[Mapping[str, Check]] = {"n": _count, "wall_ms": _count, "mono_ms": _count}
_END: Final[Mapping[str, Check]] = {
    "outcome": _one_of(("done", "failed", "left")),
    "status": _or_null(_text),
}
_KINDS: Final[Mapping[str, Mapping[str, Check]]] = {
    "head": {**_ALL, **_HEAD},
    "beat": {**_ALL, **_MARK},
    "mark": {**_ALL, **_MARK},
    "end": {**_ALL, **_MARK, **_END},
    "closing": {"format": _one_of((FORMAT,)), "job": _text, "n": _count, "wall_ms": _count},
}
"""Fields of a statement, by its kind ``t``, each with what it may hold."""


def _fault(value: object) -> str:
    """Return what is wrong with the form of a statement, or nothing."""
    kind = value.get("t") if isinstance(value, dict) else None
    fields = _KINDS.get(kind) if isinstance(kind, str) else None
    if fields is None or not isinstance(value, dict):
        return "the line is no statement of this format"
    if set(value) != {*fields, "t"}:
        return f"a {kind} has fields that are missing or not known"
    bad = [name for name, check in fields.items() if not check(value[name])]
    return f"{bad[0]} of a {kind} is not what it must be" if bad else ""
