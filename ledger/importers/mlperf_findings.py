"""Findings in MLPerf runs: ends that are not logged, and systems that do not fit the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import Problem
from ledger.importers.held_time import SPAN_MAX_MS
from ledger.importers.mlperf_run import Run, bounds

__all__ = ["findings"]


def findings(run: Run, source: str) -> Iterator[Problem]:
    """Yield what must be looked at in the log and in the description of the system.

    Args:
        run: The run.
        source: Name of its log.
    """
    log = run.log
    yield from run.doubts
    yield from _times(run, source)
    yield from _fabric(run, source)
    for line in log.broken:
        yield Problem(
            source,
            line,
            "broken-mark",
            "a mark of the run cannot be read",
            "compare with the published log",
            "finding",
            "the moment it carries is not counted",
        )
    if log.status is not None and log.status != "success":
        yield Problem(
            source,
            log.run_stop.line if log.run_stop else None,
            "run-failed",
            f"the run ended with status {log.status}",
            "nothing to do: its time is recorded as failed_experiment",
            "note",
            "devices were held and worked whether or not the result was accepted",
        )


def _fabric(run: Run, source: str) -> Iterator[Problem]:
    """Yield what does not fit between the system and the catalogue of devices."""
    device = run.device
    if device is None:
        yield Problem(
            source,
            None,
            "device-unknown",
            f"the catalogue has no device {run.system.accelerator!r}",
            "add the device or the alias to rules/hardware; for a ceiling of what is recorded, "
            "record a reversal with `flopledger record` and import again",
            "finding",
            "the time held is exact all the same; its ceiling cannot be worked out",
        )
        return
    stated, usual = run.system.scale_up_gb_per_s, device.scale_up_gb_per_s
    if stated is not None and usual is not None and stated != usual:
        yield Problem(
            source,
            None,
            "fabric-differs",
            f"the system states {stated} GB/s between accelerators; {device.id} has {usual} GB/s",
            "the stated figure is recorded; if the sheet is wrong, correct it, record a reversal "
            "with `flopledger record` and import again",
            "finding",
            "the interconnect grade follows from this figure",
        )


def _times(run: Run, source: str) -> Iterator[Problem]:
    """Yield what is wrong with the marks that bound the time held."""
    log = run.log
    if log.run_start is None and log.init_start is None:
        yield Problem(
            source,
            None,
            "no-times",
            f"the log has no init_start and no run_start among {log.marks} marks",
            "give the whole log",
        )
        return
    if log.run_start is None or log.run_stop is None:
        yield _open_end(run, source)
    for name, first, last in bounds(log):
        if last.time_ms <= first.time_ms:
            yield Problem(
                source,
                last.line,
                "times-order",
                f"{name} ends at or before its start (line {first.line})",
                "check the clocks of the ranks",
                why="a leg runs forward",
            )
        elif last.time_ms - first.time_ms > SPAN_MAX_MS:
            yield Problem(
                source,
                last.line,
                "times-long",
                f"{name} lasts more than ten years (from line {first.line})",
                "check the clocks of the ranks",
            )


def _open_end(run: Run, source: str) -> Problem:
    """Return the finding for a run whose end is not logged, or the refusal if nothing bounds it."""
    mark = run.log.run_start or run.log.init_start
    what = "run_start" if run.log.run_start is None else "run_stop"
    if run.not_after is None:
        return Problem(
            source,
            mark.line if mark else None,
            "no-end",
            f"the log has no {what}, and when round {run.place.round} was published is not known",
            "write --set published=YYYY-MM-DD",
            why="an open end is recorded as a leg that was over by a stated day",
        )
    return Problem(
        source,
        mark.line if mark else None,
        f"no-{what.replace('_', '-')}",
        f"the log has no {what}: how long the devices were held is unknown",
        f"recorded with unknown time, over by {run.not_after}; when the log is found, record a "
        "reversal with `flopledger record` and import it",
        "finding",
        "unknown is not zero",
    )
