"""A log and its witnesses, as commands: request, cosign, add, show, compare."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sealed import SIGNER, checked, copied, fill, found, said
from witnesses import TIME, W1, W2, W3, cosigned, leaves, signed, vkey

from ledger.checkpoint import SIGNATURES_MAX, Note
from ledger.cli.context import Context
from ledger.cosignature import cosign
from ledger.errors import InputError, IntegrityError
from ledger.keys import FileSigner
from ledger.stores.cosignatures import CosignaturesFile
from ledger.stores.keyfiles import Files

Run = Callable[..., Any]
SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
LOG_KEY = SIGNER.verifier.encode()


@pytest.fixture
def ledger(tmp_path: Path) -> Context:
    """A ledger of five entries in the folder in which commands run."""
    context = found(tmp_path)
    fill(context, [said(n) for n in range(5)])
    return context


@pytest.fixture
def witness(flopledger: Run) -> str:
    """A witness in the same folder that knows the ledger; its key."""
    made = flopledger("witness", "init", "--name", "regulator.example/w1", "--log", LOG_KEY)
    assert made.code == 0, made.err
    key = str(made.out).strip()
    assert key.startswith("regulator.example/w1+")
    return key


def grown(context: Context, *numbers: int) -> None:
    """Append one batch."""
    fill(context, [said(n) for n in numbers])


def requested(flopledger: Run, old: int, name: str = "request", ledger: str = "ledger.db") -> Any:
    """Write a request and give it to the witness."""
    made = flopledger("--ledger", ledger, "checkpoint", "request", "--old", str(old), "-o", name)
    assert made.code == 0, made.err
    return flopledger("witness", "cosign", name)


def test_cosigning_goes_from_the_log_to_the_witness_and_back(
    ledger: Context, witness: str, flopledger: Run
) -> None:
    answer = requested(flopledger, 0)
    assert answer.code == 0
    assert "cosigned 5 entries" in answer.err
    Path("answer").write_text(answer.out)
    added = flopledger("checkpoint", "add", "answer", "--vkey", witness)
    assert added.code == 0, added.err
    assert "checkpoint over 5 entries: cosigned by regulator.example/w1+" in added.out
    shown = flopledger("checkpoint", "show").out
    assert shown.endswith(answer.out)
    assert len(Note.parse(shown.encode()).signatures) == 2
    # The checkpoints stay as they were signed, and the ledger verifies as before.
    assert answer.out not in Files(ledger.ledger).checkpoints.read_text()
    assert checked(ledger).signed_size == 5
    again = flopledger("checkpoint", "add", "answer", "--vkey", witness)
    assert (again.code, "is kept already" in again.out) == (0, True)
    assert flopledger("checkpoint", "show").out == shown
    Path("policy").write_text(f"log {LOG_KEY}\nwitness w {witness}\nquorum w\n")
    assert flopledger("prove", "2", "--entry", "entry", "-o", "proof").code == 0
    assert flopledger("prove", "--check", "proof", "--policy", "policy", "entry").code == 0


def test_cosigning_goes_on_as_the_log_grows(ledger: Context, witness: str, flopledger: Run) -> None:
    first = requested(flopledger, 0)
    grown(ledger, 5, 6, 7)
    stale = requested(flopledger, 0)
    assert stale.code == 4
    assert "409 Conflict" in stale.err
    assert "--old 5" in stale.err
    assert requested(flopledger, 5).code == 0
    # An answer that comes late is kept under the checkpoint that it is for.
    Path("answer").write_text(first.out)
    late = flopledger("checkpoint", "add", "answer", "--vkey", witness)
    assert "checkpoint over 5 entries" in late.out
    assert len(Note.parse(flopledger("checkpoint", "show").out.encode()).signatures) == 1
    assert flopledger("checkpoint", "show", "--size", "5").out.endswith(first.out)
    document = json.loads(flopledger("witness", "show", "-f", "json").out)
    schema = json.loads((SCHEMAS / "witness-show.v1.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["logs"][0]["seen"]["size"] == 8
    assert [each["status"] for each in document["refused"]] == [409]
    assert (
        flopledger("witness", "show", "ledger.example/lab-a").out
        == document["logs"][0]["seen"]["note"]
    )
    assert "1 refused requests are kept" in flopledger("witness", "show").out
    assert flopledger("witness", "show", "none").code == 2


def test_witness_command_refuses_with_the_status_of_the_protocol(
    ledger: Context, witness: str, flopledger: Run, tmp_path: Path
) -> None:
    assert witness
    fork = copied(ledger, tmp_path / "fork")
    grown(ledger, 5, 6)
    grown(fork, 7, 8)
    assert requested(flopledger, 0).code == 0
    forked = requested(flopledger, 7, "fork-request", str(fork.ledger))
    assert (forked.code, forked.out) == (4, "")
    assert "409 Conflict: two different logs of 7 entries" in forked.err
    grown(fork, 9)
    longer = requested(flopledger, 7, "longer", str(fork.ledger))
    assert (longer.code, longer.out) == (4, "")
    assert "422 Unprocessable Entity" in longer.err
    Path("bad").write_bytes(b"old 5\n")
    unread = flopledger("witness", "cosign", "bad")
    assert (unread.code, "400 Bad Request" in unread.err) == (2, True)
    other = flopledger("witness", "init", "--name", "other.example/w", "-o", "other.db")
    assert other.code == 0
    unknown = flopledger("witness", "cosign", "request", "--state", "other.db")
    assert (unknown.code, "404 Not Found" in unknown.err) == (2, True)
    assert flopledger("witness", "admit", LOG_KEY, "--state", "other.db").code == 0
    assert flopledger("witness", "cosign", "longer", "--state", "other.db").code == 4
    stranger = FileSigner.from_seed("ledger.example/lab-a", bytes(range(32))).verifier.encode()
    flopledger("witness", "init", "--name", "x.example/w", "-o", "x.db", "--log", stranger)
    forbidden = flopledger("witness", "cosign", "request", "--state", "x.db")
    assert (forbidden.code, "403 Forbidden" in forbidden.err) == (4, True)


def test_witness_is_never_begun_over_another(witness: str, flopledger: Run) -> None:
    assert witness
    again = flopledger("witness", "init", "--name", "regulator.example/w1")
    assert (again.code, "already" in again.err) == (2, True)
    Path("half.db.key.pem").write_text("mine")
    assert flopledger("witness", "init", "--name", "a.b/w", "-o", "half.db").code == 2
    assert not Path("half.db").exists()
    assert Path("half.db.key.pem").read_text() == "mine"
    assert Path("witness.db.key.pem").stat().st_mode & 0o777 == 0o600
    assert flopledger("witness", "show", "-o", "witness.db").code == 2
    assert flopledger("witness", "show", "-o", "witness.db.key.pem").code == 2


def test_two_regulators_prove_a_fork_to_a_third(
    ledger: Context, flopledger: Run, tmp_path: Path
) -> None:
    fork = copied(ledger, tmp_path / "fork")
    Path("early").write_text(flopledger("checkpoint", "show").out)
    grown(ledger, 5, 6)
    grown(fork, 7, 8, 9)
    Path("mine").write_text(flopledger("checkpoint", "show").out)
    theirs = ("--ledger", str(fork.ledger))
    Path("theirs").write_text(flopledger(*theirs, "checkpoint", "show").out)
    key = ("--vkey", LOG_KEY)
    assert flopledger("witness", "compare", "mine", "mine", *key).code == 0
    untold = flopledger("witness", "compare", "mine", "theirs", *key)
    assert (untold.code, "cannot tell" in untold.out) == (3, True)
    assert flopledger(*theirs, "export", "-o", "leaves.jsonl").code == 0
    told = flopledger("witness", "compare", "mine", "theirs", *key, "--leaves", "leaves.jsonl")
    assert told.code == 4
    assert "fork of ledger.example/lab-a" in told.err
    Path("proof").write_text(told.out)
    third = flopledger("witness", "check-fork", "proof", *key)
    assert (third.code, "signed two histories" in third.out) == (0, True)
    Path("proof").write_text(told.out.replace("\n7\n", "\n6\n"))
    assert flopledger("witness", "check-fork", "proof", *key).code == 4
    # What continues the same beginning is no fork, with the entries or with a proof.
    same = ("witness", "compare", "early", "theirs", *key)
    assert flopledger(*same, "--leaves", "leaves.jsonl").code == 0
    flopledger(*theirs, "checkpoint", "request", "--old", "5", "-o", "request")
    assert flopledger(*same, "--proof", "request").code == 0
    assert flopledger("witness", "compare", "early", "request", *key).code == 0
    assert flopledger("witness", "compare", "mine", "request", *key).code == 3
    wrong = flopledger("witness", "compare", "mine", "theirs", *key, "--proof", "request")
    assert (wrong.code, "from 5 to 8 entries" in wrong.err) == (2, True)
    assert flopledger("witness", "compare", "mine", "theirs").code == 2
    assert flopledger("witness", "compare", "-", "-", *key).code == 2


def test_checkpoint_add_takes_nothing_that_does_not_verify(
    ledger: Context, witness: str, flopledger: Run, tmp_path: Path
) -> None:
    answer = requested(flopledger, 0).out
    Path("answer").write_text(answer)
    cosignatures = Files(ledger.ledger).cosignatures
    unnamed = flopledger("checkpoint", "add", "answer")
    assert (unnamed.code, "no key that was given" in unnamed.err) == (2, True)
    other = found(tmp_path, "other.db")
    elsewhere = ("--ledger", str(other.ledger), "checkpoint", "add", "answer", "--vkey", witness)
    lifted = flopledger(*elsewhere)
    assert (lifted.code, "belongs to no checkpoint" in lifted.err) == (4, True)
    wrong = flopledger("checkpoint", "add", "answer", "--vkey", witness, "--size", "0")
    assert (wrong.code, "over 0 entries" in wrong.err) == (4, True)
    Path("cut").write_text(answer[:-1])
    assert flopledger("checkpoint", "add", "cut", "--vkey", witness).code == 2
    assert not cosignatures.exists()
    kept = flopledger("checkpoint", "add", "answer", "--unchecked")
    assert (kept.code, "not checked" in kept.out) == (0, True)
    assert cosignatures.exists()
    assert flopledger("prove", "0", "-o", str(cosignatures)).code == 2


def test_cosignatures_file_keeps_one_line_of_each_key(tmp_path: Path) -> None:
    file = CosignaturesFile(tmp_path / "x.cosignatures")
    assert file.notes() == ()
    plain = signed(leaves(5))
    assert file.merged(plain) == plain
    text = Note.parse(plain).text
    first = cosign(text, TIME, W1).line()
    assert file.add(Note(text, (first,))) == (first,)
    assert file.add(Note(text, (cosign(text, TIME + 1, W1).line(),))) == ()
    both = cosign(text, TIME, W2).line(), cosign(text, TIME + 1, W1).line()
    assert file.add(Note(text, both)) == (both[0],)
    assert file.merged(plain) == cosigned(leaves(5), W1, W2)
    other = Note.parse(cosigned(leaves(6), W3))
    file.add(Note(other.text, other.signatures[1:]))
    assert file.merged(plain) == cosigned(leaves(5), W1, W2)
    assert len(file.notes()) == 3


def test_cosignatures_file_torn_at_any_byte_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    file = CosignaturesFile(tmp_path / "x.cosignatures")
    text = Note.parse(signed(leaves(5))).text
    lines = [cosign(text, TIME, witness).line() for witness in (W1, W2)]
    file.add(Note(text, (lines[0],)))
    sound = file.path.read_bytes()
    file.add(Note(text, (lines[1],)))
    whole = file.path.read_bytes()
    for kept in range(len(sound), len(whole)):
        file.path.write_bytes(whole[:kept])
        assert [note.signatures for note in file.notes()] == [(lines[0],)], kept
        assert file.add(Note(text, (lines[1],))) == (lines[1],)
        assert file.path.read_bytes() == whole, kept


def test_cosignatures_file_altered_is_an_integrity_failure(tmp_path: Path) -> None:
    file = CosignaturesFile(tmp_path / "x.cosignatures")
    text = Note.parse(signed(leaves(5))).text
    file.add(Note(text, (cosign(text, TIME, W1).line(),)))
    file.path.write_bytes(file.path.read_bytes().replace(b"regulator", b"regul tor"))
    with pytest.raises(IntegrityError, match="record 1"):
        file.notes()


def test_cosignatures_file_never_makes_a_note_that_nobody_reads(tmp_path: Path) -> None:
    file = CosignaturesFile(tmp_path / "x.cosignatures")
    text = Note.parse(signed(leaves(5))).text
    signers = [FileSigner.from_seed(f"w{n}.example", bytes([n]) * 32) for n in range(40)]
    lines = [cosign(text, TIME, each).line() for each in signers]
    for line in lines[: SIGNATURES_MAX - 1]:
        file.add(Note(text, (line,)))
    with pytest.raises(InputError, match="33 signatures"):
        file.add(Note(text, (lines[35],)))
    assert len(Note.parse(file.merged(signed(leaves(5)))).signatures) == SIGNATURES_MAX


def test_cosignatures_of_eight_processes_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.cosignatures"
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from witnesses import TIME, leaves, signed
from ledger.checkpoint import Note
from ledger.cosignature import cosign
from ledger.keys import FileSigner
from ledger.stores.cosignatures import CosignaturesFile
me = FileSigner.from_seed(f"w{sys.argv[3]}.example", bytes([int(sys.argv[3])]) * 32)
for size in range(1, 21):
    text = Note.parse(signed(leaves(size))).text
    CosignaturesFile(Path(sys.argv[2])).add(Note(text, (cosign(text, TIME, me).line(),)))
"""
    tests = str(Path(__file__).resolve().parent)
    children = [
        subprocess.Popen([sys.executable, "-c", code, tests, str(path), str(n)]) for n in range(8)
    ]
    assert [each.wait() for each in children] == [0] * 8
    file = CosignaturesFile(path)
    assert len(file.notes()) == 160
    for size in range(1, 21):
        assert len(Note.parse(file.merged(signed(leaves(size)))).signatures) == 9


def test_policy_option_and_key_option_are_not_given_together(flopledger: Run) -> None:
    Path("policy").write_text(f"log {LOG_KEY}\nquorum none\n")
    both = ("--policy", "policy", "--vkey", vkey(W1))
    assert flopledger("witness", "check-fork", "policy", *both).code == 2
    assert flopledger("witness", "check-fork", "none", "--policy", "gone").code == 2
