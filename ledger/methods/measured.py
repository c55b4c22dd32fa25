"""Measured methods start from devices, time and counters, or from what a provider reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from ledger.errors import InputError
from ledger.estimate import MILLION, Inputs, ceiling, hardware, plain
from ledger.methods.architecture import Kind, part_of
from ledger.methods.given import Given
from ledger.methods.worked import Part, Worked

__all__ = ["counted", "held", "piped", "reported"]

_PIPE_PPM = 200_000
_PIPE_WHY = (
    "expert judgement: up to a fifth either way where all the time was sampled, since a busy "
    "cycle of the matrix pipe may do less than its full width"
)
_COUNTED_WHY = (
    "no error is known: operators that the counter does not know count 0, and causal attention "
    "may be counted twice"
)
_HELD = "N·L·H·U"
_MODEL_ONLY = ("utilisation must be of the model's own operations, without recomputation",)
_ROUNDED = re.compile(r"([0-9](?:\.([0-9]+))?)\*10\^([0-9]{1,2})", re.ASCII)


def held(given: Given) -> Worked:
    """Work out N·L·H·U: devices · seconds · peak · utilisation, one period of constant N."""
    device_us = _device_us(given)
    peak = given.positive("peak_operations_per_s")
    if not given.has("utilisation"):
        return Worked("hardware", _HELD, (_unused(device_us, peak),))
    utilisation = given.number("utilisation")
    found = hardware(device_us, peak, utilisation)
    ends = [name for name in ("utilisation_low", "utilisation_high") if given.has(name)]
    if given.has("error_ppm") and not ends:
        kind = Kind("held", "unknown", None, "", "hardware")
        return Worked("hardware", _HELD, (part_of(given, found.inputs, kind, _MODEL_ONLY),))
    low, high, why = _ends(given, utilisation, ends)
    inputs = {**found.inputs, "utilisation_low": str(low), "utilisation_high": str(high)}
    lower, upper = (hardware(device_us, peak, end).operations for end in (low, high))
    part = Part(
        "held",
        "unknown",
        "hardware",
        found.operations,
        lower,
        upper,
        None,
        inputs,
        why,
        _MODEL_ONLY,
    )
    return Worked("hardware", _HELD, (part,))


def _ends(
    given: Given, utilisation: Fraction, names: Sequence[str]
) -> tuple[Fraction, Fraction, str]:
    """Return both ends of the utilisation, and why they are what they are.

    Raises:
        InputError: Only one is given, or the figure is not between them.
    """
    if not names:
        why = "the utilisation is stated without a range: all that the hardware allows is open"
        return Fraction(0), Fraction(1), why
    if len(names) == 1:
        raise InputError(
            f"{names[0]} without its other end",
            where="--set",
            remedy="give utilisation_low and utilisation_high, or neither",
        )
    low, high = (given.number(name) for name in names)
    if not low <= utilisation <= high:
        raise InputError(
            f"a utilisation of {utilisation} is not between {low} and {high}",
            where="--set",
            remedy="give the two ends in order, around the figure",
        )
    return low, high, f"the utilisation is stated between {low} and {high}"


def _unused(device_us: int, peak: int) -> Part:
    """Return the range of time held of which no utilisation is known."""
    inputs: Inputs = {
        "device_us": plain(device_us),
        "peak_operations_per_s": plain(peak),
        "utilisation_high": "1",
    }
    return Part(
        "held",
        "unknown",
        "hardware",
        None,
        0,
        ceiling(device_us, peak),
        None,
        inputs,
        "no utilisation is known: from nothing to the dense peak",
    )


def _device_us(given: Given) -> int:
    """Return the time held, from devices and seconds or stated itself."""
    if given.has("device_us"):
        return given.positive("device_us")
    amount = given.number("devices") * given.number("seconds") * MILLION
    if amount.denominator != 1 or amount == 0:
        raise InputError(
            f"{amount} device-microseconds",
            where="--set",
            remedy="devices go to thousandths and seconds to thousandths, and neither is 0",
        )
    return amount.numerator


def counted(given: Given) -> Worked:
    """Work out the operations counted in one step by all the steps."""
    inputs: Inputs = {
        "formula": "steps",
        "operations_per_step": plain(given.positive("operations_per_step")),
        "steps": plain(given.positive("steps")),
    }
    part = part_of(given, inputs, Kind("counted", "unknown", None, _COUNTED_WHY, "counter"))
    return Worked("counted", "operations of one step · steps", (part,))


def piped(given: Given) -> Worked:
    """Work out the activity of the matrix pipe, by clock and time, with unsampled time open."""
    percent = given.number("activity_percent")
    clock, peak_clock = given.positive("clock_mhz"), given.positive("peak_clock_mhz")
    if percent > 100:  # noqa: PLR2004 - a percentage
        raise InputError(f"an activity of {percent} percent", where="--set", remedy="give 0 to 100")
    seconds, thousandths = given.number("seconds"), given.number("devices") * 1000
    if thousandths.denominator != 1:
        raise InputError("devices go to thousandths", where="--set", remedy="round the number")
    inputs: Inputs = {
        "formula": "pipe",
        "milli_devices": plain(thousandths.numerator),
        "peak_operations_per_s": plain(given.positive("peak_operations_per_s")),
        "peak_clock_mhz": plain(peak_clock),
        "percent_mhz_seconds": str(percent * clock * seconds),
        "sampled_seconds": str(seconds),
    }
    part = part_of(
        given,
        inputs,
        Kind("pipe activity", "unknown", _PIPE_PPM, _PIPE_WHY, "hardware"),
        ("recomputation, padding and failed steps are in it: it is what was executed",),
    )
    return Worked("pipe", "devices · peak · activity · clock ÷ peak clock · seconds", (part,))


def reported(given: Given) -> Worked:
    """Take a figure as its provider states it; its digits say how far it was rounded."""
    text = given.texts.get("operations", "")
    operations = given.positive("operations")
    inputs: Inputs = {
        "formula": "reported",
        "reported_operations": plain(operations),
        "reported_as": text,
    }
    match = _ROUNDED.fullmatch(text)
    half = _half_unit(match) if match and not given.has("error_ppm") else None
    if half is None:
        part = part_of(
            given,
            inputs,
            Kind("reported", "unknown", None, "the provider states no error", "provider_reported"),
        )
        return Worked("reported", "as stated", (part,))
    figures = len(text.partition("*")[0].replace(".", ""))
    part = Part(
        "reported",
        "unknown",
        "provider_reported",
        operations,
        operations - half,
        operations + half,
        None,
        inputs,
        f"the figure is rounded to {figures} digits; the provider states no other error",
    )
    return Worked("reported", "as stated", (part,))


def _half_unit(match: re.Match[str]) -> int:
    """Return half of the last digit that a number like 6.5*10^23 states, rounded up."""
    places = int(match[3]) - len(match[2] or "")
    return -(-(10**places) // 2) if places >= 0 else 0
