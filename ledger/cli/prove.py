"""``flopledger prove`` prints the receipt of one entry, or checks one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import click

from ledger.cli.context import Context, pass_context
from ledger.errors import InputError

__all__ = ["prove"]

_SEQ = re.compile(r"[0-9]{1,18}")

EPILOG = """\b
Examples:
  flopledger prove 17
  flopledger prove 17 --quick
  flopledger prove 17 --entry entry-17.json -o entry-17.tlog-proof
  flopledger prove --check entry-17.tlog-proof --policy policy.txt entry-17.json
  flopledger prove --check entry-17.tlog-proof --vkey "$(cat key-of-lab-a.txt)" entry-17.json
"""


@click.command(epilog=EPILOG)
@click.argument("what", metavar="SEQ|ENTRY")
@click.option("--check", metavar="FILE", help="Check this proof of the entry in ENTRY.")
@click.option("--size", type=click.IntRange(min=1), help="Entries under the checkpoint to use.")
@click.option("--entry", metavar="FILE", help="Write the entry too, for whoever checks the proof.")
@click.option("--quick", is_flag=True, help="Read no entry but this one; see below.")
@click.option("--vkey", metavar="TEXT", multiple=True, help="With --check: a key to trust.")
@click.option("--policy", metavar="FILE", help="With --check: whose keys count, and how many.")
@click.option("-f", "--format", "fmt", type=click.Choice(("table", "json")), help="With --check.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
@pass_context
def prove(
    context: Context,
    *,
    what: str,
    check: str | None,
    size: int | None,
    entry: str | None,
    quick: bool,
    vkey: Sequence[str],
    policy: str | None,
    fmt: str | None,
    output: str | None,
) -> None:
    """Print the proof that entry SEQ is in the ledger, as a C2SP tlog-proof.

    The proof leads to the newest checkpoint that a witness cosigned, else to the newest. It can be
    checked offline with --check, against keys that come on another way than the proof, and shows
    nothing of any other entry. Exit status 4 says that a proof does not hold; 3 says that it holds,
    and cannot be compared with a checkpoint that the policy remembers.

    Every entry is read first, and of a ledger that was altered nothing is proved. With --quick the
    path is read from files of subtrees beside the ledger, made at the first use: in a large ledger
    a proof then takes a moment, and says nothing of the other entries as they are now.
    """
    if check is not None:
        _refuse({"--size": size, "--entry": entry, "--quick": quick})
        # A receipt is checked without a ledger, and as fast as a process can be.
        from ledger.cli.receipt import show_receipt  # noqa: PLC0415

        show_receipt(check, what, vkey, policy, fmt=fmt, output=output)
        return
    if not _SEQ.fullmatch(what) or vkey or policy is not None or fmt is not None:
        raise InputError(
            f"{what[:40]!r} is no number of an entry, or --check is missing",
            remedy="flopledger prove SEQ, or prove --check PROOF --policy FILE ENTRY",
        )
    from ledger.cli.proving import write_proof  # noqa: PLC0415 - needs the ledger

    write_proof(context, int(what), size, entry, output, quick=quick)


def _refuse(given: Mapping[str, object]) -> None:
    """Refuse options that a check of a proof would pass over in silence."""
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise InputError(
            f"{', '.join(wrong)} cannot be given with --check",
            why="a proof that is there is checked as it is",
            remedy="flopledger prove --check PROOF --policy FILE ENTRY",
        )
