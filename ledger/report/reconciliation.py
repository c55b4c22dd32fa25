"""A reconciliation report: each run's sources side by side, its grade, and what is missing."""

from __future__ import annotations

from fractions import Fraction

from ledger.journeys.lanes import Lane
from ledger.journeys.reconciling import Reconciliation, RunLine
from ledger.journeys.tolerance import percent_down
from ledger.report.figure import readable
from ledger.report.reconciliation_document import RATIOS, RatioPart, shares_of
from ledger.report.table import Column, Table

__all__ = ["reconcile_tables"]

_SECOND_US = 10**6


def reconcile_tables(found: Reconciliation, *, by_day: bool = False) -> tuple[Table, ...]:
    """Return the runs, their sources, the shares by grade, the gaps and the findings.

    Args:
        found: The reconciliation.
        by_day: Whether the sources are shown day by day too.
    """
    return (
        _runs_table(found),
        _lanes_table(found),
        *((_days_table(found),) if by_day else ()),
        _shares_table(found),
        *((_gaps_table(found),) if found.gaps else ()),
        *((_findings_table(found),) if found.problems else ()),
    )


def _runs_table(found: Reconciliation) -> Table:
    """Return one row a run."""
    columns = (
        Column("run"),
        Column("grade"),
        Column("operations", "right"),
        Column("MFU", "right"),
        Column("HFU", "right"),
        Column("telemetry", "right"),
        Column("billed", "right"),
        Column("receipted", "right"),
        Column("why this grade", wide=True),
    )
    rows = tuple(
        (
            line.run,
            line.grade.letter,
            "not stated" if line.operations is None else str(line.operations),
            *(_percent(getattr(line, name)) for name in RATIOS),
            line.grade.reason,
        )
        for line in found.runs
    )
    tolerances = ", ".join(f"{name} {ppm:,}" for name, ppm in found.tolerances.items())
    notes = (
        "ratios are rounded down; MFU and HFU are of the dense peak of the time held",
        f"tolerances, parts per million: {tolerances}",
    )
    return Table("Runs", columns, rows, notes)


def _lanes_table(found: Reconciliation) -> Table:
    """Return one row for each way in which a run was seen."""
    columns = (
        Column("run"),
        Column("method"),
        Column("role"),
        Column("from"),
        Column("operations", "right"),
        Column("device-seconds", "right"),
        Column("days", "right"),
    )
    rows = tuple(_lane_row(line, lane) for line in found.runs for lane in line.lanes)
    return Table("Sources side by side", columns, rows)


def _lane_row(line: RunLine, lane: Lane) -> tuple[str, ...]:
    """Return one row of the sources."""
    low, high = lane.low, lane.high
    shown = "not stated" if low is None else str(low) if low == high else f"{low} to {high or '?'}"
    held = "not stated" if lane.device_us is None else _seconds(lane.device_us)
    same = (lane.name, lane.primary, lane.importer)
    days = [
        day
        for day in line.days
        if day.day is not None and any((x.name, x.primary, x.importer) == same for x in day.lanes)
    ]
    role = "primary" if lane.primary else "corroborating"
    source = f"{lane.importer} ({', '.join(lane.kinds)})"
    return (line.run, lane.name, role, source, shown, held, str(len(days) or "undated"))


def _days_table(found: Reconciliation) -> Table:
    """Return one row for each run, day and way in which it was seen."""
    columns = (
        Column("run"),
        Column("day"),
        Column("method"),
        Column("from"),
        Column("operations", "right"),
        Column("of the ceiling", "right"),
        Column("device-seconds", "right"),
    )
    rows = tuple(
        (
            line.run,
            "undated" if day.day is None else day.day.isoformat(),
            lane.name,
            lane.importer,
            "not stated" if lane.low is None else str(lane.low),
            _percent(
                Fraction(lane.low, day.ceiling) if lane.low is not None and day.ceiling else None
            ),
            "not stated" if lane.device_us is None else _seconds(lane.device_us),
        )
        for line in found.runs
        for day in line.days
        for lane in day.lanes
    )
    return Table("Day by day", columns, rows)


def _shares_table(found: Reconciliation) -> Table:
    """Return what stands under each grade."""
    columns = (
        Column("grade"),
        Column("operations", "right"),
        Column("share", "right"),
        Column("device-seconds", "right"),
        Column("share", "right"),
    )
    rows = tuple(
        (
            share.grade,
            share.operations,
            _share(share.operations_share),
            _seconds(int(share.device_us)),
            _share(share.device_share),
        )
        for share in shares_of(found)
    )
    silent = sum(line.operations is None for line in found.runs)
    notes = (f"{silent} runs state no operations: they are unknown, which is not zero",)
    return Table("Totals by evidence grade", columns, rows, notes if silent else ())


def _gaps_table(found: Reconciliation) -> Table:
    """Return capacity that is recorded nowhere."""
    columns = (
        Column("what"),
        Column("kind"),
        Column("stated, device-seconds", "right"),
        Column("recorded", "right"),
        Column("missing", "right"),
    )
    rows = tuple(
        (gap.what, gap.kind, *map(_seconds, (gap.stated_us, gap.recorded_us, gap.missing_us)))
        for gap in found.gaps
    )
    return Table("Capacity that is recorded nowhere", columns, rows)


def _findings_table(found: Reconciliation) -> Table:
    """Return the findings."""
    columns = (Column("where"), Column("what", wide=True), Column("what to do", wide=True))
    rows = tuple((p.source, f"{p.message} [{p.code}]", p.remedy) for p in found.problems)
    return Table("Findings", columns, rows)


def _percent(ratio: Fraction | None) -> str:
    """Return a ratio for people."""
    return "–" if ratio is None else percent_down(ratio)


def _share(part: RatioPart | None) -> str:
    """Return a share for people."""
    return "–" if part is None else percent_down(Fraction(part.exact))


def _seconds(device_us: int) -> str:
    """Return device-time for people."""
    return readable(Fraction(device_us, _SECOND_US))
