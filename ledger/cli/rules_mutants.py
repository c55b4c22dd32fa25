"""The command `rules mutants`: whether the cases of the law would notice a mistake in it."""

from __future__ import annotations

import click

from ledger.cli.bench import bench_of, pack_of
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.journeys.gate import Gate
from ledger.regime.cased import load_cased
from ledger.regime.load import find_regime
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.mutants import mutant_document, mutant_tables

__all__ = ["mutants"]


@click.command(epilog="Example: flopledger rules mutants us.ca.sb53")
@click.argument("regime_ids", nargs=-1, metavar="[REGIME]...")
@output_options
@pass_context
def mutants(
    context: Context, *, regime_ids: tuple[str, ...], fmt: str | None, output: str | None
) -> int:
    """Change one thing of the law at a time and see whether a case notices: exit 1 if one lives.

    Comparators are exchanged, thresholds moved by one unit, days by one day, activities moved
    between counted and excluded, exceptions dropped.
    """
    pack = pack_of(context)
    vocabulary = load_vocabulary(pack)
    regimes = load_cased(pack)
    asked = [find_regime(regimes, each) for each in regime_ids] or list(regimes.values())
    bench = bench_of(pack, vocabulary, "plain")
    found = {regime.id: tuple(Gate(bench, regime).verdicts()) for regime in asked}
    emit(mutant_document(pack.digest, found), mutant_tables(found), fmt=fmt, output=output)
    return int(any(verdict.survives for verdicts in found.values() for verdict in verdicts))
