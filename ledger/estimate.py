"""An estimate is a count of operations worked out by a stated formula from recorded inputs.

Every estimate carries its inputs under names that `recompute` understands, so anybody who holds
the record can work the figure out again. A multiply-add is two operations. Everything is an
exact integer; where a formula gives a fraction, the whole operations below it are kept.

Formulas, with N parameters, n trainable parameters and D tokens:

==================  ================================================================
``dense``           6·N·D, and 12·layers·width·context·D more where attention is given
``adapter``         (4·N + 2·n)·D: frozen weights need no gradient of their own
``hardware``        devices · seconds · peak · utilisation
``steps``           operations counted in one step · steps
``pipe``            devices · peak · the sum of activity · clock ÷ peak clock · seconds
==================  ================================================================

The first is from Kaplan et al., "Scaling Laws for Neural Language Models" (2020); the attention
term from Narayanan et al., "Efficient Large-Scale Language Model Training" (2021). The hardware
formula and 6·P·D are the two that the guidelines on the EU AI Act (2025, Annex A.2) describe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger.canonical import INTEGER_MAX
from ledger.errors import InputError

__all__ = [
    "Attention",
    "Estimate",
    "PipeSample",
    "adapter",
    "ceiling",
    "dense",
    "hardware",
    "parts",
    "pipe",
    "plain",
    "ratio_ppm",
    "recompute",
]

Inputs = Mapping[str, int | str]

MILLION = 1_000_000


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
    """

    layers: int
    width: int
    context: int
    causal_halved: bool = False

    def per_token(self) -> int:
        """Return the operations of one token, forward and backward: 12·layers·width·context."""
        return (6 if self.causal_halved else 12) * self.layers * self.width * self.context


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
        inputs |= {
            "layers": attention.layers,
            "attention_width": attention.width,
            "context": attention.context,
            "causal_halved": int(attention.causal_halved),
        }
    return Estimate(per_token * tokens, "architecture", inputs)


def adapter(parameters: int, trainable: int, tokens: int) -> Estimate:
    """Estimate training a small part of a frozen model: (4·N + 2·n)·D, without attention.

    Args:
        parameters: N, all parameters, frozen and trainable.
        trainable: n, those that are updated; at most N.
        tokens: D.

    Raises:
        InputError: More are trainable than there are.
    """
    if trainable > parameters:
        raise InputError(
            f"{trainable} trainable of {parameters} parameters", remedy="check the two figures"
        )
    inputs: dict[str, int | str] = {
        "formula": "adapter",
        "parameters": plain(parameters),
        "trainable_parameters": plain(trainable),
        "tokens": plain(tokens),
    }
    return Estimate((4 * parameters + 2 * trainable) * tokens, "architecture", inputs)


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
            _integer(inputs, "parameters"), _integer(inputs, "tokens"), _attention(inputs)
        ).operations
    if formula == "adapter":
        total, trainable = (_integer(inputs, n) for n in ("parameters", "trainable_parameters"))
        return adapter(total, trainable, _integer(inputs, "tokens")).operations
    if formula == "hardware":
        held, peak = (_integer(inputs, n) for n in ("device_us", "peak_operations_per_s"))
        return hardware(held, peak, _fraction(inputs, "utilisation")).operations
    if formula == "steps":
        return _integer(inputs, "operations_per_step") * _integer(inputs, "steps")
    if formula == "pipe":
        devices, peak = (_integer(inputs, n) for n in ("milli_devices", "peak_operations_per_s"))
        cycles = _fraction(inputs, "percent_mhz_seconds") / _integer(inputs, "peak_clock_mhz")
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


def _attention(inputs: Inputs) -> Attention | None:
    """Return the shape of the attention if the inputs state one."""
    if "layers" not in inputs:
        return None
    layers, width, context = (_integer(inputs, n) for n in ("layers", "attention_width", "context"))
    return Attention(layers, width, context, causal_halved=bool(_integer(inputs, "causal_halved")))


def _integer(inputs: Inputs, name: str) -> int:
    """Return one input as a whole number."""
    value = _fraction(inputs, name)
    if value.denominator != 1:
        raise InputError(f"the input {name} is {value}, not a whole number")
    return value.numerator


def _fraction(inputs: Inputs, name: str) -> Fraction:
    """Return one input as an exact number."""
    if name not in inputs:
        raise InputError(f"the input {name} is missing", remedy="record it with the figure")
    try:
        return Fraction(inputs[name])
    except ValueError as error:
        raise InputError(f"the input {name} is {inputs[name]!r}, not a number") from error
