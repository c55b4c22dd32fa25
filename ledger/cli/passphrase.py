"""A passphrase opens a locked key file; it is never taken from the command line.

There, everybody on the machine could read it. It comes from a file or from the environment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from ledger.errors import InputError

__all__ = ["PASSPHRASE", "passphrase_of", "passphrase_option"]

PASSPHRASE: Final = "FLOPLEDGER_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable

_BYTES_MAX: Final = 1023  # what OpenSSL takes

passphrase_option = click.option(
    "--passphrase-file", metavar="FILE", help=f"Passphrase of the key; else ${PASSPHRASE}."
)


def passphrase_of(file: str | None) -> bytes | None:
    """Return the passphrase: the first line of a file, else from the environment, else None.

    Raises:
        InputError: If the file cannot be read, or holds nothing or more than one line.
    """
    if file is None:
        return os.environ.get(PASSPHRASE, "").encode() or None
    try:
        given = Path(file).read_bytes().removesuffix(b"\n").removesuffix(b"\r")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    if not 0 < len(given) <= _BYTES_MAX or b"\n" in given:
        raise InputError(
            f"the passphrase file does not hold one line of 1 to {_BYTES_MAX} bytes", where=file
        )
    return given
