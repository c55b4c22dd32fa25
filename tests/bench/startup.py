"""A start-up is a whole command on a small ledger against a bare Python: B7, B7v, B7c and B7i."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from .benchmark import Benchmark, Bound
from .inputs import DAY, flopledger, ledger, ledger_of, table_of, within
from .stage import Stage

STARTS = 5
_FINDINGS = {0, 1, 3}  # statuses of a check that was made


def started(stage: Stage, *arguments: str, module: bool = True) -> bool:
    """Start a program several times in a copy of the ledger; return whether it always went well."""
    folder = stage.copied(ledger_of(stage.inputs, stage.size))
    program = ["-m", "ledger", "--quiet"] if module else []
    for _ in range(STARTS):
        with stage.lap():
            done = subprocess.run(
                [sys.executable, *program, *arguments], cwd=folder, capture_output=True, check=False
            )
        assert done.returncode in (_FINDINGS if "check" in arguments else {0}), done.stderr
    return True


def bare(stage: Stage) -> bool:
    """Start Python and do nothing."""
    return started(stage, "-c", "pass", module=False)


def helped(stage: Stage) -> bool:
    """Ask for help."""
    return started(stage, "--help")


def verified(stage: Stage) -> bool:
    """Verify a ledger of ten entries."""
    return started(stage, "verify")


def checked(stage: Stage) -> bool:
    """Check a ledger of ten entries under every regime that ships."""
    return started(stage, "check", *DAY)


def imported(stage: Stage) -> bool:
    """Import ten rows that the ledger has already."""
    return started(stage, "import", str(table_of(stage.inputs, stage.size)), "--source", "csv")


def warmed(stage: Stage) -> None:
    """Make the ledger, and run the program once so that its modules are compiled."""
    ledger(stage)
    with within(stage.copied(ledger_of(stage.inputs, stage.size))):
        flopledger("verify")


_start = partial(Benchmark, prepare=warmed, size=10, unit="rows", measure="lap")

BENCHMARKS = (
    _start(
        id="B7",
        title="`flopledger --help` ÷ bare `python -c pass`",
        candidate=helped,
        baseline=bare,
        bound=Bound("<=", 8, 6),
    ),
    _start(
        id="B7v",
        title="`flopledger verify` of 10 rows ÷ bare Python",
        candidate=verified,
        baseline=bare,
        bound=Bound("<=", 40, 10),
    ),
    _start(
        id="B7c",
        title="`flopledger check` of 10 rows, every regime ÷ bare Python",
        candidate=checked,
        baseline=bare,
        bound=Bound("<=", 60, 25),
    ),
    _start(
        id="B7i",
        title="`flopledger import` of 10 rows that it has ÷ bare Python",
        candidate=imported,
        baseline=bare,
        bound=Bound("<=", 60, 25),
        note="No bound is published for this command; it is held to that of `check`.",
    ),
)
