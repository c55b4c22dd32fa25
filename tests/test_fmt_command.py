"""``flopledger rules fmt``: which files it writes, which it lists, and what it leaves alone."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.regime.form import SERVER, formatted

Run = Callable[..., Any]
ODD = "a:   1  # one\nb: [ x,y ]\n"
EVEN = "a: 1    # one\nb: [x, y]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an odd file, one in the form, and one that is no rule file."""
    rules = tmp_path / "rules"
    (rules / "deep").mkdir(parents=True)
    (rules / "deep" / "odd.yaml").write_text(ODD, encoding="utf-8")
    (rules / "even.yaml").write_text(EVEN, encoding="utf-8")
    (rules / "notes.txt").write_text("a:   1\n", encoding="utf-8")
    return rules


def test_fmt_writes_what_is_not_in_the_form_and_nothing_else(flopledger: Run, folder: Path) -> None:
    even = folder / "even.yaml"
    odd = folder / "deep" / "odd.yaml"
    before = even.stat()
    odd.chmod(0o640)
    done = flopledger("rules", "fmt", "rules")
    assert done.code == 0
    assert done.out == ""
    assert odd.read_text("utf-8") == EVEN
    assert stat.S_IMODE(odd.stat().st_mode) == 0o640
    assert (even.stat().st_mtime_ns, even.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert (folder / "notes.txt").read_text("utf-8") == "a:   1\n"
    assert "wrote rules/deep/odd.yaml" in done.err
    assert "2 files, 1 changed" in done.err
    assert sorted(path.name for path in (folder / "deep").iterdir()) == ["odd.yaml"]
    assert "2 files, 0 changed" in flopledger("rules", "fmt", "rules").err


def test_fmt_check_lists_and_changes_nothing(flopledger: Run, folder: Path) -> None:
    done = flopledger("rules", "fmt", "--check", "rules")
    assert done.code == 1
    assert done.out == "rules/deep/odd.yaml\n"
    assert (folder / "deep" / "odd.yaml").read_text("utf-8") == ODD
    assert flopledger("rules", "fmt", "--check", "rules/even.yaml").code == 0


@pytest.mark.usefixtures("folder")
def test_fmt_of_files_named_twice_writes_once(flopledger: Run) -> None:
    done = flopledger("rules", "fmt", "--check", "rules", "rules/deep/odd.yaml")
    assert done.out == "rules/deep/odd.yaml\n"


@pytest.mark.parametrize(
    ("arguments", "code", "out"),
    [(("-",), 0, EVEN), (("--check", "-"), 1, "-\n")],
)
def test_fmt_reads_stdin(
    flopledger: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    out: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ODD.encode())))
    done = flopledger("rules", "fmt", *arguments)
    assert (done.code, done.out) == (code, out)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(EVEN.encode())))
    assert flopledger("rules", "fmt", "--check", "-").code == 0


@pytest.mark.parametrize(
    "asked",
    [
        (("-", "rules"), b"", "stands alone"),
        (("-",), b"x: caf\xe9\n", "not UTF-8"),
        (("-",), b"a: [", "not YAML"),
        (("nowhere.yaml",), b"", "is not there"),
        (("empty",), b"", "holds no rule files"),
        ((), b"", "FILE|DIR|-"),
    ],
)
def test_fmt_refuses_what_it_cannot_write(
    flopledger: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: tuple[tuple[str, ...], bytes, str],
) -> None:
    arguments, given, message = asked
    (tmp_path / "empty").mkdir()
    (tmp_path / "rules").mkdir()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    done = flopledger("rules", "fmt", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_fmt_writes_no_file_when_one_cannot_be_read(flopledger: Run, folder: Path) -> None:
    (folder / "zz.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")
    done = flopledger("rules", "fmt", "rules")
    assert done.code == 2
    assert "rules/zz.yaml:2" in done.err
    assert (folder / "deep" / "odd.yaml").read_text("utf-8") == ODD


def test_fmt_leaves_the_file_when_it_cannot_be_replaced(
    flopledger: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    done = flopledger("rules", "fmt", "rules")
    assert done.code == 2
    assert "No space left" in done.err
    assert (folder / "deep" / "odd.yaml").read_text("utf-8") == ODD
    assert [path.name for path in (folder / "deep").iterdir()] == ["odd.yaml"]


def test_fmt_points_the_editor_at_the_schema_that_is_near(
    flopledger: Run, folder: Path, tmp_path: Path
) -> None:
    file = folder / "deep" / "lint.yaml"
    text = "schema: lint/1\nexceptions: []\n"
    file.write_text(text, encoding="utf-8")
    flopledger("rules", "fmt", "rules")
    assert file.read_text("utf-8") == text
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "lint.v1.schema.json").write_text("{}", encoding="utf-8")
    flopledger("rules", "fmt", "rules")
    first, rest = file.read_text("utf-8").split("\n", 1)
    assert first == f"{SERVER}../../schemas/lint.v1.schema.json"
    assert rest == text
    named = file.parent / first.removeprefix(SERVER)
    assert named.resolve() == (tmp_path / "schemas" / "lint.v1.schema.json").resolve()


def test_fmt_follows_a_link_to_the_file_and_keeps_it(flopledger: Run, folder: Path) -> None:
    link = folder / "link.yaml"
    link.symlink_to("deep/odd.yaml")
    flopledger("rules", "fmt", str(link))
    assert link.is_symlink()
    assert (folder / "deep" / "odd.yaml").read_text("utf-8") == EVEN


def test_fmt_form_is_that_of_the_core() -> None:
    assert formatted(ODD, where="x") == EVEN
