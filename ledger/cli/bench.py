"""A bench is where the command line runs cases of the law: the rules in use, an engine, devices."""

from __future__ import annotations

from ledger.cli.context import Context
from ledger.determination import PlainEvaluator
from ledger.engines import open_engine
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.journeys.checking import devices_of
from ledger.pack import Pack, read_pack
from ledger.regime.vocabulary import Vocabulary
from ledger.resources import rules_root

__all__ = ["bench_of", "pack_of"]


def bench_of(pack: Pack, vocabulary: Vocabulary, engine: str) -> Bench:
    """Return where cases are run: with the engine and the evaluator of one name.

    Args:
        pack: The rules in use; one without a catalogue looks no devices up.
        vocabulary: Types of facts.
        engine: ``plain``, or one that adds up in columns.
    """
    devices = devices_of(pack) if pack.under("hardware") else None
    if engine == "plain":
        return Bench(vocabulary, PlainEngine, PlainEvaluator(), devices)
    from ledger.engines.evaluate import ColumnEvaluator  # noqa: PLC0415 - polars loads slowly

    return Bench(vocabulary, lambda source: open_engine(engine, source), ColumnEvaluator(), devices)


def pack_of(context: Context) -> Pack:
    """Return the rules in use."""
    return read_pack(rules_root(context.rules))
