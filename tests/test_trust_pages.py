"""The pages of the trust formats: every example is real, and reads as the page says."""

from __future__ import annotations

from pathlib import Path

from witnesses import LOG, W1, cosigned, head, leaves, vkey

from ledger.checkpoint import Note
from ledger.cosignature import Cosignature, cosigner, message, parse_cosignatures
from ledger.fork import FORK_MAX, Fork
from ledger.inclusion import PROOF_MAX, Proof
from ledger.stores.witnessed import FORMAT
from ledger.witness import REQUEST_MAX, Request, Seen, decide

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


def examples(name: str) -> list[str]:
    """Return the blocks of a page."""
    return [block.removeprefix("\n") for block in page(name).split("```")[1::2]]


def page(name: str) -> str:
    """Return the text of a page."""
    return (SCHEMAS / name).read_text("utf-8")


def test_page_of_cosignatures_shows_one_that_verifies() -> None:
    line, signed, key = examples("cosignature.v1.md")
    assert key == vkey(W1) + "\n"
    (found,) = parse_cosignatures(line.encode())
    text = head(leaves(8)).text()
    opened = Cosignature.open(Note(text, (found,)), cosigner(W1))
    assert opened is not None
    assert message(opened.time, text).decode() == signed


def test_page_of_receipts_shows_one_that_holds() -> None:
    (example,) = examples("tlog-proof.v1.md")
    proof = Proof.parse(example.encode())
    proof.verify(leaves(8)[5])
    assert proof.note == cosigned(leaves(8), W1)
    assert f"{PROOF_MAX:,} bytes" in page("tlog-proof.v1.md")


def test_page_of_requests_shows_one_that_is_cosigned() -> None:
    (example,) = examples("witness.v1.md")
    request = Request.parse(example.encode())
    before = Seen(head(leaves(5)), head(leaves(5)).sign(LOG), 0)
    assert isinstance(decide(request, before, (LOG.verifier,), 1), Seen)
    assert f"{REQUEST_MAX:,} bytes" in page("witness.v1.md")


def test_page_of_forks_shows_one_that_is_proved() -> None:
    (example,) = examples("fork-proof.v1.md")
    fork = Fork.open(example.encode(), (LOG.verifier,))
    assert (fork.first.checkpoint.size, fork.second.checkpoint.size) == (5, 8)
    assert f"{FORK_MAX:,} bytes" in page("fork-proof.v1.md")


def test_page_of_the_witness_state_names_its_format() -> None:
    assert f"`{FORMAT}`" in page("witness-state.v1.md")
