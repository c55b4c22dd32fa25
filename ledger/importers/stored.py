"""Stored bytes: a file as it lies on the disk, read once and whole for content and digest."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import InputError

__all__ = ["HEAD_MAX", "STORED_MAX", "encoding_fault", "read_head", "read_stored", "too_large"]

HEAD_MAX = 65_536
"""Bytes from which a format is recognised."""
STORED_MAX = 1_000_000_000
"""Bytes of one file; a larger table is better cut by month."""

_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


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


def encoding_fault(data: bytes, path: Path) -> tuple[int | None, str] | None:
    """Returns where and why bytes are not UTF-8 text, or None if they are.

    Args:
        data: the bytes, unzipped.
        path: where they lie; the name may promise gzip.

    Returns:
        The line, from 1, or None for the whole file, and the fault.
    """
    if data.startswith(_UTF16):
        return 1, "the file is in UTF-16"
    at, what = data.find(b"\0"), "the line holds a NUL byte"
    if at < 0:
        try:
            data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            at, what = error.start, f"byte 0x{data[error.start]:02x} is not UTF-8"
        else:
            return None
    if path.name.casefold().endswith(".gz") and read_head(path, len(_GZIP)) != _GZIP:
        return None, "the file is named .gz, but gzip did not write it"
    return data.count(b"\n", 0, at) + 1, what


def too_large(path: Path) -> InputError:
    """The refusal of a file beyond the limit."""
    return InputError(
        f"the file has more than {STORED_MAX:,} bytes",
        where=str(path),
        remedy="cut the table by month; every part repeats the header",
    )
