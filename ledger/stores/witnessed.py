"""The state of a witness: one SQLite file, one row a log, persisted before any cosignature leaves.

Deciding and writing happen in one IMMEDIATE transaction, so that of two requests at a time the
second is decided on what the first left. The signature is made inside it and returned after the
commit. Triggers refuse what no witness may ever do. Specification: ``schemas/witness-state.v1.md``.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ledger.checkpoint import Checkpoint, Note
from ledger.cosignature import Cosignature, cosign, cosigner
from ledger.errors import (
    ConflictError,
    HeadMovedError,
    InputError,
    IntegrityError,
    LedgerError,
    MissingError,
)
from ledger.keys import COSIGNATURE, Signer, VerifierKey
from ledger.stores.notes import sync_folder
from ledger.witness import Refusal, Request, Seen, decide

__all__ = ["FORMAT", "WitnessState"]

FORMAT = "flopledger/witness-state.v1"
BUSY_MS = 30_000  # a cosignature takes milliseconds; many may wait

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE logs (vkey TEXT PRIMARY KEY, origin TEXT NOT NULL) STRICT;
CREATE TABLE seen (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    time INTEGER NOT NULL CHECK (time >= 0),
    note BLOB NOT NULL
) STRICT;
CREATE TABLE refused (
    number INTEGER PRIMARY KEY,
    status INTEGER NOT NULL,
    time INTEGER NOT NULL,
    request BLOB NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER seen_only_grows BEFORE UPDATE ON seen
WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR NEW.time < OLD.time
    OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
BEGIN SELECT RAISE(ABORT, 'a witness never goes back'); END;
CREATE TRIGGER seen_is_kept BEFORE DELETE ON seen
BEGIN SELECT RAISE(ABORT, 'a witness never forgets'); END;
CREATE TRIGGER refused_is_kept BEFORE DELETE ON refused
BEGIN SELECT RAISE(ABORT, 'a witness never forgets'); END;
"""


class WitnessState:
    """What one witness has cosigned, in a file of its own."""

    def __init__(self, path: Path) -> None:
        """Open the state of a witness.

        Args:
            path: The file.

        Raises:
            MissingError: If there is none.
            InputError: If the file is something else.
        """
        self.path = path
        if not path.is_file():
            raise MissingError(
                f"there is no witness at {path}",
                remedy="flopledger witness init --name NAME, or name its file with --state",
            )
        with self._translated():
            self._connection = _connected(path)
            try:
                self.key = self._stated_key()
            except BaseException:
                self._connection.close()
                raise

    @classmethod
    def create(cls, path: Path, signer: Signer) -> Self:
        """Make the state of a new witness, which knows no log yet.

        Raises:
            ConflictError: If there is a file already.
            LedgerError: If the disk refuses.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError as error:
            raise ConflictError(
                f"there is already a file {path}",
                why="a witness that forgot what it cosigned would cosign a fork",
                remedy="choose another name with -o",
            ) from error
        except OSError as error:
            raise LedgerError(f"cannot write {path}: {error.strerror}") from error
        try:
            connection = _connected(path)
            connection.executescript(f"BEGIN; {_TABLES}")
            rows = [("format", FORMAT), ("vkey", cosigner(signer).encode())]
            connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            connection.execute("COMMIT")
            connection.close()
            sync_folder(path)
        except BaseException as error:
            with suppress(OSError):
                path.unlink()
            if isinstance(error, sqlite3.Error | OSError):
                raise LedgerError(f"cannot write {path}: {error}") from error
            raise
        return cls(path)

    def __enter__(self) -> Self:
        """Return the open state."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._connection.close()

    def admit(self, key: VerifierKey) -> bool:
        """Add a key of a log, and return whether it was new.

        Args:
            key: Of type 0x01; its name is the origin of the log.

        Raises:
            LedgerError: If the disk refuses.
        """
        with self._translated(), self._transaction():
            row = key.encode(), key.name
            done = self._connection.execute("INSERT OR IGNORE INTO logs VALUES (?, ?)", row)
            return done.rowcount == 1

    def log_keys(self, origin: str | None = None) -> tuple[VerifierKey, ...]:
        """Return the keys of a log that were admitted, or of all logs."""
        sql = "SELECT vkey FROM logs WHERE ?1 IS NULL OR origin = ?1 ORDER BY vkey"
        with self._translated():
            rows = self._connection.execute(sql, (origin,)).fetchall()
        return tuple(VerifierKey.parse(vkey) for (vkey,) in rows)

    def seen(self, origin: str) -> Seen | None:
        """Return what was cosigned last of a log, or None.

        Raises:
            IntegrityError: If the stored note does not say what stands beside it.
        """
        sql = "SELECT size, root, time, note FROM seen WHERE origin = ?"
        with self._translated():
            row = self._connection.execute(sql, (origin,)).fetchone()
        if row is None:
            return None
        size, root, time, note = row
        checkpoint = Checkpoint(origin, size, root)
        if Note.parse(note).text != checkpoint.text():
            raise IntegrityError(
                f"the witness state of {origin} contradicts itself",
                where=str(self.path),
                why="a witness that does not know what it cosigned must not go on",
                remedy="keep the file as evidence; ask others which checkpoint you cosigned",
            )
        return Seen(checkpoint, note, time)

    def refusals(self) -> tuple[tuple[int, int, bytes], ...]:
        """Return status, time and body of every signed request that was refused as a conflict."""
        with self._translated():
            sql = "SELECT status, time, request FROM refused ORDER BY number"
            return tuple(self._connection.execute(sql).fetchall())

    def cosign(
        self, request: Request, signer: Signer, clock: Callable[[], int]
    ) -> Cosignature | Refusal:
        """Decide on a request, persist what was seen, and return the cosignature or why not.

        Args:
            request: What the log asks.
            signer: The key of this witness.
            clock: Gives the time in seconds since 1970, read when the request has its turn.

        Raises:
            IntegrityError: If the key is not the one of this state.
            LedgerError: If the disk refuses; then nothing was cosigned.
        """
        if cosigner(signer) != self.key:
            raise IntegrityError(
                "the key file does not hold the key of this witness",
                where=str(self.path),
                remedy=f"put back the key of {self.key.label}",
            )
        with self._translated(), self._transaction():
            origin = request.checkpoint.origin
            before, time = self.seen(origin), clock()
            answer = decide(request, before, self.log_keys(origin), time)
            if isinstance(answer, Refusal):
                self._keep(answer, request, time)
                return answer
            signed = cosign(answer.checkpoint.text(), answer.time, signer)
            self._swap(before, answer)
        return signed

    def _stated_key(self) -> VerifierKey:
        """Return the key that the file states."""
        found = dict(self._connection.execute("SELECT name, value FROM meta").fetchall())
        if found.get("format") != FORMAT:
            raise InputError(f"{self.path} is no witness state of this version")
        return VerifierKey.parse(found.get("vkey", ""), (COSIGNATURE,))

    def _keep(self, refusal: Refusal, request: Request, time: int) -> None:
        """Keep a signed request that may be evidence against the log."""
        if refusal.status in {409, 422}:
            row = refusal.status, time, request.encode()
            sql = "INSERT OR IGNORE INTO refused (status, time, request) VALUES (?, ?, ?)"
            self._connection.execute(sql, row)

    def _swap(self, before: Seen | None, after: Seen) -> None:
        """Write what was seen over exactly what was decided on."""
        now = after.checkpoint
        row = now.size, now.root, after.time, after.note, now.origin
        if before is None:
            sql = "INSERT INTO seen (size, root, time, note, origin) VALUES (?, ?, ?, ?, ?)"
            self._connection.execute(sql, row)
            return
        sql = "UPDATE seen SET size = ?, root = ?, time = ?, note = ? WHERE origin = ?"
        old = before.checkpoint
        sql += " AND size = ? AND root = ? AND time = ?"
        done = self._connection.execute(sql, (*row, old.size, old.root, before.time))
        if done.rowcount != 1:
            raise HeadMovedError("another request was cosigned first", where=str(self.path))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Let nobody else decide until the block has ended and is on the disk."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A disk that is full ends the transaction by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise our errors for SQLite's."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "") or ""
            where = str(self.path)
            if name.startswith("SQLITE_BUSY"):
                raise HeadMovedError(
                    "another process holds the witness state",
                    where=where,
                    remedy="run the same command again",
                ) from error
            if name.startswith("SQLITE_NOTADB") or "no such table" in str(error):
                raise InputError("the file is no witness state", where=where) from error
            if name.startswith(("SQLITE_CORRUPT", "SQLITE_CONSTRAINT")):
                raise IntegrityError(
                    f"the witness state is damaged: {error}",
                    where=where,
                    remedy="keep the file as evidence; nothing was cosigned",
                ) from error
            raise LedgerError(
                f"the witness state cannot be used: {error}",
                where=where,
                why="nothing was cosigned",
                remedy="check free space and permissions, then run the same command again",
            ) from error


def _connected(path: Path) -> sqlite3.Connection:
    """Open the file so that a commit that returned is on the disk, in one file."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None
    )
    for name, value, expected in (
        ("busy_timeout", BUSY_MS, BUSY_MS),
        ("journal_mode", "DELETE", "delete"),
        ("synchronous", "EXTRA", 3),
        ("recursive_triggers", 1, 1),
        ("trusted_schema", 0, 0),
    ):
        connection.execute(f"PRAGMA {name} = {value}")
        read = connection.execute(f"PRAGMA {name}").fetchone()
        if read is None or read[0] != expected:
            connection.close()
            raise InputError(f"SQLite does not keep {name} = {value}", where=str(path))
    return connection
