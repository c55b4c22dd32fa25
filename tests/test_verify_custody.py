"""Keys of a bundle: who hands over to whom, and what a key that was given up still proves."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundled import Members, fault, filled, members_of, policy, relisted, step, verdict
from sealed import ORIGIN, SIGNER, fill, said

from ledger.checkpoint import Checkpoint, Note, NoteSignature
from ledger.keys import FileSigner
from ledger.record import draft_of

NEW = FileSigner.from_seed(ORIGIN, b"n" * 32)
JOINT, AFTER = "checkpoints/000000000012", "checkpoints/000000000013"
BOTH = (f"log {NEW.verifier.encode()}", "quorum none")


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """A ledger whose entry 11 hands over to another key; only the old one signed so far."""
    context = filled(tmp_path_factory.mktemp("rotated"))
    body = {
        "event": "rotated",
        "vkey": NEW.verifier.encode(),
        "replaces": SIGNER.verifier.encode(),
        "reason": "a new device",
    }
    fill(context, [draft_of("key", body)], [said(7)])
    return members_of(context)


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
