"""A full verification against a bare loop of hashlib over the same bytes: B3, B3p and B3s."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing

from ledger.cli.opening import location_of, open_evidence
from ledger.keyed import KeyedDigest
from ledger.merkle import root_of
from ledger.verify import verify
from ledger.verify.crew import Crew
from ledger.verify.split import verify_split

from .benchmark import Benchmark, Bound
from .inputs import context_of, ledger, ledger_of, payloads_of
from .stage import Stage


def verified(stage: Stage) -> str:
    """Verify the ledger from SQLite, all thirteen steps, in one process."""
    folder = ledger_of(stage.inputs, stage.size)
    with open_evidence(context_of(folder)) as evidence, stage.timed():
        verdict = verify(evidence)
    assert verdict.size == verdict.signed_size == stage.size
    return verdict.root.hex()


def split(stage: Stage) -> str:
    """Verify it with two processes; that they begin, load and end is in the time."""
    context = context_of(ledger_of(stage.inputs, stage.size))
    crew = Crew(2)
    with open_evidence(context) as evidence, stage.timed():
        verdict = verify_split(evidence, location_of(context).open, crew, parts=crew.parts)
    assert verdict.size == verdict.signed_size == stage.size
    return verdict.root.hex()


def floor(stage: Stage) -> str:
    """Read, hash and compare, and nothing else: no look at what an entry says."""
    folder, sha256, digests = ledger_of(stage.inputs, stage.size), hashlib.sha256, list[bytes]()
    secret = KeyedDigest((folder / "ledger.db.secret").read_bytes()).of
    with closing(sqlite3.connect(folder / "ledger.db")) as connection, stage.timed():
        rows = connection.execute("SELECT bytes, hash FROM entries ORDER BY seq")
        keys = connection.execute('SELECT "key", content FROM keys ORDER BY seq, "key"')
        for (data, stored), _ in zip(rows, keys, strict=True):
            digest = sha256(b"\x00" + data).digest()
            assert digest == stored
            secret(data)  # as long as what the digest of a content covers, or nearly
            digests.append(digest)
        root = root_of(digests)
    return root.hex()


def hashed(stage: Stage) -> str:
    """Hash every entry, ready in memory; the tree over the hashes is not in the time."""
    payloads = payloads_of(ledger_of(stage.inputs, stage.size))
    return root_of(digests_of(stage, payloads)).hex()


def digests_of(stage: Stage, payloads: Iterable[bytes]) -> list[bytes]:
    """Time the bare loop: the hash of every entry as a leaf."""
    sha256 = hashlib.sha256
    with stage.timed():
        return [sha256(b"\x00" + payload).digest() for payload in payloads]


_WARM = "Processes begin, load and end within the time, as they do for a user."

BENCHMARKS = (
    Benchmark(
        "B3",
        "full verification from SQLite, one process ÷ hashlib loop over the entries in memory "
        "(share of its speed)",
        verified,
        hashed,
        ledger,
        200_000,
        "entries",
        Bound(">=", 0.17, 0.25),
        inverse=True,
        note="The bounds are those of 342-byte entries checked for hash, link and root alone. "
        "Verification here also holds every entry to its canonical form and the model of its type, "
        "and compares ids, openings, keyed digests, reversals and signatures.",
    ),
    Benchmark(
        "B3f",
        "reading entries and keys from SQLite, hashing, a tree and keyed digests in a bare loop ÷ "
        "the same loop of hashlib (share of its speed)",
        floor,
        hashed,
        ledger,
        200_000,
        "entries",
        None,
        inverse=True,
        note="What is left of B3 where nothing that an entry says is looked at: no such loop "
        "is above it.",
    ),
    Benchmark(
        "B3p",
        "the same with two processes (share of the loop's speed)",
        split,
        hashed,
        ledger,
        200_000,
        "entries",
        Bound(">=", 0.32, 0.50),
        inverse=True,
        note=_WARM,
    ),
    Benchmark(
        "B3s",
        "speed of verification with two processes ÷ with one",
        split,
        verified,
        ledger,
        200_000,
        "entries",
        Bound(">=", 1.6, 1.9),
        inverse=True,
        note=_WARM,
    ),
)
