"""MaxText lines: what MaxText prints of its steps, and of the system that it runs on."""

from __future__ import annotations

import re
from typing import Final

from ledger.importers.step_log import Begun, Broken, Event, Format, Said, Step, printed

__all__ = ["MAXTEXT", "is_step"]

_STEP: Final = re.compile(
    r"completed step: (?P<step>\d{1,12}), seconds:\s*(?P<seconds>[^,\s]{1,30})"
    r"(?P<rest>.*)"
)
_RATE: Final = re.compile(r"TFLOP/s/device:\s*(?P<rate>[^,\s]{1,30})")
_STAMP: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d:\d\d)(?:[.,](?P<part>\d{1,9}))?"
    r"\s?(?P<offset>Z|[+-]\d\d:?\d\d)?"
)
_CONFIG: Final = re.compile(r"Config param (?P<name>[a-z0-9_]{1,60}): (?P<value>\S.{0,199})$")
_DEVICES: Final = re.compile(r"Num_devices: (?P<value>\d{1,9})\b")
_SHARE: Final = re.compile(r"weight flops and (?P<value>\d{1,3}(?:\.\d{1,4})?)% attention flops")
_VERSION: Final = re.compile(r"\bMaxText version:? v?(?P<value>\d[\w.+-]{0,60})", re.IGNORECASE)
_SETUP: Final = "Config param max_target_length: "
_BEGUN: Final = "System Information: Jax Version:"
_RESTORED: Final = re.compile(r"estoring from this run's directory step (?P<at>\d{1,12})")

_CONFIGS: Final = frozenset({"steps", "quantization", "dtype", "remat_policy", "attention_type"})


def is_step(text: str) -> bool:
    """Return whether a line is about a step of MaxText, or a setting that only MaxText has."""
    if _SETUP in text:
        return True
    return "TFLOP/s" in text and _STEP.search(text) is not None


def _read(text: str) -> Event | None:
    """Return the event of a line."""
    if "completed step: " in text:
        return _step(text)
    if _BEGUN in text:
        return Begun()
    if found := _RESTORED.search(text):
        return Begun(int(found["at"]) + 1)
    return _said(text)


def _said(text: str) -> Event | None:
    """Return a setting, or what the program says of the system."""
    if found := _DEVICES.search(text):
        return Said("world_size", found["value"])
    if (found := _CONFIG.search(text)) and found["name"] in _CONFIGS:
        return Said(found["name"], found["value"].strip())
    if found := _SHARE.search(text):
        return Said("attention_percent", found["value"])
    found = _VERSION.search(text)
    return Said("framework_version", f"MaxText {found['value']}") if found else None


def _step(text: str) -> Event:
    """Return the step of a line; MaxText counts from 0."""
    found = _STEP.search(text)
    if found is None:
        return Broken()
    time = printed(found["seconds"], 9)
    stated = _RATE.search(found["rest"])
    rate = None if stated is None else printed(stated["rate"], 12)
    if time is None or not time.value or (stated is not None and rate is None):
        return Broken()
    stamp = _STAMP.search(text[: found.start()])
    if stamp is None:
        return Step(int(found["step"]) + 1, 1, time, rate)
    return Step(
        int(found["step"]) + 1,
        1,
        time,
        rate,
        f"{stamp['day']}T{stamp['time']}",
        int(f"{stamp['part'] or '0':0<3}"[:3]),
        stamp["offset"] or "",
    )


def _interesting(line: bytes) -> bool:
    """Return whether raw bytes can hold an event."""
    return (
        b"step" in line
        or b"System Info" in line
        or b"Config param" in line
        or b"Num_devices" in line
        or b"axText" in line
        or b"weight flops" in line
    )


MAXTEXT: Final = Format("maxtext", "2", "MaxText", _read, _interesting, "step")
