"""Published notes and proofs that must be refused: each for its own reason, in its own words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.checkpoint import Checkpoint, Note
from ledger.errors import IntegrityError, LedgerError
from ledger.keys import VerifierKey
from ledger.merkle import leaf_hash, verify_consistency, verify_inclusion

NOTES = {
    "size line: leading zero": "has a leading zero",
    "size line: plus sign": "size '\\+8' has a sign",
    "size line: leading space": "size ' 8' has a space",
    "size line: trailing space": "size '8 ' has a space",
    "size line: exponent": "no plain decimal number",
    "size line: Arabic-Indic digit": "not written in ASCII digits",
    "size line: underscore": "'1_0' is no plain decimal number",
    "size line: minus": "size '-8' has a sign",
    "size line: beyond 64 bits": "is 2\\^62 or more",
    "size line: empty line": "size '' is empty",
    "root line: hex": "a root of 48 bytes",
    "root line: no padding": "the root .* is not base64 with its padding",
    "root line: 31 bytes": "a root of 31 bytes",
    "root line: trailing bits set": "the root .* is not canonical base64",
    "CRLF line ends": "a carriage return",
    "hyphen for the em dash": "begins with an em dash",
    "no blank line before the signature": "no empty line before the signatures",
    "no newline at the end": "no newline at its end",
    "signed without the last newline of the text": "does not verify",
    "another origin under the same key": "speaks for ledger.example/other",
    "empty tree with another root": "an empty log with the root of another",
}
PROOFS = {
    "index not in the tree": "leaf 8 is not in a tree of 8",
    "one hash too many": "inclusion proof is too long",
    "one hash too few": "inclusion proof is too short",
    "inner node passed off as a leaf (an 8-leaf tree read as 4 leaves)": "leads to another root",
    "leaf hashed with no 0x00 prefix": "leads to another root",
    "empty proof between different roots": "consistency proof is too short",
    "two roots at one size (a fork)": "two different logs of 8 entries",
    "first size larger than second": "shrank from 8 to 4",
    "size 0 with a root that is not the hash of the empty string": "empty log with the root of",
    "size 0 with a proof that is not empty": "from 0 to 8 entries holds hashes",
}


@pytest.fixture
def notes(shared_path: Callable[[str], Path]) -> Any:
    return json.loads(shared_path("vectors/signed-note.json").read_text())


@pytest.fixture
def tree(shared_path: Callable[[str], Path]) -> Any:
    return json.loads(shared_path("vectors/rfc6962-merkle.json").read_text())


def verify(case: Any) -> None:
    """Verify a proof of the tree's vectors."""
    proof = [bytes.fromhex(digest) for digest in case["proof"]]
    if case["kind"] == "consistency":
        roots = bytes.fromhex(case["root1"]), bytes.fromhex(case["root2"])
        verify_consistency(case["size1"], roots[0], case["size2"], roots[1], proof)
        return
    data = case.get("leaf_data")
    leaf = leaf_hash(bytes.fromhex(data)) if data else bytes.fromhex(case["leaf_hash"])
    verify_inclusion(leaf, case["index"], case["size"], proof, bytes.fromhex(case["root"]))


@pytest.mark.parametrize("what", NOTES)
def test_note_is_refused_in_its_own_words(notes: Any, what: str) -> None:
    key = VerifierKey.parse(notes["made_here"]["log"]["vkey"])
    assert {case["what"] for case in notes["must_refuse"]} == set(NOTES)
    case = next(case for case in notes["must_refuse"] if case["what"] == what)
    with pytest.raises(LedgerError, match=NOTES[what]):
        Checkpoint.open(case["note"].encode(), key)
    # The untouched neighbour stands.
    for sound in notes["made_here"]["checkpoints"]:
        assert Checkpoint.open(sound["note"].encode(), key).size == sound["size"]


@pytest.mark.parametrize("what", PROOFS)
def test_proof_is_refused_in_its_own_words(tree: Any, what: str) -> None:
    assert {case["what"] for case in tree["must_refuse"]} == set(PROOFS)
    case = next(case for case in tree["must_refuse"] if case["what"] == what)
    with pytest.raises(IntegrityError, match=PROOFS[what]):
        verify(case)


@pytest.mark.parametrize("bad", ["\0", "\t", "\x1f", "\x0b"])
def test_note_with_a_control_character_is_refused(bad: str) -> None:
    sound = "a.b\n0\nx\n\n\N{EM DASH} a.b AAAAAAA=\n"
    assert Note.parse(sound.encode()).encode() == sound.encode()
    with pytest.raises(LedgerError, match="control character"):
        Note.parse(sound.replace("x", f"x{bad}").encode())
