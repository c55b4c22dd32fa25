"""Signing is what commands share in which a person signs: whose key, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from ledger.cli.passphrase import passphrase_of, passphrase_option
from ledger.cli.record import read_input
from ledger.errors import InputError
from ledger.keys import FileSigner, Signer
from ledger.stores.keyfiles import name_in
from ledger.stores.token import TokenSigner

__all__ = ["person_of", "person_options"]

P = ParamSpec("P")
R = TypeVar("R")


def person_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the options that say who signs: ``person_of`` takes them."""
    for option in (
        click.option("--signer-command", metavar="CMD", help="Program that holds the key."),
        passphrase_option,
        click.option("--name", metavar="NAME", help="Name of the key, if its file says none."),
        click.option("--key", metavar="FILE", help="Private key, PEM; see key new."),
    ):
        command = option(command)
    return command


def person_of(
    key: str | None, name: str | None, passphrase_file: str | None, signer_command: str | None
) -> Signer:
    """Return who signs.

    Args:
        key: Private key file, or None.
        name: Name of the key, where its file does not say it.
        passphrase_file: Where the passphrase is, or None.
        signer_command: Program that holds the key, or None.

    Raises:
        InputError: If nobody or two are named, or the key cannot be read.
    """
    if (key is None) == (signer_command is None):
        raise InputError(
            "it is not said who signs" if key is None else "two signers are named",
            remedy="give either --key FILE or --signer-command CMD",
        )
    if signer_command is not None:
        return TokenSigner.ask(signer_command)
    assert key is not None
    pem = read_input(key)
    known = name or name_in(pem)
    if known is None:
        raise InputError(
            "the key file does not say the name of the key",
            where=key,
            why="a signature goes under the name and the key",
            remedy="pass --name, as it stands before the first + of the public key",
        )
    try:
        return FileSigner.parse_pem(known, pem, passphrase_of(passphrase_file))
    except InputError as error:
        raise InputError(error.message, where=key, why=error.why, remedy=error.remedy) from error
