"""The secret of a ledger is checked against the newest entry that was sealed with it.

With another ledger's secret every record would look new: whatever the ledger holds already would
be appended, and counted, a second time.
"""

from __future__ import annotations

import hmac

from ledger.canonical import JSON, encode
from ledger.entry import Entry, Opening
from ledger.errors import InputError, IntegrityError
from ledger.log.store import Row, Store

__all__ = ["LOOKED_AT_MAX", "check_secret", "check_tail"]

LOOKED_AT_MAX = 64
"""Entries that are looked at; only one whose openings were erased is passed over."""


def check_secret(store: Store, size: int, secret: bytes, where: str = "") -> None:
    """Raise unless the secret is the one that this ledger was sealed with.

    It costs one entry as a rule, however long the ledger is. A ledger without entries, or one
    whose newest entries had their openings erased, has nothing to check against.

    Args:
        store: The ledger.
        size: Number of its entries.
        secret: Key of the keyed digests, 32 bytes.
        where: The file of the secret, for the message.

    Raises:
        IntegrityError: If the digest of an entry's content comes out otherwise.
    """
    for seq in reversed(range(max(0, size - LOOKED_AT_MAX), size)):
        sealed = [_sealed_with(store, row, secret) for row in store.read(seq, seq + 1)]
        if sealed == [True]:
            return
        if sealed == [False]:
            raise IntegrityError(
                f"the secret is not the one that entry {seq} was sealed with",
                seq=seq,
                where=where,
                why="with another secret the ledger would take every record for a new one",
                remedy="put back the .secret file that was made with this ledger; if it is the "
                "one, flopledger verify names what was changed",
            )


def check_tail(store: Store, start: int, stop: int, secret: bytes) -> None:
    """Raise unless every entry of an unsigned tail was sealed with this secret.

    A crash leaves whole entries with their keys and openings. Whoever can write to the database
    and has no secret cannot make one, and nothing of his shall be signed. An entry whose key a
    later one took over is believed only if a sealed reversal in the tail names it.

    Args:
        store: The ledger.
        start: First entry after the newest checkpoint.
        stop: Number of entries.
        secret: Key of the keyed digests, 32 bytes.

    Raises:
        IntegrityError: If an entry was not sealed with it, or that cannot be told.
    """
    doubtful, reversed_ = list[int](), set[object]()
    for row in store.read(start, stop):
        if not _sealed_with(store, row, secret):
            doubtful.append(row.seq)
            continue
        entry = Entry.parse(row.bytes)
        if entry.type == "reversal":
            reversed_.add(entry.body.get("reverses"))
    for seq in doubtful:
        if seq not in reversed_:
            raise IntegrityError(
                f"entry {seq} is not signed, and was not sealed with the secret of this ledger",
                seq=seq,
                why="only what a crash left behind is signed later; this came from elsewhere",
                remedy="keep the files as evidence, and put back a copy without it",
            )


def _sealed_with(store: Store, row: Row, secret: bytes) -> bool | None:
    """Return whether the entry was sealed with this secret; None if that cannot be told."""
    try:
        entry = Entry.parse(row.bytes)
        opened = [Opening.parse(data) for _, _, data in store.openings(entry.seq, entry.seq + 1)]
        key = bytes.fromhex(str(entry.body.get("idempotency_key", "")))
    except (InputError, ValueError):
        # What is damaged is named by verify; here another entry can serve.
        return None
    known = store.find_keys([key]).get(key)
    if known is None or known.seq != entry.seq or len(opened) != len(entry.sd):
        return None
    body: dict[str, JSON] = {
        name: value for name, value in entry.body.items() if name != "idempotency_key"
    }
    said: JSON = {
        "body": body,
        "hidden": {opening.name: opening.value for opening in opened},
        "type": entry.type,
    }
    digest = hmac.digest(secret, b"content\0" + encode(said), "sha256")
    return hmac.compare_digest(digest, known.content)
