"""Spools for tests: lines with a clock that stands where the test wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger.spool import FORMAT, encode_line

START = 1_772_359_200_000  # 2026-03-01T10:00:00Z
SESSION = "0123456789abcdef" * 2

HEAD: dict[str, Any] = {
    "t": "head",
    "format": FORMAT,
    "session": SESSION,
    "within": None,
    "by": "context",
    "run": "falcon-2-a",
    "model": "falcon-2",
    "developer": "acme",
    "activity": "pretrain",
    "device": "nvidia-h100-sxm5",
    "milli_devices": 8000,
    "precision": "bf16",
    "sparsity": "dense",
    "operation_kind": "float",
    "method": "framework_reported",
    "parameters": None,
    "scale_up_gb_per_s": 900,
    "scale_up_domain": 8,
    "scale_out_gbit_per_s": 400,
    "topology": "non_blocking",
    "rank": 0,
    "job": "4711",
    "every_ms": 30_000,
    "doubts": [],
    "n": 0,
    "wall_ms": START,
    "mono_ms": 1_000,
}


def head(**changes: Any) -> bytes:
    """The first line."""
    return encode_line({**HEAD, **changes})


def mark(n: int, at: int, t: str = "beat", **changes: Any) -> bytes:
    """A line, so many milliseconds after the start."""
    fields = {
        "t": t,
        "n": n,
        "wall_ms": START + at,
        "mono_ms": 1_000 + at,
        "activity": "pretrain",
        "tokens": None,
        "steps": None,
        "operations": None,
        "refused": 0,
        "lost": 0,
    }
    if t == "end":
        fields |= {"outcome": "done", "status": None}
    return encode_line({**fields, **changes})


def spooled(folder: Path, *lines: bytes, name: str = "a.spool") -> Path:
    """A file of lines."""
    path = folder / name
    path.write_bytes(b"".join(lines))
    return path


def closing(folder: Path, at: int, job: str = "4711") -> Path:
    """What an epilog leaves behind when a job ends, so many milliseconds after the start."""
    fields = {"t": "closing", "format": FORMAT, "job": job, "n": 0, "wall_ms": START + at}
    return spooled(folder, encode_line(fields), name=f"job-{job}-{at}.closed")
