"""Live capture: it counts exactly, writes from a thread, and never reaches into a training."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.capture import Capture, capture
from ledger.capture.rank import rank_of
from ledger.capture.session import WITHIN
from ledger.capture.statement import state
from ledger.capture.tally import PENDING_MAX, Tally
from ledger.importers.spool_session import SpoolSession, read_session
from ledger.spool import parse_line

RUN = {
    "run": "falcon-2-a",
    "model": "falcon-2",
    "activity": "pretrain",
    "device": "nvidia-h100-sxm5",
    "devices": 8,
    "precision": "bf16",
}


@pytest.fixture(autouse=True)
def _outside_of_any_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "RANK",
        "SLURM_PROCID",
        "OMPI_COMM_WORLD_RANK",
        "PMI_RANK",
        "SLURM_JOB_ID",
        WITHIN,
    ):
        monkeypatch.delenv(name, raising=False)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def session(path: Path) -> SpoolSession:
    with path.open("rb") as stream:
        return read_session(line.rstrip(b"\n") for line in stream)


def only(folder: Path) -> SpoolSession:
    (path,) = files(folder)
    return session(path)


def last(path: Path) -> dict[str, Any]:
    return parse_line(path.read_bytes().splitlines()[-1])


def test_capture_counts_exactly_and_says_how_it_ended(tmp_path: Path) -> None:
    with capture(**RUN, spool=tmp_path) as c:
        for _ in range(1000):
            c.add(tokens=4096, operations=10**25, steps=1)
    found = only(tmp_path)
    assert found.ended is not None
    assert (found.ended["outcome"], found.ended["tokens"]) == ("done", "4096000")
    assert (found.ended["operations"], found.ended["steps"]) == (str(10**28), "1000")
    assert (found.head["milli_devices"], found.head["by"], found.faults) == (8000, "context", ())
    assert WITHIN not in os.environ


def test_capture_lets_the_error_of_a_training_through(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), capture(**RUN, spool=tmp_path):
        _ = 1 // 0
    ended = only(tmp_path).ended
    assert ended is not None
    assert (ended["outcome"], ended["status"]) == ("failed", "ZeroDivisionError")


def test_decorator_makes_a_session_of_each_call(tmp_path: Path) -> None:
    @capture(**RUN, spool=tmp_path)
    def train(a: int, *, b: int) -> int:
        """Trains."""
        return a + b

    assert (train(1, b=2), train(3, b=4)) == (3, 7)
    assert (train.__name__, train.__doc__) == ("train", "Trains.")
    assert len({session(path).head["session"] for path in files(tmp_path)}) == 2


def test_activities_are_told_apart_without_waiting_for_a_beat(tmp_path: Path) -> None:
    with capture(**RUN, spool=tmp_path, every=3600) as c:
        c.add(operations=1)
        time.sleep(0.02)
        with c.activity("eval"):
            c.add(operations=10)
            time.sleep(0.02)
        c.add(operations=100)
        time.sleep(0.02)
    found = only(tmp_path)
    assert found.ended is not None
    legs = [(leg.activity, leg.counts[2]) for leg in found.legs]
    assert legs == [("pretrain", 1), ("eval", 10), ("pretrain", 100)]


def test_changes_are_written_once_and_threads_add_exactly(tmp_path: Path) -> None:
    with capture(**RUN, spool=tmp_path, every=0.01) as c:

        def train() -> None:
            for _ in range(3000):
                c.add(tokens=3, operations=7)

        threads = [threading.Thread(target=train) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            with c.activity("eval"):
                time.sleep(0.02)
            time.sleep(0.02)
        for thread in threads:
            thread.join()
    found = only(tmp_path)
    assert found.ended is not None
    assert (found.ended["tokens"], found.ended["operations"]) == ("36000", "84000")
    assert [leg.activity for leg in found.legs].count("eval") == 5


def test_too_many_changes_leave_the_time_between_unknown() -> None:
    tally = Tally("pretrain", lambda: (0, 0))
    for number in range(PENDING_MAX + 5):
        tally.change(("eval", "pretrain")[number % 2])
    changes, now = tally.take()
    assert (len(changes), now.activity) == (PENDING_MAX, "unknown")
    tally.drop(len(changes))
    tally.change("startup")
    assert [m.activity for m in tally.take()[0]] == ["unknown"]
    tally.change("eval")
    assert [m.activity for m in tally.take()[0]] == ["unknown", "startup"]


class Whole:
    """An integer of another library."""

    def __index__(self) -> int:
        return 5


@pytest.mark.parametrize("bad", [1.5, 2.0, -1, "3", True, 10**30, object(), float("nan")])
def test_count_that_is_not_whole_is_in_no_total_and_stays_visible(
    tmp_path: Path, bad: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with capture(**RUN, spool=tmp_path) as c:
        c.add(tokens=bad, operations=7)
        c.add(tokens=Whole())
        c.add(tokens=bad)
    (path,) = files(tmp_path)
    end = last(path)
    assert (end["tokens"], end["operations"], end["refused"]) == ("5", "7", 2)
    assert capsys.readouterr().err.count("in no total") == 1
    assert any(leg.open for leg in session(path).legs)


@pytest.mark.parametrize(
    ("variables", "rank"),
    [
        ({}, None),
        ({"RANK": "0"}, 0),
        ({"RANK": "3", "SLURM_PROCID": "0"}, 3),
        ({"RANK": "0", "SLURM_PROCID": "3"}, 0),
        ({"SLURM_PROCID": "5"}, 5),
        ({"OMPI_COMM_WORLD_RANK": "2"}, 2),
        ({"RANK": "x", "SLURM_PROCID": "4"}, 4),
        ({"LOCAL_RANK": "1"}, 1),
        ({"RANK": "-1"}, None),
        ({"RANK": "٣"}, None),
    ],
)
def test_rank_is_what_the_launcher_says(variables: dict[str, str], rank: int | None) -> None:
    assert rank_of(variables) == rank


def test_one_of_many_ranks_writes(tmp_path: Path) -> None:
    for rank in range(8):
        with capture(**RUN, spool=tmp_path, environment={"RANK": str(rank)}) as c:
            c.add(operations=10)
    assert [session(path).head["rank"] for path in files(tmp_path)] == [0]
    for rank in range(3):
        with capture(**RUN, spool=tmp_path / "each", rank=rank, ranks="each") as c:
            c.add(operations=10)
    ranks = {session(path).head["rank"] for path in files(tmp_path / "each")}
    assert ranks == {0, 1, 2}  # the importer lets only 0 add


def test_capture_within_another_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with capture(**RUN, spool=tmp_path) as outer:
        assert outer.session is not None
        with capture(**RUN, spool=tmp_path / "in"):
            pass
        with capture(**RUN, spool=tmp_path / "apart", apart=True):
            pass
        assert os.environ[WITHIN] == outer.session.id
        assert only(tmp_path / "in").head["within"] == outer.session.id
        assert only(tmp_path / "apart").head["within"] is None
    assert capsys.readouterr().err.count("within another") == 1
    assert WITHIN not in os.environ


def test_what_cannot_be_taken_is_a_doubt_and_never_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loud:
        def __repr__(self) -> str:
            raise RuntimeError

    bad: dict[str, Any] = {
        "activity": "pretrian",
        "devices": 8.0,
        "model": "a\nb",
        "developer": Loud(),
        "precision": "bfloat16",
        "colour": 3,
        "every": "soon",
    }
    with capture(**bad, spool=tmp_path) as c:
        c.add(steps=1)
    head = only(tmp_path).head
    assert (head["activity"], head["milli_devices"], head["model"]) == ("unknown", None, "ab")
    assert (head["precision"], head["developer"]) == ("unknown", None)
    assert head["run"] == f"capture-{head['session'][:12]}"
    assert len(head["doubts"]) == 6
    assert capsys.readouterr().err.count("flopledger: ") == 6
    assert state({}, "0" * 32).doubts == ()


REFUSED = dict.fromkeys(["/dev/null/no", "/proc/no", "bad\0name"], "")
TEXTS = {7: "7", b"x": "b'x'"}  # what is no path is taken by its text


@pytest.mark.parametrize(("spool", "left"), [*REFUSED.items(), *TEXTS.items()])
def test_spool_that_cannot_be_written_stops_nothing(
    tmp_path: Path, spool: object, left: str, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with capture(**RUN, spool=spool, textfile="/dev/null/no/x.prom") as c:
        c.add(tokens=1)
        with c.activity("eval"):
            c.add(tokens=1)
    said = capfd.readouterr().err
    assert said.count("the spool cannot be written, the training goes on") == (not left)
    assert said.count("the textfile /dev/null/no/x.prom cannot be written") == 1
    assert "".join(path.name for path in tmp_path.iterdir()) == left
    assert not left or only(tmp_path / left).head["run"] == RUN["run"]


class Disk:
    """A disk that is full for some writes; it takes half of what is given first."""

    def __init__(self, full: Callable[[int], bool]) -> None:
        self.full = full
        self.calls = 0

    def __call__(self, descriptor: int, data: bytes) -> int:
        self.calls += 1
        if not self.full(self.calls):
            return os.write(descriptor, data)
        if len(data) > 20:
            return os.write(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")


def test_full_disk_loses_lines_and_no_amount(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = Disk(lambda call: 3 <= call <= 30)
    with capture(**RUN, spool=tmp_path, every=0.01, write=disk) as c:
        for _ in range(5000):
            c.add(operations=5)
            if c.session is not None and disk.calls > 40:
                break
            time.sleep(0.005)
        c.add(operations=10**9)
    assert disk.calls > 31
    found = only(tmp_path)
    assert found.ended is not None
    assert int(found.ended["operations"]) == sum(leg.counts[2] or 0 for leg in found.legs)
    assert int(found.ended["operations"]) > 10**9
    assert found.lost > 0
    assert not any(leg.open for leg in found.legs)
    assert "No space left" in capsys.readouterr().err


def test_disk_that_stays_full_leaves_the_tail_unknown(tmp_path: Path) -> None:
    with capture(**RUN, spool=tmp_path, every=0.01, write=Disk(lambda call: call > 2)) as c:
        c.add(operations=5)
        time.sleep(0.05)
    assert only(tmp_path).ended is None


def test_finish_does_not_wait_for_a_disk_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ledger.capture.session.FINISH_MS", 50)
    monkeypatch.setattr("ledger.capture.session.START_MS", 50)
    wake = threading.Event()

    def hang(descriptor: int, data: bytes) -> int:
        wake.wait(10)
        return os.write(descriptor, data)

    begun = time.monotonic()
    with capture(**RUN, spool=tmp_path, write=hang) as c:
        c.add(operations=1)
    wake.set()
    assert time.monotonic() - begun < 5
    assert "does not answer" in capsys.readouterr().err


def test_child_of_a_fork_writes_nothing(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, threading\n"
        "from ledger.capture import capture\n"
        f"with capture(run='r', model='m', spool={str(tmp_path)!r}, every=0.01) as c:\n"
        "    lock, held, free = c.session.tally._lock, threading.Event(), threading.Event()\n"
        "    def hold():\n"
        "        with lock: held.set(); free.wait(20)\n"
        "    threading.Thread(target=hold).start(); held.wait(20)\n"
        "    pid = os.fork()\n"  # another thread holds the lock, and is not in the child
        "    if pid: free.set()\n"
        "    else: signal.alarm(15)\n"
        "    c.add(tokens=1)\n"
        "    if pid == 0:\n"
        "        sys.exit(0)\n"  # leaves the block and the interpreter as a worker may
        "    assert os.waitpid(pid, 0)[1] == 0\n"
        "    c.add(tokens=10)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=30, capture_output=True)
    assert done.stderr == b""
    (path,) = files(tmp_path)
    assert (last(path)["t"], last(path)["tokens"]) == ("end", "11")


def test_interpreter_that_leaves_says_so(tmp_path: Path) -> None:
    code = (
        "from ledger.capture import capture; import sys\n"
        f"c = capture(run='r', model='m', spool={str(tmp_path)!r}).start()\n"
        "c.add(tokens=3)\n"
        "heavy = 'pydantic polars click msgspec cryptography yaml sqlmodel rich'.split()\n"
        "print([m for m in heavy if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=30, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
    (path,) = files(tmp_path)
    assert (last(path)["outcome"], last(path)["tokens"]) == ("left", "3")


def test_textfile_is_replaced_whole_and_leaves_out_what_is_not_known(tmp_path: Path) -> None:
    target = tmp_path / "x.prom"
    given = {**RUN, "run": 'a"b\\c'}
    with capture(**given, spool=tmp_path, textfile=target) as c:
        for _ in range(1000):
            if target.exists():
                break
            time.sleep(0.01)
        assert "} 1\n" in target.read_text()
        c.add(tokens=2**60)
    text = target.read_text()
    assert text.endswith("# EOF\n")
    labels = 'run="a\\"b\\\\c",model="falcon-2"'
    assert f"flopledger_capture_tokens_total{{{labels}" in text
    assert f"}} {2**60}\n" in text
    assert "operations" not in text
    assert "flopledger_capture_up{" in text
    assert list(tmp_path.glob(".*")) == []


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Capture]:
    with capture(**RUN, spool=tmp_path) as c:
        yield c


def test_capture_is_started_once(started: Capture, tmp_path: Path) -> None:
    started.start()
    assert len(files(tmp_path)) == 1
    started.stop()
    started.stop()
    started.add(tokens=1)
    assert started.change("eval") is None
    assert only(tmp_path).ended is not None
