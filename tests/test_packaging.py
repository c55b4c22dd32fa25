"""The wheel carries the rules and schemas of the checkout, byte for byte, and can be made again."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def build(folder: Path) -> Path:
    """Build the wheel without network and return it."""
    code = (
        "import os, sys; os.chdir(sys.argv[1]); from hatchling.build import build_wheel; "
        "print(build_wheel(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_packaging_wheel_holds_rules_and_schemas(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for folder in ("rules", "schemas"):
            for path in sorted((ROOT / folder).rglob("*")):
                if path.is_file():
                    inside = f"ledger/_data/{folder}/{path.relative_to(ROOT / folder).as_posix()}"
                    assert inside in names
                    assert archive.read(inside) == path.read_bytes()
        assert "ledger/py.typed" in names
        assert any(name.startswith("ledger/_demo/") for name in names)
        assert not [name for name in names if not name.startswith(("ledger/", "flopledger-"))]


def test_packaging_wheel_can_be_made_again(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    first, second = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, again))
    assert first == second


def test_packaging_wheel_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "import ledger; assert ledger.__file__.startswith(sys.argv[1]), ledger.__file__; "
        "from ledger.cli.app import run; sys.exit(run(['rules', 'list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(wheel)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "eu.aia" in done.stdout
