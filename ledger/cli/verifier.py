"""``flopledger verifier build`` writes the verifier as one file, for who has nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.context import Context, pass_context
from ledger.errors import InputError
from ledger.pack import pack_bytes
from ledger.resources import rules_root
from ledger.standalone.archive import build_archive

__all__ = ["verifier"]

EPILOG = """\b
Examples:
  flopledger verifier build -o flopledger-verify.pyz
  python flopledger-verify.pyz lab-a.zip --policy policy.txt

The file needs Python 3.11 or later and the package cryptography, and nothing else: no database, no
network. The same sources and rules give the same bytes, so its digest can be published.
"""


@click.group()
def verifier() -> None:
    """Build the verifier that auditors and authorities run by itself."""


@verifier.command(epilog=EPILOG)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="flopledger-verify.pyz",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where it goes.",
)
@pass_context
def build(context: Context, *, output: Path) -> None:
    """Write one file with every module that verifying a bundle needs, and the rules in use."""
    archive = build_archive(pack_bytes(rules_root(context.rules)))
    try:
        output.write_bytes(archive.data)
        output.chmod(0o755)
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error
    context.say(f"wrote {len(archive.members)} members, {len(archive.data)} bytes")
    click.echo(f"{archive.digest}  {output}")
