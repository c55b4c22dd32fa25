"""``flopledger bundle`` writes one file from which others verify the ledger."""

from __future__ import annotations

import click

from ledger.audience import AUDIENCES, audience_of
from ledger.cli.bundling import drawn_up, write_out
from ledger.cli.context import Context, pass_context

__all__ = ["bundle"]

EPILOG = """\b
Examples:
  flopledger bundle lab-a.zip --for authority
  flopledger bundle lab-a.zip --for auditor --at 1402
  flopledger bundle receipts.zip --for counterparty --receipts 17 --receipts 18
  flopledger bundle lab-a --for public

Whoever gets it runs: flopledger verify lab-a.zip --policy POLICY
"""


@click.command(epilog=EPILOG)
@click.argument("output", metavar="OUT.zip|FOLDER")
@click.option(
    "--for",
    "audience",
    type=click.Choice(AUDIENCES),
    default="authority",
    show_default=True,
    help="Who may see which confidential values; see schemas/bundle.v1.md.",
)
@click.option(
    "--receipts",
    multiple=True,
    metavar="SEQ",
    type=click.IntRange(min=0),
    help="Only these entries, each with its proof.",
)
@click.option(
    "--at", metavar="SIZE", type=click.IntRange(min=1), help="End at this checkpoint; newest."
)
@pass_context
def bundle(
    context: Context, *, output: str, audience: str, receipts: tuple[int, ...], at: int | None
) -> None:
    """Write a bundle: entries, signed checkpoints, statements, rules, and what may be opened.

    Confidential values stand in the entries only as salted digests. The audience decides which of
    them are opened beside; how many are withheld is counted in the bundle.
    """
    made = drawn_up(context, audience_of(audience), receipts, at)
    write_out(context, made, output)
