"""The command `sync`: what spools hold goes into the ledger, once, however often it is run."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.import_ import show, tell
from ledger.cli.opening import open_log, open_reader
from ledger.cli.output import output_options
from ledger.cli.pairs import parse_pairs
from ledger.cli.progress import Progress
from ledger.hardware import Catalogue
from ledger.importers.spool import IMPORTER
from ledger.journeys.importing import Imported, Request, import_files
from ledger.pack import read_pack
from ledger.period import format_instant
from ledger.resources import rules_root

__all__ = ["sync"]

EPILOG = """\b
Examples:
  flopledger sync spool/
  flopledger sync /shared/spool --dry-run -f json
  flopledger sync spool/ --set tail=heartbeat

\b
Settings (--set NAME=VALUE):
  model      model of runs that were captured without one
  developer  who develops it
  role       corroborating, if another source records the same time
  tail       heartbeat: of a run that fell silent, at most one heartbeat is unknown; else open
  now        the time to judge silence by, as 2026-11-22T10:00:00Z

The same as `flopledger import spool/`, with its exit codes: 0 all is recorded, 1 something must be
looked at, such as a run that does not say that it ended, 2 a spool was refused.
"""


@click.command("sync", epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--set", "settings", multiple=True, metavar="K=V", help="See below; repeatable.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; append nothing.")
@output_options
@pass_context
def sync(
    context: Context,
    *,
    paths: tuple[Path, ...],
    settings: tuple[str, ...],
    dry_run: bool,
    fmt: str | None,
    output: str | None,
) -> int:
    """Read captured runs into the ledger: spools, or folders of spools."""
    request = Request(
        IMPORTER,
        {"now": format_instant(now()), **parse_pairs(settings, "--set")},
        Catalogue.from_pack(read_pack(rules_root(context.rules))),
        dry_run=dry_run,
        shelf=open_reader(context),
    )
    log = open_log(context, writable=not dry_run)
    with Progress(context, "records") as progress:
        synced = import_files(log, request, paths, progress=progress)
    tell(context, synced, dry_run=dry_run)
    show(synced, dry_run=dry_run, fmt=fmt, output=output)
    return _status(synced)


def _status(synced: Imported) -> int:
    """The exit status: a refused spool 2, anything to look at 1."""
    if synced.refused:
        return 2
    findings = any(problem.severity == "finding" for problem in synced.problems)
    return 1 if synced.changed or findings else 0
