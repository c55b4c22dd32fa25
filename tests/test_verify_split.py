"""Split verification: several processes come to what one walk comes to, and never to more."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed import (
    ORIGIN,
    altered,
    checked,
    copied,
    forge,
    found,
    in_parts,
    one_by_one,
    plain_leaf,
    varied,
)

from ledger.cli.context import Context
from ledger.cli.opening import location_of, open_evidence
from ledger.errors import IntegrityError, LedgerError
from ledger.keys import FileSigner
from ledger.merkle import CompactRange, leaf_hash
from ledger.verify import Evidence, verify
from ledger.verify.marks import Marker, Marks
from ledger.verify.segment import Piece, Segment
from ledger.verify.split import SMALLEST, cuts, joined, verify_split

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A ledger with every kind of row."""
    return varied(tmp_path_factory.mktemp("split"))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 10, 11, 12, 2**15])
def test_segments_of_any_size_come_to_the_same(whole: Context, size: int) -> None:
    with open_evidence(whole) as evidence:
        assert in_parts(whole, evidence, size) == [verify(evidence)]


def test_erased_openings_and_a_missing_secret_are_told_alike(
    whole: Context, tmp_path: Path
) -> None:
    context = copied(whole, tmp_path)
    with altered(context) as connection:
        connection.execute("DELETE FROM openings WHERE seq IN (0, 5) AND ord < 2")
    verdict = checked(context)
    assert "erased" in verdict.checks[8].note
    assert "openings erased" in verdict.checks[9].note
    Path(f"{context.ledger}.secret").unlink()
    assert "no secret" in checked(context).checks[9].note


def test_a_fault_between_segments_is_found(tmp_path: Path) -> None:
    for number, change in enumerate(
        ({"prev": "0" * 64}, {"recorded_at": "2026-11-23T09:00:00Z"}, {"seq": 9})
    ):
        context = found(tmp_path, f"{number}.db")
        forge(context, [plain_leaf(0), plain_leaf(1), plain_leaf(2, **change), plain_leaf(3)])
        for size in (1, 2, 3):
            with open_evidence(context) as evidence:
                assert not in_parts(context, evidence, size)


def test_an_entry_before_the_first_is_found(whole: Context, tmp_path: Path) -> None:
    context = copied(whole, tmp_path)
    with altered(context) as connection:
        connection.execute("INSERT INTO entries SELECT -5, bytes, hash FROM entries WHERE seq = 0")
    with pytest.raises(IntegrityError, match="-5 is there"):
        checked(context)


@pytest.mark.parametrize("seq", [2, 3, 9])
def test_an_entry_that_is_missing_is_found_wherever_its_segment_ends(
    whole: Context, tmp_path: Path, seq: int
) -> None:
    context = copied(whole, tmp_path)
    with altered(context) as connection:
        for table in ("openings", "keys", "entries"):
            connection.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
        connection.execute("UPDATE keys SET seq = ? WHERE seq = 10", (seq,))
    with open_evidence(context) as evidence:
        for size in (1, 2, 3, 5, 10):
            with pytest.raises(LedgerError, match=f"entry {seq} is missing"):
                tuple(one_by_one(_segments(context, evidence, size)))
            with pytest.raises(IntegrityError, match=f"entry {seq} is missing"):
                verify_split(evidence, location_of(context).open, one_by_one, size)


def test_a_segment_past_the_end_is_refused(whole: Context) -> None:
    with open_evidence(whole) as evidence:
        last = _segments(whole, evidence, 9)[-1]
    assert last.check().stop == 11
    with pytest.raises(IntegrityError, match="entry 11 is missing"):
        replace(last, stop=12).check()


def _segments(context: Context, evidence: Evidence, size: int) -> list[Segment]:
    """Return the segments of a ledger of eleven entries."""
    again, marker = location_of(context).open, Marker.draw()
    origin, secret = evidence.meta["origin"], evidence.secret
    return [
        Segment(again, origin, secret, marker, start, min(11, start + size))
        for start in range(0, 11, size)
    ]


@pytest.mark.parametrize(
    ("parts", "sizes"),
    [(1, [7, 4]), (2, [6, 3, 1, 1]), (4, [3, 2, 2, 1, 1, 1, 1]), (11, [1] * 11), (99, [1] * 11)],
)
def test_segments_are_small_enough_for_every_process(
    whole: Context, parts: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify.split.SMALLEST", 1)
    seen = list[int]()

    def counted(segments: Iterable[Segment]) -> Generator[Piece]:
        for piece in one_by_one(segments):
            seen.append(piece.stop - piece.start)
            yield piece

    with open_evidence(whole) as evidence:
        verdict = verify_split(evidence, location_of(whole).open, counted, 7, parts)
        assert verdict == verify(evidence)
    assert seen == sizes


@given(st.integers(0, 400_000), st.integers(1, 2**15), st.integers(1, 40))
def test_cuts_leave_nothing_out_and_nothing_large_for_the_end(
    size: int, entries: int, parts: int
) -> None:
    found = list(cuts(size, entries, parts))
    assert [0, *(stop for _, stop in found)] == [*(start for start, _ in found), size]
    sizes = [stop - start for start, stop in found]
    assert sizes == sorted(sizes, reverse=True)
    assert all(0 < each <= entries for each in sizes)
    assert all(each >= min(entries, SMALLEST) for each in sizes[:-1])
    for start, stop in found:
        assert stop - start <= max(SMALLEST, (size - start) / parts + 1)


def test_repeated_keys_are_looked_up_while_others_check(whole: Context) -> None:
    asked, taken = list[int](), 0

    class Rows:
        def __iter__(self) -> Iterator[tuple[bytes, int]]:
            asked.append(taken)
            yield from evidence.repeated_keys

    def counted(segments: Iterable[Segment]) -> Generator[Piece]:
        nonlocal taken
        for piece in one_by_one(segments):
            yield piece
            taken += 1

    with open_evidence(whole) as evidence:
        again = location_of(whole).open
        other = replace(evidence, repeated_keys=Rows())
        assert verify_split(other, again, counted, 2) == verify(evidence)
        assert asked == [0]
        keys = list(evidence.repeated_keys)
        assert len(keys) == 2  # one reversed, and what replaces it
        doubled = replace(evidence, repeated_keys=[*keys, (keys[-1][0], 9)])
        with pytest.raises(IntegrityError, match="which was not reversed"):
            joined(doubled, again, one_by_one, 2)


def test_what_stands_around_the_entries_is_checked_alike(whole: Context, tmp_path: Path) -> None:
    context = copied(whole, tmp_path)
    with altered(context) as connection:
        change = "UPDATE meta SET value = replace(value, 'a', 'b') WHERE name = 'peaks'"
        assert connection.execute(change).rowcount == 1
    with open_evidence(context) as evidence, pytest.raises(IntegrityError, match="stored peaks"):
        joined(evidence, location_of(context).open, one_by_one, 3)
    other = FileSigner.from_seed(ORIGIN, b"1" * 32).verifier.encode()
    with (
        open_evidence(whole, other) as evidence,
        pytest.raises(IntegrityError, match="not the one to be trusted"),
    ):
        joined(evidence, location_of(whole).open, one_by_one, 3)


def test_key_that_is_not_the_leafs_is_found_without_the_secret(
    whole: Context, tmp_path: Path
) -> None:
    context = copied(whole, tmp_path)
    Path(f"{context.ledger}.secret").unlink()
    with altered(context) as connection:
        connection.execute('UPDATE keys SET "key" = zeroblob(32) WHERE seq = 4')
    with pytest.raises(IntegrityError, match="not the leaf's"):
        checked(context)


def test_reversal_that_is_read_in_two_ways_is_a_fault(whole: Context) -> None:
    with open_evidence(whole) as evidence:
        other = replace(evidence, leaf_at=lambda seq: evidence.leaf_at(seq - 1))
        with pytest.raises(IntegrityError, match="read in two ways"):
            joined(other, location_of(whole).open, one_by_one, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"before": bytes(32)}, "prev is not the hash"),
        ({"start": 5}, "prev is not the hash"),
        ({"first_at": "2026-11-23T09:59:59Z"}, "before 2026"),
        ({"hashes": bytes(64)}, "another root"),
        ({"openings": 0}, None),
        ({"marks": bytes(16)}, None),
    ],
)
def test_pieces_that_do_not_join_are_refused_or_left_to_the_walk(
    whole: Context, changes: dict[str, Any], message: str | None
) -> None:
    def changed(segments: Iterable[Segment]) -> Generator[Piece]:
        for piece in one_by_one(segments):
            other = replace(piece, **changes) if piece.start == 4 else piece
            if "hashes" in changes:
                leaves = [bytes(32)] * (piece.stop - piece.start)
                other = replace(other, blocks=(CompactRange.of(leaves, start=piece.start),))
            yield other

    with open_evidence(whole) as evidence:
        again = location_of(whole).open
        if message is None:
            assert joined(evidence, again, changed, 2) is None
            assert verify_split(evidence, again, changed, 2) == verify(evidence)
            return
        with pytest.raises(IntegrityError, match=message):
            verify_split(evidence, again, changed, 2)


def test_secret_stands_in_no_text_of_a_segment(whole: Context) -> None:
    segment = Segment(location_of(whole).open, "x", b"secret", Marker.draw(), 0, 1)
    assert "secret=" not in repr(segment)


@given(st.lists(st.uuids(), min_size=1, max_size=40, unique=True), st.integers(1, 9), st.data())
def test_marks_tell_whether_an_id_comes_twice(ids: list[Any], size: int, data: Any) -> None:
    names = [str(each) for each in ids]
    twice = data.draw(st.booleans())
    if twice:
        names.insert(data.draw(st.integers(0, len(names))), data.draw(st.sampled_from(names)))
    marker, marks = Marker.draw(), Marks()
    for start in range(0, len(names), size):
        marks.take(marker.marks(names[start : start + size]))
    assert marks.doubtful() == twice


@given(st.integers(0, 3000), st.integers(1, 3000), st.data())
def test_ranges_of_a_piece_cover_any_part_of_it(start: int, count: int, data: Any) -> None:
    hashes = [leaf_hash(bytes([n % 256, n // 256])) for n in range(count)]
    piece = Piece(start, start + count, b"", "", "", b"".join(hashes), _blocks(hashes, start),
                  b"", (), 0, 0, 0)  # fmt: skip
    first = data.draw(st.integers(start, start + count))
    last = data.draw(st.integers(first, start + count))
    whole = CompactRange(first, first)
    for each in piece.ranges(first, last):
        whole = whole.merge(each)
    assert whole == CompactRange.of(hashes[first - start : last - start], start=first)


def _blocks(hashes: list[bytes], start: int) -> tuple[CompactRange, ...]:
    """Return ranges over 1024 hashes each."""
    return tuple(
        CompactRange.of(hashes[at : at + 1024], start=start + at)
        for at in range(0, len(hashes), 1024)
    )


@pytest.mark.parametrize("passed_over", [0, 2, 16])
def test_many_keys_are_looked_up_in_parts_or_all_rows_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed_over: int
) -> None:
    context = found(tmp_path)
    forge(context, [plain_leaf(n) for n in range(9)])
    monkeypatch.setattr("ledger.stores.sqlite.PASSED_OVER", passed_over)
    monkeypatch.setattr("ledger.stores.sqlite.CONTENTS_AT_ONCE", 2)
    with open_evidence(context) as evidence:
        assert in_parts(context, evidence, 7) == [verify(evidence)]
    with closing(sqlite3.connect(context.ledger)) as connection:
        keys = dict(connection.execute('SELECT seq, "key" FROM keys'))
        contents = dict(connection.execute("SELECT seq, content FROM keys"))
    with location_of(context).open() as store:
        assert store.contents(keys) == contents
        assert store.contents({}) == {}
        assert store.contents({3: keys[4], 99: keys[3]}) == {}
        assert store.extent() == (0, 9, 0, 9)
