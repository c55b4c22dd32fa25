"""Keys of a bundle: who hands over to whom, and what a key that was given up still proves."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from bundled import (
    WITNESS,
    Members,
    beside_of,
    cosigned,
    fault,
    filled,
    members_of,
    policy,
    relisted,
    step,
    verdict,
)
from sealed import ORIGIN, SIGNER, identity, opened, said

from ledger.bundle import assembled
from ledger.checkpoint import Checkpoint, Note, NoteSignature
from ledger.cli.context import Context
from ledger.cli.keeping import signed_leaves
from ledger.journeys import bundling
from ledger.journeys.bundling import receipts
from ledger.keys import FileSigner
from ledger.record import draft_of
from ledger.stores.sqlite import SqliteStore

NEW = FileSigner.from_seed(ORIGIN, b"n" * 32)
JOINT, AFTER = "checkpoints/000000000012", "checkpoints/000000000013"
BOTH = (f"log {NEW.verifier.encode()}", "quorum none")


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """A ledger whose entry 11 hands over to another key."""
    return members_of(rotated(tmp_path_factory.mktemp("rotated")))


def rotated(folder: Path) -> Context:
    """Fill a ledger, hand it over to another key, and go on with that one."""
    context = filled(folder)
    body = {
        "event": "rotated",
        "vkey": NEW.verifier.encode(),
        "replaces": SIGNER.verifier.encode(),
        "reason": "a new device",
    }
    with opened(context, replace(identity(), heir=NEW)) as log:
        log.append([draft_of("key", body)])
    with opened(context, replace(identity(), signer=NEW)) as log:
        log.append([said(7)])
    return context


def signed(members: Members, **notes: tuple[FileSigner, ...]) -> Members:
    """Return members whose two last checkpoints are signed by these keys."""
    changed = dict(members)
    for which, signers in notes.items():
        name = {"joint": JOINT, "after": AFTER}[which]
        text = Note.parse(members[name]).text
        lines = [
            NoteSignature(ORIGIN, each.verifier.key_id, each.sign(text.encode()))
            for each in signers
        ]
        changed[name] = Note(text, tuple(lines)).encode()
    return relisted(changed)


def test_key_that_hands_over_signs_the_joint_checkpoint_with_the_next(members: Members) -> None:
    sound = signed(members, joint=(SIGNER, NEW), after=(NEW,))
    found = verdict(sound, policy(lines=BOTH))
    assert found.fault is None
    assert "the key was handed over once" in step(found, "custody").notes[0]


def test_receipts_of_a_ledger_that_was_handed_over_lead_to_the_new_key(tmp_path: Path) -> None:
    context = rotated(tmp_path)
    with SqliteStore(context.ledger) as store:
        beside = beside_of(context, store)
        beside = replace(beside, signed=lambda note: signed_leaves(context, store, note))
        for at, lines in ((13, BOTH), (12, BOTH), (11, ("quorum none",))):
            made = receipts(store, beside, "authority", at=at, seqs=(0, at - 1))
            read = {name: b"".join(source()) for name, source in made.sources.items()}
            parts = assembled(made.made, {name: partial(list, [d]) for name, d in read.items()})
            bundle = {part.name: b"".join(part.chunks) for part in parts}
            found = verdict(bundle, policy(lines=lines))
            assert found.fault is None, (at, found.fault)
            assert step(found, "entries").count == 2


def test_receipts_lead_to_the_newest_checkpoint_that_a_witness_cosigned(tmp_path: Path) -> None:
    context = filled(tmp_path)
    with SqliteStore(context.ledger) as store:
        beside = beside_of(context, store)
        notes = list(beside.notes)
        sizes = [Checkpoint.parse(Note.parse(note).text).size for note in notes]
        assert receipts(store, beside, "public", at=None, seqs=(0,)).made.size == sizes[-1]
        notes[-2] = cosigned(notes[-2], WITNESS)
        beside = replace(beside, notes=notes)
        assert receipts(store, beside, "public", at=None, seqs=(0,)).made.size == sizes[-2]
        # One that is not under it is proven by the newest, cosigned or not.
        late = sizes[-1] - 1
        assert receipts(store, beside, "public", at=None, seqs=(late,)).made.size == sizes[-1]


@pytest.mark.parametrize(
    ("joint", "after"),
    [
        ((SIGNER,), (NEW,)),
        ((NEW,), (NEW,)),
        ((SIGNER, NEW), (SIGNER,)),
    ],
)
def test_key_that_takes_over_alone_or_goes_on_is_found(
    members: Members, joint: tuple[FileSigner, ...], after: tuple[FileSigner, ...]
) -> None:
    found = verdict(signed(members, joint=joint, after=after), policy(lines=BOTH))
    assert fault(found, "custody").where.startswith("checkpoint 1")


def test_threat_13_handover_without_its_joint_checkpoint_is_refused(members: Members) -> None:
    # A thief of the database appends a rotation to a key of his own, and leaves out the one
    # checkpoint that he cannot sign with the old key.
    alone = relisted({name: data for name, data in members.items() if name != JOINT})
    found = fault(verdict(alone, policy(lines=BOTH)), "custody")
    assert (found.where, found.seq) == ("checkpoint 12", 11)
    assert "both keys sign" in found.message


def test_writer_keeps_the_joint_checkpoint_however_few_notes_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = rotated(tmp_path)
    monkeypatch.setattr(bundling, "CHECKPOINTS_MAX", 1)
    few = members_of(context)
    assert sum(name.startswith("checkpoints/") for name in few) == 3
    assert JOINT in few
    assert verdict(few, policy(lines=BOTH)).fault is None


def test_key_that_takes_over_without_a_word_is_found(tmp_path: Path) -> None:
    context = filled(tmp_path)
    members = members_of(context)
    newest = "checkpoints/000000000011"
    note = Checkpoint.parse(Note.parse(members[newest]).text).sign(NEW)
    changed = relisted({**members, newest: note})
    found = verdict(changed, policy(lines=BOTH))
    assert "no entry hands over" in fault(found, "custody").message


def test_key_that_the_policy_does_not_know_is_not_followed(members: Members) -> None:
    sound = signed(members, joint=(SIGNER, NEW), after=(NEW, SIGNER))
    found = verdict(sound, policy())
    assert "does not know" in fault(found, "custody").message
