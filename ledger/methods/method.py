"""A method is one way to find operations; the table of methods names them all."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.methods import architecture, measured
from ledger.methods.architecture import TRAINING
from ledger.methods.given import Given
from ledger.methods.worked import Worked

__all__ = ["METHODS", "Method", "estimate"]


@dataclass(frozen=True, slots=True)
class Method:
    """One way to find operations.

    Attributes:
        title: What it is for, in a few words.
        required: Inputs it cannot do without; ``a|b`` means one of them.
        optional: Inputs that change it.
        work: Turns what is given into a figure.
    """

    title: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    work: Callable[[Given], Worked]

    def names(self) -> frozenset[str]:
        """Return every input that it takes."""
        required = {name for names in self.required for name in names.split("|")}
        return frozenset({*required, *self.optional})


_TRAINING = tuple(sorted(TRAINING - {"tokens"}))

METHODS: Mapping[str, Method] = {
    "dense": Method(
        "training every parameter of a transformer",
        ("parameters", "tokens"),
        _TRAINING,
        architecture.dense,
    ),
    "moe": Method(
        "training a mixture of experts",
        ("active_parameters", "total_parameters", "tokens"),
        (*_TRAINING, "padded_ppm"),
        architecture.moe,
    ),
    "adapter": Method(
        "LoRA, or training a part of a frozen model",
        ("parameters", "trainable_parameters", "tokens"),
        (*_TRAINING, "forward_only_parameters", "forward_only_layers"),
        architecture.adapter,
    ),
    "rl": Method(
        "reinforcement learning: updates, rollouts, reference and reward",
        ("parameters", "tokens", "rollout_tokens"),
        (
            *_TRAINING,
            *("best_of", "reference_parameters", "reward_parameters", "trainable_parameters"),
            *("forward_only_parameters", "forward_only_layers"),
        ),
        architecture.rl,
    ),
    "distillation": Method(
        "a student, and the forward passes of its teacher",
        ("parameters", "tokens", "teacher_parameters"),
        (*_TRAINING, "teacher_tokens"),
        architecture.distillation,
    ),
    "synthetic": Method(
        "making training data with a model",
        ("generator_parameters", "generated_tokens", "public"),
        ("kept_tokens", "judge_parameters", "error_ppm"),
        architecture.synthetic,
    ),
    "hardware": Method(
        "devices, time, peak and utilisation",
        ("devices|device_us", "peak_operations_per_s"),
        ("seconds", "utilisation", "utilisation_low", "utilisation_high", "error_ppm"),
        measured.held,
    ),
    "counted": Method(
        "operations counted in one step, by the steps",
        ("operations_per_step", "steps"),
        ("error_ppm",),
        measured.counted,
    ),
    "pipe": Method(
        "activity of the matrix pipe from device counters",
        (
            *("devices", "seconds", "activity_percent", "clock_mhz"),
            *("peak_clock_mhz", "peak_operations_per_s"),
        ),
        ("error_ppm",),
        measured.piped,
    ),
    "reported": Method(
        "a figure that a provider states", ("operations",), ("error_ppm",), measured.reported
    ),
}
"""Methods by the word on the command line."""


def estimate(method: str, texts: Mapping[str, str]) -> Worked:
    """Work out a figure.

    Args:
        method: One of `METHODS`.
        texts: Inputs by name, numbers as people write them: ``405*10^9``, ``0.4``, ``2/5``.

    Raises:
        InputError: There is no such method, or an input is missing, unknown or wrong.
    """
    if method not in METHODS:
        near = difflib.get_close_matches(method, METHODS, n=1)
        raise InputError(
            f"there is no method {method!r}",
            remedy=f"write {near[0]}" if near else f"methods: {', '.join(METHODS)}",
        )
    given = Given(texts)
    given.check_names(METHODS[method].names())
    return METHODS[method].work(given)
