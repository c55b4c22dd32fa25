"""A crew: processes verify a ledger side by side, end together, and pass nothing unseen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sealed import (
    altered,
    checked,
    copied,
    one_by_one,
    varied,
)

from ledger.cli.context import Context
from ledger.cli.opening import location_of, open_evidence
from ledger.errors import IntegrityError, LedgerError
from ledger.stores.sqlite import SqliteStore
from ledger.verify import Verdict, verify
from ledger.verify.crew import PROCESSES_MAX, Crew
from ledger.verify.segment import Piece, Segment
from ledger.verify.split import verify_split

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A ledger with every kind of row."""
    return varied(tmp_path_factory.mktemp("split"))


def split(
    context: Context,
    open_again: Callable[[], SqliteStore] | None = None,
    processes: int = 2,
    size: int = 3,
) -> Verdict:
    """Verify in processes; they open the ledger, or what is said instead."""
    with open_evidence(context) as evidence:
        again = open_again or location_of(context).open
        return verify_split(evidence, again, Crew(processes), size)


def test_processes_come_to_the_same(whole: Context) -> None:
    assert split(whole) == checked(whole)
    assert split(whole, processes=1, size=2**15) == checked(whole)


def test_fault_is_named_as_the_walk_names_it(whole: Context, tmp_path: Path) -> None:
    context = copied(whole, tmp_path)
    with altered(context) as connection:
        connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq IN (5, 9)")
    with pytest.raises(IntegrityError) as told:
        split(context)
    with open_evidence(context) as evidence, pytest.raises(IntegrityError) as walked:
        verify(evidence)
    assert told.value.diagnostics() == walked.value.diagnostics()
    assert told.value.seq == 5


def test_what_a_process_alone_sees_is_a_fault_all_the_same(whole: Context, tmp_path: Path) -> None:
    other = copied(whole, tmp_path)
    with altered(other) as connection:
        connection.execute("UPDATE keys SET content = zeroblob(32) WHERE seq = 6")
    with pytest.raises(IntegrityError, match="digest of the content"):
        split(whole, location_of(other).open)


def test_an_opening_that_is_erased_meanwhile_is_left_to_the_walk(
    whole: Context, tmp_path: Path
) -> None:
    later = copied(whole, tmp_path)
    with altered(later) as connection:
        connection.execute("DELETE FROM openings WHERE seq = 0")
    assert split(whole, location_of(later).open) == checked(whole)


class Killed(SqliteStore):
    """A store in a process that is ended from outside."""

    def __enter__(self) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


class Full(SqliteStore):
    """A store in a process without memory."""

    def __enter__(self) -> Any:
        raise MemoryError


class Slow(SqliteStore):
    """A store that takes its time, and says so."""

    def __enter__(self) -> Any:
        self.path.with_name(f"begun-{os.getpid()}").touch()
        time.sleep(60)


@pytest.mark.parametrize("kind", [Killed, Full])
def test_a_process_that_ends_verifies_nothing(whole: Context, kind: type[SqliteStore]) -> None:
    with pytest.raises(LedgerError, match="was ended, or had not enough memory") as caught:
        split(whole, partial(kind, whole.ledger))
    assert caught.value.exit_code == 2
    assert "--processes 1" in caught.value.remedy


def test_an_interruption_ends_every_process_at_once(whole: Context, tmp_path: Path) -> None:
    context = copied(whole, tmp_path / "slow")
    script = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from sealed import *; from test_verify_crew import Slow, split\n"
        "from ledger.cli.interruption import Interruption\n"
        "if __name__ == '__main__':\n"
        "    path, waiting = Path(sys.argv[1]), Interruption()\n"
        "    context = Context(path, None, quiet=True, no_input=True, debug=False)\n"
        "    try: split(context, partial(Slow, path))\n"
        "    except KeyboardInterrupt: sys.exit(130)\n"
    )
    path = tmp_path / "main.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    with subprocess.Popen(
        [sys.executable, path, context.ledger],
        env=environment,
        start_new_session=True,
        stderr=subprocess.PIPE,
    ) as process:
        begun = list[Path]()
        while len(begun) < 2 and process.poll() is None:
            time.sleep(0.05)
            begun = list(context.ledger.parent.glob("begun-*"))
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
    for each in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(int(each.name.partition("-")[2]), 0)


def test_command_splits_if_it_is_told_to(whole: Context, tmp_path: Path, flopledger: Run) -> None:
    context = copied(whole, tmp_path)
    named = ("--ledger", str(context.ledger), "verify")
    alone = flopledger(*named, "--processes", "1", "-f", "json")
    several = flopledger(*named, "--processes", "2", "-f", "json")
    assert (several.code, several.out) == (0, alone.out)
    with altered(context) as connection:
        connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq = 7")
    alone, several = (flopledger(*named, "--processes", n) for n in ("1", "2"))
    assert (several.code, several.err) == (4, alone.err)
    assert flopledger(*named, "--processes", "0").code == 2
    refused = flopledger("verify", "any.zip", "--processes", "2")
    assert refused.code == 2
    assert "--processes cannot be given here" in refused.err


def test_a_small_ledger_begins_no_process(
    whole: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flopledger: Run
) -> None:
    monkeypatch.setattr(Crew, "__call__", None)
    context = copied(whole, tmp_path)
    assert flopledger("--ledger", str(context.ledger), "verify").code == 0


def test_crew_has_one_process_a_core_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, expected in ((1, 1), (3, 3), (64, PROCESSES_MAX)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=cores: set(range(n)))
        assert Crew().processes == expected
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert Crew().processes == 2
    assert Crew(12).processes == 12


def test_a_large_ledger_is_split_by_itself(
    whole: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flopledger: Run
) -> None:
    context = copied(whole, tmp_path)
    seen = list[int]()

    def check(crew: Crew, segments: Iterable[Segment]) -> Generator[Piece]:
        seen.append(crew.processes)
        return one_by_one(segments)

    monkeypatch.setattr(Crew, "__call__", check)
    monkeypatch.setattr("ledger.verify.crew.cores", lambda: 2)
    monkeypatch.setattr("ledger.verify.evidence._LARGE", 12)
    named = ("--ledger", str(context.ledger), "verify")
    assert flopledger(*named).code == 0
    assert seen == []
    monkeypatch.setattr("ledger.verify.evidence._LARGE", 11)
    assert flopledger(*named).code == 0
    assert seen == [2]
    assert flopledger(*named, "--processes", "1").code == 0
    monkeypatch.setattr("ledger.verify.crew.cores", lambda: 1)
    assert flopledger(*named).code == 0
    assert seen == [2]
