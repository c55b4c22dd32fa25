"""A table is read in blocks: how large they are changes nothing, and few rows are held at once."""

from __future__ import annotations

import csv
import errno
import gc
import gzip
import io
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed import SECRET, found, identity, opened
from tables import ROW, catalogue, csv_text, read_csv

from ledger.importers import (
    ceilings,
    checks,
    csv_records,
    frame,
    pages,
    parquet,
    stored,
    stored_text,
)
from ledger.importers.csv import IMPORTER
from ledger.importers.parquet import IMPORTER as PARQUET
from ledger.importers.stored import encoding_fault
from ledger.journeys.importing import Imported, Reading, Request, import_files
from ledger.log.identity import pseudonym
from ledger.record import Sheet
from ledger.stores.sqlite import SqliteStore

NAMES = (*ROW, "id", "site", "notes", "input.tokens", "operations_high")
CELLS: dict[str, Sequence[str]] = {
    "run": ("r-7", "r-8", "r-7 ", "é", "nan", "a\u200bb", "\ufeffr-7", "x\x01", 'x"y', "x,y", ""),
    "model": ("falcon-2", "m"),
    "start": ("2026-03-01T00:00:00Z", "2026-02-27T22:30:00.250Z", "2026-02-30T00:00:00Z"),
    "end": ("2026-03-01T06:00:00Z", "2026-03-04T01:00:00Z", "2026-02-01T00:00:00Z"),
    "device": ("nvidia-h100-sxm5", "H100 SXM", "nope", ""),
    "devices": ("512", "0.125", "x"),
    "precision": ("bf16", "", "fp4"),
    "operations": ("38*10^20", "", "9" * 28),
    "operations_high": ("", "1"),
    "id": ("", "a", "b", "c", "d"),
    "site": ("", "hall"),
    "notes": ("", "one\ntwo", "one\r\ntwo"),
    "input.tokens": ("", "15*10^12"),
}
BROKEN = ("", "   ", "r,m", '"open', '"a"b,c', ",".join(NAMES))


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Draws a file: rows that repeat, look alike, break rules or are no rows, however it ends."""
    cells = {name: st.sampled_from(CELLS.get(name, ("",))) for name in NAMES}
    usual = {**dict.fromkeys(NAMES, ""), **ROW}
    lines = [",".join(NAMES)]
    for _ in range(draw(st.integers(0, 9))):
        row = {
            name: draw(cells[name]) for name in draw(st.sets(st.sampled_from(NAMES), max_size=2))
        }
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow({**usual, **row}.values())
        again = draw(st.sampled_from([False, False, False, True]))
        lines.append(draw(st.sampled_from(lines)) if again else text.getvalue())
        if draw(st.integers(0, 19)) == 0:
            lines.append(draw(st.sampled_from(BROKEN)))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    data = (end.join(lines) + draw(st.sampled_from(["", end]))).encode()
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(data)))
        data = data[:place] + draw(st.sampled_from([b"\0", b"\xff", b"\xc3"])) + data[place:]
    data = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + data
    return gzip.compress(data, mtime=0) if draw(st.booleans()) else data


@contextmanager
def sizes(rows: int, legs: int, characters: int) -> Iterator[None]:
    """Reads in blocks of these sizes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame, "ROWS_MAX", rows)
        patch.setattr(csv_records, "ROWS_MAX", rows)
        patch.setattr(parquet, "ROWS_MAX", rows)
        patch.setattr(pages, "LEGS_MAX", legs)
        patch.setattr(stored_text, "BLOCK", characters)
        yield


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 7), st.integers(1, 400))


def told(reading: Reading) -> tuple[Any, ...]:
    """All that a reading says."""
    assert isinstance(reading.drafts, Sheet) or reading.drafts == ()
    spelt = ()
    if isinstance(reading.drafts, Sheet):
        spelt = tuple(reading.drafts.spellings(lambda name, value: pseudonym(SECRET, name, value)))
    return reading.problems, reading.runs, [*(reading.lines or ())], [*reading.drafts], spelt


@settings(deadline=None, max_examples=150)
@given(tables(), SIZES)
def test_blocks_of_any_size_say_what_one_block_says(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: tuple[int, int, int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "blocks.csv"
    whole = told(read_csv(path, data))
    with sizes(*size):
        assert told(read_csv(path, data)) == whole


@settings(deadline=None, max_examples=25)
@given(st.lists(st.fixed_dictionaries({n: st.sampled_from(c) for n, c in CELLS.items()})), SIZES)
def test_parquet_blocks_of_any_size_say_what_one_block_says(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, str]],
    size: tuple[int, int, int],
) -> None:
    path = tmp_path_factory.getbasetemp() / "blocks.parquet"
    rows = [{**ROW, **row} for row in rows]
    pl.DataFrame(rows, schema=dict.fromkeys({**ROW, **CELLS}, pl.String)).write_parquet(path)
    whole = told(PARQUET.read(path, {}, catalogue()))
    with sizes(*size):
        assert told(PARQUET.read(path, {}, catalogue())) == whole


@settings(deadline=None, max_examples=20)
@given(tables(), SIZES, st.integers(1, 4))
def test_blocks_of_any_size_give_the_same_ledger(
    tmp_path_factory: pytest.TempPathFactory,
    data: bytes,
    size: tuple[int, int, int],
    chunk: int,
) -> None:
    folder = tmp_path_factory.mktemp("blocks")
    (folder / "t.csv").write_bytes(data)

    def ledger(name: str) -> tuple[Imported, list[Any]]:
        """Imports into a ledger of its own, and once more, and returns all that it holds."""
        context = found(folder, name)
        request = Request(IMPORTER, {}, catalogue(), skip_refused=True, chunk=chunk)
        with opened(context, identity(lambda: datetime(2026, 11, 23, tzinfo=UTC), "blocks")) as log:
            imported = import_files(log, request, [folder / "t.csv"])
            assert import_files(log, request, [folder / "t.csv"]).new == 0
        with SqliteStore(context.ledger) as store:
            return imported, [list(store.rows()), list(store.all_openings()), list(store.keys())]

    whole = ledger("whole.db")
    with sizes(*size):
        assert ledger("parts.db") == whole


def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Counts the rows of checked blocks and pages that are in memory at once."""
    alive: dict[int, int] = {}
    most = [0]
    typed = checks.typed

    def counted(rows: pl.DataFrame) -> pl.DataFrame:
        done = typed(rows)
        alive[id(done)] = done.height
        weakref.finalize(done, alive.pop, id(done))
        most[0] = max(most[0], sum(alive.values()))
        return done

    for module in (checks, pages):
        monkeypatch.setattr(module, "typed", counted)
    return lambda: most[0]


def test_few_rows_of_a_large_table_are_held_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.collect()
    most = watched(monkeypatch)
    with sizes(100, 100, 50_000):
        changes = ({"run": f"r-{n}", "operations": str(n)} for n in range(4_000))
        reading = read_csv(tmp_path / "t.csv", csv_text(*changes))
        assert sum(1 for _ in reading.drafts) == 4_000
    assert 100 <= most() <= 400


def test_a_long_row_does_not_take_its_neighbours_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LEGS_MAX", 10)
    written: list[int] = []
    keep = pages.Pages._keep

    def kept(self: pages.Pages, page: pl.DataFrame, legs: int) -> None:
        written.append(legs)
        keep(self, page, legs)

    monkeypatch.setattr(pages.Pages, "_keep", kept)
    month = {"end": "2026-04-01T00:00:00Z", "operations": ""}
    reading = read_csv(
        tmp_path / "t.csv", csv_text({}, month, *({"run": f"r-{n}"} for n in range(12)))
    )
    assert written == [1, 31, 10, 2]
    assert len(list(reading.drafts)) == 1 + 31 + 12


@given(
    st.lists(st.none() | st.integers(0, 2**60) | st.sampled_from([2**73, 2**126, 10**36])),
    st.sampled_from(["bf16", "fp8", "unknown"]),
)
def test_ceilings_are_exact_however_they_are_worked_out(
    times: list[int | None], precision: str
) -> None:
    device = "nvidia-h100-sxm5"
    words = dict.fromkeys(("device", "precision", "sparsity"), pl.String)
    rows = pl.DataFrame(
        [(time, device, precision, "dense") for time in times],
        schema={"device_us": pl.Int128, **words},
        orient="row",
    )
    peak = None if precision == "unknown" else catalogue().find(device).peak(precision)
    expected = [None if us is None or peak is None else str(us * peak // 10**6) for us in times]
    assert ceilings.with_ceilings(rows, catalogue())["ceiling_operations"].to_list() == expected


def test_rows_with_an_id_that_stands_twice_leave_nothing_behind(tmp_path: Path) -> None:
    rows: list[dict[str, str | None]] = [{"id": "a"}, {}, {"id": "b", "run": "r-8"}, {"id": "a"}]
    with sizes(1, 1, 50):
        reading = read_csv(tmp_path / "t.csv", csv_text(*rows))
    assert [(p.code, p.line) for p in reading.problems] == [("repeated-id", 2), ("repeated-id", 5)]
    assert [draft.body["run"] for draft in reading.drafts] == ["r-7", "r-8"]
    assert (reading.runs, list(reading.lines or ())) == (2, [3, 4])
    assert [draft.key[-1] for draft in reading.drafts] == ["0", "0"]


@pytest.mark.parametrize("characters", [1, 7, 1 << 20])
def test_a_fault_of_the_bytes_is_told_before_what_the_text_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, characters: int
) -> None:
    monkeypatch.setattr(stored_text, "BLOCK", characters)
    for data in (
        b"no table\n\xff\n",
        b"a;b\r\r\xffx\n\0\n\xfe",
        b"run,model\n\xff\n\n\0",
        b'run,"model\n\xc3',
        b"\xef\xbb\xbfrun,model\nx\xff\n",
        b"\xff\xfeno\0",
    ):
        (problem,) = read_csv(tmp_path / "t.csv", data).problems
        fault = encoding_fault(data, tmp_path / "t.csv")
        assert (problem.code, (problem.line, problem.message)) == ("encoding", fault)


def test_a_byte_after_a_byte_order_mark_is_named_as_it_is() -> None:
    assert encoding_fault(b"\xef\xbb\xbfab\n\xff", Path("t.csv")) == (2, "byte 0xff is not UTF-8")


def test_a_text_that_grows_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "STORED_MAX", 1_000)
    monkeypatch.setattr(stored_text, "BLOCK", 100)
    for data in (b"no table at all\n" * 100, gzip.compress(b"no table at all\n" * 1_000)):
        (problem,) = read_csv(tmp_path / "t.csv", data).problems
        assert "more than 1,000 bytes" in problem.message


@pytest.mark.parametrize("run", ["\ufeffr-7", "\ufeff", "x\x01b"])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_row_at_the_beginning_of_a_block_is_read_like_any_other(
    tmp_path: Path, run: str, rows: int
) -> None:
    table = csv_text(*({"run": f"r-{n}"} for n in range(rows - 1)), {"run": run})
    with sizes(1, 1, 1):
        (problem,) = read_csv(tmp_path / "t.csv", table).problems
    assert (problem.code, problem.line) == ("text-form", rows + 1)


def test_a_file_that_opens_but_gives_no_byte_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", lambda *_: io.BufferedReader(Broken()))
    (problem,) = IMPORTER.read(tmp_path / "t.csv", {}, catalogue()).problems
    assert problem.message == "the file cannot be read: Input/output error"


@settings(deadline=None, max_examples=15)
@given(tables(), SIZES)
def test_hashes_that_all_collide_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: tuple[int, int, int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "collide.csv"
    whole = told(read_csv(path, data))
    with sizes(*size), pytest.MonkeyPatch.context() as patch:
        alike = pl.UInt64
        patch.setattr(
            pl.DataFrame, "hash_rows", lambda rows: pl.repeat(7, len(rows), dtype=alike, eager=True)
        )
        assert told(read_csv(path, data)) == whole


def test_each_leg_has_its_turn_among_those_far_away(tmp_path: Path) -> None:
    with sizes(1, 2, 50):
        runs = ("a", "b", "a", "c", "c", "d", "a", "b")
        reading = read_csv(
            tmp_path / "t.csv",
            csv_text(*({"run": run, "operations": str(n)} for n, run in enumerate(runs))),
        )
    assert [draft.key[-1] for draft in reading.drafts] == [*"00101021"]
