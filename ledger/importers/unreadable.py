"""An unreadable file is one that no importer can know: nothing is in it, or no text."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from pathlib import Path
from typing import Final

__all__ = ["unreadable"]

_GZIP: Final = b"\x1f\x8b"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_ASKED: Final = 65_536  # unzipped bytes that are looked at


def unreadable(path: Path, head: bytes) -> tuple[str, str] | None:
    """Returns why no importer knows a path, and what to do; None if it may be of any kind.

    Args:
        path: a file or directory that exists.
        head: the first bytes of the file; empty for a directory.
    """
    if path.is_dir():
        if not any(found.is_file() for found in path.rglob("*")):
            return "the directory is empty", "check the path, and whether the export was written"
        return None
    if not head:
        return "the file is empty", "export it again: nothing was written"
    if head.startswith(_GZIP):
        return _zipped(head, whole=path.stat().st_size <= len(head))
    if path.name.casefold().endswith(".gz"):
        return "the file is named .gz, but gzip did not write it", "rename it, or pack it again"
    return _no_text(head)


def _zipped(head: bytes, *, whole: bool) -> tuple[str, str] | None:
    """Returns what is wrong with a gzipped file by its first bytes."""
    cut = ("the gzipped file ends too early", "copy it again: a part of it is missing")
    found = b""
    try:
        with gzip.GzipFile(fileobj=BytesIO(head)) as stream:
            while len(found) < _ASKED and (part := stream.read1(_ASKED)):
                found += part
    except EOFError:
        if whole:
            return cut
    except (OSError, zlib.error):
        return "the file begins as gzip and cannot be unpacked", "copy it again, in binary mode"
    if not found:
        return "the gzipped file holds nothing", "export it again: nothing was written"
    return _no_text(found)


def _no_text(data: bytes) -> tuple[str, str] | None:
    """Returns why bytes are no text."""
    if data.startswith(_UTF16):
        return "the file is in UTF-16", "save it as UTF-8; every export of a terminal tool can be"
    if b"\0" in data:
        return "the file is binary: it holds NUL bytes", "give the export as text, JSON or Parquet"
    return None
