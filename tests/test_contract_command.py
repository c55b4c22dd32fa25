"""The forward book by command: added, allocated, delivered, novated, expired, and never twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracted import contract_text
from jsonschema import validate

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "contracts.v1.schema.json"
HOUR_US = 3_600_000_000
NAME = "fwd-2027-q1"


@pytest.fixture
def ledger(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A ledger with the flagship forward."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    assert flopledger("init", "--origin", "ledger.example/book").code == 0
    Path("c.yaml").write_text(contract_text())
    done = flopledger("contract", "add", "c.yaml")
    assert done.code == 0, done.err
    return flopledger


def shown(run: Run, *options: str) -> dict[str, Any]:
    """The contract as JSON, which the published schema must describe."""
    done = run("contract", "show", NAME, "-f", "json", *options)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    validate(document, json.loads(SCHEMA.read_text()))
    (found,) = document["contracts"]
    assert isinstance(found, dict)
    return found


def size(run: Run) -> int:
    """Entries in the ledger."""
    found = json.loads(run("status", "-f", "json").out)
    return int(found["size"])


def total(contract: dict[str, Any], name: str = "agreed_us") -> int:
    """Device-microseconds over all parts."""
    return sum(int(part[name]) for part in contract["parts"])


def delivery(day: str, devices: int, **changes: Any) -> dict[str, Any]:
    """One day of devices as an allocation."""
    return {
        "type": "allocation",
        "run": f"r-{day}",
        "model": "falcon-2",
        "developer": "lab-a",
        "activity": "pretrain",
        "extent": "own",
        "start": f"{day}T00:00:00Z",
        "start_ms": 0,
        "end": f"{day[:8]}{int(day[8:]) + 1:02d}T00:00:00Z",
        "end_ms": 0,
        "not_after": None,
        "device": "nvidia-h100-sxm5",
        "milli_devices": devices * 1000,
        "device_us": str(devices * 86_400 * 10**6),
        "precision": "bf16",
        "sparsity": "dense",
        "operation_kind": "float",
        "scale_up_gb_per_s": 900,
        "scale_up_domain": 8,
        "scale_out_gbit_per_s": 400,
        "topology": "non_blocking",
        "concurrent_devices": devices,
        "catalogue_digest": None,
        "peak_operations_per_s": None,
        "ceiling_operations": None,
        "operations": None,
        "operations_low": None,
        "operations_high": None,
        "operations_executed": None,
        "method": "none",
        "method_inputs": {},
        "evidence": {
            "source_kind": "assertion",
            "file_sha256": None,
            "locator": "",
            "importer": "hand",
            "importer_version": "1",
        },
        "commitment": None,
        "status": "final",
        "role": "primary",
        "key": ["delivery", day],
        **changes,
    }


def deliver(run: Run, *records: dict[str, Any]) -> Any:
    """Record allocations as deliveries."""
    Path("d.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return run("contract", "deliver", NAME, "d.jsonl")


def test_a_contract_is_added_once_and_listed(ledger: Run) -> None:
    before = size(ledger)
    again = ledger("contract", "add", "c.yaml", "-f", "json")
    assert json.loads(again.out)["same"] == 3
    assert size(ledger) == before
    found = shown(ledger)
    assert found["buyer"] == "Lab A"
    assert found["terms"]["take_or_pay_ppm"] == 1_000_000
    assert [part["start"] for part in found["parts"]] == ["2027-01-01", "2027-02-01", "2027-03-01"]
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    assert NAME in ledger("contract", "list").out


def test_other_content_under_the_same_name_is_refused_and_changes_nothing(ledger: Run) -> None:
    before = size(ledger)
    for change in ({"firmness": "conditional"}, {"agreed_on": "2026-11-21"}):
        Path("other.yaml").write_text(contract_text(**change))
        done = ledger("contract", "add", "other.yaml")
        assert done.code == 2
        assert "stands already" in done.err
    longer = [{"from": "2027-01-01", "until": "2027-06-01", "devices": "4096"}]
    Path("other.yaml").write_text(contract_text(delivery=longer))
    assert ledger("contract", "add", "other.yaml").code == 2
    assert size(ledger) == before


def test_a_share_is_meant_for_another_model_and_no_hour_is_lost(ledger: Run) -> None:
    done = ledger(
        "contract", "allocate", NAME, "--model", "owl-1", "--share", "1/4", "--since", "2027-02-01"
    )
    assert done.code == 0, done.err
    found = shown(ledger)
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    by_model: dict[str, int] = {}
    for part in found["parts"]:
        by_model[part["model"]] = by_model.get(part["model"], 0) + int(part["agreed_us"])
    assert by_model == {
        "falcon-2": 4096 * (31 * 4 + 59 * 3) * 6 * HOUR_US,
        "owl-1": 4096 * 59 * 6 * HOUR_US,
    }
    # The buyer, the terms and the price go along.
    assert found["buyer"] == "Lab A"
    assert {part["model"] for part in found["parts"] if part["start"] == "2027-01-01"} == {
        "falcon-2"
    }
    assert ledger("verify").code == 0


def test_capacity_meant_for_inference_leaves_training(ledger: Run) -> None:
    changed = ("--model", "none", "--activity", "inference_service", "--share", "50 %")
    assert ledger("contract", "allocate", NAME, *changed).code == 0
    found = shown(ledger)
    activities = {(part["model"], part["activity"]) for part in found["parts"]}
    assert activities == {(None, "inference_service"), ("falcon-2", "pretrain")}


def test_deliveries_net_off_and_are_counted_once(ledger: Run) -> None:
    done = deliver(ledger, delivery("2027-01-01", 4096), delivery("2027-01-02", 2048))
    assert done.code == 0, done.err
    found = shown(ledger, "--as-of", "2027-01-31")
    assert total(found, "delivered_us") == (4096 + 2048) * 24 * HOUR_US
    assert total(found, "open_us") == total(found) - (4096 + 2048) * 24 * HOUR_US
    again = deliver(ledger, delivery("2027-01-01", 4096))
    assert again.code == 0, again.err
    after = shown(ledger, "--as-of", "2027-01-31")
    assert total(after, "delivered_us") == (4096 + 2048) * 24 * HOUR_US
    # By an earlier day nothing had been delivered.
    assert total(shown(ledger, "--as-of", "2026-12-31"), "delivered_us") == 0


def test_a_delivery_beyond_the_tolerance_is_refused_and_changes_nothing(ledger: Run) -> None:
    before = size(ledger)
    much = [delivery(f"2027-01-{day:02d}", 40_000) for day in range(1, 11)]
    done = deliver(ledger, *much)
    assert done.code == 2
    assert "device-hours beyond what was agreed" in done.err
    assert size(ledger) == before
    # 368,640 device-days are agreed, with 2 %: 376,012.8.
    ok = [delivery(f"2027-01-{day:02d}", 37_600) for day in range(1, 11)]
    assert deliver(ledger, *ok).code == 0
    assert deliver(ledger, delivery("2027-01-20", 13)).code == 2


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"type": "fact"}, "not a fact"),
        (delivery("2027-01-01", 8, commitment="another"), "was delivered under 'another'"),
        (
            delivery("2027-01-01", 8, device_us=None, milli_devices=None),
            "does not say its device time",
        ),
    ],
)
def test_what_is_no_delivery_is_refused(ledger: Run, record: dict[str, Any], told: str) -> None:
    before = size(ledger)
    done = deliver(ledger, record)
    assert done.code == 2
    assert told in done.err
    assert size(ledger) == before


def test_novation_puts_another_party_in_the_place_of_one(ledger: Run) -> None:
    done = ledger("contract", "novate", NAME, "--buyer", "Lab C", "--since", "2027-02-01")
    assert done.code == 0, done.err
    found = shown(ledger)
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    leaves = {seq: ledger("show", str(seq), "-f", "json").out for seq in range(size(ledger))}
    assert not [seq for seq, text in leaves.items() if "Lab C" in json.loads(text).get("leaf", "")]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--buyer", "Lab A"), "is that party already"),
        (("--buyer", "Cloud B"), "is the other party"),
        (("--seller", "Cloud B"), "is that party already"),
        ((), "give --buyer or --seller"),
        (("--buyer", "X", "--since", "2028-01-01"), "is open from 2028-01-01"),
    ],
)
def test_a_novation_to_itself_is_refused(ledger: Run, options: tuple[str, ...], told: str) -> None:
    before = size(ledger)
    done = ledger("contract", "novate", NAME, *options)
    assert done.code == 2
    assert told in done.err
    assert size(ledger) == before


def test_expiry_closes_what_was_not_delivered_and_keeps_what_was(ledger: Run) -> None:
    assert deliver(ledger, delivery("2027-01-01", 4096)).code == 0
    done = ledger("contract", "expire", NAME, "--on", "2027-02-01")
    assert done.code == 0, done.err
    found = shown(ledger, "--as-of", "2027-02-01")
    (january, *_) = found["parts"]
    assert january["agreed_us"] == january["delivered_us"] == str(4096 * 24 * HOUR_US)
    assert january["open_us"] == "0"
    assert [part["start"] for part in found["parts"]] == ["2027-01-01", "2027-02-01", "2027-03-01"]
    twice = ledger("contract", "expire", NAME, "--on", "2027-02-01")
    assert twice.code == 2
    assert "with something open" in twice.err


def test_a_closed_contract_no_longer_stands(ledger: Run) -> None:
    assert ledger("contract", "expire", NAME, "--on", "2027-04-01").code == 0
    assert ledger("contract", "show", NAME).code == 2
    assert "No contract stands" in ledger("contract", "list").out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--share", "2"), "cannot be allocated"),
        (("--share", "0"), "cannot be allocated"),
        (("--share", "half"), "is no share"),
        (("--share", "1/0"), "is no share"),
        (("--share", "1/3000000007"), "no whole number"),
        (("--since", "2029-01-01"), "nothing of"),
    ],
)
def test_a_bad_allocation_is_refused(ledger: Run, options: tuple[str, ...], told: str) -> None:
    before = size(ledger)
    done = ledger("contract", "allocate", NAME, "--model", "owl-1", *options)
    assert done.code == 2
    assert told in done.err
    assert size(ledger) == before


def test_an_unknown_contract_names_those_that_stand(ledger: Run) -> None:
    done = ledger("contract", "show", "fwd-2028")
    assert done.code == 2
    assert NAME in done.err
