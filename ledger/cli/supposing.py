"""Supposing is what commands of scenarios share: changes of the book, and scenarios as files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from ledger.cli.destination import writing
from ledger.errors import ConflictError, InputError, LedgerError
from ledger.journeys.saved_scenario import SavedDraft, SavedScenario, read_scenario
from ledger.journeys.supposed_book import CHANGES, Supposed
from ledger.pack import Pack
from ledger.regime.edition import Edition, read_edition

__all__ = [
    "book_options",
    "draft_of",
    "open_scenario",
    "refuse_mixed",
    "refuse_place",
    "save_scenario",
    "saved_drafts",
    "supposed_of",
]

P = ParamSpec("P")
R = TypeVar("R")

_SCENARIO_MAX: Final = 2_000_000  # bytes; more than a scenario may have
_OPTIONS: Final = (
    click.option(
        "--reallocate",
        multiple=True,
        metavar="C=MODEL[@SHARE]",
        help="Suppose a use, of all or of a share of each month.",
    ),
    click.option("--slip", multiple=True, metavar="C=DAYS", help="Suppose a later delivery."),
    click.option(
        "--substitute", multiple=True, metavar="C=DEVICE[:RATIO]", help="Suppose a device."
    ),
    click.option("--precision", multiple=True, metavar="C=FORMAT", help="Suppose a format."),
    click.option("--exercise", multiple=True, metavar="C", help="Suppose an option exercised."),
)


def book_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the changes of the forward book that can be supposed, as options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def supposed_of(options: dict[str, Any]) -> tuple[Supposed, ...]:
    """Take the changes of the book out of the options of a command.

    Raises:
        InputError: If one is not written as it must be.
    """
    return tuple(Supposed.parse(kind, text) for kind in CHANGES for text in options.pop(kind))


def open_scenario(path: str) -> SavedScenario:
    """Read a saved scenario.

    Raises:
        InputError: If it cannot be read, or is none.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror or error}", remedy="name what --save wrote"
        ) from error
    return read_scenario(data, path)


def saved_drafts(saved: SavedScenario, path: str) -> list[Edition]:
    """Read the drafts of a saved scenario, as they were when it was saved.

    Args:
        saved: The scenario.
        path: Its file; drafts are found from its folder.

    Raises:
        ConflictError: If a draft says something else by now.
        MissingError: If one is gone.
    """
    found = []
    for draft in saved.drafts:
        place = Path(path).parent / draft.file
        edition = read_edition(place, str(place))
        if Pack.of(edition.files).digest != draft.pack:
            raise ConflictError(
                f"{place} says something else than when {path} was saved",
                why="the scenario would no longer be the one that was decided on",
                remedy="put the draft back, or save a new scenario with this one",
            )
        found.append(edition)
    return found


def draft_of(edition: Edition, path: str) -> SavedDraft:
    """Return how a scenario in a file names a draft."""
    folder = Path(path).resolve().parent
    file = os.path.relpath(Path(edition.given).resolve(), folder)
    return SavedDraft(Path(file).as_posix(), Pack.of(edition.files).digest)


def save_scenario(saved: SavedScenario, path: str) -> None:
    """Write a scenario to a file, never over a ledger.

    Raises:
        InputError: If it cannot be written there.
    """
    with writing(path) as file:
        text = json.dumps(saved.document(), indent=2, ensure_ascii=False)
        file.write(text.encode() + b"\n")


def refuse_place(path: str, rules: Path | None, drafts: Sequence[str]) -> None:
    """Refuse to save a scenario among rules in use, over a draft, or over any other file.

    Args:
        path: Where it is to be saved.
        rules: Rules in use that the user named.
        drafts: Drafts as they were given.

    Raises:
        InputError: If it is such a place.
    """
    target = Path(path).resolve()
    laws = [Path(each).resolve() for each in drafts] + ([rules.resolve()] if rules else [])
    if any(target == law or law in target.parents for law in laws):
        raise InputError(
            f"{path} lies among rules",
            why="a scenario is no law, and must not be taken for it",
            remedy="save it in another folder",
        )
    if target.is_file() and not _is_scenario(target):
        raise InputError(
            f"{path} is there already, and is no saved scenario",
            why="what is in it would be lost",
            remedy="give another name",
        )


def _is_scenario(path: Path) -> bool:
    """Return whether a file is a scenario that was saved before."""
    try:
        with path.open("rb") as file:
            read_scenario(file.read(_SCENARIO_MAX), str(path))
    except (OSError, LedgerError):
        return False
    return True


def refuse_mixed(options: Mapping[str, Any], given: Sequence[object]) -> None:
    """Refuse parts of a scenario beside a saved one.

    Raises:
        InputError: If there are any.
    """
    names = [name for name in (*CHANGES, "reading", "assume", "optional") if options[name]]
    if names or any(given):
        raise InputError(
            "a saved scenario is asked as it was saved",
            why="with other parts beside it, it would be another one",
            remedy="leave them out, or write all parts out and save a new one",
        )
