"""An unfinished file is one that is written beside its place, and put there whole or not at all.

Its writer keeps a lock on it while it lives, so that nobody takes it for what a dead one left.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["drop", "is_draft", "replacing"]

_ENDING = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, and put the file in place whole or not at all.

    Args:
        path: Where it goes. What is given is an empty file beside it, to be written as it is: a
            file that is put in its stead has no lock.
    """
    draft, descriptor = _begun(path)
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
        os.close(descriptor)


def is_draft(path: Path) -> bool:
    """Return whether a file is one that is not finished, by its name."""
    return path.suffix == _ENDING


def drop(draft: Path) -> None:
    """Remove an unfinished file, unless somebody still writes it."""
    # Whoever cannot have the lock, or cannot find out, leaves the file alone.
    with suppress(OSError):
        descriptor = os.open(draft, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()
        finally:
            os.close(descriptor)


def _begun(path: Path) -> tuple[Path, int]:
    """Return a new draft and the descriptor that holds its lock."""
    while True:
        draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_ENDING}")
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        # Where files cannot be locked, `drop` cannot lock them either.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return draft, descriptor
        # Somebody took it for abandoned before it was locked.
        os.close(descriptor)
