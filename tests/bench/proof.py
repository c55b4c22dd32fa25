"""A proof of inclusion, made and checked from a large store: B6."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

from ledger.cli.keeping import SignedLeaves
from ledger.journeys.verifying import prove
from ledger.keys import VerifierKey
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore
from ledger.stores.treefiles import TreeFiles

from .benchmark import Absolute, Benchmark, Bound
from .inputs import ledger_of, payloads_of
from .stage import Stage

PROOFS = 25
Answer = list[str]


def prepare(stage: Stage) -> None:
    """Make the ledger, and the tree of the peer over the same entries."""
    ledger_of(stage.inputs, stage.size)
    tree_of(stage.inputs, stage.size)


def tree_of(inputs: Path, size: int) -> Path:
    """Return the database of the peer, made if it is not there; it goes with the ledger."""
    from pymerkle import SqliteTree  # noqa: PLC0415 - only the peer needs it

    path = ledger_of(inputs, size) / "pymerkle.db"
    if not path.exists():
        draft = path.with_suffix(".part")
        draft.unlink(missing_ok=True)
        with SqliteTree(str(draft)) as tree:
            tree.append_entries(payloads_of(ledger_of(inputs, size)))
        draft.rename(path)
    return path


def chosen(size: int) -> list[int]:
    """Return which entries are proved: the first, and some others."""
    return [0, *Random(size).sample(range(size), min(size, PROOFS - 1))]


def proved(stage: Stage) -> Answer:
    """Make and check proofs against the signed checkpoint."""
    path = ledger_of(stage.inputs, stage.size) / "ledger.db"
    note = NotesFile(path.with_name("ledger.db.checkpoints")).tail().note
    assert note is not None
    lengths = []
    with SqliteStore(path) as store:
        held = SignedLeaves(store, VerifierKey.parse(store.vkey()), TreeFiles(Files(path).tree))
        prove(held, note, 0)  # the files of subtrees are there from the first proof on
        for seq in chosen(stage.size):
            with stage.lap():
                proof = prove(held, note, seq)
            lengths.append(str(len(proof.path)))
    assert int(lengths[0]) == math.ceil(math.log2(stage.size))
    return [proof.checkpoint.root.hex(), *lengths]


def proved_by_peer(stage: Stage) -> Answer:
    """Make and check proofs of the same entries with pymerkle."""
    from pymerkle import SqliteTree, verify_inclusion  # noqa: PLC0415 - only the peer needs it

    lengths, root = [], b""
    with SqliteTree(str(tree_of(stage.inputs, stage.size))) as tree:
        for seq in chosen(stage.size):
            with stage.lap():
                leaf, root = tree.get_leaf(seq + 1), tree.get_root()
                proof = tree.prove_inclusion(seq + 1)
                verify_inclusion(leaf, root, proof)
            lengths.append(str(len(proof.path) - 1))
    return [root.hex(), *lengths]


BENCHMARKS = (
    Benchmark(
        "B6",
        "an inclusion proof from a store of 1,000,000 entries, made and checked ÷ pymerkle's",
        proved,
        proved_by_peer,
        prepare,
        1_000_000,
        "entries",
        Bound("<=", 1.0, 0.5),
        measure="lap",
        absolute=(
            Absolute(
                "proofs a second",
                Bound(">=", 500, 5_000, "/s"),
                lambda run, _: 1 / run.value("lap"),
            ),
        ),
        needs=("pymerkle",),
        note="Lengths are asserted: the path of the first entry is ⌈log2 n⌉. Each proof opens the "
        "files of subtrees, hashes its entry anew, and follows the path to the signed root; making "
        "those files, once for a ledger, is not in the time. pymerkle keeps none. The ratio has no "
        "published bound; this one is ours.",
    ),
)
