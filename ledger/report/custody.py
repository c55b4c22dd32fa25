"""Custody for people: every key of a ledger with the checkpoints that are its to sign."""

from __future__ import annotations

from typing import Any, Final

from ledger.custody import Custody, Stretch
from ledger.report.table import Column, Table

__all__ = ["custody_document", "custody_table"]

SCHEMA: Final = "flopledger/keys.v1"


def custody_document(custody: Custody) -> dict[str, Any]:
    """Return the keys of a ledger as JSON."""
    return {
        "schema": SCHEMA,
        "keys": [
            {
                "vkey": stretch.key.encode(),
                "from_size": stretch.from_size,
                "to_size": stretch.to_size,
                "revoked": None
                if stretch.revoked is None
                else {"from_size": stretch.revoked.from_size, "reason": stretch.revoked.reason},
            }
            for stretch in custody.stretches
        ],
        "joint_checkpoints": list(custody.joints),
    }


def custody_table(custody: Custody) -> Table:
    """Return the keys of a ledger as a table."""
    joints = ", ".join(map(str, custody.joints))
    return Table(
        "keys of the ledger, as its entries state them",
        (
            Column("key", wide=True),
            Column("from size", "right"),
            Column("to size", "right"),
            Column("revoked"),
        ),
        tuple(map(_row, custody.stretches)),
        (f"signed by two keys: the checkpoints over {joints} entries",) if joints else (),
    )


def _row(stretch: Stretch) -> tuple[str, ...]:
    """Return one key."""
    revoked = stretch.revoked
    return (
        stretch.key.encode(),
        str(stretch.from_size),
        "now" if stretch.to_size is None else str(stretch.to_size),
        "" if revoked is None else f"{revoked.reason} from size {revoked.from_size}",
    )
