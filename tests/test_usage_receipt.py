"""Usage receipts: a provider signs device-time, and its customer books it once and adds nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import allocation

from ledger.canonical import encode
from ledger.cli.app import run as program
from ledger.envelope import Envelope
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.keys import FileSigner
from ledger.period import Period
from ledger.statement import Statement
from ledger.stores.keyfiles import write_signer
from ledger.usage import UsageLine, UsageReceipt

PAGE = Path(__file__).resolve().parent.parent / "schemas" / "usage-receipt.v1.md"
CLOUD = FileSigner.from_seed("cloud.example", bytes(range(3, 35)))
OTHER = FileSigner.from_seed("other.example", bytes(range(4, 36)))
HOURS = Period.parse("2026-03-10T00:00:00Z", "2026-03-10T08:00:00Z")
LINE = UsageLine(HOURS, "nvidia-h100-sxm5", 1000)
RECEIPT = UsageReceipt("cloud.example", "lab.example/a", "2026-03/17", date(2026, 4, 2), (LINE,))
SIGNED = Envelope(RECEIPT.statement().encode()).sign(CLOUD)


def test_receipt_page_shows_the_bytes_that_are_made() -> None:
    text = PAGE.read_text("utf-8")
    blocks = re.findall(r"```\n(.*?)\n```", text, re.DOTALL)
    assert CLOUD.verifier.encode() in text
    assert RECEIPT.statement().encode().decode() in blocks
    assert SIGNED.encode().decode() in blocks
    assert SIGNED.sha256() in text


def test_receipt_is_read_back_by_the_provider_s_key_alone() -> None:
    parsed = Envelope.parse(SIGNED.encode())
    assert UsageReceipt.open(parsed, CLOUD.verifier) == RECEIPT
    with pytest.raises(IntegrityError, match="did not sign"):
        UsageReceipt.open(parsed, OTHER.verifier)


def test_receipt_of_another_provider_is_refused_whoever_signs_it() -> None:
    envelope = Envelope(RECEIPT.statement().encode()).sign(OTHER)
    with pytest.raises(IntegrityError, match="the receipt is of cloud"):
        UsageReceipt.open(envelope, OTHER.verifier)


def changed(change: Callable[[dict[str, Any]], object]) -> Statement:
    """The statement with something else in its predicate, its digest left as it was."""
    value = json.loads(RECEIPT.statement().encode())
    change(value["predicate"])
    return Statement.parse(encode(value))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p["usage"][0].update(milli_devices=2000), "devices by time are"),
        (lambda p: p["usage"][0].update(milli_devices=0), "above 0"),
        (lambda p: p["usage"][0].update(milli_devices=True), "above 0"),
        (lambda p: p["usage"][0].update(end="2026-03-10T09:00:00Z"), "devices by time are"),
        (lambda p: p["usage"][0].update(end="2026-03-09T08:00:00Z"), "not after its start"),
        (lambda p: p["usage"][0].update(device="nvidia-a100"), "subject of the statement"),
        (lambda p: p.update(number="2026-03/18"), "subject of the statement"),
        (lambda p: p.update(usage=[]), "1 to 10,000 lines"),
        (lambda p: p.update(price="1"), "exactly customer"),
        (lambda p: p.pop("customer"), "exactly customer"),
        (lambda p: p.update(customer="a\u200bb"), "customer"),
        (lambda p: p.update(number="x" * 51), "1 to 50"),
        (lambda p: p.update(issued_on="2026-02-30"), "does not exist"),
    ],
)
def test_receipt_with_something_else_in_it_is_refused(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        UsageReceipt.parse(changed(change))


@given(st.integers(0, len(SIGNED.encode()) - 1), st.integers(0, 255))
def test_receipt_with_a_changed_byte_never_confirms_other_usage(place: int, byte: int) -> None:
    data = bytearray(SIGNED.encode())
    data[place] = byte
    try:
        found = UsageReceipt.open(Envelope.parse(bytes(data)), CLOUD.verifier)
    except LedgerError:
        return
    assert found == RECEIPT


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger with one run that held what the receipt states, and the provider's key."""
    monkeypatch.chdir(tmp_path)
    assert program(["--quiet", "init", "--origin", "lab.example/a"]) == 0
    write_signer(tmp_path / "cloud.pem", CLOUD)
    held = {"device": "nvidia-h100-sxm5", "milli_devices": 1000, "device_us": "28800000000"}
    held |= {"start": "2026-03-10T00:00:00Z", "end": "2026-03-10T08:00:00Z"}
    inputs = {"formula": "dense", "parameters": 1, "tokens": 1}
    body = allocation(operations=6, method="architecture", method_inputs=inputs, **held)
    (tmp_path / "held.jsonl").write_text(json.dumps({"type": "allocation", **body}) + "\n")
    assert program(["--quiet", "record", "held.jsonl", "-o", "out.txt"]) == 0
    return tmp_path


MAKE = ["--quiet", "receipt", "make", "--key", "cloud.pem", "--customer", "lab.example/a"]
MAKE += ["--number", "2026-03/17", "--issued-on", "2026-04-02", "-o", "r.json", "--line"]
TIMES = "2026-03-10T00:00:00Z..2026-03-10T08:00:00Z"
BOOK = ["--quiet", "receipt", "book", "r.json", "--vkey", CLOUD.verifier.encode()]
BOOK += ["--model", "m", "-o", "out.json"]


def made(*lines: str) -> None:
    """Write a receipt over some lines."""
    more = [part for line in lines[1:] for part in ("--line", line)]
    assert program([*MAKE, lines[0], *more]) == 0


def counts(lab: Path) -> tuple[int, int, int]:
    """What became of the records: new, same, changed."""
    document = json.loads((lab / "out.json").read_text())
    return document["new"], document["same"], document["changed"]


def graded(capfd: pytest.CaptureFixture[str]) -> tuple[str, str | None]:
    """Grade and operations of the run, from reconciling."""
    capfd.readouterr()
    program(["reconcile", "r", "-f", "json"])
    (run,) = json.loads(capfd.readouterr().out)["runs"]
    return run["grade"]["letter"], run["device_us"]


def test_receipt_lifts_the_run_to_b_and_adds_no_time(
    lab: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert graded(capfd) == ("D", "28800000000")
    made(f"{TIMES},nvidia-h100-sxm5,1000")
    assert (lab / "r.json").read_bytes() == SIGNED.encode() + b"\n"
    assert program([*BOOK, "--run", "r"]) == 0
    assert counts(lab) == (1, 0, 0)
    assert graded(capfd) == ("B", "28800000000")


def test_receipt_is_booked_once_and_under_one_run(lab: Path) -> None:
    made(f"{TIMES},nvidia-h100-sxm5,1000")
    assert program([*BOOK, "--run", "r"]) == 0
    assert program([*BOOK, "--run", "r"]) == 0
    assert counts(lab) == (0, 1, 0)
    assert program([*BOOK, "--run", "another"]) == 1
    assert counts(lab) == (0, 0, 1)


def test_file_that_is_no_receipt_is_refused_by_name(
    lab: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (lab / "r.json").write_text("rubbish\n")
    assert program([*BOOK, "--run", "r"]) == 2
    said = capfd.readouterr().err
    assert "no signed receipt" in said
    assert "where: r.json" in said
    assert not (lab / "out.json").exists()


def test_receipt_as_primary_is_refused_where_the_run_is_recorded(
    lab: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made(f"{TIMES},nvidia-h100-sxm5,1000")
    assert program([*BOOK, "--run", "r", "--role", "primary"]) == 2
    assert "would count twice" in capfd.readouterr().err
    assert program([*BOOK, "--run", "new", "--role", "primary"]) == 0
    assert counts(lab) == (1, 0, 0)


def test_receipt_over_midnight_is_cut_and_still_one_receipt(lab: Path) -> None:
    made("2026-03-10T22:00:00Z..2026-03-12T01:00:00Z,nvidia-h100-sxm5,8000")
    assert program([*BOOK, "--run", "r"]) == 0
    assert counts(lab) == (3, 0, 0)


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        (["--customer", "somebody"], 2, "made out to lab.example/a, not to somebody"),
        (["--vkey", OTHER.verifier.encode()], 4, "did not sign"),
    ],
)
def test_receipt_for_others_or_by_others_is_not_booked(
    lab: Path, capfd: pytest.CaptureFixture[str], more: list[str], status: int, message: str
) -> None:
    made(f"{TIMES},nvidia-h100-sxm5,1000")
    assert program([*BOOK, "--run", "r", *more]) == status
    assert message in capfd.readouterr().err
    assert not (lab / "out.json").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"{TIMES},nvidia-h100-sxm5", "is not START..END"),
        (f"{TIMES},nvidia-h100-sxm5,1.5", "is not START..END"),
        (f"{TIMES},nvidia-h100-sxm5,{'9' * 30}", "is not START..END"),
        (f"{TIMES},h100000,1000", "not a device"),
        ("2026-03-10..2026-03-11,nvidia-h100-sxm5,1000", "not a UTC time"),
    ],
)
def test_receipt_line_that_says_nothing_exact_is_not_signed(
    lab: Path, capfd: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    assert program([*MAKE, line]) == 2
    assert message in capfd.readouterr().err
    assert not (lab / "r.json").exists()


def test_receipt_with_a_line_twice_is_not_signed(
    lab: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = f"{TIMES},nvidia-h100-sxm5,1000"
    assert program([*MAKE, line, "--line", line]) == 2
    assert "are the same" in capfd.readouterr().err
    assert not (lab / "r.json").exists()
