"""An estimate is a count of operations worked out by a stated formula from recorded inputs.

Every estimate carries its inputs under names that `recompute` understands, so anybody who holds
the record can work the figure out again. A multiply-add is two operations. Everything is an
exact integer; where a formula gives a fraction, the whole operations below it are kept.

Formulas, with N parameters, n trainable parameters and D tokens:

==================  ================================================================
``dense``           6·N·D, and 12·layers·width·context·D more where attention is given
``adapter``         (4·N + 2·n)·D: frozen weights need no gradient of their own; f parameters
                    below all trained ones need no backward pass at all and take 2 each
``hardware``        devices · seconds · peak · utilisation
``steps``           operations counted in one step · steps
``pipe``            devices · peak · the sum of activity · clock ÷ peak clock · seconds
==================  ================================================================

The first is from Kaplan et al., "Scaling Laws for Neural Language Models" (2020); the attention
term from Narayanan et al., "Efficient Large-Scale Language Model Training" (2021). The hardware
formula and 6·P·D are the two that the guidelines on the EU AI Act (2025, Annex A.2) describe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger.canonical import INTEGER_MAX
from ledger.errors import InputError

__all__ = [
    "Attention",
    "Estimate",
    "Inputs",
    "PipeSample",
    "adapter",
    "attention_of",
    "ceiling",
    "dense",
    "fraction_of",
    "hardware",
    "integer_of",
    "parts",
    "pipe",
    "plain",
    "ratio_ppm",
    "recompute",
]

Inputs = Mapping[str, int | str]

MILLION = 1_000_000

_EXACT = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400}|/0*[1-9][0-9]{0,400})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and all that went into it.

    Attributes:
        operations: The figure, an exact count.
        method: ``architecture`` or ``hardware``, as a record states it.
        inputs: What was put in, by name; integers above 2^53 - 1 and fractions as text.
    """

    operations: int
    method: str
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class Attention:
    """The shape that decides what attention costs beyond 6·N·D.

    Attributes:
        layers: Transformer layers.
        width: Sum of the widths of all attention heads.
        context: Tokens attended over.
        causal_halved: Whether the kernel skips the upper triangle and so halves the term.
        forward_only: Layers of them that lie below every trained weight: no backward pass.
    """

    layers: int
    width: int
    context: int
    causal_halved: bool = False
    forward_only: int = 0

    def forward(self, layers: int) -> int:
        """Return the operations of one token in the forward pass of so many of the layers."""
        return (2 if self.causal_halved else 4) * layers * self.width * self.context

    def per_token(self) -> int:
        """Return the operations of one token, forward and backward: 12·layers·width·context."""
        return self.forward(3 * self.layers - 2 * self.forward_only)


@dataclass(frozen=True, slots=True)
class PipeSample:
    """What a device's counters said of a short stretch of time.

    Attributes:
        seconds: Length of the stretch, above 0.
        activity_percent: Share of the cycles in which the matrix pipe was busy, 0 to 100.
        clock_mhz: Clock of the pipe in that stretch.
    """

    seconds: Fraction
    activity_percent: Fraction
    clock_mhz: int


def dense(parameters: int, tokens: int, attention: Attention | None = None) -> Estimate:
    """Estimate training every parameter: 6·N·D, with the attention term if its shape is given.

    Args:
        parameters: N, active for each token; without embeddings that are only looked up.
        tokens: D, every token processed, repeats included.
        attention: Shape of the attention, or None to leave its operations out.
    """
    inputs: dict[str, int | str] = {
        "formula": "dense",
        "parameters": plain(parameters),
        "tokens": plain(tokens),
    }
    per_token = 6 * parameters
    if attention is not None:
        per_token += attention.per_token()
        inputs |= _shape(attention)
    return Estimate(per_token * tokens, "architecture", inputs)


def adapter(
    parameters: int,
    trainable: int,
    tokens: int,
    attention: Attention | None = None,
    forward_only: int = 0,
) -> Estimate:
    """Estimate training a small part of a frozen model: (4·N + 2·n - 2·f)·D, and attention.

    Args:
        parameters: N, all parameters, frozen and trainable.
        trainable: n, those that are updated; at most N.
        tokens: D.
        attention: Shape of the attention, or None to leave its operations out.
        forward_only: f, frozen parameters that lie below every trained one.

    Raises:
        InputError: More are trainable, or below the trained ones, than there are.
    """
    if trainable + forward_only > parameters:
        below = f" and {forward_only} below them" if forward_only else ""
        raise InputError(
            f"{trainable} trainable{below} of {parameters} parameters",
            remedy="check the figures: a part cannot be larger than the whole",
        )
    inputs: dict[str, int | str] = {
        "formula": "adapter",
        "parameters": plain(parameters),
        "trainable_parameters": plain(trainable),
        "tokens": plain(tokens),
    }
    if forward_only:
        inputs["forward_only_parameters"] = plain(forward_only)
    per_token = 4 * parameters + 2 * trainable - 2 * forward_only
    if attention is not None:
        per_token += attention.per_token()
        inputs |= _shape(attention)
    return Estimate(per_token * tokens, "architecture", inputs)


def hardware(device_us: int, peak: int, utilisation: Fraction) -> Estimate:
    """Estimate from the hardware held: devices · seconds · peak · utilisation, rounded down.

    Args:
        device_us: Devices times time, in device-microseconds.
        peak: Dense peak of one device at the operand format used, operations a second.
        utilisation: Share of the peak reached, 0 to 1; model utilisation leaves recomputation out.

    Raises:
        InputError: The utilisation is not between 0 and 1.
    """
    if not 0 <= utilisation <= 1:
        raise InputError(
            f"a utilisation of {utilisation}",
            why="no device does more than its peak at its own format",
            remedy="give a share between 0 and 1, and the peak of the format really used",
        )
    inputs: dict[str, int | str] = {
        "formula": "hardware",
        "device_us": plain(device_us),
        "peak_operations_per_s": plain(peak),
        "utilisation": str(utilisation),
    }
    return Estimate(int(device_us * peak * utilisation / MILLION), "hardware", inputs)


def pipe(
    samples: Iterable[PipeSample], *, milli_devices: int, peak: int, peak_clock_mhz: int
) -> Estimate:
    """Estimate from counters of the matrix pipe; only the stretches sampled are counted.

    Args:
        samples: What was measured, in any order; a gap is simply not there.
        milli_devices: Thousandths of a device that the samples stand for.
        peak: Dense peak of one device at ``peak_clock_mhz``, operations a second.
        peak_clock_mhz: Clock at which that peak is stated.
    """
    seconds = total = Fraction(0)
    for sample in samples:
        seconds += sample.seconds
        total += sample.seconds * sample.activity_percent * sample.clock_mhz
    inputs: dict[str, int | str] = {
        "formula": "pipe",
        "milli_devices": plain(milli_devices),
        "peak_operations_per_s": plain(peak),
        "peak_clock_mhz": peak_clock_mhz,
        "percent_mhz_seconds": str(total),
        "sampled_seconds": str(seconds),
    }
    return Estimate(recompute(inputs), "hardware", inputs)


def recompute(inputs: Inputs) -> int:
    """Work a figure out again from the inputs that a record carries.

    Args:
        inputs: ``method_inputs`` of a record whose ``formula`` is one of this module.

    Returns:
        The operations that the formula gives.

    Raises:
        InputError: The formula is unknown, or an input is missing or not a number.
    """
    formula = inputs.get("formula")
    if formula == "dense":
        return dense(
            integer_of(inputs, "parameters"), integer_of(inputs, "tokens"), attention_of(inputs)
        ).operations
    if formula == "adapter":
        names = ("parameters", "trainable_parameters", "tokens")
        total, trainable, tokens = (integer_of(inputs, name) for name in names)
        below = integer_of(inputs, "forward_only_parameters", 0)
        return adapter(total, trainable, tokens, attention_of(inputs), below).operations
    if formula == "hardware":
        held, peak = (integer_of(inputs, n) for n in ("device_us", "peak_operations_per_s"))
        return hardware(held, peak, fraction_of(inputs, "utilisation")).operations
    if formula == "steps":
        return integer_of(inputs, "operations_per_step") * integer_of(inputs, "steps")
    if formula == "pipe":
        devices, peak = (integer_of(inputs, n) for n in ("milli_devices", "peak_operations_per_s"))
        cycles = fraction_of(inputs, "percent_mhz_seconds") / integer_of(inputs, "peak_clock_mhz")
        return int(devices * peak * cycles / 100_000)
    raise InputError(
        f"the formula {formula!r} is not known",
        why="a figure that nobody can work out again is an assertion",
        remedy="formulas: dense, adapter, hardware, steps, pipe",
    )


def ceiling(device_us: int, peak: int) -> int:
    """Return the most operations that the time held allows: devices · seconds · peak, floored."""
    return device_us * peak // MILLION


def parts(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide a total over legs so that the parts add up to it exactly.

    Args:
        total: Whole operations, 0 or more.
        weights: Length of each leg, in any one unit; their sum is above 0.

    Returns:
        One part a leg: the floor of its share, and one more for those with the largest
        remainders (earlier legs first among equals).
    """
    whole = sum(weights)
    assert whole > 0, "a total is divided over legs that have a length"
    floors = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda leg: -(total * weights[leg] % whole))
    for leg in order[: total - sum(floors)]:
        floors[leg] += 1
    return tuple(floors)


def ratio_ppm(value: int, reference: int) -> int:
    """Return a ratio in parts per million, rounded to the nearest (halves up).

    Raises:
        InputError: The reference is zero.
    """
    if reference == 0:
        raise InputError("a ratio to zero", remedy="compare with a figure above zero")
    return (2 * value * MILLION + reference) // (2 * reference)


def plain(value: int) -> int | str:
    """Write an integer as a record does: a number up to 2^53 - 1, digits in text above."""
    return value if value <= INTEGER_MAX else str(value)


def attention_of(inputs: Inputs) -> Attention | None:
    """Return the shape of the attention if the inputs state one.

    Raises:
        InputError: A part of the shape is missing or not a number.
    """
    if "layers" not in inputs:
        return None
    layers, width, context = (
        integer_of(inputs, n) for n in ("layers", "attention_width", "context")
    )
    below = integer_of(inputs, "forward_only_layers", 0)
    if below > layers:
        raise InputError(
            f"{below} layers below the trained ones, of {layers}",
            remedy="forward_only_layers is at most layers: correct one of the two",
        )
    return Attention(layers, width, context, bool(integer_of(inputs, "causal_halved")), below)


def _shape(attention: Attention) -> dict[str, int | str]:
    """Return the shape of the attention as inputs of a record."""
    shape: dict[str, int | str] = {
        "layers": attention.layers,
        "attention_width": attention.width,
        "context": attention.context,
        "causal_halved": int(attention.causal_halved),
    }
    if attention.forward_only:
        shape["forward_only_layers"] = attention.forward_only
    return shape


def integer_of(inputs: Inputs, name: str, absent: int | None = None) -> int:
    """Return one input as a whole number.

    Args:
        inputs: Inputs of a method.
        name: Which of them.
        absent: What a missing one means; without it a missing one is an error.

    Raises:
        InputError: It is missing, or not a whole number.
    """
    if absent is not None and name not in inputs:
        return absent
    value = fraction_of(inputs, name)
    if value.denominator != 1:
        raise InputError(
            f"the input {name} is {value}, not a whole number",
            remedy="count in whole units, such as parameters, tokens or steps",
        )
    return value.numerator


def fraction_of(inputs: Inputs, name: str) -> Fraction:
    """Return one input as an exact number.

    Raises:
        InputError: It is missing or not a number.
    """
    if name not in inputs:
        raise InputError(f"the input {name} is missing", remedy="record it with the figure")
    if not _EXACT.fullmatch(str(inputs[name])):
        raise InputError(
            f"the input {name} is {inputs[name]!r}, not a number",
            remedy="write digits, or two whole numbers with a stroke: 2/5",
        )
    return Fraction(inputs[name])
