"""A check after an append adds up what is new: everything is counted, and nothing is timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from ledgers import DAY, MemoryLeaves, Reverse, allocation, figure, records

from ledger.engines import leaves, projection
from ledger.engines.columns import Columns, columns_of
from ledger.engines.means import Means
from ledger.engines.partials import Batch, Partial, partial_sums
from ledger.engines.place import Place
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine
from ledger.errors import IntegrityError
from ledger.measure import Folded, StoredRecord

SEGMENT = 4
SECRET = b"s" * 32


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many leaves were parsed, and how many segments were added up."""
    found: Counter[str] = Counter()

    def parsed(data: Sequence[bytes]) -> Columns:
        found["parsed"] += len(data)
        return columns_of(data)

    monkeypatch.setattr(leaves, "SEGMENT", SEGMENT)
    monkeypatch.setattr(projection, "columns_of", parsed)
    return found


@pytest.fixture
def fold(counts: Counter[str], tmp_path: Path) -> Callable[..., Folded]:
    """Fold as the next command does, hold the result against the plain engine, and count."""

    def folded(
        source: MemoryLeaves,
        late: int = 0,
        limit: int | None = None,
        secret: bytes = SECRET,
        *,
        before: Callable[[Batch], object] = lambda _: None,
        say: Callable[[str], None] = str,
    ) -> Folded:
        def run(
            function: Callable[[Batch], Partial], batches: Sequence[Batch]
        ) -> Iterator[Partial]:
            for batch in batches:
                before(batch)
                counts["added up"] += len(batch.paths)
                yield function(batch)

        counts.clear()
        source.reads = 0
        asked = {
            "size": source.size,
            "limit": source.size if limit is None else limit,
            "as_of": DAY + timedelta(days=late),
            "root": source.root(),
        }
        found = PolarsEngine(source, Place(tmp_path, secret), run=run, means=Means(say=say)).fold(
            **asked
        )
        counts["hashed"] = source.reads
        assert found == PlainEngine(source).fold(**asked)
        return found

    return folded


def work(count: int) -> tuple[StoredRecord, ...]:
    """Return entries of several kinds; all work is on or before ``DAY``."""
    rows = [allocation(f"m{n % 3}", 10**20 + n, run=f"r{n}") for n in range(count)]
    held = [figure("m0", 10**21), *rows[:40], Reverse(2), *rows[40:]]
    return records(*held[:count])


def test_check_after_an_append_of_a_hundredth_costs_a_hundredth(
    fold: Callable[..., Folded], counts: Counter[str]
) -> None:
    first, whole = 100 * SEGMENT, 101 * SEGMENT
    fold(MemoryLeaves(work(first)))
    assert (counts["parsed"], counts["added up"]) == (first, 100)
    fold(MemoryLeaves(work(whole)))
    # Sealed segments stand for their leaves; one leaf more is read for the time of the last entry.
    assert (counts["parsed"], counts["added up"]) == (SEGMENT, 1)
    assert counts["hashed"] == SEGMENT + 1
    fold(MemoryLeaves(work(whole)))
    assert (counts["parsed"], counts["added up"], counts["hashed"]) == (0, 0, 1)


def changed_behind(source: MemoryLeaves) -> None:
    """Give the first entry of a ledger another amount, after it was signed."""
    rows = list(work(source.size))
    held = rows[1]
    rows[1] = StoredRecord(1, held.recorded_at, held.type, {**held.body, "operations": "7"})
    source.rows[:2] = MemoryLeaves(rows).rows[:2]


def test_sealed_segment_says_what_was_signed_and_a_reread_finds_what_was_changed(
    tmp_path: Path,
) -> None:
    source = MemoryLeaves(work(5 * SEGMENT))
    asked = {"size": source.size, "limit": source.size, "as_of": DAY, "root": source.root()}
    signed = PolarsEngine(source, Place(tmp_path, SECRET)).fold(**asked)
    changed_behind(source)
    assert PolarsEngine(source, Place(tmp_path, SECRET)).fold(**asked) == signed
    for place in (Place(tmp_path, SECRET), Place(tmp_path, b"another secret"), None):
        with pytest.raises(IntegrityError, match="another root"):
            PolarsEngine(source, place, means=Means(reread=True)).fold(**asked)


def test_sealed_segments_are_not_believed_without_a_signed_root(tmp_path: Path) -> None:
    source = MemoryLeaves(work(5 * SEGMENT))
    asked = {"size": source.size, "limit": source.size, "as_of": DAY}
    PolarsEngine(source, Place(tmp_path, SECRET)).fold(**asked)
    changed_behind(source)
    found = PolarsEngine(source, Place(tmp_path, SECRET)).fold(**asked)
    assert found == PlainEngine(source).fold(**asked)
    assert found.root == source.root()


def test_sealed_segments_of_another_history_are_built_again(
    fold: Callable[..., Folded], counts: Counter[str]
) -> None:
    # The same ledger went another way after a backup: its old segments are sealed, and stale.
    other = MemoryLeaves(work(5 * SEGMENT))
    changed_behind(other)
    fold(other)
    source = MemoryLeaves(work(5 * SEGMENT))
    fold(source)
    # Every entry names the one before it: after one that differs, all do.
    assert (counts["parsed"], counts["added up"]) == (source.size, 5)
    fold(source)
    assert counts["parsed"] == 0


def test_short_last_segment_is_added_up_again(
    fold: Callable[..., Folded], counts: Counter[str]
) -> None:
    source = MemoryLeaves(work(10 * SEGMENT + 1))
    for parsed, added_up in ((source.size, 11), (0, 1)):
        fold(source)
        assert (counts["parsed"], counts["added up"]) == (parsed, added_up)


def test_summary_is_of_what_has_happened(
    fold: Callable[..., Folded], counts: Counter[str], tmp_path: Path
) -> None:
    source = MemoryLeaves(work(5 * SEGMENT))
    # The day before, nothing had happened: no segment is settled, and no summary is kept.
    fold(source, late=-1)
    assert counts["added up"] == 5
    assert not list(tmp_path.glob("*.sums"))
    fold(source)
    assert counts["added up"] == 5
    for late in (0, 1, 4000):
        fold(source, late=late)
        assert counts["added up"] == 0
    # An earlier day asks the rows themselves, though there are summaries.
    fold(source, late=-1)
    assert counts["added up"] == 5
    assert len(list(tmp_path.glob("*.sums"))) == 5


def test_summary_is_not_used_for_a_part_of_its_segment(
    fold: Callable[..., Folded], counts: Counter[str]
) -> None:
    source = MemoryLeaves(work(5 * SEGMENT))
    fold(source)
    fold(source, limit=2 * SEGMENT + 1)
    assert counts["added up"] == 1
    assert fold(source, limit=0).totals == {}


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        flip,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        # The summary of another segment, whole and sealed.
        lambda path: path.write_bytes((path.parent / "0000000012-0000000016.sums").read_bytes()),
    ],
    ids=["flip", "empty", "cut", "other"],
)
def test_summary_tampered_with_is_added_up_again(
    fold: Callable[..., Folded],
    counts: Counter[str],
    tmp_path: Path,
    damage: Callable[[Path], object],
) -> None:
    source = MemoryLeaves(work(5 * SEGMENT))
    fold(source)
    damage(tmp_path / "0000000004-0000000008.sums")
    fold(source)
    assert (counts["parsed"], counts["added up"]) == (0, 1)
    fold(source)
    assert counts["added up"] == 0


def test_summary_of_other_leaves_is_stale(
    fold: Callable[..., Folded], counts: Counter[str], tmp_path: Path
) -> None:
    other = MemoryLeaves(work(5 * SEGMENT))
    fold(other)
    kept = {path: path.read_bytes() for path in tmp_path.glob("*.sums")}
    rows = list(work(5 * SEGMENT))
    changed = dict(rows[5].body, operations="7")
    rows[5] = StoredRecord(5, rows[5].recorded_at, rows[5].type, changed)
    source = MemoryLeaves(rows)
    fold(source)
    # Sealed by the same ledger once, for a segment that has become another one.
    for path, data in kept.items():
        path.write_bytes(data)
    fold(source)
    assert (counts["parsed"], counts["added up"]) == (0, 1)


def test_summary_sealed_by_somebody_else_is_not_believed(
    fold: Callable[..., Folded], counts: Counter[str], tmp_path: Path
) -> None:
    source = MemoryLeaves(work(5 * SEGMENT))
    fold(source, secret=b"guess")
    forged = {path: path.read_bytes() for path in tmp_path.glob("*.sums")}
    fold(source)
    for path, data in forged.items():
        path.write_bytes(data)
    fold(source)
    assert (counts["parsed"], counts["added up"]) == (0, 5)


def test_summary_is_of_the_bytes_that_were_sealed(
    fold: Callable[..., Folded], counts: Counter[str]
) -> None:
    # A file of the same rows but one is put in the place of a segment after its digest was checked.
    source, changes, said = MemoryLeaves(work(5 * SEGMENT)), iter([None]), list[str]()

    def exchange(batch: Batch) -> None:
        for _ in changes:
            frame = pl.read_parquet(batch.paths[0])
            frame.slice(1).write_parquet(batch.paths[0])

    fold(source, before=exchange, say=said.append)
    (warning,) = said
    assert "not the file that was sealed" in warning
    assert warning.endswith("it is built again")
    fold(source)
    assert (counts["parsed"], counts["added up"]) == (0, 0)


def lessened(batch: Batch) -> Partial:
    """Leave out one group of operations."""
    made = partial_sums(batch)
    return replace(made, totals=made.totals.slice(1), grades=made.grades.slice(1))


def ungraded(batch: Batch) -> Partial:
    """Leave out one group of capacity."""
    made = partial_sums(batch)
    return replace(made, grades=made.grades.slice(1))


@pytest.mark.parametrize("wrong", [lessened, ungraded])
def test_summary_that_misses_its_control_totals_is_refused_and_not_sealed(
    tmp_path: Path, wrong: Callable[[Batch], Partial]
) -> None:
    source, said = MemoryLeaves(work(5 * SEGMENT)), list[str]()
    engine = PolarsEngine(
        source,
        Place(tmp_path, SECRET),
        run=lambda _, batches: map(wrong, batches),
        means=Means(say=said.append),
    )
    asked = {"size": source.size, "limit": source.size, "as_of": DAY}
    with pytest.raises(IntegrityError, match="not those that its rows come to") as caught:
        engine.fold(**asked)
    assert caught.value.where.endswith("0000000000-0000000004.parquet")
    # No file is at fault: none is built again, and nobody is told so.
    assert said == []
    assert not list(tmp_path.glob("*.sums"))


@pytest.mark.parametrize("own", [True, False])
def test_batch_without_an_answer_is_never_left_out(tmp_path: Path, *, own: bool) -> None:
    source = MemoryLeaves(work(5 * SEGMENT))
    engine = PolarsEngine(
        source,
        Place(tmp_path, SECRET),
        run=lambda function, batches: list(map(function, batches))[:-1],
        own=own,
    )
    with pytest.raises(ValueError, match="shorter"):
        engine.fold(size=source.size, limit=source.size, as_of=DAY)
