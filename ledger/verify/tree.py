"""The tree of a log is compared with every signed checkpoint while the leaves go by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ledger.checkpoint import Checkpoint, Note
from ledger.custody import Custody, KeyEvent
from ledger.entry import Entry
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
_SIGNATURE_LINE_BYTES = 92 + 1  # the same, whole


class Tree:
    """Folds leaf hashes and compares the root at each checkpoint (steps 3 and 12)."""

    def __init__(self, notes: Iterable[bytes], key: VerifierKey) -> None:
        """Begin with an empty tree.

        Args:
            notes: Records of the checkpoint file, the last perhaps torn.
            key: The key that signs from the start.
        """
        self._key = key
        self._custody = Custody.of(key)
        self._signers: tuple[VerifierKey, ...] = ()
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

    def hand_over(self, entry: Entry) -> None:
        """Follow a ``key`` entry, before its leaf is taken.

        Raises:
            IntegrityError: If the entry speaks of a key that cannot be meant.
        """
        event = KeyEvent.of(entry)
        if event is not None:
            self._custody = self._custody.after(event)

    def take(self, leaf: bytes) -> None:
        """Add one leaf hash, and compare the root if a checkpoint stands here."""
        self._buffer.append(leaf)
        self._size += 1
        if self._next is not None and self._next[1].size == self._size:
            self._compare()
        elif len(self._buffer) >= BUFFER_MAX:
            self._fold()

    @property
    def size(self) -> int:
        """How many leaves were taken."""
        return self._size

    @property
    def awaited(self) -> int | None:
        """Size of the next checkpoint, which is larger than the tree; None if there is none."""
        return None if self._next is None else self._next[1].size

    def join(self, leaves: CompactRange) -> None:
        """Add leaves that are folded already, and compare the root if a checkpoint stands there.

        Args:
            leaves: They follow on those taken so far, and end before or at the next checkpoint.
        """
        self._fold()
        self._range = self._range.merge(leaves)
        self._size = leaves.stop
        if self._next is not None and self._next[1].size == self._size:
            self._compare()

    def covered(self) -> CompactRange:
        """Return the range over the leaves taken so far."""
        self._fold()
        return self._range

    def finish(self) -> tuple[CompactRange, int, tuple[Check, Check]]:
        """Return the whole range, the signed size, and steps 3 and 12.

        Raises:
            IntegrityError: If signed entries are missing, the newest checkpoint is signed by
                nobody who is believed, or the torn tail is no torn note.
        """
        if self._next is not None:
            raise self._missing(*self._next)
        self._fold()
        if self._torn:
            self._check_torn()
        if not self.signers:
            raise IntegrityError(
                f"the newest checkpoint, over {self._signed_size} entries, is signed only by a "
                "revoked key",
                where=f"checkpoint {self._signed_size}",
                why="whoever has that key could have signed anything",
                remedy="append with the key that took over; its checkpoint covers all before it",
            )
        torn = f"{len(self._torn)} bytes of an interrupted write left out" if self._torn else ""
        unsigned = self._size - self._signed_size
        tail = f"{unsigned} entries after the newest checkpoint are unsigned" if unsigned else ""
        return (
            self._range,
            self._signed_size,
            (
                Check(3, "signatures", self._count, "; ".join(filter(None, (torn, self._kept())))),
                Check(12, "roots", self._count, tail),
            ),
        )

    @property
    def signers(self) -> tuple[VerifierKey, ...]:
        """The keys under the newest checkpoint that are believed, by all that the entries say."""
        held = {stretch.key: stretch for stretch in self._custody.stretches}
        return tuple(key for key in self._signers if held[key].believed(self._signed_size))

    @property
    def custody(self) -> Custody:
        """Which keys signed, by all that the entries say so far."""
        return self._custody

    def _kept(self) -> str:
        """Return which keys signed, where there is more than one."""
        joints = ", ".join(map(str, self._custody.joints))
        told = f"{len(self._custody.keys)} keys, handed over at {joints}" if joints else ""
        revoked = [
            f"{stretch.key.encode()} {stretch.revoked.reason} from size {stretch.revoked.from_size}"
            for stretch in self._custody.stretches
            if stretch.revoked is not None
        ]
        return "; ".join((told, *revoked))

    def _missing(self, note: Note, checkpoint: Checkpoint) -> IntegrityError:
        """Return the error for entries that a checkpoint covers and nobody has."""
        if not any(row.name == self._key.name for row in note.signatures):
            return self._unsigned("it is not signed under the name of the ledger")
        return IntegrityError(
            f"entries {self._size} to {checkpoint.size - 1} are missing",
            seq=self._size,
            where=f"entry {self._size}, checkpoint {checkpoint.size}",
            why="a signed checkpoint covers them",
            remedy="the database was cut or replaced by an older copy: put the newest back",
        )

    def _unsigned(self, message: str) -> IntegrityError:
        """Return the error for a note that proves nothing."""
        return IntegrityError(
            f"note {self._count} of the checkpoint file: {message}",
            where=f"checkpoint file, note {self._count}",
            why="a checkpoint that nobody signed proves nothing",
            remedy="keep the file as evidence",
        )

    def _fold(self) -> None:
        """Fold the leaves held into the range."""
        self._range = self._range.extend(self._buffer)
        self._buffer.clear()

    def _compare(self) -> None:
        """Compare the root with every checkpoint of this size."""
        self._fold()
        while self._next is not None and self._next[1].size <= self._size:
            note, checkpoint = self._next
            if checkpoint.size < self._size:
                raise IntegrityError(
                    f"checkpoint {checkpoint.size} follows checkpoint {self._signed_size}",
                    where=f"checkpoint file, note {self._count}",
                    why="a log only grows",
                )
            self._judge(note, checkpoint.size)
            if checkpoint.root != self._range.root():
                raise IntegrityError(
                    f"the first {self._size} entries have another root than was signed",
                    where=f"checkpoint {self._size}",
                    why=f"an entry from {self._signed_size} on is not the one that was signed",
                    remedy="keep both files as evidence; compare with a copy made elsewhere",
                )
            self._signed_size = self._size
            self._next = next(self._checkpoints, None)

    def _judge(self, note: Note, size: int) -> None:
        """Check who signed a checkpoint, once the entries that it covers said who may."""
        passed = [joint for joint in self._custody.joints if self._signed_size < joint < size]
        if passed:
            raise self._unsigned(f"no checkpoint of size {passed[0]} hands the ledger over")
        try:
            self._signers = self._custody.judge(note, size)
        except IntegrityError as error:
            raise self._unsigned(error.message) from error

    def _open(self, notes: Iterable[bytes]) -> Iterator[tuple[Note, Checkpoint]]:
        """Yield notes and what they state, not yet who signed; keep the torn tail."""
        for record in notes:
            if not record.endswith(_END) or record.count(_END) < _ENDS:
                self._torn = record
                return
            self._count += 1
            try:
                note = Note.parse(record[:-1])
                checkpoint = Checkpoint.parse(note.text)
            except InputError as error:
                raise self._unsigned(error.message) from error
            if checkpoint.origin != self._key.name:
                raise self._unsigned(
                    f"the checkpoint speaks for {checkpoint.origin}, the key for {self._key.name}"
                )
            yield note, checkpoint

    def _check_torn(self) -> None:
        """Refuse bytes at the end of the file that no interrupted write leaves."""
        text = Checkpoint(self._key.name, self._size, self._range.root()).text()
        line = f"\N{EM DASH} {self._key.name} "
        start = f"{text}\n{line}".encode()
        torn = self._torn.rstrip(b"\0")
        if self._size in self._custody.joints:
            # Of two signature lines the first may be whole.
            second = torn.removeprefix(start)[_SIGNATURE_LINE_BYTES:]
            if second and line.encode().startswith(second[: len(line.encode())]):
                torn = start + second.removeprefix(line.encode())
                torn = start if len(second) < len(line.encode()) else torn
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

    @property
    def awaited(self) -> int | None:
        """Size of the next row, which is larger than the last one taken; None if there is none."""
        return None if self._next is None else self._next[0]

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
