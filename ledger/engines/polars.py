"""The polars engine adds up a Parquet projection of the log; it must equal the plain engine.

What a whole segment adds up to is kept, so that a check after an append adds up what is new. Where
the adding up happens is the executor's matter: here, in a pool of processes, or on a cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, TypeAlias, TypeVar

import polars as pl

from ledger.engines.columns import SCHEMA
from ledger.engines.leaves import Leaves
from ledger.engines.legs import collect_legs
from ledger.engines.means import Means
from ledger.engines.partials import (
    AT_ONCE,
    CAPACITY,
    CAPACITY_COUNTS,
    GRADE_KEYS,
    IS_DELIVERY,
    TOTAL_KEYS,
    Batch,
    DamagedSegmentError,
    Partial,
    comes_to,
    merge_controls,
    merge_sums,
    own_capacity,
    partial_sums,
    rows_of,
    with_months,
)
from ledger.engines.place import Place
from ledger.engines.projection import ProjectedSegment, Projection
from ledger.engines.sums import Grouping, group_sums
from ledger.errors import IntegrityError
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
from ledger.merkle import CompactRange, leaf_hash

__all__ = [
    "Batch",
    "Executor",
    "Partial",
    "PolarsEngine",
    "engine",
    "far_batch",
    "merge_sums",
    "partial_sums",
]

FAR_BATCH = 8
"""Segments a batch for other machines, at least: 2^18 entries, some 10 MB to fetch."""

ENOUGH_BATCHES = 48
"""From so many batches on each has more segments.

Each brings as many groups to compare and to merge here, whatever it was added up from.
"""

BATCH_MAX = 300
"""Segments a batch, as long as there are no more than BATCHES_MAX batches.

So many take some 12 seconds where two are added up beside each other, and what fetching them takes;
a worker that is silent for 60 counts as late.
"""

BATCHES_MAX = 512
"""Batches at most: until all are confirmed, the sums of all are in memory."""

_SUM_FIELDS = tuple(field.name for field in fields(Sums))
_CAPACITY_FIELDS = tuple(field.name for field in fields(GradeSums))
_DELIVERY_KEYS = ("commitment", "model", *GRADE_KEYS)

Executor: TypeAlias = Callable[[Callable[[Batch], Partial], Sequence[Batch]], Iterable[Partial]]
"""Maps ``partial_sums`` over batches, and gives the partials in the order of the batches."""

_Sum = TypeVar("_Sum", Sums, GradeSums)
_Key = TypeVar("_Key", TotalKey, GradeKey, DeliveryKey, str)
_Answer = TypeVar("_Answer")


class PolarsEngine:
    """Folds a projection of the leaves that it keeps in a folder."""

    def __init__(
        self,
        source: Leaves,
        place: Place | None = None,
        *,
        run: Executor = map,
        own: bool = True,
        means: Means | None = None,
    ) -> None:
        """Fold what this source holds.

        Args:
            source: Where the entries are read from.
            place: Where the projection is kept; a temporary folder if None or not writable.
            run: Maps ``partial_sums`` over batches.
            own: Whether that happens on this machine alone. What other machines add up is never
                kept, and they are told the digests of the files that they are to read.
            means: What the command line allows. Where no root is given to hold them against, the
                leaves of sealed segments are always read again.
        """
        self._source = source
        self._run = run
        self._own = own
        self._means = means or Means()
        self._projection = Projection(source, place, self._means.again)
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
        sealed = root is not None and limit == size and not self._means.reread
        segments = self._projection.segments(size, sealed=sealed, rooted=root is not None)
        leaves = _leaves(segments)
        if root is not None and leaves.root() != root:
            segments = self._projection.segments(size, rebuild=True)
            leaves = _leaves(segments)
        try:
            sums = merge_sums(self._partials(segments, limit, as_of))
        except DamagedSegmentError as error:
            # A file was damaged since its digest was checked: such are built again, once.
            parts = (error.message, error.where, error.why)
            self._means.say(f"warning: {'; '.join(filter(None, parts))}; it is built again")
            segments = self._projection.segments(size, read=segments)
            sums = merge_sums(self._partials(segments, limit, as_of))
        held = (record for segment in segments for record in segment.read_records())
        self._read = segments
        folded = Folded(
            size=size,
            root=leaves.root(),
            recorded_by=self._recorded_by(limit, segments),
            totals=_netted(sums.totals, TOTAL_KEYS, TotalKey, Sums, _SUM_FIELDS),
            grades=_netted(sums.grades, GRADE_KEYS, GradeKey, GradeSums, _CAPACITY_FIELDS),
            records=tuple(record for record in held if record.seq < limit),
            allocations=_allocations(sums.totals),
            deliveries=_netted(sums.deliveries, ("commitment",), str, GradeSums, _CAPACITY_FIELDS),
            as_of=as_of,
            limit=limit,
        )
        return folded if root is None else folded.require_root(root)

    def _partials(
        self, segments: Sequence[ProjectedSegment], limit: int, as_of: date
    ) -> Iterator[Partial]:
        """Yield the kept summaries of segments, and add up the rest."""
        fresh: list[ProjectedSegment] = []
        passing: list[ProjectedSegment] = []
        for segment in segments:
            if segment.leaves.start >= limit:
                break
            if not (segment.whole and segment.complete(limit, as_of)):
                passing.append(segment)
            elif (summary := self._projection.summary(segment)) is None:
                fresh.append(segment)
            else:
                yield summary
        if not self._own:
            far = _far_batches([*fresh, *passing], limit, as_of)
            for _, partial in zip(far, self._run(partial_sums, far), strict=True):
                yield partial
            return
        batches = [
            *(_summed(segment, limit, as_of) for segment in fresh),
            *_cut(passing, AT_ONCE, limit, as_of),
        ]
        made = self._run(partial_sums, batches)
        for place, (_, partial) in enumerate(zip(batches, made, strict=True)):
            if place < len(fresh):
                self._keep(fresh[place], partial)
            yield partial

    def _keep(self, segment: ProjectedSegment, partial: Partial) -> None:
        """Keep what a segment adds up to, for good: so it is held against what is known of it."""
        if not comes_to(partial, segment.control):
            raise IntegrityError(
                "the sums of a segment are not those that its rows come to",
                where=str(segment.allocations),
                why="a summary of them would be believed at every later check",
                remedy="run the same command with --engine plain, and report this",
            )
        self._projection.keep_summary(segment, partial)

    def _legs(
        self, models: frozenset[str], limit: int, as_of: date
    ) -> Mapping[str, tuple[Leg, ...]]:
        """Group the legs in the files of the projection."""
        segments = self._projection.segments(max(limit, self._size), read=self._read)
        found: dict[str, tuple[Leg, ...]] = dict.fromkeys(sorted(models), ())
        batches = _batches(segments, limit, as_of)
        found.update(collect_legs([rows_of(batch) for batch in batches], models))
        return found

    def _delivered(self, limit: int, as_of: date) -> Mapping[DeliveryKey, GradeSums]:
        """Group deliveries in the files of the projection."""
        segments = self._projection.segments(max(limit, self._size), read=self._read)
        batches = _batches(segments, limit, as_of)
        frames = [
            _by_delivery(own_capacity(rows_of(batch)).filter(IS_DELIVERY)) for batch in batches
        ]
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

    def _recorded_by(self, limit: int, segments: Sequence[ProjectedSegment]) -> str | None:
        """Return when the last entry counted was sealed."""
        for row in self._source.read(limit - 1, limit) if limit else ():
            last = segments[-1]
            # The entry of a sealed segment was not read for the fold.
            if limit == last.leaves.stop and leaf_hash(row.bytes).hex() != last.last:
                raise IntegrityError(
                    f"entry {row.seq} is not the one that was added up",
                    seq=row.seq,
                    why="it was changed after it was signed",
                    remedy="run: flopledger verify",
                )
            value: Any = json.loads(row.bytes)
            return str(value["recorded_at"])
        return None


def _by_delivery(rows: pl.LazyFrame) -> pl.DataFrame:
    """Group rows, or sums, of deliveries by contract, model and grade."""
    keys = (*_DELIVERY_KEYS, "sign")
    return with_months(group_sums(Grouping(rows, keys, CAPACITY_COUNTS, CAPACITY)))


def _delivery_key(contract: str, model: str, *grade: Any) -> DeliveryKey:  # noqa: ANN401
    """Build the key of a delivery from its columns."""
    return DeliveryKey(contract, model, GradeKey(*grade))


def engine(source: Leaves, projection: Place | None, means: Means) -> PolarsEngine:
    """Return the engine over a source, with its projection in a folder."""
    return PolarsEngine(source, projection, means=means)


def _leaves(segments: Sequence[ProjectedSegment]) -> CompactRange:
    """Return the Merkle range over all segments."""
    whole = CompactRange()
    for segment in segments:
        whole = whole.merge(segment.leaves)
    return whole


def _batches(segments: Sequence[ProjectedSegment], limit: int, as_of: date) -> list[Batch]:
    """Cut the segments that hold counted entries into batches; at least one, perhaps empty."""
    held = [segment for segment in segments if segment.leaves.start < limit]
    return _cut(held, AT_ONCE, limit, as_of) or [Batch((), limit, as_of)]


def _cut(segments: Sequence[ProjectedSegment], count: int, limit: int, as_of: date) -> list[Batch]:
    """Cut segments into batches of some number of them."""
    return [
        Batch(tuple(each.allocations for each in segments[start : start + count]), limit, as_of)
        for start in range(0, len(segments), count)
    ]


def _summed(segment: ProjectedSegment, limit: int, as_of: date) -> Batch:
    """Return a batch of one segment whose sums are kept: of the very bytes that were sealed."""
    return Batch((segment.allocations,), limit, as_of, (segment.digest,))


def far_batch(segments: int) -> int:
    """Return how many of so many segments a batch for other machines has."""
    enough = min(BATCH_MAX, -(-segments // ENOUGH_BATCHES))
    if enough > AT_ONCE:
        enough += -enough % AT_ONCE
    return max(FAR_BATCH, enough, -(-segments // BATCHES_MAX))


def _far_batches(segments: Sequence[ProjectedSegment], limit: int, as_of: date) -> list[Batch]:
    """Cut segments into batches for other machines, with what those are checked by."""
    batches = []
    count = far_batch(len(segments))
    for start in range(0, len(segments), count):
        held = segments[start : start + count]
        complete = all(each.complete(limit, as_of) for each in held)
        batches.append(
            Batch(
                # The folder that a worker runs in is another one.
                tuple(each.allocations.absolute() for each in held),
                limit,
                as_of,
                tuple(each.digest for each in held),
                merge_controls(each.control for each in held) if complete else None,
            )
        )
    return batches


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
