"""Contracts: the file is read strictly, cut into months, and priced by grade."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from contracted import contract_text
from hypothesis import given
from hypothesis import strategies as st
from regimes import shipped_pack

from ledger.contract import Contract, Price, read_contract
from ledger.contract.sheet import RESERVED
from ledger.errors import InputError, LedgerError
from ledger.grade import GradeTable
from ledger.hardware import Catalogue
from ledger.journeys.supposed_records import SUPPOSED


@cache
def tables() -> tuple[Catalogue, GradeTable]:
    pack = shipped_pack()
    return Catalogue.from_pack(pack), GradeTable.from_pack(pack)


def read(text: str) -> Contract:
    catalogue, grades = tables()
    return read_contract(text.encode(), "c.yaml", catalogue, grades, ["pfh-fp8d-h"])


def drafts(contract: Contract) -> list[Any]:
    return list(contract.drafts(tables()[0].find(contract.device)))


def test_the_flagship_forward_yields_the_published_operations() -> None:
    held = drafts(read(contract_text()))
    assert [draft.body["window_start"] for draft in held] == [
        "2027-01-01",
        "2027-02-01",
        "2027-03-01",
    ]
    # 4,096 devices, 90 days, 989.4 TFLOP/s, 38 %: 1.20e25, or 1.33e23 a day.
    total = sum(int(draft.body["operations"]) for draft in held)
    assert total == 4096 * 90 * 86_400 * 989_400_000_000_000 * 38 // 100
    assert f"{total:.3g}".startswith("1.2e+25")
    assert sum(int(draft.body["device_us"]) for draft in held) == 4096 * 90 * 86_400 * 10**6


def test_what_no_market_publishes_stands_in_the_open_and_the_rest_in_confidence() -> None:
    (draft, *_) = drafts(read(contract_text(customer="Lab A Ltd", notes="call first")))
    assert draft.body["model"] == "falcon-2"
    assert draft.body["concurrent_devices"] == 4096
    assert {"buyer", "seller", "price", "terms", "notes"} == set(draft.hidden)
    terms = json.loads(draft.hidden["terms"])
    assert terms["customer"] == "Lab A Ltd"
    assert terms["take_or_pay_ppm"] == 1_000_000
    assert "Lab A" not in json.dumps(draft.body)
    price = Price.of(json.loads(draft.hidden["price"]))
    assert price == read(contract_text()).price


@pytest.mark.parametrize(
    ("interconnect", "schedule", "grade", "worth"),
    [
        ("included", [{"grade": "Hx", "share": "80 %"}], "Hx", Fraction(168, 100)),
        ("included", [{"grade": "B", "share": "110 %"}], "B", Fraction(231, 100)),
        ("apart", [{"grade": "Hx", "share": "80 %", "surcharge": "0.10"}], "Hx", Fraction(11, 5)),
    ],
)
def test_a_grade_is_worth_what_the_parties_agreed(
    interconnect: str, schedule: list[dict[str, str]], grade: str, worth: Fraction
) -> None:
    own = {"grade": "H", "share": "100 %"}
    if interconnect == "apart":
        own["surcharge"] = "0.42"
    contract = read(
        contract_text(price__interconnect=interconnect, price__schedule=[own, *schedule])
    )
    assert contract.price is not None
    assert contract.price.of_unit(grade).amount == worth
    with pytest.raises(InputError, match="does not say what interconnect grade P is worth"):
        contract.price.of_unit("P")


def test_what_is_not_agreed_may_be_written_none_or_left_out() -> None:
    names = ["utilisation", "substitutes", "tolerance", "take_or_pay", "destination", "resale"]
    said = read(contract_text(**dict.fromkeys(names, "none"), price="none", acceptance="none"))
    left = read(contract_text(**dict.fromkeys(names), price="none"))
    assert said == replace(left, file_sha256=said.file_sha256)
    assert (said.utilisation, said.substitutes) == (None, ())


def test_a_negative_number_is_told_to_be_one() -> None:
    with pytest.raises(InputError, match="amount is '-5'") as caught:
        read(contract_text(price__amount="-5"))
    assert caught.value.why == "it must not be negative"


def test_more_than_any_month_can_do_is_refused_plainly() -> None:
    much = [{"from": "2027-01-01", "until": "2027-02-01", "devices": "1000000000"}]
    with pytest.raises(InputError, match="more than 10\\^28 operations are expected"):
        drafts(read(contract_text(delivery=much)))


def test_what_is_still_to_come_was_not_signed() -> None:
    contract = read(contract_text(kind="option", exercised_on="2026-12-01"))
    contract.require_past(date(2026, 12, 1))
    with pytest.raises(InputError, match="exercised_on is 2026-12-01, which is still to come"):
        contract.require_past(date(2026, 11, 30))
    with pytest.raises(InputError, match="agreed_on is 2026-11-22, which is still to come"):
        contract.require_past(date(2026, 11, 21))


def test_no_contract_of_a_file_is_named_as_scenarios_name_theirs() -> None:
    assert RESERVED == SUPPOSED


def test_substitutes_stand_in_the_open_sorted() -> None:
    listed = [
        {"device": "nvidia-h200-sxm", "ratio": "4/6"},
        {"device": "nvidia-b200", "ratio": "1/2"},
    ]
    (draft, *_) = drafts(read(contract_text(substitutes=listed)))
    assert draft.body["substitutes"] == [
        {"device": "nvidia-b200", "ratio": "1/2"},
        {"device": "nvidia-h200-sxm", "ratio": "2/3"},
    ]
    (draft, *_) = drafts(read(contract_text(substitutes=None)))
    assert draft.body["substitutes"] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                "delivery": [
                    {"from": "2027-01-01", "until": "2027-03-01", "devices": "8"},
                    {"from": "2027-02-01", "until": "2027-04-01", "devices": "8"},
                ]
            },
            "deliveries overlap",
        ),
        ({"delivery": [{"from": "2027-01-01", "until": "2027-02-01", "devices": "-8"}]}, "devices"),
        ({"delivery": [{"from": "2027-01-01", "until": "2027-02-01", "devices": "0"}]}, "devices"),
        ({"delivery": [{"from": "2027-02-01", "until": "2027-01-01", "devices": "8"}]}, "no day"),
        (
            {"delivery": [{"from": "2027-01-01", "until": "2099-01-01", "devices": "8"}]},
            "to 2099-01-01",
        ),
        ({"delivery": []}, "delivery has 0 lines"),
        ({"grade__interconnect": "Q"}, "interconnect is 'Q'"),
        ({"grade__interconnect": "B"}, "the numbers give interconnect grade H, not B"),
        ({"grade__topology": "unknown"}, "not known: topology"),
        ({"grade__accelerators": "0"}, "accelerators must be a whole number above zero"),
        ({"grade__precision": "bf17"}, "precision is 'bf17'"),
        ({"price__currency": "dollars"}, "currency is 'dollars'"),
        (
            {
                "price": {
                    "amount": "2.10",
                    "per": "device_hour",
                    "interconnect": "included",
                    "schedule": [{"grade": "H", "share": "100 %"}],
                }
            },
            "'currency' is missing",
        ),
        ({"price__amount": "-1"}, "amount is .-1."),
        ({"price__amount": "2,10"}, "amount is '2,10'"),
        ({"price__per": "reference_unit"}, "names the unit"),
        ({"price__unit": "pfh-fp8d-h"}, "names the unit"),
        ({"price__schedule": []}, "the grade agreed at 100 %"),
        ({"price__schedule": [{"grade": "H", "share": "90 %"}]}, "the grade agreed at 100 %"),
        (
            {
                "price__schedule": [
                    {"grade": "H", "share": "100 %"},
                    {"grade": "H", "share": "100 %"},
                ]
            },
            "each grade once",
        ),
        ({"utilisation": {"low": "40 %", "point": "38 %", "high": "46 %"}}, "must not decrease"),
        ({"utilisation": {"low": "30 %", "point": "38 %", "high": "146 %"}}, "high is '146 %'"),
        ({"utilisation": {"low": "0.3", "point": "38 %", "high": "46 %"}}, "low is '0.3'"),
        ({"tolerance": "2"}, "tolerance is '2'"),
        ({"substitutes": [{"device": "nvidia-b200", "ratio": "0"}]}, "ratio must be more"),
        ({"substitutes": [{"device": "b2oo", "ratio": "1"}]}, "b2oo"),
        ({"destination": "USA"}, "destination is 'USA'"),
        ({"exercised_on": "2026-12-01"}, "a forward is not exercised"),
        ({"seller": "Lab A"}, "buyer and seller are the same"),
        ({"kind": "swap"}, "kind is 'swap'"),
        ({"agreed_on": "2026-02-30"}, "2026-02-30"),
        ({"device": "h1oo"}, "h1oo"),
        ({"schema": "flopledger/contract.v2"}, "schema is"),
        ({"colour": "blue"}, "'colour' is unknown"),
        ({"price": None}, "'price' is missing"),
        ({"price__currency": "XXQ"}, "currency is 'XXQ'"),
        ({"price__currency": "XTS"}, "currency is 'XTS'"),
        ({"buyer": "none"}, "buyer is 'none', which names nobody"),
        ({"buyer": ""}, "buyer is '', which names nobody"),
        ({"contract": ""}, "contract is '', which is no identifier"),
        ({"contract": "none"}, "contract is 'none', which is no identifier"),
        ({"seller": "Cloud\u200bB"}, "does not show"),
        ({"contract": "a=b"}, "contract is 'a=b'"),
        ({"contract": "x (supposed)"}, "contract is 'x .supposed.'"),
        ({"substitutes": [{"device": "nvidia-h100-sxm5", "ratio": "1"}]}, "the device agreed"),
        ({"substitutes": [{"device": "nvidia-b200", "ratio": "1/99999999999"}]}, "ratio must be"),
        ({"agreed_on": "2027-04-01"}, "agreed_on is 2027-04-01, delivery ends before 2027-04-01"),
        (
            {"kind": "option", "agreed_on": "2027-04-01", "exercised_on": "2027-04-02"},
            "agreed_on is 2027-04-01, delivery ends before 2027-04-01",
        ),
        ({"kind": "option", "exercised_on": "2026-11-21"}, "exercised_on is 2026-11-21, agreed_on"),
        ({"agreed_on": "2101-01-01"}, "agreed_on is 2101-01-01"),
        (
            {"delivery": [{"from": "9999-12-01", "until": "9999-12-31", "devices": "8"}]},
            "from is 9999-12-01",
        ),
        (
            {"delivery": [{"from": "2027-01-01", "until": "2027-02-01", "devices": "9" * 30}]},
            "devices is more than 1,000,000,000",
        ),
        ({"grade__accelerators": "9" * 30}, "accelerators is more than"),
        ({"grade__scale_up": "9" * 30 + " GB/s"}, "scale_up is more than"),
    ],
)
def test_a_bad_contract_is_refused_with_what_to_write(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        read(contract_text(**changes))
    assert caught.value.where is not None
    assert "c.yaml" in str(caught.value.where)


def test_terms_too_long_are_refused_before_anything_is_recorded() -> None:
    contract = read(contract_text(acceptance="x" * 4_000))
    with pytest.raises(InputError, match="more than 4,000"):
        drafts(contract)


def test_no_peak_in_the_format_is_refused_only_where_operations_are_expected() -> None:
    changed = {"device": "nvidia-v100-sxm2", "price": "none", "grade__precision": "fp8"}
    with pytest.raises(InputError, match="no dense peak in fp8"):
        drafts(read(contract_text(**changed)))
    held = drafts(read(contract_text(**changed, utilisation=None)))
    assert {draft.body["operations"] for draft in held} == {None}


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_are_a_contract_or_a_plain_refusal(data: bytes) -> None:
    catalogue, grades = tables()
    with suppress(LedgerError):
        read_contract(data, "c.yaml", catalogue, grades, [])


@given(
    st.dates(
        min_value=date(2026, 11, 22),
        max_value=date(2030, 1, 1),
    ),
    st.integers(1, 800),
    st.integers(1, 10**6),
)
def test_months_hold_the_whole_delivery(start: Any, days: int, devices: int) -> None:
    end = start.fromordinal(start.toordinal() + days)
    contract = read(
        contract_text(
            delivery=[{"from": str(start), "until": str(end), "devices": str(devices)}],
        )
    )
    windows = contract.windows
    assert windows[0].start == start
    assert windows[-1].end == end
    assert all(a.end == b.start for a, b in pairwise(windows))
    assert all(
        w.start.strftime("%Y-%m") == w.start.fromordinal(w.end.toordinal() - 1).strftime("%Y-%m")
        for w in windows
    )
    assert contract.device_us == devices * days * 86_400 * 10**6
