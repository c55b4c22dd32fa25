"""A witness decides: requests byte for byte, refusals by status, forks as proof for others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from witnesses import LOG, NEW_KEY, TIME, asked, head, keys, leaves, signed

from ledger.checkpoint import Checkpoint, Note
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.fork import FORK_MAX, Fork, Signed, compare, compare_leaves
from ledger.keys import FileSigner, VerifierKey
from ledger.merkle import EMPTY_ROOT, consistency_proof
from ledger.witness import REQUEST_MAX, Refusal, Request, Seen, decide, request_of


def seen(size: int, branch: str = "", time: int = TIME) -> Seen:
    """Return what a witness has that cosigned so many entries."""
    hashes = leaves(size, branch)
    return Seen(head(hashes), signed(hashes), time)


def refused(request: Request, before: Seen | None, status: int, words: str) -> Refusal:
    """Check that a request is refused with a status, for a reason."""
    answer = decide(request, before, keys(), TIME)
    assert isinstance(answer, Refusal), answer
    assert answer.status == status
    assert answer.error.message.startswith(f"{status} ")
    assert words in answer.error.message
    return answer


def test_request_bytes_match_the_published_ones(shared_path: Callable[[str], Path]) -> None:
    made = json.loads(shared_path("vectors/signed-note.json").read_text())["made_here"]
    tree = json.loads(shared_path("vectors/rfc6962-merkle.json").read_text())
    data = made["add_checkpoint_request_5_to_8"].encode()
    request = Request.parse(data)
    assert request.encode() == data
    hashes = [bytes.fromhex(digest) for digest in tree["leaf_hashes"]]
    assert request_of(hashes, made["checkpoints"][3]["note"].encode(), 5) == request
    key = VerifierKey.parse(made["log"]["vkey"])
    first = made["checkpoints"][2]["note"].encode()
    before = Seen(Checkpoint.open(first, key), first, TIME)
    after = decide(request, before, (key,), TIME + 1)
    assert isinstance(after, Seen)
    assert after == Seen(request.checkpoint, request.note.encode(), TIME + 1)


@pytest.mark.parametrize("old", [0, 1, 2, 3, 4, 5, 7, 8])
@pytest.mark.parametrize("new", [1, 2, 5, 8, 9, 33])
def test_witness_follows_a_log_that_grows(old: int, new: int) -> None:
    if old > new:
        with pytest.raises(InputError, match="the checkpoint covers"):
            asked(leaves(new), old)
        return
    before = seen(old) if old else None
    answer = decide(asked(leaves(new), old), before, keys(), TIME)
    assert isinstance(answer, Seen)
    assert answer.checkpoint == head(leaves(new))


def test_witness_takes_an_empty_log_and_the_same_again() -> None:
    empty = asked([], 0)
    first = decide(empty, None, keys(), TIME)
    assert isinstance(first, Seen)
    assert first.checkpoint == Checkpoint(LOG.name, 0, EMPTY_ROOT)
    assert decide(empty, first, keys(), TIME) == first
    assert isinstance(decide(asked(leaves(3), 0), first, keys(), TIME), Seen)
    assert isinstance(decide(asked(leaves(8), 8), seen(8), keys(), TIME), Seen)


def test_witness_never_follows_a_clock_that_went_back() -> None:
    after = decide(asked(leaves(8), 5), seen(5), keys(), TIME - 100)
    assert isinstance(after, Seen)
    assert after.time == TIME


def test_witness_keeps_only_the_lines_that_it_checked() -> None:
    request = asked(leaves(8), 0)
    stray = Note.parse(head(leaves(8)).sign(LOG)).signatures[0]
    stray = type(stray)("stray.example/x", b"1234", bytes(64))
    note = Note(request.note.text, (stray, *request.note.signatures))
    after = decide(Request(0, (), request.checkpoint, note), None, keys(), TIME)
    assert isinstance(after, Seen)
    assert after.note == request.note.encode()


def test_witness_refuses_a_log_that_it_does_not_know() -> None:
    answer = decide(asked(leaves(8), 0), None, (), TIME)
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.error.exit_code) == (404, 2)


def test_witness_refuses_another_key_and_a_broken_signature() -> None:
    refused(asked(leaves(8), 0, NEW_KEY), None, 403, "no key that this witness was given")
    request = asked(leaves(8), 0)
    lifted = Note(request.note.text, asked(leaves(5), 0).note.signatures)
    broken = Request(0, (), request.checkpoint, lifted)
    assert refused(broken, None, 403, "does not verify").error.exit_code == 4
    # A second, admitted key is a rotation.
    both = (*keys(), NEW_KEY.verifier)
    assert isinstance(decide(asked(leaves(8), 0, NEW_KEY), None, both, TIME), Seen)


def test_witness_refuses_to_go_back() -> None:
    request = asked(leaves(8), 5)
    back = Request(9, request.proof, request.checkpoint, request.note)
    assert refused(back, seen(9), 400, "from 9 entries back to 8").error.exit_code == 2
    shrunk = refused(asked(leaves(5), 5), seen(8), 409, "shows 5 entries, this witness cosigned 8")
    assert (shrunk.size, shrunk.error.exit_code) == (8, 4)


@pytest.mark.parametrize("old", [0, 3, 7])
def test_witness_says_its_size_to_a_request_from_elsewhere(old: int) -> None:
    answer = refused(asked(leaves(8), old), seen(5), 409, f"starts from {old} entries")
    assert answer.size == 5
    assert "--old 5" in answer.error.remedy
    refused(asked(leaves(8), 5), None, 409, "this witness cosigned 0")


def test_witness_refuses_a_fork_of_the_same_size() -> None:
    answer = refused(asked(leaves(8, "x", 3), 8), seen(8), 409, "a fork")
    assert isinstance(answer.error, IntegrityError)


def test_witness_refuses_a_proof_that_does_not_lead_from_what_it_saw() -> None:
    refused(asked(leaves(9, "x", 3), 5), seen(5), 422, "is not a prefix")
    request = asked(leaves(9), 5)
    head9, note = request.checkpoint, request.note
    refused(Request(5, request.proof[:-1], head9, note), seen(5), 422, "too short")
    refused(Request(5, (*request.proof, bytes(32)), head9, note), seen(5), 422, "too long")
    refused(Request(5, (), head9, note), seen(5), 422, "too short")
    refused(Request(0, (bytes(32),), head9, note), None, 422, "from 0 to 9 entries holds hashes")
    refused(Request(9, (bytes(32),), head9, note), seen(9), 422, "holds hashes")


BAD_REQUESTS: dict[str, Callable[[str], str]] = {
    "begins with the line old": lambda text: text.replace("old 5", "old 05", 1),
    "a plain decimal size": lambda text: text.replace("old 5", "old -1", 1),
    "line old and": lambda text: text[6:],
    "no empty line before the checkpoint": lambda text: text.split("\n\n")[0] + "\n",
    "not base64": lambda text: text.replace("old 5\n", "old 5\n!\n", 1),
    "hash 1 of the proof of consistency has 1 bytes": lambda text: text.replace(
        "old 5\n", "old 5\nAA==\n", 1
    ),
    "with 64 hashes": lambda text: text.replace("old 5\n", "old 5\n" + ("A" * 43 + "=\n") * 59, 1),
    "no newline at its end": lambda text: text[:-1],
    "has a leading zero": lambda text: text.replace("\n9\n", "\n09\n", 1),
    "not ASCII": lambda text: "\u00e9" + text,
    "more than": lambda text: text + "x" * REQUEST_MAX,
}


@pytest.mark.parametrize("words", BAD_REQUESTS)
def test_request_of_another_spelling_is_refused_by_name(words: str) -> None:
    text = asked(leaves(9), 5).encode().decode()
    assert len(Request.parse(text.encode()).proof) == 5
    with pytest.raises(InputError) as caught:
        Request.parse(BAD_REQUESTS[words](text).encode())
    assert words in caught.value.message


@given(st.binary(max_size=300), st.integers(0, 600))
def test_request_reader_raises_nothing_but_its_own_errors(noise: bytes, place: int) -> None:
    sound = asked(leaves(9), 5).encode()
    for data in (noise, sound[:place] + noise + sound[place:]):
        try:
            assert Request.parse(data).encode() == data
        except LedgerError:
            continue


def test_request_is_never_made_from_other_entries_than_signed() -> None:
    with pytest.raises(IntegrityError):
        request_of(leaves(8, "x", 7), signed(leaves(8)), 0)
    with pytest.raises(IntegrityError):
        request_of(leaves(7), signed(leaves(8)), 3)


def both(one: list[bytes], other: list[bytes]) -> tuple[Signed, Signed]:
    """Open the signed checkpoints over two lists of leaves."""
    return Signed.open(signed(one), keys()), Signed.open(signed(other), keys())


def test_fork_of_one_size_is_a_proof_by_itself() -> None:
    found = compare(*both(leaves(8), leaves(8, "x", 3)))
    assert found.fork is not None
    data = found.fork.encode()
    assert Fork.open(data, keys()) == found.fork
    # Whoever compares first: the proof is the same bytes.
    again = compare(*both(leaves(8, "x", 3), leaves(8)))
    assert again.fork is not None
    assert again.fork.encode() == data


@pytest.mark.parametrize("small", [1, 2, 3, 4, 5, 6, 7, 8, 11])
@pytest.mark.parametrize("large", [2, 5, 8, 9, 12])
def test_fork_of_two_sizes_is_proved_with_the_entries(small: int, large: int) -> None:
    if small >= large:
        return
    longer = leaves(large, "x", small - 1)
    honest = compare_leaves(*both(leaves(small, "x", small - 1), longer), longer)
    assert (honest.fork, honest.proved) == (None, True)
    found = compare_leaves(*both(leaves(small), longer), longer)
    assert found.fork is not None
    assert Fork.open(found.fork.encode(), keys()) == found.fork
    # No honest log can be accused with the same hashes.
    innocent = Fork(*both(leaves(small, "x", small - 1), longer), found.fork.path)
    with pytest.raises(IntegrityError, match="do not contradict"):
        innocent.verify()
    for path in (found.fork.path[:-1], (*found.fork.path, bytes(32)), (bytes(32),)):
        with pytest.raises(IntegrityError):
            Fork(found.fork.first, found.fork.second, path).verify()


def test_comparison_with_a_consistency_proof() -> None:
    first, second = both(leaves(5), leaves(9))
    proof = consistency_proof(leaves(9), 5)
    assert compare(second, first, proof).proved
    unknown = compare(first, second)
    assert (unknown.fork, unknown.proved) == (None, False)
    wrong = compare(first, second, proof[:-1])
    assert (wrong.fork, wrong.proved) == (None, False)
    forked = compare(*both(leaves(5, "x", 2), leaves(9)), proof)
    assert forked.fork is not None
    forked.fork.verify()
    # From a whole subtree the proof leaves out what would show it: not told, not accused.
    untold = compare(*both(leaves(4, "x", 2), leaves(9)), consistency_proof(leaves(9), 4))
    assert (untold.fork, untold.proved) == (None, False)
    assert compare(*both([], leaves(9))).proved
    assert compare(*both(leaves(9), leaves(9))).proved


def test_comparison_needs_one_log_and_its_own_entries() -> None:
    other = FileSigner.from_seed("other.example/lab", bytes(32))
    data = Checkpoint(other.name, 0, EMPTY_ROOT).sign(other)
    with pytest.raises(InputError, match="two logs"):
        compare(Signed.open(data, (other.verifier,)), both([], [])[0])
    with pytest.raises(IntegrityError, match="no key that was given signed"):
        Signed.open(data, keys())
    with pytest.raises(InputError, match="3 entries, and the longer checkpoint covers 9"):
        compare_leaves(*both(leaves(5), leaves(9)), leaves(3))
    with pytest.raises(IntegrityError, match="do not lead to the root over 9"):
        compare_leaves(*both(leaves(5), leaves(9)), leaves(9, "x"))


def test_fork_proof_that_proves_nothing_is_refused() -> None:
    found = compare(*both(leaves(8), leaves(8, "x", 3)))
    assert found.fork is not None
    sound = found.fork.encode()
    first, second = found.fork.first, found.fork.second
    for fork in (Fork(first, first), Fork(second, first), Fork(first, second, (bytes(32),))):
        with pytest.raises(IntegrityError):
            Fork.open(fork.encode(), keys())
    with pytest.raises(IntegrityError, match="no key that was given signed"):
        Fork.open(sound, (NEW_KEY.verifier,))
    for bad in (b"", b"x" + sound, sound + b"\n", sound[:-1], sound + b"x" * FORK_MAX):
        with pytest.raises(InputError):
            Fork.open(bad, keys())
