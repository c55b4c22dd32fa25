"""An error is found: an H200 was booked as an H20, and a line had been crossed months ago."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import allocation, commitment
from recorded import Recorded, about, work

from ledger.canonical import encode
from ledger.keys import FileSigner
from ledger.period import parse_day
from ledger.report.impact_document import impact_schema

TODAY = "2026-11-22"
H20, H200 = 148 * 10**12, 9894 * 10**11  # dense BF16, operations a second
BOOKED = 2 * 10**24
HELD_US = BOOKED * 10**6 // H20
RIGHT = HELD_US * H200 // 10**6
PRESUMED = "eu.aia/gpaisr-presumption"
MODEL = "model:frontier-1"
ANNA = FileSigner.from_seed("law.example/anna", bytes([7]) * 32)
FILE = "ab" * 32
WRONG = "1"


def booked(device: str, peak: int, operations: int, **changes: Any) -> dict[str, Any]:
    """Return the work of a run as it was booked: held time times the peak of a device."""
    body = allocation(
        "frontier-1",
        operations,
        run="pretrain-1",
        start=None,
        end=None,
        not_after="2026-06-30",
        device=device,
        device_us=str(HELD_US),
        peak_operations_per_s=str(peak),
        ceiling_operations=str(HELD_US * peak // 10**6),
        method="hardware",
        **changes,
    )
    body["evidence"] = {**body["evidence"], "file_sha256": FILE}
    return {"type": "allocation", **body}


@pytest.fixture
def lab(tmp_path: Path) -> Recorded:
    """Return a ledger in which the run is booked on the wrong device."""
    ledger = Recorded(tmp_path, day="2026-07-01")
    ledger.record(
        *about(MODEL, placed_on_market_on=parse_day("2026-08-01")),
        booked("nvidia-h20", H20, BOOKED),
        work("other-1", 10**22, "2026-05-01"),
    )
    return ledger


def right_file(lab: Recorded) -> str:
    """Write the record that should stand there."""
    path = lab.folder / "right.jsonl"
    path.write_text(json.dumps(booked("nvidia-h200-sxm", H200, RIGHT)) + "\n", "utf-8")
    return str(path)


def impact(lab: Recorded, *arguments: str, codes: tuple[int, ...]) -> dict[str, Any]:
    """Ask for the impact of the wrong entry and validate what comes out."""
    path = lab.folder / "impact.json"
    asked = ("impact", WRONG, "--regime", "eu.aia", *arguments, "-o", str(path))
    lab.told(*asked, codes=codes, day=TODAY)
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    jsonschema.Draft202012Validator(impact_schema()).validate(document)
    return document


def row(document: dict[str, Any], rule: str = PRESUMED) -> dict[str, Any]:
    """Return what an impact says of the model under a rule."""
    (found,) = (
        each
        for each in document["determinations"]
        if f"{each['regime']}/{each['rule']}" == rule and each["subject"] == MODEL
    )
    return dict(found)


def filing(rule: str, subject: str, sent_at: str = "2026-08-01T10:00:00Z") -> dict[str, Any]:
    """Return the record of a filing under a rule."""
    regime, _, name = rule.partition("/")
    return {
        "type": "filing",
        "regime": regime,
        "rule": name,
        "obligation": "notify-commission",
        "subject": subject,
        "sent": "Notice to the Commission",
        "sent_at": sent_at,
        "receipt": None,
    }


def plan(model: str) -> dict[str, Any]:
    """Return a run plan of a little more work."""
    return {
        "type": "commitment",
        **commitment(model, "acme", operations=str(10**22), contract="plan-1", kind="plan"),
    }


def propose(lab: Recorded) -> Path:
    """Propose the correction."""
    path = lab.folder / "fix.json"
    lab.told(
        *("restate", WRONG, "--with", right_file(lab), "--reason", "wrong_device"),
        *("--root-cause", "sku-table", "--discovered-on", "2026-11-20", "--propose", str(path)),
        day=TODAY,
    )
    return path


def approve(lab: Recorded, proposal: Path, signer: FileSigner = ANNA) -> Path:
    """Let a second person sign the proposal."""
    key, path = lab.folder / "anna.pem", lab.folder / "yes.json"
    key.write_bytes(signer.pem())
    who = ("--key", str(key), "--name", signer.name)
    lab.told("approve", str(proposal), *who, "-o", str(path), day="2026-11-21")
    return path


def record(
    lab: Recorded, proposal: Path | str, *arguments: str, codes: tuple[int, ...] = (0,)
) -> None:
    """Record a proposal."""
    lab.told("restate", "--proposal", str(proposal), *arguments, codes=codes, day=TODAY)


def size(lab: Recorded) -> int:
    """Return how many entries the ledger holds."""
    found = lab.check("--regime", "kr.aiba", day=TODAY).document["ledger"]["size"]
    assert isinstance(found, int)
    return found


def agreed(lab: Recorded) -> tuple[str, ...]:
    """Propose, approve, and return what records the correction."""
    proposal = propose(lab)
    approval, vkey = approve(lab, proposal), ANNA.verifier.encode()
    return str(proposal), "--approval", str(approval), "--approver", vkey


def test_the_line_was_crossed_months_ago(lab: Recorded) -> None:
    """2.0*10^24 at 148 TFLOP/s is 1.34*10^25 at 989, and the notice is months late."""
    assert f"{RIGHT:.2e}" == "1.34e+25"
    found = row(impact(lab, "--with", right_file(lab), codes=(1,)))
    assert (found["old"]["finding"], found["new"]["finding"]) == ("not_met", "met")
    assert found["old"]["measured"]["operations"]["point"] == str(BOOKED)
    assert found["new"]["measured"]["operations"]["point"] == str(RIGHT)
    assert found["new"]["met_on"]["latest"] == "2026-06-30"
    (late,) = found["late"]
    due, today = parse_day(late["on"]), parse_day(TODAY)
    assert late["days"] == (today - due).days > 100


def test_nothing_is_recorded_until_two_people_agree(lab: Recorded) -> None:
    proposal = propose(lab)
    record(lab, proposal, codes=(2,))
    record(lab, proposal, "--approval", str(approve(lab, proposal)), codes=(2,))
    assert size(lab) == 3
    vkey = ANNA.verifier.encode()
    record(lab, proposal, "--approval", str(approve(lab, proposal)), "--approver", vkey)
    assert size(lab) == 6
    assert lab.check("--regime", "eu.aia", day=TODAY).word(PRESUMED, MODEL) == "met"


def test_the_recorded_correction_tells_the_same_as_the_supposed_one(lab: Recorded) -> None:
    before = impact(lab, "--with", right_file(lab), codes=(1,))
    record(lab, *agreed(lab))
    after = impact(lab, codes=(1,))
    assert after["determinations"] == before["determinations"]
    assert after["correction"]["recorded"] == 3
    assert after["correction"]["root_cause"] == "sku-table"
    assert after["correction"]["replacements"] == before["correction"]["replacements"]


def test_an_entry_is_corrected_once(lab: Recorded, capfd: pytest.CaptureFixture[str]) -> None:
    first = agreed(lab)
    record(lab, *first)
    record(lab, *first, codes=(2,))
    assert (
        "the correction of entry 1, or a part of it, is in the ledger already"
        in capfd.readouterr().err
    )
    assert size(lab) == 6


def test_a_correction_can_be_corrected_again(lab: Recorded) -> None:
    record(lab, *agreed(lab))
    path = lab.folder / "again.json"
    lab.told("restate", "4", "--reason", "withdrawn", "--propose", str(path), day=TODAY)
    record(lab, path, "--without-approval")
    assert lab.check("--regime", "eu.aia", day=TODAY).word(PRESUMED, MODEL) == "undetermined"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda said: said["approved"].update(reason="duplicate"), "is for another act"),
        (lambda said: said["records"][0].update(operations="1"), "is not what its records say"),
        (lambda said: said.update(origin="ledger.example/other"), "is about ledger.example/other"),
        (lambda said: said["approved"].update(reverses=2), "is not what its records say"),
        (lambda said: said.update(extra=1), "the file is no flopledger/restatement.v1"),
    ],
)
def test_a_proposal_says_what_is_approved(
    lab: Recorded, spoil: Any, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    proposal, *rest = agreed(lab)
    said = json.loads(Path(proposal).read_text("utf-8"))
    spoil(said)
    Path(proposal).write_bytes(encode(said) + b"\n")
    record(lab, proposal, *rest, codes=(2, 4))
    assert message in capfd.readouterr().err
    assert size(lab) == 3


def test_an_approval_is_of_this_very_correction(
    lab: Recorded, capfd: pytest.CaptureFixture[str]
) -> None:
    _, *rest = agreed(lab)
    path = lab.folder / "other.json"
    lab.told("restate", "1", "--reason", "duplicate", "--propose", str(path), day=TODAY)
    record(lab, path, *rest, codes=(4,))
    assert "the approval is for another act" in capfd.readouterr().err
    assert size(lab) == 3


def test_nobody_approves_by_the_key_of_another_person(
    lab: Recorded, capfd: pytest.CaptureFixture[str]
) -> None:
    proposal = propose(lab)
    approval = approve(lab, proposal)
    bert = FileSigner.from_seed("law.example/bert", bytes([8]) * 32).verifier.encode()
    record(lab, proposal, "--approval", str(approval), "--approver", bert, codes=(4,))
    assert "is not signed by law.example/bert" in capfd.readouterr().err


def test_whoever_records_does_not_approve(lab: Recorded, capfd: pytest.CaptureFixture[str]) -> None:
    proposal = propose(lab)
    pem = (lab.folder / "ledger.db.key.pem").read_bytes()
    own = FileSigner.parse_pem("ledger.example/worked", pem)
    approval, vkey = approve(lab, proposal, own), own.verifier.encode()
    record(lab, proposal, "--approval", str(approval), "--approver", vkey, codes=(4,))
    assert "by the key of the ledger itself" in capfd.readouterr().err


def test_a_correction_that_changes_nothing_is_refused(
    lab: Recorded, capfd: pytest.CaptureFixture[str]
) -> None:
    path = lab.folder / "same.jsonl"
    path.write_text(json.dumps(booked("nvidia-h20", H20, BOOKED)) + "\n", "utf-8")
    asked = ("restate", "1", "--with", str(path), "--reason", "wrong_device", "--propose", "-")
    lab.told(*asked, codes=(2,), day=TODAY)
    assert "says what entry 1 says already" in capfd.readouterr().err


def test_filings_and_commitments_that_rest_on_the_entry_are_named(lab: Recorded) -> None:
    lab.record(filing(PRESUMED, MODEL), plan("frontier-1"), day="2026-08-01")
    found = impact(lab, "--with", right_file(lab), codes=(1,))
    (filed,) = found["filings"]
    assert (filed["change"]["old"]["finding"], filed["change"]["new"]["finding"]) == (
        "not_met",
        "met",
    )
    (touched,) = found["commitments"]
    assert touched["contract"] == "plan-1"
    assert {each["rule"] for each in touched["foreseen"]} >= {"gpaisr-presumption"}


def test_a_filing_made_after_the_correction_does_not_rest_on_the_error(lab: Recorded) -> None:
    record(lab, *agreed(lab))
    lab.record(filing(PRESUMED, MODEL, "2026-11-23T00:00:00Z"), day="2026-11-23")
    assert impact(lab, codes=(1,))["filings"] == []


def test_where_the_same_mistake_may_be_is_named(lab: Recorded) -> None:
    second = booked("nvidia-h20", H20, 10**22)
    lab.record({**second, "run": "pretrain-2", "key": ["pretrain-2"]}, day="2026-08-01")
    assert impact(lab, "--with", right_file(lab), codes=(1,))["alike"] == [3]


def test_a_signed_statement_over_the_entry_would_say_otherwise(lab: Recorded) -> None:
    key = lab.folder / "officer.pem"
    key.write_bytes(ANNA.pem())
    lab.told(
        *("attest", "make", "--period", "2026-01-01..2026-07-01", "--claim", "every-run-recorded"),
        *("--signer", f"{ANNA.name}={key}"),
        day="2026-07-02",
    )
    (signed,) = impact(lab, "--with", right_file(lab), codes=(1,))["attestations"]
    assert (signed["number"], signed["size"], signed["kept"]) == (1, 3, True)
    turned = {f"{each['regime']}/{each['rule']}" for each in signed["changes"] if each["flips"]}
    assert PRESUMED in turned
    assert {each["subject"] for each in signed["changes"]} == {MODEL}


def test_a_statement_made_after_the_correction_is_left_alone(lab: Recorded) -> None:
    record(lab, *agreed(lab))
    key = lab.folder / "officer.pem"
    key.write_bytes(ANNA.pem())
    lab.told(
        *("attest", "make", "--period", "2026-01-01..2026-07-01", "--claim", "every-run-recorded"),
        *("--signer", f"{ANNA.name}={key}"),
        day="2026-11-23",
    )
    assert impact(lab, codes=(1,))["attestations"] == []


def replacements(lab: Recorded, seq: str = WRONG) -> list[str]:
    """Return the types of what came in the place of an entry."""
    path = lab.folder / "impact.json"
    lab.told("impact", seq, "-o", str(path), codes=(0, 1), day=TODAY)
    document = json.loads(path.read_text("utf-8"))
    return [each["type"] for each in document["correction"]["replacements"]]


def test_what_was_recorded_in_the_same_second_replaces_nothing(lab: Recorded) -> None:
    path = lab.folder / "withdrawn.json"
    lab.told("restate", WRONG, "--reason", "duplicate", "--propose", str(path), day=TODAY)
    record(lab, path, "--without-approval")
    lab.record(work("other-2", 10**22, "2026-05-02"), day=TODAY)
    assert replacements(lab) == []


def test_a_replacement_of_another_type_is_a_replacement(lab: Recorded) -> None:
    path = lab.folder / "right.jsonl"
    records = (booked("nvidia-h200-sxm", H200, RIGHT), plan("frontier-1"))
    path.write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
    proposal = lab.folder / "fix.json"
    asked = ("--with", str(path), "--reason", "wrong_device", "--propose", str(proposal))
    lab.told("restate", WRONG, *asked, day=TODAY)
    approval, vkey = approve(lab, proposal), ANNA.verifier.encode()
    record(lab, proposal, "--approval", str(approval), "--approver", vkey)
    assert replacements(lab) == ["allocation", "commitment"]


def test_a_final_record_alone_replaces_the_provisional_one(lab: Recorded) -> None:
    """The final record of a job comes with the rest of the export, in one transaction."""
    job = {**work("frontier-1", 10**20, "2026-05-03"), "key": ["job-1"]}
    lab.record({**job, "status": "provisional"})
    lab.record(job, work("frontier-1", 10**21, "2026-05-04"), work("other-1", 5, "2026-05-05"))
    assert replacements(lab, "3") == ["allocation"]


def test_readings_of_several_regimes_are_asked_where_they_are_read(lab: Recorded) -> None:
    lab.record(filing("kr.aiba/safety-duty", MODEL), day="2026-08-01")
    key = lab.folder / "officer.pem"
    key.write_bytes(ANNA.pem())
    lab.told(
        *("attest", "make", "--period", "2026-01-01..2026-07-01", "--claim", "every-run-recorded"),
        *("--signer", f"{ANNA.name}={key}"),
        day="2026-08-02",
    )
    readings = ("eu.aia/assignments=counted", "kr.aiba/parent-compute=operator-own")
    asked = [part for text in readings for part in ("--reading", text)]
    asked += ["--regime", "kr.aiba", "--with", right_file(lab)]
    kept = impact(lab, *asked, codes=(1,))
    assert [each["kept"] for each in kept["attestations"]] == [True]
    for path in (lab.folder / "ledger.db.attestations").iterdir():
        path.unlink()
    found = impact(lab, *asked, codes=(1,))
    assert [each["kept"] for each in found["attestations"]] == [False]
    assert found["attestations"][0]["changes"]
