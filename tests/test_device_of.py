"""Transactions and clusters stand for the device that a fact of them names."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ledgers import fact, records
from regimes import SMALL, changed, load, shipped_words, small
from worlds import world_of

from ledger.determination import Asked, Determination, PlainEvaluator, determine
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.quantity import Quantity
from ledger.regime.cased import CasedRegime

TODAY = date(2026, 2, 1)
PERFORMANCE = """\
  power:
    dimension: processing_performance
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 4800 TPP
        cite: { source: act, at: s. 2, phrase: 4800 or more }
        provenance: memory
"""
RULES = """\
rules:
  - id: strong
    title: { en: Strong device }
    subject: device
    effect: classification
    cite: { source: act, at: s. 2 }
    let: { tpp: { max: { mul: [2, rate.mac_rate, rate.bit_length] }, over: device_rates } }
    when: { ge: [tpp, power] }
  - id: strong-goods
    title: { en: Goods with a strong device for a data centre }
    subject: transaction
    effect: licence
    cite: { source: act, at: s. 2 }
    let: { tpp: { max: { mul: [2, rate.mac_rate, rate.bit_length] }, over: device_rates } }
    when:
      all:
        - "rule:strong"
        - { ge: [tpp, power] }
        - device.designed_or_marketed_for_datacenter
  - id: strong-machine
    title: { en: Machine with a strong device }
    subject: cluster
    effect: classification
    cite: { source: act, at: s. 2 }
    when: "rule:strong"
"""
RATES = {
    "big": [
        {
            "rate.mac_rate": Quantity.parse("300 MacTOPS"),
            "rate.bit_length": Quantity.parse("8 bit"),
        }
    ]
}


def text() -> str:
    act = changed("  share:\n", f"{PERFORMANCE}  share:\n")
    return act[: act.index("rules:")] + RULES


def asked(*given: dict[str, Any], regime: CasedRegime | None = None) -> dict[str, Determination]:
    """Return determinations by rule and subject; both evaluators must say the same."""
    held = records(*(("fact", body) for body in given))
    law = Asked(TODAY, date.max)
    regimes = [regime or small(text())]
    world = world_of(held, as_of=date(2026, 12, 31), rates=RATES)
    found = determine(law, regimes, world, PlainEvaluator())
    assert found == determine(law, regimes, world, ColumnEvaluator())
    return {f"{each.rule} {each.subject}": each for each in found}


def named(subject: str, device: str, **changes: Any) -> dict[str, Any]:
    return fact(subject, f"{subject.partition(':')[0]}.device", "text", device, **changes)


def for_datacenters(device: str, **changes: Any) -> dict[str, Any]:
    name = "device.designed_or_marketed_for_datacenter"
    return fact(f"device:{device}", name, "boolean", value=True, **changes)


def test_transaction_asks_rates_facts_and_rules_of_its_device() -> None:
    found = asked(named("transaction:t", "big"), for_datacenters("big"))
    assert found["strong-goods transaction:t"].finding == "met"
    assert found["strong-goods transaction:t"].threshold == "4800"


def test_machine_is_what_its_device_is() -> None:
    found = asked(named("cluster:c", "big"), named("cluster:d", "stranger"))
    assert found["strong-machine cluster:c"].finding == "met"
    unknown = found["strong-machine cluster:d"]
    assert (unknown.finding, unknown.missing) == ("undetermined", ("device_rates@device:stranger",))


def test_device_that_nobody_named_is_asked_for_and_never_taken_as_none() -> None:
    kind = fact("transaction:t", "transaction.kind", "text", "export")
    found = asked(kind)["strong-goods transaction:t"]
    assert found.finding == "undetermined"
    assert found.missing == ("transaction.device@transaction:t",)


def test_two_entries_that_name_different_devices_leave_it_open() -> None:
    found = asked(named("cluster:c", "big"), named("cluster:c", "other"))
    assert found["strong-machine cluster:c"].finding == "undetermined"


def test_fact_of_the_device_is_named_with_the_device() -> None:
    found = asked(named("transaction:t", "big"))["strong-goods transaction:t"]
    assert found.missing == ("device.designed_or_marketed_for_datacenter@device:big",)


def test_fact_of_the_device_says_since_when_its_transaction_is_caught() -> None:
    since = for_datacenters("big", valid_from="2026-03-01")
    found = asked(named("transaction:t", "big"), since)["strong-goods transaction:t"]
    assert found.met_on is not None
    assert found.met_on.earliest == date(2026, 3, 1)


@pytest.mark.parametrize("subject", ["transaction", "cluster"])
def test_transaction_and_cluster_hold_nothing_to_add_up(subject: str) -> None:
    total = "{ total: holding.quantity, over: holdings, add: [shipped] }"
    rule = f"""\
  - id: sum
    title: {{ en: Sum }}
    subject: {subject}
    effect: cap
    cite: {{ source: act, at: s. 2 }}
    let: {{ all: {total} }}
    when: {{ gt: [all, all] }}
"""
    regime, flaws = load(text() + rule)
    assert regime is None
    assert [flaw.message for flaw in flaws] == [f"a {subject} holds nothing"]


def test_model_stands_for_no_device() -> None:
    rule = """\
  - id: model-rates
    title: { en: Rates of a model }
    subject: model
    effect: cap
    cite: { source: act, at: s. 2 }
    when: device.designed_or_marketed_for_datacenter
"""
    regime, flaws = load(text() + rule)
    assert regime is None
    assert "is a fact of a device, this place asks a model" in flaws[0].message


def test_cases_are_generated_around_lines_of_devices_too() -> None:
    regime = small(text())
    bench = Bench(shipped_words(), PlainEngine, PlainEvaluator())
    results, unreached = bench.run_generated(regime)
    assert unreached == ()
    assert {result.case.name.split(" in ")[1] for result in results} == {
        "strong when",
        "strong-goods when",
    }
    assert all(result.passed for result in results)


def test_small_act_still_loads_without_devices() -> None:
    assert small(SMALL).rule("strong") is None
