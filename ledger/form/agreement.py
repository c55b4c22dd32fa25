"""An agreement is seen in the texts that a form caught: the rule that asks for them surely holds.

It is exact on one side only, as a form is. Where it says yes, ``require`` of the rule raises
nothing; where it says no, nothing is proved, and the rule itself is asked. It makes no record of
the texts first, and times that come again, as those of a whole month of legs do, are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from ledger.form.rules import Amounts, Inputs, Rule, Times

__all__ = ["AGREEMENTS", "Agreement"]

Agreement: TypeAlias = Callable[..., bool]
"""Takes the texts of the fields of its rule, in their order; None stands for null."""

_LENGTHS = 4096  # times of legs that are remembered


def _times(  # noqa: PLR0913, PLR0917 - the fields of the rule
    start: str | None,
    start_ms: str,
    end: str | None,
    end_ms: str,
    not_after: str | None,
    milli_devices: str | None,
    device_us: str | None,
) -> bool:
    """Return whether a leg lies within one day, and its device time is devices × time."""
    if start is None or end is None or not_after is not None:
        return False
    length = _length(start, start_ms, end, end_ms)
    if milli_devices is None or device_us is None:
        return length > 0
    return length > 0 and int(device_us) == int(milli_devices) * length


def _amounts(
    low: str | None,
    _: str | None,
    high: str | None,
    device_us: str | None,
    peak: str | None,
    ceiling: str | None,
) -> bool:
    """Return whether no range is stated, and the ceiling is floor(device_us × peak ÷ 10^6)."""
    return (
        low is None
        and high is None
        and (
            ceiling is None
            or device_us is None
            or peak is None
            or int(ceiling) == int(device_us) * int(peak) // 10**6
        )
    )


def _inputs(method_inputs: str) -> bool:
    """Return whether there are no inputs."""
    return method_inputs == "{}"


@lru_cache(_LENGTHS)
def _length(start: str, start_ms: str, end: str, end_ms: str) -> int:
    """Return the milliseconds of a leg of one day that runs forward; 0 for any other."""
    if start[:10] != end[:10]:
        return 0
    return max(0, _in_day(end, end_ms) - _in_day(start, start_ms))


def _in_day(text: str, milliseconds: str) -> int:
    """Return the milliseconds since midnight."""
    seconds = (int(text[11:13]) * 60 + int(text[14:16])) * 60 + int(text[17:19])
    return seconds * 1000 + int(milliseconds)


AGREEMENTS: Final[Mapping[Rule, Agreement]] = {Times: _times, Amounts: _amounts, Inputs: _inputs}
"""The agreements there are, by rule."""
