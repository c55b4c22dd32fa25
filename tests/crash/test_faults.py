"""A fault at every write of every command that writes: nothing half done, nothing claimed, and
the same command again completes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from attested import ANNA
from attested import ORIGIN as ORIGIN_
from bundled import WITNESS, WITNESSED_AT
from faults import MODES, Point, is_derived, points
from faults import told as run_heart
from faulty import begun, context, inside, lines, size_of, told
from hearts import attest_all
from recorded import about, work
from sealed import entries

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.opening import open_log
from ledger.cosignature import cosign, cosigner
from ledger.errors import ConflictError
from ledger.keys import FileSigner
from ledger.stores.cosignatures import CosignaturesFile
from ledger.stores.keyfiles import write_signer
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore
from ledger.stores.witnessed import WitnessState

W1 = FileSigner.from_seed("regulator.example/w1", bytes(range(2, 34)))
LIED = "reported as done although the disk had refused"


@dataclass(frozen=True)
class Case:
    """A command that writes.

    Attributes:
        build: Fills the folder in which it begins, and returns its arguments.
        left: Judges what a fault left; raises if that is half of anything.
        done: Whether what it does is done.
        again: What completes it, where that is not the same command.
        stride: How many of the points the quick test passes over, for what is slow to judge.
    """

    build: Callable[[Path], Sequence[str]]
    left: Callable[[Path], object]
    done: Callable[[Path], bool]
    again: Callable[[Path], object] | None = None
    stride: int = 1


def whole_or_nothing(*sizes: int) -> Callable[[Path], object]:
    """Return what takes a ledger of one of these sizes, all signed or none of the new."""

    def left(folder: Path) -> None:
        size, signed = size_of(folder)
        assert size in sizes
        assert signed in {sizes[0], size}

    return left


def grown(size: int) -> Callable[[Path], bool]:
    return lambda folder: size_of(folder) == (size, size)


def to_append(folder: Path) -> Sequence[str]:
    begun(folder)
    return ("@append",)


def to_record(folder: Path) -> Sequence[str]:
    begun(folder)
    facts = about("model:alpha", placed_on_market_on=date(2026, 8, 1))
    name = lines(folder, "more.jsonl", work("alpha", 10**22, "2026-02-01"), *facts)
    return "record", name


def to_found(folder: Path) -> Sequence[str]:
    del folder
    return "init", "--origin", ORIGIN_


def founded(folder: Path) -> bool:
    """Return whether a ledger is there; one that is must be whole."""
    there = (folder / "ledger.db").exists()
    assert not there or size_of(folder) == (0, 0)
    return there


def found_again(folder: Path) -> None:
    """Found a ledger as a person does who was told which files are in the way."""
    if not (folder / "ledger.db").exists():
        for path in folder.glob("ledger.db*"):
            path.unlink()
        told(folder, "init", "--origin", ORIGIN_)


def to_add_cosignature(folder: Path) -> Sequence[str]:
    begun(folder)
    note = NotesFile(folder / "ledger.db.checkpoints").tail().note
    assert note is not None
    line = cosign(Note.parse(note).text, WITNESSED_AT, W1).line()
    (folder / "answer").write_bytes(line.encode().encode())
    return "checkpoint", "add", "answer", "--vkey", cosigner(W1).encode()


def cosigned_lines(folder: Path) -> int:
    size_of(folder)
    kept = CosignaturesFile(folder / "ledger.db.cosignatures").notes()
    return sum(len(note.signatures) for note in kept)


def to_attest(folder: Path) -> Sequence[str]:
    begun(folder)
    write_signer(folder / "anna.pem", ANNA)
    drafted = "--period", "2026-01-01..2027-01-01", "--claim", "every-run-recorded"
    told(folder, "attest", "draft", *drafted, "-o", "statement.json")
    told(folder, "attest", "sign", "statement.json", "--key", "anna.pem", "-o", "signed.json")
    return ("@attest",)


def to_attest_whole(folder: Path) -> Sequence[str]:
    to_attest(folder)
    return "attest", "add", "signed.json", "--vkey", ANNA.verifier.encode()


def attest_again(folder: Path) -> None:
    """Record the envelope again; where only its signature was missing, it is signed now."""
    with inside(folder), suppress(ConflictError):
        attest_all()


def to_restate(folder: Path) -> Sequence[str]:
    begun(folder)
    write_signer(folder / "anna.pem", ANNA)
    right = lines(folder, "right.jsonl", work("alpha", 8 * 10**24, "2026-01-01"))
    why = "--reason", "wrong_device", "--propose", "fix.json"
    told(folder, "restate", "0", "--with", right, *why)
    told(folder, "approve", "fix.json", "--key", "anna.pem", "-o", "yes.json")
    return RESTATE


RESTATE = (
    *("restate", "--proposal", "fix.json"),
    *("--approval", "yes.json", "--approver", ANNA.verifier.encode()),
)


def restate_again(folder: Path) -> None:
    """Restate again; where only its signature was missing, it is signed now and told as done."""
    size, _ = size_of(folder)
    with inside(folder):
        assert run_heart(["--quiet", *RESTATE]) == (2 if size == 5 else 0)


def to_bundle(name: str) -> Callable[[Path], Sequence[str]]:
    """Return what prepares a bundle; that of another name is what it must become."""

    def build(folder: Path) -> Sequence[str]:
        begun(folder)
        told(folder, "bundle", name.replace("out", "right"))
        return "bundle", name

    return build


def bundled(name: str) -> Callable[[Path], bool]:
    """Return whether a bundle is there; one that is must be whole."""

    def done(folder: Path) -> bool:
        out, right = folder / name, folder / name.replace("out", "right")
        if not out.exists():
            return False
        assert content(out) == content(right)
        return True

    return done


def content(path: Path) -> dict[str, bytes]:
    """Return the bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return {str(each.relative_to(path)): each.read_bytes() for each in files}


def to_cosign(folder: Path) -> Sequence[str]:
    begun(folder)
    with SqliteStore(folder / "ledger.db") as store:
        key = store.vkey()
    told(folder, "witness", "init", "--name", "regulator.example/w1", "--log", key)
    told(folder, "checkpoint", "request", "--old", "0", "-o", "request")
    return "witness", "cosign", "request"


def _newest(folder: Path) -> bytes:
    note = NotesFile(folder / "ledger.db.checkpoints").tail().note
    assert note is not None
    return note


def seen(folder: Path) -> bool:
    """Return whether the witness knows the checkpoint; whatever it answered, it does."""
    with WitnessState(folder / "witness.db") as state:
        found = state.seen(ORIGIN_)
    answered = folder / "stdout"
    if answered.exists() and answered.read_bytes():
        assert found is not None
    assert found is None or found.checkpoint == Checkpoint.parse(Note.parse(_newest(folder)).text)
    return found is not None


def cosign_again(folder: Path) -> None:
    """Ask again from the size that the witness says it saw."""
    if told(folder, "witness", "cosign", "request", codes=(0, 4)) == 4:
        told(folder, "checkpoint", "request", "--old", "2", "-o", "request")
        told(folder, "witness", "cosign", "request")


def to_migrate(folder: Path) -> Sequence[str]:
    to_add_cosignature(folder)
    told(folder, "checkpoint", "add", "answer", "--vkey", cosigner(W1).encode())
    return ("@migrate",)


def to_migrate_whole(folder: Path) -> Sequence[str]:
    to_migrate(folder)
    return "migrate", "--to", "other.db"


def migrated(folder: Path) -> bool:
    """Return whether the copy is there, and with all that belongs to it."""
    assert size_of(folder) == (2, 2)
    if not (folder / "other.db").exists():
        return False
    assert size_of(folder, "other.db") == (2, 2)
    for name in ("checkpoints", "cosignatures", "secret"):
        assert content(folder / f"ledger.db.{name}") == content(folder / f"other.db.{name}")
    return not (folder / "ledger.db.key.pem").exists()


def migrate_again(folder: Path) -> None:
    """Migrate as a person does who was told which files are in the way."""
    retired = folder / "ledger.db.key.pem.migrated"
    if retired.exists():
        retired.rename(folder / "ledger.db.key.pem")
    for path in folder.glob("other.db*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with inside(folder):
        assert run_heart(("@migrate",)) == 0


def to_rotate(folder: Path) -> Sequence[str]:
    begun(folder)
    return "key", "rotate", "--reason", "yearly"


def rotated(folder: Path) -> bool:
    if size_of(folder) != (3, 3):
        return False
    return "rotated" in {entry.body.get("event") for entry in entries(context(folder))}


def rotate_again(folder: Path) -> None:
    """Rotate again, unless what was left says that it happened; whoever opens it completes it."""
    if not any(entry.type == "key" for entry in entries(context(folder))):
        told(folder, "key", "rotate", "--reason", "yearly")
    with inside(folder):
        open_log(context(folder)).append(())


def to_anchor(folder: Path) -> Sequence[str]:
    begun(folder)
    note = Note.parse(_newest(folder))
    line = cosign(note.text, WITNESSED_AT, WITNESS).line()
    (folder / "cosigned").write_bytes(Note(note.text, (*note.signatures, line)).encode())
    return "anchor", "add", "cosigned"


def anchor_again(folder: Path) -> None:
    """Record it again: where it is recorded already, what was unsigned is signed by now."""
    told(folder, "anchor", "add", "cosigned", codes=(0, 2))


CASES = {
    "append": Case(to_append, whole_or_nothing(2, 4), grown(4)),
    "found": Case(to_found, founded, founded, found_again, 3),
    "cosignature": Case(
        to_add_cosignature, cosigned_lines, lambda folder: cosigned_lines(folder) == 1
    ),
    "attest": Case(to_attest, whole_or_nothing(2, 3), grown(3), attest_again),
    "restate": Case(to_restate, whole_or_nothing(2, 5), grown(5), restate_again, 6),
    "bundle": Case(to_bundle("out.zip"), bundled("out.zip"), bundled("out.zip"), stride=3),
    "folder": Case(to_bundle("out"), bundled("out"), bundled("out"), stride=6),
    "witness": Case(to_cosign, seen, seen, cosign_again),
    "migrate": Case(to_migrate, migrated, migrated, migrate_again, 9),
    "rotate": Case(to_rotate, whole_or_nothing(2, 3), rotated, rotate_again, 2),
    "anchor": Case(to_anchor, whole_or_nothing(2, 3), grown(3), anchor_again, 3),
}
WHOLE = {
    **CASES,
    "record": Case(to_record, whole_or_nothing(2, 4), grown(4)),
    "attest": Case(to_attest_whole, whole_or_nothing(2, 3), grown(3)),
    "migrate": Case(to_migrate_whole, migrated, migrated, migrate_again),
}


def judged(case: Case, point: Point, command: Sequence[str]) -> None:
    """Judge what a fault left, and complete it."""
    assert "Traceback" not in point.err, point
    if point.mode == "kill":
        assert point.code == -9, point
    elif point.code == 0:
        # What is derived may fail: it is made anew when it is needed.
        assert is_derived(point), (LIED, point)
    else:
        assert point.code == 2, point
        assert point.err.startswith("error["), point
        assert not [p for p in point.folder.rglob("*") if "partial" in p.name], point
    case.left(point.folder)
    if case.again is not None:
        case.again(point.folder)
    elif not case.done(point.folder):
        with inside(point.folder):
            assert run_heart(["--quiet", *command] if command[0][0] != "@" else command) == 0
    assert case.done(point.folder), point


def every(case: Case, room: Path, modes: Sequence[str], stride: int) -> int:
    """Try a fault at the points of a command, and return at how many."""
    base, copies = room / "base", room / "points"
    base.mkdir()
    copies.mkdir()
    command = case.build(base)
    found = points(base, copies, command, modes, stride)
    for point in found:
        judged(case, point, command)
        shutil.rmtree(point.folder)
    return len(found)


@pytest.mark.parametrize("name", CASES)
def test_fault_at_a_write_leaves_all_or_nothing(name: str, tmp_path: Path) -> None:
    # Each point gets one of the three faults here; the slow test gives each all of them.
    assert every(CASES[name], tmp_path, MODES, CASES[name].stride) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_every_fault_at_every_write_leaves_all_or_nothing(name: str, tmp_path: Path) -> None:
    assert every(WHOLE[name], tmp_path, ("all",), 1) >= 9
