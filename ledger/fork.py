"""A fork is two histories that one log signed; its proof convinces whoever has the log's key.

Two checkpoints of one size with different roots are such a proof by themselves. Of different
sizes, hashes show which root the beginning of the longer log has, and it is another than the
shorter checkpoint states. Specification: ``schemas/fork-proof.v1.md``.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ledger.checkpoint import NOTE_MAX, Checkpoint, Note
from ledger.errors import InputError, IntegrityError
from ledger.inclusion import parse_hashes
from ledger.keys import VerifierKey
from ledger.merkle import prefix_proof, prefix_root, root_of, verify_consistency

__all__ = ["FORK_MAX", "Comparison", "Fork", "Signed", "compare", "compare_leaves"]

FORK_MAX = 2 * NOTE_MAX + 4096  # bytes
_FORMAT = "flopledger/fork-proof.v1"
_BLOCKS = 5  # the hashes, then text and signatures of two notes


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint that one of the log's keys signed.

    Attributes:
        checkpoint: What the note states.
        note: The signed note.
    """

    checkpoint: Checkpoint
    note: Note

    @classmethod
    def open(cls, data: bytes, keys: Sequence[VerifierKey]) -> Self:
        """Read a note and check the signatures of the log's keys.

        Raises:
            InputError: If the bytes are no checkpoint.
            IntegrityError: If none of the keys signed, or a line that claims to be theirs fails.
        """
        note = Note.parse(data)
        checkpoint = Checkpoint.parse(note.text)
        lines = {(line.name, line.key_id) for line in note.signatures}
        mine = [key for key in keys if (key.name, key.key_id) in lines]
        mine = [key for key in mine if key.name == checkpoint.origin]
        if not mine:
            raise IntegrityError(
                f"no key that was given signed the checkpoint of {checkpoint.origin} over "
                f"{checkpoint.size} entries",
                why="what the log did not sign proves nothing about it",
                remedy="give the key of this log with --vkey, or a policy with --policy",
            )
        for key in mine:
            note.verify(key)
        return cls(checkpoint, note)

    @property
    def order(self) -> tuple[int, bytes]:
        """Smaller logs first; of one size in the order of their roots."""
        return self.checkpoint.size, self.checkpoint.root


@dataclass(frozen=True, slots=True)
class Fork:
    """Two checkpoints of which no log can have both.

    Attributes:
        first: The shorter one; of one size, the one with the lower root.
        second: The other.
        path: For ``prefix_root`` from the first size to the second; empty for one size.
    """

    first: Signed
    second: Signed
    path: tuple[bytes, ...] = ()

    @classmethod
    def open(cls, data: bytes, keys: Sequence[VerifierKey]) -> Self:
        """Read a proof of a fork and check all of it.

        Args:
            data: The file.
            keys: The keys of the log, from its owner.

        Raises:
            InputError: If it is malformed.
            IntegrityError: If it does not prove a fork of a log with these keys.
        """
        if len(data) > FORK_MAX:
            raise InputError(f"a proof of a fork of {len(data)} bytes, more than {FORK_MAX}")
        blocks = data.split(b"\n\n")
        if len(blocks) != _BLOCKS:
            raise InputError("malformed proof of a fork: hashes and two notes, empty lines between")
        head = blocks[0].decode("ascii", "replace").split("\n")
        if head.pop(0) != _FORMAT:
            raise InputError(f"the first line of a proof of a fork is {_FORMAT}")
        notes = b"\n\n".join(blocks[1:3]) + b"\n", b"\n\n".join(blocks[3:])
        first, second = (Signed.open(note, keys) for note in notes)
        fork = cls(first, second, parse_hashes(head, "a fork"))
        if fork.encode() != data:
            raise InputError("the proof of a fork is not in canonical form")
        fork.verify()
        return fork

    def encode(self) -> bytes:
        """Return the proof as a file."""
        hashes = "".join(base64.b64encode(digest).decode() + "\n" for digest in self.path)
        notes = self.first.note.encode() + b"\n" + self.second.note.encode()
        return f"{_FORMAT}\n{hashes}\n".encode() + notes

    def verify(self) -> None:
        """Check that no log can have both checkpoints.

        Raises:
            IntegrityError: If one can, or the hashes do not lead to the longer one.
        """
        first, second = self.first.checkpoint, self.second.checkpoint
        if first.origin != second.origin:
            raise IntegrityError(
                f"{first.origin} and {second.origin} are two logs",
                why="two logs differ without any fault",
            )
        if self.first.order > self.second.order:
            raise IntegrityError("the checkpoints do not stand in their order, shorter one first")
        if first.size == second.size:
            root = second.root
            if self.path:
                raise IntegrityError("two checkpoints of one size need no hashes between them")
        else:
            root = prefix_root(first.size, second.size, second.root, self.path)
        if root == first.root:
            raise IntegrityError(
                f"the checkpoints over {first.size} and {second.size} entries do not contradict "
                "each other",
                why="this proves no fork",
            )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two checkpoints of one log say together.

    Attributes:
        first: The shorter one.
        second: The other.
        fork: The proof that they contradict each other, or None.
        proved: Whether the second is proved to continue the first.
        why: In words, what shows it or what is lacking.
    """

    first: Signed
    second: Signed
    fork: Fork | None
    proved: bool
    why: str


def compare(one: Signed, other: Signed, proof: Sequence[bytes] | None = None) -> Comparison:
    """Compare two checkpoints of one log, with a consistency proof where there is one.

    A proof that leads nowhere shows nothing: anybody can write one.

    Args:
        one: A checkpoint.
        other: Another.
        proof: Consistency proof in the order of RFC 6962 between their sizes, or None.

    Raises:
        InputError: If they speak of two logs.
    """
    first, second = _ordered(one, other)
    small, large = first.checkpoint, second.checkpoint
    if small.size == large.size:
        if small.root == large.root:
            return Comparison(first, second, None, proved=True, why="they state the same")
        fork = Fork(first, second)
        why = f"two different logs of {small.size} entries"
        return Comparison(first, second, fork, proved=False, why=why)
    if small.size == 0:
        return Comparison(first, second, None, proved=True, why="an empty log precedes every other")
    if proof is None:
        why = (
            f"nothing shows whether the log of {large.size} entries continues that of {small.size}"
        )
        return Comparison(first, second, None, proved=False, why=why)
    try:
        verify_consistency(small.size, small.root, large.size, large.root, proof)
    except IntegrityError as error:
        found = _forked(first, second, tuple(proof))
        why = f"the proof does not show it: {error.message}" if found is None else error.message
        return Comparison(first, second, found, proved=False, why=why)
    return Comparison(first, second, None, proved=True, why="the consistency proof holds")


def compare_leaves(one: Signed, other: Signed, leaves: Sequence[bytes]) -> Comparison:
    """Compare two checkpoints of one log with all entries of the longer one.

    Args:
        one: A checkpoint.
        other: Another.
        leaves: Leaf hashes, at least as many as the longer log has.

    Raises:
        InputError: If they speak of two logs, or there are too few leaves.
        IntegrityError: If the leaves are not those under the longer checkpoint.
    """
    first, second = _ordered(one, other)
    small, large = first.checkpoint, second.checkpoint
    if small.size in (0, large.size):
        return compare(first, second)
    if len(leaves) < large.size:
        raise InputError(f"{len(leaves)} entries, and the longer checkpoint covers {large.size}")
    covered = leaves[: large.size]
    if root_of(covered) != large.root:
        raise IntegrityError(
            f"the entries do not lead to the root over {large.size}",
            why="they are not those that the log signed",
            remedy="take the entries of the longer log: flopledger export -o FILE.jsonl",
        )
    if root_of(covered[: small.size]) == small.root:
        why = "the entries lead to both roots"
        return Comparison(first, second, None, proved=True, why=why)
    fork = Fork(first, second, tuple(prefix_proof(covered, small.size)))
    why = f"the first {small.size} of {large.size} entries are not those signed before"
    return Comparison(first, second, fork, proved=False, why=why)


def _ordered(one: Signed, other: Signed) -> tuple[Signed, Signed]:
    """Return the shorter checkpoint first."""
    names = one.checkpoint.origin, other.checkpoint.origin
    if names[0] != names[1]:
        raise InputError(
            f"the checkpoints are of two logs: {names[0]} and {names[1]}",
            remedy="compare checkpoints of one log",
        )
    first, second = sorted((one, other), key=lambda signed: signed.order)
    return first, second


def _forked(first: Signed, second: Signed, path: tuple[bytes, ...]) -> Fork | None:
    """Return the proof of a fork if the hashes are one."""
    fork = Fork(first, second, path)
    try:
        fork.verify()
    except IntegrityError:
        return None
    return fork
