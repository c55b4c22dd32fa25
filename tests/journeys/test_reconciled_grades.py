"""What reconciling finds reaches the check and the position, and is stored nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import DAY
from reconciled import CEILING, HOURS_8_US, MOST, PIPE, beside, figure, held, of
from recorded import Recorded

from ledger.keys import FileSigner
from ledger.report.regraded import regraded_check_table
from ledger.report.regraded_document import (
    Reconciled,
    regraded_check_schema,
    regraded_position_schema,
)
from ledger.stores.keyfiles import write_signer

PRESUMED = "eu.aia/gpaisr-presumption"
MODEL = "model:m"
CLOUD = FileSigner.from_seed("cloud.example", bytes(range(3, 35)))
H100 = {"device": "nvidia-h100-sxm5"}
WHOLE = 10**6


@pytest.fixture
def lab(tmp_path: Path) -> Recorded:
    """Return an empty ledger."""
    return Recorded(tmp_path, day="2026-11-22")


def put(lab: Recorded, *bodies: dict[str, Any], day: str | None = None) -> None:
    """Record allocations."""
    lab.record(*({"type": "allocation", **body} for body in bodies), day=day)


def document(lab: Recorded, command: str, *arguments: str) -> dict[str, Any]:
    """Return what a command says with the reconciled grades, which follows its schema."""
    path = lab.folder / "graded.json"
    asked = (command, "--reconciled", "-f", "json", "-o", str(path), *arguments)
    lab.told(*asked, codes=(0, 1, 3))
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    schema = regraded_check_schema() if command == "check" else regraded_position_schema()
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


def shares(lab: Recorded, *arguments: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the shares of the model's total as recorded and as reconciled, without nothing."""
    found = document(lab, "check", "--regime", "eu.aia", *arguments)
    (row,) = (
        each
        for each in found["totals"]
        if f"{each['regime']}/{each['rule']}" == PRESUMED and each["subject"] == MODEL
    )
    one, other = ({k: v for k, v in row[n].items() if v} for n in ("recorded", "reconciled"))
    return one, other


def counters(operations: int = MOST) -> dict[str, Any]:
    """Return the same run as telemetry saw it."""
    evidence = of("telemetry", "telemetry")
    changes = {"role": "corroborating", "method_inputs": PIPE, "evidence": evidence}
    return figure(operations, "hardware", **changes)


def test_hardware_telemetry_and_invoice_lift_a_run_one_by_one(lab: Recorded) -> None:
    put(lab, figure(MOST, "architecture"), day="2026-11-01")
    assert shares(lab) == ({"D": WHOLE}, {"D": WHOLE})
    put(lab, counters(), day="2026-11-02")
    assert shares(lab) == ({"D": WHOLE}, {"C": WHOLE})
    put(lab, beside("invoice"), day="2026-11-03")
    assert shares(lab) == ({"D": WHOLE}, {"B": WHOLE})
    # What was known before is asked of the entries of before.
    assert shares(lab, "--recorded-by", "2026-11-02T23:00:00Z")[1] == {"C": WHOLE}
    assert shares(lab, "--engine", "plain")[1] == {"B": WHOLE}


def test_run_above_its_ceiling_is_lowered(lab: Recorded) -> None:
    put(lab, figure(CEILING + 1, "hardware"), beside("invoice"))
    assert shares(lab) == ({"D": WHOLE}, {"E": WHOLE})


def test_invoice_that_is_taken_back_lifts_no_more(lab: Recorded) -> None:
    put(lab, figure(MOST), beside("invoice"))
    path = lab.folder / "withdrawn.json"
    lab.told("restate", "1", "--reason", "duplicate", "--propose", str(path))
    lab.told("restate", "--proposal", str(path), "--without-approval")
    assert shares(lab)[1] == {"D": WHOLE}


def test_receipt_of_the_provider_lifts(lab: Recorded) -> None:
    put(lab, figure(MOST, **H100))
    key = lab.folder / "cloud.pem"
    write_signer(key, CLOUD)
    receipt = str(lab.folder / "r.json")
    line = f"{DAY}T00:00:00Z..{DAY}T08:00:00Z,nvidia-h100-sxm5,1000"
    lab.told(
        *("receipt", "make", "--key", str(key), "--customer", "ledger.example/worked"),
        *("--number", "1", "--line", line, "-o", receipt),
    )
    key_of = ("--vkey", CLOUD.verifier.encode())
    lab.told("receipt", "book", receipt, *key_of, "--run", "r", "--model", "m")
    assert shares(lab) == ({"D": WHOLE}, {"B": WHOLE})


def test_check_inside_is_the_check_without_reconciling(lab: Recorded) -> None:
    put(lab, figure(MOST), counters(), held(run="idle-1", model="other"))
    found = document(lab, "check", "--regime", "eu.aia")
    plain = lab.check("--regime", "eu.aia").document
    assert found["check"] == plain
    recorded = {
        (d["regime"], d["rule"], d["subject"]): d["evidence_share"]
        for d in plain["determinations"]
        if any(d["evidence_share"].values())
    }
    said = {(t["regime"], t["rule"], t["subject"]): t["recorded"] for t in found["totals"]}
    assert said == recorded
    basis = found["reconciliation"]
    assert (basis["size"], basis["root"]) == (3, plain["ledger"]["root"])
    assert basis["runs"] == {"A": 0, "B": 0, "C": 1, "D": 0, "E": 1}
    assert basis["tolerances_ppm"]["telemetry"] == 200_000


def test_position_shares_out_all_that_it_states(lab: Recorded) -> None:
    later = {"start": f"{DAY}T08:00:00Z", "end": f"{DAY}T16:00:00Z"}
    put(
        lab,
        *(figure(MOST), counters(), held(3000, **later)),
        *(figure(CEILING + 1, run="high"), figure(7, run="published", extent="cumulative")),
        held(run="asserted", operations="5"),
    )
    path = lab.folder / "withdrawn.json"
    put(lab, figure(11, run="wrong"))
    lab.told("restate", "6", "--reason", "duplicate", "--propose", str(path))
    lab.told("restate", "--proposal", str(path), "--without-approval")
    put(lab, figure(9, run="later", start="2026-12-01T00:00:00Z", end="2026-12-01T08:00:00Z"))
    found = document(lab, "position")
    assert found["position"] == lab.told_as_json("position")
    totals = found["position"]["totals"]
    by = {
        (row["grade"], basis): (int(row[basis]["operations"]), int(row[basis]["device_us"]))
        for row in found["totals"]
        for basis in ("recorded", "reconciled")
    }
    for basis in ("recorded", "reconciled"):
        whole = [sum(by[letter, basis][place] for letter in "ABCDE") for place in (0, 1)]
        assert whole[0] == int(totals["operations"]["low"])
        assert whole[1] == 6 * HOURS_8_US
    assert by["D", "recorded"] == (MOST + CEILING + 1, 2 * HOURS_8_US)
    assert by["E", "recorded"] == (5, 4 * HOURS_8_US)
    assert by["C", "reconciled"] == (MOST, HOURS_8_US)
    assert by["E", "reconciled"] == (CEILING + 6, 5 * HOURS_8_US)


def test_table_says_which_grade_is_which(lab: Recorded, capfd: pytest.CaptureFixture[str]) -> None:
    put(lab, figure(MOST), counters())
    lab.told("check", "--regime", "eu.aia", "--reconciled")
    said = capfd.readouterr().out
    assert "as recorded" in said
    assert "C 100.00 %" in said
    assert "entries of checkpoint 2, work as of 2026-11-22" in said
    lab.told("position", "--reconciled")
    assert "reconciled" in capfd.readouterr().out
    for asked in (("check", "-f", "csv"), ("position", "-f", "csv"), ("check", "--replay", "x")):
        lab.told(*asked, "--reconciled", codes=(2,))
        assert "--reconciled" in capfd.readouterr().err


def test_reconciling_goes_on_after_a_key_was_rotated(lab: Recorded) -> None:
    put(lab, figure(MOST))
    lab.told("key", "rotate", "--reason", "yearly")
    put(lab, counters())
    assert lab.told("reconcile") == 0
    assert shares(lab)[1] == {"C": WHOLE}


def test_totals_of_determinations_that_were_only_counted_are_told(lab: Recorded) -> None:
    put(lab, figure(MOST))
    basis = Reconciled.model_validate(document(lab, "position")["reconciliation"])
    notes = regraded_check_table((), basis, 6_317).notes
    assert notes[0] == "6,317 determinations were counted only; --all shows their totals too."
    assert not any("counted only" in note for note in regraded_check_table((), basis).notes)
