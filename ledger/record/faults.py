"""A fault is one wrong field of a record, said in words that tell what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.modelling import ErrorDetails, ValidationError

__all__ = ["faults"]

_SHOWN_MAX = 60
_TOLD_MAX = 20
_CHECKED = re.compile(r"^function-\w+\[\w+\(\), (.+)\]$")  # a check of ours around a type

_BY_KIND: Mapping[str, str] = {
    "missing": "is not there: write null for what is not known",
    "extra_forbidden": "is not a field of this record: check its name",
    "string_type": 'is no text: write it in quotes, "…"',
    "int_type": "is no whole number: write digits without quotes, point or exponent",
    "int_from_float": "is no whole number: write digits without point or exponent",
    "bool_type": "is neither true nor false",
    "list_type": "is no list: write […]",
    "union_tag_not_found": 'lacks its kind: write {"kind": …, "value": …}',
    "dict_type": "is no object: write {…}",
    "model_type": "is no object: write {…}",
    "model_attributes_type": "is no object: write {…}",
}

_BY_PATTERN: Mapping[str, str] = {
    "(0|[1-9][0-9]{0,37})": 'write digits only, as a text such as "38000000000000000000000000"',
    "[0-9a-f]{64}": "write 64 digits from 0 to 9 and a to f",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "write a time in UTC as 2026-11-22T10:00:00Z",
    r"\d{4}-\d\d-\d\d": "write a day as 2026-11-22",
    "[A-Z]{2}": "write a country as two capitals, such as NO",
}


def faults(error: ValidationError) -> str:
    """Return the faults of a record in one line: the first of them if they are many.

    Args:
        error: What validating the record gave.
    """
    found = error.errors(include_url=False)
    told = [_fault(fault) for fault in found[:_TOLD_MAX]]
    more = len(found) - len(told)
    return "; ".join([*told, f"and {more} more"] if more else told)


def _fault(fault: ErrorDetails) -> str:
    """Return one fault: its place and what to write there."""
    place = ".".join(_CHECKED.sub(r"\1", _cut(str(part))) for part in fault["loc"])
    text = _words(fault)
    return f"{place}: {text}" if place else text


def _cut(part: str) -> str:
    """Return a part of a place, cut if somebody made up a long name."""
    return part if len(part) <= _SHOWN_MAX or _CHECKED.match(part) else f"{part[:_SHOWN_MAX]}…"


def _words(fault: ErrorDetails) -> str:
    """Say what is wrong with the value."""
    kind, limits = fault["type"], fault.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _misspelt(fault["input"], str(limits["pattern"]))
    if kind in {"literal_error", "union_tag_invalid"}:
        known = str(limits.get("expected") or limits.get("expected_tags"))
        return f"{_shown(fault)} is not one of {known.replace(' or ', ', ')}"
    bounds = {
        "greater_than_equal": f"must be at least {limits.get('ge')}",
        "less_than_equal": f"must be at most {limits.get('le')}",
        "string_too_long": f"has more than {limits.get('max_length')} characters",
    }
    return bounds.get(kind) or _BY_KIND.get(kind) or fault["msg"].removeprefix("Value error, ")


def _misspelt(value: object, pattern: str) -> str:
    """Say how a text is written that is not written so."""
    text = repr(str(value)[:_SHOWN_MAX])
    how = _BY_PATTERN.get(pattern.removeprefix("^").removesuffix("$"))
    if how is not None:
        return f"{text} cannot be read: {how}"
    if pattern.startswith("^(model|"):
        kinds = pattern.partition("(")[2].partition(")")[0].replace("|", ", ")
        return f"{text} is no subject: write one of {kinds}, a colon and a name"
    if pattern.endswith("*$"):
        return f"{text} holds a control character: write it without"
    return (
        f"{text} is no name: write 1 to 200 characters, none of them a control character, "
        "and no space at either end"
    )


def _shown(fault: ErrorDetails) -> str:
    """Return what was written, cut if it is long."""
    tag = fault.get("ctx", {}).get("tag")
    return repr(fault["input"] if tag is None else tag)[:_SHOWN_MAX]
