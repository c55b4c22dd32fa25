"""Drafts of a frame: the legs as a sheet of records, spelt or built a slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, overload

import polars as pl

from ledger.canonical import JSON
from ledger.hardware import Catalogue
from ledger.importers.ceilings import surpassing
from ledger.importers.columns import HIDDEN, INPUT_PREFIX
from ledger.importers.faults import Source
from ledger.importers.legs import PART
from ledger.importers.natural_key import TURN, key_of
from ledger.importers.rows import ROW
from ledger.importers.spelling import PSEUDONYMS, spelled
from ledger.record.draft import Draft
from ledger.record.sheet import Sheet, Spelling
from ledger.record.whole import Whole

__all__ = ["FrameDrafts", "finished"]

_PLAIN = (
    *("run", "model", "developer", "activity", "extent"),
    *("start", "start_ms", "end", "end_ms", "not_after"),
    *("device", "milli_devices", "device_us", "precision", "sparsity", "operation_kind"),
    *("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s"),
    *("topology", "concurrent_devices"),
    *("catalogue_digest", "peak_operations_per_s", "ceiling_operations"),
    *("operations", "operations_low", "operations_high", "operations_executed"),
    *("method", "commitment", "status", "role"),
)
"""Fields of an allocation that are columns; evidence and method inputs are built from several."""

_AMOUNTS = ("operations", "operations_low", "operations_high", "operations_executed")
_COUNTS = ("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s", "concurrent_devices")
_SLICE = 10_000  # drafts built at once


class FrameDrafts(Sheet):
    """A sheet of allocations that exist as columns until they are asked for."""

    type = "allocation"

    def __init__(self, legs: pl.DataFrame, source: Source) -> None:
        """Keeps finished legs (see `finished`) of one file."""
        self._legs = legs
        self._source = source
        self._hidden = [name for name in HIDDEN if legs[name].null_count() < legs.height]
        self._inputs = [name for name in legs.columns if name.startswith(INPUT_PREFIX)]

    def __len__(self) -> int:
        """The number of drafts."""
        return self._legs.height

    @overload
    def __getitem__(self, index: int) -> Draft: ...
    @overload
    def __getitem__(self, index: slice) -> FrameDrafts: ...
    def __getitem__(self, index: int | slice) -> Draft | FrameDrafts:
        """Builds one draft, or takes a slice of them as they are."""
        if isinstance(index, slice):
            return FrameDrafts(self._legs[index], self._source)
        return next(iter(self._build(self._legs.slice(range(len(self))[index], 1))))

    def fields(self, *names: str) -> Iterator[tuple[JSON, ...]]:
        """Yields some fields of each body: texts, integers or null."""
        return zip(*(self._legs[name].to_list() for name in names), strict=True)

    def spellings(self, pseudonym: Callable[[str, str], str]) -> Iterator[Spelling]:
        """Yields the canonical bytes of each draft."""
        legs = self._legs.with_columns(
            _stand_ins(self._legs[name], pseudonym) for name in PSEUDONYMS
        )
        written = spelled(legs, self._source, self._inputs)
        rows = zip(*written, _filled(legs, self._hidden), self._wholes(legs), strict=True)
        return map(Spelling._make, rows)

    def surpassing(self) -> Sequence[int]:
        """The places of the legs that state more operations than their ceiling."""
        return self._legs.select(surpassing().arg_true()).to_series().to_list()

    def _wholes(self, legs: pl.DataFrame) -> Iterator[Whole | None]:
        """Yields what each leg belongs to: a row with an id of its own is one thing."""
        if legs["id"].null_count() == legs.height:
            yield from repeat(None, legs.height)
            return
        keys = legs.select(key_of(self._source))["key"].to_list()
        for evidence, key in zip(self._evidence(legs), keys, strict=True):
            yield _whole(key, evidence)

    def __iter__(self) -> Iterator[Draft]:
        """Builds the drafts a slice at a time."""
        for start in range(0, len(self), _SLICE):
            yield from self._build(self._legs[start : start + _SLICE])

    def _build(self, legs: pl.DataFrame) -> Iterator[Draft]:
        """Makes the drafts of some legs."""
        bodies = zip(*(legs[name].to_list() for name in _PLAIN), strict=True)
        rows = zip(
            bodies,
            self._evidence(legs),
            _filled(legs, self._inputs, len(INPUT_PREFIX)),
            _filled(legs, self._hidden),
            legs.select(key_of(self._source))["key"].to_list(),
            strict=True,
        )
        for values, evidence, inputs, hidden, key in rows:
            body: dict[str, JSON] = dict(zip(_PLAIN, values, strict=True))
            body["method_inputs"] = inputs
            body["evidence"] = evidence
            yield Draft(self.type, body, hidden, tuple(key), _whole(key, evidence))

    def _evidence(self, legs: pl.DataFrame) -> Iterator[dict[str, JSON]]:
        """Makes the evidence of some legs: the document named in the row, else this file."""
        fixed: dict[str, JSON] = {
            "importer": self._source.importer,
            "importer_version": self._source.version,
        }
        columns = ("evidence_kind", "evidence_sha256", "evidence_locator")
        for kind, digest, place in legs.select(columns).iter_rows():
            yield {**fixed, "source_kind": kind, "file_sha256": digest, "locator": place}


def _whole(key: Sequence[str], evidence: Mapping[str, JSON]) -> Whole | None:
    """The thing that a leg is of: a row with an id of its own, whose legs are numbered."""
    return Whole.numbered(tuple(key[1:-1]), evidence) if key[2] == "id" else None


def _stand_ins(cells: pl.Series, pseudonym: Callable[[str, str], str]) -> pl.Series:
    """The pseudonyms of a confidential column; a missing value has none."""
    names = cells.unique().drop_nulls().to_list()
    stand_ins = [pseudonym(cells.name, name) for name in names]
    return cells.replace_strict(names, stand_ins, default=None, return_dtype=pl.String).alias(
        f"{cells.name}_pseudonym"
    )


def _filled(legs: pl.DataFrame, names: Sequence[str], skip: int = 0) -> Iterator[dict[str, Any]]:
    """Yields the filled cells of some columns, row by row, without the first letters of a name."""
    if not names:
        yield from ({} for _ in range(legs.height))
        return
    short = [name[skip:] for name in names]
    for row in legs.select(names).iter_rows():
        yield {name: cell for name, cell in zip(short, row, strict=True) if cell is not None}


def finished(
    legs: pl.DataFrame, source: Source, catalogue: Catalogue, turns: pl.Series
) -> pl.DataFrame:
    """Writes legs as the fields of a record: texts, digits, evidence and the natural key.

    Args:
        legs: as `ledger.importers.legs.cut` and then `with_ceilings` give them.
        source: the file.
        catalogue: the devices whose digest the records carry.
        turns: the number of each among the legs of the file that look alike, from 0.
    """
    written = legs.with_columns(
        *_times("from_ms", "start"),
        *_times("until_ms", "end"),
        *(pl.col(name).cast(pl.Int64) for name in _COUNTS),
        *(pl.col(f"n_{name}").cast(pl.String).alias(name) for name in _AMOUNTS),
        pl.col("device_us").cast(pl.String),
        pl.when(pl.col("device").is_not_null())
        .then(pl.lit(catalogue.digest))
        .alias("catalogue_digest"),
        pl.col("evidence_sha256").fill_null(source.sha256),
        pl.col("evidence_locator").fill_null(pl.format(source.place + " {}", ROW)),
    )
    numbered = written.with_columns(turns.alias(TURN))
    evidence = ("evidence_kind", "evidence_sha256", "evidence_locator")
    inputs = [name for name in legs.columns if name.startswith(INPUT_PREFIX)]
    # What only led to the fields would be kept until the last of them is written.
    return numbered.select(*_PLAIN, *evidence, *inputs, *HIDDEN, "id", PART, TURN, ROW)


def _times(milliseconds: str, name: str) -> tuple[pl.Expr, pl.Expr]:
    """A time as text to the second, and its milliseconds beside."""
    when = pl.from_epoch(milliseconds, time_unit="ms")
    rest = (pl.col(milliseconds) % 1000).fill_null(0)
    return when.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias(name), rest.alias(f"{name}_ms")
