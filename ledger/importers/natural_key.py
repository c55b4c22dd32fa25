"""The natural key of a leg: the row's own id and its part, else what the leg is and its turn.

It is written in two ways, as a list and as the JSON of that list; the tests hold them together.
"""

from __future__ import annotations

import polars as pl

from ledger.importers.faults import Source
from ledger.importers.legs import PART

__all__ = ["TURN", "json_of", "key_of", "value_of"]

TURN = "\x00turn"
"""The frame's own column that numbers the legs of a file that look alike, from 0."""

_NAMES = frozenset({"run", "model"})  # what may hold a quote or a letter that JSON escapes
_EQUALS = (
    *("run", "model", "activity", "start", "start_ms", "end", "end_ms"),
    *("not_after", "device", "precision"),
)


def key_of(source: Source) -> pl.Expr:
    """The key as a column `key` of lists of texts."""
    opening = [pl.lit("allocation"), pl.lit(source.importer)]
    cells = [pl.col(name).cast(pl.String).fill_null("") for name in _EQUALS]
    own = pl.concat_list(*opening, pl.lit("id"), "id", pl.col(PART).cast(pl.String))
    alike = pl.concat_list(*opening, pl.lit("alike"), *cells, pl.col(TURN).cast(pl.String))
    return pl.when(pl.col("id").is_not_null()).then(own).otherwise(alike).alias("key")


def json_of(source: Source) -> pl.Expr:
    """The canonical bytes of the key, as text."""
    opening = f'["allocation","{source.importer}",'
    cells = [value_of(n) if n in _NAMES else _plain(n) for n in _EQUALS]
    own = pl.concat_str(pl.lit(f'{opening}"id",'), value_of("id"), pl.lit(","), _plain(PART))
    alike = pl.concat_str(pl.lit(f'{opening}"alike"'), *cells, _plain(TURN), separator=",")
    return pl.concat_str(
        pl.when(pl.col("id").is_not_null()).then(own).otherwise(alike), pl.lit("]")
    )


def value_of(name: str) -> pl.Expr:
    """The cells of a column as JSON."""
    return pl.struct(v=name).struct.json_encode().str.strip_prefix('{"v":').str.head(-1)


def _plain(name: str) -> pl.Expr:
    """The cells of a column of words, digits and times as JSON texts: nothing to escape."""
    return pl.concat_str(pl.lit('"'), pl.col(name).cast(pl.String).fill_null(""), pl.lit('"'))
