"""Forms of a bill: each version of FOCUS with its own columns, and Parquet beside CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from bills import HOUR, MAP, ROW, bodies, codes, held, note, read, written
from tables import small_rules

from ledger.errors import InputError
from ledger.importers import focus_parquet, recognise

SHARED = {
    **{name: ROW[name] for name in ("ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd")},
    **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), "98.32"),
    **dict.fromkeys(("BillingPeriodStart", "BillingPeriodEnd"), "2026-03-01T00:00:00Z"),
    **dict.fromkeys(("ListUnitPrice", "ContractedUnitPrice"), "98.32"),
    **dict.fromkeys(("ConsumedQuantity", "PricingQuantity"), "1"),
    **dict.fromkeys(("ConsumedUnit", "PricingUnit"), "Hours"),
    "BillingAccountId": "b1",
    "BillingAccountName": "Acme",
    "BillingCurrency": "USD",
    "AvailabilityZone": "use1-az4",
    "ChargeClass": "",
    "ChargeDescription": "$98.32 per hour of BM.GPU.H200.8",
    "ChargeFrequency": "Usage-Based",
    "CommitmentDiscountCategory": "",
    "CommitmentDiscountId": "",
    "CommitmentDiscountName": "",
    "CommitmentDiscountStatus": "",
    "CommitmentDiscountType": "",
    "InvoiceIssuerName": "Oracle",
    "PricingCategory": "Standard",
    "ProviderName": "Oracle",
    "PublisherName": "Oracle",
    "RegionId": "us-ashburn-1",
    "RegionName": "Ashburn",
    "ResourceId": "i-1",
    "ResourceName": "node",
    "ResourceType": "Instance",
    "ServiceCategory": "Compute",
    "ServiceName": "Compute",
    "SkuId": "K1",
    "SkuPriceId": "K1.od",
    "SubAccountId": "s1",
    "SubAccountName": "research",
    "Tags": '{"application": "llm"}',
}
"""The 43 columns of version 1.0."""
ADDED = {
    "1.0": {},
    "1.1": {
        "CapacityReservationId": "",
        "CapacityReservationStatus": "",
        "CommitmentDiscountQuantity": "",
        "CommitmentDiscountUnit": "",
        "ServiceSubcategory": "Virtual Machines",
        "SkuMeter": "Compute Usage",
        "SkuPriceDetails": '{"InstanceType": "BM.GPU.H200.8", "GpuCount": 8}',
    },
    "1.2": {
        "BillingAccountType": "Tenancy",
        "InvoiceId": "inv-1",
        "PricingCurrency": "USD",
        "PricingCurrencyContractedUnitPrice": "98.32",
        "PricingCurrencyEffectiveCost": "98.32",
        "PricingCurrencyListUnitPrice": "98.32",
        "SubAccountType": "Compartment",
    },
    "1.3": {
        "AllocatedMethodDetails": "",
        "AllocatedMethodId": "",
        "AllocatedResourceId": "",
        "AllocatedResourceName": "",
        "AllocatedTags": "",
        "ContractApplied": "",
        "HostProviderName": "Oracle",
        "ServiceProviderName": "Oracle",
    },
}
"""The columns that each version added, by the changelog of the specification."""
NUMBERS = {"1.0": 43, "1.1": 50, "1.2": 57, "1.3": 65}


def row_of(version: str) -> dict[str, str]:
    """A row with every column that a version defines."""
    row = dict(SHARED)
    for each, added in ADDED.items():
        row |= added
        if each == version:
            break
    return row


def bill(folder: Path, *rows: dict[str, str], name: str = "bill.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def frame(*changes: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame([{**ROW, **change} for change in changes])


def typed(*changes: dict[str, str]) -> pl.DataFrame:
    """A bill as providers store it: instants, floats, and maps as lists of keys and values."""
    times = (pl.col("ChargePeriodStart"), pl.col("ChargePeriodEnd"))
    zoned, local = (t.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC") for t in times)
    found = frame(*changes).with_columns(
        zoned,
        local.dt.replace_time_zone(None),
        pl.col("ConsumedQuantity").cast(pl.Float64),
        pl.col("BilledCost", "EffectiveCost").cast(pl.Decimal(20, 10)),
        pl.col("ChargeClass").replace("NULL", None),
    )
    pairs = [
        [{"key": key, "value": value} for key, value in json.loads(tags).items()]
        for tags in found["Tags"]
    ]
    details = [json.loads(one) for one in found["SkuPriceDetails"]]
    return found.with_columns(Tags=pl.Series(pairs), SkuPriceDetails=pl.Series(details))


@pytest.mark.parametrize("version", list(ADDED))
def test_every_version_is_read_with_the_columns_that_it_has(version: str, tmp_path: Path) -> None:
    row = row_of(version)
    assert len(row) == NUMBERS[version]
    path = bill(tmp_path, row)
    assert recognise([path]).name == "focus"
    reading = read(path)
    (body,) = bodies(reading)
    assert (codes(reading), int(body["device_us"])) == ([], 8 * HOUR)
    assert (body["device"], body["model"]) == ("nvidia-h200-sxm", "llm-7b")
    # Before version 1.1 no column names the type: it stands in the sentence for people.
    said = "chargedescription" if version == "1.0" else "SkuPriceDetails"
    assert body["method_inputs"]["type_said_in"] == said


def test_versions_of_one_bill_meet_under_one_key(tmp_path: Path) -> None:
    """A provider that turns to the next version sends the same month again."""
    keys = {d.key for version in ADDED for d in read(bill(tmp_path, row_of(version))).drafts}
    assert len(keys) == 1
    later = row_of("1.3")
    del later["ProviderName"], later["PublisherName"]
    (draft,) = read(bill(tmp_path, later)).drafts
    assert keys == {draft.key}


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3"])
def test_a_reservation_that_nobody_used_is_capacity_from_version_1_1_on(
    version: str, tmp_path: Path
) -> None:
    unused = {"CapacityReservationId": "cr-1", "CapacityReservationStatus": "Unused"}
    reading = read(bill(tmp_path, row_of(version) | unused))
    assert bodies(reading) == []
    assert "hours of unused capacity: 1" in note(reading)


def test_an_allocated_cost_of_version_1_3_adds_up_to_its_resource(tmp_path: Path) -> None:
    """A shared machine comes as a row for each of those who share it, with parts of its hour."""
    split = {"AllocatedMethodId": "by-pod", "AllocatedMethodDetails": '{"Elements": []}'}
    rows = [
        row_of("1.3") | split | {"AllocatedResourceId": f"pod-{n}", "ConsumedQuantity": part}
        for n, part in enumerate(("0.25", "0.75"))
    ]
    reading = read(bill(tmp_path, *rows))
    assert (codes(reading), held(reading)) == ([], 8 * HOUR)
    by_pod = MAP.replace('"tag:application": [chat]', "allocatedresourceid: [pod-1]").replace(
        '"tag:application": [llm]', "allocatedresourceid: [pod-0]"
    )
    parts = {b["model"]: int(b["device_us"]) for b in bodies(read(bill(tmp_path, *rows), by_pod))}
    assert parts == {"llm-7b": 2 * HOUR, "chat-7b": 6 * HOUR}


def test_the_table_of_commitments_of_version_1_3_is_no_bill(tmp_path: Path) -> None:
    names = "ContractId,ContractCommitmentId,ContractCommitmentCategory,ContractCommitmentType"
    names += ",ContractCommitmentPeriodStart,ContractCommitmentPeriodEnd,ContractPeriodStart"
    names += ",ContractPeriodEnd,ContractCommitmentQuantity,ContractCommitmentUnit,BillingCurrency"
    path = tmp_path / "commitments.csv"
    path.write_text(f"{names}\nc1,k1,Spend,x,2026-01-01,2027-01-01,2026-01-01,2027-01-01,9,h,USD\n")
    with pytest.raises(InputError, match="no importer knows this kind of file"):
        recognise([path])
    assert read(path).refused == 1


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    less = {"ChargeClass": "Correction", "ConsumedQuantity": "-0.25"}
    changes = ({}, less, {"ResourceId": "i-2", "ConsumedQuantity": "0.1"})
    as_csv = read(written(tmp_path, *changes))
    for number, table in enumerate((frame(*changes), typed(*changes))):
        path = tmp_path / f"{number}.parquet"
        table.write_parquet(path)
        assert recognise([path]).name == "focus"
        reading = read(path)
        assert codes(reading) == codes(as_csv) == []
        for mine, theirs in zip(reading.drafts, as_csv.drafts, strict=True):
            assert (mine.key, mine.hidden) == (theirs.key, theirs.hidden)
            assert {**mine.body, "evidence": None} == {**theirs.body, "evidence": None}
        assert note(reading) == note(as_csv)
    assert {b["evidence"]["locator"] for b in bodies(read(path))} == {"row 1, 2", "row 3"}


def test_parquet_is_read_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focus_parquet, "_BATCH", 7)
    path = tmp_path / "bill.parquet"
    typed(*({"ResourceId": f"i-{n}"} for n in range(50))).write_parquet(path, row_group_size=20)
    reading = read(path)
    assert held(reading) == 400 * HOUR
    found = [b["evidence"]["locator"] for b in bodies(reading)]
    assert found == [f"row {n}" for n in range(1, 51)]


def test_a_wrong_cell_of_parquet_refuses_its_row(tmp_path: Path) -> None:
    path = tmp_path / "bill.parquet"
    quantity = pl.Series("ConsumedQuantity", [1.0, float("nan")])
    frame({}, {"ResourceId": "i-2"}).with_columns(quantity).write_parquet(path)
    reading = read(path)
    assert held(reading) == 8 * HOUR
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert (problem.line, problem.message) == (2, "'NaN' is no quantity")


@pytest.mark.parametrize("damage", ["cut", "head", "other", "twice"])
def test_parquet_that_is_no_bill_is_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "bill.parquet"
    frame({}).write_parquet(path)
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[:-20])
    elif damage == "head":
        path.write_bytes(data[:4] + b"\0" * 200)
    elif damage == "other":
        pl.DataFrame({"run": ["r"]}).write_parquet(path)
    else:
        frame({}).with_columns(skuid=pl.lit("K1")).write_parquet(path)
    reading = read(path)
    assert (reading.refused, list(reading.drafts)) == (1, [])


def test_parquet_that_changes_between_the_passes_stops_the_import(tmp_path: Path) -> None:
    path = tmp_path / "bill.parquet"
    frame({}).write_parquet(path)
    reading = read(path)
    frame({"ConsumedQuantity": "0.9"}).write_parquet(path)
    with pytest.raises(InputError, match="changed while it was read"):
        next(iter(reading.drafts))  # before a record is made of what nobody checked


def test_our_own_table_as_parquet_is_no_bill(tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    pl.DataFrame({"run": ["r"], "model": ["m"]}).write_parquet(path)
    assert recognise([path]).name == "parquet"
    assert recognise([tmp_path]).name == "parquet"


def test_a_folder_of_bills_is_read_whole_and_a_second_import_adds_nothing(
    tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    folder = tmp_path / "bills"
    folder.mkdir()
    frame({}).write_parquet(folder / "[1].parquet")
    written(folder, {"ResourceId": "i-2"})
    assert recognise([folder]).name == "focus"
    flopledger("init", "--origin", "ledger.example/focus")
    rules = str(small_rules(tmp_path))
    asked = ("--rules", rules, "import", str(folder), "--set", "model=m", "-f", "json")
    first, second = flopledger(*asked), flopledger(*asked)
    assert (first.code, json.loads(first.out)["new"]) == (0, 2)
    assert (json.loads(second.out)["new"], json.loads(second.out)["same"]) == (0, 2)
