"""``flopledger rules lint`` looks for what is wrong in rule files."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options_with, write_text
from ledger.journeys.linting import Linted, lint_rules
from ledger.regime.check import LEVELS
from ledger.regime.registry import check_of, find_check
from ledger.report.checks import check_text
from ledger.report.flaws import flaw_document, flaw_table
from ledger.report.render import to_json
from ledger.report.sarif import sarif_document
from ledger.resources import rules_root

__all__ = ["lint"]

EPILOG = """\b
Examples:
  flopledger --rules ./rules rules lint
  flopledger --rules ./rules rules lint -f sarif -o lint.sarif
  flopledger rules lint --explain comparator
"""


@click.command(epilog=EPILOG)
@click.option("--explain", metavar="CHECK", help="Say what a check looks for and why; no lint.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="warning",
    show_default=True,
    help="Exit 1 from findings of that level on.",
)
@output_options_with("sarif")
@pass_context
def lint(
    context: Context, *, explain: str | None, fail_on: str, fmt: str | None, output: str | None
) -> int:
    """Look for what is wrong in rule files: exit 1 with findings, 2 if one cannot be loaded."""
    if explain is not None:
        write_text(check_text(find_check(explain)), output)
        return 0
    root = rules_root(context.rules)
    linted = lint_rules(root, now().date())
    others = {"sarif": lambda: to_json(sarif_document(linted, _prefix(root)))}
    emit(flaw_document(linted), flaw_table(linted), fmt=fmt, output=output, others=others)
    return 2 if linted.refused else int(_fails(linted, fail_on))


def _fails(linted: Linted, fail_on: str) -> bool:
    """Return whether a finding is of that level or worse."""
    failing = LEVELS[: [str(level) for level in LEVELS].index(fail_on) + 1]
    return any(check_of(flaw.code).level in failing for flaw in linted.findings)


def _prefix(root: Traversable) -> str | None:
    """Return the path of the rules below the folder one stands in, or None if they are not."""
    here = Path.cwd().resolve()
    if not isinstance(root, Path) or not root.resolve().is_relative_to(here):
        return None
    below = root.resolve().relative_to(here).as_posix()
    return "" if below == "." else f"{below}/"
