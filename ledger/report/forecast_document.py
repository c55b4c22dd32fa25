"""The forecast document is the published JSON of crossings, ``flopledger/forecast.v1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.determination import Determination
from ledger.forecast import Crossing, Flow
from ledger.journeys.check_document import Coordinates, LedgerState
from ledger.journeys.forecasting import Band, Forecast
from ledger.journeys.outlays import Outlay
from ledger.journeys.prospect import Prospect
from ledger.period import format_instant

__all__ = [
    "ForecastDocument",
    "ForecastOut",
    "forecast_document",
    "forecast_out",
    "forecast_schema",
]


class _Format(BaseModel):
    """A part of the document: closed, frozen, strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CrossingOut(_Format):
    """When a line is reached."""

    at: str | None = Field(
        description="The second in which it is, UTC; null if never or not known."
    )
    unbounded: bool = Field(
        description="Whether nobody says how much some of it is: it may be reached before."
    )
    undated: bool = Field(
        description="Whether it is reached, but only with what windows that are over still owe: "
        "then at is null, and that is not never."
    )


class BandOut(_Format):
    """Crossings at the ends of what is known."""

    low: CrossingOut = Field(description="With the least operations: the latest.")
    point: CrossingOut = Field(description="With those expected.")
    high: CrossingOut = Field(description="With the most: the earliest.")
    first: CrossingOut = Field(description="high, from the upper end of the starting total.")
    last: CrossingOut = Field(description="low, from the lower end of the starting total.")


class FlowOut(_Format):
    """Operations expected in a window."""

    contract: str
    start: date
    end: date
    low: str
    point: str | None
    high: str | None


class OverdueOut(_Format):
    """What a window that is over leaves open: neither delivered nor expired."""

    contract: str
    seq: int = Field(description="Entry of the commitment.")
    start: date
    end: date = Field(description="First day after the window.")
    model: str | None = Field(description="Null while unallocated.")
    device_us: str | None = Field(description="Device-microseconds open; null if not known.")
    low: str
    point: str | None
    high: str | None


class ForecastOut(_Format):
    """When one model crosses one line."""

    regime: str
    rule: str
    subject: str
    finding: str | None = Field(description="How it stands today.")
    threshold: str
    base: dict[str, str | None] = Field(description="Operations done: low, point, high, error.")
    flows: tuple[FlowOut, ...]
    late: tuple[FlowOut, ...] = Field(
        description="What windows that are over still owe; no day of it is known."
    )
    crossing: BandOut
    worst: BandOut | None = Field(
        description="If all unallocated capacity went to the model too; it starts no clock."
    )
    unallocated: tuple[str, ...] = Field(description="Contracts of that capacity.")
    known_on: date | None = Field(description="Day from which it is known to be met.")
    notify_by: date | None = Field(description="First duty that then falls due.")
    obligation: str | None
    zone: str = Field(description="Time zone of the law; UTC where none is written down.")
    certain: bool = Field(description="Whether every commitment counted surely counts.")


class ScenarioOut(_Format):
    """What is supposed, and what would come of it."""

    supposed: tuple[str, ...]
    cautions: tuple[str, ...] = Field(
        description="Where what is supposed is not what the contracts say."
    )
    hypothetical: Literal[True]
    forecasts: tuple[ForecastOut, ...] = Field(
        description="With knowledge and duties as they would be then."
    )
    met: tuple[str, ...] = Field(description="Lines that would be met: regime/rule subject.")
    passed: tuple[str, ...] = Field(description="As passed of today.")
    open: tuple[str, ...] = Field(description="As open of today.")


class ForecastDocument(_Format):
    """What ``flopledger forecast -f json`` prints."""

    schema_: Literal["flopledger/forecast.v1"] = Field(alias="schema")
    ledger: LedgerState
    coordinates: Coordinates
    forecasts: tuple[ForecastOut, ...]
    met: tuple[str, ...] = Field(description="Lines met already: regime/rule subject.")
    passed: tuple[str, ...] = Field(
        description="Lines at which the amount is already, and that hang on other facts."
    )
    open: tuple[str, ...] = Field(description="Lines for which no forecast can be given.")
    overdue: tuple[OverdueOut, ...] = Field(
        description="Windows that are over and still open; they count as still to come."
    )
    gaps: dict[str, str] = Field(
        description="Contracts of which nobody says how much is to come, and why."
    )
    scenario: ScenarioOut | None


def forecast_document(asked: Prospect) -> dict[str, Any]:
    """Return what was forecast as the published document."""
    checked, found, then = asked.checked, asked.today, asked.then
    scenario = None
    if then is not None:
        scenario = ScenarioOut(
            supposed=tuple(str(each) for each in asked.changes),
            cautions=asked.cautions,
            hypothetical=True,
            forecasts=_forecasts(then.held),
            met=_lines(then.met),
            passed=_lines(then.passed),
            open=_lines(then.open_),
        )
    return ForecastDocument(
        schema="flopledger/forecast.v1",
        ledger=checked.document.ledger,
        coordinates=checked.document.coordinates,
        forecasts=_forecasts(found.held),
        met=_lines(found.met),
        passed=_lines(found.passed),
        open=_lines(found.open_),
        overdue=tuple(_overdue(each) for each in found.overdue),
        gaps=dict(found.gaps),
        scenario=scenario,
    ).model_dump(mode="json", by_alias=True)


def _lines(found: Sequence[Determination]) -> tuple[str, ...]:
    """Return determinations by their lines."""
    return tuple(f"{d.regime}/{d.rule} {d.subject}" for d in found)


def forecast_schema() -> dict[str, Any]:
    """Return ``schemas/forecast.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/forecast.v1.schema.json",
        **ForecastDocument.model_json_schema(by_alias=True, mode="serialization"),
    }


def forecast_out(each: Forecast) -> ForecastOut:
    """Return one forecast."""
    return _forecasts([each])[0]


def _forecasts(held: Sequence[Forecast]) -> tuple[ForecastOut, ...]:
    """Return forecasts; lines that count alike share their flows, which are told once."""
    shared = {id(flows): flows for each in held for flows in (each.flows, each.late)}
    told = {place: tuple(map(_flow, flows)) for place, flows in shared.items()}
    return tuple(_forecast(each, told) for each in held)


def _forecast(each: Forecast, told: Mapping[int, tuple[FlowOut, ...]]) -> ForecastOut:
    """Return one forecast, its flows as they were told."""
    d, notify = each.determination, each.notify
    return ForecastOut(
        regime=d.regime,
        rule=d.rule,
        subject=d.subject,
        finding=d.finding,
        threshold=str(each.line),
        base={name: None if value is None else str(value) for name, value in each.base.items()},
        flows=told[id(each.flows)],
        late=told[id(each.late)],
        crossing=_band(each.band),
        worst=None if each.worst is None else _band(each.worst),
        unallocated=each.unallocated,
        known_on=each.known_on,
        notify_by=None if notify is None else notify.on,
        obligation=None if notify is None else notify.obligation.id,
        zone="UTC" if each.calendar is None else each.calendar.zone,
        certain=each.certain,
    )


def _flow(flow: Flow) -> FlowOut:
    """Return the operations of a window."""
    return FlowOut(
        contract=flow.source,
        start=flow.start,
        end=flow.end,
        low=_exact(flow.low),
        point=None if flow.point is None else _exact(flow.point),
        high=None if flow.high is None else _exact(flow.high),
    )


def _overdue(each: Outlay) -> OverdueOut:
    """Return what a window that is over leaves open."""
    flow = _flow(each.flow)
    return OverdueOut(
        contract=each.contract,
        seq=each.seq,
        start=flow.start,
        end=flow.end,
        model=each.model,
        device_us=None if each.device_us is None else str(each.device_us),
        low=flow.low,
        point=flow.point,
        high=flow.high,
    )


def _band(band: Band) -> BandOut:
    """Return the crossings at every end."""
    return BandOut(
        low=_crossing(band.low),
        point=_crossing(band.point),
        high=_crossing(band.high),
        first=_crossing(band.first),
        last=_crossing(band.last),
    )


def _crossing(crossing: Crossing) -> CrossingOut:
    """Return one crossing."""
    instant = crossing.instant
    return CrossingOut(
        at=None if instant is None else format_instant(instant),
        unbounded=crossing.unbounded,
        undated=crossing.undated,
    )


def _exact(value: Fraction) -> str:
    """Return an exact number, as a fraction where it is not whole."""
    return str(value)
