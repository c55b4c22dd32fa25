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
    public = dict(body)
    for name, form in _added(kind):
        if name not in public:
            raise InputError(f"the body is not that of type {kind}: {name} is not there")
        value = public.pop(name)
        if value is None and form is _PSEUDONYM:
            continue
        if not isinstance(value, str) or not form.fullmatch(value):
            digits = 32 if form is _PSEUDONYM else 64
            raise InputError(f"{name} is not {digits} hex digits")
    try:
        MODELS[kind].model_validate(public)
    except ValidationError as error:
        raise InputError(f"the body is not that of type {kind}: {faults(error)}") from error
    except LedgerError as error:
        raise InputError(f"the body is not that of type {kind}: {error.message}") from error


@cache
def _added(kind: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return what sealing adds to a record of this type: names and forms."""
    pseudonyms = sorted(f"{name}_pseudonym" for name in MODELS[kind].PSEUDONYMS)
    return (("idempotency_key", _DIGEST), *((name, _PSEUDONYM) for name in pseudonyms))
