"""``flopledger demo`` tells the whole story on shipped data, with the real commands."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.story import tell, unpack
from ledger.errors import ConflictError

__all__ = ["demo"]

EPILOG = """\b
Examples:
  flopledger demo
  flopledger demo --keep sample
"""

_EVALUATED_AT = "1795428000"  # 2026-11-23T10:00:00Z: the story is told on one day for ever


@click.command(epilog=EPILOG)
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Work in DIR, which must not be there yet, and leave everything in it.",
)
@pass_context
def demo(context: Context, *, keep: Path | None) -> None:
    """Tell the whole story on shipped data: record, grade, check, explain, verify, tamper.

    Works in a temporary folder, asks nothing, and leaves nothing behind unless told to.
    """
    with ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        else:
            folder = _new_folder(keep)
        unpack(folder)
        stack.enter_context(_inside(folder))
        tell(context, kept=keep)


def _new_folder(path: Path) -> Path:
    """Make a folder that was not there."""
    try:
        path.mkdir(parents=True)
    except FileExistsError as error:
        raise ConflictError(
            f"{path} is already there",
            why="the demonstration overwrites nothing",
            remedy="choose another name with --keep, or remove it",
        ) from error
    return path


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in a folder, on the day of the story, away from the user's own ledger and rules."""
    before = Path.cwd()
    names = ("SOURCE_DATE_EPOCH", "FLOPLEDGER_LEDGER", "FLOPLEDGER_FILES", "FLOPLEDGER_RULES")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ["SOURCE_DATE_EPOCH"] = _EVALUATED_AT
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        del os.environ["SOURCE_DATE_EPOCH"]
        os.environ.update(kept)
