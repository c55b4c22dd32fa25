"""Fixtures that several tests share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from builtworld import built, entered
from contracted import contract_text
from hypothesis import HealthCheck, settings
from retelling import Imports, standing_us
from servers import Server, running
from supplied import lacking
from tables import small_rules

from ledger.cli.app import run
from ledger.cli.context import Context

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"

# Workers of a parallel run are told the size of a terminal that they do not have.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("project")


def shared_path(name: str) -> Path:
    """Return real input or a published vector, or skip where the material is absent."""
    path = SHARED / name
    if not path.exists():
        lacking(f"{name}, which lies outside of the project")
    return path


@pytest.fixture(name="shared_path")
def shared_path_fixture() -> Callable[[str], Path]:
    """The function above, for tests that cannot import it."""
    return shared_path


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server of this worker."""
    with running() as one:
        yield one


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str


@pytest.fixture
def flopledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run the program in a temporary folder, in this process; returns code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOPLEDGER_LEDGER", raising=False)
    monkeypatch.delenv("FLOPLEDGER_FILES", raising=False)
    monkeypatch.delenv("FLOPLEDGER_RULES", raising=False)

    def ran(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(list(arguments))
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran


@pytest.fixture
def imports(flopledger: Callable[..., Ran], tmp_path: Path) -> Imports:
    """The import of a new ledger; each gives its JSON, with the time that then stands in it."""
    rules = str(small_rules(tmp_path))
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    context = Context(tmp_path / "ledger.db", None, quiet=True, no_input=True, debug=False)

    def ran(path: Path | str, *arguments: str) -> dict[str, Any]:
        done = flopledger("--rules", rules, "import", str(path), *arguments, "-f", "json")
        assert done.code in {0, 1}, done.err
        assert flopledger("verify").code == 0
        document: dict[str, Any] = json.loads(done.out)
        return {**document, "device_us": standing_us(context)}

    return ran


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up world of ``demo --world``, built once and only read; it takes half a minute."""
    return built(tmp_path_factory)


@pytest.fixture
def within(world: Path) -> Iterator[Callable[[str], int]]:
    """Run a command line in the world on its day, as its guide says; returns the status."""
    with entered(world) as ran:
        yield ran


@pytest.fixture
def booked(flopledger: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """A ledger with the flagship forward, on the day after it was signed."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    assert flopledger("init", "--origin", "ledger.example/book").code == 0
    Path("c.yaml").write_text(contract_text())
    done = flopledger("contract", "add", "c.yaml")
    assert done.code == 0, done.err
    return flopledger
