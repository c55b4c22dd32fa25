"""Faults of a trainer's own count, each known from runs of other people, named as findings.

``total_flos`` is 6 · tokens · parameters. It counts frozen weights as trained, leaves attention
out, takes every element of the main input for a token (a spectrogram cell, say), stays 0 for
models it cannot estimate, and goes on counting when a run is resumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from ledger.errors import Problem
from ledger.hardware import Catalogue
from ledger.importers.trainer_settings import Said
from ledger.importers.trainer_state import TrainerState
from ledger.quantity import OPERATIONS_MAX

__all__ = ["doubts"]

_EPOCHS_UNSET = 2**63 - 1  # what the Trainer writes when the data set has no length
_SURPLUS = Fraction(11, 10)  # more than this above 6·N·D is not a matter of embeddings
_MILLION = 1_000_000

Fault = tuple[str, str, str, str]
"""Code, message, remedy and why of a finding."""


def doubts(
    state: TrainerState, runtime: int | None, said: Said, catalogue: Catalogue, source: str
) -> Iterator[Problem]:
    """Yield what must be looked at in a state.

    Args:
        state: The state.
        runtime: Duration of the last session in milliseconds, or None.
        said: What the caller said besides.
        catalogue: The devices, for their peaks.
        source: Name of the file.
    """
    if said.start is not None and not (runtime and said.devices):
        yield Problem(
            source,
            None,
            "no-duration",
            "a start is given, but not how long how many devices were held",
            "write --set devices=… and give a state with train_runtime, or --set not_after=…",
        )
    if state.total_flos is not None and state.total_flos > OPERATIONS_MAX:
        yield Problem(
            source,
            None,
            "flos-large",
            "total_flos is more than 10^28",
            "correct the file: no run comes near it",
        )
    found = (
        *_counts(state),
        *_tokens(state, said),
        *_rate(state, runtime, said, catalogue),
    )
    for code, message, remedy, why in found:
        yield Problem(source, None, code, message, remedy, "finding", why)
    if said.activity == "unknown":
        yield Problem(
            source,
            None,
            "activity-unknown",
            "a trainer state does not say what the run was for",
            "write --set activity=sft, or another activity",
            "finding",
            "regimes count some activities and leave others out",
        )


def _counts(state: TrainerState) -> Iterator[Fault]:
    """Yield faults that show in the state alone."""
    if state.total_flos is None or state.total_flos == 0:
        stated = "missing" if state.total_flos is None else "0"
        yield (
            "flos-zero",
            f"total_flos is {stated}: the operations are unknown, not zero",
            "give the operations with another source, such as csv",
            "the Trainer writes 0 for models whose operations it cannot estimate",
        )
    elif state.total_flos.denominator != 1:
        yield (
            "flos-fraction",
            "total_flos is not a whole number: recorded as the range around it",
            "nothing to do",
            "operations are counted, so there are no parts of one",
        )
    if state.epochs is not None and state.epochs >= _EPOCHS_UNSET:
        yield (
            "epochs-unset",
            f"num_train_epochs is {state.epochs}, which stands for no limit",
            "nothing to do: epochs are not used",
            "figures worked out from it would be nonsense",
        )
    if state.resumed:
        yield (
            "resumed",
            f"the run looks resumed: {state.resumed}",
            "import only the last state of the run",
            "total_flos goes on counting over sessions while train_runtime is of the last one",
        )


def _tokens(state: TrainerState, said: Said) -> Iterator[Fault]:
    """Yield a fault when the count is far from 6·N·D, where N and D are known."""
    tokens = said.tokens or state.tokens_seen
    if not state.total_flos or not tokens or said.parameters is None:
        return
    expected = 6 * said.parameters * tokens
    if state.total_flos > _SURPLUS * expected or 2 * state.total_flos < expected:
        yield (
            "flos-not-6nd",
            f"total_flos is {_times(state.total_flos / expected)} of 6·N·D = {expected}",
            "find out what the Trainer took for a token; record 6·N·D with another source",
            "the Trainer takes every element of the main input for a token",
        )


def _rate(
    state: TrainerState, runtime: int | None, said: Said, catalogue: Catalogue
) -> Iterator[Fault]:
    """Yield a fault when the devices cannot have been so fast, as far as they are known."""
    if not state.total_flos or not runtime:
        return
    rate = state.total_flos * 1000 / runtime
    name, peak = _yardstick(said, catalogue)
    if said.device is not None and said.devices is not None:
        if peak is not None and rate > said.devices * peak:
            most = f"{said.devices} × {name} do at most {said.devices * peak}"
            yield (
                "above-ceiling",
                f"total_flos over train_runtime is {int(rate)} operations a second, but {most}",
                "do not rely on total_flos of this run; it is recorded as reported",
                "no device passes its peak"
                + (", unless the run was resumed" if state.resumed else ""),
            )
    elif peak is not None and rate > peak:
        need = f"{name} at full peak does {peak}, so it needs {math.ceil(rate / peak)} or more"
        yield (
            "rate-unchecked",
            f"total_flos over train_runtime is {int(rate)} operations a second: {need}",
            "write --set device=…, devices=… and precision=… to have it checked",
            "the state does not say how many devices ran; total_flos may be far too high",
        )


def _yardstick(said: Said, catalogue: Catalogue) -> tuple[str, int | None]:
    """Return a device and its dense peak: the stated one, or the fastest at BF16."""
    if said.device is not None:
        if said.precision != "unknown":
            return said.device.id, said.device.peak(said.precision)
        peaks = (said.device.peak(precision) for precision in said.device.precisions)
        return said.device.id, max((peak for peak in peaks if peak is not None), default=None)
    rates = {device.id: device.peak("bf16") or 0 for device in catalogue.devices.values()}
    fastest = max(rates, key=lambda name: rates[name], default="")
    return f"one {fastest}", rates.get(fastest)


def _times(ratio: Fraction) -> str:
    """Return a ratio in parts per million, for people."""
    return f"{int(ratio * _MILLION):,} millionths"
