"""``flopledger demo`` tells the whole story on shipped data, with the real commands."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.stage import inside
from ledger.cli.story import tell, unpack
from ledger.errors import ConflictError, InputError

__all__ = ["demo"]

EPILOG = """\b
Examples:
  flopledger demo
  flopledger demo --keep sample
  flopledger demo --world world

--world builds made-up labs, clouds and a reseller with two years of entries, a mistake, a
forgery, a fork, a draft of the law and a forward book: world/README.txt says what to try. It
takes about half a minute.
"""

_EVALUATED_AT = 1_795_428_000  # 2026-11-23T10:00:00Z: the story is told on one day for ever


@click.command(epilog=EPILOG)
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Work in DIR, which must not be there yet, and leave everything in it.",
)
@click.option(
    "--world",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Build a whole made-up world in DIR instead, which must not be there yet, or be empty.",
)
@pass_context
def demo(context: Context, *, keep: Path | None, world: Path | None) -> None:
    """Tell the whole story on shipped data: record, grade, check, explain, verify, tamper.

    Works in a temporary folder, asks nothing, and leaves nothing behind unless told to.
    """
    if world is not None:
        _build(world, keep)
        return
    with ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        else:
            folder = _new_folder(keep)
        unpack(folder)
        stack.enter_context(inside(folder, _EVALUATED_AT))
        tell(context, kept=keep)


def _build(world: Path, keep: Path | None) -> None:
    """Build the world, which is kept where it is."""
    if keep is not None:
        raise InputError("--keep and --world are two demonstrations", remedy="give one of them")
    from ledger.cli.world import build  # noqa: PLC0415 - the story does not need it

    build(world)
    click.echo(f"built {world}; begin with {world / 'README.txt'}")


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
