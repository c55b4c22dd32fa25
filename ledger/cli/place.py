"""A place is what ``--ledger`` names: a database file, or a database on a server."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ledger.errors import InputError
from ledger.stores.address import SCHEMES, Address

__all__ = ["LedgerPlace", "place_of"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class LedgerPlace(click.ParamType[Path | Address]):
    """The path of a database file, or the address of a database on a server."""

    name = "path"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | Address:
        """Read what the user wrote.

        Raises:
            InputError: If it begins as an address and is none that is known; it may hold a
                password, and is not repeated.
        """
        if isinstance(value, Path | Address):
            return value
        text = str(value)
        if text.startswith(SCHEMES):
            return Address.parse(text)
        if scheme := _SCHEME.match(text):
            raise InputError(
                f"a ledger cannot be kept at an address that begins with {scheme[0]}",
                where="--ledger" if param is None else param.opts[0],
                remedy="name a server, postgresql://USER@HOST/DATABASE, or a file by its path; "
                "one with such a name is ./NAME",
            )
        path = Path(text)
        if path.is_dir():
            self.fail(f"{text!r} is a folder; name the file of the ledger", param, ctx)
        return path


def place_of(ledger: Path | Address, files: Path | None) -> tuple[Path, Address | None]:
    """Return the path that the files of the ledger are named after, and the server it is on.

    Args:
        ledger: What ``--ledger`` names.
        files: The folder of the files of a ledger on a server; None takes the current one.

    Raises:
        InputError: If a folder is given for a database file, which has its files beside it.
    """
    if isinstance(ledger, Address):
        return (files or Path()) / ledger.database, ledger
    if files is not None:
        raise InputError(
            "--files is for a ledger on a server",
            why="the files of a database file stand beside it",
            remedy="leave --files out, or name the server: --ledger postgresql://…",
        )
    return ledger, None
