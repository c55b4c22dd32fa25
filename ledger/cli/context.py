"""The context holds the global options that every command can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from ledger.cli.chance import SYSTEM, Chance
from ledger.stores.address import Address

__all__ = ["Context", "pass_context"]


@dataclass(frozen=True, slots=True)
class Context:
    """Global options.

    Attributes:
        ledger: Path of the ledger database. For a ledger on a server it is not there: it is what
            the names of the files beside it begin with.
        rules: Folder of rules, or pack file, given by the user; None for those that ship.
        quiet: Whether counts and progress stay silent.
        no_input: Whether the program must never ask.
        debug: Whether errors show their stack.
        chance: Where keys, salts and ids come from.
        server: The address of the ledger on a server, or None for a file.
        scheduler: The address of the cluster that a check adds up on, or None.
        segments: URL of the place where workers of that cluster find segments, or None.
        reread: Whether a check reads the leaves of sealed segments again.
    """

    ledger: Path
    rules: Path | None
    quiet: bool
    no_input: bool
    debug: bool
    chance: Chance = SYSTEM
    server: Address | None = None
    scheduler: str | None = None
    segments: str | None = None
    reread: bool = False

    def say(self, text: str) -> None:
        """Write a line for people to stderr, unless quiet."""
        if not self.quiet:
            click.echo(text, err=True)


pass_context = click.make_pass_decorator(Context)
