"""A disagreement between two figures of a run has a reason, which recorded inputs can show.

The reasons are those of the methods themselves: what each leaves out, counts twice or cannot see.
Figures in the sentences are worked out from the inputs of the records, never assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ledger.estimate import Inputs, adapter

__all__ = ["Compared", "Derived", "attention_operations", "explain", "percent", "whole"]

_HUNDREDTHS = 10_000  # hundredths of a percent in one


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside the one that counts.

    Attributes:
        method: How it was found.
        primary: Whether it is the one that counts.
        operations: Its operations, or their lower end; None if not stated.
        reference: The operations that count; None if not stated.
        inputs: Inputs of its method.
        counted: Inputs of the figure that counts.
        held_us: Device-microseconds of its legs; None if one does not state them.
    """

    method: str
    primary: bool
    operations: int | None
    reference: int | None
    inputs: Inputs
    counted: Inputs
    held_us: int | None


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure worked out from recorded inputs, which is not itself recorded.

    Attributes:
        name: What it is.
        operations: Its operations.
        reference: The operations that count, above 0.
    """

    name: str
    operations: int
    reference: int


def explain(figure: Compared) -> Iterator[str]:
    """Yield sentences that say what makes a figure differ from the one that counts."""
    if figure.operations is None:
        yield "no operations are stated; they are unknown, which is not zero"
        return
    if figure.method == "architecture":
        yield from _architecture(figure)
    elif figure.method == "framework_reported":
        yield from _framework(figure)
    elif figure.method == "hardware":
        yield from _hardware(figure)
    elif figure.method == "counter":
        yield (
            "counted by the shapes of the operators: both triangles of causal attention count, "
            "though a kernel may skip one, and operators that the counter does not know count 0"
        )
    elif figure.method == "third_party_estimate":
        yield "estimated from outside; its range is the publisher's confidence, not a measurement"


def percent(ratio: Fraction) -> str:
    """Return a ratio as a percentage with two decimals, rounded to the nearest (halves up)."""
    hundredths = (2 * ratio.numerator * _HUNDREDTHS + ratio.denominator) // (2 * ratio.denominator)
    return f"{hundredths // 100}.{hundredths % 100:02} %"


def _architecture(figure: Compared) -> Iterator[str]:
    """Say what 6·N·D takes for granted."""
    parameters, trainable = _number(figure, "parameters"), _number(figure, "trainable_parameters")
    tokens = _number(figure, "tokens")
    attention = attention_operations(figure.counted)
    dense = figure.inputs.get("formula") == "dense"
    if dense and parameters and trainable is not None and tokens and trainable < parameters:
        instead = adapter(parameters, trainable, tokens).operations
        yield (
            f"6·N·D takes all {parameters:,} parameters for trained, but only {trainable:,} are: "
            f"frozen weights need no gradient of their own, so a token takes 4·N + 2·n, which "
            f"gives {instead}{_of_reference(figure, instead)}"
        )
        if attention:
            yield (
                f"neither counts attention, which is {attention} operations; with it, "
                f"(4·N + 2·n)·D comes to {instead + attention}"
                f"{_of_reference(figure, instead + attention)}"
            )
        return
    if "layers" in figure.inputs or figure.primary:
        return
    reference = figure.reference
    if attention and reference and attention < reference:
        without = reference - attention
        yield (
            f"6·N·D leaves out attention, which is {attention} operations or "
            f"{percent(Fraction(attention, reference))} of the counted ones; of the rest it is "
            f"{percent(Fraction(figure.operations or 0, without))}"
        )
    else:
        yield "6·N·D leaves out attention, which grows with the context"


def _framework(figure: Compared) -> Iterator[str]:
    """Say what the trainer counts."""
    parameters, tokens = _number(figure, "parameters"), _number(figure, "tokens")
    yield (
        "total_flos follows 6·N·D: it leaves out attention, takes frozen weights for trained and "
        "every element of the main input for a token"
    )
    operations = figure.operations
    if parameters and tokens and operations and operations % (6 * tokens) == 0:
        used = operations // (6 * tokens)
        if used < parameters:
            yield (
                f"its N is {used:,}: the {parameters - used:,} parameters left out are embeddings, "
                "which are looked up and not multiplied"
            )


def _hardware(figure: Compared) -> Iterator[str]:
    """Say what busy cycles and held time do not show."""
    if figure.inputs.get("formula") != "pipe":
        yield "worked out from time held and a utilisation: it is as good as the utilisation"
        return
    yield (
        "activity of the matrix pipe counts busy cycles, not operations: a busy cycle may do less "
        "than its full width, recomputation counts, and work outside the matrix pipe is not seen"
    )
    clock, peak_clock = (whole(figure.inputs, n) for n in ("clock_max_mhz", "peak_clock_mhz"))
    if clock is not None and clock != peak_clock:
        yield (
            f"activity is of the clock at the time, up to {clock} MHz, while the peak is stated "
            f"at {peak_clock} MHz; the figure takes the clock into account"
        )
    unsampled = _number(figure, "unsampled_device_ms")
    if unsampled and figure.held_us:
        yield (
            f"{unsampled} of {figure.held_us // 1000} device-milliseconds held were not sampled: "
            "the figure is the lower end, and the range leaves those open"
        )


def attention_operations(counted: Inputs) -> int | None:
    """Return the attention operations that a counted figure contains, if its inputs tell them."""
    per_step, steps = (whole(counted, n) for n in ("attention_operations_per_step", "steps"))
    return None if per_step is None or steps is None else per_step * steps


def whole(inputs: Inputs, name: str) -> int | None:
    """Return an input as a whole number, or None if it is missing or something else."""
    text = str(inputs.get(name, ""))
    return int(text) if text.isascii() and text.isdecimal() else None


def _of_reference(figure: Compared, operations: int) -> str:
    """Return a clause that compares other operations with those that count."""
    if not figure.reference:
        return ""
    return f", {percent(Fraction(operations, figure.reference))} of the counted ones"


def _number(figure: Compared, name: str) -> int | None:
    """Return an input as a whole number, from the figure or from the one that counts."""
    own = whole(figure.inputs, name)
    return whole(figure.counted, name) if own is None else own
