"""A crew: processes verify a ledger side by side, end together, and pass nothing unseen."""

from __future__ import annotations

import multiprocessing
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
from ledger.verify import Verdict, crew, verify
from ledger.verify.crew import PROCESSES_MAX, Crew
from ledger.verify.segment import Piece, Segment
from ledger.verify.split import verify_split

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}


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


@pytest.mark.parametrize(("first", "last"), [(1, 10), (5, 9), (10, 10)])
def test_fault_is_named_as_the_walk_names_it(
    whole: Context, tmp_path: Path, first: int, last: int
) -> None:
    """This process checks the entries 0 to 2 and 9 to 10, another one those between."""
    context = copied(whole, tmp_path)
    with altered(context) as connection:
        sql = "UPDATE entries SET hash = zeroblob(32) WHERE seq IN (?, ?)"
        connection.execute(sql, (first, last))
    with pytest.raises(IntegrityError) as told:
        split(context)
    with open_evidence(context) as evidence, pytest.raises(IntegrityError) as walked:
        verify(evidence)
    assert told.value.diagnostics() == walked.value.diagnostics()
    assert told.value.seq == first
    assert multiprocessing.active_children() == []


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


def elsewhere() -> bool:
    """Whether this is not the process that runs the tests."""
    return multiprocessing.parent_process() is not None


class Noted(SqliteStore):
    """A store that notes which process opened it, once for each time."""

    def __enter__(self) -> Any:
        with self.path.with_name(f"begun-{os.getpid()}").open("a") as file:
            file.write("x")
        return super().__enter__()


class Killed(SqliteStore):
    """A store in a process that is ended from outside."""

    def __enter__(self) -> Any:
        if elsewhere():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__enter__()


class Full(SqliteStore):
    """A store in a process without memory."""

    def __enter__(self) -> Any:
        raise MemoryError


class FullElsewhere(SqliteStore):
    """The same where only the others have none."""

    def __enter__(self) -> Any:
        if elsewhere():
            raise MemoryError
        return super().__enter__()


class Broken(SqliteStore):
    """A store that meets a mistake of ours in another process."""

    def __enter__(self) -> Any:
        if elsewhere():
            raise ZeroDivisionError
        return super().__enter__()


class Stopped(SqliteStore):
    """A store that stops every other process; then this one finds a fault."""

    def __enter__(self) -> Any:
        if elsewhere():
            self.path.with_name("begun-first").touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        while not self.path.with_name("begun-first").exists():
            time.sleep(0.02)
        raise IntegrityError("found here", seq=0)


class Slow(SqliteStore):
    """A store that takes its time, and says so."""

    def __enter__(self) -> Any:
        self.path.with_name(f"begun-{os.getpid()}").touch()
        time.sleep(60)


def begun(context: Context) -> dict[int, int]:
    """Return how many segments each process checked."""
    files = context.ledger.parent.glob("begun-*")
    return {int(path.name.partition("-")[2]): len(path.read_text()) for path in files}


@pytest.mark.parametrize("processes", [2, 3])
def test_this_process_checks_segments_too(whole: Context, tmp_path: Path, processes: int) -> None:
    context = copied(whole, tmp_path)
    verdict = split(whole, partial(Noted, context.ledger), processes, size=1)
    assert verdict == checked(whole)
    counts = begun(context)
    assert len(counts) == processes
    assert os.getpid() in counts
    assert sum(counts.values()) == 11
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(("size", "others"), [(11, 0), (6, 1), (4, 2), (1, 8)])
def test_no_more_processes_are_begun_than_there_are_segments(
    whole: Context, monkeypatch: pytest.MonkeyPatch, size: int, others: int
) -> None:
    begun = list[int]()

    def none(_: object, count: int) -> None:
        begun.append(count)

    monkeypatch.setattr("ledger.verify.crew._begin_all", none)
    assert split(whole, processes=9, size=size) == checked(whole)
    assert begun == [others]


def test_a_script_that_verifies_is_run_once(whole: Context, tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(
        "import sys; from pathlib import Path\n"
        "with Path(sys.argv[2]).open('a') as file: file.write('x')\n"
        "from sealed import *; from test_verify_crew import split\n"
        "context = Context(Path(sys.argv[1]), None, quiet=True, no_input=True, debug=False)\n"
        "assert split(context) == checked(context)\n"
    )
    command = (sys.executable, path, whole.ledger, tmp_path / "runs")
    subprocess.run(command, env=ENVIRONMENT, check=True)
    assert (tmp_path / "runs").read_text() == "x"


@pytest.mark.parametrize("kind", [Killed, Full, FullElsewhere])
def test_a_process_that_ends_verifies_nothing(whole: Context, kind: type[SqliteStore]) -> None:
    with pytest.raises(LedgerError, match="was ended, or had not enough memory") as caught:
        split(whole, partial(kind, whole.ledger))
    assert caught.value.exit_code == 2
    assert "--processes 1" in caught.value.remedy
    assert multiprocessing.active_children() == []


def test_a_mistake_of_ours_in_another_process_is_raised_here(whole: Context) -> None:
    with pytest.raises(ZeroDivisionError):
        split(whole, partial(Broken, whole.ledger))


def test_a_fault_ends_also_a_process_that_is_stopped(whole: Context, tmp_path: Path) -> None:
    context = copied(whole, tmp_path)
    with pytest.raises(IntegrityError, match="found here"):
        split(whole, partial(Stopped, context.ledger))
    assert multiprocessing.active_children() == []


def refusing(error: type[Exception]) -> Callable[..., Any]:
    """Return what raises an error, whatever it is given."""

    def refuse(*_: object) -> Any:
        raise error

    return refuse


@pytest.mark.parametrize("error", [OSError, RuntimeError, ImportError, NotImplementedError])
def test_where_no_process_can_be_begun_this_one_checks_all(
    whole: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(multiprocessing.context.SpawnProcess, "_Popen", refusing(error))
    context = copied(whole, tmp_path)
    assert split(whole, partial(Noted, context.ledger)) == checked(whole)
    assert begun(context) == {os.getpid(): 4}


@pytest.mark.parametrize("alone", ["frozen", "embedded", "daemonic"])
def test_a_process_that_may_begin_none_checks_all_by_itself(
    whole: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: str
) -> None:
    if alone == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    elif alone == "embedded":
        monkeypatch.setattr(sys, "executable", "")
    else:
        config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
        monkeypatch.setitem(config, "daemon", "yes")
    context = copied(whole, tmp_path)
    assert split(whole, partial(Noted, context.ledger)) == checked(whole)
    assert begun(context) == {os.getpid(): 4}


def test_whoever_has_enough_ends_the_processes(whole: Context) -> None:
    segments: list[Segment] = []

    def kept(given: Iterable[Segment]) -> Generator[Piece]:
        segments.extend(given)
        yield from one_by_one(segments)

    with open_evidence(whole) as evidence:
        verify_split(evidence, location_of(whole).open, kept, 1)
    pieces = Crew(3)(segments)
    assert next(pieces).start == 0
    assert len(multiprocessing.active_children()) == 2
    pieces.close()
    assert multiprocessing.active_children() == []


def test_an_interruption_ends_every_process_at_once(whole: Context, tmp_path: Path) -> None:
    context = copied(whole, tmp_path / "slow")
    script = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from sealed import *; from test_verify_crew import Slow, split\n"
        "from ledger.cli.interruption import Interruption\n"
        "if __name__ == '__main__':\n"
        "    path, waiting = Path(sys.argv[1]), Interruption()\n"
        "    context = Context(path, None, quiet=True, no_input=True, debug=False)\n"
        "    try: split(context, partial(Slow, path), processes=3)\n"
        "    except KeyboardInterrupt: sys.exit(130)\n"
    )
    path = tmp_path / "main.py"
    path.write_text(script)
    with subprocess.Popen(
        [sys.executable, path, context.ledger],
        env=ENVIRONMENT,
        start_new_session=True,
        stderr=subprocess.PIPE,
    ) as process:
        seen = list[Path]()
        while len(seen) < 3 and process.poll() is None:
            time.sleep(0.05)
            seen = list(context.ledger.parent.glob("begun-*"))
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
    for each in seen:
        with pytest.raises(ProcessLookupError):
            os.kill(int(each.name.partition("-")[2]), 0)


def test_command_splits_if_it_is_told_to(
    whole: Context, tmp_path: Path, flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify.split.SMALLEST", 2)
    context, others = copied(whole, tmp_path), list[int]()
    named = ("--ledger", str(context.ledger), "verify")
    alone = flopledger(*named, "--processes", "1", "-f", "json")
    begin_all = crew._begin_all
    monkeypatch.setattr(
        crew, "_begin_all", lambda hands, n: others.append(n) or begin_all(hands, n)
    )
    several = flopledger(*named, "--processes", "2", "-f", "json")
    assert (several.code, several.out, others) == (0, alone.out, [1])
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
