"""The Parquet importer: the same table, typed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from tables import ROW, catalogue, csv_text, read_csv

from ledger.importers import recognise
from ledger.importers.parquet import IMPORTER
from ledger.journeys.importing import Reading


def read(path: Path, frame: pl.DataFrame) -> Reading:
    """What the importer says of a frame."""
    frame.write_parquet(path)
    return IMPORTER.read(path, {}, catalogue())


def test_parquet_texts_mean_what_csv_means(tmp_path: Path) -> None:
    changes: list[dict[str, str]] = [{}, {"end": "2026-03-04T00:00:00Z", "site": "lux-2"}]
    rows = [{"site": None, **ROW, **change} for change in changes]
    ours = read(tmp_path / "t.parquet", pl.DataFrame(rows))
    theirs = read_csv(tmp_path / "t.csv", csv_text(*changes))
    assert len(ours.drafts) == len(theirs.drafts) == 4
    for mine, other in zip(ours.drafts, theirs.drafts, strict=True):
        assert {**mine.body, "evidence": None} == {**other.body, "evidence": None}
        assert mine.hidden == other.hidden
        assert mine.key[2:] == other.key[2:]
    assert list(ours.lines or ()) == [1, 2, 2, 2]
    evidence = ours.drafts[1].body["evidence"]
    assert isinstance(evidence, dict)
    assert (evidence["locator"], evidence["importer"]) == ("row 2", "parquet")


def test_parquet_typed_columns_are_exact(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "run": ["r", "r"],
            "model": pl.Series(["m", "m"], dtype=pl.Categorical),
            "activity": pl.Series(["sft", "sft"], dtype=pl.Enum(["sft"])),
            "start": [datetime(2026, 3, 1, tzinfo=UTC), None],
            "end": [datetime(2026, 3, 1, 6, 0, 0, 250_000, tzinfo=UTC), None],
            "not_after": [None, date(2026, 3, 1)],
            "devices": pl.Series([Decimal("0.500"), Decimal("100.000")], dtype=pl.Decimal(9, 3)),
            "operations": pl.Series([10**25 + 1, None], dtype=pl.Decimal(38, 0)),
            "operations_executed": pl.Series([None, 2**63 - 1], dtype=pl.Int64),
            "operations_low": pl.Series([10**25, None], dtype=pl.Int128),
            "developer": pl.Series([None, None]),
        }
    )
    first, second = (draft.body for draft in read(tmp_path / "t.parquet", frame).drafts)
    assert first["operations"] == "10000000000000000000000001"
    assert first["operations_low"] == "10000000000000000000000000"
    assert (first["milli_devices"], second["milli_devices"]) == (500, 100_000)
    assert (first["end"], first["end_ms"]) == ("2026-03-01T06:00:00Z", 250)
    assert second["not_after"] == "2026-03-01"
    assert second["operations_executed"] == "9223372036854775807"


@pytest.mark.parametrize(
    ("column", "word"),
    [
        (pl.Series("operations", [1e25]), "Decimal(38, 0)"),
        (pl.Series("devices", [8.0], dtype=pl.Float32), "Decimal"),
        (pl.Series("start", [datetime(2026, 3, 1)]), "time zone"),  # noqa: DTZ001 - the fault
        (pl.Series("notes", [["a"]]), "text"),
        (pl.Series("notes", [True]), "text"),
    ],
)
def test_parquet_column_of_an_inexact_type_is_refused(
    tmp_path: Path, column: pl.Series, word: str
) -> None:
    frame = pl.DataFrame([ROW]).with_columns(column)
    reading = read(tmp_path / "t.parquet", frame)
    (problem,) = reading.problems
    assert (problem.code, problem.severity, problem.line) == ("column-type", "refused", None)
    assert column.name in problem.message
    assert word in problem.remedy
    assert len(reading.drafts) == 0


def test_parquet_time_of_finer_parts_is_refused_and_not_cut(tmp_path: Path) -> None:
    when = pl.Series("start", [datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC)])
    reading = read(tmp_path / "t.parquet", pl.DataFrame([ROW]).with_columns(when))
    assert [problem.code for problem in reading.problems] == ["time-form"]


def test_parquet_header_and_cells_are_checked_like_csv(tmp_path: Path) -> None:
    odd = pl.DataFrame([ROW]).rename({"devices": "gpus"})
    assert [p.code for p in read(tmp_path / "t.parquet", odd).problems] == ["unknown-column"]
    bad = pl.DataFrame([ROW, {**ROW, "operations": "1e25"}])
    (problem,) = read(tmp_path / "t.parquet", bad).problems
    assert (problem.code, problem.line) == ("exponent", 2)


def test_parquet_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame([ROW]).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-9])
    (problem,) = IMPORTER.read(path, {}, catalogue()).problems
    assert problem.code == "not-parquet"


def test_parquet_is_recognised_by_its_magic(tmp_path: Path) -> None:
    path = tmp_path / "anything"
    pl.DataFrame([ROW]).write_parquet(path)
    assert recognise([path]) is IMPORTER
