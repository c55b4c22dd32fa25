"""The projection: stale, damaged or foreign files are built again, and never believed."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest
from ledgers import DAY, MemoryLeaves, Reverse, allocation, fact, lineage, records, undated
from supplied import supplied

from ledger.engines import leaves, projection, unfinished
from ledger.engines.columns import SCHEMA, columns_of
from ledger.engines.place import Place
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import Batch, Partial, PolarsEngine
from ledger.engines.projection import Projection, _seal
from ledger.errors import IntegrityError, MissingError
from ledger.measure import StoredRecord

SEGMENT = 4


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small ledgers into many segments."""
    monkeypatch.setattr(leaves, "SEGMENT", SEGMENT)


def sample(count: int = 10, offset: int = 0) -> tuple[StoredRecord, ...]:
    """Return allocations with a fact and a reversal among them."""
    rows = [allocation(f"m{n % 3}", offset + 10**n, run=f"r{n}") for n in range(count)]
    return records(
        *rows[:2], ("fact", fact("model:m0", "x", "text", "é\nü")), Reverse(0), *rows[4:]
    )


def at(folder: Path, secret: bytes = b"s" * 32) -> Place:
    """Return the place of a projection."""
    return Place(folder, secret)


def fold(source: MemoryLeaves, folder: Path) -> None:
    """Fold with both engines and hold them against each other and the root."""
    asked = {"size": source.size, "limit": source.size, "as_of": DAY, "root": source.root()}
    assert PolarsEngine(source, at(folder)).fold(**asked) == PlainEngine(source).fold(**asked)


def test_projection_is_read_again_without_its_leaves(tmp_path: Path) -> None:
    source = MemoryLeaves(sample())
    fold(source, tmp_path)
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    endings = ("json", "jsonl", "parquet", "sums")
    assert sorted(files) == [
        f"{start:010d}-{stop:010d}.{ending}"
        for start, stop in ((0, 4), (4, 8), (8, 10))
        for ending in (endings if stop - start == SEGMENT else endings[:-1])
    ]
    source.reads = 0
    segments = Projection(source, at(tmp_path)).segments(source.size)
    # The leaves are hashed anew, once each, and the files stay as they are.
    assert (len(segments), source.reads) == (3, source.size)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files


def test_legs_are_read_without_the_leaves_that_the_fold_hashed(tmp_path: Path) -> None:
    source = MemoryLeaves(sample())
    engine = PolarsEngine(source, at(tmp_path))
    asked = {"limit": source.size, "as_of": DAY}
    models = frozenset({"m0", "m1", "m2"})
    for first in (True, False):
        source.reads = 0
        engine.fold(size=source.size, root=source.root(), **asked)
        # A whole segment that is sealed stands for its leaves: the second fold reads the last ones.
        assert source.reads == (source.size if first else source.size % SEGMENT) + 1
        assert engine.legs(models, **asked) == PlainEngine(source).legs(models, **asked)
        source.reads = 0
        engine.legs(models, **asked)
        assert source.reads == 0
    # The files are read at every use: one that was changed is built from the leaves.
    for path in tmp_path.glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-1])
    assert engine.legs(models, **asked) == PlainEngine(source).legs(models, **asked)


def test_projection_grows_with_the_ledger(tmp_path: Path) -> None:
    fold(MemoryLeaves(sample(10)), tmp_path)
    whole = (tmp_path / "0000000004-0000000008.parquet").stat().st_mtime_ns
    fold(MemoryLeaves(sample(13)), tmp_path)
    assert (tmp_path / "0000000004-0000000008.parquet").stat().st_mtime_ns == whole
    names = {path.name for path in tmp_path.iterdir()}
    assert "0000000008-0000000012.parquet" in names
    assert "0000000008-0000000010.parquet" not in names


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def forge_leaves(path: Path) -> None:
    """Change a Merkle hash in a manifest; the rest of it stays as it was."""
    manifest = json.loads(path.read_text("utf-8"))
    bounds, digest = manifest["leaves"].split(":")
    manifest["leaves"] = bounds + ":" + digest[1:] + digest[0]
    path.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("ending", ["json", "jsonl", "parquet"])
@pytest.mark.parametrize(
    "damage",
    [flip, lambda path: path.unlink(), lambda path: path.write_bytes(b"")],
    ids=["flip", "unlink", "empty"],
)
def test_projection_damaged_is_built_again(
    tmp_path: Path, ending: str, damage: Callable[[Path], object]
) -> None:
    source = MemoryLeaves(sample())
    fold(source, tmp_path)
    path = tmp_path / f"0000000000-0000000004.{ending}"
    sound = path.read_bytes()
    damage(path)
    fold(source, tmp_path)
    assert path.read_bytes() == sound


def test_projection_with_a_forged_merkle_range_is_built_again(tmp_path: Path) -> None:
    source = MemoryLeaves(sample())
    fold(source, tmp_path)
    forge_leaves(tmp_path / "0000000000-0000000004.json")
    fold(source, tmp_path)


def test_projection_of_another_ledger_is_built_again(tmp_path: Path) -> None:
    fold(MemoryLeaves(sample(10, offset=5)), tmp_path)
    fold(MemoryLeaves(sample(10)), tmp_path)


def test_projection_that_disagrees_with_the_root_is_built_again(tmp_path: Path) -> None:
    # A whole, self-consistent projection of other leaves with the same last leaf.
    source, other = MemoryLeaves(sample()), MemoryLeaves(sample())
    changed = MemoryLeaves(sample(10, offset=7)).rows
    other.rows[0] = changed[0]
    fold(other, tmp_path)
    fold(source, tmp_path)


def test_projection_never_hides_changed_leaves_from_the_root(tmp_path: Path) -> None:
    source = MemoryLeaves(sample())
    root = source.root()
    source.rows[0] = MemoryLeaves(sample(10, offset=7)).rows[0]
    with pytest.raises(IntegrityError, match="another root"):
        PolarsEngine(source, at(tmp_path)).fold(size=10, limit=10, as_of=DAY, root=root)


def test_projection_finds_that_entries_are_gone(tmp_path: Path) -> None:
    source = MemoryLeaves(sample())
    fold(source, tmp_path)
    source.rows.pop()
    with pytest.raises(IntegrityError, match="entry 9 is not there"):
        PolarsEngine(source, at(tmp_path)).fold(size=10, limit=10, as_of=DAY)


def test_projection_goes_elsewhere_if_its_folder_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    fold(MemoryLeaves(sample()), blocked / "projection")
    assert blocked.read_text("utf-8") == "not a folder"


def test_projection_pulled_away_by_another_process_is_built_apart(tmp_path: Path) -> None:
    source = MemoryLeaves(sample())

    def pulling(function: Callable[[Batch], Partial], batches: Sequence[Batch]) -> list[Partial]:
        for path in tmp_path.glob("0000000008-*"):
            path.unlink()
        return [function(batch) for batch in batches]

    engine = PolarsEngine(source, at(tmp_path), run=pulling)
    asked = {"size": source.size, "limit": source.size, "as_of": DAY, "root": source.root()}
    assert engine.fold(**asked) == PlainEngine(source).fold(**asked)


@pytest.mark.parametrize("size", [10, 9], ids=["same", "shorter"])
@pytest.mark.parametrize("stage", [1, 2])
def test_projection_is_made_by_two_first_checks_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: int, size: int
) -> None:
    source, digest, drafts = MemoryLeaves(sample()), projection._digest, list[Path]()

    def overtaken(path: Path) -> str:
        drafts.append(path)
        if len(drafts) == stage:
            # The other check makes all of its files while this one is in the middle of a draft.
            assert path.suffix == ".part"
            Projection(source, at(tmp_path)).segments(size)
            assert path.exists()
        return digest(path)

    with monkeypatch.context() as patch:
        patch.setattr(projection, "_digest", overtaken)
        found = Projection(source, at(tmp_path)).segments(source.size)
    assert [segment.leaves.stop for segment in found] == [4, 8, 10]
    assert not list(tmp_path.glob("*.part"))
    fold(source, tmp_path)


def test_projection_removes_drafts_of_processes_that_died(tmp_path: Path) -> None:
    source = MemoryLeaves(sample())
    names = ("0000000000-0000000004.parquet", "0000000008-0000000009.json")
    left = [tmp_path / f"{name}.4194305-0123abcd.part" for name in names]
    for path in left:
        path.write_bytes(b"PAR1")
    fold(source, tmp_path)
    assert not any(path.exists() for path in left)


def test_draft_that_is_removed_before_its_lock_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, removed = unfinished.fcntl.flock, list[Path]()

    def late(descriptor: int, operation: int) -> None:
        if not removed:
            removed.extend(tmp_path.iterdir())
            unfinished.drop(removed[0])
            assert not list(tmp_path.iterdir())
        lock(descriptor, operation)

    monkeypatch.setattr(unfinished.fcntl, "flock", late)
    with unfinished.replacing(tmp_path / "file") as path:
        assert [path] != removed
        path.write_text("whole", encoding="utf-8")
        unfinished.drop(path)
    assert [found.read_text("utf-8") for found in tmp_path.iterdir()] == ["whole"]


def test_draft_where_files_cannot_be_locked_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(unfinished.fcntl, "flock", refused)
    with unfinished.replacing(tmp_path / "file") as path:
        path.write_text("whole", encoding="utf-8")
        unfinished.drop(path)
    assert (tmp_path / "file").read_text("utf-8") == "whole"


def test_projection_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    projection = Projection(MemoryLeaves(sample()), at(tmp_path / "projection"))
    (tmp_path / "projection").rmdir()
    with pytest.raises(MissingError, match="cannot be written") as caught:
        projection.segments(4)
    assert "--engine plain" in caught.value.remedy


def test_projection_temporary_folder_goes_with_it() -> None:
    projection = Projection(MemoryLeaves(sample()))
    (first, *_) = projection.segments(4)
    assert first.allocations.exists()
    folder = first.allocations.parent
    del projection
    assert not folder.exists()


def test_projection_reads_records_as_they_were(tmp_path: Path) -> None:
    held = records(
        ("fact", fact("model:m", "x", "text", 'line\nü "')), ("lineage", lineage("a", None))
    )
    (segment,) = Projection(MemoryLeaves(held), at(tmp_path)).segments(2)
    assert tuple(segment.read_records()) == held


def test_projection_columns_have_the_published_types(tmp_path: Path) -> None:
    Projection(MemoryLeaves(sample()), at(tmp_path)).segments(4)
    path = tmp_path / "0000000000-0000000004.parquet"
    assert pl.read_parquet_schema(path) == SCHEMA
    page = (Path(__file__).parent.parent / "schemas" / "projection.v2.md").read_text("utf-8")
    for name in SCHEMA:
        assert f"`{name}`" in page


def test_projection_adds_up_exactly_in_duckdb(tmp_path: Path) -> None:
    duckdb = supplied("duckdb", "duckdb")
    held = records(
        allocation("m", 10**28),
        allocation("m", 10**28 - 1),
        allocation("n", None, operations_low="3", **undated(DAY)),
        Reverse(0),
    )
    Projection(MemoryLeaves(held), at(tmp_path)).segments(4)
    rows = duckdb.sql(
        "select model, sum(case when sign > 0 then lo else -lo end), count(*), count(hi) "
        f"from '{tmp_path}/*.parquet' group by model order by model"
    ).fetchall()
    assert [(model, int(lo), rows_, bounded) for model, lo, rows_, bounded in rows] == [
        ("m", 10**28 - 1, 3, 3),
        ("n", 3, 1, 0),
    ]


def test_columns_refuse_leaves_that_are_no_entries() -> None:
    with pytest.raises(IntegrityError, match="cannot be read"):
        columns_of([b'{"body":{},"seq":0,"type":"allocation","v":1}'])
    with pytest.raises(IntegrityError, match="cannot be read"):
        columns_of([b"not json"])


@pytest.mark.parametrize("amount", ["1.5", "+7", "007", "1e5", " 1", "-1"])
def test_columns_refuse_amounts_that_are_not_digits(amount: str) -> None:
    leaf = MemoryLeaves(records(allocation("m", 123))).rows[0].bytes
    with pytest.raises(IntegrityError, match="not written as digits"):
        columns_of([leaf.replace(b'"operations":"123"', f'"operations":"{amount}"'.encode())])


def test_projection_forged_with_all_its_digests_is_built_again(tmp_path: Path) -> None:
    held = records(allocation("m0", 10**25, run="r0"))
    lied = records(allocation("m0", 7, run="r0"))
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    source = MemoryLeaves(held)
    fold(source, ours)
    # Somebody folds another log, then gives its files the ranges of ours, sealed as he can.
    Projection(MemoryLeaves(lied), at(theirs, b"guess")).segments(1)
    manifest = json.loads((ours / "0000000000-0000000001.json").read_text("utf-8"))
    forged = json.loads((theirs / "0000000000-0000000001.json").read_text("utf-8"))
    forged |= {"leaves": manifest["leaves"], "last": manifest["last"]}
    del forged["seal"]
    forged["seal"] = _seal(forged, b"guess")
    for name in ("parquet", "jsonl"):
        path = f"0000000000-0000000001.{name}"
        (ours / path).write_bytes((theirs / path).read_bytes())
    (ours / "0000000000-0000000001.json").write_text(json.dumps(forged), encoding="utf-8")
    fold(source, ours)
