"""Epoch: published estimates of training compute, as Epoch AI tabulates them (CC BY 4.0).

Training compute includes base models, so it is recorded as cumulative; fine-tuning compute is
the model's own. A model without a figure is recorded with unknown operations, so that it comes
out undetermined by name and not as a model that needs nothing.
Page: ``schemas/source-epoch.v1.md``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

from ledger.canonical import JSON
from ledger.errors import InputError, MissingError, Problem
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.epoch_findings import findings
from ledger.importers.epoch_rows import COMPUTE, FINETUNE, REQUIRED, Figure, Row, read_rows
from ledger.importers.source_file import SourceFile, find_files, opening, read_source
from ledger.journeys.importing import Reading
from ledger.quantity import OPERATIONS_MAX
from ledger.record.draft import Draft, draft_of

__all__ = ["FACTORS", "IMPORTER", "EpochImporter", "interval"]

NAME = "epoch"
VERSION = "1"
CREDIT = "Epoch AI, Data on AI Models, CC BY 4.0"

FACTORS: Mapping[str, int] = {"Confident": 3, "Likely": 10, "Speculative": 30}
"""How far each confidence reaches either way.

The words are in the tables; the factors are from memory of Epoch AI's documentation, which is
why every record that uses one says ``interval_provenance: memory``.
"""

_TABLE = re.compile(r"(?:notable|large_scale|frontier|all)_ai_models.*\.csv|epoch.*models.*\.csv")
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DEVELOPER_MAX = 200  # characters of a name in a record


@dataclass(frozen=True, slots=True)
class _Table:
    """A table and where its records come from."""

    source: SourceFile
    rows: tuple[Row, ...]
    date: str | None


class EpochImporter:
    """Reads tables of models; see `Importer`."""

    name = NAME
    version = VERSION
    settings = frozenset({"table_date"})

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether this is a table of models, or a folder with some."""
        if path.is_dir():
            return any(_TABLE.fullmatch(p.name.removesuffix(".gz")) for p in path.glob("*.csv*"))
        header = opening(head).partition("\n")[0]
        return all(column in header for column in REQUIRED)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The tables below a path, sorted by name."""
        return find_files(path, lambda n: bool(_TABLE.fullmatch(n)), "Epoch AI tables of models")

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads one table; the catalogue is not needed, since no device time is recorded."""
        del catalogue
        date = held_time.day_setting(settings, "table_date") or _date_of(path)
        problems: list[Problem] = []
        try:
            source = read_source(path)
            rows = read_rows(source.text, str(path), problems)
        except (InputError, MissingError) as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)
        table = _Table(source, rows, date)
        problems.extend(findings(rows, date, str(path)))
        pairs = tuple(_drafts(table, problems))
        drafts, lines = tuple(draft for draft, _ in pairs), tuple(line for _, line in pairs)
        runs = len({draft.body["run"] for draft in drafts if draft.type == "allocation"})
        return Reading(drafts, tuple(problems), runs, lines)


IMPORTER = EpochImporter()


def interval(row: Row) -> tuple[int, int, str] | None:
    """Return the error interval of the compute of a row, and where it comes from.

    Stated bounds of the table come first; else the factor of the stated confidence. The upper
    end is cut at the 10^28 that a record may state.

    Returns:
        Low, high, and ``table`` or ``memory``; None when neither is stated or no figure is.
    """
    if row.compute is None:
        return None
    value = row.compute.value
    factor = FACTORS.get(row.confidence)
    low, high = row.low, row.high
    if (low is not None or high is not None) and (low or 0) <= value <= (high or value):
        factor = factor or 1
        below = value / factor if low is None else low
        above = value * factor if high is None else high
        return floor(below), min(ceil(above), OPERATIONS_MAX), "table"
    if factor is None:
        return None
    return floor(value / factor), min(ceil(value * factor), OPERATIONS_MAX), "memory"


def _date_of(path: Path) -> str | None:
    """Return the day that the name of a table states, or None."""
    found = _DATED.search(path.name)
    try:
        return None if found is None else held_time.day_setting({"day": found[0]}, "day")
    except InputError:
        return None


def _drafts(table: _Table, problems: list[Problem]) -> Iterator[tuple[Draft, int]]:
    """Yield the records of each row with its line; a row that makes no record is refused."""
    seen: Counter[str] = Counter()
    organizations = {row.name: row.organization for row in table.rows}
    for row in table.rows:
        ordinal = seen[row.name]
        seen[row.name] += 1
        try:
            drafts = [*_estimates(table, row, ordinal)]
            if ordinal == 0:
                drafts += _parents(table, row, organizations)
        except InputError as error:
            problems.append(held_time.refusal(str(table.source.path), error, row.line))
        else:
            yield from ((draft, row.line) for draft in drafts)


def _estimates(table: _Table, row: Row, ordinal: int) -> Iterator[Draft]:
    """Yield the figures of a row; later rows of a name corroborate the first."""
    day = row.not_after or table.date
    if day is None:
        return
    role = "primary" if ordinal == 0 else "corroborating"
    for series, fields in _figures(row):
        evidence = _evidence(table.source, row, series)
        stated = {**_model(row), **fields, "role": role, "evidence": evidence}
        body = held_time.undated(stated, day)
        yield draft_of("allocation", body, key=(NAME, row.name, series, str(ordinal)))


def _parents(table: _Table, row: Row, organizations: Mapping[str, str]) -> Iterator[Draft]:
    """Yield that a model was derived from each of its base models."""
    for parent in row.bases:
        if parent != row.name and (row.not_after or table.date):
            body = _lineage(row, parent, organizations.get(parent, ""))
            body["evidence"] = _evidence(table.source, row, "Base model")
            yield draft_of("lineage", body, key=(NAME, row.name, parent))


def _figures(row: Row) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Yield the figures of a row: cumulative and own, or one that is unknown.

    Where only fine-tuning compute of a derived model is printed, the rest is its base's, which
    the lineage supplies; a cumulative figure that nobody states would hide it.
    """
    if row.compute is not None or row.finetune is None or not row.bases:
        yield COMPUTE, {"activity": "pretrain", "extent": "cumulative", **_compute(row)}
    if row.finetune is not None:
        amounts = _amounts(row.finetune)
        yield FINETUNE, {"activity": "sft", "extent": "own", **amounts}


def _compute(row: Row) -> dict[str, JSON]:
    """Return the cumulative figure with its error interval, or that it is unknown.

    A figure that is not whole keeps the range around it instead, since a range without a point
    is what the law would be held against.
    """
    if row.compute is None:
        return {"method": "none", "method_inputs": {}}
    amounts = _amounts(row.compute)
    inputs: dict[str, JSON] = {"figure": row.compute.text, "confidence": row.confidence or "blank"}
    band = interval(row)
    if band is not None and "operations" in amounts:
        amounts["operations_low"], amounts["operations_high"] = str(band[0]), str(band[1])
        inputs["interval_provenance"] = band[2]
        if row.confidence in FACTORS:
            inputs["interval_factor"] = FACTORS[row.confidence]
    return {**amounts, "method_inputs": inputs}


def _amounts(figure: Figure) -> dict[str, JSON]:
    """Return a figure as operations: a point if it is whole, else the range around it."""
    amounts: dict[str, JSON] = {
        "method": "third_party_estimate",
        "method_inputs": {"figure": figure.text},
    }
    whole, rest = divmod(figure.value.numerator, figure.value.denominator)
    if rest:
        return {**amounts, "operations_low": str(whole), "operations_high": str(whole + 1)}
    return {**amounts, "operations": str(whole)}


def _model(row: Row) -> dict[str, JSON]:
    """Return what a row says of its model."""
    developer = row.organization if 0 < len(row.organization) <= _DEVELOPER_MAX else None
    return {
        "run": row.name,
        "model": row.name,
        "developer": developer,
        "operation_kind": "float",
    }


def _lineage(row: Row, parent: str, organization: str) -> dict[str, JSON]:
    """Return that a model was derived from another, on a day that the table does not tell."""
    same = bool(row.organization) and row.organization == organization
    return {
        "model": row.name,
        "parent": parent,
        "relation": "derived",
        "same_provider": "yes" if same else "unknown",
        "on": None,
    }


def _evidence(source: SourceFile, row: Row, column: str) -> dict[str, JSON]:
    """Return where a record comes from, with the credit that the licence asks for."""
    locator = f"{CREDIT}: {column} of {row.name}"
    return held_time.evidence("publication", source, locator, (NAME, VERSION))
