"""The state of a witness: persisted before it answers, one winner, nothing forgotten."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from witnesses import LOG, NEW_KEY, TIME, W1, W2, asked, head, leaves

from ledger.cosignature import Cosignature
from ledger.errors import ConflictError, InputError, IntegrityError, LedgerError, MissingError
from ledger.stores.witnessed import WitnessState
from ledger.witness import Refusal

TESTS = Path(__file__).resolve().parent
CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from witnesses import TIME, W1, asked, leaves
from ledger.keys import FileSigner
from ledger.stores.witnessed import WitnessState
class Killer(FileSigner):
    def sign(self, message):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def clock() -> int:
    """Return the same time always."""
    return TIME


def begun(folder: Path, *, size: int = 0) -> Path:
    """Return the state of a witness that knows the log, and cosigned so many entries."""
    path = folder / "witness.db"
    with WitnessState.create(path, W1) as state:
        assert state.admit(LOG.verifier)
        if size:
            assert isinstance(state.cosign(asked(leaves(size), 0), W1, clock), Cosignature)
    return path


def child(code: str, path: Path, *more: str) -> subprocess.Popen[str]:
    """Run code in another process; ``sys.argv[2]`` is the state."""
    arguments = [sys.executable, "-c", CHILD + code, str(TESTS), str(path), *more]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_state_follows_a_log_and_remembers_the_note(tmp_path: Path) -> None:
    path = begun(tmp_path, size=5)
    with WitnessState(path) as state:
        answer = state.cosign(asked(leaves(8), 5), W1, lambda: TIME + 9)
        assert isinstance(answer, Cosignature)
        assert (answer.time, answer.key) == (TIME + 9, state.key)
        seen = state.seen(LOG.name)
    assert seen is not None
    assert (seen.checkpoint, seen.time) == (head(leaves(8)), TIME + 9)
    assert seen.note == asked(leaves(8), 0).note.encode()
    with WitnessState(path) as state:
        assert state.seen(LOG.name) == seen


def test_state_is_never_made_twice_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = begun(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(ConflictError, match="already"):
        WitnessState.create(path, W1)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["witness.db"]


def test_state_that_is_something_else_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no witness"):
        WitnessState(tmp_path / "none.db")
    (tmp_path / "text").write_text("x" * 5000)
    with pytest.raises(InputError, match="no witness state"):
        WitnessState(tmp_path / "text")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE t (x)")
    with pytest.raises(InputError, match="no witness state"):
        WitnessState(tmp_path / "other.db")


def test_state_signs_with_its_own_key_alone(tmp_path: Path) -> None:
    with WitnessState(begun(tmp_path)) as state, pytest.raises(IntegrityError, match="key file"):
        state.cosign(asked(leaves(5), 0), W2, clock)


def test_state_admits_a_new_key_of_a_log(tmp_path: Path) -> None:
    with WitnessState(begun(tmp_path, size=5)) as state:
        request = asked(leaves(8), 5, NEW_KEY)
        answer = state.cosign(request, W1, clock)
        assert isinstance(answer, Refusal)
        assert answer.status == 403
        assert state.admit(NEW_KEY.verifier)
        assert not state.admit(NEW_KEY.verifier)
        assert isinstance(state.cosign(request, W1, clock), Cosignature)
        assert len(state.log_keys(LOG.name)) == len(state.log_keys()) == 2


def test_state_keeps_refused_conflicts_as_evidence(tmp_path: Path) -> None:
    path = begun(tmp_path, size=8)
    fork, cut = asked(leaves(8, "x", 3), 8), asked(leaves(9, "x", 3), 8)
    with WitnessState(path) as state:
        before = state.seen(LOG.name)
        for request, status in ((fork, 409), (cut, 422), (fork, 409)):
            answer = state.cosign(request, W1, clock)
            assert isinstance(answer, Refusal)
            assert answer.status == status
        # What nobody known signed is no evidence, and would fill the disk.
        assert isinstance(state.cosign(asked(leaves(9), 8, NEW_KEY), W1, clock), Refusal)
        assert state.seen(LOG.name) == before
        kept = state.refusals()
    assert [(status, body) for status, _, body in kept] == [
        (409, fork.encode()),
        (422, cut.encode()),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seen SET size = 7",
        "UPDATE seen SET root = zeroblob(32)",
        "UPDATE seen SET time = time - 1",
        "UPDATE seen SET origin = 'x'",
        "DELETE FROM seen",
        "INSERT OR REPLACE INTO seen SELECT origin, 1, root, time, note FROM seen",
        "DELETE FROM refused",
    ],
)
def test_state_never_goes_back_even_by_hand(tmp_path: Path, statement: str) -> None:
    path = begun(tmp_path, size=8)
    with WitnessState(path) as state:
        state.cosign(asked(leaves(8, "x", 3), 8), W1, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA recursive_triggers = 1")
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            raw.execute(statement)


def test_state_altered_by_its_owner_is_not_gone_on_from(tmp_path: Path) -> None:
    path = begun(tmp_path, size=8)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("DROP TRIGGER seen_only_grows")
        raw.execute("UPDATE seen SET size = 5")
    with WitnessState(path) as state, pytest.raises(IntegrityError, match="contradicts itself"):
        state.cosign(asked(leaves(9), 5), W1, clock)


def test_state_outlives_a_kill_after_the_commit(tmp_path: Path) -> None:
    path = begun(tmp_path, size=5)
    code = """
with WitnessState(Path(sys.argv[2])) as state:
    state.cosign(asked(leaves(8), 5), W1, lambda: TIME)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = child(code, path)
    out, _ = killed.communicate()
    assert (killed.returncode, out) == (-signal.SIGKILL, "")
    with WitnessState(path) as state:
        seen = state.seen(LOG.name)
        assert seen is not None
        assert seen.checkpoint.size == 8
        # The log asks again, is told the size, and gets its line.
        assert isinstance(state.cosign(asked(leaves(8), 5), W1, clock), Refusal)
        assert isinstance(state.cosign(asked(leaves(8), 8), W1, clock), Cosignature)


def test_state_killed_before_the_commit_has_signed_nothing(tmp_path: Path) -> None:
    path = begun(tmp_path, size=5)
    code = """
with WitnessState(Path(sys.argv[2])) as state:
    state.cosign(asked(leaves(8), 5), Killer(W1.name, W1.private), lambda: TIME)
"""
    killed = child(code, path)
    out, err = killed.communicate()
    assert (killed.returncode, out) == (-signal.SIGKILL, ""), err
    with WitnessState(path) as state:
        seen = state.seen(LOG.name)
        assert seen is not None
        assert seen.checkpoint.size == 5
        assert isinstance(state.cosign(asked(leaves(8), 5), W1, clock), Cosignature)


def test_state_gives_one_branch_to_eight_processes(tmp_path: Path) -> None:
    # Each shows a branch of its own: whichever is first, no cosignature of another may leave.
    path = begun(tmp_path, size=5)
    code = """
with WitnessState(Path(sys.argv[2])) as state:
    me = sys.argv[3]
    print("ready", flush=True)
    sys.stdin.readline()
    for size in range(6, 26):
        request = asked(leaves(size, me, 5), size - 1)
        answer = state.cosign(request, W1, lambda: TIME)
        print(getattr(answer, "status", "cosigned"), flush=True)
"""
    children = []
    for name in "abcdefgh":
        arguments = [sys.executable, "-c", CHILD + code, str(TESTS), str(path), name]
        children.append(
            subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for each in children:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    answers = []
    for each in children:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    for each in children:
        out, err = each.communicate()
        assert each.returncode == 0, err
        answers.append(out.split())
    winners = [answer for answer in answers if "cosigned" in answer]
    assert winners == [["cosigned"] * 20]
    with WitnessState(path) as state:
        seen = state.seen(LOG.name)
    assert seen is not None
    winner = "abcdefgh"[answers.index(winners[0])]
    assert seen.checkpoint == head(leaves(25, winner, 5))


def test_state_gives_every_size_once_to_eight_processes(tmp_path: Path) -> None:
    # All show the same log and retry from the size they are told: sizes only rise.
    path = begun(tmp_path)
    code = """
with WitnessState(Path(sys.argv[2])) as state:
    old = 0
    for size in range(1, 41):
        while True:
            if old > size:
                break
            answer = state.cosign(asked(leaves(size), old), W1, lambda: TIME)
            if getattr(answer, "status", None) is None:
                print(size, flush=True)
                old = size
                break
            assert answer.status == 409, answer
            old = answer.size
"""
    children = [child(code, path) for _ in range(8)]
    for each in children:
        out, err = each.communicate()
        assert each.returncode == 0, err
        sizes = [int(line) for line in out.split()]
        assert sizes == sorted(sizes)
    with WitnessState(path) as state:
        seen = state.seen(LOG.name)
    assert seen is not None
    assert seen.checkpoint == head(leaves(40))


def test_state_on_a_disk_that_refuses_cosigns_nothing(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    else:
        limit = "Path(sys.argv[2]).chmod(0o400)"
    path = begun(tmp_path, size=5)
    code = f"""
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with WitnessState(Path(sys.argv[2])) as state:
    {limit}
    try:
        print(state.cosign(asked(leaves(8), 5), W1, lambda: TIME))
    except Exception as error:
        print(type(error).__name__)
"""
    full = child(code, path)
    out, err = full.communicate()
    assert full.returncode == 0, err
    assert out.strip() in {"LedgerError", "IntegrityError"}
    with WitnessState(path) as state:
        seen = state.seen(LOG.name)
    assert seen is not None
    assert seen.checkpoint.size == 5


def test_state_error_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot write"):
        WitnessState.create(tmp_path / "none" / "w.db", W1)
