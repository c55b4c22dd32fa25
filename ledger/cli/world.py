"""A world is a folder of made-up labs and clouds whose two years were recorded by real commands.

It is built beside its place and moved there whole: whoever interrupts the build finds no world.
"""

from __future__ import annotations

import io
import re
import secrets
import shlex
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path

import click
import yaml

from ledger.cli import interruption
from ledger.cli.chance import Chance
from ledger.cli.forging import copy_ledger, forge
from ledger.cli.stage import at, inside
from ledger.cli.world_guide import GUIDE, guide
from ledger.cli.world_steps import (
    FOLDERS,
    FORGED,
    FORKED,
    FORKING,
    PAGES,
    TODAY,
    Step,
    history,
)
from ledger.cli.world_work import LABS, write_work
from ledger.errors import ConflictError, InputError, LedgerError
from ledger.hardware import Catalogue
from ledger.pack import Pack, read_pack
from ledger.period import parse_day, parse_instant
from ledger.regime.load import REGIMES_FOLDER
from ledger.regime.setting import Setting, amended
from ledger.resources import rules_root

__all__ = ["build"]

_SEED = "flopledger world 1"
_CONTENT = re.compile(r"\$\(cat ([^)]+)\)")
_AMENDED = Path("law/eu.aia.amended.yaml")


def build(target: Path) -> None:
    """Build the world and say each step.

    Args:
        target: The folder; it is not there, or empty.

    Raises:
        ConflictError: If something is there.
        LedgerError: If a command ends otherwise than it should.
        click.Abort: If the user interrupts; nothing is left then.
    """
    _check_free(target)
    with _beside(target) as folder, as_file(files("ledger") / "_demo" / "world") as source:
        with inside(folder, _seconds(TODAY)):
            _fill(source.resolve(), Chance.from_seed(_SEED))
        _check_free(target)
        folder.rename(target)


def _check_free(target: Path) -> None:
    """Refuse a place where something is."""
    if target.is_symlink() or target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise ConflictError(
            f"{target} is already there and not empty",
            why="the demonstration overwrites nothing",
            remedy="choose another name with --world, or remove it",
        )


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Yield a new folder beside a place, which is gone in the end unless it was moved there."""
    parent = target.absolute().parent
    folder = parent / f".{target.name}.{secrets.token_hex(4)}.partial"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except OSError as error:
        raise InputError(
            f"cannot make a folder in {parent}: {error.strerror or error}",
            remedy="choose another name with --world",
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(source: Path, chance: Chance) -> None:
    """Fill the current folder."""
    rules = read_pack(rules_root(None))
    for name in ("clouds/cloud-1", "clouds/cloud-2", "reseller", "authority", "law", "pages"):
        Path(name).mkdir(parents=True)
    for path in (FORGED, FORKED):
        path.parent.mkdir(parents=True)
    write_work(source, Catalogue.from_pack(rules))
    _copy_shipped(source)
    _AMENDED.write_text(_amended_law(rules), "utf-8")
    steps = history(source)
    _play("two years of work, bills and contracts", steps, chance)
    copy_ledger(Path("labs/lab-c/ledger.db"), FORKED)
    _play("one ledger is continued twice", FORKING, chance)
    copy_ledger(Path("labs/lab-b/ledger.db"), FORGED)
    numbers = {
        "forged": str(forge(FORGED)),
        "h20": _booked_on("nvidia-h20", Path("labs/lab-a/ledger.db")),
    }
    Path("authority/policy.txt").write_text(_policy(), "utf-8")
    held = [step for step in PAGES if step.needs is None or find_spec(step.needs)]
    pages = [replace(step, command=step.command.format_map(numbers)) for step in held]
    _play("pages to open", pages, chance)
    if len(held) < len(PAGES):
        click.echo("no report was made: pip install 'flopledger[report]' adds what draws it")
    GUIDE.write_text(guide(Path(), numbers, _seconds(TODAY)), "utf-8")


def _booked_on(device: str, ledger: Path) -> str:
    """Return the number of the first entry that was booked on a device."""
    with closing(sqlite3.connect(ledger)) as store:
        rows = store.execute("SELECT seq, bytes FROM entries ORDER BY seq")
        return next(str(seq) for seq, data in rows if f'"device":"{device}"'.encode() in data)


def _copy_shipped(source: Path) -> None:
    """Put what the parties wrote by hand into their folders."""
    contracts = source / "contracts"
    for party, folder in FOLDERS.items():
        shutil.copytree(contracts / party, Path(folder, "contracts"))
    for name in ("bill.map.yaml", "pods.map.yaml"):
        shutil.copy(source / name, f"clouds/cloud-2/{name}")
    for name in ("h20.jsonl", "h200.jsonl"):
        shutil.copy(source / name, f"labs/lab-a/work/{name}")


def _amended_law(rules: Pack) -> str:
    """Return the European rules with a line that was raised, as nobody has raised it."""
    tree = next(
        tree
        for tree in rules.under(REGIMES_FOLDER).values()
        if isinstance(tree, dict) and tree["id"] == "eu.aia"
    )
    raised = Setting("eu.aia", "systemic-risk-flop", "3*10^25 FLOP", parse_day("2027-08-02"))
    text = yaml.safe_dump(amended(tree, (raised,)), sort_keys=False, allow_unicode=True)
    return f"# NOT LAW. A made-up amendment: the line of Art. 51(2) at 3*10^25 FLOP.\n{text}"


def _policy() -> str:
    """Return whose keys an authority goes by: those that the labs printed when they founded."""
    keys = (Path("labs", lab, "key.txt").read_text("utf-8").strip() for lab in LABS)
    return "".join(f"log {key}\n" for key in keys) + "quorum none\n"


def _play(title: str, steps: Sequence[Step], chance: Chance) -> None:
    """Run steps, each at its time."""
    click.echo(f"{title}: {len(steps)} commands")
    for step in steps:
        at(_seconds(step.at))
        _run(step, chance)


def _run(step: Step, chance: Chance) -> None:
    """Run one step and hold its status against what it should be."""
    from ledger.cli.app import run  # noqa: PLC0415 - the program loads this module

    command, _, kept = step.command.partition(" > ")
    arguments = [_CONTENT.sub(_content, word) for word in shlex.split(command)]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        status = run(arguments, chance)
    if status == interruption.STATUS != step.status:
        raise click.Abort
    if status != step.status:
        raise LedgerError(
            f"a command ended with status {status}, not {step.status}",
            where=f"flopledger {step.command}",
            why=_text(err) or "it printed no reason",
            remedy="please report this",
        )
    if kept:
        Path(kept).write_text(_text(out) + "\n", "utf-8")


def _content(found: re.Match[str]) -> str:
    """Return what a shell would put in the place of ``$(cat FILE)``."""
    return Path(found[1]).read_text("utf-8").strip()


def _text(stream: io.TextIOWrapper) -> str:
    """Return what was printed."""
    stream.seek(0)
    return stream.read().strip()


def _seconds(at: str) -> int:
    """Return a time as seconds since 1970."""
    return int(parse_instant(at).timestamp())
