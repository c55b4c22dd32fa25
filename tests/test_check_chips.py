"""``check`` on a ledger of devices: what was recorded as held is classified as the law stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import fact
from recorded import holding

from ledger.journeys.check_document import check_schema

Run = Callable[..., Any]
CLOCK = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEVICES = (
    "nvidia-h100-sxm5",
    "nvidia-h200-sxm",
    "nvidia-h20",
    "amd-mi300x",
    "amd-mi308x",
    "nvidia-l4",
    "nvidia-rtx-4090d",
    "nvidia-rtx-4090",
    "intel-gaudi3",
    "amd-mi355x",
    "aws-trainium1",
    "aws-trainium2",
    "aws-trainium3",
    "nvidia-b200",
    "nvidia-a100-80gb",
    "nvidia-a800-80gb",
    "nvidia-h800-sxm5",
    "nvidia-gb300",
)


@pytest.fixture
def ledger(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Found a ledger at a fixed time and return what records into it."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(CLOCK.timestamp())))
    assert flopledger("init", "--origin", "ledger.example/t").code == 0

    def record(*records: dict[str, Any]) -> None:
        path = tmp_path / "records.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
        ran = flopledger("record", str(path))
        assert ran.code == 0, ran.err

    return record


def findings(flopledger: Run, rule: str, *arguments: str) -> dict[str, dict[str, Any]]:
    """Check one regime and return the determinations of a rule by subject without its kind."""
    regime, _, name = rule.partition("/")
    ran = flopledger("check", "--regime", regime, "-f", "json", *arguments)
    assert ran.code in {0, 1, 3}, ran.err
    document = json.loads(ran.out)
    jsonschema.Draft202012Validator(check_schema()).validate(document)
    found = (each for each in document["determinations"] if each["rule"] == name)
    return {each["subject"].partition(":")[2]: each for each in found}


def words(found: dict[str, dict[str, Any]]) -> dict[str, str | None]:
    return {name: each["finding"] for name, each in found.items()}


MET_ALWAYS = {
    "nvidia-h100-sxm5",
    "nvidia-h200-sxm",
    "nvidia-h800-sxm5",
    "nvidia-a100-80gb",
    "nvidia-a800-80gb",
    "nvidia-b200",
    "nvidia-gb300",
    "nvidia-l4",
    "nvidia-rtx-4090",
    "amd-mi300x",
    "amd-mi355x",
    "intel-gaudi3",
    "aws-trainium2",
    "aws-trainium3",
}


@pytest.mark.parametrize(
    ("reading", "trainium1", "trainium2"),
    [
        ("left-out", "undetermined", "5872"),
        ("bits-19", "undetermined", "7873"),
        ("bits-32", "met", "16544"),
    ],
)
def test_check_classifies_devices_held_under_each_length_of_tf32(
    flopledger: Run, ledger: Run, reading: str, trainium1: str, trainium2: str
) -> None:
    ledger(*(holding(name) for name in DEVICES))
    asked = ("--reading", f"tf32-operand={reading}")
    found = findings(flopledger, "us.ear.3a090/paragraph-a", *asked)
    assert words(found) == {
        **dict.fromkeys(MET_ALWAYS, "met"),
        "nvidia-h20": "not_met",
        "nvidia-rtx-4090d": "not_met",
        "amd-mi308x": "undetermined",
        "aws-trainium1": trainium1,
    }
    assert "device_rates@device:amd-mi308x" in found["amd-mi308x"]["missing"]
    assert {each["readings"]["tf32-operand"] for each in found.values()} == {reading}
    line = findings(flopledger, "us.ear.3a090/a-1", *asked)["aws-trainium2"]
    assert (line["margin"], line["threshold"], line["unit"]) == (trainium2, "4800", "TPP")


@pytest.mark.parametrize(
    ("reading", "trainium"),
    [("left-out", "met"), ("bits-19", "met"), ("bits-32", "not_met")],
)
def test_check_opens_the_review_of_january_2026_by_performance_and_bandwidth(
    flopledger: Run, ledger: Run, reading: str, trainium: str
) -> None:
    ledger(*(holding(name) for name in DEVICES))
    asked = ("--reading", f"tf32-operand={reading}")
    found = words(findings(flopledger, "us.ear.2026-h200/parameters", *asked))
    assert found["aws-trainium2"] == found["aws-trainium3"] == trainium
    assert found["aws-trainium1"] == ("met" if reading == "bits-32" else "undetermined")
    eligible = ("nvidia-h200-sxm", "nvidia-h100-sxm5", "amd-mi300x", "nvidia-l4")
    assert {found[name] for name in eligible} == {"met"}
    assert {found[name] for name in ("intel-gaudi3", "amd-mi355x", "nvidia-b200")} == {"not_met"}
    assert {found[name] for name in ("nvidia-h20", "nvidia-rtx-4090d")} == {None}
    assert found["amd-mi308x"] == "undetermined"


def test_check_says_the_same_of_devices_with_both_engines(flopledger: Run, ledger: Run) -> None:
    ledger(*(holding(name) for name in DEVICES[:6]))
    asked = ("check", "--regime", "us.ear.3a090", "-f", "json")
    assert flopledger(*asked).out == flopledger(*asked, "--engine", "plain").out


def test_check_replaced_paragraph_binds_nobody_today(flopledger: Run, ledger: Run) -> None:
    ledger(holding("nvidia-a100-80gb"), holding("nvidia-a800-80gb"))
    rule = "us.ear.3a090-2022/paragraph-a"
    assert {each["law"] for each in findings(flopledger, rule).values()} == {"rescinded"}
    then = findings(flopledger, rule, "--in-force-on", "2023-06-01")
    assert words(then) == {"nvidia-a100-80gb": "met", "nvidia-a800-80gb": "not_met"}


def test_check_flags_a_named_maker_however_little_it_computes(flopledger: Run, ledger: Run) -> None:
    ledger(holding("huawei-ascend-910b", quantity=1), holding("nvidia-h100-sxm5"))
    rule = "us.bis.guidance-2025-05-13/general-prohibition-10"
    found = findings(flopledger, rule)
    assert words(found) == {"huawei-ascend-910b": "met", "nvidia-h100-sxm5": "not_met"}
    assert "stands in guidance, not in law" in found["huawei-ascend-910b"]["notes"]


def test_check_transaction_is_judged_by_the_device_it_names(flopledger: Run, ledger: Run) -> None:
    stated: dict[str, tuple[str, Any]] = {
        "transaction.kind": ("text", "export"),
        "transaction.device": ("text", "NVIDIA GeForce RTX 4090"),
        "transaction.to_d5_or_macau": ("boolean", True),
        "transaction.to_d1_or_d4": ("boolean", False),
        "transaction.party_headquartered_in_d5_or_macau": ("boolean", True),
        "transaction.planned_on": ("date", "2026-12-31"),
    }
    ledger(
        *(
            {"type": "fact", **fact("transaction:t", name, kind, value)}
            for name, (kind, value) in stated.items()
        )
    )
    assert words(findings(flopledger, "us.ear.3a090/licence")) == {"t": "met"}
    found = findings(flopledger, "us.ear.nac-aca/nac")["t"]
    assert found["finding"] == "met"
    assert found["due"] == [{"obligation": "notify-bis", "on": "2026-12-06", "days_left": 13}]


def test_check_asks_press_figures_only_by_name(flopledger: Run, ledger: Run) -> None:
    ledger(holding("nvidia-h20"))
    everything = json.loads(flopledger("check", "-f", "json").out)
    assert "us.ear.h20-letters" not in {each["regime"] for each in everything["determinations"]}
    found = findings(flopledger, "us.ear.h20-letters/within-letters")["nvidia-h20"]
    assert (found["finding"], found["provenance"]) == ("met", "memory")


def test_check_adds_up_what_stands_at_a_site(flopledger: Run, ledger: Run) -> None:
    rule = "us.ear.744-23/site-capacity"
    rows = [
        holding("amd-mi300x", quantity=611, event="installed", hidden={"site": "hall"}),
        holding(
            "amd-mi300x", quantity=1, event="installed", on="2026-02-05", hidden={"site": "hall"}
        ),
    ]
    ledger(*rows)
    (before,) = findings(flopledger, rule, "--as-of", "2026-01-31").values()
    assert before["finding"] == "not_met"
    assert before["measured"]["operation_rate"]["point"] == str(611 * 163_400_000_000_000)
    assert before["margin"] == str(10**17 - 611 * 163_400_000_000_000)
    (found,) = findings(flopledger, rule).values()
    assert found["finding"] == "undetermined"
    assert found["missing"] == ["site.envelope_volume"]
