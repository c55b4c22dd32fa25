"""``flopledger rules pack`` writes the rule files as one file: the law under one digest."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.output import write_text
from ledger.errors import InputError, RuleError
from ledger.pack import PACK_NAME, packed_bytes, read_pack
from ledger.regime.cased import load_cased
from ledger.regime.model import Regimes
from ledger.regime.release import drafts, unverified
from ledger.resources import rules_root

__all__ = ["pack"]

EPILOG = """\b
Examples:
  flopledger --rules ./rules rules pack
  flopledger rules pack --release -o law.json

The file can be given to --rules in place of a folder, signed with rules sign, and kept: with it a
determination of today can be replayed when the rules have changed.
"""


@click.command(epilog=EPILOG)
@click.option("-o", "--output", metavar="FILE", help="Write there instead of into the folder.")
@click.option("--release", is_flag=True, help="Refuse figures that nobody read in a source.")
@click.option("--allow-unverified", is_flag=True, help="Release them all the same, and say so.")
@pass_context
def pack(context: Context, *, output: str | None, release: bool, allow_unverified: bool) -> None:
    """Write the rule files as one canonical JSON file, which names the law by one digest."""
    root = rules_root(context.rules)
    if root.is_file():
        raise InputError(
            f"{root} is a pack already",
            why="a pack is made of YAML files, and this one has none beside it",
            remedy="copy it, or pass --rules with a folder",
        )
    held = read_pack(root)
    regimes = load_cased(held)
    if release:
        _check_release(context, regimes, allowed=allow_unverified)
    target = output or (str(root / PACK_NAME) if isinstance(root, Path) else "-")
    write_text(packed_bytes(root).decode(), target)
    context.say(f"pack {held.digest}")


def _check_release(context: Context, regimes: Regimes, *, allowed: bool) -> None:
    """Name what is not fit for a release.

    Raises:
        RuleError: If a figure is from memory and that is not allowed.
    """
    remembered = unverified(regimes)
    for item in remembered:
        line = f"unverified: {item.regime}: {item.place}: {item.text} is from memory"
        click.echo(line, err=True)
    drafted = drafts(regimes)
    if drafted:
        said = ", ".join(drafted)
        context.say(f"warning: compared with the text of the law by nobody yet: {said}")
    if remembered and not allowed:
        count = len(remembered)
        raise RuleError(
            f"{count} part{'s' if count > 1 else ''} of the law in this pack "
            f"{'are' if count > 1 else 'is'} from memory",
            why="whoever relies on a release takes its figures for read in a source",
            remedy="compare each with its source and set its provenance, or add --allow-unverified",
        )
