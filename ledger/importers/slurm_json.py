"""Slurm as JSON: `sacct --json` and the older interface of `squeue`, read job by job.

Only one job is in memory at a time. Numbers may stand in objects that also say whether they are
set; states were a text and are a list; times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ledger.errors import InputError
from ledger.importers.json_list import json_members
from ledger.importers.slurm_table import Record

__all__ = ["claims_json", "json_records"]

_TIMES: Final = {
    "submit": ("submission", "submit_time"),
    "start": ("start", "start_time"),
    "end": ("end", "end_time"),
    "elapsedraw": ("elapsed", "elapsed_time"),
    "suspended": ("suspended", ""),
}
_WORDS: Final = {
    "account": "account",
    "cluster": "cluster",
    "partition": "partition",
    "qos": "qos",
    "user": "user",
    "jobname": "name",
    "jobidraw": "job_id",
    "nodelist": "nodes",
}


def claims_json(head: str) -> bool:
    """Return whether the start of a file looks like Slurm's JSON of jobs."""
    return head.lstrip().startswith("{") and '"jobs"' in head and "lurm" in head


def json_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yield one record a job, its cells named as those of a table.

    Raises:
        InputError: If the text is no JSON, or holds no list of jobs.
    """
    # A line end can stand between values only, so a space does as well.
    for job in json_members((line + b" " for line in lines), "jobs"):
        if not job.listed:
            raise InputError("the JSON holds no list of jobs", remedy="write it with sacct --json")
        if not isinstance(job.value, dict):
            raise InputError(f"job {job.number} is not an object")
        yield Record(job.number, _cells(job.value))


def _cells(job: Mapping[str, Any]) -> dict[str, str]:
    """Return a job as the cells of a table."""
    times = _part(job, "time")
    cells = {name: _text(job.get(key)) for name, key in _WORDS.items()}
    for name, (new, old) in _TIMES.items():
        cells[name] = _text(times[new]) if new in times else _text(job.get(old))
    cells["jobid"] = _job_id(job, cells["jobidraw"])
    cells["state"] = _state(job)
    cells["alloctres"] = _tres(job, "allocated", "tres_alloc_str")
    cells["reqtres"] = _tres(job, "requested", "tres_req_str")
    cells["restarts"] = _text(job.get("restart_cnt"))
    return cells


def _part(job: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of a job that is an object; an empty one where it is none."""
    part = job.get(name)
    return part if isinstance(part, dict) else {}


_UNSET: Final = frozenset({"", "4294967294", "4294967295"})
"""What says that there is no number: nothing, and NO_VAL and INFINITE of 32 bits."""


def _job_id(job: Mapping[str, Any], raw: str) -> str:
    """Return the id with its array task or its component."""
    array, het = _part(job, "array"), _part(job, "het")
    task, leader = _text(array.get("task_id")), _text(array.get("job_id"))
    if task not in _UNSET and leader not in _UNSET | {"0"}:
        return f"{leader}_{task}"
    offset, first = _text(het.get("job_offset")), _text(het.get("job_id"))
    return f"{first}+{offset}" if offset not in _UNSET and first not in _UNSET | {"0"} else raw


def _state(job: Mapping[str, Any]) -> str:
    """Return the state: a text of old, a list today."""
    state = job.get("state", job.get("job_state"))
    state = state.get("current") if isinstance(state, dict) else state
    if isinstance(state, list):
        state = state[0] if state else ""
    return _text(state)


def _tres(job: Mapping[str, Any], name: str, old: str) -> str:
    """Return what was allocated or asked for, as ``AllocTRES`` and ``ReqTRES`` write it."""
    tres = job.get("tres")
    allocated = tres.get(name) if isinstance(tres, dict) else None
    if not isinstance(allocated, list):
        return _text(job.get(old))
    return ",".join(
        f"gres/{_text(item.get('name'))}={_text(item.get('count'))}"
        for item in allocated
        if isinstance(item, dict) and item.get("type") == "gres"
    )


def _text(value: Any) -> str:  # noqa: ANN401 - whatever stands in the JSON
    """Return a value as a cell; what is not set is empty."""
    if isinstance(value, dict):
        if value.get("set") is False or value.get("infinite") is True:
            return ""
        return _text(value.get("number"))
    if value is None or isinstance(value, bool):
        return ""
    return str(value)
