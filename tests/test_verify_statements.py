"""What people signed of a bundle: attestations, approvals, figures, openings, redactions."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from bundled import (
    APPROVER,
    ASKED,
    OFFICER,
    OLD,
    ONE,
    STRANGER,
    WITNESS,
    Members,
    asking,
    attested,
    drawn_up,
    fault,
    filled,
    filled_and_attested,
    members_of,
    pack,
    people,
    policy,
    record,
    relisted,
    step,
    valid,
    verdict,
    witnessed,
)
from sealed import SIGNER, fill, said

from ledger.attestation import Attestation
from ledger.claim import Population
from ledger.cli.context import Context
from ledger.envelope import Envelope
from ledger.keys import FileSigner
from ledger.pack import Pack
from ledger.policy import Policy

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return filled_and_attested(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def members(context: Context) -> Members:
    return members_of(context)


# Attestations.


def with_envelope(members: Members, envelope: Envelope) -> Members:
    """Return members with another statement, under the name of the one that is named."""
    name = next(each for each in members if each.startswith("attestations/"))
    return relisted({**members, name: envelope.encode()})


def held(members: Members) -> Envelope:
    """Return the statement of the bundle."""
    name = next(each for each in members if each.startswith("attestations/"))
    return Envelope.parse(members[name])


def test_case_statement_swapped_for_another(members: Members) -> None:
    payload = Attestation.open(held(members))
    other = replace(payload, number=2, previous="0" * 64)
    forged = Envelope(other.statement().encode()).sign(OFFICER)
    assert (
        "another SHA-256" in fault(verdict(with_envelope(members, forged)), "attestations").message
    )


def test_case_payload_swapped_under_a_signature(members: Members) -> None:
    old = held(members)
    other = replace(Attestation.open(old), period=replace(Attestation.open(old).period))
    text = other.statement().encode().replace(b"every-run-recorded", b"every-run-recordeD")
    forged = Envelope(text, signatures=old.signatures)
    assert fault(verdict(with_envelope(members, forged), policy(**ASKED)), "attestations")


def test_case_statement_that_no_entry_names(members: Members) -> None:
    envelope = Envelope(b"{}").sign(OFFICER)
    changed = relisted({**members, f"attestations/{envelope.sha256()}.json": envelope.encode()})
    assert "no entry names" in fault(verdict(changed), "attestations").message


def test_case_statement_that_is_not_there(members: Members) -> None:
    rest = {name: data for name, data in members.items() if "attestations/" not in name}
    found = verdict(relisted(rest), policy(**ASKED))
    assert step(found, "attestations").outcome == "withheld"
    assert found.exit_status == 3


@pytest.mark.parametrize(
    ("signers", "words"),
    [
        ((OFFICER,), "0 people signed as approver"),
        ((APPROVER,), "0 people signed as officer"),
        ((OFFICER, STRANGER), "0 people signed as approver"),
        ((STRANGER,), "0 people signed as officer"),
    ],
)
def test_attestation_needs_people_and_not_signatures(
    tmp_path: Path, signers: tuple[FileSigner, ...], words: str
) -> None:
    context = filled(tmp_path)
    attested(context, *signers)
    found = verdict(members_of(context), policy(**ASKED))
    assert words in fault(found, "attestations").message


def termed(signer: FileSigner, **limits: Any) -> Policy:
    """Return a policy that asks for an officer and an approver, and limits the key of one."""
    return policy(**ASKED, keys=[{"vkey": signer.verifier.encode(), **limits}], lines=ONE)


@pytest.mark.parametrize("signer", [OFFICER, APPROVER])
@pytest.mark.parametrize(
    ("limits", "words"),
    [
        # The statement is recorded at 10:00 and seen by the witness at 12:00.
        ({"not_before": "2026-11-23T10:30:00Z"}, "not yet or no longer trusted at 2026-11-23T10"),
        ({"not_after": "2026-11-23T10:00:00Z"}, "not yet or no longer trusted at 2026-11-23T10"),
        ({"to_size": 11}, "signs sizes from 0 to below 11"),
        (
            {"revoked": {"from_size": 99, "at": "2026-11-23T09:00:00Z", "reason": "compromised"}},
            "not yet or no longer trusted",
        ),
    ],
)
def test_threat_12_key_of_a_person_counts_within_its_term(
    members: Members, signer: FileSigner, limits: dict[str, Any], words: str
) -> None:
    found = fault(verdict(witnessed(members, WITNESS), termed(signer, **limits)), "attestations")
    assert "a signature does not count" in found.message
    assert words in found.message


@pytest.mark.parametrize("reason", ["term", "thief"])
def test_threat_12_end_of_a_persons_key_needs_a_time_from_outside(
    members: Members, reason: str
) -> None:
    def ended(at: str) -> Policy:
        if reason == "term":
            return termed(OFFICER, not_after=at)
        lost = {"from_size": 99, "at": at, "reason": "compromised"}
        return termed(OFFICER, revoked=lost)

    seen = witnessed(members, WITNESS)
    assert verdict(seen, ended("2026-11-23T12:00:01Z")).fault is None
    assert step(verdict(seen, ended("2026-11-23T12:00:01Z")), "attestations").outcome == "held"
    # The owner says that it was recorded before; nobody outside can confirm it.
    doubtful = verdict(seen, ended("2026-11-23T12:00:00Z"))
    held = step(doubtful, "attestations")
    assert (held.outcome, doubtful.exit_status) == ("withheld", 3)
    assert "nothing shows that law.example/officer" in held.notes[0]
    # A witness that saw less than the entry which names the statement shows nothing of it.
    less = verdict(witnessed(members, WITNESS, names=(OLD,)), ended("2027-01-01T00:00:00Z"))
    assert step(less, "attestations").outcome == "withheld"


def test_four_eyes_are_four(tmp_path: Path) -> None:
    context = filled(tmp_path)
    attested(context, OFFICER)
    both = [{"name": "Ann", "roles": ["officer", "approver"], "vkeys": [OFFICER.verifier.encode()]}]
    needed = {"people": both, "attestation": {"officer": 1, "approver": 1}}
    bundle = members_of(context)
    assert verdict(bundle, policy(**needed)).fault is None
    found = verdict(bundle, policy(**needed, four_eyes=["attestation"]))
    assert "too few different people" in fault(found, "attestations").message


def test_whoever_records_does_not_approve(tmp_path: Path) -> None:
    context = filled(tmp_path)
    attested(context, OFFICER, SIGNER)
    needed = {"people": people(recorder=True), "attestation": {"officer": 1, "approver": 1}}
    bundle = members_of(context)
    assert verdict(bundle, policy(**needed)).fault is None
    found = verdict(bundle, policy(**needed, four_eyes=["attestation"]))
    assert "holds the key of the log" in fault(found, "attestations").why


def test_attestations_stand_in_one_series(tmp_path: Path) -> None:
    context = filled(tmp_path)
    first = attested(context)
    fill(context, [said(9)])
    attested(context)
    found = verdict(members_of(context), policy(**ASKED), recompute=asking())
    assert found.fault is None
    assert step(found, "attestations").count == 2
    again = Attestation.open(first)
    record(context, replace(again, number=4, previous=None))
    assert (
        "the series goes on with 3"
        in fault(verdict(members_of(context), policy(**ASKED)), "attestations").message
    )


def test_restatements_need_a_second_person_where_the_policy_says_so(members: Members) -> None:
    found = verdict(members, policy(people=people(), four_eyes=["restatement"]))
    missing = fault(found, "approvals")
    assert "nobody approved the restatement" in missing.message
    assert missing.seq is not None


def test_threat_30_statement_that_nobody_is_asked_to_sign_is_not_asked(tmp_path: Path) -> None:
    # Nobody known signed, and nobody was asked: nothing held.
    context = filled(tmp_path)
    attested(context, STRANGER)
    unasked = step(verdict(members_of(context), policy(people=people())), "attestations")
    assert (unasked.outcome, unasked.count) == ("not_asked", 1)
    assert "nobody signed whom it knows" in str(unasked.notes)


def test_statement_of_people_whom_the_policy_knows_holds_unasked(members: Members) -> None:
    known = step(verdict(members, policy(people=people())), "attestations")
    assert (known.outcome, known.notes) == ("held", ("the policy does not say who must sign",))


# What is attested, worked out again.


@lru_cache
def stricter() -> Pack:
    """Return rules in which one threshold is another."""
    files = json.loads(pack().encode())["files"]
    path = "regimes/eu/eu.aia.yaml"
    value = files[path]["parameters"]["systemic-risk-flop"]["values"][0]
    assert value["value"] == "10^25 FLOP"
    value["value"] = "10^20 FLOP"
    return Pack.of(files)


def test_own_law_that_differs_is_a_finding_with_its_parameter(members: Members) -> None:
    found = verdict(members, policy(**ASKED), recompute=asking(stricter()))
    assert found.exit_status == 1
    assert step(found, "claims").outcome == "held"
    turned = next(each for each in found.contrasts if each.field == "finding")
    assert turned.place == "eu.aia/gpaisr-presumption model:m"
    assert (turned.stated, turned.found, turned.cause) == ("not_met", "met", "other_law")
    assert "systemic-risk-flop" in turned.why
    document = valid(found)
    assert document["differences"][0]["why"]


def altered(attestation: Attestation, part: str) -> Attestation:
    """Return an attestation in which one figure is another."""
    if part == "population":
        held_ = attestation.population
        return replace(
            attestation,
            population=Population(held_.entries, held_.by_type, held_.runs + 1, held_.models),
        )
    value = json.loads(json.dumps({"check": attestation.check, "totals": attestation.totals}))
    if part == "finding":
        found = next(d for d in value["check"]["determinations"] if d["finding"] == "not_met")
        found["finding"] = "met"
    elif part == "grade":
        value["totals"]["by_grade"][0]["rows"] += 1
    else:
        value["totals"]["by_counting_set"][0]["own"]["low"] += "0"
    return replace(attestation, check=value["check"], totals=value["totals"])


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("population", "totals"),
        ("grade", "totals"),
        ("counting", "totals"),
        ("finding", "claims"),
    ],
)
def test_false_figure_that_people_signed_is_found(tmp_path: Path, part: str, name: str) -> None:
    # Row 15: each part alone is valid, and they do not belong together.
    context = filled(tmp_path)
    record(context, altered(drawn_up(context), part))
    found = verdict(members_of(context), policy(**ASKED), recompute=asking())
    assert "attestation 1" in fault(found, name).where


def _sub(folder: Path) -> Path:
    """Return a new folder inside."""
    made = folder / "other"
    made.mkdir()
    return made


def test_case_attestation_over_another_ledger(tmp_path: Path) -> None:
    # Both ledgers have one name, one key and as many entries; only the roots differ.
    context, other = filled(tmp_path), filled(_sub(tmp_path))
    record(context, Attestation.open(attested(other)))
    found = verdict(members_of(context), policy(**ASKED))
    assert "another root" in fault(found, "attestations").message


def test_rules_that_cannot_be_read_are_a_fault_of_the_step_that_asks_them(
    members: Members,
) -> None:
    broken = relisted({**members, "pack.json": b"{}"})
    found = fault(verdict(broken, policy(**ASKED), recompute=asking()), "totals")
    assert "pack.json" in found.where


def test_claim_under_rules_that_the_bundle_does_not_bring(members: Members) -> None:
    rest = {name: data for name, data in members.items() if name != "pack.json"}
    found = verdict(relisted(rest), policy(**ASKED), recompute=asking(stricter()))
    assert step(found, "totals").outcome == "withheld"
    assert step(found, "claims").outcome == "withheld"
    assert found.contrasts
    assert all(each.why for each in found.contrasts)


# Openings and redactions.


def test_opening_that_is_no_digest_of_its_entry(members: Members) -> None:
    rows = members["disclosures.jsonl"].split(b"\n")
    value = json.loads(rows[0])
    text = json.loads(base64.urlsafe_b64decode(value["disclosure"] + "=="))
    text[2] = "hall 9"
    forged = base64.urlsafe_b64encode(json.dumps(text, separators=(",", ":")).encode())
    value["disclosure"] = forged.rstrip(b"=").decode()
    rows[0] = json.dumps(value, separators=(",", ":")).encode()
    changed = relisted({**members, "disclosures.jsonl": b"\n".join(rows)})
    assert fault(verdict(changed), "openings").seq == value["seq"]


def test_log_of_redactions_adds_up_and_fits_its_audience(context: Context) -> None:
    public, authority = members_of(context, "public"), members_of(context)
    shown = {**public, "disclosures.jsonl": authority["disclosures.jsonl"]}
    assert "are shown" in fault(verdict(relisted(shown)), "redactions").message
    logged = {**shown, "redactions.json": authority["redactions.json"]}
    assert "manifest" in fault(verdict(relisted(logged)), "redactions").message
    log = json.loads(public["redactions.json"])
    log["fields"][0]["withheld"] -= 1
    text = json.dumps(log, separators=(",", ":"), ensure_ascii=False).encode()
    lied = relisted({**public, "redactions.json": text})
    assert "accounts for" in fault(verdict(lied), "redactions").message
    leaky = text.replace(b'"public"', b'"auditor"')
    assert fault(
        verdict(relisted({**public, "redactions.json": leaky}, audience="auditor")), "redactions"
    )


def test_value_that_is_said_to_be_erased_is_not_checkable(context: Context) -> None:
    # The owner withholds a value from an authority and books it as erased: nobody can tell.
    members = members_of(context)
    rows = members["disclosures.jsonl"].split(b"\n")[:-1]
    log = json.loads(members["redactions.json"])
    opening = json.loads(rows[0])["disclosure"]
    name = json.loads(base64.urlsafe_b64decode(opening + "=="))[1]
    place = next(f for f in log["fields"] if (f["type"], f["name"]) == ("allocation", name))
    place["shown"] -= 1
    log["erased"] = 1
    text = json.dumps(log, separators=(",", ":"), ensure_ascii=False).encode()
    less = b"".join(row + b"\n" for row in rows[1:])
    found = verdict(relisted({**members, "disclosures.jsonl": less, "redactions.json": text}))
    last = step(found, "redactions")
    assert (last.outcome, found.exit_status) == ("withheld", 3)
    assert "1 are said to be erased" in last.notes[1]
    assert step(verdict(members), "redactions").outcome == "held"
