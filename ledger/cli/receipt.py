"""A receipt on the screen: what a proof of one entry shows, and what it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from ledger.canonical import BYTES_MAX
from ledger.cli.output import emit
from ledger.cli.trusting import read_bytes, trusted
from ledger.errors import InputError
from ledger.inclusion import PROOF_MAX
from ledger.journeys.receipts import Receipt, check_receipt, receipt_document
from ledger.period import format_instant
from ledger.report.table import Column, Table

__all__ = ["show_receipt"]

_INCOMPLETE: Final = 3  # as of a bundle: something could not be checked


def show_receipt(
    proof: str,
    entry: str,
    vkey: Sequence[str],
    policy: str | None,
    *,
    fmt: str | None,
    output: str | None,
) -> None:
    """Check a proof against an entry, and write what it shows.

    Args:
        proof: File of the tlog-proof.
        entry: File of the entry's bytes; one newline at its end is not part of them.
        vkey: Keys to trust.
        policy: File of a policy, instead of keys.
        fmt: Form of the output.
        output: File to write, or None or ``-`` for stdout.

    Raises:
        InputError: If no keys are given, or something cannot be read.
        IntegrityError: If the proof does not hold.
    """
    keys = trusted(vkey, policy)
    if keys is None:
        raise InputError(
            "no key is given",
            why="a proof that names its own key proves nothing",
            remedy="give --policy FILE, or --vkey TEXT from the ledger's owner on another way",
        )
    leaf = read_bytes(entry, BYTES_MAX + 1).removesuffix(b"\n")
    receipt = check_receipt(read_bytes(proof, PROOF_MAX), leaf, keys)
    emit(receipt_document(receipt), _table(receipt), fmt=fmt, output=output)
    if receipt.not_compared:
        click.get_current_context().exit(_INCOMPLETE)


def _table(receipt: Receipt) -> Table:
    """Return what held, a row each."""
    signed, checkpoint = receipt.assent, receipt.assent.checkpoint
    rows = [
        ("entry", f"{receipt.entry.seq}, {receipt.entry.type}, {receipt.entry.id}"),
        ("hash", receipt.leaf.hex()),
        ("proof", f"{len(receipt.proof.path)} hashes lead to the signed root"),
        ("checkpoint", f"{checkpoint.size} entries of {checkpoint.origin}"),
        *(("signed by", key.encode()) for key in signed.log_keys),
        *(
            ("cosigned by", f"{each.witness} at {format_instant(each.cosignature.at)}")
            for each in signed.cosigned
        ),
        ("quorum", signed.quorum.wanting),
        *(("not counted", why) for why in signed.lapsed),
        *(
            ("not compared", f"the checkpoint over {size} entries that the policy remembers")
            for size in receipt.not_compared
        ),
        *(("not known", f"a signature of {s.name}: shown only") for s in signed.unknown),
    ]
    extra = receipt.proof.extra
    if extra is not None:
        rows.append(("extra", f"{len(extra)} bytes that nothing proves"))
    return Table(
        f"entry {receipt.entry.seq} is in the ledger {checkpoint.origin}",
        (Column("part"), Column("what holds", wide=True)),
        tuple(rows),
        ("not shown here: that the stated figures are right, or what other entries say",),
    )
