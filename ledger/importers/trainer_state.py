"""A trainer state is the JSON file in which the Hugging Face Trainer keeps its own counts.

It has no dates and no devices. Its ``total_flos`` is 6 · tokens · parameters without embeddings,
where "tokens" is the number of elements of the main input, whatever they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.errors import InputError
from ledger.importers.held_time import SPAN_MAX_MS
from ledger.importers.source_file import exact_number

__all__ = ["TrainerState", "read_state", "runtime_of"]


@dataclass(frozen=True, slots=True)
class TrainerState:
    """What the state says, figures exact.

    Attributes:
        total_flos: Operations as the trainer counts them, or None if not stated.
        global_step: Optimiser steps done, or None.
        max_steps: Steps planned, or None.
        epochs: ``num_train_epochs``, or None.
        batch: ``train_batch_size`` of one device, or None.
        tokens_seen: ``num_input_tokens_seen``; None if absent or 0, which means not tracked.
        runtime_ms: ``train_runtime`` of the last session in milliseconds, or None.
        steps_per_second: ``train_steps_per_second``, or None.
        resumed: Why the run looks resumed, or empty.
    """

    total_flos: Fraction | None
    global_step: int | None
    max_steps: int | None
    epochs: int | None
    batch: int | None
    tokens_seen: int | None
    runtime_ms: int | None
    steps_per_second: Fraction | None
    resumed: str


def read_state(value: Mapping[str, object]) -> TrainerState:
    """Read a state.

    Args:
        value: The JSON object, floats as exact decimals.

    Raises:
        InputError: It is not a trainer state, or a figure in it is not a number of 0 or more.
    """
    history = value.get("log_history")
    if not isinstance(history, list) or "global_step" not in value:
        raise InputError(
            "not a trainer state: log_history or global_step is missing",
            remedy="give trainer_state.json as the Trainer wrote it",
        )
    logs = [entry for entry in history if isinstance(entry, dict)]
    summaries = [entry for entry in logs if "train_runtime" in entry and "total_flos" in entry]
    last = summaries[-1] if summaries else {}
    return TrainerState(
        total_flos=_number(value, "total_flos"),
        global_step=_count(value, "global_step"),
        max_steps=_count(value, "max_steps"),
        epochs=_count(value, "num_train_epochs"),
        batch=_count(value, "train_batch_size"),
        tokens_seen=_count(value, "num_input_tokens_seen") or None,
        runtime_ms=_milliseconds(last),
        steps_per_second=_number(last, "train_steps_per_second"),
        resumed=_resumed(logs, len(summaries), _count(value, "logging_steps")),
    )


def runtime_of(results: Mapping[str, object]) -> int | None:
    """Return ``train_runtime`` of an ``all_results.json`` in milliseconds, or None.

    Raises:
        InputError: It is not a number of seconds, or more than ten years.
    """
    return _milliseconds(results)


def _milliseconds(entry: Mapping[str, object]) -> int | None:
    """Return ``train_runtime`` in milliseconds, later fractions cut off, or None."""
    runtime = _number(entry, "train_runtime")
    if runtime is None:
        return None
    if runtime * 1000 > SPAN_MAX_MS:
        raise InputError(
            f"train_runtime is {entry['train_runtime']} seconds, more than ten years",
            remedy="check that it is in seconds",
        )
    return int(runtime * 1000)


def _resumed(logs: list[dict[str, object]], summaries: int, interval: int | None) -> str:
    """Return the sign that training was taken up again, or an empty text."""
    if summaries > 1:
        return f"log_history has {summaries} summaries of a finished session"
    steps = list(_training_steps(logs))
    for before, after in itertools.pairwise(steps):
        if after < before:
            return f"log_history goes back from step {before} to step {after}"
    if steps and interval and steps[0] > 2 * interval:
        return f"log_history starts at step {steps[0]}, though every {interval} steps are logged"
    return ""


def _training_steps(logs: list[dict[str, object]]) -> Iterator[int]:
    """Yield the steps of the training entries, which carry a loss of their own."""
    for entry in logs:
        step = entry.get("step")
        if "loss" in entry and isinstance(step, int):
            yield step


def _number(value: Mapping[str, object], name: str) -> Fraction | None:
    """Return a figure exactly, or None if it is not there."""
    number = value.get(name)
    if number is None:
        return None
    exact = exact_number(number)
    if exact is not None and exact >= 0:
        return exact
    raise InputError(
        f"{name} is {str(number)[:40]!r}, not a number of 0 or more",
        why="a figure is taken exactly or not at all",
        remedy="give the file as the Trainer wrote it",
    )


def _count(value: Mapping[str, object], name: str) -> int | None:
    """Return a figure that counts whole things, or None if it is not there or is negative."""
    number = value.get(name)
    if isinstance(number, bool) or not isinstance(number, int):
        return None
    return number if number >= 0 else None
