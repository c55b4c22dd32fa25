"""The command `import`: a real export goes into the ledger, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_log, open_reader
from ledger.cli.output import emit, output_options
from ledger.cli.pairs import parse_pairs
from ledger.cli.progress import Progress
from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers import MODULES, load, mapped, recognise
from ledger.journeys.importing import Imported, Request, import_files
from ledger.pack import read_pack
from ledger.report.imports import import_json, import_summary, import_tables
from ledger.report.problems import problem_lines
from ledger.resources import rules_root

__all__ = ["import_", "show", "tell"]

EPILOG = """\b
Examples:
  flopledger import runs.csv --source csv
  flopledger import --dry-run --skip-refused july/*.csv
  flopledger import results/ --source mlperf -f json
  flopledger import sacct.txt --set zone=UTC --map slurm.yaml --dry-run

A file with a refused row adds nothing (exit 2). Importing a file again adds nothing.
Exit codes: 0 all is recorded, 1 the ledger holds a record with other content, rows are of no
model, or a captured run does not say that it ended, 2 refused.
"""

_OPEN = frozenset({"open-part", "unknown-tail", "unmapped"})  # something is not in the total


class _Import(click.Command):
    """The command, whose help lists the settings of every importer."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the settings, then the examples."""
        with formatter.section("Settings (--set NAME=VALUE), by source"):
            formatter.write_dl(
                [(name, ", ".join(sorted(load(name).settings)) or "none") for name in MODULES]
            )
        super().format_epilog(ctx, formatter)


@click.command("import", cls=_Import, epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", metavar="NAME", help=f"Kind of file: {', '.join(MODULES)}.")
@click.option("--set", "settings", multiple=True, metavar="K=V", help="See below; repeatable.")
@click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What the source's words mean: projects, partitions, devices.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; append nothing.")
@click.option("--skip-refused", is_flag=True, help="Record the good rows of a refused file.")
@output_options
@pass_context
def import_(
    context: Context,
    *,
    paths: tuple[Path, ...],
    source: str | None,
    settings: tuple[str, ...],
    mapping: Path | None,
    dry_run: bool,
    skip_refused: bool,
    fmt: str | None,
    output: str | None,
) -> int:
    """Read real exports into the ledger: files, or directories of files."""
    _check_paths(paths)
    log = open_log(context, writable=not dry_run, overlap=not dry_run)
    importer = load(source) if source else recognise(paths)
    request = Request(
        importer if mapping is None else mapped(importer, mapping),
        parse_pairs(settings, "--set"),
        Catalogue.from_pack(read_pack(rules_root(context.rules))),
        dry_run=dry_run,
        skip_refused=skip_refused,
        shelf=open_reader(context),
    )
    with Progress(context, "records") as progress:
        imported = import_files(log, request, paths, progress=progress)
    tell(context, imported, dry_run=dry_run)
    show(imported, dry_run=dry_run, fmt=fmt, output=output)
    return _status(imported, skip_refused=skip_refused)


def _check_paths(paths: Sequence[Path]) -> None:
    """Refuse stdin: what is read is named in the evidence of every record."""
    if Path("-") in paths:
        raise InputError(
            "import reads files and directories, not stdin",
            why="every record names the file that it was read from, and its digest",
            remedy="save the input as a file; records as JSON Lines go to `flopledger record -`",
        )


def tell(context: Context, imported: Imported, *, dry_run: bool) -> None:
    """Writes problems and counts to stderr; refusals and findings show even when quiet."""
    shown = (p for p in imported.problems if p.severity != "note" or not context.quiet)
    for line in problem_lines(shown):
        click.echo(line, err=True)
    context.say(import_summary(imported, dry_run=dry_run))


def show(imported: Imported, *, dry_run: bool, fmt: str | None, output: str | None) -> None:
    """Write the result; a document with a problem for every row of a file is never held whole."""
    document = partial(import_json, imported, dry_run=dry_run)
    emit({}, import_tables(imported), fmt=fmt, output=output, others={"json": document})


def _status(imported: Imported, *, skip_refused: bool) -> int:
    """The exit status: refused 2, unless to be skipped; else 1 if something is missing; else 0."""
    if imported.refused and not skip_refused:
        return 2
    open_ = any(problem.code in _OPEN for problem in imported.problems)
    return 1 if imported.changed or open_ else 0
