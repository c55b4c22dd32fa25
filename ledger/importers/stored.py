"""Stored bytes: a file as it lies on the disk, read once and whole for content and digest."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import InputError

__all__ = ["HEAD_MAX", "STORED_MAX", "read_head", "read_stored", "too_large"]

HEAD_MAX = 65_536
"""Bytes from which a format is recognised."""
STORED_MAX = 1_000_000_000
"""Bytes of one file; a larger table is better cut by month."""


def read_stored(path: Path) -> bytes:
    """Reads a file whole.

    Raises:
        InputError: It cannot be read, or is larger than `STORED_MAX` bytes.
    """
    data = read_head(path, STORED_MAX + 1)
    if len(data) > STORED_MAX:
        raise too_large(path)
    return data


def read_head(path: Path, size: int) -> bytes:
    """Reads the first bytes of a file, at most `size`.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}",
            where=str(path),
            remedy="check the path and its permissions",
        ) from error


def too_large(path: Path) -> InputError:
    """The refusal of a file beyond the limit."""
    return InputError(
        f"the file has more than {STORED_MAX:,} bytes",
        where=str(path),
        remedy="cut the table by month; every part repeats the header",
    )
