"""A disk that fails at one chosen write, or a process that is killed there, for tests.

Run as a program it loads everything once, and forks for each point. In the fork every call that
changes a disk is counted: those of ``os``, writes of files, and statements of SQLite. At the
chosen one the process ends, half of its bytes written; or the call fails with an error of the disk.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

MODES = ("kill", "EIO", "ENOSPC")
POINTS_MAX = 400
_DERIVED = ".projection"  # files that are made anew from the ledger whenever they are not there
_QUIET = ("SELECT", "PRAGMA", "ROLLBACK", "WITH", "DETACH", "EXPLAIN")
_OWED = {
    **dict.fromkeys(("write", "pwrite"), ("kill", "ENOSPC")),
    **dict.fromkeys(("fsync", "fdatasync"), ("kill", "EIO")),
}
_SQLITE = {
    "EIO": ("SQLITE_IOERR_WRITE", "disk I/O error"),
    "ENOSPC": ("SQLITE_FULL", "database or disk is full"),
}


@dataclass(frozen=True, slots=True)
class Point:
    """What became of a command that met one fault.

    Attributes:
        number: Which of the calls that write, from 1.
        mode: ``kill`` or the name of an error.
        call: What the call was, and of which file.
        code: Exit status; minus the number of a signal.
        err: What it said on stderr.
        folder: The folder that it left.
    """

    number: int
    mode: str
    call: str
    code: int
    err: str
    folder: Path

    def __str__(self) -> str:
        return f"{self.mode} at {self.number} ({self.call}): {self.code} {self.err}"


def is_derived(point: Point) -> bool:
    """Whether a call was about what is derived, or tried out a temporary folder to hold it."""
    path = Path(point.call.rpartition(" ")[2])
    return _DERIVED in point.call or path.parent == Path(tempfile.gettempdir())


def points(
    base: Path,
    room: Path,
    command: Sequence[str],
    modes: Sequence[str],
    stride: int = 1,
) -> list[Point]:
    """Run a command once for each call that writes, with a fault there, each in a copy of ``base``.

    Args:
        base: The folder that the command begins in.
        room: Where the copies go.
        command: Arguments of the program.
        modes: Which faults at the first point, the second and so on, in turn; all at each point
            if there is ``all`` among them.
        stride: Takes every so many of the points only.
    """
    asked = {
        "base": str(base),
        "room": str(room),
        "command": list(command),
        "modes": list(modes),
        "stride": stride,
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve())],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [Point(**{**row, "folder": Path(row["folder"])}) for row in rows]


class Disk:
    """Counts calls that write; at the chosen one it kills the process or makes the call fail.

    Args:
        number: Which call, from 1.
        mode: ``kill`` or the name of an error.
        log: Descriptor of the file to which the chosen call is named.
    """

    def __init__(self, number: int, mode: str, log: int) -> None:
        self.number, self.mode, self._log, self._seen = number, mode, log, 0
        self._full: set[str] = set()

    def met(self, call: str) -> None:
        """Count a call; end here, or raise, if it is the one."""
        if self._is_it(call):
            self.fail()

    def written(self, call: str, data: bytes, write: Callable[[bytes], int]) -> int:
        """Write to a file; at the chosen call half is written, and nothing to this file after it.

        Like a disk that is full: the first call writes less than it was given, the next fails.
        """
        if call in self._full:
            self.fail()
        if not self._is_it(call):
            return write(data)
        done = write(data[: len(data) // 2])
        if self.mode == "kill" or done == 0:
            self.fail()
        self._full.add(call)
        return done

    def fail(self) -> NoReturn:
        """End the process, or raise the error."""
        if self.mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        code = getattr(errno, self.mode)
        raise OSError(code, os.strerror(code))

    def _is_it(self, call: str) -> bool:
        """Count a call, and return whether it is the chosen one."""
        self._seen += 1
        if self._seen != self.number:
            return False
        _write(self._log, f"{call}\n".encode())
        return True

    def stated(self, sql: str) -> None:
        """Count a statement of SQLite."""
        word = sql.split(None, 1)[0].upper() if sql.strip() else ""
        if word in _QUIET:
            return
        try:
            self.met(f"sqlite {word}")
        except OSError as error:
            name, text = _SQLITE[self.mode]
            failed = sqlite3.OperationalError(text)
            failed.sqlite_errorname = name  # type: ignore[misc]
            raise failed from error


def _install(disk: Disk) -> None:
    """Put the disk between this process and its files."""
    for name in ("write", "pwrite"):
        setattr(os, name, _writing(disk, name, getattr(os, name)))
    for name in ("fsync", "fdatasync", "ftruncate"):
        setattr(os, name, _of_descriptor(disk, name, getattr(os, name)))
    for name in ("rename", "replace", "link", "mkdir"):
        setattr(os, name, _of_path(disk, name, getattr(os, name)))
    os.open = _opening(disk, os.open)  # type: ignore[assignment]
    io.open = _filing(disk, io.open)  # type: ignore[assignment]
    _sqlite(disk)


def _writing(disk: Disk, name: str, real: Callable[..., int]) -> Callable[..., int]:
    def call(descriptor: int, data: Any, *rest: int) -> int:
        if descriptor <= 2:
            return real(descriptor, data, *rest)
        place = f"{name} {_named(descriptor)}"
        return disk.written(place, bytes(data), lambda some: real(descriptor, some, *rest))

    return call


def _of_descriptor(disk: Disk, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(descriptor: int, *rest: int) -> Any:
        disk.met(f"{name} {_named(descriptor)}")
        return real(descriptor, *rest)

    return call


def _of_path(disk: Disk, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(path: Any, *rest: Any, **more: Any) -> Any:
        # A folder that is there is told by the name of it, and by no disk.
        if name != "mkdir" or not Path(path).exists():
            disk.met(f"{name} {path}")
        return real(path, *rest, **more)

    return call


def _opening(disk: Disk, real: Callable[..., int]) -> Callable[..., int]:
    def call(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT:
            disk.met(f"open {path}")
        return real(path, flags, *rest, **more)

    return call


def _filing(disk: Disk, real: Callable[..., Any]) -> Callable[..., Any]:
    class Raw(io.FileIO):
        def write(self, data: Any) -> int:
            return disk.written(f"write {_named(self.fileno())}", bytes(data), super().write)

    def call(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        plain = set(mode) - {"b", "r"}
        if not plain or "b" not in mode or file in {1, 2}:
            return real(file, mode, *rest, **more)
        if not isinstance(file, int) and not Path(file).exists():
            disk.met(f"open {file}")
        raw = Raw(file, mode.replace("b", ""), closefd=more.get("closefd", True))
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    return call


def _cursor(disk: Disk) -> type[sqlite3.Cursor]:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *rest: Any) -> Any:
            disk.stated(sql)
            return super().execute(sql, *rest)

        def executemany(self, sql: str, *rest: Any) -> Any:
            disk.stated(sql)
            return super().executemany(sql, *rest)

        def executescript(self, sql: str) -> Any:
            disk.stated(sql)
            return super().executescript(sql)

    return Cursor


def _sqlite(disk: Disk) -> None:
    made = _cursor(disk)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = made) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, *rest: Any) -> Any:
            return self.cursor().execute(sql, *rest)

        def executemany(self, sql: str, *rest: Any) -> Any:
            return self.cursor().executemany(sql, *rest)

        def executescript(self, sql: str) -> Any:
            return self.cursor().executescript(sql)

        def commit(self) -> None:
            if self.in_transaction:
                disk.stated("COMMIT")
            super().commit()

    real = sqlite3.connect

    def connect(*given: Any, **more: Any) -> Any:
        return real(*given, **{"factory": Connection, **more})

    sqlite3.connect = sqlite3.dbapi2.connect = connect  # type: ignore[assignment]


def _named(descriptor: int) -> str:
    """Return the path of an open file."""
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return str(descriptor)


_write = os.write


def _served(asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Fork for each point until the command comes to its end without meeting any."""
    _loaded(asked["command"])
    modes = asked["modes"]
    for number in range(1, POINTS_MAX, asked["stride"]):
        here = list(MODES if "all" in modes else (modes[number // asked["stride"] % len(modes)],))
        for mode in here:
            point = _forked(asked, number, mode)
            if point is None:
                return
            yield point
            # A write and a flush are always killed, and fail as they do on a real disk.
            owed = _OWED.get(point["call"].split(" ")[0], ())
            here += [each for each in owed if each not in here]
    raise AssertionError(f"more than {POINTS_MAX} points")


def _forked(asked: Mapping[str, Any], number: int, mode: str) -> dict[str, Any] | None:
    """Run the command in a fork that fails at one point; None if there is no such point."""
    folder = Path(asked["room"]) / f"{number:03}-{mode}"
    shutil.copytree(asked["base"], folder, symlinks=True)
    log, err = folder.with_suffix(".log"), folder.with_suffix(".err")
    child = os.fork()
    if child == 0:
        _run(asked["command"], folder, Disk(number, mode, _made(log)), err)
    _, status = os.waitpid(child, 0)
    call = log.read_text().strip()
    if not call:
        shutil.rmtree(folder)
        return None
    return {
        "number": number,
        "mode": mode,
        "call": call.replace(str(folder) + "/", ""),
        "code": os.waitstatus_to_exitcode(status),
        "err": err.read_text(),
        "folder": str(folder),
    }


def _run(command: list[str], folder: Path, disk: Disk, err: Path) -> NoReturn:
    """Run the program, and leave the process whatever happens."""
    code = 99
    try:
        os.chdir(folder)
        os.dup2(_made(err), 2)
        os.dup2(_made(folder / "stdout"), 1)
        _install(disk)
        code = told(command)
        sys.stdout.flush()
    finally:
        os._exit(code)


def told(command: Sequence[str]) -> int:
    """Run a command in this process, or the heart of one that also asks the law."""
    from ledger.cli.app import run  # noqa: PLC0415

    if not command[0].startswith("@"):
        return run(command)
    from hearts import HEARTS  # noqa: PLC0415

    from ledger.errors import LedgerError  # noqa: PLC0415

    try:
        HEARTS[command[0]]()
    except LedgerError as error:
        sys.stderr.write(f"error[{error.exit_code}]: {error.message}\n")
        sys.stderr.flush()
        return error.exit_code
    return 0


def _made(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _loaded(command: list[str]) -> None:
    """Load what the command needs before the first fork, so that each is quick."""
    from ledger.cli import anchor, app, checkpoint, key, record, restate  # noqa: F401, PLC0415
    from ledger.journeys import attesting  # noqa: F401, PLC0415
    from ledger.log import Log  # noqa: F401, PLC0415
    from ledger.pack import pack_bytes  # noqa: PLC0415
    from ledger.resources import rules_root  # noqa: PLC0415
    from ledger.stores import migration, tables  # noqa: F401, PLC0415

    if command[0] in {"bundle", "restate"}:
        pack_bytes(rules_root(None))


if __name__ == "__main__":
    for row in _served(json.loads(sys.stdin.read())):
        sys.stdout.write(json.dumps(row) + "\n")
