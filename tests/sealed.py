"""Ledgers on disk for tests: founded with fixed keys, appended to, verified, altered, forged."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from ledgers import allocation, fact

from ledger.canonical import JSON, encode
from ledger.checkpoint import Checkpoint
from ledger.cli.chance import Chance
from ledger.cli.context import Context
from ledger.cli.opening import location_of, open_evidence
from ledger.entry import Entry, genesis_prev
from ledger.errors import LedgerError
from ledger.keys import FileSigner
from ledger.log import Identity, Log
from ledger.merkle import CompactRange, leaf_hash
from ledger.record import Draft, draft_of
from ledger.stores.founding import found_ledger
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.stores.queue import QueueFolder
from ledger.stores.schema import TRIGGERS
from ledger.verify import Evidence, Verdict, verify
from ledger.verify.segment import Piece, Segment
from ledger.verify.split import joined

ORIGIN = "ledger.example/lab-a"
SECRET = bytes(range(32))
SIGNER = FileSigner.from_seed(ORIGIN, bytes(32))
SEGMENTS = (2, 7)  # entries of a segment: checkpoints stand between some, and within others
_IDENTITIES = count()
START = datetime(2026, 11, 23, 10, tzinfo=UTC)


def found(folder: Path, name: str = "ledger.db") -> Context:
    """Found a ledger with fixed keys and return the options that name it."""
    found_ledger(Files(folder / name), SIGNER, SECRET)
    return Context(folder / name, None, quiet=True, no_input=True, debug=False)


def identity(clock: Callable[[], datetime] | None = None, seed: str = "") -> Identity:
    """Return who seals in tests: fixed secret and key, seeded salts, a clock of seconds."""
    ticks = count()
    chance = Chance.from_seed(seed or f"identity {next(_IDENTITIES)}")
    tick = clock or (lambda: START + timedelta(seconds=next(ticks)))
    return Identity(ORIGIN, SECRET, SIGNER, tick, chance.salt, chance.id)


@contextmanager
def opened(context: Context, who: Identity | None = None) -> Iterator[Log]:
    """Open the ledger for appending."""
    files = Files(context.ledger)
    with location_of(context).open(writable=True) as store:
        notes, queue = NotesFile(files.checkpoints), QueueFolder(files.queue)
        yield Log(store, notes, who or identity(), queue)


def fill(context: Context, *batches: Iterable[Draft]) -> None:
    """Append batches, one transaction and one checkpoint each."""
    with opened(context) as log:
        for batch in batches:
            log.append(list(batch))


def said(number: int, name: str = "model.size") -> Draft:
    """Return a small record, another one for each number."""
    body = fact("model:m", name, "quantity", f"{number} FLOP")
    return draft_of("fact", body, hidden={"notes": f"number {number}"}, key=(name, str(number)))


def leg(number: int, **changes: Any) -> Draft:
    """Return an allocation with confidential fields, another one for each number."""
    hidden = {"site": f"hall {number % 3}", "cluster": "east", "notes": f"leg {number}"}
    body = allocation(run=f"run-{number}", operations=10**20 + number, **changes)
    return draft_of("allocation", body, hidden=hidden, key=("leg", str(number)))


def reversal(entry: Entry, **changes: Any) -> Draft:
    """Return the record that reverses an entry."""
    body = {
        "reverses": entry.seq,
        "hash": entry.hash().hex(),
        "reversed_type": entry.type,
        "reversed": entry.body,
        "reason": "withdrawn",
        "root_cause": None,
        "discovered_on": None,
    }
    return Draft("reversal", {**body, **changes}, {}, ("reversal", "any"))


def entries(context: Context) -> list[Entry]:
    """Return every entry."""
    with location_of(context).open() as store:
        return [Entry.parse(data) for _, data, _ in store.rows()]


def varied(folder: Path) -> Context:
    """Found a ledger with openings, a reversal and its replacement, and several notes."""
    context = found(folder)
    fill(context, [leg(n) for n in range(3)], [said(0), leg(4, status="provisional")])
    fill(context, [leg(4)], [reversal(entries(context)[3])], [said(n) for n in range(1, 4)])
    return context


def checked(context: Context, vkey: str | None = None) -> Verdict:
    """Verify the ledger; raises as `verify` does. Segments must come to the same."""
    with open_evidence(context, vkey) as evidence:
        try:
            verdict = verify(evidence)
        except LedgerError:
            assert not any(in_parts(context, evidence, size) for size in SEGMENTS), (
                "segments pass what the walk refuses"
            )
            raise
        assert all(in_parts(context, evidence, size) == [verdict] for size in SEGMENTS)
        return verdict


def in_parts(
    context: Context, evidence: Evidence, entries: int = SEGMENTS[0], again: Any = None
) -> list[Verdict]:
    """Return what segments of so few entries come to: nothing where they find a fault.

    Nothing either where they leave it to the walk.
    """
    try:
        verdict = joined(evidence, again or location_of(context).open, one_by_one, entries)
    except LedgerError:
        return []
    return [] if verdict is None else [verdict]


def one_by_one(segments: Iterable[Segment]) -> Generator[Piece]:
    """Check segments in this process."""
    for segment in segments:
        yield segment.check()


def copied(context: Context, folder: Path) -> Context:
    """Copy every file of a ledger that nobody has open."""
    folder.mkdir(exist_ok=True)
    for path in Files(context.ledger).all():
        shutil.copy2(path, folder / path.name)
    return Context(folder / context.ledger.name, None, quiet=True, no_input=True, debug=False)


@contextmanager
def altered(context: Context, *, guarded: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the database as somebody who owns the file: triggers go away and come back."""
    with closing(sqlite3.connect(context.ledger, isolation_level=None)) as connection:
        if not guarded:
            for name in TRIGGERS:
                connection.execute(f"DROP TRIGGER {name}")
        yield connection
        if not guarded:
            for sql in TRIGGERS.values():
                connection.execute(sql.strip())


def forge(context: Context, leaves: Iterable[dict[str, JSON]]) -> None:
    """Write a whole history as the holder of the key can: linked, keyed and signed anew.

    Args:
        context: The ledger, founded and empty.
        leaves: Entries; ``prev`` is filled in where it is not given.
    """
    prev, rows, keys = genesis_prev(ORIGIN), [], []
    for seq, leaf in enumerate(leaves):
        data = encode({"prev": prev, **leaf})
        rows.append((seq, data, leaf_hash(data)))
        body = leaf["body"]
        assert isinstance(body, dict)
        kind, own = str(leaf["type"]), {k: v for k, v in body.items() if k != "idempotency_key"}
        key = bytes.fromhex(str(body["idempotency_key"]))
        keys.append((key, seq, identity().content(kind, own, {})))
        prev = leaf_hash(data).hex()
    covered = CompactRange.of(row[2] for row in rows)
    with altered(context) as connection:
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
        connection.executemany("INSERT INTO keys VALUES (?, ?, ?)", keys)
        connection.execute("UPDATE meta SET value = ? WHERE name = 'peaks'", (covered.encode(),))
    signed = Checkpoint(ORIGIN, covered.stop, covered.root()).sign(SIGNER)
    NotesFile(Files(context.ledger).checkpoints).append(signed)


def plain_leaf(number: int, /, **changes: JSON) -> dict[str, JSON]:
    """Return an entry for `forge`: a filing without openings, sound if nothing is changed."""
    body: dict[str, JSON] = {
        "regime": "eu.aia",
        "rule": "gpaisr-presumption",
        "obligation": "notify",
        "subject": "model:m",
        "sent": f"letter {number}",
        "sent_at": "2026-11-22T10:00:00Z",
        "receipt": None,
        "idempotency_key": f"{number:064x}",
    }
    leaf: dict[str, JSON] = {
        "body": body,
        "id": f"00000000-0000-4000-8000-{number:012x}",
        "origin": ORIGIN,
        "recorded_at": f"2026-11-23T10:00:{number:02d}Z",
        "salt": "A" * 22,
        "sd": [],
        "seq": number,
        "type": "filing",
        "v": 1,
    }
    return {**leaf, **changes}
