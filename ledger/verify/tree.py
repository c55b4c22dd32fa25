"""The tree of a log is compared with every signed checkpoint while the leaves go by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ledger.checkpoint import Checkpoint
from ledger.errors import InputError, IntegrityError
from ledger.keys import VerifierKey
from ledger.merkle import CompactRange
from ledger.verify.evidence import Check

__all__ = ["Peaks", "Tree"]

BUFFER_MAX = 4096  # leaves held before they are folded
_END = b"\n\n"  # of the text of a note, and of a record in the checkpoint file
_ENDS = 2
# What a crash can leave of a signature line: base64 of 4 + 64 bytes, then the line's end.
_BEGUN_SIGNATURE = re.compile(r"(?:[A-Za-z0-9+/]{0,91}|[A-Za-z0-9+/]{91}=\n?)")


class Tree:
    """Folds leaf hashes and compares the root at each checkpoint (steps 3 and 12)."""

    def __init__(self, notes: Iterable[bytes], key: VerifierKey) -> None:
        """Begin with an empty tree.

        Args:
            notes: Records of the checkpoint file, the last perhaps torn.
            key: The key that every note must be signed with.
        """
        self._key = key
        self._range = CompactRange()
        self._buffer: list[bytes] = []
        self._size = 0
        self._torn = b""
        self._signed_size = 0
        self._count = 0
        self._checkpoints = self._open(notes)
        self._next = next(self._checkpoints, None)
        if self._next is None:
            raise IntegrityError(
                "the checkpoint file holds no note",
                where="checkpoint file",
                why="every ledger has a signed checkpoint from its start",
                remedy="put the file back beside the database",
            )
        self._compare()

    def take(self, leaf: bytes) -> None:
        """Add one leaf hash, and compare the root if a checkpoint stands here."""
        self._buffer.append(leaf)
        self._size += 1
        if self._next is not None and self._next.size == self._size:
            self._compare()
        elif len(self._buffer) >= BUFFER_MAX:
            self._fold()

    def covered(self) -> CompactRange:
        """Return the range over the leaves taken so far."""
        self._fold()
        return self._range

    def finish(self) -> tuple[CompactRange, int, tuple[Check, Check]]:
        """Return the whole range, the signed size, and steps 3 and 12.

        Raises:
            IntegrityError: If signed entries are missing, or the torn tail is no torn note.
        """
        if self._next is not None:
            raise IntegrityError(
                f"entries {self._size} to {self._next.size - 1} are missing",
                seq=self._size,
                where=f"entry {self._size}, checkpoint {self._next.size}",
                why="a signed checkpoint covers them",
                remedy="the database was cut or replaced by an older copy: put the newest back",
            )
        self._fold()
        if self._torn:
            self._check_torn()
        torn = f"{len(self._torn)} bytes of an interrupted write left out" if self._torn else ""
        unsigned = self._size - self._signed_size
        tail = f"{unsigned} entries after the newest checkpoint are unsigned" if unsigned else ""
        return (
            self._range,
            self._signed_size,
            (
                Check(3, "signatures", self._count, torn),
                Check(12, "roots", self._count, tail),
            ),
        )

    def _fold(self) -> None:
        """Fold the leaves held into the range."""
        self._range = self._range.extend(self._buffer)
        self._buffer.clear()

    def _compare(self) -> None:
        """Compare the root with every checkpoint of this size."""
        self._fold()
        while self._next is not None and self._next.size <= self._size:
            if self._next.size < self._size:
                raise IntegrityError(
                    f"checkpoint {self._next.size} follows checkpoint {self._signed_size}",
                    where=f"checkpoint file, note {self._count}",
                    why="a log only grows",
                )
            if self._next.root != self._range.root():
                raise IntegrityError(
                    f"the first {self._size} entries have another root than was signed",
                    where=f"checkpoint {self._size}",
                    why=f"an entry from {self._signed_size} on is not the one that was signed",
                    remedy="keep both files as evidence; compare with a copy made elsewhere",
                )
            self._signed_size = self._size
            self._next = next(self._checkpoints, None)

    def _open(self, notes: Iterable[bytes]) -> Iterator[Checkpoint]:
        """Yield the checkpoints, their signatures checked; keep the torn tail."""
        for record in notes:
            if not record.endswith(_END) or record.count(_END) < _ENDS:
                self._torn = record
                return
            try:
                checkpoint = Checkpoint.open(record[:-1], self._key)
            except (InputError, IntegrityError) as error:
                raise IntegrityError(
                    f"note {self._count + 1} of the checkpoint file: {error.message}",
                    where=f"checkpoint file, note {self._count + 1}",
                    why="a checkpoint that nobody signed proves nothing",
                    remedy="keep the file as evidence",
                ) from error
            self._count += 1
            yield checkpoint

    def _check_torn(self) -> None:
        """Refuse bytes at the end of the file that no interrupted write leaves."""
        text = Checkpoint(self._key.name, self._size, self._range.root()).text()
        start = f"{text}\n\N{EM DASH} {self._key.name} ".encode()
        torn = self._torn.rstrip(b"\0")
        rest = torn.removeprefix(start)
        begun = start.startswith(torn) or (
            rest != torn and rest.isascii() and _BEGUN_SIGNATURE.fullmatch(rest.decode())
        )
        if not begun or self._size == self._signed_size:
            raise IntegrityError(
                f"the checkpoint file ends in {len(self._torn)} bytes that are no note",
                where=f"checkpoint file, note {self._count + 1}",
                why="an interrupted write leaves the beginning of the next note, nothing else",
                remedy="keep the file as evidence",
            )


class Peaks:
    """Step 13: stored peaks are those of the entries, at every size for which there are some."""

    def __init__(self, rows: Iterable[tuple[int, str]]) -> None:
        """Begin with the first row."""
        self._rows: Iterator[tuple[int, str]] = iter(rows)
        self._next = next(self._rows, None)

    def take(self, size: int, tree: Tree) -> None:
        """Compare the rows for this size with the tree over so many leaves.

        Raises:
            IntegrityError: Naming the row.
        """
        while self._next is not None and self._next[0] <= size:
            if self._next != (size, tree.covered().encode()):
                raise _other_peaks(f"table heads, size {self._next[0]}")
            self._next = next(self._rows, None)

    def check(self, newest: str, covered: CompactRange) -> Check:
        """Return step 13.

        Args:
            newest: The peaks from which the next append would go on.
            covered: The range over all entries.

        Raises:
            IntegrityError: If they are others, or a row speaks of entries that are not there.
        """
        if self._next is not None:
            raise _other_peaks(f"table heads, size {self._next[0]}")
        if newest != covered.encode():
            raise _other_peaks("meta row peaks")
        return Check(13, "peaks", len(covered.peaks))


def _other_peaks(where: str) -> IntegrityError:
    """Return the error for peaks that do not belong to the entries."""
    return IntegrityError("the stored peaks are not those of the entries", where=where)
