"""The reserve: room in SQLite's log file, written before it is needed.

To flush a file that grew also writes how long it is now, which makes a small commit half as slow
again. SQLite writes its log file over from the thousandth page on, and a writer that appends often
need not wait for that. Frames count only if they carry the salts of the header and the checksum
over all before them (https://sqlite.org/fileformat2.html#walformat), so that zeros behind the last
one are nothing to any reader, and after a crash they are passed over as a torn frame is.

A writer of many entries lets the file grow before its pages are moved into the database.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ledger.stores.schema import PAGE_BYTES

__all__ = ["MANY", "OFTEN", "gathered", "make_room", "room_of"]

OFTEN = 16
"""So many appends through one open store are the sign of a writer that appends one at a time."""

MANY = 1_000
"""So many entries in a batch are the sign of a writer that has others behind it."""

_SOON = 1_000  # pages in the log file at which SQLite moves them into the database
_LATER_BYTES = 16_000 * PAGE_BYTES  # what it may hold instead
_PAGES = 1_100  # SQLite begins to write the log file over after 1,000, and a last commit
_HEADER = 12  # bytes of it that end in the size of a page
_MAGIC = b"\x37\x7f\x06"  # and the last bit of a fourth byte says how checksums are read

_ZEROS = bytes(262_144)  # in one piece, it is slower to make than to write

SPARED = 16
"""A disk with less free than so many times what is wanted keeps it for entries and checkpoints."""


def room_of(page_bytes: int) -> int:
    """Return how many bytes the log file holds at most, as a rule, with pages of so many bytes."""
    return _PAGES * (24 + page_bytes)


def gathered(database: Path, page_bytes: int) -> int:
    """Return at how many pages a writer of many entries has SQLite move its log into the file.

    Keys come in random order, so that each batch changes the same pages: they are moved once for
    several batches, where the disk has the space.

    Args:
        database: The ledger.
        page_bytes: Size of its pages.
    """
    with suppress(OSError):
        disk = os.statvfs(database)
        if disk.f_bavail * disk.f_frsize >= SPARED * _LATER_BYTES:
            return max(_SOON, _LATER_BYTES // page_bytes)
    return _SOON


def make_room(database: Path) -> None:
    """Write zeros behind what the log file holds; a disk that refuses costs time, nothing else.

    Args:
        database: The ledger. The caller holds its write lock, so that nobody else adds frames.
    """
    log = database.with_name(f"{database.name}-wal")
    with suppress(OSError):
        # Added, whatever the end is by then: no place is named at which a frame could stand.
        descriptor = os.open(log, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
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
    room = _room(os.pread(descriptor, _HEADER, 0))
    if size >= room or disk.f_bavail * disk.f_frsize < SPARED * room:
        return
    wanted = room - size
    added = _added(descriptor, wanted)
    if added < wanted and os.fstat(descriptor).st_size == size + added:
        # A quota ends here: what is left of it is for the checkpoint of these very entries.
        os.ftruncate(descriptor, size)
    os.fdatasync(descriptor)


def _room(header: bytes) -> int:
    """Return how long the log file should be by its header; 0 if that is none, or pages are large.

    Source: https://sqlite.org/fileformat2.html#walformat, where the size of a page stands.
    """
    whole = len(header) == _HEADER and header.startswith(_MAGIC)
    page_bytes = int.from_bytes(header[8:]) if whole else 0
    return room_of(page_bytes) if 0 < page_bytes <= PAGE_BYTES else 0


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
