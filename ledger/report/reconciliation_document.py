"""A reconciliation document is what ``reconcile`` prints as JSON: every amount and ratio exact."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ledger.journeys.capacity_gaps import Gap
from ledger.journeys.lanes import Lane
from ledger.journeys.reconciling import DayLine, Pair, Reconciliation, RunLine

__all__ = [
    "RATIOS",
    "RatioPart",
    "ReconcileDocument",
    "SharePart",
    "ratio_part",
    "reconcile_document",
    "reconcile_schema",
    "shares_of",
]

RATIOS = ("mfu", "hfu", "coverage", "billed", "receipted")
"""Ratios of a run, in the order of the table."""

Digits: TypeAlias = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Letter: TypeAlias = Literal["A", "B", "C", "D", "E"]


class _Part(BaseModel):
    """Base of the parts: strict, frozen, no unknown fields."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class RatioPart(_Part):
    """A ratio of two amounts."""

    exact: str = Field(description="The ratio as p or p/q in lowest terms.")
    ppm: Count = Field(description="The same in parts per million, rounded down.")


class LanePart(_Part):
    """One way in which the run was seen."""

    name: str = Field(description="Word of the method, or time where it states no figure.")
    role: Literal["primary", "corroborating"]
    importer: str
    source_kinds: list[str]
    entries: list[Count]
    operations: Digits | None = Field(description="Null if a leg states none.")
    operations_low: Digits | None
    operations_high: Digits | None
    operations_executed: Digits | None
    device_us: Digits | None
    seen_us: Digits | None = Field(description="Time held less what telemetry did not see.")


class PairPart(_Part):
    """Two independent methods."""

    left: str
    right: str
    agree: bool
    ratio: RatioPart | None = Field(description="The right figure over the left.")


class DayPart(_Part):
    """The run on one UTC day."""

    day: str | None = Field(description="Null for undated work.")
    lanes: list[LanePart]
    ceiling_operations: Digits | None


class FindingPart(_Part):
    """What must be looked at."""

    code: str
    where: str
    message: str
    remedy: str
    why: str


class GradePart(_Part):
    """The evidence grade that follows."""

    letter: Letter
    reason: str


class RunPart(_Part):
    """A run, reconciled."""

    run: str
    grade: GradePart
    operations: Digits | None = Field(description="Primary; null if none is stated.")
    legs_without_figure: Count
    device_us: Digits | None
    ceiling_operations: Digits | None
    mfu: RatioPart | None = Field(description="Operations over the ceiling.")
    hfu: RatioPart | None = Field(description="Operations executed over the ceiling.")
    coverage: RatioPart | None = Field(description="Time that telemetry saw over time held.")
    billed: RatioPart | None = Field(description="Time on bills over time held.")
    receipted: RatioPart | None = Field(description="Time countersigned over time held.")
    lanes: list[LanePart]
    pairs: list[PairPart]
    days: list[DayPart]
    findings: list[FindingPart]


class GapPart(_Part):
    """Capacity that is recorded nowhere."""

    what: str
    kind: str
    stated_us: Digits
    recorded_us: Digits
    missing_us: Digits
    days: Count


class SharePart(_Part):
    """What stands under one evidence grade."""

    grade: Letter
    operations: Digits
    operations_share: RatioPart | None = Field(description="Null if nothing is stated at all.")
    device_us: Digits
    device_share: RatioPart | None


class ReconcileDocument(_Part):
    """What ``flopledger reconcile -f json`` prints. Large numbers are decimal strings."""

    schema_: Literal["flopledger/reconcile.v1"] = Field(alias="schema")
    origin: str
    size: Count = Field(description="Entries under the signed checkpoint; no others count.")
    root: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    as_of: str
    tolerances_ppm: dict[str, Count]
    runs: list[RunPart]
    gaps: list[GapPart]
    shares: list[SharePart] = Field(description="Of the runs shown, by grade.")


def reconcile_schema() -> dict[str, Any]:
    """Return ``schemas/reconcile.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/reconcile.v1.schema.json",
        **ReconcileDocument.model_json_schema(by_alias=True),
    }


def reconcile_document(
    found: Reconciliation, *, origin: str, size: int, root: str, as_of: str
) -> dict[str, Any]:
    """Return the document of ``schemas/reconcile.v1.schema.json``.

    Args:
        found: The reconciliation.
        origin: Name of the ledger.
        size: Entries counted.
        root: Their root, 64 hex digits.
        as_of: Last day that counts, ``YYYY-MM-DD``.
    """
    written = ReconcileDocument(
        schema="flopledger/reconcile.v1",
        origin=origin,
        size=size,
        root=root,
        as_of=as_of,
        tolerances_ppm=dict(found.tolerances),
        runs=[_run(line) for line in found.runs],
        gaps=[_gap(gap) for gap in found.gaps],
        shares=shares_of(found),
    )
    return written.model_dump(mode="json", by_alias=True)


def _run(line: RunLine) -> RunPart:
    """Return one run of the document."""
    return RunPart(
        run=line.run,
        grade=GradePart.model_validate({"letter": line.grade.letter, "reason": line.grade.reason}),
        operations=_digits(line.operations),
        legs_without_figure=line.unstated,
        device_us=_digits(line.device_us),
        ceiling_operations=_digits(line.ceiling),
        **{name: ratio_part(getattr(line, name)) for name in RATIOS},
        lanes=[_lane(lane) for lane in line.lanes],
        pairs=[_pair(pair) for pair in line.pairs],
        days=[_day(day) for day in line.days],
        findings=[
            FindingPart(
                code=problem.code,
                where=problem.source,
                message=problem.message,
                remedy=problem.remedy,
                why=problem.why,
            )
            for problem in line.problems
        ],
    )


def _lane(lane: Lane) -> LanePart:
    """Return one source of the document."""
    return LanePart(
        name=lane.name,
        role="primary" if lane.primary else "corroborating",
        importer=lane.importer,
        source_kinds=list(lane.kinds),
        entries=list(lane.entries),
        operations=_digits(lane.operations),
        operations_low=_digits(lane.low),
        operations_high=_digits(lane.high),
        operations_executed=_digits(lane.executed),
        device_us=_digits(lane.device_us),
        seen_us=_digits(lane.seen_us),
    )


def _pair(pair: Pair) -> PairPart:
    """Return one comparison of the document."""
    return PairPart(
        left=pair.left.name, right=pair.right.name, agree=pair.agree, ratio=ratio_part(pair.ratio)
    )


def _day(day: DayLine) -> DayPart:
    """Return one day of the document."""
    return DayPart(
        day=None if day.day is None else day.day.isoformat(),
        lanes=[_lane(lane) for lane in day.lanes],
        ceiling_operations=_digits(day.ceiling),
    )


def _gap(gap: Gap) -> GapPart:
    """Return one gap of the document."""
    return GapPart(
        what=gap.what,
        kind=gap.kind,
        stated_us=str(gap.stated_us),
        recorded_us=str(gap.recorded_us),
        missing_us=str(gap.missing_us),
        days=gap.days,
    )


def shares_of(found: Reconciliation) -> list[SharePart]:
    """Return the totals by grade, exact."""
    return [
        SharePart.model_validate(
            {
                "grade": letter,
                "operations": str(found.operations[letter]),
                "operations_share": _of(found.operations, letter),
                "device_us": str(found.device_us[letter]),
                "device_share": _of(found.device_us, letter),
            }
        )
        for letter in "ABCDE"
    ]


def _of(sums: Mapping[str, int], letter: str) -> RatioPart | None:
    """Return the share of one grade, or None if there is nothing to share."""
    whole = sum(sums.values())
    return ratio_part(Fraction(sums[letter], whole)) if whole else None


def ratio_part(ratio: Fraction | None) -> RatioPart | None:
    """Return a ratio of the document."""
    if ratio is None:
        return None
    ppm = 10**6 * ratio.numerator // ratio.denominator
    return RatioPart(exact=str(ratio), ppm=ppm)


def _digits(value: int | None) -> str | None:
    """Return a count as decimal text."""
    return None if value is None else str(value)
