"""Stored bytes: a file as it lies on the disk, read once and whole for content and digest."""

from __future__ import annotations

from pathlib import Path

from ledger.errors import InputError

__all__ = [
    "HEAD_MAX",
    "MISNAMED",
    "NUL",
    "STORED_MAX",
    "UTF16",
    "encoding_fault",
    "fault_of_bytes",
    "misnamed",
    "read_head",
    "read_stored",
    "too_large",
    "unreadable",
]

HEAD_MAX = 65_536
"""Bytes from which a format is recognised."""
STORED_MAX = 1_000_000_000
"""Bytes of one file; a larger table is better cut by month."""

_GZIP = b"\x1f\x8b"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins."""
NUL = "the line holds a NUL byte"
MISNAMED = "the file is named .gz, but gzip did not write it"


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
        raise unreadable(path, error) from error


def encoding_fault(data: bytes, path: Path) -> tuple[int | None, str] | None:
    """Returns where and why bytes are not UTF-8 text, or None if they are.

    Args:
        data: the bytes, unzipped.
        path: where they lie; the name may promise gzip.

    Returns:
        The line, from 1, or None for the whole file, and the fault.
    """
    if data.startswith(UTF16):
        return 1, "the file is in UTF-16"
    fault = fault_of_bytes(data)
    if fault is None:
        return None
    at, what = fault
    if misnamed(path):
        return None, MISNAMED
    return data.count(b"\n", 0, at) + 1, what


def fault_of_bytes(data: bytes) -> tuple[int, str] | None:
    """Returns where and why bytes are no text in UTF-8, or None; a NUL byte is told first."""
    at = data.find(b"\0")
    if at >= 0:
        return at, NUL
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start, f"byte 0x{data[error.start]:02x} is not UTF-8"
    return None


def misnamed(path: Path) -> bool:
    """Whether a file is named as one that gzip wrote, and is none."""
    return path.name.casefold().endswith(".gz") and read_head(path, len(_GZIP)) != _GZIP


def too_large(path: Path) -> InputError:
    """The refusal of a file beyond the limit."""
    return InputError(
        f"the file has more than {STORED_MAX:,} bytes",
        where=str(path),
        remedy="cut the table by month; every part repeats the header",
    )


def unreadable(path: Path, error: OSError) -> InputError:
    """The refusal of a file that the system does not give."""
    return InputError(
        f"the file cannot be read: {error.strerror}",
        where=str(path),
        remedy="check the path and its permissions",
    )
