"""Megatron lines: what Megatron-LM and NeMo print of their iterations, and of their settings."""

from __future__ import annotations

import re
from typing import Final

from ledger.importers.step_log import (
    Begun,
    Broken,
    Ended,
    Event,
    Format,
    Said,
    Step,
    printed,
    whole,
)

__all__ = ["MEGATRON", "SETTINGS_READ", "is_iteration"]

_ITERATION: Final = re.compile(
    r"(?:\[(?P<day>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<part>\d{1,6}))?\]\s*)?"
    r"iteration\s+(?P<last>\d{1,12})/\s*(?P<total>\d{1,12})\s*\|(?P<rest>.*)"
)
_NEMO: Final = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<part>\d{1,6}))?"
    r"(?P<offset>Z|[+-]\d\d:?\d\d)?\]?\s*)?"
    r"Training epoch \d+, iteration (?P<last>\d{1,12})/(?P<total>\d{1,12})\s*\|(?P<rest>.*)"
)
_ARGUMENT: Final = re.compile(r"(?:^|\s)(?P<name>[a-z0-9_]{2,60}) \.{3,60} (?P<value>\S.{0,199})$")
_WORLD: Final = re.compile(r"using world size: (?P<value>\d{1,9})\b")
_LOADED: Final = re.compile(r"loaded checkpoint from .{0,4000}? at iteration (?P<at>\d{1,12})")
_VERSION: Final = re.compile(
    r"\b(?P<name>megatron[-_ ](?:core|lm)|nemo)(?:[-_ ]version)?\s*[:=]+\s*"
    r"v?(?P<value>\d[\w.+-]{0,60})",
    re.IGNORECASE,
)
_DONE: Final = "[after training is done]"
_HEAD: Final = "- arguments -"

SETTINGS_READ: Final = frozenset(
    {
        *("world_size", "log_interval", "swiglu", "multi_latent_attention", "is_hybrid_model"),
        *("hybrid_override_pattern", "hybrid_attention_ratio", "window_size", "fp8", "bf16"),
        *("fp16", "recompute_granularity", "seq_length"),
    }
)
"""Arguments of the program that matter to the record."""


def is_iteration(text: str) -> bool:
    """Return whether a line is about an iteration of Megatron-LM or NeMo."""
    if "elapsed time per iteration (" in text:
        return _ITERATION.search(text) is not None
    return "train_step_timing in s:" in text and _NEMO.search(text) is not None


def _read(text: str) -> Event | None:
    """Return the event of a line."""
    if "elapsed time per iteration (" in text:
        return _iteration(text)
    if "Training epoch " in text and "train_step_timing" in text:
        return _nemo(text)
    if _HEAD in text:
        return Begun()
    return Ended() if _DONE in text else _said(text)


def _said(text: str) -> Event | None:
    """Return a checkpoint taken up, or a setting."""
    if found := _LOADED.search(text):
        return Begun(int(found["at"]))
    if found := _WORLD.search(text):
        return Said("world_size", found["value"])
    if (found := _ARGUMENT.search(text)) and found["name"] in SETTINGS_READ:
        return Said(found["name"], found["value"].strip())
    found = _VERSION.search(text)
    return Said("framework_version", f"{found['name']} {found['value']}") if found else None


def _iteration(text: str) -> Event:
    """Return the step of a line of Megatron-LM."""
    found = _ITERATION.search(text)
    if found is None:
        return Broken()
    cells = _cells(found["rest"])
    time = None
    if "elapsed time per iteration (ms)" in cells:
        time = printed(cells["elapsed time per iteration (ms)"], 6)
    elif "elapsed time per iteration (s)" in cells:
        time = printed(cells["elapsed time per iteration (s)"], 9)
    rate = None
    for name in ("throughput per GPU (TFLOP/s/GPU)", "TFLOPs"):
        if name in cells:
            rate = printed(cells[name], 12)
            if rate is None:
                return Broken()
            break
    if time is None or not time.value or not int(found["last"]):
        return Broken()
    return Step(
        int(found["last"]),
        None,
        time,
        rate,
        f"{found['day']}T{found['time']}" if found["day"] else None,
        _ms(found["part"]),
        total=int(found["total"]),
        batch=whole(cells.get("global batch size")),
        samples=whole(cells.get("consumed samples")),
    )


def _nemo(text: str) -> Event:
    """Return the step of a line of NeMo, which counts from 0 and prints four digits."""
    found = _NEMO.search(text)
    if found is None:
        return Broken()
    cells = _cells(found["rest"])
    time = printed(cells.get("train_step_timing in s", ""), 9, significant=4)
    stated = cells.get("TFLOPS_per_GPU")
    rate = None if stated is None else printed(stated, 12, significant=4)
    if time is None or not time.value or (stated is not None and rate is None):
        return Broken()
    number = whole(cells.get("global_step"))
    return Step(
        (int(found["last"]) if number is None else number) + 1,
        None,
        time,
        rate,
        f"{found['day']}T{found['time']}" if found["day"] else None,
        _ms(found["part"]),
        found["offset"] or "",
        batch=whole(cells.get("global_batch_size")),
        samples=whole(cells.get("consumed_samples")),
    )


def _cells(rest: str) -> dict[str, str]:
    """Return the figures of a line by name."""
    pairs = (cell.rpartition(":") for cell in rest.split("|"))
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def _ms(part: str | None) -> int:
    """Return the milliseconds of a printed fraction of a second."""
    return int(f"{part or '0':0<3}"[:3])


def _interesting(line: bytes) -> bool:
    """Return whether raw bytes can hold an event."""
    return (
        b"iteration" in line
        or b" ..." in line
        or b"world size" in line
        or b"rguments" in line
        or b"after training" in line
        or b"egatron" in line
        or b"eMo" in line
        or b"nemo" in line
    )


MEGATRON: Final = Format("megatron", "2", "Megatron-LM", _read, _interesting, "iteration")
