"""A mixture is work whose matrix products run in several operand formats, one leg a format.

Shares are of the operations, parts per million, and come to a whole. Each leg gets its share of the
operations, and of the time held as much as its share takes at its own peak: so no leg looks slower
than another, and the legs are above their ceilings together or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lcm

from ledger.errors import InputError
from ledger.estimate import MILLION, ceiling, parts

__all__ = ["MixedLeg", "divide", "parse_shares"]

_SHARE = re.compile(r"[1-9][0-9]{0,5}|1000000", re.ASCII)


@dataclass(frozen=True, slots=True)
class MixedLeg:
    """One operand format of a mixture.

    Attributes:
        precision: The format.
        share_ppm: Its share of the operations.
        amounts: Operations by the name of the field; what is not stated stays None.
        device_us: Its share of the time held; None if the time is not known.
        peak: Dense peak of one device at the format, operations a second; None if not known.
        ceiling: Most operations in that time; None if it is not known.
    """

    precision: str
    share_ppm: int
    amounts: Mapping[str, int | None]
    device_us: int | None
    peak: int | None
    ceiling: int | None


def parse_shares(texts: Sequence[str], precisions: Sequence[str]) -> dict[str, int]:
    """Read shares such as ``fp8=850000``.

    Args:
        texts: One a format.
        precisions: Formats that a record may name.

    Returns:
        Parts per million by format; they come to 1,000,000.

    Raises:
        InputError: A format or number is wrong or stands twice, or the shares are no whole.
    """
    shares: dict[str, int] = {}
    for text in texts:
        name, _, digits = text.partition("=")
        if name not in precisions or name in shares:
            raise InputError(
                f"the operand format {name!r} "
                + ("stands twice" if name in shares else "is unknown"),
                where="--leg",
                remedy=f"formats: {', '.join(precisions)}",
            )
        if not _SHARE.fullmatch(digits):
            raise InputError(
                f"the share {digits[:20]!r} of {name} is no number from 1 to 1000000",
                where="--leg",
                remedy="shares are parts per million: fp8=850000",
            )
        shares[name] = int(digits)
    if shares and sum(shares.values()) != MILLION:
        raise InputError(
            f"the shares come to {sum(shares.values())} parts per million, not to 1000000",
            where="--leg",
            why="what is left over would be counted under no format, or twice",
            remedy="give every format its share",
        )
    return shares


def divide(
    amounts: Mapping[str, int | None],
    shares: Mapping[str, int],
    *,
    device_us: int | None = None,
    peaks: Mapping[str, int | None] | None = None,
) -> tuple[MixedLeg, ...]:
    """Divide work over its formats so that every sum stays exact.

    Args:
        amounts: Operations by the name of the field; None where it is not stated.
        shares: Parts per million by format, a whole together.
        device_us: Time held, device-microseconds, or None.
        peaks: Dense peak by format, operations a second; None where it is not known.

    Returns:
        One leg a format. Without all peaks nobody knows how the time falls to the legs: it stays
        None, and so do the ceilings.
    """
    assert sum(shares.values()) == MILLION, "shares are a whole"
    weights = list(shares.values())
    held = {
        name: (None,) * len(weights) if value is None else parts(value, weights)
        for name, value in amounts.items()
    }
    rates = [(peaks or {}).get(precision) for precision in shares]
    times = _times(device_us, weights, rates)
    return tuple(
        MixedLeg(
            precision,
            share,
            {name: pieces[index] for name, pieces in held.items()},
            times[index],
            rates[index],
            _ceiling(times[index], rates[index]),
        )
        for index, (precision, share) in enumerate(shares.items())
    )


def _ceiling(device_us: int | None, peak: int | None) -> int | None:
    """Return the most operations, or None if a part of it is not known."""
    return None if device_us is None or peak is None else ceiling(device_us, peak)


def _times(
    device_us: int | None, weights: Sequence[int], peaks: Sequence[int | None]
) -> tuple[int | None, ...]:
    """Return the time of each leg in proportion to what its share takes at its own peak."""
    known = [peak for peak in peaks if peak]
    if device_us is None or len(known) < len(peaks):
        return (None,) * len(weights)
    whole = lcm(*known)
    taken = [weight * (whole // peak) for weight, peak in zip(weights, known, strict=True)]
    return parts(device_us, taken)
