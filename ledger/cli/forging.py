"""Forging alters a copy of a ledger behind its back, so that the checks can be seen to refuse."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["copy_ledger", "forge"]

_BESIDE = (".key.pem", ".secret", ".checkpoints")
_WAS, _IS = b'pretrain"', b'pretrein"'


def copy_ledger(ledger: Path, copy: Path) -> None:
    """Copy a ledger with its key, its secret and its checkpoints; it could be continued twice.

    Args:
        ledger: A database file that nothing writes to now.
        copy: Name of the copy, in a folder that is there.
    """
    for suffix in _BESIDE:
        shutil.copy(f"{ledger}{suffix}", f"{copy}{suffix}")
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def forge(copy: Path) -> int:
    """Change one byte of an entry, with the triggers out of the way and back.

    Args:
        copy: The ledger to spoil.

    Returns:
        Number of the entry: the first in the later half that records pretraining.
    """
    with closing(sqlite3.connect(copy)) as target:
        guards = target.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = guards.fetchall()
        for name, _ in triggers:
            target.execute(f'DROP TRIGGER "{name}"')
        (middle,) = target.execute("SELECT max(seq) / 2 FROM entries").fetchone()
        rows = target.execute(
            "SELECT seq, bytes FROM entries WHERE seq >= ? ORDER BY seq", [middle]
        )
        seq, data = next((seq, data) for seq, data in rows if _WAS in data)
        changed = data.replace(_WAS, _IS, 1)
        target.execute("UPDATE entries SET bytes = ? WHERE seq = ?", (changed, seq))
        for _, sql in triggers:
            target.execute(sql)
        target.commit()
    assert isinstance(seq, int)
    return seq
