"""Envelopes are the signed statements of a ledger, one file each, named by their digest.

They lie in the folder ``X.attestations`` beside the ledger ``X``. A file is whole on the disk
before the entry that names it is appended, and is never changed.
"""

from __future__ import annotations

import os
from pathlib import Path

from ledger.envelope import ENVELOPE_MAX, Envelope
from ledger.errors import InputError, IntegrityError

__all__ = ["Envelopes"]


class Envelopes:
    """The folder of signed statements beside a ledger."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made when the first statement is kept."""
        self.folder = folder

    def keep(self, envelope: Envelope) -> str:
        """Keep an envelope durably and return its digest; keeping it twice changes nothing.

        Raises:
            InputError: If the disk refuses.
        """
        digest, data = envelope.sha256(), envelope.encode()
        path = self._path(digest)
        try:
            self.folder.mkdir(exist_ok=True)
            if path.exists() and path.read_bytes() == data:
                return digest
            partial = path.with_suffix(".partial")
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            _sync(self.folder)
            _sync(self.folder.parent)
        except OSError as error:
            raise InputError(
                f"the statement cannot be kept: {error.strerror}",
                where=str(path),
                why="an entry is appended only once what it names is on the disk",
                remedy="make room, or let this user write there; nothing was recorded",
            ) from error
        return digest

    def find(self, digest: str) -> Envelope | None:
        """Return the envelope of a digest, or None if it is not kept here.

        Raises:
            IntegrityError: If the file has another digest than its name.
        """
        try:
            with self._path(digest).open("rb") as file:
                data = file.read(ENVELOPE_MAX + 1)
        except FileNotFoundError:
            return None
        envelope = Envelope.parse(data)
        if envelope.sha256() != digest:
            raise IntegrityError(
                "a signed statement is not the one that its name says",
                where=str(self._path(digest)),
                why="the ledger holds the digest of another file",
                remedy="keep the file as evidence, and put back the statement that was signed",
            )
        return envelope

    def _path(self, digest: str) -> Path:
        """Return the file of a digest."""
        return self.folder / f"{digest}.json"


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
