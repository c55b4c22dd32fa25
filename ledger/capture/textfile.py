"""A textfile is what a capture shows to Prometheus: one small file, replaced as a whole.

The text is OpenMetrics, which the textfile collector of the node exporter reads too.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ledger.capture.tally import Moment

__all__ = ["metrics", "replace_textfile"]

_LABELS = ("run", "model", "device", "precision", "session")


def metrics(head: Mapping[str, object], now: Moment, *, held_ms: int, lost: int, up: bool) -> str:
    """Return the text.

    Args:
        head: What was said of the run.
        now: Time and totals.
        held_ms: Milliseconds since the start.
        lost: Lines that could not be written.
        up: Whether the run goes on.
    """
    labels = ",".join(f'{name}="{_escaped(head.get(name))}"' for name in _LABELS)
    milli = head.get("milli_devices")
    device_ms = held_ms * milli // 1000 if isinstance(milli, int) else None
    families = (
        ("up", "gauge", "1 while the run goes on", int(up)),
        ("held_device_seconds", "counter", "Devices times time", _seconds(device_ms)),
        ("tokens", "counter", "Tokens counted", now.tokens),
        ("steps", "counter", "Steps counted", now.steps),
        ("operations", "counter", "Operations counted", now.operations),
        ("refused_counts", "counter", "Counts in no total", now.refused),
        ("lost_lines", "counter", "Lines that could not be written", lost),
        ("heartbeat_timestamp_seconds", "gauge", "Time of this file", _seconds(now.wall_ms)),
    )
    return "".join(_family(family, labels) for family in families) + "# EOF\n"


def replace_textfile(path: Path, text: str) -> bool:
    """Replace a file at once, so that nobody ever reads half of it; return whether it went well.

    Args:
        path: The file, best with the ending ``.prom``.
        text: What it is to hold.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except (OSError, ValueError):
        with contextlib.suppress(OSError):
            draft.unlink()
        return False
    return True


def _family(family: tuple[str, str, str, int | str | None], labels: str) -> str:
    """Return one metric; what is not known is not there, since 0 would say something."""
    name, kind, meaning, value = family
    if value is None:
        return ""
    full = f"flopledger_capture_{name}"
    sample = f"{full}_total" if kind == "counter" else full
    return f"# TYPE {full} {kind}\n# HELP {full} {meaning}.\n{sample}{{{labels}}} {value}\n"


def _seconds(milliseconds: int | None) -> str | None:
    """Write milliseconds as seconds, exactly."""
    if milliseconds is None:
        return None
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def _escaped(value: object) -> str:
    """Write a label value."""
    return "".join(_escapes(str(value if value is not None else "")))


def _escapes(text: str) -> Iterator[str]:
    """Yield the signs of a label value."""
    for sign in text:
        yield {"\\": "\\\\", '"': '\\"', "\n": "\\n"}.get(sign, sign)
