"""A let is worked out once for a subject, and for nobody and nothing else."""

from __future__ import annotations

from stated import LINE, SUM, World, ask, exactly, regime

from ledger.quantity import Quantity


def test_let_of_a_row_and_of_a_member_is_its_own() -> None:
    """What a let came to is kept for a subject: no other subject and no row may take it over."""
    lets = {
        "of-row": {"mul": ["2", "rate.mac_rate", "rate.bit_length"]},
        "largest": {"max": "of-row", "over": "device_rates"},
    }
    when = {"all": [{"ge": ["largest", "tpp"]}, {"ge": ["largest", "tpp"]}]}
    rules = regime({"id": "r", "subject": "device", "let": lets, "when": when})
    rows = [
        {"rate.mac_rate": Quantity.parse(rate), "rate.bit_length": Quantity.parse("8 bit")}
        for rate in ("100 MacTOPS", "300 MacTOPS")
    ]
    assert ask(rules, World(rows={"device:d": rows}), subject="device:d").finding == "met"
    any_model = {"of": "developer.models", "such-that": {"gt": ["compute", "line"]}}
    own = regime(
        {"id": "r", "subject": "developer", "let": SUM, "when": {"exists": any_model}},
    )
    totals = {
        (f"model:{name}", "cumulative", "actual"): exactly(LINE + step)
        for name, step in (("m", 0), ("n", 1))
    }
    world = World(models={"developer:d": ["model:m", "model:n"]}, totals=totals)
    assert ask(own, world, subject="developer:d").finding == "met"
