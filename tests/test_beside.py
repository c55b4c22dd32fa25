"""Beside: segments that other processes build are those that this one builds, or are built here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from sealed import altered, copied, fill, found, leg

from ledger.cli.context import Context
from ledger.engines import beside, leaves
from ledger.engines.leaves import Again
from ledger.engines.means import Means
from ledger.engines.place import Place
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine
from ledger.engines.projection import Projection
from ledger.errors import InputError, LedgerError
from ledger.measure import Folded
from ledger.stores.sqlite import SqliteStore

AS_OF = date(2026, 12, 31)
ROOT = Path(__file__).resolve().parent.parent
SEGMENT, ENTRIES = 4, 34  # nine segments, the last one short
SECRET = b"s" * 32
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A ledger of some legs."""
    context = found(tmp_path_factory.mktemp("beside"))
    fill(context, [leg(number) for number in range(ENTRIES)])
    return context


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small ledgers into many segments, on a machine of two cores."""
    monkeypatch.setattr(leaves, "SEGMENT", SEGMENT)
    monkeypatch.setattr("ledger.verify.crew.cores", lambda: 2)


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """The numbers of the segments that each call of ``beside`` had other processes build."""
    seen: list[set[int]] = []
    real = beside.beside

    def watched(own: Any, other: Any, parts: Any, processes: int) -> Any:
        mine = set()

        def noted(part: Any) -> Any:
            mine.add(part)
            return own(part)

        done = real(noted, other, parts, processes)
        seen.append({start // SEGMENT for start, _ in set(done) - mine})
        return done

    monkeypatch.setattr(beside, "beside", watched)
    return seen


def fold(
    context: Context, again: Again | None = None, place: Place | None = None, **asked: Any
) -> Folded:
    """Fold with a projection that is not there, against the root that the store states."""
    with SqliteStore(context.ledger) as store, store.snapshot():
        head = store.head()
        engine = PolarsEngine(store, place, means=Means(again=again))
        given = {"size": head.size, "limit": head.size, "as_of": AS_OF, "root": head.range.root()}
        return engine.fold(**{**given, **asked})


def plainly(context: Context) -> Folded:
    """Fold with the engine that is the definition."""
    with SqliteStore(context.ledger) as store:
        head = store.head()
        root = head.range.root()
        return PlainEngine(store).fold(size=head.size, limit=head.size, as_of=AS_OF, root=root)


def again_of(context: Context, kind: type[SqliteStore] = SqliteStore) -> Again:
    """Return what opens a ledger in another process."""
    return partial(kind, context.ledger)


def test_segments_built_beside_are_those_built_alone(
    whole: Context, tmp_path: Path, helped: list[set[int]]
) -> None:
    folders = tmp_path / "alone", tmp_path / "beside"
    for folder, again in zip(folders, (None, again_of(whole)), strict=True):
        assert fold(whole, again, Place(folder, SECRET)) == plainly(whole)
    alone, together = (
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders
    )
    assert together == alone
    assert [{7, 8} <= built < set(range(9)) for built in helped] == [True]
    assert not active_children()


def test_a_temporary_projection_is_built_beside_too(whole: Context, helped: list[set[int]]) -> None:
    assert fold(whole, again_of(whole)) == plainly(whole)
    assert {7, 8} <= helped[0]


class Killed(SqliteStore):
    """A store in a process that is ended from outside."""

    def __enter__(self) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


class Full(SqliteStore):
    """A store in a process without memory."""

    def __enter__(self) -> Any:
        raise MemoryError


class Refused(SqliteStore):
    """A store that cannot be opened a second time."""

    def __enter__(self) -> Any:
        raise InputError("too many connections")


class Slow(SqliteStore):
    """A store that takes its time, and says so."""

    def __enter__(self) -> Any:
        self.path.with_name(f"begun-{os.getpid()}").touch()
        time.sleep(60)


@pytest.mark.parametrize("kind", [Killed, Full, Refused])
def test_what_a_process_does_not_do_is_done_here(
    whole: Context, kind: type[SqliteStore], helped: list[set[int]]
) -> None:
    assert fold(whole, again_of(whole, kind)) == plainly(whole)
    assert helped == [set()]
    assert not active_children()


class Refusal:
    """A system that has no more of something."""

    def __init__(self, error: Exception) -> None:
        """Keep what it says."""
        self.error = error

    def __call__(self, *_: object, **__: object) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "error", [BlockingIOError(11, "no process"), RuntimeError("no thread"), AssertionError()]
)
@pytest.mark.parametrize("place", ["ProcessPoolExecutor", "ProcessPoolExecutor._spawn_process"])
def test_where_no_process_can_be_begun_all_is_done_here(
    whole: Context,
    helped: list[set[int]],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    place: str,
) -> None:
    monkeypatch.setattr(f"ledger.engines.beside.{place}", Refusal(error))
    assert fold(whole, again_of(whole)) == plainly(whole)
    assert helped == [set()]
    assert not active_children()


def test_what_can_be_begun_helps_where_more_are_refused(
    whole: Context, helped: list[set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify.crew.cores", lambda: 3)
    real, begun = ProcessPoolExecutor._spawn_process, list[object]()

    def second(pool: Any) -> None:
        begun.append(pool)
        if len(begun) > 1:
            raise OSError(11, "no process")
        real(pool)

    monkeypatch.setattr(ProcessPoolExecutor, "_spawn_process", second)
    assert fold(whole, again_of(whole)) == plainly(whole)
    assert 8 in helped[0]
    assert not active_children()


def test_a_script_without_a_guard_is_run_once(whole: Context, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "print('begun', flush=True)\n"
        "import ledger.verify.crew as crew; crew.cores = lambda: 2\n"
        "from test_beside import *\n"
        "leaves.SEGMENT = 4\n"
        "context = Context(Path(sys.argv[1]), None, quiet=True, no_input=True, debug=False)\n"
        "done, real = [], beside.beside\n"
        "beside.beside = lambda *given: done.append(real(*given)) or done[-1]\n"
        "fold(context, again_of(context)); print(len(done[0]))\n"
    )
    path = tmp_path / "main.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    for main in ([str(path)], ["-"]):
        done = subprocess.run(
            [sys.executable, *main, str(whole.ledger)],
            env=environment,
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("begun\n9\n", "")


def test_what_is_to_be_built_again_or_was_read_is_built_alone(
    whole: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "beside", None)
    with SqliteStore(whole.ledger) as store:
        projection = Projection(store, Place(tmp_path / "files", SECRET), again_of(whole))
        built = projection.segments(ENTRIES, rooted=True, rebuild=True)
        for path in (tmp_path / "files").iterdir():
            path.unlink()
        assert projection.segments(ENTRIES, rooted=True, read=built) == built


def test_what_cannot_be_opened_elsewhere_is_read_here(
    whole: Context, helped: list[set[int]]
) -> None:
    # A function of a function goes through no pipe.
    assert fold(whole, lambda: SqliteStore(whole.ledger)) == plainly(whole)
    assert helped == [set()]


def test_a_process_that_reads_another_ledger_changes_no_total(
    whole: Context, tmp_path: Path, helped: list[set[int]]
) -> None:
    other = found(tmp_path)
    fill(other, [leg(number + 1) for number in range(ENTRIES)])
    assert fold(whole, again_of(other)) == plainly(whole)
    assert {7, 8} <= helped[0]
    assert len(helped) == 1  # what missed the root is built here alone


@pytest.mark.parametrize("seqs", [(1, 33), (30,), (33,)])
def test_faults_are_named_as_they_are_alone(
    whole: Context, tmp_path: Path, seqs: tuple[int, ...]
) -> None:
    context = copied(whole, tmp_path)
    root = plainly(whole).root
    with altered(context) as connection:
        for seq in seqs:
            connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq = ?", (seq,))
    told: list[object] = []
    with SqliteStore(context.ledger) as store:
        for again in (None, again_of(context)):
            engine = PolarsEngine(store, means=Means(again=again))
            with pytest.raises(LedgerError) as caught:
                engine.fold(size=ENTRIES, limit=ENTRIES, as_of=AS_OF, root=root)
            told.append((type(caught.value), caught.value.diagnostics()))
            assert caught.value.seq == seqs[0]
    assert told[0] == told[1]


def test_no_process_is_begun_for_few_segments_or_without_a_root(
    whole: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "beside", None)
    again, place = again_of(whole), Place(tmp_path / "files", SECRET)
    assert fold(whole, again, root=None).totals == plainly(whole).totals
    with SqliteStore(whole.ledger) as store:
        assert len(Projection(store, place, again).segments(ENTRIES)) == 9
    # All are there now; five that are missing are too few.
    assert fold(whole, again, place) == plainly(whole)
    for path in sorted(place.folder.glob("*.json"))[:5]:
        path.unlink()
    assert fold(whole, again, place) == plainly(whole)
    monkeypatch.setattr("ledger.verify.crew.cores", lambda: 1)
    assert fold(whole, again) == plainly(whole)
    monkeypatch.setattr("ledger.verify.crew.cores", lambda: 2)
    with pytest.raises(TypeError, match="NoneType"):
        fold(whole, again)


def test_command_builds_beside_and_says_the_same(
    whole: Context,
    tmp_path: Path,
    helped: list[set[int]],
    flopledger: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = []
    for cores in (2, 1):
        monkeypatch.setattr("ledger.verify.crew.cores", lambda n=cores: n)
        context = copied(whole, tmp_path / str(cores))
        named = ("--ledger", str(context.ledger), "check", "--engine", "polars")
        done = flopledger(*named, "--as-of", "2026-12-31", "-f", "json")
        assert (done.code, done.err) == (0, "")
        # The time of the check is another one.
        document = json.loads(done.out)
        said.append([document[name] for name in ("ledger", "counts", "determinations")])
    assert said[0] == said[1]
    assert [{7, 8} <= built for built in helped] == [True]


def test_an_interruption_ends_every_process_at_once(whole: Context, tmp_path: Path) -> None:
    context = copied(whole, tmp_path / "slow")
    script = (
        "import sys; from pathlib import Path\n"
        "from test_beside import *\n"
        "from ledger.cli.interruption import Interruption\n"
        "if __name__ == '__main__':\n"
        "    leaves.SEGMENT, waiting = 4, Interruption()\n"
        "    import ledger.verify.crew as crew; crew.cores = lambda: 2\n"
        "    context = Context(Path(sys.argv[1]), None, quiet=True, no_input=True, debug=False)\n"
        "    try: fold(context, again_of(context, Slow))\n"
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
        while not begun and process.poll() is None:
            time.sleep(0.05)
            begun = list(context.ledger.parent.glob("begun-*"))
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
    for each in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(int(each.name.partition("-")[2]), 0)
