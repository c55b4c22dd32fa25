"""``flopledger hardware`` shows the catalogue of accelerators."""

from __future__ import annotations

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.hardware import Catalogue
from ledger.pack import read_pack
from ledger.report.hardware import device_document, device_tables, list_document, list_table
from ledger.resources import rules_root

__all__ = ["hardware"]


EPILOG = """\b
Examples:
  flopledger hardware list
  flopledger hardware show "NVIDIA H100 80GB HBM3"
  flopledger hardware show amd-mi300x -f json
"""


@click.group(name="hardware", epilog=EPILOG)
def hardware() -> None:
    """Show the accelerators that records may name.

    A name is taken only as an exact id or a declared alias; the names of others are refused.
    """


@hardware.command(name="list", epilog=EPILOG)
@output_options
@pass_context
def list_(context: Context, *, fmt: str | None, output: str | None) -> None:
    """List every part with its dense peaks and total processing performance."""
    catalogue = _catalogue(context)
    emit(list_document(catalogue), list_table(catalogue), fmt=fmt, output=output)


@hardware.command(epilog=EPILOG)
@click.argument("device")
@output_options
@pass_context
def show(context: Context, *, device: str, fmt: str | None, output: str | None) -> None:
    """Show one part: DEVICE is an id or an alias, such as "NVIDIA H100 80GB HBM3"."""
    found = _catalogue(context).find(device)
    emit(device_document(found), device_tables(found), fmt=fmt, output=output)


def _catalogue(context: Context) -> Catalogue:
    """Return the catalogue of the rules in use."""
    return Catalogue.from_pack(read_pack(rules_root(context.rules)))
