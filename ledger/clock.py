"""The clock is the one place that reads the time."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime

from ledger.errors import InputError

__all__ = ["now"]

_SECONDS = re.compile(r"[0-9]{1,11}")


def now() -> datetime:
    """Return the time in UTC, to the second; ``SOURCE_DATE_EPOCH`` sets it.

    Raises:
        InputError: If ``SOURCE_DATE_EPOCH`` is not a number of seconds.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if fixed is None:
        return datetime.now(UTC).replace(microsecond=0)
    if not _SECONDS.fullmatch(fixed):
        raise InputError(
            f"SOURCE_DATE_EPOCH is {fixed[:40]!r}",
            remedy="set it to whole seconds since 1970, or unset it",
        )
    return datetime.fromtimestamp(int(fixed), UTC)
