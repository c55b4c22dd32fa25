"""A stored body is what a leaf holds of a record: its public fields, stand-ins and keyed digest.

Whoever verifies a foreign ledger reads bodies that nobody has checked for him: an amount below
zero, or a field that is not there, would come out of his own sums.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from ledger.errors import InputError, LedgerError
from ledger.modelling import ValidationError
from ledger.record.draft import MODELS
from ledger.record.faults import faults

__all__ = ["check_stored"]

_KEY: Final = "idempotency_key"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PSEUDONYM: Final = re.compile(r"[0-9a-f]{32}")


def check_stored(kind: str, body: Mapping[str, Any]) -> None:
    """Do nothing if a body has the published shape of its record type.

    Args:
        kind: One of the record types.
        body: What stands in the leaf.

    Raises:
        InputError: If a field is missing, unknown or wrong; all faults are named.
    """
    names, pseudonyms = _fields(kind)
    public = {name: body[name] for name in names if name in body}
    expected = {_KEY, *pseudonyms}
    others = body.keys() - public.keys()
    if others != expected:
        missing, unknown = sorted(expected - others), sorted(others - expected)
        said = [f"{name} is not there" for name in missing]
        said += [f"{name[:60]} is no field of it" for name in unknown]
        raise InputError(f"the body is not that of type {kind}: {'; '.join(said[:4])}")
    key = body[_KEY]
    if not isinstance(key, str) or not _DIGEST.fullmatch(key):
        raise InputError(f"{_KEY} is not 64 hex digits")
    for name in pseudonyms:
        value = body[name]
        if value is not None and not (isinstance(value, str) and _PSEUDONYM.fullmatch(value)):
            raise InputError(f"{name} is not 32 hex digits")
    try:
        MODELS[kind].model_validate(public)
    except ValidationError as error:
        raise InputError(f"the body is not that of type {kind}: {faults(error)}") from error
    except LedgerError as error:
        raise InputError(f"the body is not that of type {kind}: {error.message}") from error


@cache
def _fields(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the public fields of a record type, and the names of its stand-ins."""
    model = MODELS[kind]
    return tuple(model.model_fields), tuple(f"{name}_pseudonym" for name in model.PSEUDONYMS)
