"""A peer is another tamper-evident log from a package, fed the same entries: B10."""

from __future__ import annotations

import subprocess
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from .benchmark import Benchmark, Bound
from .bulk import imported
from .durable import APPENDS, appended, grown, prepare
from .inputs import ledger, ledger_of, payloads_of
from .stage import Stage

GIT = ("git", "-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync", "-c", "gc.auto=0")
WHO = ("-c", "user.name=bench", "-c", "user.email=bench@ledger.example")


def _payloads(stage: Stage) -> list[bytes]:
    """Return the entries that the candidate appends, as bytes."""
    return payloads_of(grown(stage.inputs, 100 + stage.size))[100:]


def added(stage: Stage) -> int:
    """Append one at a time through the library; return how many entries came to be."""
    return appended(stage)[0] - 100


def bulk(stage: Stage) -> int:
    """Import the table; return how many entries came to be."""
    return imported(stage)[0]


def pymerkle_single(stage: Stage) -> int:
    """Append one at a time with pymerkle to SQLite, each committed."""
    from pymerkle import SqliteTree  # noqa: PLC0415 - only this side needs it

    with SqliteTree(str(stage.work / "tree.db")) as tree:
        for payload in _payloads(stage):
            with stage.lap():
                tree.append_entry(payload)
        return int(tree.get_size())


def pymerkle_bulk(stage: Stage) -> int:
    """Append all with pymerkle, ready as they are, in one transaction."""
    from pymerkle import SqliteTree  # noqa: PLC0415 - only this side needs it

    payloads = payloads_of(ledger_of(stage.inputs, stage.size))
    with SqliteTree(str(stage.work / "tree.db")) as tree:
        with stage.timed():
            tree.append_entries(payloads)
        return int(tree.get_size())


def git_single(stage: Stage) -> int:
    """Commit one entry at a time with git, every object flushed."""
    _git(stage.work, "init", "-q")
    payloads = _payloads(stage)
    for number, payload in enumerate(payloads):
        with stage.lap():
            (stage.work / f"{number}.json").write_bytes(payload)
            _git(stage.work, "add", f"{number}.json")
            _git(stage.work, *WHO, "commit", "-q", "-m", str(number))
    return int(_git(stage.work, "rev-list", "--count", "HEAD"))


def _git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    done = subprocess.run(
        [*GIT, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def _receipts(stage: Stage) -> tuple[Any, Any, Any]:
    """Return the package of receipts, a new key and an empty ledger of it."""
    peer = import_module("computeledger")
    paths = peer.KeyPairPaths(str(stage.work / "private.pem"), str(stage.work / "public.pem"))
    return peer, peer.generate_key_pair(paths), peer.Ledger(str(stage.work / "ledger.jsonl"))


def receipts_single(stage: Stage) -> int:
    """Sign and append one receipt of usage at a time with computeledger-cli; none is flushed."""
    peer, key, ledger_ = _receipts(stage)
    usage = peer.UsageInput("lab-a", "nvidia-h100-sxm5", 10_800.0, workload_type="training")
    for _ in range(stage.size):
        with stage.lap():
            ledger_.append(peer.create_receipt(usage, ledger_.get_last_hash(), key))
    return len(ledger_.read_all())


def receipts_verified(stage: Stage) -> bool:
    """Verify a chain of signed receipts with computeledger-cli."""
    peer, key, ledger_ = _receipts(stage)
    usage = peer.UsageInput("lab-a", "nvidia-h100-sxm5", 10_800.0, workload_type="training")
    last = None
    for _ in range(stage.size):
        receipt = peer.create_receipt(usage, last, key)
        last = receipt["hash"]
        ledger_.append(receipt)
    with stage.timed():
        verdict = peer.verify_chain(ledger_.read_all())
    return bool(verdict.valid and verdict.entry_count == stage.size)


def verified(stage: Stage) -> bool:
    """Verify the ledger of as many entries."""
    from .verifying import verified as verified_root  # noqa: PLC0415 - a side of its own

    return bool(verified_root(stage))


_append = partial(
    Benchmark,
    candidate=added,
    prepare=prepare,
    size=APPENDS,
    unit="appends",
    measure="lap",
    inverse=True,
)

BENCHMARKS = (
    _append(
        id="B10",
        title="durable appends a second, one at a time ÷ pymerkle's",
        baseline=pymerkle_single,
        bound=Bound(">=", 2, 3.5),
        needs=("pymerkle",),
        note="pymerkle stores an entry and its hash; it signs nothing and checks no form.",
    ),
    Benchmark(
        "B10b",
        "entries a second of an import ÷ of pymerkle's append_entries",
        bulk,
        pymerkle_bulk,
        ledger,
        200_000,
        "entries",
        Bound(">=", 0.8, 1.1),
        inverse=True,
        needs=("pymerkle",),
        note="The candidate reads CSV, validates and seals; pymerkle is given the finished bytes.",
    ),
    _append(
        id="B10g",
        title="durable appends a second ÷ git commits of one entry each",
        baseline=git_single,
        size=60,
        bound=Bound(">=", 15, 25),
    ),
    _append(
        id="B10r",
        title="durable appends a second ÷ signed receipts of computeledger-cli",
        baseline=receipts_single,
        bound=Bound(">=", 1, 2),
        needs=("computeledger",),
        note="The peer flushes nothing to the disk, and reads its whole file for each append. No "
        "bound is published; this one is ours.",
    ),
    Benchmark(
        "B10v",
        "entries a second of a full verification ÷ of computeledger-cli's verify_chain",
        verified,
        receipts_verified,
        ledger,
        5_000,
        "entries",
        Bound(">=", 1, 2),
        inverse=True,
        needs=("computeledger",),
        note="Both read their own entries of as many pieces of work. No bound is published; this "
        "one is ours.",
    ),
)
