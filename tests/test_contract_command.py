"""The forward book by command: contracts are added and delivered, and nothing counts twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracted import HOUR_US, NAME, contract_text, deliver, delivery, shown, size, total

from ledger.engines.polars import PolarsEngine
from ledger.log import Log

Run = Callable[..., Any]


def test_a_contract_is_added_once_and_listed(booked: Run) -> None:
    before = size(booked)
    again = booked("contract", "add", "c.yaml", "-f", "json")
    assert json.loads(again.out)["same"] == 3
    assert size(booked) == before
    found = shown(booked)
    assert found["buyer"] == "Lab A"
    assert found["terms"]["take_or_pay_ppm"] == 1_000_000
    assert [part["start"] for part in found["parts"]] == ["2027-01-01", "2027-02-01", "2027-03-01"]
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    assert NAME in booked("contract", "list").out


def test_other_content_under_the_same_name_is_refused_and_changes_nothing(booked: Run) -> None:
    before = size(booked)
    for change in ({"firmness": "conditional"}, {"agreed_on": "2026-11-21"}):
        Path("other.yaml").write_text(contract_text(**change))
        done = booked("contract", "add", "other.yaml")
        assert done.code == 2
        assert "stands already" in done.err
    longer = [{"from": "2027-01-01", "until": "2027-06-01", "devices": "4096"}]
    Path("other.yaml").write_text(contract_text(delivery=longer))
    assert booked("contract", "add", "other.yaml").code == 2
    assert size(booked) == before


def test_deliveries_net_off_and_are_counted_once(booked: Run) -> None:
    done = deliver(booked, delivery("2027-01-01", 4096), delivery("2027-01-02", 2048))
    assert done.code == 0, done.err
    found = shown(booked, "--as-of", "2027-01-31")
    assert total(found, "delivered_us") == (4096 + 2048) * 24 * HOUR_US
    assert total(found, "open_us") == total(found) - (4096 + 2048) * 24 * HOUR_US
    again = deliver(booked, delivery("2027-01-01", 4096))
    assert again.code == 0, again.err
    after = shown(booked, "--as-of", "2027-01-31")
    assert total(after, "delivered_us") == (4096 + 2048) * 24 * HOUR_US
    # By an earlier day nothing had been delivered.
    assert total(shown(booked, "--as-of", "2026-12-31"), "delivered_us") == 0


def test_a_delivery_beyond_the_tolerance_is_refused_and_changes_nothing(booked: Run) -> None:
    before = size(booked)
    much = [delivery(f"2027-01-{day:02d}", 13_000) for day in range(1, 11)]
    done = deliver(booked, *much)
    assert done.code == 2
    assert "device-hours beyond what was agreed by 2027-02-01" in done.err
    assert size(booked) == before
    # 126,976 device-days are agreed for January, with 2 %: 129,515.52.
    ok = [delivery(f"2027-01-{day:02d}", 12_950) for day in range(1, 11)]
    assert deliver(booked, *ok).code == 0
    assert deliver(booked, delivery("2027-01-20", 16)).code == 2
    # February may not take what is meant for March.
    late = [delivery(f"2027-02-{day:02d}", 13_000) for day in range(1, 11)]
    assert "by 2027-03-01" in deliver(booked, *late).err


def test_a_month_makes_up_for_what_an_earlier_one_lacks(booked: Run) -> None:
    late = [delivery(f"2027-02-{day:02d}", 24_000) for day in range(1, 11)]
    done = deliver(booked, *late)
    assert done.code == 0, done.err
    january, february, march = shown(booked, "--as-of", "2027-03-01")["parts"]
    assert february["open_us"] == "0"
    assert int(january["delivered_us"]) == (240_000 - 28 * 4096) * 24 * HOUR_US
    assert march["delivered_us"] == "0"


def test_february_nets_off_february(booked: Run) -> None:
    assert deliver(booked, delivery("2027-02-01", 4096)).code == 0
    parts = shown(booked, "--as-of", "2027-03-01")["parts"]
    assert [part["delivered_us"] for part in parts] == ["0", str(4096 * 24 * HOUR_US), "0"]


def test_substitutes_net_off_by_their_ratio(booked: Run) -> None:
    done = deliver(booked, delivery("2027-01-01", 2048, device="nvidia-b200"))
    assert done.code == 0, done.err
    (january, *_) = shown(booked, "--as-of", "2027-02-01")["parts"]
    assert january["delivered_us"] == str(4096 * 24 * HOUR_US)
    # 31 days of 2,048 are the whole month; with 2 % there is no room for a day more of them.
    rest = [delivery(f"2027-01-{day:02d}", 2048, device="nvidia-b200") for day in range(2, 30)]
    assert deliver(booked, *rest).code == 0
    more = delivery("2027-01-30", 3 * 2048, device="nvidia-b200")
    assert "beyond what was agreed" in deliver(booked, more).err


def test_a_file_that_grows_is_delivered_again(booked: Run) -> None:
    days = [delivery(f"2027-01-{day:02d}", 4096) for day in range(1, 31)]
    assert deliver(booked, *days[:20]).code == 0
    before = size(booked)
    done = deliver(booked, *days)
    assert done.code == 0, done.err
    assert size(booked) == before + 10
    assert total(shown(booked, "--as-of", "2027-02-01"), "delivered_us") == 30 * 4096 * 24 * HOUR_US


def test_what_is_new_among_deliveries_is_found_in_a_few_questions(
    booked: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [delivery(f"2027-01-{day:02d}", 4096) for day in range(1, 31)]
    assert deliver(booked, *days[:9], *days[12:20]).code == 0
    asked: list[int] = []
    preview = Log.preview

    def counted(log: Log, drafts: Any, **options: Any) -> Any:
        asked.append(len(drafts))
        return preview(log, drafts, **options)

    monkeypatch.setattr(Log, "preview", counted)
    before = size(booked)
    assert deliver(booked, *days).code == 0
    assert size(booked) == before + 13
    assert asked[0] == 30
    assert len(asked) < 20


def test_a_provisional_delivery_is_replaced_by_the_final_one(booked: Run) -> None:
    half = {"end": "2027-01-01T12:00:00Z", "device_us": str(4096 * 43_200 * 10**6)}
    assert deliver(booked, delivery("2027-01-01", 4096, **half, status="provisional")).code == 0
    done = deliver(booked, delivery("2027-01-01", 4096), delivery("2027-01-02", 4096))
    assert done.code == 0, done.err
    found = shown(booked, "--as-of", "2027-02-01")
    assert total(found, "delivered_us") == 2 * 4096 * 24 * HOUR_US


def test_two_lines_are_one_delivery_only_if_they_say_the_same(booked: Run) -> None:
    before = size(booked)
    one, other = delivery("2027-01-05", 4096), delivery("2027-01-06", 100)
    done = deliver(booked, {**one, "key": ["x", "1"]}, {**other, "key": ["x", "1"]})
    assert done.code == 2
    assert "two lines are the same allocation with other content" in done.err
    assert "both have the key x, 1" in done.err
    assert size(booked) == before
    # Lines that say the same are told twice, and a final line ends its provisional one.
    half = {"end": "2027-01-05T12:00:00Z", "device_us": str(4096 * 43_200 * 10**6)}
    begun = {**one, **half, "status": "provisional"}
    assert deliver(booked, begun, one, begun, one, other, other).code == 0
    assert size(booked) == before + 2
    found = shown(booked, "--as-of", "2027-02-01")
    assert total(found, "delivered_us") == (4096 + 100) * 24 * HOUR_US


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"type": "fact"}, "not a fact"),
        (delivery("2027-01-01", 8, commitment="another"), "was delivered under 'another'"),
        (
            delivery("2027-01-01", 8, device_us=None, milli_devices=None),
            "does not say its device time",
        ),
        (delivery("2027-01-01", 8, role="corroborating"), "corroborates another"),
        (delivery("2027-01-01", 8, extent="cumulative"), "is a cumulative figure"),
        (delivery("2027-01-01", 8, device="nvidia-a100-sxm-80gb"), "in place of nvidia-h100-sxm5"),
        (delivery("2027-01-01", 8, device=None), "does not say its device"),
        (delivery("2029-01-01", 8), "was to be delivered on 2029-01-01"),
        (delivery("2026-12-30", 8), "was to be delivered on 2026-12-30"),
    ],
)
def test_what_is_no_delivery_is_refused(booked: Run, record: dict[str, Any], told: str) -> None:
    before = size(booked)
    done = deliver(booked, record)
    assert done.code == 2
    assert told in done.err
    assert size(booked) == before


def test_a_contract_of_tomorrow_is_refused(booked: Run) -> None:
    Path("t.yaml").write_text(contract_text(contract="t", agreed_on="2026-11-24"))
    done = booked("contract", "add", "t.yaml")
    assert done.code == 2
    assert "agreed_on is 2026-11-24, which is still to come" in done.err


def test_an_unknown_contract_names_those_that_stand(booked: Run) -> None:
    done = booked("contract", "show", "fwd-2028")
    assert done.code == 2
    assert NAME in done.err


def test_the_book_and_the_check_read_deliveries_once(
    booked: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deliver(booked, delivery("2027-01-05", 4096)).code == 0
    asked: list[str] = []
    legs = PolarsEngine.legs

    def counted(engine: PolarsEngine, models: frozenset[str], **options: Any) -> Any:
        asked.extend(models)
        return legs(engine, models, **options)

    monkeypatch.setattr(PolarsEngine, "legs", counted)
    supposed = ("--as-of", "2027-01-10", "--slip", f"{NAME}=30")
    done = booked("forecast", "--regime", "eu.aia", *supposed, "--engine", "polars")
    assert "HYPOTHETICAL" in done.out, done.err
    assert asked == ["falcon-2"]
