"""``flopledger attest`` from draft to entry, and what it refuses to record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attested import ANNA, BEN, ORIGIN
from ledgers import allocation, lineage

from ledger.attestation import Attestation, check_entry, check_follows
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint, Note
from ledger.entry import Entry
from ledger.envelope import Envelope
from ledger.statement import Statement
from ledger.stores.keyfiles import write_signer

PERIOD = ("--period", "2026-01-01..2027-01-01")
CLAIM = ("--claim", "every-run-recorded")


@pytest.fixture
def ledger(flopledger: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Found a ledger of two models, one made from the other, with two people's keys beside it."""
    records = [
        {"type": "allocation", **allocation("alpha", 9 * 10**24, run="r1"), "key": ["r1"]},
        {"type": "allocation", **allocation("beta", 2 * 10**25, run="r2"), "key": ["r2"]},
        {"type": "lineage", **lineage("beta", "alpha")},
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    write_signer(tmp_path / "anna.pem", ANNA)
    write_signer(tmp_path / "ben.pem", BEN)
    assert flopledger("init", "--origin", ORIGIN).code == 0
    assert flopledger("record", "r.jsonl").code == 0
    return flopledger


def test_journey_2_attestation_by_people_on_different_machines(
    ledger: Callable[..., Any], tmp_path: Path
) -> None:
    ran = ledger("attest", "draft", *PERIOD, *CLAIM, "-o", "statement.json")
    assert ran.code == 0, ran.err
    shown = ledger("attest", "show", "statement.json").out
    assert "attestation 1, not signed" in shown
    assert "every run of the period is recorded" in shown
    assert "29000000000000000000000000" in shown
    ledger("attest", "sign", "statement.json", "--key", "anna.pem", "-o", "a.json")
    ledger("attest", "sign", "statement.json", "--key", "ben.pem", "-o", "b.json")
    absent = ledger("attest", "add", "a.json", "--vkey", BEN.verifier.encode())
    assert absent.code == 2
    assert "not signed by law.example/ben" in absent.err
    keys = ("--vkey", ANNA.verifier.encode(), "--vkey", BEN.verifier.encode())
    added = ledger("attest", "add", "a.json", "b.json", *keys)
    assert added.code == 0, added.err
    assert "attestation 1 over 3 entries is entry 3" in added.err
    assert "warning" not in added.err
    assert "is entry 3 already" in ledger("attest", "add", "a.json", "b.json", *keys).err
    # What was recorded binds statement, checkpoint, envelope and entry together.
    exported = ledger("export", "-o", "leaves.jsonl")
    assert exported.code == 0
    entry = Entry.parse((tmp_path / "leaves.jsonl").read_bytes().split(b"\n")[3])
    name = f"{entry.body['envelope_sha256']}.json"
    envelope = Envelope.parse((tmp_path / "ledger.db.attestations" / name).read_bytes())
    check_entry(entry.body, 3, envelope)
    assert envelope.signed_by([ANNA.verifier, BEN.verifier]).keys == (ANNA.verifier, BEN.verifier)
    found = Attestation.open(envelope)
    assert (found.population.runs, found.population.models) == (2, 2)
    assert found.population.by_type == {"allocation": 2, "lineage": 1}
    rows = {
        (r["regime"], r["counting_set"], r["model"]): r["cumulative"]["low"]
        for r in json.loads(encode(dict(found.totals)))["by_counting_set"]
    }
    assert rows["eu.aia", "cumulative", "beta"] == "29000000000000000000000000"
    assert rows["us.bis.nprm2024", "run-operations", "beta"] == "20000000000000000000000000"
    assert json.loads(encode(dict(found.totals)))["by_grade"][0]["operations"]["low"] == str(
        29 * 10**24
    )
    # The next one goes on from it, in one step where all keys are at hand.
    omitted = ("--claim", "known-omissions", "--omission", "the runs of March")
    made = ledger(
        "attest", "make", *PERIOD, *omitted, "--signer", "anna.pem", "--signer", "ben.pem"
    )
    assert made.code == 0, made.err
    assert "attestation 2 over 4 entries is entry 4" in made.err
    listed = json.loads(ledger("attest", "list", "-f", "json").out)["attestations"]
    assert [(row["number"], row["fault"]) for row in listed] == [(1, None), (2, None)]
    second = json.loads(ledger("attest", "show", "2", "-f", "json").out)
    assert second["previous"] == Statement.open(envelope).payload_sha256()
    assert "runs are known to be missing" in ledger("attest", "show", "2").out
    assert ledger("verify").code == 0


def _changed(statement: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return an envelope over a changed statement, signed anew by both people."""
    value = json.loads(statement)
    change(value["predicate"])
    return Envelope(encode(value)).sign(ANNA).sign(BEN).encode()


def _raise_total(predicate: dict[str, Any]) -> None:
    predicate["totals"]["by_counting_set"][0]["own"]["low"] = "1"


def _drop_total(predicate: dict[str, Any]) -> None:
    predicate["totals"]["by_counting_set"].pop()


def _drop_grade(predicate: dict[str, Any]) -> None:
    predicate["totals"]["by_grade"].pop()


def _hide_run(predicate: dict[str, Any]) -> None:
    predicate["population"]["runs"] = 1


def _other_finding(predicate: dict[str, Any]) -> None:
    met = next(d for d in predicate["check"]["determinations"] if d["finding"] == "met")
    met["finding"] = "not_met"


def _drop_determination(predicate: dict[str, Any]) -> None:
    met = [d for d in predicate["check"]["determinations"] if d["finding"] == "met"]
    predicate["check"]["determinations"].remove(met[0])


def _drop_regime(predicate: dict[str, Any]) -> None:
    """Leave one regime out of the check altogether, and count what is left."""
    check = predicate["check"]
    kept = [d for d in check["determinations"] if d["regime"] != "eu.aia"]
    assert kept
    check["determinations"] = kept
    findings = [d["finding"] for d in kept]
    check["counts"] = {
        "determinations": len(kept),
        **{n: findings.count(n) for n in ("met", "not_met", "undetermined", "excepted")},
        "out_of_scope": findings.count(None),
        "foreseen": 0,
        "overdue": sum(any(e["days_left"] < 0 for e in d["due"] if e["days_left"]) for d in kept),
    }


def _other_number(predicate: dict[str, Any]) -> None:
    predicate |= {"number": 2, "previous": "ab" * 32}


FORGED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "total": (_raise_total, "states totals by_counting_set"),
    "total-left-out": (_drop_total, "states totals by_counting_set as nothing"),
    "grade-left-out": (_drop_grade, "states totals by_grade as nothing"),
    "run-hidden": (_hide_run, "states population"),
    "finding": (_other_finding, "finding as not_met; it comes out as met"),
    "determination-left-out": (_drop_determination, "comes out as a determination"),
    "regime-left-out": (_drop_regime, "states a check as"),
    "number": (_other_number, "the series goes on with 1"),
}


def test_threat_15_statement_that_the_ledger_does_not_bear_out_is_not_recorded(
    ledger: Callable[..., Any], tmp_path: Path
) -> None:
    ran = ledger("attest", "draft", *PERIOD, *CLAIM, "-o", "statement.json")
    assert ran.code == 0, ran.err
    statement = (tmp_path / "statement.json").read_bytes()
    for name, (change, words) in FORGED.items():
        (tmp_path / "forged.json").write_bytes(_changed(statement, change))
        refused = ledger("attest", "add", "forged.json")
        assert refused.code == 4, name
        assert words in refused.err, (name, refused.err)
        assert "Traceback" not in refused.err
    # Nothing was kept and nothing recorded; the neighbour that is true is taken.
    assert not (tmp_path / "ledger.db.attestations").exists()
    (tmp_path / "true.json").write_bytes(_changed(statement, lambda _: None))
    assert ledger("attest", "add", "true.json").code == 0
    # The same statement under other signatures would be a second number 1.
    alone = Envelope(statement).sign(ANNA).encode()
    (tmp_path / "alone.json").write_bytes(alone)
    again = ledger("attest", "add", "alone.json")
    assert again.code == 4
    assert "the series goes on with 2" in again.err


def test_attest_says_what_a_verifier_will_look_at(ledger: Callable[..., Any]) -> None:
    plain = ledger("attest", "draft", *PERIOD, *CLAIM, "-o", "a.json")
    assert plain.code == 0
    assert "warning" not in plain.err
    odd = ledger("attest", "draft", *PERIOD, *CLAIM, "--as-of", "2020-01-01", "-o", "b.json")
    assert odd.code == 0
    assert "warning: whoever verifies it is told: the claim counts work up to 2020-01-01" in odd.err


def test_threat_15_statement_about_another_ledger_is_not_recorded(
    ledger: Callable[..., Any],
) -> None:
    ledger("attest", "draft", *PERIOD, *CLAIM, "-o", "statement.json")
    ledger("attest", "sign", "statement.json", "--key", "anna.pem", "-o", "a.json")
    other = ("--ledger", "other.db")
    assert ledger(*other, "init", "--origin", ORIGIN).code == 0
    missing = ledger(*other, "attest", "add", "a.json")
    assert missing.code == 2
    assert "no checkpoint over 3 entries was signed here" in missing.err
    assert ledger(*other, "record", "r.jsonl").code == 0
    refused = ledger(*other, "attest", "add", "a.json")
    assert refused.code == 4
    assert "is about another root" in refused.err


def test_attest_says_what_is_wrong_with_what_it_is_given(
    ledger: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "text.json").write_text("{}")
    for words, arguments in (
        ("no signed envelope", ("attest", "add", "text.json")),
        ("neither a statement nor an envelope", ("attest", "show", "text.json")),
        ("names no attestation 7", ("attest", "show", "7")),
        ("0 omissions named", ("attest", "draft", *PERIOD, "--claim", "known-omissions")),
        ("holds no day", ("attest", "draft", "--period", "2026-01-01..2026-01-01", *CLAIM)),
        ("not said who signs", ("attest", "sign", "text.json")),
    ):
        ran = ledger(*arguments)
        assert ran.code == 2, words
        assert words in ran.err, ran.err


def test_attestation_folder_gives_no_file_that_was_changed(
    ledger: Callable[..., Any], tmp_path: Path
) -> None:
    made = ledger("attest", "make", *PERIOD, *CLAIM, "--signer", "anna.pem")
    assert made.code == 0, made.err
    (file,) = (tmp_path / "ledger.db.attestations").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"law.example/anna", b"law.example/ann4"))
    listed = json.loads(ledger("attest", "list", "-f", "json").out)["attestations"]
    assert listed[0]["fault"] == "the file of the envelope is not the one recorded"
    assert ledger("attest", "draft", *PERIOD, *CLAIM).code == 4
    file.unlink()
    gone = ledger("attest", "draft", *PERIOD, *CLAIM)
    assert gone.code == 2
    assert "is not there" in gone.err
    kept = ledger("fact", "missing", "-o", f"ledger.db.attestations/{file.name}")
    assert kept.code == 2
    assert "belongs to a ledger" in kept.err


def test_series_of_a_real_ledger_follows(ledger: Callable[..., Any], tmp_path: Path) -> None:
    envelopes = []
    for _ in range(2):
        ledger("attest", "make", *PERIOD, *CLAIM, "--signer", "anna.pem")
    rows = json.loads(ledger("attest", "list", "-f", "json").out)["attestations"]
    for row in rows:
        path = tmp_path / "ledger.db.attestations" / f"{row['envelope_sha256']}.json"
        envelopes.append(Envelope.parse(path.read_bytes()))
    first, second = map(Statement.open, envelopes)
    check_follows(Attestation.parse(first), None, number=1)
    check_follows(Attestation.parse(second), first, number=2)
    note = Note.parse(ledger("checkpoint", "show").out.encode())
    assert Checkpoint.parse(note.text).size == 5
