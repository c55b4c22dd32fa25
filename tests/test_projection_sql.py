"""The segments read in other engines: the query on the page of the format gives our sums."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import DAY, MemoryLeaves, ledgers
from supplied import supplied

from ledger.engines import leaves
from ledger.engines.place import Place
from ledger.engines.polars import PolarsEngine
from ledger.engines.projection import Projection
from ledger.measure import StoredRecord, Sums, TotalKey

PAGE = Path(__file__).resolve().parent.parent / "schemas" / "projection.v2.md"


def query(as_of: str) -> str:
    """Return the query of the page for another day."""
    (sql,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert sql.count("DATE '2026-06-30'") == 1
    return str(sql).replace("2026-06-30", as_of)


@pytest.fixture(autouse=True, scope="module")
def _short_segments() -> object:
    """Cut small ledgers into many segments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaves, "SEGMENT", 4)
        yield


@settings(max_examples=25)
@given(held=ledgers(), late=st.integers(-3, 36))
def test_query_in_duckdb_gives_the_sums_of_the_fold(
    tmp_path_factory: pytest.TempPathFactory, held: tuple[StoredRecord, ...], late: int
) -> None:
    duckdb = supplied("duckdb", "duckdb")
    source, as_of = MemoryLeaves(held), DAY + timedelta(days=late)
    place = Place(tmp_path_factory.mktemp("projection"), b"s" * 32)
    engine = PolarsEngine(source, place)
    folded = engine.fold(size=source.size, limit=source.size, as_of=as_of, root=source.root())
    Projection(source, place).segments(source.size)
    if not source.size:
        return
    with duckdb.connect() as connection:
        connection.sql(f"create view segments as from '{place.folder}/*.parquet'")
        rows = connection.sql(query(str(as_of))).fetchall()
    found = {TotalKey(*row[:8]): Sums(*(int(each or 0) for each in row[8:])) for row in rows}
    assert {key: sums for key, sums in found.items() if sums} == dict(folded.totals)


def test_query_in_duckdb_refuses_to_overflow() -> None:
    duckdb = supplied("duckdb", "duckdb")
    most = "9" * 38
    with duckdb.connect() as connection, pytest.raises(duckdb.OutOfRangeException):
        connection.sql(
            f"select sum(x) from (values ({most}::decimal(38,0)), ({most})) t(x)"
        ).fetchall()
