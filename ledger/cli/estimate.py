"""The command `estimate`: operations from a method and its inputs, and the record of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options_with
from ledger.cli.pairs import parse_pairs
from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers.estimated import PRECISIONS, estimated_records
from ledger.methods import METHODS, Worked, estimate
from ledger.methods.mixture import parse_shares
from ledger.pack import read_pack
from ledger.report.estimates import (
    estimate_document,
    estimate_tables,
    methods_document,
    methods_table,
)
from ledger.resources import rules_root

__all__ = ["estimate_command"]

EPILOG = """\b
Examples:
  flopledger estimate
  flopledger estimate dense --set parameters=405*10^9 --set tokens=15.6*10^12
  flopledger estimate hardware --set devices=370000 --set seconds=3600 \\
      --for device=nvidia-h100-sxm5 --for precision=bf16 --set utilisation=1/2
  flopledger estimate dense --set parameters=7*10^9 --set tokens=10^12 --leg fp8=850000 \\
      --leg bf16=150000 --for run=r-1 --for model=m --for not_after=2026-03-31 -f record \\
      | flopledger record -

Without METHOD: the methods and their inputs. `-f record` writes JSON Lines for
`flopledger record`; several parts are several records, since laws count some activities and
leave others out. A --leg is an operand format of the matrix products and its share of the
operations in parts per million.
"""


@click.command("estimate", epilog=EPILOG)
@click.argument("method", required=False)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="An input.")
@click.option("--for", "given", multiple=True, metavar="FIELD=VALUE", help="A field of the record.")
@click.option("--leg", "legs", multiple=True, metavar="FORMAT=PPM", help="A share of the formats.")
@output_options_with("record")
@pass_context
def estimate_command(
    context: Context,
    *,
    method: str | None,
    settings: tuple[str, ...],
    given: tuple[str, ...],
    legs: tuple[str, ...],
    fmt: str | None,
    output: str | None,
) -> None:
    """Work out operations by a stated method, with range and inputs."""
    if method is None:
        emit(methods_document(), methods_table(), fmt=fmt, output=output)
        return
    catalogue = Catalogue.from_pack(read_pack(rules_root(context.rules)))
    fields = parse_pairs(given, "--for")
    worked = estimate(method, _inputs(method, parse_pairs(settings, "--set"), fields, catalogue))
    shares = parse_shares(legs, PRECISIONS)
    records = {"record": lambda: _lines(worked, fields, shares, catalogue)}
    tables = estimate_tables(worked)
    emit(estimate_document(worked), tables, fmt=fmt, output=output, others=records)


def _inputs(
    method: str, settings: dict[str, str], fields: Mapping[str, str], catalogue: Catalogue
) -> dict[str, str]:
    """Return the inputs, with the peak of the stated device where the method needs one."""
    name = "peak_operations_per_s"
    wants = method in METHODS and name in METHODS[method].required
    if not wants or name in settings or not {"device", "precision"} <= set(fields):
        return settings
    device = catalogue.find(fields["device"])
    peak = device.peak(fields["precision"])
    if peak is None:
        raise InputError(
            f"the catalogue has no dense {fields['precision']} peak for {device.id}",
            where="--for precision",
            remedy=f"formats with a peak: {', '.join(device.precisions)}; or --set {name}=…",
        )
    return {**settings, name: str(peak)}


def _lines(
    worked: Worked, fields: Mapping[str, str], shares: Mapping[str, int], catalogue: Catalogue
) -> str:
    """Return the records as JSON Lines."""
    records = estimated_records(worked, fields, shares, catalogue)
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
