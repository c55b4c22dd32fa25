"""The command `reconcile`: methods and sources of each run side by side, and what follows."""

from __future__ import annotations

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.cli.reading import with_entries
from ledger.journeys.reconciling import reconcile
from ledger.journeys.tolerance import parse_tolerances
from ledger.period import parse_day
from ledger.report.reconciliation import reconcile_tables
from ledger.report.reconciliation_document import reconcile_document

__all__ = ["reconcile_command"]

EPILOG = """\b
Examples:
  flopledger reconcile
  flopledger reconcile pretrain-1 --tolerance telemetry=300000
  flopledger reconcile -f json -o reconciliation.json

A grade follows from what agrees: A signed by the hardware, B countersigned by the provider or
reconciled to a bill, C two independent methods within tolerance, D one documented method, E an
assertion. Tolerances are parts per million of a figure; schemas/reconcile.v1.md says of which.
Capacity that is billed or contracted and recorded nowhere is looked for over all runs only.

Exit codes: 0 nothing to act on, 1 findings, 2 could not evaluate, 3 entries after the newest
checkpoint are not counted, 4 integrity failure.
"""


@click.command("reconcile", epilog=EPILOG)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--tolerance", "tolerances", multiple=True, metavar="METHOD=PPM", help="May repeat.")
@click.option("--by-day", is_flag=True, help="Show the sources day by day too.")
@click.option("--as-of", metavar="D", help="Last day whose work counts; today if not given.")
@output_options
@pass_context
def reconcile_command(
    context: Context,
    *,
    runs: tuple[str, ...],
    tolerances: tuple[str, ...],
    by_day: bool,
    as_of: str | None,
    fmt: str | None,
    output: str | None,
) -> int:
    """Line up methods and sources of each run, and grade the evidence."""
    errors = parse_tolerances(tolerances)
    day = now().date() if as_of is None else parse_day(as_of)
    found, signed, tail = with_entries(
        context, lambda entries: reconcile(entries, errors, as_of=day, names=runs)
    )
    document = reconcile_document(
        found,
        origin=signed.origin,
        size=signed.size,
        root=signed.root.hex(),
        as_of=day.isoformat(),
    )
    emit(document, reconcile_tables(found, by_day=by_day), fmt=fmt, output=output)
    if tail:
        context.say(f"warning: {tail} entries after the newest checkpoint are not counted")
    return 1 if found.problems else 3 if tail else 0
