"""Volumes: a file of any size is read in constant memory, exactly, and recorded once.

Here it is counted what an import keeps, object by object; ``test_full_volumes`` measures the whole
program at full size. What the ledger takes for a transaction does not grow with the file.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import catalogue
from volumes import (
    SACCT_MAP,
    VOLUMES,
    Lines,
    counters,
    duty_cycles,
    exposition,
    range_query,
    sacct,
    sacct_jobs,
    write,
)

from ledger.errors import InputError, LedgerError, Problem
from ledger.estimate import pipe
from ledger.importers import distinct, line_stream, load
from ledger.importers.distinct import DistinctTexts
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Map
from ledger.importers.marked_places import MarkedPlaces
from ledger.importers.presence import DAY_MS, Gaps, Presence
from ledger.importers.problem_list import KEPT_MAX, ProblemList
from ledger.importers.scratch import Scratch
from ledger.importers.telemetry_pipe import read_telemetry
from ledger.journeys.changed import CHANGED_MAX
from ledger.journeys.importing import Imported, Request, import_files
from ledger.log import Appended, Conflict
from ledger.period import Period
from ledger.record import Draft, Whole, draft_of

Remembered: Final = type(lru_cache(lambda: None))


class Counted:
    """A ledger that counts what is given to it and keeps nothing."""

    def __init__(self) -> None:
        self.drafts = 0
        self.vanished = 0
        self.largest = 0

    def append(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        self.drafts += len(drafts)
        self.vanished += len(vanished)
        self.largest = max(self.largest, len(drafts) + len(vanished))
        return Appended(tuple(range(len(drafts))))

    preview = append

    def overlapped(self, *, several: bool = False) -> AbstractContextManager[None]:
        del several
        return nullcontext()


class Opposed(Counted):
    """A ledger that holds everything already, with other content."""

    def append(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        del vanished  # nothing is held of what held nothing
        return Appended((), 0, tuple(Conflict(n, n, d.key) for n, d in enumerate(drafts)))


def mapped(source: str) -> Any:
    """An importer, with its map if the volume needs one."""
    importer: Any = load(source)
    return importer.with_map(Map.parse(SACCT_MAP, "map.yaml")) if source == "slurm" else importer


def settings(source: str) -> dict[str, str]:
    """What has to be said of a volume."""
    return {} if source == "slurm" else {"model": "m"}


def imported(path: Path, source: str, ledger: Counted) -> Imported:
    """Import a file, five hundred records a transaction."""
    request = Request(mapped(source), settings(source), catalogue(), chunk=500)
    return import_files(ledger, request, [path])


def held(path: Path, source: str, **said: str) -> int:
    """How many objects an import keeps when it has gone over the file twice.

    Python gives every small object a block of memory; no other number is as exact and as quick.
    """
    before = blocks()
    reading = mapped(source).read(path, {**settings(source), **said}, catalogue())
    drafts = iter(reading.drafts)
    draft = next(drafts)
    most = 0
    for number, draft in enumerate(drafts):  # noqa: B007 - the last one is held, as by a caller
        if number % 400 == 0:
            most = max(most, blocks() - before)
    return max(most, blocks() - before)


def blocks() -> int:
    """Blocks of memory in use, without what importers remember in a limited number of places."""
    gc.collect()
    for found in gc.get_objects():
        module = getattr(found, "__module__", "") if isinstance(found, Remembered) else ""
        if module.startswith(("ledger.importers", "ledger.period")):
            assert found.cache_parameters()["maxsize"], f"{found} remembers without limit"
            found.cache_clear()
    return sys.getallocatedblocks()


@pytest.mark.parametrize("source", ["slurm", "focus", "kubernetes", "kueue"])
def test_memory_does_not_grow_with_the_rows(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distinct, "_WAITING_MAX", 100)
    monkeypatch.setattr(line_stream, "_BLOCK", 4096)
    kept = []
    for rows in (300, 300, 900):  # the first makes what is made once
        path = tmp_path / f"{rows}"
        write(path, VOLUMES[source](rows))
        kept.append(held(path, source))
    # Were one number kept of each further row, it would be a block each.
    assert kept[2] - kept[1] < 300, kept


@pytest.mark.parametrize("form", ["json", "text", "dutycycle"])
def test_memory_does_not_grow_with_the_samples(form: str, tmp_path: Path) -> None:
    kept = []
    for step in (120, 120, 15):
        path = tmp_path / f"{step}"
        if form == "json":
            write(path, _one_device(range_query(10**9, days=1, step_s=step)))
        else:
            lines = exposition(16, step) if form == "text" else duty_cycles(16, step)
            size = {"text": 800_000, "dutycycle": 160_000}[form]
            write(path, lines, size * 15 // step)
        source = "dutycycle" if form == "dutycycle" else "prometheus"
        kept.append(held(path, source, step="2m"))
    assert kept[2] - kept[1] < 200, kept


def test_memory_does_not_grow_with_the_rows_of_counters() -> None:
    period = Period.parse("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    kept = []
    for rows in (2000, 2000, 8000):
        before = blocks()
        found = read_telemetry(islice(counters(), rows + 1), period, 8)
        assert found.sampled == rows - found.outside
        kept.append(blocks() - before)
    assert kept[2] - kept[1] < 200, kept


def test_counters_in_any_order_say_the_same() -> None:
    period = Period.parse("2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z")
    header, *rows = islice(counters(), 9000)
    rows = rows[:3000] + rows[5000:]  # a gap of every device
    told = [read_telemetry([header, *lines], period, 8) for lines in (rows, rows[::-1])]
    busy = [pipe(t.samples, milli_devices=1000, peak=10**15, peak_clock_mhz=1830) for t in told]
    assert busy[0] == busy[1]
    plain = [replace(one, samples=(), gaps=()) for one in told]
    assert plain[0] == plain[1]
    gaps = [[(gap.after, gap.before, gap.milliseconds) for gap in one.gaps] for one in told]
    assert gaps[0] == gaps[1]
    assert len(gaps[0]) == told[0].gap_count > 8


def test_a_transaction_holds_a_chunk_of_the_records_and_no_more(tmp_path: Path) -> None:
    path, ledger = tmp_path / "sacct", Counted()
    write(path, sacct(1200))
    done = imported(path, "slurm", ledger)
    assert (ledger.largest, ledger.drafts) == (500, done.new)
    assert done.new > 500
    # Jobs that ended without devices are in it: they may have been recorded while they ran.
    assert ledger.vanished > 100


def _one_device(lines: Lines) -> Lines:
    """Cut an answer behind the first device."""
    series = 0
    for line in lines:
        series += line.lstrip(",").startswith('{"metric"')
        if series > 2:
            break
        yield line
    yield "]}}\n"


@pytest.mark.parametrize("source", sorted(VOLUMES))
def test_the_second_pass_builds_what_the_first_has_checked(source: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, VOLUMES[source](300))
    drafts = list(mapped(source).read(path, settings(source), catalogue()).drafts)
    assert drafts
    for draft in drafts:
        again = draft_of(
            draft.type, draft.body, hidden=draft.hidden, key=draft.key[1:], whole=draft.whole
        )
        assert draft == again


def test_a_refused_row_is_left_out_of_the_second_pass_too(tmp_path: Path) -> None:
    path = tmp_path / "sacct"
    header, *rows = list(sacct(40))
    rows[3] = rows[3].replace("train-3", "\u00adtrain")  # the run would have a name nobody sees
    path.write_text("".join([header, *rows]), "utf-8")
    reading = mapped("slurm").read(path, {}, catalogue())
    assert reading.refused == 1
    assert len({d.body["run"] for d in reading.drafts}) == sacct_jobs(40) - 1 == reading.runs


def test_nothing_of_a_block_that_was_changed_is_given_out(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"".join(b"%07d\n" % n for n in range(400_000)))
    stream = LineStream(path)
    assert sum(1 for _ in stream.lines()) == 400_000
    with path.open("r+b") as file:
        file.seek(2_500_000)
        file.write(b"x")
    given = list[bytes]()
    with pytest.raises(InputError, match="changed while it was read"):
        given.extend(stream.lines())
    assert 0 < len(given) * 8 <= 2 << 20  # whole blocks before the one that was changed


@pytest.mark.parametrize("change", [b"", b"0\n1\n2\n3\n", b"0\n1\n"])
def test_a_file_that_grew_or_was_cut_is_no_longer_the_one_that_was_checked(
    change: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"0\n1\n2\n")
    stream = LineStream(path)
    assert list(stream.lines()) == [b"0", b"1", b"2"]
    assert list(stream.lines()) == [b"0", b"1", b"2"]
    path.write_bytes(change)
    with pytest.raises(InputError, match="changed while it was read"):
        list(stream.lines())


@given(st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b""]), max_size=30))
def test_lines_end_as_everywhere(parts: list[bytes]) -> None:
    import tempfile  # noqa: PLC0415 - a fixture is not made anew for each example

    text = b"".join(parts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lines")
        path.write_bytes(text)
        expected = [line.removesuffix(b"\r") for line in text.split(b"\n")]
        if text.endswith(b"\n") or not text:
            expected.pop()
        assert list(LineStream(path).lines()) == expected


TIMES = st.lists(st.sampled_from([*range(0, 400, 10), 10**6]), max_size=40)


@given(TIMES, st.lists(st.sampled_from([None, 0, 7, 10**9]), min_size=40, max_size=40))
def test_many_samples_at_once_say_what_they_say_one_by_one(
    times: list[int], values: list[int | None]
) -> None:
    at = [20_513 * DAY_MS - 100_000 + 1000 * time for time in times]
    gaps = Gaps(), Gaps()
    singly, together = Presence(30_000, gaps[0]), Presence(30_000, gaps[1])
    repeated = sum(not singly.add(time, v) for time, v in zip(at, values, strict=False))
    half = len(at) // 2
    found = together.extend(at[:half], values[:half])
    found += together.extend(at[half:], values[half : len(at)])
    singly.close()
    together.close()
    assert (found, together.samples) == (repeated, singly.samples)
    assert vars(gaps[0]) == vars(gaps[1])
    assert together.days() == singly.days()
    for day in singly.days():
        assert list(together.stretches(day)) == list(singly.stretches(day))
        assert together.busy(day) == singly.busy(day)


def test_an_answer_says_the_same_compact_and_with_spaces(tmp_path: Path) -> None:
    """Pairs as Prometheus writes them are read many at a time, all others one by one."""
    compact, spaced = tmp_path / "compact", tmp_path / "spaced"
    write(compact, range_query(600_000, days=1))
    spaced.write_text(json.dumps(json.loads(compact.read_text("utf-8")), indent=1), "utf-8")
    found = []
    for path in (compact, spaced):
        drafts = load("prometheus").read(path, {"model": "m"}, catalogue()).drafts
        found.append([{**d.body, "evidence": None} for d in drafts])
    assert found[0] == found[1]
    assert found[0]


def test_changed_records_are_told_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "sacct"
    write(path, sacct(1700))
    done = imported(path, "slurm", Opposed())
    told = [p for p in done.problems if p.code == "changed"]
    assert len(told) == CHANGED_MAX + 1 < done.changed
    assert f"{done.changed - CHANGED_MAX:,} more records" in told[-1].message


def test_refused_lines_are_counted_exactly_beyond_those_that_are_told() -> None:
    problems = ProblemList("file")
    for line in [*range(1, 3001), 7, 3000]:
        problems.add(Problem("file", line, "input", "wrong", "mend it"))
    problems.add(Problem("file", None, "missing", "gone", "mend it"))
    assert problems.refused == 3001
    assert len(problems.all()) == KEPT_MAX + 2
    assert any("2,002 more like it" in problem.message for problem in problems.all())


@given(st.sets(st.integers(0, 5000)))
def test_marked_places_are_a_set(places: set[int]) -> None:
    marked = MarkedPlaces()
    for place in [*places, *places]:
        marked.add(place)
    assert {place for place in range(5100) if place in marked} == places
    assert len(marked) == len(places)


@given(st.lists(st.text(max_size=3)))
def test_distinct_texts_are_counted_exactly(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "_WAITING_MAX", 3)
        found = DistinctTexts()
        for text in texts:
            found.add(text)
        assert len(found) == len(set(texts)) == len(found)


def test_a_full_disk_of_temporary_files_says_what_to_do() -> None:
    scratch = Scratch("numbers (number INTEGER PRIMARY KEY)")
    scratch.put("INSERT INTO numbers VALUES (?)", [(1,)])
    with pytest.raises(LedgerError, match="temporary file") as caught:
        scratch.put("INSERT INTO numbers VALUES (?)", [(1,)])
    assert "SQLITE_TMPDIR" in caught.value.remedy
