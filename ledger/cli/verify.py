"""``flopledger verify`` re-reads every byte and checks every proof."""

from __future__ import annotations

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_evidence
from ledger.cli.output import emit, output_options
from ledger.errors import IntegrityError
from ledger.journeys.verifying import failure_document, verdict_document
from ledger.report.table import Column, Table
from ledger.verify import Verdict
from ledger.verify import verify as verify_evidence

__all__ = ["verify"]

EPILOG = """\b
Examples:
  flopledger verify
  flopledger verify --vkey "$(cat key-of-lab-a.txt)"
  flopledger verify -f json -o verdict.json
"""


@click.command(epilog=EPILOG)
@click.option(
    "--vkey",
    metavar="TEXT",
    help="The key to trust; without it the ledger's own statement of its key is used.",
)
@output_options
@pass_context
def verify(context: Context, *, vkey: str | None, fmt: str | None, output: str | None) -> None:
    """Re-read every stored byte and check it against the signed checkpoints.

    Exit status 4 names the first bad entry, or the checkpoint at fault.
    """
    try:
        with open_evidence(context, vkey) as evidence:
            verdict = verify_evidence(evidence)
    except IntegrityError as error:
        # The words for people go to stderr, once; a form asked for is still written.
        if output not in {None, "-"} or fmt not in {None, "table"}:
            emit(failure_document(error), _failure_table(error), fmt=fmt, output=output)
        raise
    emit(verdict_document(verdict), _table(verdict), fmt=fmt, output=output)


def _table(verdict: Verdict) -> Table:
    """Return the steps that held."""
    source = (
        "given with --vkey" if verdict.vkey_source == "given" else "stated by the ledger itself"
    )
    unsigned = verdict.size - verdict.signed_size
    tail = (f"unsigned: the last {_entries(unsigned)}, after checkpoint {verdict.signed_size}",)
    return Table(
        f"{verdict.origin}: verified, {_entries(verdict.size)}{_unsigned(verdict)}",
        (Column("step", "right"), Column("check"), Column("count", "right"), Column("note")),
        tuple((str(c.step), c.name, str(c.count), c.note) for c in verdict.checks),
        (
            f"root {verdict.root.hex()}",
            f"key {verdict.vkey}, {source}",
            *(tail if unsigned else ()),
            "not shown here: that every run was recorded, or that the stated figures are right",
        ),
    )


def _unsigned(verdict: Verdict) -> str:
    """Return how much of the ledger nobody signed, where that is anything."""
    return "" if verdict.signed_size == verdict.size else f", only {verdict.signed_size} signed"


def _entries(number: int) -> str:
    """Return a number of entries."""
    return "1 entry" if number == 1 else f"{number} entries"


def _failure_table(error: IntegrityError) -> Table:
    """Return the fault."""
    rows = (("fault", error.message), ("where", error.where), ("why", error.why))
    return Table("verification failed", (Column("part"), Column("text", wide=True)), rows)
