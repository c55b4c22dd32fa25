"""Verifying a bundle: notes, witnesses, keys, times: what each policy finds, and refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from bundled import (
    ASKED,
    NEWEST,
    OLD,
    ONE,
    SCHEMA,
    SECOND,
    STRANGER,
    TWO,
    WITNESS,
    WITNESSED_AT,
    Members,
    asking,
    cosigned,
    fault,
    filled,
    filled_and_attested,
    members_of,
    policy,
    policy_text,
    relisted,
    resealed,
    step,
    valid,
    verdict,
    witness_line,
    witnessed,
)
from sealed import ORIGIN, SIGNER, fill, identity, opened, said

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.context import Context
from ledger.errors import InputError
from ledger.keys import FileSigner
from ledger.policy import Policy, parse_policy
from ledger.record import draft_of
from ledger.report.bundle_verdict import headline
from ledger.verify.bundle import NAMES
from ledger.verify.bundle.course import Course

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return filled_and_attested(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def members(context: Context) -> Members:
    return members_of(context)


def test_verify_bundle_takes_nineteen_steps_and_counts_each(members: Members) -> None:
    asked = policy(**ASKED, four_eyes=["attestation"], lines=ONE)
    found = verdict(witnessed(members, WITNESS), asked, recompute=asking())
    assert found.fault is None
    assert [each.number for each in found.steps] == list(range(1, 20))
    assert [each.name for each in found.steps] == list(NAMES.values())
    counts = {each.name: each.count for each in found.steps}
    assert (counts["entries"], counts["chain"], counts["ids"]) == (12, 12, 12)
    assert (counts["quorum"], counts["attestations"]) == (2, 1)
    assert counts["totals"] > 3
    assert counts["claims"] == counts["own law"] > 20
    assert found.exit_status == 0
    assert found.bundle is not None
    assert found.bundle.witnessed == 12
    assert "Ann Example (officer); Bob Example (approver)" in found.attested[0]
    assert valid(found)["result"] == "holds"


def test_verify_bundle_reports_what_a_policy_does_not_ask(members: Members) -> None:
    found = verdict(members)
    asked = {each.name for each in found.steps if each.outcome == "not_asked"}
    assert {"quorum", "remembered", "windows", "approvals"} <= asked
    assert step(found, "totals").outcome == "withheld"
    assert found.exit_status == 3
    assert valid(found)["result"] == "incomplete"


# Signatures and witnesses: after sigstore-conformance.


def test_case_log_that_the_policy_does_not_know(members: Members) -> None:
    other = policy_text().replace(SIGNER.verifier.encode().encode(), _other_log().encode())
    found = verdict(members, parse_policy(other))
    assert "knows no log" in fault(found, "signatures").message


def _other_log() -> str:
    return FileSigner.from_seed("ledger.example/lab-b", b"b" * 32).verifier.encode()


def test_case_key_of_the_right_name_and_another_owner(members: Members) -> None:
    # Row 14: everything recomputed and signed by somebody else's key of the same name.
    leaves = members["entries.jsonl"].split(b"\n")[:-1]
    forged = resealed(members, STRANGER, *leaves)
    assert "no key of the policy signed" in fault(verdict(forged), "signatures").message
    double = dict(members)
    for name in (each for each in members if each.startswith("checkpoints/")):
        lines = (*Note.parse(members[name]).signatures, *Note.parse(forged[name]).signatures)
        double[name] = Note(Note.parse(members[name]).text, lines).encode()
    found = verdict(relisted(double))
    assert found.fault is None
    assert len(found.unknown) >= 6


def test_case_key_id_of_another_key(members: Members) -> None:
    note = Note.parse(members[NEWEST])
    line = replace(note.signatures[0], key_id=STRANGER.verifier.key_id)
    changed = {**members, NEWEST: Note(note.text, (line,)).encode()}
    assert "no key of the policy" in fault(verdict(relisted(changed)), "signatures").message


def test_case_wrong_root_in_a_note_that_verifies(members: Members) -> None:
    root = Checkpoint.parse(Note.parse(members[OLD]).text).root
    changed = {**members, NEWEST: Checkpoint(ORIGIN, 12, root).sign(SIGNER)}
    assert fault(verdict(relisted(changed)), "roots").where == "checkpoint 12"


def test_case_right_root_and_wrong_size(members: Members) -> None:
    root = Checkpoint.parse(Note.parse(members[NEWEST]).text).root
    moved = "checkpoints/000000000013"
    changed = {name: data for name, data in members.items() if name != NEWEST}
    changed[moved] = Checkpoint(ORIGIN, 13, root).sign(SIGNER)
    found = verdict(relisted(changed, size=13))
    assert "entries 12 to 12 are missing" in fault(found, "roots").message


def test_case_note_under_the_name_of_another_size(members: Members) -> None:
    changed = relisted({**members, OLD: members[NEWEST]})
    assert OLD in fault(verdict(changed), "roots").where


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_case_note_without_one_of_its_lines(members: Members, lost: int) -> None:
    note = Note.parse(members[NEWEST])
    rows = note.text.split("\n")[:-1]
    text = "".join(row + "\n" for n, row in enumerate(rows) if n != lost)
    line = replace(note.signatures[0], signature=SIGNER.sign(text.encode()))
    changed = {**members, NEWEST: Note(text, (line,)).encode()}
    assert NEWEST in fault(verdict(relisted(changed)), "roots").where


def test_case_quorum_is_short_by_one(members: Members) -> None:
    found = verdict(witnessed(members, WITNESS), policy(lines=TWO))
    assert "too few witnesses" in fault(found, "quorum").message
    assert verdict(witnessed(members, WITNESS, SECOND), policy(lines=TWO)).fault is None


def test_case_one_witness_counts_once(members: Members) -> None:
    found = verdict(witnessed(members, WITNESS, WITNESS), policy(lines=TWO))
    assert fault(found, "signatures")


def test_case_cosignature_by_an_unknown_witness(members: Members) -> None:
    found = verdict(witnessed(members, SECOND), policy(lines=ONE))
    assert "w1" in fault(found, "quorum").why
    assert any("witness.example/w2" in each for each in found.unknown)


def test_case_cosignature_lifted_from_another_size(members: Members) -> None:
    line = Note.parse(cosigned(members[OLD], WITNESS)).signatures[-1]
    note = Note.parse(members[NEWEST])
    changed = {**members, NEWEST: Note(note.text, (*note.signatures, line)).encode()}
    assert NEWEST in fault(verdict(relisted(changed), policy(lines=ONE)), "signatures").where


def test_case_entries_after_the_last_witness_are_told(members: Members) -> None:
    found = verdict(witnessed(members, WITNESS, names=(OLD,)), policy(lines=ONE))
    assert found.exit_status == 1
    assert "unwitnessed: entry 11 stands after" in step(found, "quorum").notes[0]


# Remembered checkpoints: shrinking and forking.


def test_remembered_checkpoints_hold_or_prove_a_fork(context: Context, members: Members) -> None:
    kept = [members[OLD].decode(), members[NEWEST].decode()]
    found = verdict(members, policy(remembered=kept))
    assert step(found, "remembered").count == 2
    other = Checkpoint(ORIGIN, 11, b"x" * 32).sign(SIGNER).decode()
    forked = fault(verdict(members, policy(remembered=[other])), "remembered")
    assert "another root" in forked.message
    assert "two histories" in forked.why
    shorter = members_of(context, at=11)
    cut = fault(verdict(shorter, policy(remembered=kept)), "remembered")
    assert "the bundle ends at 11" in cut.message


# Keys by size.


def test_custody_of_a_key_that_is_no_longer_trusted(members: Members) -> None:
    def limited(**limits: Any) -> Policy:
        return policy(keys=[{"vkey": SIGNER.verifier.encode(), **limits}])

    retired = {"from_size": 12, "at": "2026-11-23T12:00:00Z", "reason": "retired"}
    gone = fault(verdict(members, limited(revoked=retired)), "signatures")
    assert (gone.where, "retired" in gone.why) == (f"member {NEWEST!r}", True)
    assert verdict(members, limited(revoked={**retired, "from_size": 13})).fault is None
    assert NEWEST in fault(verdict(members, limited(to_size=12)), "signatures").where
    assert verdict(members, limited(to_size=13)).fault is None


def test_custody_of_a_stolen_key_needs_a_time_from_outside(members: Members) -> None:
    revoked = {"from_size": 99, "at": "2026-11-23T11:00:00Z", "reason": "compromised"}
    keys = [{"vkey": SIGNER.verifier.encode(), "revoked": revoked}]
    assert fault(verdict(members, policy(keys=keys, lines=(*ONE[:1], "quorum none"))), "custody")
    seen = witnessed(members, WITNESS, time=WITNESSED_AT - 5400)
    assert verdict(seen, policy(keys=keys, lines=ONE)).fault is None


# Windows of time.


def test_windows_refuse_what_was_seen_before_it_says_to_be(members: Members) -> None:
    early = witnessed(members, WITNESS, time=WITNESSED_AT - 3 * 86_400)
    assert "were there by 2026-11-20" in fault(verdict(early, policy(lines=ONE)), "windows").message


def test_windows_begin_at_an_anchor_and_end_at_a_witness(tmp_path: Path) -> None:
    # Row 6: an entry behind an anchor cannot be older than the evidence that the anchor holds.
    context = filled(tmp_path)
    seen_at = int(datetime(2026, 11, 23, 10, 5, tzinfo=UTC).timestamp())
    evidence = cosigned(members_of(context)["checkpoints/000000000011"], WITNESS, time=seen_at)
    digest = hashlib.sha256(evidence).hexdigest()
    body = {
        "kind": "cosigned_checkpoint",
        "size": 11,
        "evidence_sha256": digest,
        "stated_time": None,
    }
    fill(context, [draft_of("anchor", body)], [said(8)])
    members = members_of(context, anchors={digest: evidence})
    assert f"anchors/{digest}.note" in members
    newest = "checkpoints/000000000013"
    asked = policy(lines=ONE, window_days_max=5)
    late = relisted({**members, newest: cosigned(members[newest], WITNESS)})
    found = step(verdict(late, asked), "windows")
    assert found.outcome == "finding"
    assert "11 entries can have been written" in found.notes[0]
    other = relisted({**late, f"anchors/{digest}.note": cosigned(evidence, SECOND)})
    assert "another SHA-256" in fault(verdict(other, asked), "windows").message


def test_windows_over_the_policy_are_findings(members: Members) -> None:
    late = witnessed(members, WITNESS, time=WITNESSED_AT + 9 * 86_400)
    assert step(verdict(late, policy(lines=ONE)), "windows").outcome == "held"
    assert step(verdict(late, policy(silence_days_max=1)), "windows").outcome == "finding"
    found = verdict(late, policy(lines=ONE, window_days_max=5))
    assert step(found, "windows").outcome == "finding"
    assert found.exit_status == 1


def anchored(
    folder: Path, *witnesses: tuple[FileSigner, int], after: datetime | None = None
) -> Members:
    """Return a bundle in which entry 11 anchors a checkpoint that witnesses cosigned."""
    context = filled(folder)
    evidence = members_of(context)[OLD]
    for signer, time in witnesses:
        evidence = cosigned(evidence, signer, time=time)
    digest = hashlib.sha256(evidence).hexdigest()
    body = {"kind": "cosigned_checkpoint", "size": 11, "evidence_sha256": digest}
    clock = None if after is None else (lambda: after)
    with opened(context, identity(clock)) as log:
        log.append([draft_of("anchor", {**body, "stated_time": None})])
        log.append([said(8)])
    return members_of(context, anchors={digest: evidence})


def test_threat_7_one_witness_whose_clock_is_ahead_moves_no_window(tmp_path: Path) -> None:
    # Two of three witnesses are enough, and the clock of the third is a year ahead.
    third = FileSigner.from_seed("witness.example/w3", b"z" * 32)
    lines = (*TWO[:2], witness_line("w3", third), "group g 2 w1 w2 w3", "quorum g")
    at = int(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp())
    seen = ((WITNESS, at), (SECOND, at), (third, at + 365 * 86_400))
    last = "checkpoints/000000000013"
    members = anchored(tmp_path, *seen)
    members = witnessed(members, WITNESS, SECOND, names=(last,))
    assert verdict(members, policy(lines=lines)).fault is None
    # The two that agree do bound what follows.
    (tmp_path / "late").mkdir()
    ahead = anchored(tmp_path / "late", *((signer, at + 86_400) for signer, _ in seen[:2]))
    ahead = witnessed(ahead, WITNESS, SECOND, names=(last,), time=at + 2 * 86_400)
    late = fault(verdict(ahead, policy(lines=lines)), "windows")
    assert "cannot have been written before 2026-11-24" in late.message


@pytest.mark.parametrize(("limit", "outcome"), [(8, "finding"), (9, "held")])
def test_threat_8_silence_before_the_first_sight_is_seen(
    members: Members, limit: int, outcome: str
) -> None:
    # Recorded on the 23rd at ten, and seen for the first and last time nine days after noon.
    late = witnessed(members, WITNESS, time=WITNESSED_AT + 9 * 86_400 - 7200)
    found = step(verdict(late, policy(lines=ONE, silence_days_max=limit)), "windows")
    assert found.outcome == outcome
    assert ("from 2026-11-23 to 2026-12-02" in str(found.notes)) is (outcome == "finding")


@pytest.mark.parametrize(("limit", "outcome"), [(29, "finding"), (30, "held")])
def test_threat_8_silence_after_the_last_sight_is_seen(
    tmp_path: Path, limit: int, outcome: str
) -> None:
    later = datetime(2026, 12, 23, 12, tzinfo=UTC)
    members = anchored(tmp_path, (WITNESS, WITNESSED_AT), after=later)
    found = step(verdict(members, policy(lines=_some(), silence_days_max=limit)), "windows")
    assert found.outcome == outcome
    assert ("from 2026-11-23 to 2026-12-23" in str(found.notes)) is (outcome == "finding")


def _some() -> tuple[str, ...]:
    """Return the lines of a witness whose cosignature is welcome and not needed."""
    return (*ONE[:1], "quorum none")


# The command.


def test_verify_bundle_command_writes_the_verdict_in_each_form(
    flopledger: Run, tmp_path: Path
) -> None:
    filled(tmp_path)
    flopledger("bundle", "a.zip", "--for", "public")
    (tmp_path / "policy.json").write_bytes(policy_text())
    done = flopledger("verify", "a.zip", "--policy", "policy.json", "-f", "json")
    document = json.loads(done.out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    assert (done.code, document["result"]) == (0, "holds")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(data)
    done = flopledger(
        "verify", "bad.zip", "--policy", "policy.json", "-f", "json", "--transcript", "t.html"
    )
    document = json.loads(done.out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text("utf-8")))
    assert (done.code, document["exit_status"]) == (4, 4)
    assert document["failure"]["where"].startswith("member")
    page = (tmp_path / "t.html").read_text("utf-8")
    assert "The part at fault" in page
    assert "What none of this proves" in page


def test_verify_bundle_refuses_a_file_that_is_none(flopledger: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_bytes(policy_text())
    (tmp_path / "a.zip").write_text("hello")
    done = flopledger("verify", "a.zip", "--policy", "policy.json")
    assert done.code == 2
    assert "the file is no bundle: it is not a ZIP archive" in done.err
    with pytest.raises(InputError, match="it is not a ZIP archive"):
        verdict(b"")


def test_threat_30_step_that_was_not_taken_fails() -> None:
    course = Course()
    for number in NAMES:
        if number != 11:
            course.close(number, 1, "things")
    found = course.verdict()
    assert (found.exit_status, fault(found, "windows").message) == (4, "the step was not taken")
    assert "does not hold: step 11" in headline(found)
    # However a verdict came about.
    bare = replace(found, fault=None, steps=Course().verdict().steps)
    assert bare.exit_status == 4
