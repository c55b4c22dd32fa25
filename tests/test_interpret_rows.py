"""What a rule says of the rows of its subject: the largest counts, and each let is its own."""

from __future__ import annotations

from stated import LINE, SUM, World, ask, exactly, regime

from ledger.quantity import Quantity


def test_largest_of_the_rows_counts() -> None:
    lets = {
        "tpp-of": {
            "max": {"mul": ["2", "rate.mac_rate", "rate.bit_length"]},
            "over": "device_rates",
        }
    }
    rules = regime({"id": "r", "subject": "device", "let": lets, "when": {"ge": ["tpp-of", "tpp"]}})

    def row(rate: str, bits: str) -> dict[str, Quantity]:
        return {"rate.mac_rate": Quantity.parse(rate), "rate.bit_length": Quantity.parse(bits)}

    rows = [row("100 MacTOPS", "16 bit"), row("300 MacTOPS", "8 bit")]
    assert ask(rules, World(rows={"device:d": rows}), subject="device:d").finding == "met"
    less = [row("100 MacTOPS", "16 bit"), row("299 MacTOPS", "8 bit")]
    assert ask(rules, World(rows={"device:d": less}), subject="device:d").finding == "not_met"
    none = ask(rules, World(), subject="device:d")
    assert none.missing == ("device_rates@device:d",)


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
