"""Any order of appends, crashes, cosignatures, rotations, corrections and restored copies.

A small model says after each step what the ledger must hold; each thing it says is shown to be
able to fail, by a bug that is planted for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from histories import Histories
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)
from sealed import ORIGIN

from ledger.checkpoint import Checkpoint
from ledger.entry import genesis_prev
from ledger.log import Log
from ledger.log.seal import Sealing
from ledger.log.store import Head
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore


def tried(examples: int, steps: int, **more: Any) -> None:
    """Run the machine."""
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=quiet,
            database=None,
            **more,
        ),
    )


def test_ledger_follows_the_model() -> None:
    tried(8, 12, phases=(Phase.generate,))


@pytest.mark.slow
def test_ledger_follows_the_model_for_long() -> None:
    tried(300, 50)


def forgetful_store(patched: pytest.MonkeyPatch) -> None:
    """Plant: the notes are compared with nothing before an append."""
    patched.setattr(Log, "_agreed_head", lambda log: log._store.head())


def trusting_witness(patched: pytest.MonkeyPatch) -> None:
    """Plant: the witness checks no consistency."""
    patched.setattr("ledger.witness._unproved", lambda *_: None)


def loose_clock(patched: pytest.MonkeyPatch) -> None:
    """Plant: an entry gets the time of the clock, whatever the last one says."""
    real = Sealing.__init__

    def made(sealing: Sealing, who: Any, store: Any, head: Head) -> None:
        real(sealing, who, store, replace(head, recorded_at=""))

    patched.setattr(Sealing, "__init__", made)


def lost_entry(patched: pytest.MonkeyPatch) -> None:
    """Plant: the last entry of a batch is not stored, and nobody reads it back."""
    real = SqliteStore.append

    def append(store: SqliteStore, head: Head, batch: Any) -> None:
        real(store, head, replace(batch, entries=batch.entries[:-1] or batch.entries))

    def sign(log: Log, _: Any, head: Head) -> None:
        assert log._identity.signer is not None
        signed = Checkpoint(ORIGIN, head.size, head.range.root()).sign(log._identity.signer)
        log._checkpoints.append(signed)

    patched.setattr(SqliteStore, "append", append)
    patched.setattr(Log, "_sign", sign)


def lone_heir(patched: pytest.MonkeyPatch) -> None:
    """Plant: the checkpoint over a rotation is signed by the old key alone."""
    patched.setattr(Log, "_heir", lambda *_: None)


def skipped_note(patched: pytest.MonkeyPatch) -> None:
    """Plant: one note is never written, and the append is reported as done."""
    real = NotesFile.append

    def append(notes: NotesFile, note: bytes) -> None:
        if b"\n2\n" not in note:
            real(notes, note)

    patched.setattr(NotesFile, "append", append)


def twice_reversed(patched: pytest.MonkeyPatch) -> None:
    """Plant: what was reversed may be reversed again."""
    ever = count()
    patched.setattr("ledger.log.seal.reversal_key", lambda seq: ("reversal", f"{seq} {next(ever)}"))


def unlinked(patched: pytest.MonkeyPatch) -> None:
    """Plant: entries are linked to the beginning of the log."""
    real = Sealing.__init__

    def made(sealing: Sealing, who: Any, store: Any, head: Head) -> None:
        real(sealing, who, store, replace(head, prev=genesis_prev(ORIGIN)))

    patched.setattr(Sealing, "__init__", made)


BUGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    bug.__name__: bug
    for bug in (
        *(forgetful_store, trusting_witness, loose_clock, lost_entry, lone_heir, skipped_note),
        *(twice_reversed, unlinked),
    )
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BUGS)
def test_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[name](monkeypatch)
    with pytest.raises(BaseException, match=r".+") as caught:
        tried(200, 40, phases=(Phase.generate,))
    assert not isinstance(caught.value, KeyboardInterrupt | SystemExit), caught.value
