"""Key files: the private key and the secret of a ledger, readable by their owner alone.

``X.key.pem`` holds a PKCS#8 Ed25519 key, locked with a passphrase if one was given; ``X.secret``
holds 32 random bytes as hex.
Neither is ever written into a database, a bundle or a report, and neither is ever overwritten.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import ConflictError, InputError, LedgerError, MissingError
from ledger.keys import FileSigner
from ledger.stores.notes import sync_folder

__all__ = [
    "SECRET_BYTES",
    "Files",
    "name_in",
    "read_key",
    "read_secret",
    "take_over",
    "too_open",
    "write_key",
    "write_secret",
    "write_signer",
]

OWNER_ONLY = 0o600
SECRET_BYTES = 32
_SECRET = re.compile(rb"[0-9a-f]{64}\n?")
_NAMED = re.compile(rb"name: ([!-*,-~]+)\n")  # text before the first PEM line, RFC 7468 section 2


@dataclass(frozen=True, slots=True)
class Files:
    """The files of the ledger ``X``: names follow from the database's.

    Attributes:
        database: ``X`` itself.
    """

    database: Path

    @property
    def key(self) -> Path:
        """The private key, PEM."""
        return self._beside(".key.pem")

    @property
    def next_key(self) -> Path:
        """The private key that takes over, while a rotation is under way."""
        return self._beside(".key.next.pem")

    def old_key(self, key_id: bytes) -> Path:
        """Return where a private key is kept that was given up."""
        return self._beside(f".key.{key_id.hex()}.pem")

    @property
    def retired(self) -> tuple[Path, Path]:
        """Where key and next key are once the ledger was migrated: it takes no more entries."""
        return self._beside(".key.pem.migrated"), self._beside(".key.next.pem.migrated")

    @property
    def secret(self) -> Path:
        """The secret of the keyed digests, hex."""
        return self._beside(".secret")

    @property
    def checkpoints(self) -> Path:
        """The signed notes."""
        return self._beside(".checkpoints")

    @property
    def cosignatures(self) -> Path:
        """What witnesses answered; not there before the first does."""
        return self._beside(".cosignatures")

    @property
    def attestations(self) -> Path:
        """The folder of signed envelopes."""
        return self._beside(".attestations")

    @property
    def anchors(self) -> Path:
        """The folder of cosigned checkpoints and timestamps."""
        return self._beside(".anchors")

    @property
    def timestamps(self) -> Path:
        """The folder of timestamps by size of the checkpoint."""
        return self._beside(".timestamps")

    @property
    def tree(self) -> Path:
        """The folder of whole subtrees, made again at will."""
        return self._beside(".tree")

    @property
    def queue(self) -> Path:
        """The folder of requests of writers that wait; empty when nobody does."""
        return self._beside(".queue")

    @property
    def partial(self) -> Path:
        """The database while it is being made."""
        return self._beside(".partial")

    def all(self) -> tuple[Path, ...]:
        """Return every file that makes up the ledger, database first."""
        return (self.database, self.key, self.secret, self.checkpoints)

    def beside(self) -> tuple[Path, ...]:
        """Return every file beside the database that may be there and cannot be made again.

        Keys that were given up have names of their own: see ``old_key``.
        """
        return (self.key, self.next_key, self.secret, self.checkpoints, self.cosignatures)

    def folders(self) -> tuple[Path, ...]:
        """Return every folder beside the database that holds such files."""
        return (self.attestations, self.anchors, self.timestamps)

    def _beside(self, suffix: str) -> Path:
        """Return a file beside the database."""
        return self.database.with_name(self.database.name + suffix)


def write_key(path: Path, signer: FileSigner, passphrase: bytes | None = None) -> Path:
    """Keep a signing key in a new file of mode 0600, and return its path.

    Raises:
        ConflictError: If there is a file already.
    """
    return _create(path, signer.pem(passphrase))


def write_secret(path: Path, secret: bytes) -> Path:
    """Keep a secret in a new file of mode 0600, and return its path.

    Raises:
        ConflictError: If there is a file already.
    """
    assert len(secret) == SECRET_BYTES
    return _create(path, secret.hex().encode() + b"\n")


def write_signer(path: Path, signer: FileSigner, passphrase: bytes | None = None) -> Path:
    """Keep a person's signing key in a new file of mode 0600 that says its name.

    Raises:
        ConflictError: If there is a file already.
    """
    return _create(path, f"name: {signer.name}\n".encode() + signer.pem(passphrase))


def name_in(pem: bytes) -> str | None:
    """Return the name that a file of ``write_signer`` says, or None for any other PEM text."""
    found = _NAMED.match(pem)
    return None if found is None else found[1].decode()


def read_key(path: Path, origin: str, passphrase: bytes | None = None) -> FileSigner:
    """Read the signing key.

    Raises:
        MissingError: If there is no such file.
        InputError: If it holds no Ed25519 key, or the passphrase does not open it.
    """
    return FileSigner.parse_pem(origin, _read(path, "signing key"), passphrase)


def read_secret(path: Path) -> bytes:
    """Read the 32 bytes of the secret.

    Raises:
        MissingError: If there is no such file.
        InputError: If it does not hold 64 hex digits.
    """
    data = _read(path, "secret")
    if not _SECRET.fullmatch(data):
        raise InputError("the secret is not 64 hex digits", where=str(path))
    return bytes.fromhex(data.decode())


def take_over(files: Files, key_id: bytes) -> None:
    """Let the next key take the place of the ledger's, and keep the old one under its id.

    Whatever a crash leaves of it, the same call completes.

    Args:
        files: Names of the ledger's files.
        key_id: Id of the old key, 4 bytes.
    """
    old = files.old_key(key_id)
    if files.key.exists() and files.next_key.exists():
        # Never over a file that is there: it could be the only copy.
        if not old.exists():
            os.link(files.key, old)
        files.next_key.rename(files.key)
    elif files.next_key.exists():
        files.next_key.rename(files.key)


def too_open(path: Path) -> bool:
    """Return whether others than the owner may read or change the file."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _create(path: Path, data: bytes) -> Path:
    """Write a new file that only its owner can read; it appears whole or not at all."""
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, OWNER_ONLY)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        # Unlike a rename, a link never takes the place of a file that came meanwhile.
        os.link(partial, path)
        sync_folder(path)
    except FileExistsError as error:
        raise ConflictError(
            f"there is already a file {path}",
            why="what was signed or sealed with the key in it could not be continued",
            remedy="choose another name, or move the file away",
        ) from error
    except OSError as error:
        raise LedgerError(
            f"the file cannot be created: {error.strerror}",
            where=str(path),
            remedy="check free space and permissions, then run the same command again",
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def _read(path: Path, what: str) -> bytes:
    """Return the content of a key file."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingError(
            f"the {what} of the ledger is not there",
            where=str(path),
            why="without it nothing can be appended that belongs to this ledger",
            remedy="put the file back beside the database; it cannot be made again",
        ) from error
    except OSError as error:
        raise LedgerError(f"cannot read {path}: {error.strerror}") from error
