"""A ledger with its witness, a small model of both, and all that can happen to them, for tests."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sealed import ORIGIN, SIGNER, START, checked, copied, entries, found, identity, opened, said
from witnesses import W1

from ledger.cosignature import Cosignature
from ledger.custody import revocation_text
from ledger.errors import InputError, IntegrityError
from ledger.keys import FileSigner
from ledger.merkle import EMPTY_ROOT, leaf_hash, root_of
from ledger.record import Draft, draft_of
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore
from ledger.stores.witnessed import WitnessState
from ledger.witness import Refusal, request_of

KEYS = [SIGNER, *(FileSigner.from_seed(ORIGIN, bytes([n] * 32)) for n in range(2, 12))]


@dataclass
class Model:
    """What must hold: leaves, the sizes of the notes over them, and what the witness cosigned.

    Attributes:
        leaves: Leaf hashes, in order; only ever longer.
        notes: Sizes of the signed checkpoints.
        joints: Sizes of the checkpoints that two keys sign, one after the other.
        live: Numbers of the entries that may be corrected.
        cosigned: Entries that the witness cosigned last.
    """

    leaves: list[bytes] = field(default_factory=list)
    notes: list[int] = field(default_factory=lambda: [0])
    joints: list[int] = field(default_factory=list)
    live: list[int] = field(default_factory=list)
    cosigned: int = 0

    @property
    def signed(self) -> int:
        return self.notes[-1]

    def root(self, size: int) -> bytes:
        return root_of(self.leaves[:size]) if size else EMPTY_ROOT

    def handed_over(self) -> int:
        """Return how many rotations the signed checkpoints stand behind."""
        return sum(joint <= self.signed for joint in self.joints)

    def copy(self) -> Model:
        lists = {name: list(getattr(self, name)) for name in ("leaves", "notes", "joints", "live")}
        return Model(**lists, cosigned=self.cosigned)


class CutError(Exception):
    """The moment at which the machine stops."""


class Histories(RuleBasedStateMachine):
    """One ledger with its witness, on a disk."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="flopledger-"))
        self.context = found(self.folder)
        self.files = Files(self.context.ledger)
        self.model, self.number, self.opened, self.hours = Model(), 0, 0, 0
        self.backup: tuple[Path, Model] | None = None
        with WitnessState.create(self.folder / "witness.db", W1) as state:
            for key in KEYS:
                state.admit(key.verifier)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 3))
    def append(self, count: int) -> None:
        self.appended([self.draft() for _ in range(count)])

    @rule()
    def append_nothing(self) -> None:
        with self.log() as log:
            log.append([])
        self.sign()

    @rule(hours=st.integers(-30, 30))
    def turn_the_clock(self, hours: int) -> None:
        self.hours += hours

    @rule(count=st.integers(1, 2))
    def crash_before_the_note(self, count: int) -> None:
        def stop(_: bytes) -> None:
            raise CutError

        drafts = [self.draft() for _ in range(count)]
        before = self.model.signed < len(self.model.leaves)
        with self.log() as log:
            log._checkpoints.append = stop  # type: ignore[method-assign]
            with pytest.raises(CutError):
                log.append(drafts)
        if not before:
            # An unsigned tail is signed first, and this is where the second crash stopped it.
            self.take(list(range(len(self.model.leaves), len(self.model.leaves) + count)))

    @precondition(lambda self: len(self.model.notes) > 1 and self.is_whole())
    @rule(kept=st.integers(0, 400))
    def tear_the_note(self, kept: int) -> None:
        size = self.files.checkpoints.stat().st_size
        records = list(NotesFile(self.files.checkpoints).notes(size))
        with self.files.checkpoints.open("r+b") as file:
            file.truncate(size - len(records[-1]) + min(kept, len(records[-1]) - 1))
        self.model.notes.pop()

    @rule()
    def cosign(self) -> None:
        note = NotesFile(self.files.checkpoints).tail().note
        assert note is not None
        if self.model.cosigned > self.model.signed:
            with pytest.raises(InputError, match="the witness cosigned"):
                request_of(self.model.leaves, note, self.model.cosigned)
            return
        request = request_of(self.stored(), note, self.model.cosigned)
        with WitnessState(self.folder / "witness.db") as state:
            answer = state.cosign(request, W1, self.seconds)
        assert isinstance(answer, Cosignature), answer
        self.model.cosigned = self.model.signed

    @precondition(lambda self: len(self.model.joints) < len(KEYS) - 2)
    @rule()
    def rotate(self) -> None:
        with self.log() as log:
            log.append([])
        self.sign()
        place = self.model.handed_over()
        texts = [key.verifier.encode() for key in KEYS[place : place + 2]]
        body = {"event": "rotated", "vkey": texts[1], "replaces": texts[0], "reason": "yearly"}
        self.model.joints.append(len(self.model.leaves) + 1)
        self.appended([draft_of("key", body)], live=False)

    @precondition(lambda self: self.model.joints and self.is_whole())
    @rule()
    def revoke(self) -> None:
        place = self.model.handed_over() - 1
        reason = revocation_text("retired", self.model.joints[place] + 1)
        vkey = KEYS[place].verifier.encode()
        body = {"event": "revoked", "vkey": vkey, "replaces": None, "reason": reason}
        self.number += 1
        key = ("revoked", str(self.number))
        self.appended([draft_of("key", body, key=key)], live=False)

    @precondition(lambda self: self.model.live)
    @rule(data=st.data())
    def restate(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(self.model.live))
        taken = self.reversal(seq)
        self.appended([taken], live=False)
        self.model.live.remove(seq)
        self.appended([self.draft()])
        with self.log() as log:
            assert log.append([replace(taken, key=("reversal", f"{seq} again"))]).new == ()

    @rule()
    def keep_a_copy(self) -> None:
        self.backup = self.folder / "backup", self.model.copy()
        copied(self.context, self.backup[0])

    @precondition(lambda self: self.backup and len(self.backup[1].leaves) < self.model.signed)
    @rule()
    def put_back_the_database(self) -> None:
        assert self.backup is not None
        now = self.aside()
        shutil.copy2(self.backup[0] / "ledger.db", self.files.database)
        with pytest.raises(IntegrityError):
            checked(self.context)
        with self.log() as log, pytest.raises(IntegrityError):
            log.append([self.draft()])
        self.put_back(now)

    @precondition(lambda self: self.backup and self.backup[1].signed < self.model.cosigned)
    @rule(count=st.integers(1, 4))
    def put_back_database_and_notes(self, count: int) -> None:
        assert self.backup is not None
        now, (folder, model) = self.aside(), self.backup
        self.put_back(folder)
        current, self.model = self.model, model.copy()
        try:
            self.verifies()
            self.appended([self.draft() for _ in range(count)])
            self.verifies()
            self.refused_as_a_fork(current.cosigned)
        finally:
            self.model = current
            self.put_back(now)

    def refused_as_a_fork(self, old: int) -> None:
        """Ask the witness to cosign what grew from an older copy."""
        note = NotesFile(self.files.checkpoints).tail().note
        assert note is not None
        for size in {self.model.signed, old}:
            with suppress(InputError):
                request = request_of(self.stored(), note, min(size, self.model.signed))
                with WitnessState(self.folder / "witness.db") as state:
                    answer = state.cosign(request, W1, self.seconds)
                assert isinstance(answer, Refusal), (old, self.model.signed)
                assert answer.status in {409, 422}

    @invariant()
    def verifies(self) -> None:
        if not hasattr(self, "model"):
            return
        verdict = checked(self.context)
        assert (verdict.size, verdict.signed_size) == (len(self.model.leaves), self.model.signed)
        assert verdict.root == self.model.root(len(self.model.leaves))

    @invariant()
    def holds_what_it_held(self) -> None:
        if hasattr(self, "model"):
            assert self.stored() == self.model.leaves
            times = [entry.recorded_at for entry in entries(self.context)]
            assert times == sorted(times)

    @invariant()
    def is_what_the_witness_saw(self) -> None:
        if not hasattr(self, "model"):
            return
        with WitnessState(self.folder / "witness.db") as state:
            seen = state.seen(ORIGIN)
        assert (0 if seen is None else seen.checkpoint.size) == self.model.cosigned
        if seen is not None:
            assert seen.checkpoint.root == self.model.root(self.model.cosigned)

    def log(self) -> Any:
        """Open the ledger with the key that signs it, and the one that would take over."""
        place = self.model.handed_over()
        self.opened += 1
        who = identity(lambda: START + timedelta(hours=self.hours), f"{self.opened}")
        return opened(self.context, replace(who, signer=KEYS[place], heir=KEYS[place + 1]))

    def appended(self, drafts: list[Draft], *, live: bool = True) -> None:
        """Append, and tell the model."""
        with self.log() as log:
            done = log.append(drafts)
        assert len(done.new) == len(drafts), done
        assert done.new[0] == len(self.model.leaves)
        self.sign()
        self.take(list(done.new), live=live)
        self.sign()

    def take(self, numbers: list[int], *, live: bool = True) -> None:
        """Tell the model which entries came."""
        self.model.leaves += self.stored()[numbers[0] :]
        self.model.live += numbers if live else []

    def sign(self) -> None:
        """Tell the model that everything is signed."""
        if self.model.signed != len(self.model.leaves):
            self.model.notes.append(len(self.model.leaves))

    def draft(self) -> Draft:
        self.number += 1
        return said(self.number)

    def reversal(self, seq: int) -> Draft:
        """Return the record that takes an entry back."""
        entry = entries(self.context)[seq]
        body = {
            "reverses": seq,
            "hash": entry.hash().hex(),
            "reversed_type": entry.type,
            "reversed": entry.body,
            "reason": "withdrawn",
            "root_cause": None,
            "discovered_on": None,
        }
        return Draft("reversal", body, {}, ("reversal", str(seq)))

    def stored(self) -> list[bytes]:
        """Return the leaf hashes of what the disk holds, from the bytes."""
        with closing(SqliteStore(self.context.ledger)) as store:
            return [leaf_hash(data) for _, data, _ in store.rows()]

    def seconds(self) -> int:
        return int((START + timedelta(hours=self.hours)).timestamp())

    def is_whole(self) -> bool:
        return self.model.signed == len(self.model.leaves)

    def aside(self) -> Path:
        """Keep the files as they are now."""
        copied(self.context, self.folder / "now")
        return self.folder / "now"

    def put_back(self, folder: Path) -> None:
        """Put files in the place of the ledger's."""
        for path in self.files.all():
            shutil.copy2(folder / path.name, path)
