"""``position --book``: committed, delivered and open beside what is held, by month and grade."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from contracted import FORWARD, HOUR_US, contract_text, delivery
from jsonschema import validate
from ledgers import commitment

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "position-book.v1.schema.json"
NAME = "fwd-2027-q1"
HOURS = {"2027-01": 4096 * 31 * 24, "2027-02": 4096 * 28 * 24, "2027-03": 4096 * 31 * 24}
UNIT_PRICE: dict[str, Any] = {
    **FORWARD["price"],
    "per": "reference_unit",
    "unit": "pfh-fp8d-h",
    "amount": "1.25",
}


@pytest.fixture
def book(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An empty ledger on the second of January 2027."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798884000")  # 2027-01-02T10:00:00Z
    assert flopledger("init", "--origin", "ledger.example/book").code == 0
    return flopledger


def sign(run: Run, **changes: Any) -> None:
    """Record a contract."""
    Path("c.yaml").write_text(contract_text(**changes))
    done = run("contract", "add", "c.yaml")
    assert done.code == 0, done.err


def deliver(run: Run, *records: dict[str, Any], name: str = NAME) -> None:
    """Record deliveries."""
    Path("d.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    done = run("contract", "deliver", name, "d.jsonl")
    assert done.code == 0, done.err


def shown(run: Run, *options: str) -> dict[str, Any]:
    """The book as JSON, which the published schema must describe."""
    done = run("position", "--book", "-f", "json", *options)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    validate(document, json.loads(SCHEMA.read_text()))
    assert isinstance(document, dict)
    return document


def rows(document: dict[str, Any], standing: str, **wanted: Any) -> list[dict[str, Any]]:
    """Rows of one standing."""
    found = [row for row in document["rows"] if row["standing"] == standing]
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def exact(value: dict[str, Any] | None) -> Fraction | None:
    """An exact number."""
    if value is not None and "value" in value:
        value = value["value"]
    return None if value is None else Fraction(value["exact"])


def test_a_month_is_committed_in_every_measure(book: Run) -> None:
    sign(book)
    document = shown(book)
    found = {row["month"]: row for row in rows(document, "committed")}
    assert {month: exact(row["device_hours"]) for month, row in found.items()} == HOURS
    january = found["2027-01"]
    peak = Fraction(989_400_000_000_000)
    hours = HOURS["2027-01"]
    assert (january["grade"], january["scale"], january["use"]) == ("H", "K4", "training")
    assert exact(january["pflop_hours"]) == hours * peak / 10**15
    assert exact(january["tpp_hours"]) == hours * 15_832
    # Operations at the utilisation stated: 30, 38 and 46 % of the dense peak.
    operations = {name: exact(value) for name, value in january["operations"].items()}
    assert operations["point"] == hours * 3600 * peak * 38 / 100
    assert operations["low"] == hours * 3600 * peak * 30 / 100
    assert operations["high"] == hours * 3600 * peak * 46 / 100
    assert exact(january["money"]["amount"]) == hours * Fraction("2.10")
    assert january["take_or_pay"] == january["money"]
    assert january["money"]["currency"] == "USD"
    # Nothing came yet: what is open is what is committed.
    assert [row["device_us"] for row in rows(document, "open")] == [
        row["device_us"] for row in rows(document, "committed")
    ]
    assert rows(document, "delivered") == rows(document, "held") == []


def test_what_is_delivered_is_held_and_nets_off_what_is_open(book: Run) -> None:
    sign(book)
    deliver(book, delivery("2027-01-01", 4096))
    document = shown(book)
    (came,), (held,) = rows(document, "delivered"), rows(document, "held")
    assert exact(came["device_hours"]) == exact(held["device_hours"]) == 4096 * 24
    (committed,) = rows(document, "committed", month="2027-01")
    (left,) = rows(document, "open", month="2027-01")
    assert exact(committed["device_hours"]) == 4096 * 24 * 31
    assert exact(left["device_hours"]) == 4096 * 24 * 30
    point = exact(committed["operations"]["point"])
    assert point is not None
    assert exact(left["operations"]["point"]) == point * 30 / 31
    assert exact(came["money"]["amount"]) == 4096 * 24 * Fraction("2.10")
    assert (held["money"]["amount"], held["money"]["refused"]["code"]) == (None, "not-priced")
    assert came["delivered"][0]["below"] is False


def test_a_half_built_fabric_is_worth_what_the_contract_says(book: Run) -> None:
    sign(book, price=UNIT_PRICE)
    weak = {"scale_out_gbit_per_s": 400, "topology": "oversubscribed"}
    deliver(book, delivery("2027-01-01", 4096, **weak))
    document = shown(book)
    (came,) = rows(document, "delivered")
    (rated,) = came["delivered"]
    assert (rated["grade_agreed"], rated["grade_delivered"], rated["below"]) == ("H", "Hx", True)
    assert exact(rated["share"]) == Fraction(80, 100)
    # BF16 hours in units of dense FP8 at H, as the contract counts them, and 80 % of that.
    (committed,) = rows(document, "committed", month="2027-01")
    whole = exact(committed["reference_units"])
    assert whole is not None
    assert exact(rated["reference_units"]) == whole / 31 * Fraction(80, 100)
    assert exact(came["money"]["amount"]) == whole / 31 * Fraction(80, 100) * Fraction("1.25")
    # The unit itself refuses what lies below its own grade, and nothing is filled in.
    assert came["reference_units"]["value"] is None
    told = " ".join(book("position", "--book").out.split())
    assert "Delivered at another interconnect grade than agreed" in told


def test_what_the_contract_does_not_say_is_refused_by_name(book: Run) -> None:
    sign(book, price=UNIT_PRICE)
    poor = {"scale_up_gb_per_s": 64, "scale_out_gbit_per_s": 100, "topology": "oversubscribed"}
    vague = {"topology": "unknown"}
    deliver(book, delivery("2027-01-01", 4096, **poor), delivery("2027-01-02", 4096, **vague))
    rated = {row["possible"][0]: row["delivered"][0] for row in rows(shown(book), "delivered")}
    (said,) = [each for each in rated.values() if each["grade_delivered"] == "P"]
    assert said["refused"]["code"] == "grade-not-agreed"
    assert said["refused"]["why"] == "the contract does not say what interconnect grade P is worth"
    assert (said["reference_units"], said["money"]["amount"]) == (None, None)
    (open_,) = [each for each in rated.values() if each["grade_delivered"] is None]
    assert open_["refused"]["code"] == "grade-undetermined"
    assert open_["below"] is None
    totals = [each for each in shown(book)["totals"] if each["standing"] == "delivered"]
    assert (totals[0]["money"], totals[0]["unpriced_rows"]) == ([], 2)


def test_better_than_agreed_counts_as_agreed_and_no_more(book: Run) -> None:
    sign(book, price=UNIT_PRICE)
    deliver(book, delivery("2027-01-01", 4096, scale_up_gb_per_s=1800))
    (came,) = rows(shown(book), "delivered")
    (rated,) = came["delivered"]
    assert (rated["grade_delivered"], rated["below"], exact(rated["share"])) == ("B", False, 1)


def test_a_substitute_counts_by_its_ratio_and_a_stranger_is_refused(book: Run) -> None:
    sign(book)
    deliver(book, delivery("2027-01-01", 100, device="nvidia-b200"))
    # Who records it past the contract: it is a use of capacity, and nothing that was agreed.
    odd = delivery("2027-01-02", 100, device="nvidia-a100-80gb", commitment=NAME)
    Path("odd.jsonl").write_text(json.dumps(odd))
    assert book("record", "odd.jsonl").code == 0
    found = {row["device"]: row for row in rows(shown(book), "delivered")}
    # Half a B200 stands for one H100: each of its hours is paid as two.
    assert exact(found["nvidia-b200"]["money"]["amount"]) == 100 * 24 * 2 * Fraction("2.10")
    refused = found["nvidia-a100-80gb"]["money"]["refused"]
    assert refused["code"] == "device-not-agreed"
    # What is open fell by two hours of H100 for each of the B200, and by none for the A100.
    (left,) = rows(shown(book), "open", month="2027-01")
    assert exact(left["device_hours"]) == HOURS["2027-01"] - 100 * 24 * 2


def test_where_no_device_was_agreed_every_device_is_priced_as_agreed(book: Run) -> None:
    schedule = [{"grade": "H", "share_ppm": 1_000_000, "surcharge": None}]
    price = {"amount": "2", "currency": "USD", "interconnect": "included", "per": "device_hour"}
    links = {"scale_up_gb_per_s": 900, "scale_up_domain": 8, "scale_out_gbit_per_s": 400}
    window = {"window_start": "2027-01-01", "window_end": "2027-02-01"}
    body = commitment("falcon-2", "lab-a", **links, **window, topology="non_blocking")
    hidden = {"price": json.dumps({**price, "schedule": schedule, "unit": None})}
    came = delivery("2027-01-01", 100, device="nvidia-b200", commitment="c-1")
    rows_ = ({"type": "commitment", **body, "hidden": hidden}, came)
    Path("any.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_))
    done = book("record", "any.jsonl")
    assert done.code == 0, done.err
    (row,) = rows(shown(book), "delivered")
    assert exact(row["money"]["amount"]) == 100 * 24 * 2


def test_serving_never_adds_to_training(book: Run) -> None:
    sign(book)
    serving = {"contract": "serve", "activity": "inference_service"}
    price = {**FORWARD["price"], "currency": "EUR"}
    sign(book, **serving, price=price)
    deliver(book, delivery("2027-01-01", 10))
    spent = {"activity": "inference_service", "key": ["serving"]}
    deliver(book, delivery("2027-01-01", 7, **spent), name="serve")
    document = shown(book)
    assert {row["use"] for row in rows(document, "committed", contract="serve")} == {"inference"}
    totals = {(each["standing"], each["use"]): each for each in document["totals"]}
    assert exact(totals["held", "training"]["device_hours"]) == 240
    assert exact(totals["held", "inference"]["device_hours"]) == 7 * 24
    assert exact(totals["committed", "training"]["device_hours"]) == sum(HOURS.values())
    money = {
        use: [each["currency"] for each in totals["committed", use]["money"]]
        for use in ("training", "inference")
    }
    assert money == {"training": ["USD"], "inference": ["EUR"]}
    for use in ("training", "inference"):
        parts = [row for row in rows(document, "committed") if row["use"] == use]
        assert exact(totals["committed", use]["device_hours"]) == sum(
            exact(row["device_hours"]) or 0 for row in parts
        )


def test_an_option_is_shown_and_does_not_count(book: Run) -> None:
    sign(book, kind="option")
    document = shown(book)
    assert {row["counts"] for row in rows(document, "committed")} == {False}
    assert document["totals"] == []
    assert "committed (option)" in book("position", "--book").out


def test_an_option_that_nobody_exercised_owes_nothing_even_once_it_expired(
    book: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(book, kind="option", contract="opt")
    before = shown(book)
    assert [row["take_or_pay"] for row in rows(before, "committed")] == [None, None, None]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1801476000")  # 2027-02-01T10:00:00Z
    assert book("contract", "exercise", "opt", "--on", "2027-02-01").code == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1806573600")  # 2027-04-01T10:00:00Z
    assert book("contract", "expire", "opt").code == 0
    gone = {row["month"]: row for row in rows(shown(book), "expired")}
    assert {month: row["counts"] for month, row in gone.items()} == {
        "2027-01": False,
        "2027-02": True,
        "2027-03": True,
    }
    assert gone["2027-01"]["take_or_pay"] is None
    assert gone["2027-02"]["take_or_pay"]["amount"]["exact"] != "0"
    # On the day before it was exercised, nobody knew that it would be.
    early = shown(book, "--as-of", "2027-01-31")
    assert {row["counts"] for row in rows(early, "committed")} == {False}


def test_by_a_day_before_it_expired_it_was_committed_and_open(
    book: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(book)
    deliver(book, delivery("2027-01-05", 4096))
    asked = ("--as-of", "2027-03-31")
    before = shown(book, *asked)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1806573600")  # 2027-04-01T10:00:00Z
    assert book("contract", "expire", NAME).code == 0
    after = shown(book, *asked)
    assert after["totals"] == before["totals"]
    assert rows(after, "expired") == []
    hours = {row["month"]: int(row["device_us"]) // HOUR_US for row in rows(after, "committed")}
    assert hours == HOURS
    assert rows(shown(book), "open") == []


def test_what_was_agreed_later_and_what_came_beyond_is_told(book: Run) -> None:
    sign(book, delivery=[{"from": "2027-01-01", "until": "2027-01-02", "devices": "100"}])
    deliver(book, delivery("2027-01-01", 102))  # within the tolerance of 2 %
    document = shown(book)
    assert document["beyond"] == [{"contract": NAME, "device_us": str(2 * 24 * 3_600_000_000)}]
    assert rows(document, "open") == []
    early = shown(book, "--as-of", "2026-11-21")
    assert (early["later"], early["rows"]) == ([NAME], [])


def test_names_and_prices_that_are_not_held_are_refused(book: Run) -> None:
    sign(book, price="none")
    (first, *_) = rows(shown(book), "committed")
    assert first["money"]["refused"]["code"] == "no-price"
    assert exact(first["device_hours"]) == HOURS["2027-01"]


def test_the_csv_holds_one_row_a_row(book: Run) -> None:
    sign(book)
    lines = book("position", "--book", "-f", "csv").out.splitlines()
    assert len(lines) == 1 + 6
    assert lines[0].startswith("standing,contract,month,use,model,device,precision")
    assert ",pretrain" not in lines[1]
    assert "6399590.4,USD,6399590.4" in lines[1]
