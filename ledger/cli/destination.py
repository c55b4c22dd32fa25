"""A destination is a file that a command writes: never half of it, never over a ledger."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click

from ledger.cli.context import Context
from ledger.errors import InputError

__all__ = ["writing"]

_OWNED = (
    ".key.pem",
    ".key.pem.migrated",
    ".key.next.pem",
    ".key.next.pem.migrated",
    ".secret",
    ".checkpoints",
    ".cosignatures",
)
_BESIDE = (
    *_OWNED,
    ".anchors",
    ".attestations",
    ".timestamps",
    ".projection",
    ".queue",
    ".tree",
    ".partial",
    "-wal",
    "-shm",
    "-journal",
)
_OLD_KEY = re.compile(r".+\.key\.[0-9a-f]{8}\.pem")  # given up when another took over
_DATABASE = b"SQLite format 3\0"
_NEW_MODE = 0o666  # the umask takes from it what the user wants taken


@contextmanager
def writing(output: str) -> Iterator[BinaryIO]:
    """Yield a binary file whose bytes become the content of ``output``.

    A regular file is replaced in one step when the block ends without an error; it keeps its mode
    and its owner, and a symbolic link to it stays a link. What is no regular file, as a pipe or a
    terminal, is written straight into.

    Args:
        output: Path as the user gave it.

    Raises:
        InputError: If it is a folder or part of a ledger, or the disk refuses.
    """
    try:
        status = _status(output)
        _check(output, status)
        if status is not None and _takes_bytes(output, status):
            # Appending: a file behind /dev/stdout keeps what the shell wants kept.
            with os.fdopen(os.open(output, os.O_WRONLY | os.O_APPEND), "wb") as file:
                yield file
        else:
            with _replacing(Path(os.path.realpath(output)), status) as file:
                yield file
    except OSError as error:
        raise InputError(
            f"cannot write {output}: {error.strerror or error}",
            remedy="choose another file with -o",
        ) from error


def _status(output: str) -> os.stat_result | None:
    """Return what is there, behind all links, or None for nothing."""
    try:
        return Path(output).stat()
    except FileNotFoundError:
        return None


def _takes_bytes(output: str, status: os.stat_result) -> bool:
    """Return whether bytes go into what is there, which must not be replaced."""
    return not stat.S_ISREG(status.st_mode) or Path(output).is_relative_to("/dev")


def _check(output: str, status: os.stat_result | None) -> None:
    """Refuse what a report must not be written to."""
    if output.endswith("/") or (status is not None and stat.S_ISDIR(status.st_mode)):
        raise InputError(f"{output} is a folder", remedy="name a file in it with -o")
    if status is not None and stat.S_ISBLK(status.st_mode):
        raise InputError(f"{output} is a disk", remedy="name a file with -o")
    if _is_of_this_ledger(output, status) or _is_of_a_ledger(Path(output), status):
        raise InputError(
            f"{output} belongs to a ledger",
            why="written over, the ledger could no longer be continued or verified",
            remedy="choose another file with -o",
        )


def _is_of_this_ledger(output: str, status: os.stat_result | None) -> bool:
    """Return whether the path names a file of the ledger in use, there already or not."""
    click_context = click.get_current_context(silent=True)
    context = None if click_context is None else click_context.find_object(Context)
    if context is None:
        return False
    database, target = str(context.ledger), os.path.realpath(output)
    for start in (database, os.path.realpath(database)):
        for path in (start + suffix for suffix in ("", *_BESIDE)):
            there = None if status is None else _status(path)
            # What is derived, and evidence, stand in folders.
            if os.path.realpath(path) in {target, str(Path(target).parent)}:
                return True
            if status is not None and there is not None and os.path.samestat(status, there):
                return True
    return False


def _is_of_a_ledger(path: Path, status: os.stat_result | None) -> bool:
    """Return whether a file that is there, or the database it stands beside, is a ledger's."""
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    real = os.path.realpath(path)
    if real.endswith(_OWNED) or _OLD_KEY.fullmatch(real):
        return True
    beside = [real.removesuffix(suffix) for suffix in _BESIDE if real.endswith(suffix)]
    return any(_is_database(Path(each)) for each in (real, *beside))


def _is_database(path: Path) -> bool:
    """Return whether a file begins as an SQLite database; what cannot be read does not."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(len(_DATABASE)) == _DATABASE
    return False


@contextmanager
def _replacing(target: Path, status: os.stat_result | None) -> Iterator[BinaryIO]:
    """Yield a new file beside the target that takes its place at the end."""
    if status is not None and not os.access(target, os.W_OK):
        raise PermissionError(None, "it is read-only")
    partial = target.parent / f".flopledger-{secrets.token_hex(8)}.partial"
    mode = _NEW_MODE if status is None else 0o600
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if status is not None:
                # Only root can give a file away; for others it is theirs already.
                with suppress(PermissionError):
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
                os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
        partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
