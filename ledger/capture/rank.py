"""A rank is the number of a process in a job of many: only the first writes, or all would add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["JOB", "VARIABLES", "job_of", "rank_of"]

VARIABLES: Final = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "LOCAL_RANK")
"""Where launchers say the rank; the first that is there holds, since torchrun knows best."""
JOB: Final = "SLURM_JOB_ID"
_DIGITS_MAX: Final = 9


def rank_of(environment: Mapping[str, str]) -> int | None:
    """Return the rank of this process, or None if no launcher says one.

    Args:
        environment: Variables of the process.
    """
    for name in VARIABLES:
        text = environment.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
            return int(text)
    return None


def job_of(environment: Mapping[str, str]) -> str | None:
    """Return the scheduler's number of the job, or None outside of one."""
    return environment.get(JOB, "").strip()[:200] or None
