"""A proof of inclusion is a receipt: that one entry stands in a signed log.

Example::

    c2sp.org/tlog-proof@v1
    index 5
    vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=
    …

    ledger.example/demo-lab
    8
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

    — ledger.example/demo-lab LnR/KsmN052p4pDKwoNhjAB0vbsR43Qu6dr2…

An ``extra`` line may stand before the index. Nothing proves it: it is carried and shown only.
Source: C2SP tlog-proof. Specification: ``schemas/tlog-proof.v1.md``.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Self

from ledger.checkpoint import Checkpoint, Note
from ledger.errors import InputError, IntegrityError
from ledger.keys import strict_base64
from ledger.merkle import HASH_BYTES, earlier_roots, verify_inclusion

__all__ = ["PATH_MAX", "PROOF_MAX", "Proof", "parse_hashes"]

PROOF_MAX = 200_000  # bytes; a proof without extra has under 70,000
PATH_MAX = 63  # hashes; a log has fewer than 2^62 entries
_FORMAT = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_EXTRA = "extra "


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands in a signed log; nothing in it is trusted before it is checked.

    Attributes:
        index: Number of the entry.
        path: Sibling hashes of 32 bytes, from the leaf up to the root.
        checkpoint: What the note states.
        note: The signed note, verbatim.
        extra: Bytes that nothing proves, or None.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a receipt; encoding it gives the same bytes again.

        Raises:
            InputError: If it is malformed or over a limit; no signature is checked here.
        """
        if len(data) > PROOF_MAX:
            raise InputError(f"a proof of {len(data)} bytes, more than {PROOF_MAX}")
        head, found, note = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise InputError("malformed proof: text before the checkpoint is not ASCII") from error
        if lines.pop(0) != _FORMAT:
            raise InputError(f"the first line of a proof is {_FORMAT}", remedy="check the file")
        if not found:
            raise InputError("malformed proof: no empty line before the checkpoint")
        extra = None
        if lines and lines[0].startswith(_EXTRA):
            extra = strict_base64(lines.pop(0).removeprefix(_EXTRA))
        index = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if index is None:
            raise InputError("malformed proof: no index line with a plain decimal number")
        path = parse_hashes(lines, "inclusion")
        checkpoint = Checkpoint.parse(Note.parse(note).text)
        return cls(int(index[1]), path, checkpoint, note, extra)

    def encode(self) -> bytes:
        """Return the receipt in the form of C2SP tlog-proof."""
        extra = "" if self.extra is None else f"{_EXTRA}{base64.b64encode(self.extra).decode()}\n"
        hashes = "".join(base64.b64encode(digest).decode() + "\n" for digest in self.path)
        return f"{_FORMAT}\n{extra}index {self.index}\n{hashes}\n".encode() + self.note

    def verify(self, leaf: bytes) -> None:
        """Check that the entry with this hash leads to the root that the note states.

        The signatures of the note are another question: see ``Checkpoint.open`` and ``assent``.

        Args:
            leaf: Hash of the entry, 32 bytes.

        Raises:
            IntegrityError: If it does not, or the proof has the wrong length.
        """
        size = self.checkpoint.size
        if self.index >= size:
            raise IntegrityError(
                f"the proof speaks of entry {self.index}, its checkpoint covers {size}",
                seq=self.index,
            )
        verify_inclusion(leaf, self.index, size, self.path, self.checkpoint.root)

    def earlier_roots(self, leaf: bytes) -> dict[int, bytes]:
        """Return the roots of the log right before and right after this entry, by size.

        They follow from a proof that was verified: a state of the log that somebody kept can be
        compared with them.

        Args:
            leaf: Hash of the entry, 32 bytes.
        """
        before, after = earlier_roots(leaf, self.index, self.checkpoint.size, self.path)
        return {self.index: before, self.index + 1: after}

    def document(self) -> dict[str, Any]:
        """Return the proof as JSON values, hashes in hex."""
        return {
            "index": self.index,
            "size": self.checkpoint.size,
            "root": self.checkpoint.root.hex(),
            "path": [digest.hex() for digest in self.path],
            "note": self.note.decode(),
        }


def parse_hashes(lines: list[str], what: str) -> tuple[bytes, ...]:
    """Read the lines of a proof, one hash each.

    Args:
        lines: Base64 of 32 bytes each, at most 63.
        what: ``inclusion`` or ``consistency``, for messages.

    Raises:
        InputError: If there are too many, or one is no hash.
    """
    if len(lines) > PATH_MAX:
        raise InputError(f"a proof of {what} with {len(lines)} hashes, more than {PATH_MAX}")
    hashes = tuple(strict_base64(line) for line in lines)
    for number, digest in enumerate(hashes, 1):
        if len(digest) != HASH_BYTES:
            raise InputError(f"hash {number} of the proof of {what} has {len(digest)} bytes")
    return hashes
