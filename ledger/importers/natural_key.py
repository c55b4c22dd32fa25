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

_NAMES = ("run", "model")
"""What may hold a quote or a letter that JSON escapes."""
_WORDS = (
    *("activity", "start", "start_ms", "end", "end_ms"),
    *("not_after", "device", "precision"),
)
"""What holds none."""


def key_of(source: Source) -> pl.Expr:
    """The key as a column `key` of lists of texts."""
    opening = [pl.lit("allocation"), pl.lit(source.importer)]
    cells = map(_plain, (*_NAMES, *_WORDS))
    own = pl.concat_list(*opening, pl.lit("id"), "id", pl.col(PART).cast(pl.String))
    alike = pl.concat_list(*opening, pl.lit("alike"), *cells, _plain(TURN))
    return pl.when(pl.col("id").is_not_null()).then(own).otherwise(alike).alias("key")


def json_of(source: Source) -> pl.Expr:
    """The canonical bytes of the key, as text."""
    opening = f'["allocation","{source.importer}",'
    own = pl.concat_str(
        pl.lit(f'{opening}"id",'), value_of("id"), pl.lit(',"'), _plain(PART), pl.lit('"]')
    )
    # Quotes stand between the cells: to put them around each of them took twice as long.
    form = f'{opening}"alike",' + "{}," * len(_NAMES) + '"{}"' + ',"{}"' * len(_WORDS) + "]"
    alike = pl.format(form, *map(value_of, _NAMES), *map(_plain, (*_WORDS, TURN)))
    return pl.when(pl.col("id").is_not_null()).then(own).otherwise(alike)


def value_of(name: str) -> pl.Expr:
    """The cells of a column as JSON."""
    return pl.struct(v=name).struct.json_encode().str.strip_prefix('{"v":').str.head(-1)


def _plain(name: str) -> pl.Expr:
    """The cells of a column of words, digits and times as text, of which JSON escapes nothing."""
    return pl.col(name).cast(pl.String).fill_null("")
