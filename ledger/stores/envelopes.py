"""The envelope folder keeps signed envelopes beside a ledger, each named by its SHA-256.

``X.attestations/<64 hex digits>.json`` is written and flushed before the entry that names it: an
entry whose file was never there could not be verified. Files are never changed or removed here.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ledger.envelope import ENVELOPE_MAX, Envelope
from ledger.errors import IntegrityError, LedgerError, MissingError
from ledger.stores.notes import sync_folder

__all__ = ["EnvelopeFolder", "keep_file"]

_NAME = re.compile(r"([0-9a-f]{64})\.json")


class EnvelopeFolder:
    """The folder ``X.attestations`` beside the ledger ``X``."""

    def __init__(self, path: Path) -> None:
        """Name the folder; it is made when the first envelope comes.

        Args:
            path: Where it is.
        """
        self.path = path

    def write(self, envelope: Envelope) -> Path:
        """Keep an envelope durably, and return its file; the same again changes nothing.

        Raises:
            IntegrityError: If a file of that name holds other bytes.
            LedgerError: If the disk refuses.
        """
        target = self._file(envelope.sha256())
        if target.exists():
            self.read(envelope.sha256())
            # Whoever wrote it may have been stopped before its name was durable.
            _flushed(target)
            return target
        return keep_file(target, envelope.encode())

    def read(self, digest: str) -> bytes:
        """Return the file of an envelope.

        Args:
            digest: SHA-256 of its bytes, 64 hex digits, as its entry names it.

        Raises:
            MissingError: If it is not there.
            IntegrityError: If it holds other bytes.
        """
        path = self._file(digest)
        try:
            with path.open("rb") as file:
                data = file.read(ENVELOPE_MAX + 1)
        except FileNotFoundError as error:
            raise MissingError(
                f"the envelope {digest} is not there",
                where=str(path),
                why="an entry of the ledger names it",
                remedy="put the file back; whoever was given the attestation has a copy",
            ) from error
        except OSError as error:
            raise LedgerError(f"cannot read {path}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise IntegrityError(
                "the file of the envelope is not the one recorded",
                where=str(path),
                why="its bytes do not have the digest that the ledger names",
                remedy="keep it as evidence, and put back the file as it was signed",
            )
        return data

    def digests(self) -> Iterator[str]:
        """Yield the digests of the files that are there, sorted."""
        if self.path.is_dir():
            for path in sorted(self.path.iterdir()):
                found = _NAME.fullmatch(path.name)
                if found:
                    yield found[1]

    def _file(self, digest: str) -> Path:
        """Return where the envelope of a digest is."""
        return self.path / f"{digest}.json"


def _flushed(target: Path) -> None:
    """Make a file that is there, and its name, durable.

    Raises:
        LedgerError: If the disk refuses.
    """
    try:
        descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(target)
    except OSError as error:
        raise _refused(target, error) from error


def keep_file(target: Path, data: bytes) -> Path:
    """Write a file durably that an entry is going to name, and return its path.

    The folder is made if it is not there; the file appears whole or not at all.

    Raises:
        LedgerError: If the disk refuses.
    """
    partial = target.parent / f".{secrets.token_hex(8)}.partial"
    try:
        if not target.parent.is_dir():
            target.parent.mkdir()
            sync_folder(target.parent)
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
        sync_folder(target)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise _refused(target, error) from error
    return target


def _refused(target: Path, error: OSError) -> LedgerError:
    """Return the error for a disk that refuses."""
    return LedgerError(
        f"the file cannot be kept: {error.strerror}",
        where=str(target),
        why="nothing was recorded: an entry must not name a file that is not there",
        remedy="check free space and permissions, then run the same command again",
    )
