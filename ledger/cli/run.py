"""The command `run`: a program runs as it is, and the time it holds devices is captured."""

from __future__ import annotations

import click

from ledger.capture.command import NOT_EXECUTABLE, NOT_FOUND, run_command
from ledger.capture.epilog import EPILOGS, epilog
from ledger.errors import InputError
from ledger.spool import ACTIVITIES, PRECISIONS, SPARSITIES

__all__ = ["run"]

EPILOG = """\b
Examples:
  flopledger run --model falcon-2 --device nvidia-h100-sxm5 --devices 8 -- python train.py
  srun flopledger run --model falcon-2 --devices 64 --spool /shared/spool -- python train.py
  flopledger run --print-epilog slurm --spool /shared/spool > flopledger.sh

Needs no ledger: `flopledger sync` reads the spool later. Only rank 0 writes.
The exit code is that of the program; 128 and the signal's number if a signal ended it.
"""


@click.command("run", epilog=EPILOG)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--run", metavar="NAME", help="Name of the run; else one is made.")
@click.option("--model", metavar="NAME", help="Model that the run serves.")
@click.option("--developer", metavar="NAME", help="Who develops it.")
@click.option("--activity", type=click.Choice(ACTIVITIES), default="unknown", show_default=True)
@click.option("--device", metavar="ID", help="An id or name of `flopledger hardware`.")
@click.option("--devices", type=click.IntRange(0), help="All devices of the job.")
@click.option("--precision", type=click.Choice(PRECISIONS), help="Format of the products.")
@click.option("--sparsity", type=click.Choice(SPARSITIES), help="Whether it is structured.")
@click.option("--spool", metavar="DIR", help="Folder; default FLOPLEDGER_SPOOL, else spool.")
@click.option("--every", type=click.IntRange(1, 3600), default=30, show_default=True)
@click.option("--textfile", metavar="FILE.prom", help="Written at each heartbeat for Prometheus.")
@click.option("--print-epilog", type=click.Choice(EPILOGS), help="Print a script; run nothing.")
def run(command: tuple[str, ...], print_epilog: str | None, **given: object) -> int:
    """Run a program and capture the time that it holds devices."""
    if print_epilog is not None:
        spool = given["spool"]
        click.echo(epilog(print_epilog, *([] if spool is None else [str(spool)])), nl=False)
        return 0
    if not command:
        raise InputError(
            "no program is given",
            remedy="write it after two dashes: flopledger run --model M -- python train.py",
        )
    status = run_command(command, **given)
    if status in {NOT_FOUND, NOT_EXECUTABLE}:
        click.echo(f"flopledger: {command[0]}: status {status}: was it found?", err=True)
    return status
