"""``flopledger rules fmt`` writes rule files in the one form."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.output import write_text
from ledger.errors import InputError, MissingError
from ledger.pack import read_rule_text
from ledger.regime.form import formatted

__all__ = ["fmt"]

EPILOG = """\b
Examples:
  flopledger rules fmt rules
  flopledger rules fmt --check rules
  flopledger rules fmt - < draft.yaml
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR|-...")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 and list what would change.")
@pass_context
def fmt(context: Context, *, paths: tuple[str, ...], check: bool) -> int:
    """Write rule files in the one form: order of keys, brackets, quotes; comments stay."""
    if "-" in paths:
        return _from_stdin(paths, check=check)
    files = [file for path in paths for file in _files(Path(path))]
    texts = {file: _text(file) for file in dict.fromkeys(files)}
    changed = {file: new for file, (old, new) in texts.items() if old != new}
    for file, text in changed.items():
        if check:
            write_text(f"{file}\n", None)
        else:
            write_text(text, str(file))
            context.say(f"wrote {file}")
    context.say(f"{len(texts)} files, {len(changed)} {'would change' if check else 'changed'}")
    return int(check and bool(changed))


def _from_stdin(paths: tuple[str, ...], *, check: bool) -> int:
    """Read one file from stdin and write it to stdout, or only say whether it would change."""
    if paths != ("-",):
        raise InputError("- stands for stdin and stands alone", remedy="format the files apart")
    text = sys.stdin.buffer.read()
    try:
        old = text.decode()
    except UnicodeDecodeError as error:
        raise InputError("stdin is not UTF-8", remedy="save the file as UTF-8") from error
    new = formatted(old, where="-")
    write_text("-\n" if old != new else "", None) if check else write_text(new, None)
    return int(check and old != new)


def _files(path: Path) -> list[Path]:
    """Return a file, or the rule files below a folder.

    Raises:
        MissingError: If there are none.
    """
    if path.is_dir():
        found = sorted(each for each in path.rglob("*.yaml") if each.is_file())
        if not found:
            raise MissingError(
                f"{path} holds no rule files", remedy="name a folder with .yaml files"
            )
        return found
    if not path.is_file():
        raise MissingError(f"{path} is not there", remedy="name a rule file, a folder or -")
    return [path]


def _text(file: Path) -> tuple[str, str]:
    """Return the text of a file as it is and in the one form."""
    old = read_rule_text(file, str(file))
    return old, formatted(old, where=file.as_posix(), find=lambda name: _schema(file, name))


def _schema(file: Path, name: str) -> str | None:
    """Return the path from a file to a JSON Schema, if it stands in a folder around it."""
    here = file.resolve().parent
    for folder in (here, *here.parents):
        found = folder / "schemas" / name
        if found.is_file():
            return Path(os.path.relpath(found, here)).as_posix()
    return None
