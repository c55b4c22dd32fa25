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

from ledger.stores.schema import PAGE_BYTES

__all__ = ["BYTES", "OFTEN", "make_room"]

OFTEN = 16
"""So many appends through one open store are the sign of a writer that appends one at a time."""

BYTES = 1_100 * (24 + PAGE_BYTES)
"""What the log file holds when SQLite begins to write it over, 1,000 pages, and a last commit."""

_ZEROS = bytes(262_144)  # in one piece, it is slower to make than to write

SPARED = 16 * BYTES
"""A disk with less room than this keeps it for entries and checkpoints."""


def make_room(database: Path) -> None:
    """Write zeros behind what the log file holds; a disk that refuses costs time, nothing else.

    Args:
        database: The ledger. The caller holds its write lock, so that nobody else adds frames.
    """
    log = database.with_name(f"{database.name}-wal")
    with suppress(OSError):
        # Added, whatever the end is by then: no place is named at which a frame could stand.
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            _lengthen(descriptor)
        finally:
            os.close(descriptor)


def _lengthen(descriptor: int) -> None:
    """Add zeros to the open file, all that are wanted or none.

    Raises:
        OSError: If the disk refuses.
    """
    size, disk = os.fstat(descriptor).st_size, os.fstatvfs(descriptor)
    if not 0 < size < BYTES or disk.f_bavail * disk.f_frsize < SPARED:
        return
    wanted = BYTES - size
    added = _added(descriptor, wanted)
    if added < wanted and os.fstat(descriptor).st_size == size + added:
        # A quota ends here: what is left of it is for the checkpoint of these very entries.
        os.ftruncate(descriptor, size)
    os.fdatasync(descriptor)


def _added(descriptor: int, wanted: int) -> int:
    """Write so many zeros at the end of the open file, and return how many it took."""
    added = 0
    with suppress(OSError):
        while added < wanted:
            piece = _ZEROS[: wanted - added]
            written = os.write(descriptor, piece)
            added += written
            if written < len(piece):
                break
    return added
