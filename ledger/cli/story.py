"""The story is the sequence of commands that the demonstration runs and shows."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import click

from ledger.cli.chance import DEMONSTRATION_ORIGIN, Chance
from ledger.cli.context import Context
from ledger.cli.forging import copy_ledger, forge
from ledger.errors import LedgerError

__all__ = ["STEPS", "Step", "tell", "unpack"]

_LEDGER = Path("ledger.db")
_COPY = Path("tampered.db")
_FINDINGS = 1
_INTEGRITY = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the story.

    Attributes:
        title: What it shows, one sentence.
        command: The arguments, as the reader would type them.
        status: The exit status that belongs to the story.
    """

    title: str
    command: str
    status: int = 0


STEPS = (
    Step(
        "A ledger has a name and a signing key.",
        f"init --origin {DEMONSTRATION_ORIGIN}",
    ),
    Step(
        "Published training runs go in as third-party estimates, each with its citation.",
        "import published_runs.csv --source csv",
    ),
    Step(
        "So do three runs measured on one H100: counter, formula, trainer and telemetry.",
        "import h100 --source telemetry",
    ),
    Step("Importing again adds nothing.", "import h100 --source telemetry"),
    Step(
        "One run, four figures: they disagree, and the reasons are known.",
        "show run:pretrain-bf16",
    ),
    Step("What was held, by grade; capacity is not work done.", "position"),
    Step(
        "The European line: which models are above 10^25, and which facts are missing?",
        "check --regime eu.aia --rule gpaisr-presumption --all",
        _FINDINGS,
    ),
    Step(
        "Why, down to the entries and the words of the law.",
        "explain eu.aia/gpaisr-presumption model:Inflection-2",
    ),
    Step("Every byte is read again, every proof checked.", "verify"),
)

_REFUSED = Step(
    "Now one byte of one entry is changed in a copy, behind the ledger's back.",
    f"--ledger {_COPY} verify",
    _INTEGRITY,
)


def unpack(folder: Path) -> None:
    """Put the shipped data into a folder.

    Args:
        folder: An empty folder.
    """
    with as_file(files("ledger") / "_demo") as shipped:
        shutil.copytree(
            shipped,
            folder,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("*.py", "__pycache__", "world"),
        )


def tell(context: Context, *, kept: Path | None) -> None:
    """Run and show every step in the current folder.

    Args:
        context: The global options; only ``quiet`` matters here.
        kept: Where the folder stays, or None if it will go.

    Raises:
        LedgerError: If a command ends otherwise than the story says.
    """
    del context
    chance = Chance.from_seed("flopledger demonstration 1")
    for number, step in enumerate(STEPS, 1):
        _show(number, step, chance)
    copy_ledger(_LEDGER, _COPY)
    forge(_COPY)
    _show(len(STEPS) + 1, _REFUSED, chance)
    click.secho("\nThe refusal is the point. To do the same by hand:\n", bold=True)
    click.echo(_by_hand(kept))


def _show(number: int, step: Step, chance: Chance) -> None:
    """Print a step, run it, and hold its status against the story's."""
    from ledger.cli.app import run  # noqa: PLC0415 - the program loads this module

    click.secho(f"\n{number}. {step.title}", bold=True)
    click.echo(f"$ flopledger {step.command}\n")
    status = run(shlex.split(step.command), chance)
    if status != step.status:
        raise LedgerError(
            f"step {number} ended with status {status}, not {step.status}",
            where=f"flopledger {step.command}",
            remedy="please report this with the output above",
        )


def _by_hand(kept: Path | None) -> str:
    """Return the commands that do the same outside of the story."""
    folder = kept or Path("sample")
    first = [] if kept else [f"flopledger demo --keep {folder} > story.txt"]
    steps = [f"flopledger {step.command}" for step in STEPS]
    steps[0] = "flopledger --ledger mine.db init --origin ledger.example/my-lab"
    rest = [step.replace("flopledger ", "flopledger --ledger mine.db ", 1) for step in steps[1:]]
    return "\n".join(f"  {line}" for line in [*first, f"cd {folder}", steps[0], *rest])
