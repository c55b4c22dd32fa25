"""Notes are the signed checkpoints of a bundle: who signed them, who cosigned, what was kept."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.bundle import Manifest, Opened
from ledger.checkpoint import Checkpoint, Note, NoteSignature
from ledger.errors import InputError, IntegrityError
from ledger.policy import Assent, Policy, assent
from ledger.verify.bundle.course import Course
from ledger.verify.bundle.prefix import REMEMBERED, Stated, other_root

__all__ = ["Notes"]

_ROOTS = 6


class Notes:
    """The checkpoints of a bundle by size; nothing is trusted before ``close``.

    Attributes:
        checkpoints: What the notes state.
        assents: Who signed each, once ``close`` has checked it.
        witnessed: Size of the newest checkpoint with a quorum; None if none is asked.
    """

    def __init__(self, opened: Opened, manifest: Manifest, policy: Policy) -> None:
        """Read the notes.

        Args:
            opened: The bundle.
            manifest: What it says of itself.
            policy: Whose keys count.

        Raises:
            IntegrityError: Naming the member that is no note of this ledger and size.
        """
        self._policy = policy
        self._data = {size: opened.read(name) for size, name in opened.names.checkpoints.items()}
        self._names = opened.names.checkpoints
        self.checkpoints = {size: self._read(size, manifest) for size in self._data}
        self.assents: dict[int, Assent] = {}
        self.witnessed: int | None = None
        newest = max(self.checkpoints, default=None)
        if newest is not None and newest != manifest.size:
            raise IntegrityError(
                f"the newest checkpoint is over {newest} entries, the manifest says "
                f"{manifest.size}",
                where="member 'manifest.json'",
            )

    def stated(self) -> Stated:
        """Return what the entries are compared with: these checkpoints, and those remembered."""
        found: dict[int, list[tuple[int, Checkpoint]]] = {
            size: [(_ROOTS, checkpoint)] for size, checkpoint in self.checkpoints.items()
        }
        for checkpoint in self._remembered():
            found.setdefault(checkpoint.size, []).append((REMEMBERED, checkpoint))
        return found

    def close(self, size: int, course: Course) -> None:
        """Close steps 6 to 9, once the entries were gone over.

        Args:
            size: Entries that were gone over.
            course: Told what came out.

        Raises:
            IntegrityError: If entries are missing or beyond, a signature fails, the quorum is
                short, or the ledger is behind a checkpoint that was kept.
        """
        course.step = _ROOTS
        newest = max(self.checkpoints)
        if size != newest:
            missing = f"entries {size} to {newest - 1} are missing"
            beyond = f"entries from {newest} on stand after the newest checkpoint"
            raise IntegrityError(
                missing if size < newest else beyond,
                seq=min(size, newest),
                where=f"member 'entries.jsonl', entry {min(size, newest)}",
                why="a signed checkpoint covers them" if size < newest else "nobody signed them",
            )
        course.close(_ROOTS, len(self.checkpoints), "checkpoints")
        self.check_signatures(course)
        self._check_remembered(size, course)

    def check_signatures(self, course: Course) -> None:
        """Close steps 7 and 8."""
        course.step = 7
        for size, data in self._data.items():
            try:
                found = assent(data, self._policy)
            except (InputError, IntegrityError) as error:
                raise _refusal(self._names[size], error) from error
            self.assents[size] = found
            course.unknown += [_shown(size, line) for line in found.unknown]
        unknown = sum(len(each.unknown) for each in self.assents.values())
        note = f"{unknown} signatures of unknown keys or kinds: shown, not trusted"
        course.close(7, len(self.assents), "notes", note if unknown else "")
        self._check_quorum(course)

    def compare_remembered(self, roots: Mapping[int, bytes], course: Course) -> None:
        """Close step 9 where only some states of the log are known, and say which are not.

        Args:
            roots: What receipts show of the log: roots by size.
            course: Told what came out.

        Raises:
            IntegrityError: If a checkpoint that was kept has another root.
        """
        course.step = REMEMBERED
        kept = self._remembered()
        for checkpoint in kept:
            if roots.get(checkpoint.size, checkpoint.root) != checkpoint.root:
                raise other_root(REMEMBERED, checkpoint.size)
        open_ = sorted({each.size for each in kept} - roots.keys())
        if not open_:
            self._close_remembered(kept, course)
            return
        newest = max(self.checkpoints)
        way = (
            f"ask for receipts under a checkpoint over at least {open_[-1]} entries"
            if open_[-1] > newest
            else f"ask for all entries, or for the receipt of entry {open_[-1] - 1}"
        )
        note = f"the checkpoint kept over {open_[-1]} entries cannot be compared: {way}"
        more = f"{len(open_)} that were kept cannot be compared" if len(open_) > 1 else ""
        held = len(kept) - len(open_)
        course.close(REMEMBERED, held, "checkpoints", note, more, outcome="withheld")

    def _read(self, size: int, manifest: Manifest) -> Checkpoint:
        """Read one note and compare it with its name and the manifest."""
        name = self._names[size]
        try:
            checkpoint = Checkpoint.parse(Note.parse(self._data[size]).text)
        except InputError as error:
            raise _refusal(name, error) from error
        if checkpoint.origin != manifest.origin:
            raise IntegrityError(
                f"the note speaks for {checkpoint.origin}, the manifest for {manifest.origin}",
                where=f"member {name!r}",
            )
        if checkpoint.size != size:
            raise IntegrityError(
                f"the note is over {checkpoint.size} entries, its name says {size}",
                where=f"member {name!r}",
            )
        return checkpoint

    def _check_quorum(self, course: Course) -> None:
        """Step 8: the newest checkpoint that enough witnesses cosigned, and what is after it."""
        course.step = 8
        newest = max(self.assents)
        tally = self.assents[newest].quorum
        if tally.name == "none":
            note = "the policy asks for no witness: another history could be shown to others"
            course.close(8, 0, "cosignatures", note, outcome="not_asked")
            return
        held = [size for size, each in self.assents.items() if each.quorum.holds]
        count = sum(len(each.cosigned) for each in self.assents.values())
        if not held:
            self.assents[newest].require_quorum()
        self.witnessed = max(held)
        if self.witnessed == newest:
            course.close(8, count, "cosignatures", f"{tally.wanting}")
            return
        last = newest - 1
        few = f"entry {last} stands" if self.witnessed == last else ""
        many = f"entries {self.witnessed} to {last} stand"
        note = f"unwitnessed: {few or many} after the newest checkpoint that the quorum cosigned"
        course.close(8, count, "cosignatures", note, outcome="finding")

    def _remembered(self) -> tuple[Checkpoint, ...]:
        """Return the checkpoints of this ledger that were kept from earlier."""
        origins = {checkpoint.origin for checkpoint in self.checkpoints.values()}
        kept = (checkpoint for _, checkpoint in self._policy.remembered or ())
        return tuple(each for each in kept if each.origin in origins)

    def _check_remembered(self, size: int, course: Course) -> None:
        """Step 9: nothing that was kept is beyond the end; roots were compared on the way."""
        course.step = REMEMBERED
        kept = self._remembered()
        for checkpoint in kept:
            if checkpoint.size > size:
                raise IntegrityError(
                    f"a checkpoint over {checkpoint.size} entries was kept from earlier, the "
                    f"bundle ends at {size}",
                    where=f"remembered checkpoint {checkpoint.size}",
                    why="a ledger never shrinks: its end was cut, or this is an older copy",
                    remedy="ask for a bundle over at least as many entries",
                )
        self._close_remembered(kept, course)

    def _close_remembered(self, kept: tuple[Checkpoint, ...], course: Course) -> None:
        """Close step 9, once all that was kept was compared."""
        if not kept:
            note = "the policy keeps no checkpoint of this ledger: nothing earlier to compare"
            course.close(REMEMBERED, 0, "checkpoints", note, outcome="not_asked")
        else:
            course.close(REMEMBERED, len(kept), "checkpoints")


def _shown(size: int, line: NoteSignature) -> str:
    """Return a signature of an unknown key for people."""
    return f"checkpoint {size}: {line.name}+{line.key_id.hex()}"


def _refusal(name: str, error: InputError | IntegrityError) -> IntegrityError:
    """Return the error for one note."""
    return IntegrityError(
        error.message,
        where=f"member {name!r}",
        why=error.why or "a checkpoint that nobody known signed proves nothing",
        remedy=error.remedy or "keep the file as evidence",
    )
