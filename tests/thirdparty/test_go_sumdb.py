"""Go's golang.org/x/mod/sumdb agrees with our notes, cosignatures, roots and proofs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sealed import SIGNER, found, said
from sealed import fill as fill_ledger
from supplied import lacking
from witnesses import LOG, NEW_KEY, W1, W2, cosigned, leaves, signed, vkey

from ledger.checkpoint import Note, NoteSignature
from ledger.inclusion import Proof
from ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from ledger.witness import Request

pytestmark = pytest.mark.thirdparty

Run = Callable[..., Any]
Ask = Callable[..., list[str]]
PROGRAM = Path(__file__).resolve().parent / "go_sumdb"
GOPATH = Path("/usr/share/gocode")  # where Debian's golang-…-dev packages put their sources
NEEDS = "apt-get install golang-go golang-golang-x-mod-dev"


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Build the Go program once, and return what asks it."""
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb/note").is_dir():
        lacking(f"Go's sumdb: {NEEDS}")
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOFLAGS": "",
        "GOCACHE": str(folder / "cache"),
        "GOTOOLCHAIN": "local",
    }
    built = subprocess.run(
        ["go", "build", "-o", str(folder / "check"), "main.go"],
        cwd=PROGRAM,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr

    def ask(*questions: dict[str, Any]) -> list[str]:
        done = subprocess.run(
            [str(folder / "check")],
            input=json.dumps(questions),
            capture_output=True,
            text=True,
            check=True,
        )
        answers: list[str] = json.loads(done.stdout)
        assert len(answers) == len(questions)
        return answers

    return ask


def texts(hashes: Any) -> list[str]:
    """Return hashes as hex."""
    return [digest.hex() for digest in hashes]


def opened(note: bytes, *witnesses: Any, log: Any = LOG) -> dict[str, Any]:
    """Ask whether all of these keys signed a note."""
    keys = [log.verifier.encode()]
    return {
        "kind": "note",
        "note": note.decode(),
        "vkeys": keys,
        "witness": [vkey(w) for w in witnesses],
    }


def test_go_opens_our_notes_and_no_others(go: Ask) -> None:
    plain, both = signed(leaves(8)), cosigned(leaves(8), W1, W2)
    note = Note.parse(both)
    line = note.signatures[1]
    flipped = bytes([*line.signature[:-1], line.signature[-1] ^ 1])
    broken = NoteSignature(line.name, line.key_id, flipped)
    bad = Note(note.text, (note.signatures[0], broken, note.signatures[2])).encode()
    answers = go(
        opened(plain),
        opened(both, W1, W2),
        opened(both),
        opened(plain, W1),
        opened(bad, W1, W2),
        opened(signed(leaves(8), NEW_KEY)),
    )
    assert answers[:3] == ["", "", ""]
    assert "1 of 2 keys" in answers[3]
    assert "invalid signature" in answers[4]
    assert "no verifiable signatures" in answers[5]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 64, 65, 255, 256, 257])
def test_go_finds_our_roots_and_makes_our_proofs(go: Ask, size: int) -> None:
    hashes = leaves(size)
    hexed = texts(hashes)
    some = sorted({0, size // 3, size // 2, size - 1})
    olds = sorted({1, size // 3 or 1, size // 2 or 1, size})
    answers = go(
        {"kind": "root", "leaves": hexed},
        *({"kind": "prove", "leaves": hexed, "index": index} for index in some),
        *({"kind": "prove-tree", "leaves": hexed, "old": old} for old in olds),
    )
    assert answers[0] == root_of(hashes).hex()
    for index, answer in zip(some, answers[1:], strict=False):
        assert answer.split() == texts(inclusion_proof(hashes, index)), index
    for old, answer in zip(olds, answers[1 + len(some) :], strict=True):
        assert answer.split() == texts(consistency_proof(hashes, old)), old


def test_go_checks_our_receipts_and_requests(go: Ask, tmp_path: Path, flopledger: Run) -> None:
    """From the files that our commands write, for a ledger with real entries."""
    context = found(tmp_path)
    for start in (0, 5, 11):
        fill_ledger(context, [said(n) for n in range(start, start + 6 - start // 11)])
    note = flopledger("checkpoint", "show").out.encode()
    questions: list[dict[str, Any]] = [opened(note, log=SIGNER)]
    for seq in range(16):
        assert flopledger("prove", str(seq), "--entry", "entry", "-o", "proof").code == 0
        proof = Proof.parse(Path("proof").read_bytes())
        leaf = leaf_hash(Path("entry").read_bytes())
        size, root = proof.checkpoint.size, proof.checkpoint.root.hex()
        question = {"kind": "inclusion", "leaves": [leaf.hex()], "proof": texts(proof.path)}
        questions.append({**question, "index": seq, "size": size, "root": root})
    for old in (6, 11):
        assert flopledger("checkpoint", "request", "--old", str(old), "-o", "request").code == 0
        request = Request.parse(Path("request").read_bytes())
        first = flopledger("checkpoint", "show", "--size", str(old)).out
        old_root = Note.parse(first.encode()).text
        questions.append(
            {
                "kind": "consistency",
                "proof": texts(request.proof),
                "old": old,
                "old_root": root_in(old_root),
                "size": request.checkpoint.size,
                "root": request.checkpoint.root.hex(),
            }
        )
    assert go(*questions) == [""] * len(questions)
    wrong = {**questions[4], "index": questions[4]["index"] + 1}
    shorter = {**questions[4], "proof": questions[4]["proof"][:-1]}
    other = {**questions[-1], "old_root": questions[-1]["root"]}
    assert all(answer.startswith("error:") for answer in go(wrong, shorter, other))


def root_in(text: str) -> str:
    """Return the root of a checkpoint as hex."""
    from ledger.checkpoint import Checkpoint  # noqa: PLC0415 - beside its only use

    return Checkpoint.parse(text).root.hex()


def test_go_opens_the_published_notes(go: Ask, shared_path: Callable[[str], Path]) -> None:
    vectors = json.loads(shared_path("vectors/signed-note.json").read_text())
    made = vectors["made_here"]
    asked = [
        {"kind": "note", "note": case["note"], "vkeys": [case["vkey"]]}
        for case in vectors["published"]
    ]
    keys = {"vkeys": [made["log"]["vkey"]], "witness": [made["witness"]["vkey"]]}
    asked.append({"kind": "note", "note": made["cosigned_checkpoint"], **keys})
    assert go(*asked) == ["", "", ""]
