"""An estimates report: a figure worked out, its range, why it is so wide, and all its inputs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ledger.methods import METHODS, Part, Worked, dense_equivalent
from ledger.methods.rounding import margin, two_digits
from ledger.report.figure import scientific
from ledger.report.table import Column, Table

__all__ = [
    "estimate_document",
    "estimate_schema",
    "estimate_tables",
    "methods_document",
    "methods_schema",
    "methods_table",
]

Digits: TypeAlias = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]


class _Piece(BaseModel):
    """Base of the pieces: strict, frozen, no unknown fields."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class PartPiece(_Piece):
    """One activity of the work."""

    name: str
    activity: str
    method: str = Field(description="As a record states it.")
    operations: Digits | None = Field(description="Performed, without recomputation.")
    operations_low: Digits | None
    operations_high: Digits | None
    operations_executed: Digits | None = Field(description="With recomputation and padding.")
    dense_equivalent: Digits | None = Field(
        description="What dense matrices of the same shape would take; null without operations."
    )
    width: str = Field(description="Why the range is as wide as it is.")
    notes: list[str]
    method_inputs: dict[str, int | str] = Field(description="As a record carries them.")


class GuidelineForm(_Piece):
    """How the guidelines on the EU AI Act let the figure be told; never stored or compared."""

    two_digits: str
    margin_low: Digits = Field(description="30 % below the figure, rounded outwards.")
    margin_high: Digits = Field(description="30 % above the figure, rounded outwards.")
    within_margin: bool | None = Field(
        description="Whether the range stays within it; null if no range is known."
    )


class EstimateDocument(_Piece):
    """What ``flopledger estimate METHOD -f json`` prints. Large numbers are decimal strings."""

    schema_: Literal["flopledger/estimate.v1"] = Field(alias="schema")
    method: str
    formula: str
    operations: Digits | None
    operations_low: Digits | None
    operations_high: Digits | None
    parts: list[PartPiece]
    guideline: GuidelineForm | None = Field(description="Null without operations.")


class MethodPiece(_Piece):
    """One method and its inputs."""

    name: str
    title: str
    required: list[str] = Field(description="Inputs it needs; a|b means one of them.")
    optional: list[str]


class MethodsDocument(_Piece):
    """What ``flopledger estimate -f json`` prints without a method."""

    schema_: Literal["flopledger/methods.v1"] = Field(alias="schema")
    methods: list[MethodPiece]


def estimate_schema() -> dict[str, Any]:
    """Return ``schemas/estimate.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/estimate.v1.schema.json",
        **EstimateDocument.model_json_schema(by_alias=True),
    }


def estimate_document(worked: Worked) -> dict[str, Any]:
    """Return the document of ``schemas/estimate.v1.schema.json``."""
    written = EstimateDocument(
        schema="flopledger/estimate.v1",
        method=worked.method,
        formula=worked.formula,
        operations=_digits(worked.operations),
        operations_low=_digits(worked.low),
        operations_high=_digits(worked.high),
        parts=[_piece(part) for part in worked.parts],
        guideline=_guideline(worked),
    )
    return written.model_dump(mode="json", by_alias=True)


def estimate_tables(worked: Worked) -> tuple[Table, ...]:
    """Return the parts, why their ranges are so wide, and what to put in again."""
    columns = (
        Column("part"),
        Column("activity"),
        Column("operations", "right"),
        Column("at least", "right"),
        Column("at most", "right"),
        Column("executed", "right"),
    )
    rows = [_row(part) for part in worked.parts]
    if len(rows) > 1:
        total = (worked.operations, worked.low, worked.high)
        rows.append(("all", "", *(_shown(value) for value in total), ""))
    reasons = [(part.name, text) for part in worked.parts for text in (part.width, *part.notes)]
    inputs = [
        (part.name, name, str(value))
        for part in worked.parts
        for name, value in part.inputs.items()
    ]
    wide = Column("reason", wide=True)
    return (
        Table(f"{worked.method}: {worked.formula}", columns, tuple(rows), tuple(_notes(worked))),
        Table("Why the range is so wide", (Column("part"), wide), tuple(reasons)),
        Table("Inputs", (Column("part"), Column("input"), Column("value", "right")), tuple(inputs)),
    )


def methods_document() -> dict[str, Any]:
    """Return the document of ``schemas/methods.v1.schema.json``."""
    methods = [
        MethodPiece(
            name=name,
            title=method.title,
            required=list(method.required),
            optional=sorted(method.optional),
        )
        for name, method in METHODS.items()
    ]
    written = MethodsDocument(schema="flopledger/methods.v1", methods=methods)
    return written.model_dump(mode="json", by_alias=True)


def methods_schema() -> dict[str, Any]:
    """Return ``schemas/methods.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/methods.v1.schema.json",
        **MethodsDocument.model_json_schema(by_alias=True),
    }


def methods_table() -> Table:
    """Return the methods with their inputs, for people."""
    return Table(
        "Methods",
        (
            Column("method"),
            Column("for", wide=True),
            Column("needs", wide=True),
            Column("takes", wide=True),
        ),
        tuple(
            (
                name,
                method.title,
                ", ".join(method.required).replace("|", " or "),
                ", ".join(sorted(method.optional)),
            )
            for name, method in METHODS.items()
        ),
        ("numbers: 405*10^9, 1_000, 0.4, 2/5; schemas/methods.v1.md says what each input is",),
    )


def _notes(worked: Worked) -> list[str]:
    """Return how the guidelines let the figure be told."""
    form = _guideline(worked)
    if form is None or worked.operations is None:
        return ["no single figure: only the range is known"]
    low, high = (scientific(int(form.margin_low)), scientific(int(form.margin_high), up=True))
    notes = [
        f"told with two digits: {form.two_digits}; a line is compared with the exact figure only",
        f"the EU guidelines accept an error of 30 % of it: {low} to {high}",
    ]
    if form.within_margin is None:
        notes.append("no range is known, so nobody can say whether the error is within that")
    elif not form.within_margin:
        notes.append("the range is wider than that: find a better method or better inputs")
    return notes


def _guideline(worked: Worked) -> GuidelineForm | None:
    """Return the forms of the guidelines."""
    operations, low, high = worked.operations, worked.low, worked.high
    if operations is None:
        return None
    least, most = margin(operations)
    within = None if low is None or high is None else least <= low and high <= most
    return GuidelineForm(
        two_digits=two_digits(operations),
        margin_low=str(least),
        margin_high=str(most),
        within_margin=within,
    )


def _row(part: Part) -> tuple[str, ...]:
    """Return one row of the table."""
    amounts = (part.operations, part.low, part.high, part.executed)
    return (part.name, part.activity, *(_shown(value) for value in amounts))


def _piece(part: Part) -> PartPiece:
    """Return one part of the document."""
    known = part.operations is not None
    return PartPiece(
        name=part.name,
        activity=part.activity,
        method=part.method,
        operations=_digits(part.operations),
        operations_low=_digits(part.low),
        operations_high=_digits(part.high),
        operations_executed=_digits(part.executed),
        dense_equivalent=_digits(dense_equivalent(part.inputs)) if known else None,
        width=part.width,
        notes=list(part.notes),
        method_inputs=dict(part.inputs),
    )


def _shown(value: int | None) -> str:
    """Return an amount for people."""
    return "not known" if value is None else str(value)


def _digits(value: int | None) -> str | None:
    """Return an amount as decimal text."""
    return None if value is None else str(value)
