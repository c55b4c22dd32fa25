"""Figures of a run: the same operations counted, worked out, reported and measured.

Each figure is for the whole run and carries its inputs; the importer divides it over the days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError, MissingError, Problem
from ledger.estimate import Estimate, dense, pipe, plain
from ledger.hardware import Device
from ledger.importers.line_error import LineError
from ledger.importers.line_stream import LineStream
from ledger.importers.source_file import SourceFile, beside, read_object, read_source
from ledger.importers.telemetry_pipe import Telemetry, read_telemetry
from ledger.importers.telemetry_rows import text_lines
from ledger.importers.telemetry_run import RunFacts, whole

__all__ = ["PEAK_CLOCKS_MHZ", "Figure", "counted", "measured", "six_nd", "trainer"]

PEAK_CLOCKS_MHZ: Mapping[str, int] = {
    # 528 tensor cores · 1,024 BF16 operations a clock · 1.83 GHz are the 989.4 TFLOP/s stated.
    "nvidia-h100-sxm5": 1830,
}
"""Clock at which the stated dense peak of a device holds."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure for the whole run.

    Attributes:
        series: What kind of figure, one word; part of the identity of its records.
        fields: Amounts, method and inputs, as an allocation names them.
        kind: Source kind of its evidence.
        source: File it comes from.
        locator: Place inside that file.
    """

    series: str
    fields: Mapping[str, JSON]
    kind: str
    source: SourceFile | LineStream
    locator: str


def counted(facts: RunFacts, source: SourceFile) -> Figure:
    """Return the operations counted by the shapes of the operators, which are primary."""
    inputs: dict[str, JSON] = {
        "formula": "steps",
        "counter": "operator shapes",
        "steps": plain(facts.steps),
        "operations_per_step": plain(facts.per_step),
        "attention_operations_per_step": plain(facts.attention_per_step),
        "parameters": plain(facts.parameters),
        "trainable_parameters": plain(facts.trainable),
        "tokens": plain(facts.tokens),
    }
    amounts: dict[str, JSON] = {
        "operations": str(facts.counted),
        "method": "counter",
        "method_inputs": inputs,
        "role": "primary",
    }
    return Figure("counted", amounts, "framework", source, "flop_counted")


def six_nd(facts: RunFacts, source: SourceFile) -> Figure:
    """Return 6·N·D as the script states it."""
    inputs: dict[str, JSON] = dict(dense(facts.parameters, facts.tokens).inputs)
    amounts: dict[str, JSON] = {
        "operations": str(facts.six_nd),
        "method": "architecture",
        "method_inputs": {**inputs, "trainable_parameters": plain(facts.trainable)},
        "role": "corroborating",
    }
    return Figure("six_nd", amounts, "framework", source, "flop_6nd")


def trainer(facts: RunFacts, source: SourceFile, problems: list[Problem]) -> Iterator[Figure]:
    """Yield what the trainer reported, checked against its own state file if that is there.

    Args:
        facts: The run.
        source: Its file.
        problems: Grows by a finding when the two disagree or nothing was counted.
    """
    state = _sibling(source.path, "trainer_state_", ".json")
    if facts.total_flos is None:
        return
    if state is not None:
        problems.extend(_state_differs(facts, state))
    if facts.total_flos == 0:
        problems.append(
            Problem(
                str(source.path),
                None,
                "flos-zero",
                "the trainer reports total_flos 0",
                "nothing to do: the figure is left out",
                "note",
                "the trainer writes 0 for models whose operations it cannot estimate",
            )
        )
        return
    inputs: dict[str, JSON] = {
        "total_flos": facts.total_flos_text,
        "parameters": plain(facts.parameters),
        "tokens": plain(facts.tokens),
    }
    amounts: dict[str, JSON] = {
        "operations": str(facts.total_flos),
        "method": "framework_reported",
        "method_inputs": inputs,
        "role": "corroborating",
    }
    yield Figure("trainer", amounts, "framework", source, "trainer_total_flos")


def measured(
    facts: RunFacts, device: Device, clock: int | None, path: Path, problems: list[Problem]
) -> Iterator[Figure]:
    """Yield what the pipe counters show: at least the stretches sampled, at most the gaps full.

    Args:
        facts: The run.
        device: What it ran on.
        clock: Clock at which the peak holds, if the caller states it.
        path: The run's own file; the telemetry lies beside it.
        problems: Grows by what the telemetry leaves out.
    """
    found = _sibling(path, "telemetry_", ".csv")
    peak = device.peak(facts.precision)
    clock = clock or PEAK_CLOCKS_MHZ.get(device.id)
    if found is None or peak is None or clock is None:
        lacking = _lacking(facts, device, found=found is not None, peak=peak is not None)
        problems.append(Problem(str(path), None, "no-pipe-figure", *lacking, "finding"))
        return
    source = LineStream(found)
    try:
        telemetry = read_telemetry(text_lines(source), facts.period, facts.gpus)
    except (InputError, MissingError) as error:
        problems.append(_unread(found, error))
        return
    problems.extend(_coverage(facts, telemetry, str(found)))
    estimate = pipe(telemetry.samples, milli_devices=1000, peak=peak, peak_clock_mhz=clock)
    yield Figure(
        "pipe",
        _pipe_fields(estimate, telemetry, peak, clock),
        "telemetry",
        source,
        f"{telemetry.sampled} rows",
    )


def _unread(found: Path, error: LedgerError) -> Problem:
    """Return the finding for telemetry that gives no figure because of one place in it."""
    return Problem(
        str(found),
        error.line if isinstance(error, LineError) else None,
        "telemetry-unread",
        f"{error.message}: no pipe figure is recorded",
        error.remedy or "export the telemetry again",
        "finding",
        "a figure without this row would take its time for idle",
    )


def _sibling(path: Path, start: str, end: str) -> Path | None:
    """Return the file of the same run beside ``run_<id>.json``, or None.

    The id is the one in the name of the file, since what a file says must not choose a path.
    """
    run = path.name.removesuffix(".gz").removesuffix(".json").removeprefix("run_")
    return beside(path, f"{start}{run}{end}")


def _pipe_fields(
    estimate: Estimate, telemetry: Telemetry, peak: int, clock: int
) -> dict[str, JSON]:
    """Return the amounts of the pipe figure: a range when some of the time was not sampled."""
    fastest = max(clock, telemetry.clock_max_mhz)
    unseen = -(-telemetry.unsampled_ms * peak * fastest // (1000 * clock))
    inputs: dict[str, JSON] = dict(estimate.inputs)
    inputs |= {
        "unsampled_device_ms": telemetry.unsampled_ms,
        "gaps": telemetry.gap_count,
        "clock_max_mhz": telemetry.clock_max_mhz,
    }
    return {
        "operations": None if unseen else str(estimate.operations),
        "operations_low": str(estimate.operations),
        "operations_high": str(estimate.operations + unseen),
        "method": "hardware",
        "method_inputs": inputs,
        "role": "corroborating",
    }


def _lacking(facts: RunFacts, device: Device, *, found: bool, peak: bool) -> tuple[str, str]:
    """Return why there is no pipe figure, and what would make one."""
    if not found:
        return "there is no telemetry_<id>.csv beside the run", "add it and import again"
    if not peak:
        return (
            f"{device.id} has no known dense peak at {facts.precision}",
            "state the operand precision of the run in its file",
        )
    return (
        f"the clock at which the peak of {device.id} holds is not known",
        "write --set peak_clock_mhz=…, from the datasheet",
    )


def _coverage(facts: RunFacts, telemetry: Telemetry, source: str) -> Iterator[Problem]:
    """Yield where the telemetry does not speak for the time held."""
    for gap in telemetry.gaps:
        yield Problem(
            source,
            gap.line,
            "telemetry-gap",
            f"no row between {gap.after} and {gap.before}: {gap.milliseconds} ms not sampled",
            "nothing to do: the figure is a range that leaves the gap open",
            "finding",
            "time without a sample is not idle time",
        )
    if telemetry.gap_count > len(telemetry.gaps):
        yield Problem(
            source,
            None,
            "telemetry-gap",
            f"{telemetry.gap_count - len(telemetry.gaps):,} more gaps are not shown",
            "nothing to do: the figure is a range that leaves the gaps open",
            "finding",
        )
    if telemetry.devices != facts.gpus:
        yield Problem(
            source,
            None,
            "devices-differ",
            f"the rows name {telemetry.devices} devices, the run held {facts.gpus}",
            "add the telemetry of the other devices",
            "finding",
        )
    if telemetry.outside:
        yield Problem(
            source,
            None,
            "rows-outside",
            f"{telemetry.outside} rows lie before the start or after the end of the run",
            "nothing to do: they are left out",
            "note",
        )


def _state_differs(facts: RunFacts, state: Path) -> Iterator[Problem]:
    """Yield a finding when the trainer's state file says something else than the run facts."""
    try:
        stated = whole(read_object(read_source(state)).get("total_flos"))
    except InputError as error:
        remedy = error.remedy or "copy the file again"
        line = error.line if isinstance(error, LineError) else None
        yield Problem(str(state), line, "state-unread", error.message, remedy, "finding")
        return
    if stated != facts.total_flos:
        yield Problem(
            str(state),
            None,
            "figures-disagree",
            f"total_flos is {stated} here and {facts.total_flos} in the run facts",
            "find out which file belongs to the run; the run facts are recorded",
            "finding",
        )
