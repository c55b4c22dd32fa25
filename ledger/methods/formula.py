"""A formula turns recorded inputs into operations; `work_out` knows all that records may name.

Besides those of `ledger.estimate` there are:

============  ===========================================================================
``forward``   2·N·tokens·passes, with the forward part of attention: passes without training
``reported``  the figure as somebody else states it, which is all that can be checked
============  ===========================================================================

Three more inputs change what a formula gives. ``structured_ppm`` is the share of the matrix
products that ran with 2:4 sparsity: half of each such product is performed, and the whole is its
dense equivalent. ``recomputation`` and ``padded_ppm`` say what was executed beyond the model's own
work.
"""

from __future__ import annotations

from ledger.errors import InputError
from ledger.estimate import (
    MILLION,
    Inputs,
    attention_of,
    fraction_of,
    integer_of,
    recompute,
)

__all__ = ["RECOMPUTATION", "dense_equivalent", "executed", "forward", "work_out"]

RECOMPUTATION = ("none", "selective", "full")
"""What the backward pass computes again: nothing, the attention of each layer, or all of it."""


def work_out(inputs: Inputs) -> int:
    """Return the operations performed that the inputs of a record give.

    Args:
        inputs: ``method_inputs`` of a record; ``formula`` says which formula.

    Raises:
        InputError: The formula is unknown, or an input is missing or not a number.
    """
    dense = dense_equivalent(inputs)
    share = integer_of(inputs, "structured_ppm", 0)
    if not 0 <= share <= MILLION:
        raise InputError(
            f"a share of {share} parts per million runs with 2:4 sparsity",
            remedy="give a share of the matrix products, 0 to 1000000",
        )
    return dense * (2 * MILLION - share) // (2 * MILLION)


def dense_equivalent(inputs: Inputs) -> int:
    """Return the operations that dense matrices of the same shape would take.

    Raises:
        InputError: As `work_out`.
    """
    formula = inputs.get("formula")
    if formula == "forward":
        return forward(inputs)
    if formula == "reported":
        return integer_of(inputs, "reported_operations")
    return recompute(inputs)


def forward(inputs: Inputs) -> int:
    """Return 2·N·tokens·passes, and the forward part of attention where its shape is given."""
    per_token = 2 * integer_of(inputs, "parameters")
    attention = attention_of(inputs)
    if attention is not None:
        per_token += attention.forward(attention.layers)
    return per_token * integer_of(inputs, "tokens") * integer_of(inputs, "passes", 1)


def executed(inputs: Inputs) -> int | None:
    """Return the operations with recomputation and padding, or None if neither is stated.

    Full recomputation does the forward pass again of all that has a backward pass, which makes
    8·N·D of 6·N·D; selective recomputation does it again for attention alone.

    Raises:
        InputError: A word is unknown, or selective recomputation lacks the shape of attention.
    """
    if "recomputation" not in inputs and "padded_ppm" not in inputs:
        return None
    again = _again(inputs)
    padded = fraction_of({"padded_ppm": 0, **inputs}, "padded_ppm")
    dense = dense_equivalent(inputs)
    performed = work_out(inputs) + (again * work_out(inputs) // dense if dense else 0)
    return int(performed * (MILLION + padded) / MILLION)


def _again(inputs: Inputs) -> int:
    """Return the operations of the second forward pass, as of dense matrices."""
    kind = inputs.get("recomputation", "none")
    if kind not in RECOMPUTATION:
        raise InputError(
            f"a recomputation {kind!r}", remedy=f"write one of: {', '.join(RECOMPUTATION)}"
        )
    if kind == "none":
        return 0
    attention = attention_of(inputs)
    if kind == "selective" and attention is None:
        raise InputError(
            "selective recomputation without the shape of attention",
            why="it does the attention of each layer again, and nothing else",
            remedy="give layers, attention_width and context, or recomputation=full",
        )
    tokens = integer_of(inputs, "tokens")
    core = attention.forward(attention.layers - attention.forward_only) if attention else 0
    if kind == "selective":
        return core * tokens
    below = integer_of(inputs, "forward_only_parameters", 0)
    return (core + 2 * (integer_of(inputs, "parameters") - below)) * tokens
