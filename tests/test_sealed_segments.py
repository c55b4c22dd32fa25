"""Sealed segments stand for their entries, and hide nothing that is read from the entries again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sealed import SECRET, altered, entries, fill, found, leg

from ledger.canonical import encode, parse
from ledger.cli.context import Context
from ledger.cli.folding import FoldedLedger, with_fold
from ledger.cli.keeping import open_checkpoint
from ledger.cli.opening import newest_note
from ledger.engines import leaves
from ledger.engines.partials import Batch, Partial
from ledger.engines.place import Place
from ledger.engines.polars import PolarsEngine
from ledger.errors import IntegrityError
from ledger.measure import Folded
from ledger.merkle import leaf_hash
from ledger.stores.sqlite import SqliteStore

AS_OF = date(2026, 12, 31)
Run = Callable[..., Any]


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A ledger of three whole segments, checked once with polars."""
    monkeypatch.setattr(leaves, "SEGMENT", 4)
    context = found(tmp_path)
    fill(context, [leg(number) for number in range(12)])
    fold(context)
    return context


def fold(context: Context, **asked: Any) -> FoldedLedger:
    """Fold with the segments that are there."""
    return with_fold(context, lambda _, made: made, as_of=AS_OF, engine="polars", **asked)


def change(context: Context, seq: int, values: Mapping[str, Any]) -> None:
    """Give an entry other values, and the hash that belongs to them."""
    with altered(context) as connection:
        (data,) = connection.execute("SELECT bytes FROM entries WHERE seq = ?", (seq,)).fetchone()
        value: Any = parse(bytes(data))
        for name, new in values.items():
            (value["body"] if name in value["body"] else value)[name] = new
        new = encode(value)
        connection.execute(
            "UPDATE entries SET bytes = ?, hash = ? WHERE seq = ?", (new, leaf_hash(new), seq)
        )


def test_entry_changed_in_a_sealed_segment_changes_no_total(ledger: Context) -> None:
    honest = fold(ledger)
    change(ledger, 1, {"operations": "7"})
    assert fold(ledger) == honest
    with pytest.raises(IntegrityError, match="another root"):
        fold(replace(ledger, reread=True))


def test_prefix_by_time_rests_on_entries_that_were_hashed(ledger: Context) -> None:
    by = datetime.fromisoformat(entries(ledger)[5].recorded_at)
    assert fold(ledger, recorded_by=by).folded.limit == 12
    for seq in range(3, 8):
        change(ledger, seq, {"recorded_at": "2027-01-01T00:00:00Z"})
    with pytest.raises(IntegrityError, match="another root"):
        fold(ledger, recorded_by=by)


def test_time_of_the_last_entry_is_that_of_the_sealed_one(ledger: Context) -> None:
    change(ledger, 11, {"recorded_at": "2020-01-01T00:00:00Z"})
    with pytest.raises(IntegrityError, match="entry 11 is not the one that was added up"):
        fold(ledger)


def test_segment_that_goes_after_the_fold_is_made_again_from_the_same_entries(
    ledger: Context,
) -> None:
    model = str(entries(ledger)[1].body["model"])

    def use(engine: Any, made: FoldedLedger) -> object:
        for path in ledger.ledger.with_name("ledger.db.projection").glob("0000000000-*.parquet"):
            path.unlink()
        return engine.legs(frozenset({model}), limit=made.folded.limit, as_of=AS_OF)

    honest = with_fold(ledger, use, as_of=AS_OF, engine="polars")
    fold(ledger)
    change(ledger, 1, {"operations": "7"})
    with pytest.raises(IntegrityError, match="not those that were added up") as caught:
        with_fold(ledger, use, as_of=AS_OF, engine="polars")
    assert caught.value.seq == 0
    assert honest


def test_segment_damaged_while_it_is_read_is_made_again_from_the_same_entries(
    ledger: Context,
) -> None:
    place = Place(ledger.ledger.with_name("ledger.db.projection"), SECRET)
    for path in place.folder.glob("*.sums"):
        path.unlink()
    change(ledger, 1, {"operations": "7"})
    once = iter([True])

    def run(function: Callable[[Batch], Partial], batches: Sequence[Batch]) -> Iterator[Partial]:
        for batch in batches:
            for path in batch.paths if next(once, False) else ():
                Path(path).write_bytes(Path(path).read_bytes()[:-1])
            yield function(batch)

    with SqliteStore(ledger.ledger) as store:
        signed = open_checkpoint(ledger, store, newest_note(ledger)[0])
        engine = PolarsEngine(store, place, run=run)
        with pytest.raises(IntegrityError, match="not those that were added up"):
            engine.fold(size=12, limit=12, as_of=AS_OF, root=signed.root)


@pytest.mark.parametrize(
    "command",
    [["impact", "1"], ["report", "-o", "r.html"], ["attest", "draft"]],
    ids=lambda c: c[0],
)
def test_what_is_handed_over_or_asks_entries_reads_them_all(
    ledger: Context, flopledger: Run, command: Iterable[str]
) -> None:
    more = (
        ("--period", "2026-01-01..2026-02-01", "--claim", "every-run-recorded")
        if "draft" in command
        else ()
    )
    change(ledger, 2, {"operations": "9" + "0" * 27})
    assert flopledger("check", "--engine", "polars", "-o", "check.txt").code in {0, 1, 3}
    ran = flopledger(*command, *more, "--engine", "polars")
    assert ran.code == 4, ran
    assert "another root" in ran.err


def totals(made: Folded) -> int:
    """Return what all totals come to."""
    return sum(sums.lo for sums in made.totals.values())


def test_sealed_totals_are_those_of_a_reread(ledger: Context) -> None:
    sealed, reread = fold(ledger).folded, fold(replace(ledger, reread=True)).folded
    assert sealed == reread
    assert totals(sealed) > 0
