"""A spelling is a leg as canonical bytes, written a column at a time.

polars writes JSON as ``ledger.canonical`` does for what stands in a leg: texts, integers and nulls
under names that stand here in their order. Only what a row leaves out is put together by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import polars as pl
import polars.selectors as cs

from ledger.canonical import INTEGER_MAX, encode
from ledger.errors import InputError
from ledger.importers.columns import INPUT_PREFIX
from ledger.importers.faults import Source
from ledger.importers.natural_key import json_of, value_of

__all__ = ["PSEUDONYMS", "spelled"]

PSEUDONYMS = ("cluster", "operator", "site")
"""Confidential columns that have a stand-in in the body."""

_AHEAD = (
    *("activity", "catalogue_digest", "ceiling_operations", "cluster_pseudonym", "commitment"),
    *("concurrent_devices", "developer", "device", "device_us", "end", "end_ms", "evidence"),
    "extent",
)
"""Fields of an allocation before the place of its key, sorted."""

_REST = (
    *("milli_devices", "model", "not_after", "operation_kind", "operations"),
    *("operations_executed", "operations_high", "operations_low", "operator_pseudonym"),
    *("peak_operations_per_s", "precision", "role", "run", "scale_out_gbit_per_s"),
    *("scale_up_domain", "scale_up_gb_per_s", "site_pseudonym", "sparsity", "start", "start_ms"),
    *("status", "topology"),
)
"""Those behind its key and the method with its inputs, sorted."""

_HOSTILE = "".join(map(chr, (*range(0x80), 0xA0, 0x2028, 0x301, 0xD7FF, 0xFB33, 0x1F600)))


def spelled(
    legs: pl.DataFrame, source: Source, inputs: Sequence[str]
) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Write the bodies and natural keys of some legs.

    Args:
        legs: columns named as the fields, pseudonyms among them, and those of the evidence.
        source: the file.
        inputs: names of the columns with inputs of the method.

    Returns:
        By leg: the body up to the place of its key, the rest of it, and the natural key.
    """
    _check_writer()
    _check_integers(legs)
    evidence = pl.struct(
        file_sha256="evidence_sha256",
        importer=pl.lit(source.importer),
        importer_version=pl.lit(source.version),
        locator="evidence_locator",
        source_kind="evidence_kind",
    )
    ahead = pl.struct(evidence.alias(name) if name == "evidence" else name for name in _AHEAD)
    method = (pl.lit('"method":'), value_of("method"), pl.lit(',"method_inputs":{'))
    rest = (pl.lit("},"), _json(pl.struct(_REST)).str.slice(1))
    written = legs.select(
        before=pl.concat_str(_json(ahead).str.head(-1), pl.lit(",")),
        behind=pl.concat_str(*method, _inputs(inputs), *rest),
        key=json_of(source),
    )
    before, behind, keys = (column.cast(pl.Binary).to_list() for column in written)
    return before, behind, keys


@lru_cache(maxsize=1)
def _check_writer() -> None:
    """Be sure, once, that polars writes the text of JSON as the canonical form has it.

    Raises:
        InputError: If this version of polars writes it otherwise.
    """
    values = [None, -1, INTEGER_MAX]
    texts = [_HOSTILE, "", None]
    frame = pl.DataFrame({"a": texts, "b": values, "c": [texts] * len(texts)})
    written = frame.select(_json(pl.struct("a", "b", d=pl.struct("c")))).to_series()
    for text, value, row in zip(texts, values, written, strict=True):
        if row.encode() != encode({"a": text, "b": value, "d": {"c": [*texts]}}):
            raise InputError(
                f"polars {pl.__version__} writes JSON otherwise than canonical-json.v1 has it",
                why="two spellings of one value would have two hashes",
                remedy="install a version of polars that flopledger is tested with",
            )


def _check_integers(legs: pl.DataFrame) -> None:
    """Be sure that every integer is one that all readers keep exact."""
    counts = cs.by_name(*_AHEAD, *_REST, require_all=False) & cs.integer()
    beyond = legs.select((counts.abs() > INTEGER_MAX).any())
    assert not any(beyond.row(0)), "the cells of a table bound every integer"


def _inputs(names: Sequence[str]) -> pl.Expr:
    """The inputs that a row fills, without the braces around them."""
    if not names:
        return pl.lit("")
    filled = [
        # A missing cell stays missing, and leaves nothing.
        pl.concat_str(pl.lit(f'"{name.removeprefix(INPUT_PREFIX)}":'), _filled(name))
        for name in sorted(names)
    ]
    return pl.concat_str(filled, separator=",", ignore_nulls=True)


def _filled(name: str) -> pl.Expr:
    """The cells of a column as JSON, null where there is none."""
    return pl.when(pl.col(name).is_not_null()).then(value_of(name))


def _json(struct: pl.Expr) -> pl.Expr:
    """A struct as JSON."""
    return struct.struct.json_encode()
