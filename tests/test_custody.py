"""Keys over time: rotation, revocation, theft, tokens, passphrases, and what a crash leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import fact
from sealed import ORIGIN, SIGNER, checked, found, identity, opened

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.keeping import current_key, keepers_of
from ledger.custody import (
    Custody,
    KeyEvent,
    Revocation,
    RevocationReason,
    revocation_text,
)
from ledger.errors import InputError, IntegrityError
from ledger.keys import FileSigner, Signer, VerifierKey
from ledger.log import Log
from ledger.policy import KeyTerm
from ledger.record import draft_of
from ledger.stores.keyfiles import Files, write_key
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore

FIRST = SIGNER
SECOND = FileSigner.from_seed(ORIGIN, bytes([2] * 32))
THIRD = FileSigner.from_seed(ORIGIN, bytes([3] * 32))
THIEF = FileSigner.from_seed(ORIGIN, bytes([9] * 32))
ROOT = bytes(range(32))
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def rotated(seq: int, old: FileSigner, new: FileSigner) -> KeyEvent:
    return KeyEvent(seq, "rotated", new.verifier, old.verifier)


def revoked(seq: int, key: FileSigner, from_size: int, reason: Any = "compromised") -> KeyEvent:
    return KeyEvent(seq, "revoked", key.verifier, None, Revocation(from_size, reason))


def note(size: int, *signers: Signer) -> Note:
    return Note.parse(Checkpoint(ORIGIN, size, ROOT).sign(*signers))


def body(event: str, new: FileSigner, old: FileSigner | None, reason: str = "r") -> dict[str, Any]:
    replaces = None if old is None else old.verifier.encode()
    return {
        "event": event,
        "vkey": new.verifier.encode(),
        "replaces": replaces,
        "reason": reason,
    }


ONCE = Custody.of(FIRST.verifier, [rotated(5, FIRST, SECOND)])


@pytest.mark.parametrize(
    ("size", "signers", "believed"),
    [
        (0, [FIRST], [FIRST]),
        (5, [FIRST], [FIRST]),
        (6, [FIRST, SECOND], [FIRST, SECOND]),
        (6, [SECOND, FIRST], [FIRST, SECOND]),
        (7, [SECOND], [SECOND]),
        (7, [SECOND, FIRST], [SECOND]),
    ],
)
def test_threat_13_each_key_signs_its_stretch_and_both_the_joint(
    size: int, signers: list[FileSigner], believed: list[FileSigner]
) -> None:
    assert ONCE.judge(note(size, *signers), size) == tuple(s.verifier for s in believed)


@pytest.mark.parametrize(
    ("size", "signers", "words"),
    [
        (5, [SECOND], "not by .*b1bbc320"),
        (6, [FIRST], "two keys sign|signed by"),
        (6, [SECOND], "signed by"),
        (7, [FIRST], "signed by .*b1bbc320.*, not by"),
        (7, [THIEF], "signed by no key of the ledger"),
    ],
)
def test_threat_13_a_signature_outside_of_its_stretch_is_refused(
    size: int, signers: list[FileSigner], words: str
) -> None:
    with pytest.raises(IntegrityError, match=words):
        ONCE.judge(note(size, *signers), size)


def test_threat_12_revoked_key_is_not_believed_from_its_size_on() -> None:
    stolen = ONCE.after(revoked(8, FIRST, 3))
    assert stolen.judge(note(2, FIRST), 2) == (FIRST.verifier,)
    assert stolen.judge(note(3, FIRST), 3) == ()
    assert stolen.judge(note(6, FIRST, SECOND), 6) == (SECOND.verifier,)
    assert stolen.judge(note(9, SECOND), 9) == (SECOND.verifier,)
    assert not stolen.leads_from(FIRST.verifier)
    assert stolen.leads_from(SECOND.verifier)
    assert ONCE.after(revoked(8, FIRST, 3, "retired")).leads_from(FIRST.verifier)
    # A later entry never takes a revocation back.
    assert stolen.after(revoked(9, FIRST, 5)).stretches[0].revoked == Revocation(3, "compromised")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (rotated(9, FIRST, THIRD), "replaces a key that does not sign"),
        (rotated(9, SECOND, FIRST), "brings back a key"),
        (revoked(9, THIRD, 1), "revokes a key that never signed"),
        (
            KeyEvent(9, "rotated", FileSigner.generate("ledger.example/b").verifier, None),
            "key of another ledger",
        ),
    ],
)
def test_custody_refuses_entries_that_cannot_be_meant(event: KeyEvent, words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        ONCE.after(event)


@given(st.lists(st.integers(0, 3), max_size=4), st.integers(0, 25))
def test_custody_lets_one_key_sign_each_size_and_two_each_joint(gaps: list[int], size: int) -> None:
    keys = [FileSigner.from_seed(ORIGIN, bytes([n + 20] * 32)) for n in range(len(gaps) + 1)]
    seq, events = 0, []
    for place, gap in enumerate(gaps):
        seq += gap + 1
        events.append(rotated(seq, keys[place], keys[place + 1]))
    custody = Custody.of(keys[0].verifier, events)
    covering = [stretch.key for stretch in custody.stretches if stretch.covers(size)]
    assert len(covering) == (2 if size in custody.joints else 1)
    expected = sum(event.seq + 1 < size for event in events)
    assert covering[-1] == keys[expected + (size in custody.joints)].verifier


@pytest.mark.parametrize(
    ("limits", "size", "by", "words"),
    [
        ({}, 5, None, ""),
        ({"from_size": 6}, 5, None, "signs sizes from 6 on, not 5"),
        ({"from_size": 5}, 5, None, ""),
        ({"to_size": 5}, 5, None, "signs sizes from 0 to below 5, not 5"),
        ({"to_size": 6}, 5, None, ""),
        ({"not_before": NOON}, 5, NOON - timedelta(1), "is trusted from"),
        ({"not_before": NOON}, 5, NOON, ""),
        ({"not_before": NOON}, 5, None, ""),
        ({"not_after": NOON}, 5, NOON - timedelta(seconds=1), ""),
        ({"not_after": NOON}, 5, NOON, "nothing shows that"),
        ({"not_after": NOON}, 5, None, "nothing shows that"),
        ({"revoked": Revocation(5, "retired", NOON)}, 5, NOON, "retired: it signs nothing"),
        ({"revoked": Revocation(6, "retired", NOON)}, 5, None, ""),
        ({"revoked": Revocation(6, "compromised", NOON)}, 5, None, "nothing shows that"),
        ({"revoked": Revocation(6, "compromised", NOON)}, 5, NOON, "nothing shows that"),
        ({"revoked": Revocation(6, "compromised", NOON)}, 5, NOON - timedelta(seconds=1), ""),
    ],
)
def test_threat_12_term_of_a_key_is_half_open_by_size_and_time(
    limits: dict[str, Any], size: int, by: datetime | None, words: str
) -> None:
    said = KeyTerm(FIRST.verifier, **limits).lapse_unstated(size, by)
    assert words in said
    assert bool(said) is bool(words)


@pytest.mark.parametrize("word", ["compromised", "retired"])
def test_threat_12_time_in_a_signature_is_held_to_the_same_end(word: RevocationReason) -> None:
    before = NOON - timedelta(seconds=1)
    ended = KeyTerm(FIRST.verifier, not_before=before, not_after=NOON)
    assert [bool(ended.lapse(5, at)) for at in (before - timedelta(1), before, NOON)] == [1, 0, 1]
    # What a thief signs of an old size shows in its time; a retired key ends with a size.
    revoked = KeyTerm(FIRST.verifier, revoked=Revocation(6, word, NOON))
    assert [bool(revoked.lapse(5, at)) for at in (before, NOON)] == [False, word == "compromised"]


def test_key_events_are_read_from_entries() -> None:
    text = revocation_text("compromised", 120)
    event = KeyEvent.read(4, body("revoked", FIRST, None, text))
    assert event.revocation == Revocation(120, "compromised")
    for bad in ("compromised", "compromised from size 007", "lost from size 1", text + " "):
        with pytest.raises(InputError, match="from which size on"):
            KeyEvent.read(4, body("revoked", FIRST, None, bad))
    with pytest.raises(InputError, match="names the key that it replaces"):
        KeyEvent.read(4, body("rotated", SECOND, None))


def said(number: int) -> Any:
    return draft_of("fact", fact(f"model:m{number}", "model.name", "text", str(number)))


def rotate(log: Log, old: FileSigner, new: FileSigner) -> None:
    log.append([draft_of("key", body("rotated", new, old))])


def handed_over(tmp_path: Path) -> Any:
    """Return a ledger of four entries: a fact, a rotation, a fact, a fact."""
    context = found(tmp_path)
    with opened(context, replace(identity(), heir=SECOND)) as log:
        log.append([said(1)])
        rotate(log, FIRST, SECOND)
        log.append([said(2)])
    with opened(context, replace(identity(), signer=SECOND)) as log:
        log.append([said(3)])
    return context


def test_verify_walks_both_keys(tmp_path: Path) -> None:
    context = handed_over(tmp_path)
    verdict = checked(context)
    assert verdict.vkey == SECOND.verifier.encode()
    notes = next(check.note for check in verdict.checks if check.name == "signatures")
    assert notes == "2 keys, handed over at 2"
    for key in (FIRST, SECOND):
        assert checked(context, key.verifier.encode()).vkey_source == "given"
    with pytest.raises(IntegrityError, match="not the one to be trusted"):
        checked(context, THIEF.verifier.encode())
    with SqliteStore(context.ledger) as store:
        assert store.vkey() == FIRST.verifier.encode()
        assert current_key(Files(context.ledger), store) == SECOND.verifier


def notes_of(context: Any) -> list[bytes]:
    file = NotesFile(Files(context.ledger).checkpoints)
    return [record[:-1] for record in file.notes(file.settled_size())]


def rewrite(context: Any, notes: list[bytes]) -> None:
    Files(context.ledger).checkpoints.write_bytes(b"".join(each + b"\n" for each in notes))


def resigned(data: bytes, *signers: FileSigner) -> bytes:
    return Checkpoint.parse(Note.parse(data).text).sign(*signers)


@pytest.mark.parametrize(
    ("place", "signers", "words"),
    [
        (2, [FIRST], "signed by .*b1bbc320"),
        (2, [SECOND], "signed by"),
        (3, [FIRST], "signed by .*b1bbc320"),
        (4, [FIRST], "signed by .*b1bbc320"),
        (4, [THIEF], "no key of the ledger"),
        (1, [SECOND], "not by .*b1bbc320"),
    ],
)
def test_threat_13_verify_refuses_a_checkpoint_of_the_wrong_key(
    tmp_path: Path, place: int, signers: list[FileSigner], words: str
) -> None:
    context = handed_over(tmp_path)
    notes = notes_of(context)
    rewrite(context, [*notes[:place], resigned(notes[place], *signers), *notes[place + 1 :]])
    with pytest.raises(IntegrityError, match=words) as error:
        checked(context)
    assert f"note {place + 1} " in error.value.message


def test_threat_13_verify_refuses_a_rotation_that_no_checkpoint_joins(tmp_path: Path) -> None:
    context = handed_over(tmp_path)
    notes = notes_of(context)
    rewrite(context, notes[:2] + notes[3:])
    with pytest.raises(IntegrityError, match="no checkpoint of size 2 hands the ledger over"):
        checked(context)


def test_threat_12_verify_refuses_a_newest_checkpoint_of_a_revoked_key(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([said(1)])
        log.append([draft_of("key", body("revoked", FIRST, None, "compromised from size 2"))])
    with pytest.raises(IntegrityError, match="signed only by a revoked key"):
        checked(context)


def test_threat_12_compromised_key_counts_through_the_key_that_took_over(tmp_path: Path) -> None:
    context = handed_over(tmp_path)
    with opened(context, replace(identity(), signer=SECOND)) as log:
        log.append([draft_of("key", body("revoked", FIRST, None, "compromised from size 1"))])
    note_text = next(c.note for c in checked(context).checks if c.name == "signatures")
    assert "compromised from size 1" in note_text
    with pytest.raises(IntegrityError, match="not the one to be trusted") as error:
        checked(context, FIRST.verifier.encode())
    assert "compromised" in error.value.why


def test_rotation_goes_through_one_door_only(tmp_path: Path) -> None:
    context = found(tmp_path)
    announced = draft_of("key", body("rotated", SECOND, FIRST))
    for who, drafts in (
        (identity(), [announced]),
        (replace(identity(), heir=THIRD), [announced]),
        (replace(identity(), heir=SECOND), [announced, said(1)]),
    ):
        with opened(context, who) as log, pytest.raises(InputError, match="announces a new key"):
            log.append(drafts)
    assert checked(context).size == 0


class CutError(Exception):
    """The moment at which the machine stops."""


def crash(log: Log) -> None:
    def stop(_: bytes) -> None:
        raise CutError

    log._checkpoints.append = stop  # type: ignore[method-assign]


def test_crash_between_rotation_and_checkpoint_is_completed(tmp_path: Path) -> None:
    context = found(tmp_path)
    files = Files(context.ledger)
    write_key(files.next_key, SECOND)
    with opened(context, replace(identity(), heir=SECOND)) as log:
        log.append([said(1)])
        crash(log)
        with pytest.raises(CutError):
            rotate(log, FIRST, SECOND)
    # The unsigned tail verifies, as after any crash.
    assert checked(context).signed_size == 1
    # Whoever has not got the new key must not go on.
    with (
        opened(context, identity()) as log,
        pytest.raises(IntegrityError, match="hands the ledger"),
    ):
        log.append([said(2)])
    with SqliteStore(context.ledger) as store:
        keepers = keepers_of(files, store)
    assert keepers.heir is not None
    found_keys = (keepers.signer.verifier, keepers.heir.verifier)
    assert found_keys == (FIRST.verifier, SECOND.verifier)
    with opened(context, replace(identity(), heir=keepers.heir)) as log:
        log.append([said(2)])
    assert checked(context).vkey == SECOND.verifier.encode()
    # The files are put in their places by whoever opens the ledger next.
    with SqliteStore(context.ledger) as store:
        assert keepers_of(files, store).signer.verifier == SECOND.verifier
    assert files.key.read_bytes() == SECOND.pem()
    assert files.old_key(FIRST.verifier.key_id).read_bytes() == FIRST.pem()
    assert not files.next_key.exists()


def test_every_torn_end_of_a_joint_checkpoint_is_taken_for_one(tmp_path: Path) -> None:
    context = found(tmp_path)
    files = Files(context.ledger)
    with opened(context, replace(identity(), heir=SECOND)) as log:
        log.append([said(1)])
        before = files.checkpoints.read_bytes()
        rotate(log, FIRST, SECOND)
    whole = files.checkpoints.read_bytes()
    for stop in range(len(before) + 1, len(whole)):
        files.checkpoints.write_bytes(whole[:stop])
        assert checked(context).signed_size == 1, stop
    files.checkpoints.write_bytes(whole[: len(before)] + whole[len(before) : -60] + b"!")
    with pytest.raises(IntegrityError):
        checked(context)


def test_threat_14_full_keys_are_compared_and_not_their_ids() -> None:
    twin = VerifierKey(ORIGIN, THIEF.verifier.public)
    # A key that claims the id of another.
    object.__setattr__(twin, "key_id", FIRST.verifier.key_id)
    text = Checkpoint(ORIGIN, 3, ROOT).text()
    line = Note.parse(Checkpoint(ORIGIN, 3, ROOT).sign(THIEF)).signatures[0]
    forged = Note(text, (replace(line, key_id=twin.key_id),))
    with pytest.raises(IntegrityError, match="does not verify"):
        Custody.of(FIRST.verifier).judge(forged, 3)
