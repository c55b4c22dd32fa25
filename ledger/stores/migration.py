"""Migration copies a ledger from one store into another, byte for byte, and verifies both.

Nothing is sealed, signed or written anew: entries, openings and keys go over as they are stored,
and so do the signed notes, what others signed of them, the key files and the secret. The target
appears only when it verified to the same size, root and signatures; a migration that is cut short
leaves no ledger there.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from ledger.entry import Entry
from ledger.errors import ConflictError, IntegrityError, LedgerError
from ledger.log.store import Batch, Head
from ledger.stores.contract import LedgerStore
from ledger.stores.evidence import evidence_of
from ledger.stores.founding import Founding, founding
from ledger.stores.keyfiles import OWNER_ONLY, Files
from ledger.stores.location import Location
from ledger.stores.notes import NotesFile, sync_folder
from ledger.verify import Verdict, verify

__all__ = ["Migrated", "check_unmoved", "migrate", "retire_key"]

CHUNK = 10_000  # entries of one append
_KEY_ID = re.compile(r"([0-9a-f]{8})\.pem")


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration found on both sides.

    Attributes:
        source: The verdict over the ledger that was copied.
        target: The verdict over the copy.
        openings: Openings that were copied; those that were erased before stay so.
        keys: Rows of idempotency keys that were copied.
    """

    source: Verdict
    target: Verdict
    openings: int
    keys: int


def migrate(source: Location, target: Location, writer: str | None = None) -> Migrated:
    """Copy a ledger into an empty place; nobody appends to the source meanwhile.

    Args:
        source: The ledger; it is verified first, and stays as it is.
        target: Where no part of a ledger may be yet.
        writer: Role of the target's server that may append, or None.

    Raises:
        ConflictError: If there is anything at the target, or it is the source.
        IntegrityError: If the source does not verify, or the copy comes out otherwise.
        LedgerError: If either disk or server refuses; nothing is left at the target.
    """
    shared = set(map(_real, source.local())) & set(map(_real, target.local()))
    if shared:
        raise ConflictError(
            "the target would have its files where those of the source are",
            where=str(target),
            remedy="give another folder with --to-files, or another name with --to",
        )
    notes = NotesFile(source.files.checkpoints)
    with source.open() as store, notes.exclusive():
        stop = notes.path.stat().st_size
        with store.snapshot():
            before = verify(evidence_of(store, source.files, stop))
            with founding(target, writer) as new:
                _copy_files(source.files, new, stop)
                database = new.create(store.origin(), store.vkey())
                copy = database.store()
                openings, keys = _copy_rows(store, copy, before.size)
                with copy.snapshot():
                    after = verify(evidence_of(copy, target.files, stop))
                _compare(before, after)
    return Migrated(before, after, openings, keys)


def check_unmoved(source: Location, target: Location, size: int) -> None:
    """Refuse to go on where the source holds more than was copied.

    Args:
        source: The ledger that was copied.
        target: Its copy.
        size: How many entries were copied.

    Raises:
        ConflictError: If somebody added to the source since.
    """
    with source.open() as store:
        held = store.head().size
    if held != size:
        raise ConflictError(
            f"the source holds {held} entries by now, {size} were copied",
            where=str(source),
            why="somebody added to it after it was copied",
            remedy=f"stop whoever adds to it, take {target} and the files beside it away, which "
            "hold the signing key too, and migrate again",
        )


def retire_key(source: Location, target: Location, size: int) -> Path | None:
    """Rename the private key of a ledger that was migrated, so that nobody appends to both.

    Other writers wait meanwhile, and learn then that the ledger was migrated.

    Args:
        source: The ledger that was copied.
        target: Its copy.
        size: How many entries were copied.

    Returns:
        The new name, or None if no key is kept in a file.

    Raises:
        ConflictError: If somebody added to the source since, or a key of the new name is there.
        LedgerError: If the disk refuses.
    """
    files = source.files
    pairs = [
        (held, name)
        for held, name in zip((files.key, files.next_key), files.retired, strict=True)
        if held.exists()
    ]
    with NotesFile(files.checkpoints).exclusive():
        check_unmoved(source, target, size)
        for held, name in pairs:
            _retire(held, name, target)
    return pairs[0][1] if pairs else None


def _retire(held: Path, name: Path, target: Location) -> None:
    """Rename one key."""
    try:
        # Unlike a rename, a link never takes the place of a key that is there.
        os.link(held, name)
        held.unlink()
        sync_folder(name)
    except OSError as error:
        raise _unretired(held, name, target, error) from error


def _unretired(held: Path, name: Path, target: Location, error: OSError) -> LedgerError:
    """Return the error for a key that keeps its name."""
    kind = ConflictError if isinstance(error, FileExistsError) else LedgerError
    return kind(
        f"the key of the source cannot be renamed: {error.strerror}",
        where=str(name),
        why=f"{target} is whole and holds the key too; appending to both makes a fork",
        remedy=f"move {held} out of the way yourself, and add to {target} only",
    )


def _copy_files(files: Files, new: Founding, stop: int) -> None:
    """Copy everything beside the database that cannot be made again, byte for byte."""
    folders = zip(files.folders(), new.files.folders(), strict=True)
    pairs = list(zip(files.beside(), new.files.beside(), strict=True))
    for folder, target in folders:
        held = sorted(path for path in folder.rglob("*") if path.is_file())
        pairs += [(path, target / path.relative_to(folder)) for path in held]
    pairs += _old_keys(files, new.files)
    for old, copy in pairs:
        # An auditor's copy of a ledger has neither key nor secret, and many have no witness.
        if old.exists():
            new.folder(copy.parent)
            new.write(copy, partial(_copy_file, old, copy))
    assert new.files.checkpoints.stat().st_size == stop


def _old_keys(files: Files, new: Files) -> Iterator[tuple[Path, Path]]:
    """Yield the private keys that were given up, and where they go."""
    start = f"{files.database.name}.key."
    for path in sorted(files.database.parent.glob("*.key.*.pem")):
        found = _KEY_ID.fullmatch(path.name.removeprefix(start))
        if path.name.startswith(start) and found is not None:
            yield path, new.old_key(bytes.fromhex(found[1]))


def _copy_file(old: Path, copy: Path) -> None:
    """Copy one file with its mode, durably."""
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as target, old.open("rb") as source:
        shutil.copyfileobj(source, target)
        os.fchmod(descriptor, stat.S_IMODE(old.stat().st_mode))
        target.flush()
        os.fsync(descriptor)
    sync_folder(copy)


def _copy_rows(source: LedgerStore, target: LedgerStore, size: int) -> tuple[int, int]:
    """Copy entries, openings and keys in the steps of appends; return how many of the latter."""
    # The source verified: there is one key for each entry, in their order.
    keys = source.keys()
    head, opened, keyed = target.head(), 0, 0
    for start in range(0, size, CHUNK):
        stop = min(start + CHUNK, size)
        entries = list(source.read(start, stop))
        covered = head.range.extend(row.hash for row in entries)
        batch = Batch(
            entries,
            list(source.openings(start, stop)),
            [(key, seq, content) for seq, key, content in islice(keys, stop - start)],
            Head(covered, entries[-1].hash.hex(), Entry.parse(entries[-1].bytes).recorded_at),
        )
        target.append(head, batch)
        head, opened, keyed = batch.head, opened + len(batch.openings), keyed + len(batch.keys)
    return opened, keyed


def _compare(before: Verdict, after: Verdict) -> None:
    """Raise unless both sides verified to the same."""
    # The schemas are those of two databases; every other step counts the same things.
    first, second = (replace(v, checks=v.checks[1:]) for v in (before, after))
    if first != second:
        raise IntegrityError(
            "the copy does not verify to what the source does",
            where=f"{after.size} entries, root {after.root.hex()}",
            why=f"the source has {before.size} entries, root {before.root.hex()}",
            remedy="nothing was kept at the target; report this with both verdicts",
        )


def _real(path: Path) -> str:
    """Return the path behind all links."""
    return os.path.realpath(path)
