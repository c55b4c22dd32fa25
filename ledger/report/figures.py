"""A figures report: every figure of one run beside the one that counts, and why they differ."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ledger.estimate import ratio_ppm
from ledger.journeys.disagreement import Derived, percent
from ledger.journeys.figures import Figure, RunFigures
from ledger.report.figure import readable
from ledger.report.table import Column, Table

__all__ = [
    "DerivedPart",
    "FigurePart",
    "FiguresDocument",
    "RatioPart",
    "figures_document",
    "figures_schema",
    "figures_tables",
]

_SECOND_US = 10**6

Digits: TypeAlias = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]
Count: TypeAlias = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    """Base of the parts: strict, frozen, no unknown fields."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class RatioPart(_Part):
    """A figure over the one that counts."""

    exact: str = Field(description="The ratio as p or p/q in lowest terms.")
    ppm: Count = Field(description="The same in parts per million, to the nearest.")


class FigurePart(_Part):
    """One way in which the operations were found."""

    method: str
    role: Literal["primary", "corroborating"]
    evidence: Literal["A", "B", "C", "D", "E"]
    entries: list[Count] = Field(description="Numbers of the entries that record it.")
    operations: Digits | None = Field(description="Null if a leg states no figure.")
    operations_low: Digits | None
    operations_high: Digits | None
    legs_without_figure: Count
    ratio: RatioPart | None = Field(description="Of the figure, or of its lower end.")
    recomputed: Digits | None = Field(description="What the recorded inputs give again.")
    inputs: dict[str, int | str]
    why: list[str] = Field(description="What makes it differ from the figure that counts.")


class DerivedPart(_Part):
    """A figure worked out from recorded inputs, which is not itself recorded."""

    name: str
    operations: Digits
    ratio: RatioPart


class FiguresDocument(_Part):
    """What ``flopledger show run:ID -f json`` prints. Large numbers are decimal strings."""

    schema_: Literal["flopledger/run-figures.v1"] = Field(alias="schema")
    run: str
    models: list[str]
    reference: Digits | None = Field(description="Operations that count; null if none is stated.")
    device_us: Digits | None = Field(
        description="Time held by the primary legs that state it, device-microseconds; null if "
        "none does."
    )
    legs_without_time: Count = Field(description="Primary legs that state no time held.")
    ceiling_operations: Digits | None = Field(description="Null if a primary leg has none.")
    of_ceiling: RatioPart | None = Field(description="The figure that counts over the ceiling.")
    figures: list[FigurePart]
    derived: list[DerivedPart]


def figures_schema() -> dict[str, Any]:
    """Return ``schemas/run-figures.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/run-figures.v1.schema.json",
        **FiguresDocument.model_json_schema(by_alias=True),
    }


def figures_document(found: RunFigures) -> dict[str, Any]:
    """Return the document of ``schemas/run-figures.v1.schema.json``."""
    written = FiguresDocument(
        schema="flopledger/run-figures.v1",
        run=found.run,
        models=list(found.model),
        reference=_digits(found.reference),
        device_us=_digits(found.device_us),
        legs_without_time=found.untimed,
        ceiling_operations=_digits(found.ceiling),
        of_ceiling=_ratio(_of_ceiling(found)),
        figures=[_figure_part(figure) for figure in found.figures],
        derived=[_derived_part(derived) for derived in found.derived],
    )
    return written.model_dump(mode="json", by_alias=True)


def figures_tables(found: RunFigures) -> tuple[Table, ...]:
    """Return the figures, what follows from their inputs, and why they differ."""
    columns = (
        Column("figure"),
        Column("role"),
        Column("grade"),
        Column("operations", "right"),
        Column("of primary", "right"),
        Column("ppm", "right"),
        Column("worked out again"),
        Column("entries", "right"),
    )
    rows = tuple(_row(figure) for figure in found.figures)
    rows += tuple(_derived_row(derived) for derived in found.derived)
    reasons = tuple((_name(figure), why) for figure in found.figures for why in figure.why)
    return (
        Table(f"Run {found.run}: its operations, by method", columns, rows, tuple(_notes(found))),
        Table("Why they differ", (Column("figure"), Column("reason", wide=True)), reasons),
    )


def _notes(found: RunFigures) -> list[str]:
    """Return what was held, what it allows, and what is not stated."""
    notes = [_held(found)]
    ratio = _of_ceiling(found)
    if found.ceiling is None:
        notes.append("ceiling: unknown, because a device, a precision or a time is not stated")
    else:
        share = "" if ratio is None else f", of which the figure that counts is {percent(ratio)}"
        notes.append(f"ceiling: {found.ceiling} operations{share}")
        if ratio is not None and ratio > 1:
            notes.append("impossible: check precision, number of devices, times and the figure")
    if found.reference is None:
        notes.append("no primary record states operations: they are unknown, which is not zero")
    unstated = sum(figure.unstated for figure in found.figures if figure.role == "primary")
    if found.reference is not None and unstated:
        notes.append(f"{unstated} primary legs state no operations; the ratios leave them out")
    if found.derived:
        notes.append("figures marked * are worked out from recorded inputs and are not records")
    wrong = [figure for figure in found.figures if figure.recomputed not in {None, _whole(figure)}]
    notes += [f"{_name(f)}: its inputs give {f.recomputed}, not what it states" for f in wrong]
    return notes


def _held(found: RunFigures) -> str:
    """Return the time held, as far as it is stated."""
    if found.device_us is None:
        return "held: unknown, because no primary record states the time"
    held = f"held: {readable(Fraction(found.device_us, _SECOND_US))} device-seconds"
    legs = "leg that states" if found.untimed == 1 else "legs that state"
    return f"{held}, without {found.untimed} {legs} none" if found.untimed else held


def _whole(figure: Figure) -> int | None:
    """Return the figure, or its lower end."""
    return figure.low if figure.operations is None else figure.operations


def _name(figure: Figure) -> str:
    """Return what a figure is called in a table."""
    formula = figure.inputs.get("formula")
    names = {"dense": "6·N·D", "adapter": "(4·N + 2·n)·D", "pipe": "pipe activity"}
    names |= {
        "hardware": "N·L·H·U",
        "steps": "counted",
        "forward": "2·N·D",
        "reported": "as reported",
    }
    if figure.method == "framework_reported":
        return "trainer's own count"
    return names.get(str(formula), figure.method.replace("_", " "))


def _row(figure: Figure) -> tuple[str, ...]:
    """Return one row of the table."""
    value = _whole(figure)
    shown = "not stated" if value is None else str(value)
    if figure.operations is None and figure.low is not None:
        shown = f"{figure.low} to {'?' if figure.high is None else figure.high}"
    ratio = figure.ratio
    return (
        _name(figure),
        figure.role,
        figure.grade,
        shown,
        "–" if ratio is None else percent(ratio),
        "–" if ratio is None else f"{_ppm(ratio):,}",
        _again(figure),
        ", ".join(map(str, figure.entries[:3])) + (", …" if len(figure.entries) > 3 else ""),  # noqa: PLR2004
    )


def _again(figure: Figure) -> str:
    """Return whether the recorded inputs give the figure again."""
    if figure.recomputed is None:
        return "no formula is recorded"
    return "agrees" if figure.recomputed == _whole(figure) else f"gives {figure.recomputed}"


def _derived_row(derived: Derived) -> tuple[str, ...]:
    """Return the row of a figure that is not a record."""
    ratio = Fraction(derived.operations, derived.reference)
    figure = (f"* {derived.name}", "not recorded", "–", str(derived.operations))
    return (*figure, percent(ratio), f"{_ppm(ratio):,}", "–", "–")


def _figure_part(figure: Figure) -> FigurePart:
    """Return one figure of the document."""
    return FigurePart.model_validate(
        {
            "method": figure.method,
            "role": figure.role,
            "evidence": figure.grade,
            "entries": list(figure.entries),
            "operations": _digits(figure.operations),
            "operations_low": _digits(figure.low),
            "operations_high": _digits(figure.high),
            "legs_without_figure": figure.unstated,
            "ratio": _ratio(figure.ratio),
            "recomputed": _digits(figure.recomputed),
            "inputs": dict(figure.inputs),
            "why": list(figure.why),
        }
    )


def _derived_part(derived: Derived) -> DerivedPart:
    """Return one figure of the document that is not a record."""
    ratio = _ratio(Fraction(derived.operations, derived.reference))
    assert ratio is not None
    return DerivedPart(name=derived.name, operations=str(derived.operations), ratio=ratio)


def _of_ceiling(found: RunFigures) -> Fraction | None:
    """Return the figure that counts over the ceiling."""
    if found.reference is None or not found.ceiling:
        return None
    return Fraction(found.reference, found.ceiling)


def _ratio(ratio: Fraction | None) -> RatioPart | None:
    """Return a ratio of the document."""
    return None if ratio is None else RatioPart(exact=str(ratio), ppm=_ppm(ratio))


def _ppm(ratio: Fraction) -> int:
    """Return a ratio in parts per million."""
    return ratio_ppm(ratio.numerator, ratio.denominator)


def _digits(value: int | None) -> str | None:
    """Return a count as decimal text."""
    return None if value is None else str(value)
