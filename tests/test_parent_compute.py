"""Whether the compute of somebody else's model counts, in every regime that asks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ledgers import allocation, fact, lineage
from regimes import shipped_pack

from ledger.regime.cased import load_cased
from ledger.regime.expression import Sum
from ledger.regime.law import Law
from ledger.regime.usage import nodes_of

Run = Callable[..., Any]
DAY = date(2026, 11, 22)
READING = "parent-compute"
REGIMES = {
    name: regime
    for name, regime in load_cased(shipped_pack()).items()
    if READING in regime.readings
}
LINE, BASE, STEP = 10**26, 6 * 10**25, 5 * 10**25
# One rule that chooses between the two sums, and one that joins them, with its narrower answer.
ASKED = {"us.fed.s2938/advanced-system": "developer-own", "kr.aiba/safety-duty": "operator-own"}
LIMBS = {
    "model.most_advanced_technology": True,
    "model.broad_serious_risk": True,
    "model.solely_defence_or_national_security": False,
}


def fact_of(model: str, name: str) -> dict[str, Any]:
    """Return the record of a fact that the Korean rule asks for beside the amount."""
    return {"type": "fact", **fact(f"model:{model}", name, "boolean", LIMBS[name])}


@pytest.mark.parametrize("name", sorted(REGIMES))
def test_no_answer_takes_a_step_of_a_developer_out(name: str) -> None:
    """It is a question of whose sum is taken: steps followed are the same under every answer."""
    regime = REGIMES[name]
    asked = regime.readings[READING].alternatives
    followed = [
        {each.id: each.relations for each in Law.on(regime, DAY, readings=chosen).counting.values()}
        for chosen in ({READING: answer} for answer in asked)
    ]
    assert len(followed) > 1
    assert all(each == followed[0] for each in followed)
    sums = {
        (node.counting, node.lineage)
        for rule in regime.rules
        for node in nodes_of(rule)
        if isinstance(node, Sum)
    }
    scopes = {scope: {counting for counting, each in sums if each == scope} for _, scope in sums}
    either = scopes["own"] & scopes["cumulative"]
    assert either
    assert all(regime.counting[each].lineage.same_provider == "collapse" for each in either)


@pytest.mark.parametrize("engine", ["polars", "plain"])
@pytest.mark.parametrize(
    ("whole", "sums"),
    [
        (True, {"one": BASE + STEP, "two": BASE + 2 * STEP + 1}),
        (False, {"one": STEP, "two": 2 * STEP + 1}),
    ],
)
def test_either_answer_reports_its_own_sum(
    flopledger: Run, tmp_path: Path, *, engine: str, whole: bool, sums: dict[str, int]
) -> None:
    """What is measured and the distance to the line are those of the sum that decides."""
    records = [
        {"type": "allocation", **allocation("base", BASE, developer="other", run="r1")},
        {"type": "allocation", **allocation("one", STEP, run="r2")},
        {"type": "allocation", **allocation("two", STEP + 1, run="r3")},
        {"type": "lineage", **lineage("one", "base", "no")},
        {"type": "lineage", **lineage("two", "one", "yes")},
        *(fact_of(model, name) for model in sums for name in LIMBS),
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    assert flopledger("record", str(path)).code == 0
    asked = ["check", "-f", "json", "--engine", engine, "--assume", "us.fed.s2938=in_force"]
    for rule, narrow in ASKED.items():
        chosen = "whole-lineage" if whole else narrow
        asked += ["--rule", rule, "--reading", f"{rule.partition('/')[0]}/{READING}={chosen}"]
    found = json.loads(flopledger(*asked).out)["determinations"]
    seen = {
        (d["regime"] + "/" + d["rule"], d["subject"].removeprefix("model:")): (
            *(d["finding"], d["measured"]["operations"]["point"], d["threshold"], d["margin"]),
        )
        for d in found
    }
    for rule in ASKED:
        for model, total in sums.items():
            finding = "met" if total > LINE else "not_met"
            told = (finding, str(total), str(LINE), str(abs(total - LINE)))
            assert seen[rule, model] == told
