"""An answer is what a worker of a cluster gives for a batch: its sums, or why there are none.

Workers put their sums in order, so that whoever compares them need not. Nobody relies on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import polars as pl

from ledger import __version__
from ledger.engines.partials import Batch, Partial, comes_to
from ledger.errors import LedgerError, MissingError

__all__ = ["Function", "answer_batch", "is_plausible", "is_same"]

_TABLES = ("totals", "grades", "deliveries")

Function: TypeAlias = Callable[[Batch], Partial]


def answer_batch(function: Function, batch: Batch, version: str) -> Partial | LedgerError:
    """Add up a batch on a worker; a failure is an answer too, so that it is known whose it is.

    Args:
        function: Adds up one batch.
        batch: Files as the worker finds them.
        version: Of the program that asks.
    """
    if version != __version__:
        return MissingError(
            f"a worker runs flopledger {__version__}, this is {version}",
            why="two versions may add up differently",
            remedy=f"install there: pip install 'flopledger[cluster]=={version}'",
        )
    try:
        return _in_order(function(batch))
    except LedgerError as error:
        return error
    except FileNotFoundError as error:
        return LedgerError(
            f"it does not find {error.filename or batch.paths[0]}",
            remedy="name a place that all machines see: --segments URL",
        )
    except Exception as error:  # noqa: BLE001 - whatever a foreign file store may raise
        return LedgerError(f"{type(error).__name__}: {error}", where=str(batch.paths[0]))


def is_plausible(answer: Partial, batch: Batch) -> bool:
    """Return whether sums come to what is known of their batch, and to each other."""
    try:
        return comes_to(answer, batch.control)
    except Exception:  # noqa: BLE001 - an answer can be anything
        return False


def is_same(left: Partial, right: Partial) -> bool:
    """Return whether two sums of a batch are the same, to the last digit."""
    try:
        return all(_alike(getattr(left, name), getattr(right, name)) for name in _TABLES)
    except Exception:  # noqa: BLE001 - an answer can be anything
        return False


def _in_order(sums: Partial) -> Partial:
    """Return the same sums in the one order that they have; what is no sum is judged elsewhere."""
    if not isinstance(sums, Partial):
        return sums
    return replace(sums, **{name: _sorted(getattr(sums, name)) for name in _TABLES})


def _alike(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    """Return whether two tables hold the same rows; groups come in any order."""
    if left.schema != right.schema:
        return False
    return left.equals(right) or _sorted(left).equals(_sorted(right))


def _sorted(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table in the order of its columns."""
    return table.sort(table.columns)
