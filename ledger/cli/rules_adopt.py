"""``flopledger rules adopt`` records that the rules in use are put in force for the ledger."""

from __future__ import annotations

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_log
from ledger.cli.output import emit, output_options
from ledger.cli.record import tell
from ledger.journeys.adopting import adopt as adopt_pack
from ledger.pack import read_pack
from ledger.period import parse_day
from ledger.regime.cased import load_cased
from ledger.report.records import recorded_document, recorded_table
from ledger.resources import rules_root

__all__ = ["adopt"]

EPILOG = """\b
Examples:
  flopledger rules adopt --by officer
  flopledger --rules law.json rules adopt --by officer --on 2026-12-01

From that day on, check says on stderr when other rules are in use. Keep the pack: with it,
what is determined under it can be replayed.
"""


@click.command(epilog=EPILOG)
@click.option("--by", required=True, metavar="NAME", help="Who decides.")
@click.option("--on", metavar="DATE", help="First day on which it serves; default today.")
@output_options
@pass_context
def adopt(context: Context, *, by: str, on: str | None, fmt: str | None, output: str | None) -> int:
    """Record that the rules in use are put in force for this ledger."""
    log = open_log(context)
    pack = read_pack(rules_root(context.rules))
    load_cased(pack)
    day = now().date() if on is None else parse_day(on)
    recorded = adopt_pack(log, pack, by=by, on=day)
    tell(context, recorded, dry_run=False)
    context.say(f"pack {pack.digest} is in force from {day}")
    emit(
        recorded_document(recorded, dry_run=False), recorded_table(recorded), fmt=fmt, output=output
    )
    return 0
