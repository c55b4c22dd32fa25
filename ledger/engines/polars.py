"""The polars engine adds up a Parquet projection of the log; it must equal the plain engine.

``partial_sums`` is one pure function of a batch of segments and ``merge_sums`` one exact merge, so
that any executor that maps a function over batches can run it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import polars as pl

from ledger.engines.columns import SCHEMA
from ledger.engines.leaves import Leaves
from ledger.engines.legs import collect_legs
from ledger.engines.place import Place
from ledger.engines.projection import ProjectedSegment, Projection
from ledger.engines.sums import Grouping, group_sums
from ledger.measure import (
    DeliveryKey,
    Folded,
    GradeKey,
    GradeSums,
    Leg,
    Sums,
    TotalKey,
    add_into,
)
from ledger.merkle import CompactRange

__all__ = ["Batch", "Partial", "PolarsEngine", "engine", "merge_sums", "partial_sums"]

BATCH = 128
"""Segments a batch: 2^22 entries, some 300 MB of memory, and few enough partial sums to merge."""

_SUMS = ("lo", "hi", "error_lo", "error_hi")
_SUM_COUNTS = ("rows", "unbounded", "error_unbounded", "later")
_SUM_FIELDS = tuple(field.name for field in fields(Sums))
_CAPACITY = ("device_us", "ceiling", "operations_lo", "operations_hi")
_CAPACITY_COUNTS = ("rows", "device_us_unknown", "ceiling_unknown", "operations_unbounded")
_CAPACITY_FIELDS = tuple(field.name for field in fields(GradeSums))
_TOTAL_KEYS = (*(name for name in TotalKey._fields if name != "run"), "figure_of")
_GRADE_KEYS = GradeKey._fields
_IS_DELIVERY = pl.col("commitment").is_not_null() & (pl.col("role") == "primary")
_DELIVERY_KEYS = ("commitment", "model", *_GRADE_KEYS)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call of ``partial_sums`` reads.

    Attributes:
        paths: Parquet files of consecutive segments.
        limit: Entries from this one on do not count.
        as_of: Last UTC day whose work counts.
    """

    paths: tuple[Path, ...]
    limit: int
    as_of: date


@dataclass(frozen=True, slots=True)
class Partial:
    """Sums of a batch, kept apart by sign, as frames that merge.

    Attributes:
        totals: Operations by the fields of ``TotalKey``.
        grades: Capacity by the fields of ``GradeKey``.
        deliveries: Capacity by contract.
    """

    totals: pl.DataFrame
    grades: pl.DataFrame
    deliveries: pl.DataFrame


Executor: TypeAlias = Callable[[Callable[[Batch], Partial], Sequence[Batch]], Iterable[Partial]]
_Sum = TypeVar("_Sum", Sums, GradeSums)
_Key = TypeVar("_Key", TotalKey, GradeKey, DeliveryKey, str)
_Answer = TypeVar("_Answer")


def partial_sums(batch: Batch) -> Partial:
    """Add up a batch of segments.

    Raises:
        InputError: If the amounts are too large to be added in 38 digits.
    """
    rows = _counted(batch)
    own = _own(rows)
    return _answer(rows, own, own.filter(_IS_DELIVERY))


def _own(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return the rows that hold capacity of their own, by the day asked for."""
    return rows.filter((pl.col("extent") == "own") & (pl.col("rows") > 0)).with_columns(
        pl.col("lo").alias("operations_lo"),
        pl.col("hi").alias("operations_hi"),
        pl.col("unbounded").alias("operations_unbounded"),
    )


def merge_sums(partials: Iterable[Partial]) -> Partial:
    """Merge the sums of batches, exactly, in any grouping; at least one is given."""
    held = list(partials)
    if len(held) == 1:
        return held[0]
    return _answer(
        *(
            pl.concat([getattr(partial, name) for partial in held]).lazy()
            for name in ("totals", "grades", "deliveries")
        )
    )


def _answer(totals: pl.LazyFrame, grades: pl.LazyFrame, deliveries: pl.LazyFrame) -> Partial:
    """Group three frames, of rows or of sums."""
    return Partial(
        group_sums(Grouping(totals, (*_TOTAL_KEYS, "sign"), _SUM_COUNTS, _SUMS)),
        group_sums(Grouping(grades, (*_GRADE_KEYS, "sign"), _CAPACITY_COUNTS, _CAPACITY)),
        group_sums(Grouping(deliveries, ("commitment", "sign"), _CAPACITY_COUNTS, _CAPACITY)),
    )


def _counted(batch: Batch) -> pl.LazyFrame:
    """Return the rows that count, and what each adds by the day asked for."""
    day, not_after = pl.col("day"), pl.col("not_after")
    happened = (day <= batch.as_of).fill_null(value=True)
    sure = (day <= batch.as_of).fill_null((not_after <= batch.as_of).fill_null(value=False))
    frame = pl.scan_parquet(list(batch.paths), schema=SCHEMA) if batch.paths else _no_rows()
    return (
        frame.filter(pl.col("seq") < batch.limit)
        .with_columns(happened.alias("rows"), sure.alias("sure"))
        .with_columns(
            pl.col("rows").not_().alias("later"),
            *(
                pl.when(pl.col("sure")).then(pl.col(name)).alias(name)
                for name in ("lo", "error_lo", "device_us", "ceiling")
            ),
            *(
                pl.when(pl.col("rows")).then(pl.col(name)).alias(name)
                for name in ("hi", "error_hi")
            ),
            pl.when(pl.col("extent") == "cumulative").then(pl.col("run")).alias("figure_of"),
            day.dt.to_string("%Y-%m").alias("month"),
        )
        .with_columns(
            (pl.col("rows") & pl.col("hi").is_null()).alias("unbounded"),
            (pl.col("rows") & pl.col("error_hi").is_null()).alias("error_unbounded"),
            pl.col("device_us").is_null().alias("device_us_unknown"),
            pl.col("ceiling").is_null().alias("ceiling_unknown"),
        )
    )


def _no_rows() -> pl.LazyFrame:
    """Return the frame of an empty ledger."""
    return pl.LazyFrame(schema=SCHEMA)


class PolarsEngine:
    """Folds a projection of the leaves that it keeps in a folder."""

    def __init__(self, source: Leaves, place: Place | None = None, *, run: Executor = map) -> None:
        """Fold what this source holds.

        Args:
            source: Where the entries are read from.
            place: Where the projection is kept; a temporary folder if None or not writable.
            run: Maps ``partial_sums`` over batches, in any order.
        """
        self._source = source
        self._projection = Projection(source, place)
        self._run = run
        self._size = 0
        self._read: Sequence[ProjectedSegment] = ()

    def fold(self, *, size: int, limit: int, as_of: date, root: bytes | None = None) -> Folded:
        """Fold the entries [0, size) and total those before ``limit``.

        Legs are then read in the snapshot of the fold: its leaves are not hashed again for them.
        """
        assert 0 <= limit <= size
        self._size, self._read = size, ()
        return self._with_files(lambda: self._fold(size, limit, as_of, root))

    def legs(
        self, models: frozenset[str], *, limit: int, as_of: date
    ) -> Mapping[str, tuple[Leg, ...]]:
        """Return the legs of some models by day and by run, in order of ``seq``."""
        return self._with_files(lambda: self._legs(models, limit, as_of))

    def delivered(self, *, limit: int, as_of: date) -> Mapping[DeliveryKey, GradeSums]:
        """Return the capacity delivered under contracts, by grade: own primary work only."""
        return self._with_files(lambda: self._delivered(limit, as_of))

    def above(self, *, limit: int) -> tuple[int, ...]:
        """Return the standing allocations that state more than their own ceiling, in order."""
        return self._with_files(lambda: self._above(limit))

    def _with_files(self, answer: Callable[[], _Answer]) -> _Answer:
        """Answer from the shared projection, or from an own one if that is pulled away."""
        try:
            return answer()
        except FileNotFoundError:
            # Another process has put a longer last segment in the place of ours.
            self._projection = Projection(self._source)
            return answer()

    def _fold(self, size: int, limit: int, as_of: date, root: bytes | None) -> Folded:
        """Fold the files of the projection."""
        segments = self._projection.segments(size)
        leaves = _leaves(segments)
        if root is not None and leaves.root() != root:
            segments = self._projection.segments(size, rebuild=True)
            leaves = _leaves(segments)
        sums = merge_sums(self._run(partial_sums, _batches(segments, limit, as_of)))
        held = (record for segment in segments for record in segment.read_records())
        self._read = segments
        folded = Folded(
            size=size,
            root=leaves.root(),
            recorded_by=self._recorded_by(limit),
            totals=_netted(sums.totals, _TOTAL_KEYS, TotalKey, Sums, _SUM_FIELDS),
            grades=_netted(sums.grades, _GRADE_KEYS, GradeKey, GradeSums, _CAPACITY_FIELDS),
            records=tuple(record for record in held if record.seq < limit),
            allocations=_allocations(sums.totals),
            deliveries=_netted(sums.deliveries, ("commitment",), str, GradeSums, _CAPACITY_FIELDS),
            as_of=as_of,
            limit=limit,
        )
        return folded if root is None else folded.require_root(root)

    def _legs(
        self, models: frozenset[str], limit: int, as_of: date
    ) -> Mapping[str, tuple[Leg, ...]]:
        """Group the legs in the files of the projection."""
        segments = self._projection.segments(max(limit, self._size), read=self._read)
        found: dict[str, tuple[Leg, ...]] = dict.fromkeys(sorted(models), ())
        batches = _batches(segments, limit, as_of)
        found.update(collect_legs([_counted(batch) for batch in batches], models))
        return found

    def _delivered(self, limit: int, as_of: date) -> Mapping[DeliveryKey, GradeSums]:
        """Group deliveries in the files of the projection."""
        segments = self._projection.segments(max(limit, self._size), read=self._read)
        batches = _batches(segments, limit, as_of)
        frames = [_by_delivery(_own(_counted(batch)).filter(_IS_DELIVERY)) for batch in batches]
        whole = frames[0] if len(frames) == 1 else _by_delivery(pl.concat(frames).lazy())
        return _netted(whole, _DELIVERY_KEYS, _delivery_key, GradeSums, _CAPACITY_FIELDS)

    def _above(self, limit: int) -> tuple[int, ...]:
        """Find them in the files of the projection."""
        segments = self._projection.segments(max(limit, self._size), read=self._read)
        paths = [segment.allocations for segment in segments if segment.leaves.start < limit]
        if not paths:
            return ()
        rows = pl.scan_parquet(paths, schema=SCHEMA).filter(pl.col("seq") < limit)
        above = rows.filter((pl.col("sign") > 0) & (pl.col("lo") > pl.col("ceiling")))
        found: list[int] = above.select("seq").collect(engine="streaming")["seq"].to_list()
        if not found:
            return ()
        taken = rows.filter(pl.col("sign") < 0).select("reverses").collect(engine="streaming")
        gone = set(taken["reverses"].to_list())
        return tuple(sorted(seq for seq in found if seq not in gone))

    def _recorded_by(self, limit: int) -> str | None:
        """Return when the last entry counted was sealed."""
        for row in self._source.read(limit - 1, limit) if limit else ():
            value: Any = json.loads(row.bytes)
            return str(value["recorded_at"])
        return None


def _by_delivery(rows: pl.LazyFrame) -> pl.DataFrame:
    """Group rows, or sums, of deliveries by contract, model and grade."""
    keys = (*_DELIVERY_KEYS, "sign")
    return group_sums(Grouping(rows, keys, _CAPACITY_COUNTS, _CAPACITY))


def _delivery_key(contract: str, model: str, *grade: Any) -> DeliveryKey:  # noqa: ANN401
    """Build the key of a delivery from its columns."""
    return DeliveryKey(contract, model, GradeKey(*grade))


def engine(source: Leaves, projection: Place | None) -> PolarsEngine:
    """Return the engine over a source, with its projection in a folder."""
    return PolarsEngine(source, projection)


def _leaves(segments: Sequence[ProjectedSegment]) -> CompactRange:
    """Return the Merkle range over all segments."""
    whole = CompactRange()
    for segment in segments:
        whole = whole.merge(segment.leaves)
    return whole


def _batches(segments: Sequence[ProjectedSegment], limit: int, as_of: date) -> list[Batch]:
    """Cut the segments that hold counted entries into batches; at least one, perhaps empty."""
    paths = [segment.allocations for segment in segments if segment.leaves.start < limit]
    starts = range(0, len(paths), BATCH) or (0,)
    return [Batch(tuple(paths[start : start + BATCH]), limit, as_of) for start in starts]


def _netted(
    frame: pl.DataFrame,
    keys: Sequence[str],
    make_key: Callable[..., _Key],
    make_sums: Callable[..., _Sum],
    names: Sequence[str],
) -> dict[_Key, _Sum]:
    """Return sums by group, those of reversals taken off.

    Args:
        frame: One row a group and sign.
        keys: Columns of the group, in the order of the fields of the key.
        make_key: Builds the key.
        make_sums: Builds the sums.
        names: Columns of the sums, in the order of their fields.
    """
    found: dict[_Key, _Sum] = {}
    groups = zip(*(_values(frame[name]) for name in keys), strict=True)
    sums = zip(*(_values(frame[name]) for name in names), strict=True)
    for sign, group, amounts in zip(frame["sign"].to_list(), groups, sums, strict=True):
        made = make_sums(*amounts)
        add_into(found, {make_key(*group): made if sign > 0 else -made})
    return found


def _values(column: pl.Series) -> list[Any]:
    """Return the values of a column, amounts as whole numbers."""
    if column.dtype != pl.Decimal:
        return column.to_list()
    # Digits become integers fast; decimals would be made of Python's first.
    texts: list[str | None] = column.cast(pl.String).to_list()
    return [None if text is None else int(text) for text in texts]


def _allocations(frame: pl.DataFrame) -> int:
    """Return how many allocation entries were counted, reversed ones included."""
    added = frame.filter(pl.col("sign") > 0)
    return int(added["rows"].sum()) + int(added["later"].sum())
