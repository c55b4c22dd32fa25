"""Where output goes: never over a ledger, never half-written, never other than it was."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sealed import SECRET, SIGNER, fill, found, leg, said

from ledger.cli.context import Context
from ledger.cli.output import write_text
from ledger.errors import InputError, LedgerError
from ledger.stores.founding import found_ledger
from ledger.stores.keyfiles import Files

Run = Callable[..., Any]
FORMS = ("out.jsonl", "out.csv", "out.parquet")


@pytest.fixture
def ledger(tmp_path: Path) -> Context:
    """A ledger in the folder in which commands run."""
    context = found(tmp_path)
    fill(context, [leg(0), said(1)])
    return context


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file grow beyond some bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_into(pipe: Path, into: list[bytes]) -> Iterator[None]:
    """Read a FIFO while the block writes to it."""
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: into.append(pipe.read_bytes()), daemon=True)
    reader.start()
    yield
    reader.join(timeout=10)


def content(folder: Path) -> dict[str, bytes]:
    """Return what every file holds; side files come and go."""
    sides = ("-wal", "-shm", ".projection")
    paths = (path for path in folder.iterdir() if not path.name.endswith(sides))
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.parametrize("suffix", ["", ".key.pem", ".secret", ".checkpoints"])
def test_output_over_a_ledger_is_refused(
    ledger: Context, flopledger: Run, tmp_path: Path, suffix: str
) -> None:
    before = content(tmp_path)
    name = ledger.ledger.name + suffix
    (tmp_path / "elsewhere").mkdir()
    for command in (
        ["show", "0", "-f", "json", "-o", name],
        ["prove", "0", "-o", name],
        ["status", "-o", f"./elsewhere/../{name}"],
        ["--ledger", "elsewhere/other.db", "rules", "list", "-o", name],
    ):
        done = flopledger(*command)
        assert done.code == 2, command
        assert "belongs to a ledger" in done.err
        assert "-o" in done.err
    (tmp_path / "elsewhere").rmdir()
    assert content(tmp_path) == before


@pytest.mark.parametrize("suffix", ["-wal", "-shm", ".projection/x", ".secret", ".partial"])
def test_output_under_a_name_of_the_ledger_is_refused(
    ledger: Context, flopledger: Run, suffix: str
) -> None:
    name = Path(ledger.ledger.name + suffix)
    name.unlink(missing_ok=True)
    name.parent.mkdir(exist_ok=True)
    assert flopledger("rules", "list", "-o", str(name)).code == 2
    assert not name.exists()


def test_output_over_a_ledger_by_a_link_is_refused(
    ledger: Context, flopledger: Run, tmp_path: Path
) -> None:
    (tmp_path / "soft.json").symlink_to(Files(ledger.ledger).key)
    (tmp_path / "hard.json").hardlink_to(Files(ledger.ledger).checkpoints)
    before = content(tmp_path)
    for name in ("soft.json", "hard.json"):
        assert flopledger("status", "-o", name).code == 2
    assert content(tmp_path) == before


def test_output_by_export_over_a_database_is_refused(ledger: Context, flopledger: Run) -> None:
    for name in FORMS:
        Path(name).write_bytes(ledger.ledger.read_bytes())
        assert "belongs to a ledger" in flopledger("export", "-o", name).err


@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_output_keeps_the_mode_and_the_links(tmp_path: Path, mode: int) -> None:
    secret, link = tmp_path / "secret.json", tmp_path / "link.json"
    secret.write_text("before")
    secret.chmod(mode)
    link.symlink_to(secret.name)
    write_text("after", str(link))
    assert link.is_symlink()
    assert secret.read_text() == "after"
    assert stat.S_IMODE(secret.stat().st_mode) == mode
    dangling = tmp_path / "dangling.json"
    dangling.symlink_to("made.json")
    write_text("made", str(dangling))
    assert (tmp_path / "made.json").read_text() == "made"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "dangling.json",
        "link.json",
        "made.json",
        "secret.json",
    ]


def test_output_of_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text("x", str(tmp_path / "new"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_output_goes_straight_into_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    with read_into(pipe, read):
        write_text("through", str(pipe))
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", FORMS)
def test_output_by_export_goes_straight_into_a_pipe(
    ledger: Context, flopledger: Run, name: str
) -> None:
    assert ledger.ledger.exists()
    pipe, read = Path.cwd() / name, list[bytes]()
    with read_into(pipe, read):
        assert flopledger("export", "-o", name).code == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert flopledger("export", "-o", f"file-{name}").code == 0
    assert read == [Path(f"file-{name}").read_bytes()]


@pytest.mark.parametrize("name", [".", "./", "new/"])
def test_output_into_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="folder"):
        write_text("x", name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FORMS)
def test_output_on_a_full_disk_leaves_what_was_there(
    ledger: Context, flopledger: Run, name: str
) -> None:
    fill(ledger, [said(number) for number in range(10, 600)])
    Path(name).write_text("before")
    with files_end_at(40_000):  # more than SQLite needs for reading
        done = flopledger("export", "-o", name)
    assert done.code == 2
    assert "error[input]: cannot write" in done.err
    assert "too large" in done.err
    assert Path(name).read_text() == "before"
    assert not list(Path.cwd().glob("*.partial")) + list(Path.cwd().glob(".*.partial"))


def test_output_to_a_full_stdout_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w") as file, files_end_at(10):
        monkeypatch.setattr("sys.stdout", file)
        with pytest.raises(LedgerError, match="stdout: File too large"):
            write_text("x" * 100, None)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_to_a_full_stdout_fails_the_program(tmp_path: Path, unbuffered: str) -> None:
    (tmp_path / "out").touch()
    with (tmp_path / "out").open("w") as file, files_end_at(1000):
        done = subprocess.run(
            [sys.executable, "-m", "ledger", "rules", "schema"],
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    assert done.returncode == 2
    assert "cannot write to stdout: File too large" in done.stderr
    assert "Exception" not in done.stderr


def test_output_of_init_on_a_full_disk_can_be_tried_again(tmp_path: Path) -> None:
    files = Files(tmp_path / "new.db")
    for size in (0, 10, 100, 300, 5000):
        with files_end_at(size), pytest.raises(LedgerError, match="cannot be"):
            found_ledger(files, SIGNER, SECRET)
        assert not list(tmp_path.iterdir()), size
    found_ledger(files, SIGNER, SECRET)
    assert all(path.exists() for path in files.all())


def test_output_of_rules_goes_where_it_can(flopledger: Run, tmp_path: Path) -> None:
    done = flopledger("rules", "pack", "-o", "./")
    assert done.code == 2
    assert "is a folder" in done.err
    done = flopledger("rules", "schema", "-o", "new/folder")
    assert done.code == 0
    assert list((tmp_path / "new" / "folder").iterdir())
    (tmp_path / "file").write_text("")
    done = flopledger("rules", "schema", "-o", "file")
    assert done.code == 2
    assert "cannot make the folder file" in done.err


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("rules schema", 2),
        ("rules list", 2),
        ("rules show eu.aia", 2),
        ("rules list -f json -o list.json", 0),
        ("rules list -o list.txt", 0),
        ("rules show eu.aia -o memo.txt", 0),
    ],
)
def test_output_without_a_stdout_needs_a_file(command: str, status: int, tmp_path: Path) -> None:
    shell = f'"{sys.executable}" -m ledger {command} >&-'
    done = subprocess.run(
        ["sh", "-c", shell],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == status, done.stderr
    assert ("error[input]: there is no standard output" in done.stderr) is bool(status)
    assert "internal" not in done.stderr
    assert all(path.stat().st_size > 100 for path in tmp_path.iterdir())
