"""A summary is what a whole segment adds up to, kept beside it so that it is added up once.

It is sealed under the ledger's secret and bound to the digest of the segment's own file: a summary
that is stale, damaged or somebody else's is as good as none. Specification:
``schemas/projection.v2.md``.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import polars as pl

from ledger.engines.partials import Partial
from ledger.engines.unfinished import replacing

__all__ = ["Summaries"]

_VERSION = b"flopledger/summary.v1"
_SEAL_BYTES = 32
_LENGTH_BYTES = 8
_TABLES = ("totals", "grades", "deliveries")


class Summaries:
    """The summaries in one folder."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        """Keep them in a folder.

        Args:
            folder: The folder of the projection.
            secret: What seals them.
        """
        self._folder = folder
        self._secret = secret

    def held(self, start: int, stop: int, digest: str) -> Partial | None:
        """Return the summary of a segment, or None if none is kept that can be believed.

        Args:
            start: First entry of the segment.
            stop: The entry after its last.
            digest: SHA-256 of the Parquet file that it must be of, hex.
        """
        try:
            data = self._path(start, stop).read_bytes()
        except OSError:
            return None
        seal, tables = data[:_SEAL_BYTES], data[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(start, stop, digest, tables)):
            return None
        file = BytesIO(tables)
        lengths = [int.from_bytes(file.read(_LENGTH_BYTES), "big") for _ in _TABLES]
        return Partial(*(pl.read_parquet(BytesIO(file.read(length))) for length in lengths))

    def keep(self, start: int, stop: int, digest: str, partial: Partial) -> None:
        """Keep the summary of a segment; where it cannot be written, none is kept."""
        files = [_written(getattr(partial, name)) for name in _TABLES]
        lengths = (len(file).to_bytes(_LENGTH_BYTES, "big") for file in files)
        tables = b"".join((*lengths, *files))
        data = self._seal(start, stop, digest, tables) + tables
        with suppress(OSError), replacing(self._path(start, stop)) as path:
            path.write_bytes(data)

    def _path(self, start: int, stop: int) -> Path:
        """Return the file of a segment's summary."""
        return self._folder / f"{start:010d}-{stop:010d}.sums"

    def _seal(self, start: int, stop: int, digest: str, tables: bytes) -> bytes:
        """Return the keyed digest of a summary and of what it is of, 32 bytes."""
        named = f"{start}\0{stop}\0{digest}\0{hashlib.sha256(tables).hexdigest()}".encode()
        return hmac.digest(self._secret, _VERSION + b"\0" + named, "sha256")


def _written(frame: pl.DataFrame) -> bytes:
    """Return a table as a Parquet file."""
    file = BytesIO()
    frame.write_parquet(file, compression="zstd", compression_level=1)
    return file.getvalue()
