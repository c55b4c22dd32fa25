"""Logs of Megatron-LM for tests: lines of iterations, and what is read of them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tables import catalogue

from ledger.importers.megatron import IMPORTER
from ledger.journeys.importing import Reading

H100 = {"device": "nvidia-h100-sxm5", "precision": "bf16", "sparsity": "dense"}
TERA = 10**12
START = datetime(2026, 3, 1, 10, 0, 0)  # noqa: DTZ001 - the clock of a machine has no zone

HEAD = """\
using world size: 8, data-parallel size: 1, tensor-model-parallel size: 8
------------------------ arguments ------------------------
  bf16 ............................................ True
  fp8 ............................................. None
  log_interval .................................... 100
  swiglu .......................................... False
  world_size ...................................... 8
-------------------- end of arguments ---------------------
"""


def step(
    last: int,
    seconds: float | None,
    *,
    ms: str = "1000.0",
    rate: str | None = "400.0",
    more: str = "",
    total: int = 1000,
) -> str:
    """A line of an iteration that ends so many seconds after the start."""
    day = ""
    if seconds is not None:
        day = f" [{START + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}]"
    throughput = "" if rate is None else f" throughput per GPU (TFLOP/s/GPU): {rate} |"
    return (
        f"{day} iteration {last:8d}/{total:8d} | consumed samples: {last * 256:12d} | "
        f"elapsed time per iteration (ms): {ms} |{throughput} learning rate: 3.0E-04 | "
        f"global batch size: {256:5d} | lm loss: 2.3E+00 |{more}"
    )


def written(folder: Path, *lines: str, head: str = HEAD, name: str = "llm.log") -> Path:
    path = folder / name
    path.write_text(head + "\n".join(lines) + "\n", "utf-8")
    return path


def read(path: Path, **settings: str) -> Reading:
    said = {"zone": "UTC", "activity": "pretrain", **settings}
    return IMPORTER.read(path, said, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def by_activity(reading: Reading, name: str) -> Counter[str]:
    """Sums of a field by activity."""
    sums = Counter[str]()
    for body in bodies(reading):
        sums[body["activity"]] += int(body[name] or 0)
    return sums
