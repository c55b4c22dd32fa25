"""The program: a table of commands, each loaded only when it is called."""

from __future__ import annotations

import gc
import importlib
import signal
import sys
from pathlib import Path

import click

from ledger import __version__
from ledger.cli.chance import SYSTEM, Chance
from ledger.cli.context import Context
from ledger.cli.interruption import STATUS, Interruption, interrupted
from ledger.cli.models import plain_models, plain_suffice
from ledger.cli.place import LedgerPlace, place_of
from ledger.errors import LedgerError
from ledger.stores.address import Address

__all__ = ["COMMANDS", "main", "program"]

# Help stands here so that --help loads no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("ledger.cli.init:init", "Create a ledger and its signing key."),
    "status": ("ledger.cli.status:status", "One screen: size, head, signer, what is near."),
    "import": ("ledger.cli.import_:import_", "Read a real export into the ledger."),
    "run": ("ledger.cli.run:run", "Run a program and capture the time it holds devices."),
    "sync": ("ledger.cli.sync:sync", "Read captured runs into the ledger, once."),
    "record": ("ledger.cli.record:record", "Append records from JSON Lines."),
    "estimate": ("ledger.cli.estimate:estimate_command", "Work out operations by a method."),
    "fact": ("ledger.cli.fact:fact", "Set one fact, or list the facts that are missing."),
    "restate": ("ledger.cli.restate:restate_command", "Correct an entry, with approval."),
    "impact": ("ledger.cli.impact:impact_command", "Show everything that used an entry."),
    "show": ("ledger.cli.show:show", "Show one entry with its proof, or one run."),
    "export": ("ledger.cli.export:export", "Write the leaves or tables to a file."),
    "verify": ("ledger.cli.verify:verify", "Re-read every byte and check every proof."),
    "check": ("ledger.cli.check:check", "Determine which legal lines are met."),
    "explain": ("ledger.cli.explain:explain", "Give the reasons of one determination."),
    "position": ("ledger.cli.position:position", "Graded FLOP-hours held and operations done."),
    "contract": ("ledger.cli.contract:contract", "Keep the forward book of capacity agreed."),
    "forecast": ("ledger.cli.forecast:forecast_command", "When lines will be crossed."),
    "deadlines": ("ledger.cli.deadlines:deadlines", "When duties fall due, and what is late."),
    "report": ("ledger.cli.report:report", "Write the report that is handed over, with charts."),
    "reconcile": (
        "ledger.cli.reconcile:reconcile_command",
        "Line up methods and sources; grade the evidence.",
    ),
    "receipt": ("ledger.cli.usage:receipt", "Sign a receipt of usage, or book one."),
    "hardware": ("ledger.cli.hardware:hardware", "List the catalogue of accelerators."),
    "rules": ("ledger.cli.rules:rules", "List, show, lint and test the law as data."),
    "bundle": ("ledger.cli.bundle:bundle", "Write one file from which others verify."),
    "attest": ("ledger.cli.attest:attest", "Draw up, sign and record an attestation."),
    "approve": ("ledger.cli.approve:approve", "Sign that an act may be recorded."),
    "anchor": ("ledger.cli.anchor:anchor", "Record that a checkpoint was seen outside."),
    "key": ("ledger.cli.key:key", "Show, make, rotate and revoke signing keys."),
    "checkpoint": ("ledger.cli.checkpoint:checkpoint", "Show checkpoints; have them cosigned."),
    "prove": ("ledger.cli.prove:prove", "Prove that an entry is in the ledger, or check it."),
    "witness": ("ledger.cli.witness:witness", "Cosign logs that only grow, and prove forks."),
    "verifier": ("ledger.cli.verifier:verifier", "Build the verifier as one file."),
    "demo": ("ledger.cli.demo:demo", "Tell the whole story on shipped data."),
    "migrate": ("ledger.cli.migrate:migrate", "Copy the ledger into another store."),
    "doctor": ("ledger.cli.doctor:doctor", "Check the environment and the ledger's files."),
}

_ERRORS = (2, 3)  # statuses of what could not be evaluated

EPILOG = """\b
Start here:
  flopledger demo
  flopledger init --origin ledger.example/lab-a
  flopledger import runs.csv --source csv
  flopledger check

Exit codes: 0 nothing to act on, 1 findings, 2 could not evaluate, 3 a fact is missing,
4 integrity failure, 130 interrupted.
"""


class Commands(click.Group):
    """The group of all commands; loads the module of the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--ledger",
    metavar="PATH|URL",
    type=LedgerPlace(),
    default="ledger.db",
    envvar="FLOPLEDGER_LEDGER",
    show_default=True,
    help="The ledger: a database file, or postgresql://USER@HOST/DATABASE.",
)
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FLOPLEDGER_FILES",
    metavar="DIR",
    help="Folder of key, secret and checkpoints of a ledger on a server; default this folder.",
)
@click.option(
    "--rules",
    type=click.Path(path_type=Path),
    envvar="FLOPLEDGER_RULES",
    help="Folder of rules, or pack file, to use instead of those that ship.",
)
@click.option("--quiet", is_flag=True, help="Write results only, no counts or progress.")
@click.option("--no-input", is_flag=True, help="Never ask; fail instead.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
@click.version_option(__version__, prog_name="flopledger")
@click.pass_context
def program(
    ctx: click.Context,
    *,
    ledger: Path | Address,
    files: Path | None,
    rules: Path | None,
    quiet: bool,
    no_input: bool,
    debug: bool,
) -> None:
    """Keep a verifiable ledger of training compute and check it against the law."""
    chance = ctx.obj if isinstance(ctx.obj, Chance) else SYSTEM
    path, server = place_of(ledger, files)
    ctx.obj = Context(path, rules, quiet, no_input, debug, chance, server)


# Values here are frozen and hold no cycles: looking for them took a tenth of a large check.
COLLECT_AFTER = (200_000, 50, 50)


def main() -> None:
    """Run the program and leave with its exit status."""
    gc.set_threshold(*COLLECT_AFTER)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        Interruption()
    if plain_suffice(sys.argv[1:]):
        plain_models()
    status = run(sys.argv[1:])
    # The process ends: to look for cycles in all that is left took a fifth of a small check.
    gc.freeze()
    sys.exit(status)


def run(arguments: list[str], chance: Chance = SYSTEM) -> int:
    """Run one command line.

    Args:
        arguments: What follows the program's name.
        chance: Where keys, salts and ids come from.

    Returns:
        The exit status; errors were written to stderr.
    """
    try:
        result = program.main(arguments, prog_name="flopledger", standalone_mode=False, obj=chance)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        stopped = interrupted() or isinstance(error, KeyboardInterrupt)
        if "--debug" in arguments and not stopped:
            raise
        status = _tell(click.exceptions.Abort() if stopped else error)
        # Where 2 says that something is different, an error must say something else.
        return 1 if status in _ERRORS and "--detailed-exitcode" in arguments else status
    return result if isinstance(result, int) else 0


def _tell(error: BaseException) -> int:
    """Write what went wrong to stderr and return the exit status that belongs to it."""
    match error:
        case click.exceptions.Abort():
            click.echo("interrupted: nothing is half-written; run it again", err=True)
            return STATUS
        case click.ClickException():
            error.show()
            return 2
        case LedgerError():
            click.echo(error.diagnostics(), err=True)
            return error.exit_code
    # A fault of ours must not look like an answer, nor bury the user in a stack.
    click.echo(f"error[internal]: {type(error).__name__}: {error}", err=True)
    click.echo("  next: run again with --debug and report what it prints", err=True)
    return 2
