"""The reserve: room in SQLite's log file, written before it is needed.

To flush a file that grew also writes how long it is now, which makes a small commit half as slow
again. SQLite writes its log file over from the thousandth page on, and a writer that appends often
need not wait for that. Frames count only if they carry the salts of the header and the checksum
over all before them (https://sqlite.org/fileformat2.html#walformat), so that zeros behind the last
one are nothing to any reader, and after a crash they are passed over as a torn frame is.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["BYTES", "OFTEN", "make_room"]

OFTEN = 16
"""So many appends through one open store are the sign of a writer that appends one at a time."""

BYTES = 1_100 * (24 + 4_096)
"""What the log file holds when SQLite begins to write it over, 1,000 pages, and a last commit."""


def make_room(database: Path) -> None:
    """Write zeros behind what the log file holds; a disk that refuses costs time, nothing else.

    Args:
        database: The ledger. The caller holds its write lock, so that nobody else adds frames.
    """
    log = database.resolve().with_name(f"{database.resolve().name}-wal")
    with suppress(OSError):
        descriptor = os.open(log, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            size = os.fstat(descriptor).st_size
            if 0 < size < BYTES:
                os.pwrite(descriptor, bytes(BYTES - size), size)
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
