"""An import report: what an import did, as the published document and as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from ledger.journeys.held_time import Ceiling
from ledger.journeys.importing import Imported
from ledger.report.figure import readable, scientific
from ledger.report.problems import ProblemPart, problem_part
from ledger.report.render import to_json
from ledger.report.table import Column, Table

__all__ = [
    "DeviceCeiling",
    "ImportDocument",
    "import_document",
    "import_json",
    "import_schema",
    "import_summary",
    "import_tables",
]

_HOUR_US = 3_600 * 10**6
_TOGETHER = 1_000  # problems that are written as one part
_BEFORE, _AFTER = '\n  "problems": [', "\n  ]"  # the lines around them
_SHOWN = ("bf16", "fp8")  # the formats that published runs of this decade were trained in

Digits: TypeAlias = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]
Count: TypeAlias = Annotated[int, Field(ge=0)]


class DeviceCeiling(BaseModel):
    """The most that one kind of device could have done in the time held."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    device_us: Digits = Field(description="Time held, device-microseconds.")
    ceiling_operations: Digits | None = Field(
        description="Sum over the records with a known ceiling; null if none has one."
    )
    without_ceiling: Count = Field(description="Records that the sum leaves out.")
    dense_operations: dict[str, Digits] = Field(
        description="The same time at the dense peak of each format that the device has."
    )


class ImportDocument(BaseModel):
    """What ``flopledger import -f json`` prints. Large numbers are decimal strings."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    schema_: Literal["flopledger/import.v1"] = Field(alias="schema")
    dry_run: bool = Field(description="Whether nothing was appended; new says what would be.")
    files: Count = Field(description="Files read.")
    runs: Count = Field(description="Runs named by accepted records, added up by file.")
    new: Count = Field(description="Records appended.")
    same: Count = Field(description="Records that the ledger already held.")
    changed: Count = Field(description="Records held with other content; not appended.")
    superseded: Count = Field(description="Provisional records that a final one replaced.")
    refused: Count = Field(description="Rows, or whole files, that could not be read.")
    problems: list[ProblemPart] = Field(description="All that is refused or worth a look.")
    held_device_us: dict[str, Digits] = Field(
        description="Device-microseconds of accepted records by activity, new or not."
    )
    ceilings: dict[str, DeviceCeiling] = Field(description="By catalogue device id.")


def import_schema() -> dict[str, Any]:
    """The published schema ``schemas/import.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/import.v1.schema.json",
        **ImportDocument.model_json_schema(by_alias=True),
    }


def import_document(imported: Imported, *, dry_run: bool) -> dict[str, Any]:
    """The document of ``schemas/import.v1.schema.json``."""
    written = ImportDocument(
        schema="flopledger/import.v1",
        dry_run=dry_run,
        files=imported.files,
        runs=imported.runs,
        new=imported.new,
        same=imported.same,
        changed=imported.changed,
        superseded=imported.superseded,
        refused=imported.refused,
        problems=[problem_part(problem) for problem in imported.problems],
        held_device_us={name: str(held) for name, held in imported.held_device_us.items()},
        ceilings={name: _ceiling(ceiling) for name, ceiling in imported.ceilings.items()},
    )
    return written.model_dump(mode="json", by_alias=True)


def import_json(imported: Imported, *, dry_run: bool) -> Iterator[str]:
    """Yield the JSON of an import in parts; joined they are what ``to_json`` makes of the whole.

    A file may have as many problems as rows, and as objects or as text they take many times the
    memory that they take as they were found.
    """
    bare = to_json(import_document(replace(imported, problems=()), dry_run=dry_run))
    # A line break inside a text is escaped: no text of the document can hold these lines.
    head, tail = bare.split(_BEFORE + "]", 1)
    before = head + _BEFORE
    for start in range(0, len(imported.problems), _TOGETHER):
        some = imported.problems[start : start + _TOGETHER]
        parts = [problem_part(problem).model_dump(mode="json", by_alias=True) for problem in some]
        text = to_json({"problems": parts})
        yield before + text.removeprefix("{" + _BEFORE).removesuffix(_AFTER + "\n}\n")
        before = ","
    yield (_AFTER if imported.problems else before + "]") + tail


def _ceiling(ceiling: Ceiling) -> DeviceCeiling:
    """One device in the document."""
    return DeviceCeiling(
        device_us=str(ceiling.device_us),
        ceiling_operations=None if ceiling.known == 0 else str(ceiling.operations),
        without_ceiling=ceiling.unknown,
        dense_operations={name: str(most) for name, most in ceiling.dense.items()},
    )


def import_summary(imported: Imported, *, dry_run: bool) -> str:
    """One line for people: what became of the rows."""
    counts = (
        f"{_read(imported)}: {imported.new:,} new, "
        f"{imported.same:,} same, {imported.changed:,} changed, {imported.refused:,} refused"
    )
    if imported.superseded:
        records = "record" if imported.superseded == 1 else "records"
        counts += f"; {imported.superseded:,} provisional {records} replaced"
    return f"{counts}; dry run, nothing appended" if dry_run else counts


def import_tables(imported: Imported) -> tuple[Table, ...]:
    """Counts, time held by activity, and ceilings by device."""
    counts = ("new", "same", "changed", "superseded", "refused")
    held = imported.held_device_us.items()
    title = f"Import of {_read(imported)}"
    rows = tuple((name, f"{getattr(imported, name):,}") for name in counts)
    every = (
        Table(title, (Column("records"), _number("count")), rows),
        Table(
            "Device time held, by activity",
            (Column("activity"), _number("device-hours"), _number("device-microseconds")),
            tuple((name, _hours(amount), str(amount)) for name, amount in held),
        ),
        Table(
            "Ceilings, by device",
            (
                Column("device"),
                _number("device-hours"),
                _number("stated"),
                _number("without"),
                *(_number(f"if {name}") for name in _SHOWN),
            ),
            tuple(_device_row(*item) for item in imported.ceilings.items()),
            (
                "stated: operations at the dense peak of the stated format.",
                "without: records that state none; if: the same time at that format's peak.",
            ),
        ),
    )
    return tuple(table for table in every if table.rows)


def _read(imported: Imported) -> str:
    """How much was read."""
    files = "1 file" if imported.files == 1 else f"{imported.files:,} files"
    runs = "1 run" if imported.runs == 1 else f"{imported.runs:,} runs"
    return f"{files}, {runs}"


def _number(name: str) -> Column:
    """A column of numbers."""
    return Column(name, "right")


def _device_row(device: str, ceiling: Ceiling) -> tuple[str, ...]:
    """One row of the table of ceilings."""
    most = scientific(ceiling.operations) if ceiling.known else "unknown"
    formats = (ceiling.dense.get(name) for name in _SHOWN)
    shown = ("–" if value is None else scientific(value) for value in formats)
    return device, _hours(ceiling.device_us), most, f"{ceiling.unknown:,}", *shown


def _hours(device_us: int) -> str:
    """Device-hours for people."""
    return readable(Fraction(device_us, _HOUR_US))
