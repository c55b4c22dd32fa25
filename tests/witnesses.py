"""Logs, witnesses and policies for tests: fixed keys, leaves of any number."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.checkpoint import Checkpoint, Note
from ledger.cosignature import cosign, cosigner
from ledger.keys import FileSigner, VerifierKey
from ledger.merkle import EMPTY_ROOT, leaf_hash, root_of
from ledger.witness import Request, request_of

LOG = FileSigner.from_seed("ledger.example/lab", bytes(range(32)))
NEW_KEY = FileSigner.from_seed("ledger.example/lab", bytes(range(1, 33)))
W1 = FileSigner.from_seed("regulator.example/w1", bytes(range(2, 34)))
W2 = FileSigner.from_seed("regulator.example/w2", bytes(range(3, 35)))
W3 = FileSigner.from_seed("regulator.example/w3", bytes(range(4, 36)))
ANN = FileSigner.from_seed("lab.example/ann", bytes(range(5, 37)))
BEN = FileSigner.from_seed("lab.example/ben", bytes(range(6, 38)))
TIME = 1_780_000_000


def leaves(count: int, branch: str = "", since: int = 0) -> list[bytes]:
    """Return leaf hashes; from ``since`` on they are those of another branch."""
    return [leaf_hash(f"{n} {branch if n >= since else ''}".encode()) for n in range(count)]


def head(hashes: Sequence[bytes]) -> Checkpoint:
    """Return the checkpoint over leaves."""
    return Checkpoint(LOG.name, len(hashes), root_of(hashes) if hashes else EMPTY_ROOT)


def signed(hashes: Sequence[bytes], signer: FileSigner = LOG) -> bytes:
    """Return the signed note over leaves."""
    return head(hashes).sign(signer)


def cosigned(hashes: Sequence[bytes], *witnesses: FileSigner, time: int = TIME) -> bytes:
    """Return the signed note over leaves, cosigned."""
    note = Note.parse(signed(hashes))
    lines = tuple(cosign(note.text, time, witness).line() for witness in witnesses)
    return Note(note.text, note.signatures + lines).encode()


def asked(hashes: Sequence[bytes], old: int, signer: FileSigner = LOG) -> Request:
    """Return a request for a witness that cosigned ``old`` entries last."""
    return request_of(hashes, signed(hashes, signer), old)


def vkey(witness: FileSigner) -> str:
    """Return the text of a witness's key."""
    return cosigner(witness).encode()


def keys() -> tuple[VerifierKey, ...]:
    """Return the keys of the log that a witness was given."""
    return (LOG.verifier,)


def policy_text(*more: str) -> bytes:
    """Return a policy of one log and three witnesses, with these lines after them."""
    lines = [
        f"log {LOG.verifier.encode()}",
        *(f"witness w{n} {vkey(w)}" for n, w in enumerate((W1, W2, W3), 1)),
        *more,
    ]
    return "".join(line + "\n" for line in lines).encode()
