"""The FOCUS importer: what is use, what is capacity, what is money, and what corrections leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bills import HOUR, MAP, bodies, codes, held, note, read, written
from tables import small_rules

from ledger.importers import focus_account


def test_an_instance_hour_is_as_many_device_hours_as_the_table_says(tmp_path: Path) -> None:
    reading = read(written(tmp_path, {}))
    (body,) = bodies(reading)
    assert codes(reading) == []
    assert (body["device"], body["milli_devices"]) == ("nvidia-h200-sxm", 8000)
    assert int(body["device_us"]) == 8 * HOUR
    assert (body["scale_up_gb_per_s"], body["scale_out_gbit_per_s"]) == (900, 400)
    assert (body["role"], body["operations"]) == ("corroborating", None)
    assert int(body["ceiling_operations"]) > 0
    assert body["evidence"]["source_kind"] == "invoice"
    inputs = body["method_inputs"]
    assert (inputs["quantity"], inputs["unit"], inputs["type"]) == ("1", "Hours", "BM.GPU.H200.8")
    assert len(inputs["sku_row"]) == 64


def test_a_customer_with_bills_only_makes_them_primary(tmp_path: Path) -> None:
    (body,) = bodies(read(written(tmp_path, {}), role="primary"))
    assert body["role"] == "primary"


def test_no_price_is_in_a_record(tmp_path: Path) -> None:
    (draft,) = read(written(tmp_path, {})).drafts
    assert "98.32" not in json.dumps(draft.body) + json.dumps(dict(draft.hidden))


@pytest.mark.parametrize("category", ["Purchase", "Tax", "Credit", "Adjustment"])
def test_money_is_counted_and_holds_nothing(category: str, tmp_path: Path) -> None:
    changes = {"ChargeCategory": category, "ChargePeriodEnd": "2023-02-01T30:00:00Z"}
    reading = read(written(tmp_path, {}, changes))
    assert held(reading) == 8 * HOUR
    assert codes(reading) == []
    assert "money only: 1" in note(reading)


@pytest.mark.parametrize("column", ["CommitmentDiscountStatus", "CapacityReservationStatus"])
def test_what_was_reserved_and_not_used_is_no_use(column: str, tmp_path: Path) -> None:
    path = written(tmp_path, {}, {column: "Unused", "ResourceId": "r-1"})
    reading = read(path)
    assert held(reading) == 8 * HOUR
    assert "unused capacity with accelerators, no use: 1" in note(reading)
    assert "hours of unused capacity: 1" in note(reading)
    asked = bodies(read(path, unused="idle"))
    assert [(b["activity"], int(b["device_us"])) for b in asked] == [
        ("pretrain", 8 * HOUR),
        ("idle", 8 * HOUR),
    ]


def test_unused_capacity_may_be_counted_by_the_commitment_alone(tmp_path: Path) -> None:
    changes = {
        "CommitmentDiscountStatus": "Unused",
        "ConsumedQuantity": "null",
        "ConsumedUnit": "NULL",
        "CommitmentDiscountQuantity": "0.5",
        "CommitmentDiscountUnit": "Hours",
    }
    (body,) = bodies(read(written(tmp_path, changes), unused="idle"))
    assert int(body["device_us"]) == 4 * HOUR
    money = {**changes, "CommitmentDiscountUnit": "USD"}
    reading = read(written(tmp_path, money), unused="idle")
    assert bodies(reading) == []
    assert "unused commitments that are not counted in time: 1" in note(reading)


def test_a_correction_is_netted_into_its_period(tmp_path: Path) -> None:
    less = {"ChargeClass": "Correction", "ConsumedQuantity": "-0.25", "BilledCost": "-1"}
    for rows in (({}, less), (less, {})):
        reading = read(written(tmp_path, *rows))
        (body,) = bodies(reading)
        assert codes(reading) == []
        assert int(body["device_us"]) == 6 * HOUR
        assert body["milli_devices"] == 6000
        assert body["method_inputs"]["quantity"] == "0.75"
        assert (body["method_inputs"]["charges"], body["method_inputs"]["corrections"]) == (2, 1)
    (plain,) = read(written(tmp_path, {})).drafts
    (netted,) = read(written(tmp_path, {}, less)).drafts
    assert plain.key == netted.key


PRICED = {"ConsumedQuantity": "NULL", "ConsumedUnit": "NULL", "PricingUnit": "Hours"}


def test_a_correction_that_is_only_priced_is_netted_as_well(tmp_path: Path) -> None:
    less = {**PRICED, "ChargeClass": "Correction", "PricingQuantity": "-0.25"}
    reading = read(written(tmp_path, {"PricingQuantity": "1"}, less))
    assert (held(reading), codes(reading)) == (6 * HOUR, [])
    whole = read(written(tmp_path, {}, {**less, "PricingQuantity": "-1"}))
    assert (held(whole), codes(whole)) == (0, ["withdrawn"])


@pytest.mark.parametrize("unit", ["NULL", "GB", "Requests"])
def test_a_correction_that_states_no_time_is_told(tmp_path: Path, unit: str) -> None:
    less = {**PRICED, "ChargeClass": "Correction", "PricingQuantity": "-1", "PricingUnit": unit}
    reading = read(written(tmp_path, {}, less))
    assert held(reading) == 8 * HOUR
    (problem,) = (p for p in reading.problems if p.severity == "finding")
    assert (problem.code, problem.line) == ("correction-unread", 3)


def test_units_that_nobody_can_read_are_told_wherever_the_type_stands(tmp_path: Path) -> None:
    other = {"SkuPriceDetails": "", "ResourceType": "p5.48xlarge"}
    rows = [{**other, "ConsumedUnit": unit} for unit in ("Compute Hours", "GB", "GB")]
    reading = read(written(tmp_path, {}, *rows))
    told = [p.message for p in reading.problems if p.code == "no-time"]
    assert [message.partition(",")[0] for message in told] == [
        "1 rows of 'p5.48xlarge'",
        "2 rows of 'p5.48xlarge'",
    ]
    assert "are billed by 'Compute Hours': no device time is made of them" in told[0]


def test_a_correction_of_another_bill_is_a_change_to_restate(tmp_path: Path) -> None:
    less = {"ChargeClass": "Correction", "ConsumedQuantity": "-0.25"}
    reading = read(written(tmp_path, less, {"ResourceId": "i-2"}))
    assert held(reading) == 8 * HOUR
    (problem,) = (p for p in reading.problems if p.code == "changed")
    assert (problem.severity, problem.line) == ("finding", 2)
    assert "'i-1' from 2026-03-01T10:00:00Z by -0.25 Hours" in problem.message
    assert "flopledger restate" in problem.remedy


def test_what_another_bill_owes_is_not_recorded_by_itself(tmp_path: Path) -> None:
    reading = read(written(tmp_path, {"ChargeClass": "Correction", "ConsumedQuantity": "0.25"}))
    assert (bodies(reading), codes(reading)) == ([], ["changed"])


def test_a_restated_bill_clashes_with_what_was_recorded(
    tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP)
    less = {"ChargeClass": "Correction", "ConsumedQuantity": "-0.25"}
    rules, asked = str(small_rules(tmp_path)), ("--map", str(mapping), "-f", "json")
    flopledger("init", "--origin", "ledger.example/focus")
    first, again, restated = (
        flopledger("--rules", rules, "import", str(written(tmp_path, *rows, name=name)), *asked)
        for name, rows in (("a.csv", [{}]), ("b.csv", [{}]), ("c.csv", [{}, less]))
    )
    assert (first.code, again.code, restated.code) == (0, 0, 1)
    assert json.loads(first.out)["new"] == 1
    assert (json.loads(again.out)["new"], json.loads(again.out)["same"]) == (0, 1)
    assert (json.loads(restated.out)["new"], json.loads(restated.out)["changed"]) == (0, 1)


@pytest.mark.parametrize(("less", "code"), [("-1", "withdrawn"), ("-1.5", "below-zero")])
def test_a_charge_taken_back_is_not_recorded_and_told(less: str, code: str, tmp_path: Path) -> None:
    row = {"ChargeClass": "Correction", "ConsumedQuantity": less}
    reading = read(written(tmp_path, {}, row))
    assert bodies(reading) == []
    assert codes(reading) == [code]


def test_a_refund_without_its_class_is_netted_too(tmp_path: Path) -> None:
    assert held(read(written(tmp_path, {}, {"ConsumedQuantity": "-0.5"}))) == 4 * HOUR


def test_charges_of_one_key_add_up_and_keep_to_their_model(tmp_path: Path) -> None:
    half = {"ConsumedQuantity": "0.5"}
    reading = read(written(tmp_path, half, half))
    (body,) = bodies(reading)
    assert (int(body["device_us"]), body["evidence"]["locator"]) == (8 * HOUR, "line 2, 3")
    split = ({**half, "Tags": '{"application": "chat"}'}, half)
    found = list(read(written(tmp_path, *split)).drafts)
    assert {d.body["model"]: int(str(d.body["device_us"])) for d in found} == {
        "llm-7b": 4 * HOUR,
        "chat-7b": 4 * HOUR,
    }
    assert len({d.key for d in found}) == 2
    turned = {d.body["model"]: d.key for d in read(written(tmp_path, *split[::-1])).drafts}
    assert turned == {d.body["model"]: d.key for d in found}


def test_more_hours_than_passed_are_told(tmp_path: Path) -> None:
    assert codes(read(written(tmp_path, {"ConsumedQuantity": "1.01"}))) == ["too-long"]
    assert codes(read(written(tmp_path, {}, {}))) == ["too-long"]
    licence = {"SkuId": "L", "SkuPriceId": "L.1"}
    reading = read(written(tmp_path, {}, licence))
    assert codes(reading) == ["too-long"]
    assert "2 hours of 1 that passed, under 2 SKUs: K1, L" in reading.problems[0].message
    excluded = read(written(tmp_path, {}, {**licence, "SkuId": "LICENCE"}))
    assert (codes(excluded), held(excluded)) == ([], 8 * HOUR)


def test_spot_and_committed_parts_of_an_hour_make_one_hour(tmp_path: Path) -> None:
    parts = (
        {"ConsumedQuantity": "0.5", "SkuPriceId": "K1.ri", "CommitmentDiscountStatus": "Used"},
        {"ConsumedQuantity": "0.5"},
    )
    reading = read(written(tmp_path, *parts))
    assert (codes(reading), held(reading)) == ([], 8 * HOUR)
    assert len({d.key for d in reading.drafts}) == 2


@pytest.mark.parametrize(
    ("quantity", "unit", "device_us"),
    [
        ("1", "Hour", 8 * HOUR),
        ("60", "Minutes", 8 * HOUR),
        ("3600", "seconds", 8 * HOUR),
        ("1", "1 Hour", 8 * HOUR),
        ("8", "GPU-Hours", 8 * HOUR),
        ("1E0", "Instance-Hours", 8 * HOUR),
        ("0.296111000000000", "Hrs", 8 * 1_065_999_600),
        ("0.0000000000001", "Hours", 0),
    ],
)
def test_units_of_time_are_exact(quantity: str, unit: str, device_us: int, tmp_path: Path) -> None:
    reading = read(written(tmp_path, {"ConsumedQuantity": quantity, "ConsumedUnit": unit}))
    assert held(reading) == device_us


@pytest.mark.parametrize(
    "unit", ["GB", "Requests", "Normalized Hour", "LCU-Hours", "100 Hours", "Device-Minutes"]
)
def test_other_units_hold_no_time_and_are_told_of_accelerators(unit: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, {"ConsumedUnit": unit}, {"SkuPriceDetails": ""}))
    assert bodies(reading) == []
    assert codes(reading) == ["no-time"]
    assert "time of what holds no accelerator that anybody knows of: 1" in note(reading)


def test_a_day_of_hours_is_cut_at_midnight(tmp_path: Path) -> None:
    changes = {
        "ChargePeriodStart": "2026-03-01 18:00:00",
        "ChargePeriodEnd": "2026-03-02 18:00:00.000",
        "ConsumedQuantity": "23.9999999",
    }
    found = bodies(read(written(tmp_path, changes)))
    assert [b["end"] for b in found] == ["2026-03-02T00:00:00Z", "2026-03-02T18:00:00Z"]
    assert sum(int(b["device_us"]) for b in found) == 239_999_999 * HOUR * 8 // 10**7
    assert [b["milli_devices"] for b in found] == [None, None]


def test_a_type_is_found_where_a_bill_may_name_it(tmp_path: Path) -> None:
    plain = {"SkuPriceDetails": "null"}
    for changes in (
        {**plain, "SkuId": "bm.gpu.h200.8"},
        {**plain, "ChargeDescription": "$9 per On Demand Linux BM.GPU.H200.8 Instance Hour"},
        {"SkuPriceDetails": '{"instanceType": "BM.GPU.H200.8", "CoreCount": 112}'},
    ):
        assert held(read(written(tmp_path, changes))) == 8 * HOUR
    renamed = MAP.replace("rows:", "columns: { SkuPriceId: instancetype }\nrows:")
    path = written(tmp_path, {**plain, "SkuPriceId": "BM.GPU.H200.8"})
    assert held(read(path, renamed)) == 8 * HOUR


def test_a_map_says_what_a_type_is(tmp_path: Path) -> None:
    path = written(tmp_path, {"SkuPriceDetails": '{"InstanceType": "p9.big"}'})
    (body,) = bodies(read(path))
    assert (body["device"], body["milli_devices"]) == ("nvidia-h100-sxm5", 4000)
    counted = '{"InstanceType": "p9.odd", "GpuCount": 8}'
    (body,) = bodies(read(written(tmp_path, {"SkuPriceDetails": counted})))
    assert body["milli_devices"] == 8000


def test_a_device_without_a_count_has_no_device_time(tmp_path: Path) -> None:
    reading = read(written(tmp_path, {"SkuPriceDetails": '{"InstanceType": "p9.odd"}'}))
    (body,) = bodies(reading)
    assert (body["device"], body["milli_devices"], body["device_us"]) == (
        "nvidia-h100-sxm5",
        None,
        None,
    )
    assert codes(reading) == ["no-count"]


def test_counts_that_differ_are_told_and_the_larger_counts(tmp_path: Path) -> None:
    details = '{"InstanceType": "BM.GPU.H200.8", "GpuCount": 16}'
    reading = read(written(tmp_path, {"SkuPriceDetails": details}))
    assert (codes(reading), held(reading)) == (["count-differs"], 16 * HOUR)


def test_rows_of_the_table_that_nobody_looked_up_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, {"SkuPriceDetails": '{"InstanceType": "trn1.32xlarge"}'})
    reading = read(path)
    assert (codes(reading), held(reading)) == (["from-memory"], 16 * HOUR)
    path = written(tmp_path, {"SkuPriceDetails": '{"InstanceType": "p5.48xlarge"}'})
    assert [p.code for p in read(path).problems] == ["secondary", "read"]


def test_types_that_nobody_knows_are_listed(tmp_path: Path) -> None:
    path = written(tmp_path, {"SkuPriceDetails": '{"InstanceType": "p7.new"}'})
    reading = read(path)
    assert bodies(reading) == []
    assert "p7.new (1)" in reading.problems[0].message
    unknown = written(tmp_path, {"SkuPriceDetails": '{"InstanceType": "p7.new", "GpuCount": 4}'})
    reading = read(unknown)
    assert (codes(reading), held(reading)) == (["unmapped-device"], 4 * HOUR)


def test_many_types_are_counted_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is kept apart, rows are counted together and no type is miscounted."""
    monkeypatch.setattr(focus_account, "_TYPES_KEPT", 3)
    unlisted = [{"SkuPriceDetails": f'{{"InstanceType": "q{n % 5}"}}'} for n in range(10)]
    known = [
        {"SkuPriceDetails": f'{{"InstanceType": "k{n}", "GpuCount": 1}}', "ResourceId": f"i-{n}"}
        for n in range(5)
    ]
    reading = read(written(tmp_path, *unlisted, *known))
    (note_of_types,) = (p.message for p in reading.problems if p.code == "unlisted")
    assert note_of_types.endswith(": q0 (2), q1 (2), q2 (2), and 4 rows of other types")
    assert codes(reading) == ["unmapped-device"] * 3 + ["more-types"]
    (more,) = (p.message for p in reading.problems if p.code == "more-types")
    assert "of 2 rows more the type is not told" in more


def test_a_type_that_is_known_in_one_row_and_not_in_another_is_told(tmp_path: Path) -> None:
    mapping = MAP.replace("type: [p9.odd]", "type: [p9.odd], subaccountid: [s1]")
    odd = {"SkuPriceDetails": '{"InstanceType": "p9.odd", "GpuCount": 2}'}
    other = {**odd, "SubAccountId": "s2", "ResourceId": "i-2"}
    for rows in ((odd, other), (other, odd)):
        assert codes(read(written(tmp_path, *rows), mapping)) == ["unmapped-device"]


def test_a_name_may_be_made_of_a_tag_that_no_rule_looks_at(tmp_path: Path) -> None:
    tags = {"Tags": '{"application": "llm", "team": "b"}'}
    mapping = MAP.replace("developer: acme", 'developer: acme, run: "r-{tag:team}"')
    (body,) = bodies(
        read(
            written(tmp_path, tags),
            mapping.replace("tag:application", "skuid", 1).replace("[llm]", "[K1]"),
        )
    )
    assert body["run"] == "r-b"


def test_charges_of_no_model_say_how_much_time_they_hold(tmp_path: Path) -> None:
    reading = read(written(tmp_path, {}, {"ResourceId": "i-2", "Tags": "NULL"}))
    assert held(reading) == 8 * HOUR
    (problem,) = (p for p in reading.problems if p.code == "unmapped")
    assert "1 charges with tag:application empty hold 8 device-hours" in problem.message
