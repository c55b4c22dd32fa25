"""The front is the program inside: it reads arguments, has a bundle examined, tells the verdict."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

from ledger import __version__
from ledger.errors import InputError, LedgerError, MissingError
from ledger.pack import PACK_NAME
from ledger.report.render import to_markdown
from ledger.resources import rules_root
from ledger.standalone.examination import Examination, examine

__all__ = ["main"]

_EPILOG = """\
The policy says whose keys count: C2SP lines such as "log VKEY", or JSON (flopledger/policy.v1).
Nothing is taken from the network, and no key from the bundle.

exit status:
  0  it holds, and nothing differs
  1  it holds, and there is something to look at: your law comes out otherwise, or a limit is passed
  2  something given cannot be read
  3  a fact is withheld, so that something could not be checked
  4  it does not hold; the step and the part are named
"""


def main(arguments: Sequence[str]) -> int:
    """Verify a bundle and return the exit status.

    Args:
        arguments: What follows the name of the program.
    """
    given = _parser().parse_args(arguments)
    try:
        examination = examine(given.bundle, given.policy, _law(given.rules), given.cap)
        if given.transcript is not None:
            _write_page(given.transcript, examination.page)
        sys.stdout.write(_told(examination, as_json=given.json))
    except LedgerError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - a fault of ours is no verdict, and no stack either
        sys.stderr.write(f"error[internal]: {type(error).__name__}: {error}\n")
        return 2
    return examination.verdict.exit_status


def _parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="flopledger-verify",
        description="Verify a bundle of a compute ledger under a policy, offline.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the archive, or its folder")
    parser.add_argument("--policy", required=True, metavar="FILE", help="whose keys count")
    parser.add_argument("--rules", metavar="PACK.json", help="your own rules; else those inside")
    parser.add_argument("--json", action="store_true", help="write the verdict as JSON")
    parser.add_argument("--transcript", metavar="FILE.html", help="write a page to keep")
    parser.add_argument(
        "--cap", action="append", default=[], metavar="NAME=N", help="lower a limit on the archive"
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _law(rules: str | None) -> Traversable:
    """Return the pack file of the verifier's own rules.

    Raises:
        InputError: If it is a folder: there is nothing here that reads YAML.
        MissingError: If there is none.
    """
    law = rules_root() / PACK_NAME if rules is None else rules_root(Path(rules))
    if law.is_dir():
        raise InputError(
            f"{rules} is a folder, and this program reads pack files only",
            remedy=f"write one with the whole program: flopledger --rules {rules} rules pack -o "
            "PACK.json",
        )
    if not law.is_file():
        raise MissingError("there are no rules inside", remedy="give yours: --rules PACK.json")
    return law


def _told(examination: Examination, *, as_json: bool) -> str:
    """Return the verdict as JSON, or for people as Markdown."""
    if not as_json:
        return to_markdown(examination.tables)
    return json.dumps(examination.document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def _write_page(name: str, page: str) -> None:
    """Write the transcript.

    Raises:
        InputError: If the file cannot be written.
    """
    try:
        Path(name).write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"cannot write {name}: {error.strerror or error}") from error
