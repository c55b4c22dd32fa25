"""Loading rule files: what resolves, what is collected, and what the shipped files hold."""

from __future__ import annotations

from datetime import date

import pytest
from regimes import FILE, ROOT, SMALL, changed, load, shipped_pack, shipped_words, small
from supplied import supplied

from ledger.errors import MissingError, RuleError
from ledger.pack import Pack
from ledger.regime.cased import load_cased, read_regimes
from ledger.regime.counting import choose_readings, resolve
from ledger.regime.expression import Max
from ledger.regime.load import find_regime
from ledger.regime.product import product
from ledger.regime.schema import SCHEMAS, regime_schemas, schema_text
from ledger.yamltree import parse_tree


def pack_with(**texts: str) -> Pack:
    """Return the shipped vocabulary with these regimes, by file name."""
    trees = dict(shipped_pack().under("vocabulary"))
    for name, text in texts.items():
        path = f"regimes/xx/{name}.yaml"
        trees[path] = parse_tree(text, where=path)
    return Pack.of(trees)


def test_load_gives_regimes_by_id_in_order() -> None:
    second = changed("id: xx.small\n", "id: aa.small\n")
    assert list(load_cased(pack_with(b=SMALL, c=second))) == ["aa.small", "xx.small"]


def test_load_collects_every_mistake_of_every_file() -> None:
    wrong = SMALL.replace("10^25 FLOP\n", "1e25 FLOP\n").replace("stance: enforced", "stance: on")
    lost = changed("id: xx.small\n", "id: aa.small\n").replace("{ gt: [compute, line] }", "lime")
    regimes, flaws = read_regimes(pack_with(a=SMALL, b=wrong, c=lost))
    assert list(regimes) == ["xx.small"]
    assert [(flaw.file[-6:], flaw.place) for flaw in flaws] == [
        ("b.yaml", "enforcement[1].stance"),
        ("b.yaml", "parameters.line.values[0].value"),
        ("c.yaml", "rules[0].when"),
    ]


def test_load_raises_the_first_mistake_and_counts_the_others() -> None:
    wrong = SMALL.replace("10^25 FLOP\n", "1e25 FLOP\n").replace("stance: enforced", "stance: on")
    with pytest.raises(RuleError) as caught:
        load_cased(pack_with(b=wrong))
    assert caught.value.where == "regimes/xx/b.yaml: enforcement[1].stance"
    assert "1 more" in caught.value.why


def test_load_refuses_two_files_with_one_id() -> None:
    with pytest.raises(RuleError, match=r"regimes/xx/a.yaml already holds the regime xx.small"):
        load_cased(pack_with(a=SMALL, b=SMALL))


def test_load_needs_a_vocabulary() -> None:
    with pytest.raises(MissingError, match=r"vocabulary/facts.yaml"):
        load_cased(Pack.of({FILE: parse_tree(SMALL, where=FILE)}))


def test_load_names_the_nearest_regime() -> None:
    regimes = load_cased(pack_with(a=SMALL))
    assert find_regime(regimes, "xx.small").id == "xx.small"
    with pytest.raises(RuleError) as caught:
        find_regime(regimes, "xx.smal")
    assert caught.value.remedy == "did you mean xx.small?"


def test_load_lets_values_overlap_when_one_was_known_later() -> None:
    later = (
        "        provenance: verified\n"
        "      - from: 2026-01-01\n        known: 2025-12-01\n        value: 10^26 FLOP\n"
        "        cite: { source: act, at: s. 2, phrase: greater than }\n"
        "        provenance: verified\n"
    )
    regime = small(changed("        provenance: verified\n", later))
    assert len(regime.parameters["line"].values) == 2


@pytest.mark.parametrize(
    ("left", "right", "made"),
    [
        ("operation_rate", "duration", "operations"),
        ("ratio", "operations", "operations"),
        ("money_usd", "ratio", "money_usd"),
        ("ratio", "ratio", "ratio"),
        ("mac_rate", "bit_length", "processing_performance"),
        ("performance_density", "area", "processing_performance"),
        ("byte_rate", "duration", "bytes"),
        ("operations", "operations", None),
        ("operations", "duration", None),
        ("money_usd", "count", None),
        ("processing_performance", "duration", None),
        ("ratio", "date", "date"),
        ("date", "duration", None),
    ],
)
def test_load_products_have_the_dimension_of_their_parts(
    left: str, right: str, made: str | None
) -> None:
    assert product(left, right) == product(right, left) == made


DEVICE = """\
rules:
  - id: chip
    title: { en: Chip }
    subject: device
    effect: classification
    cite: { source: act }
    let:
      tpp: { max: { mul: [2, rate.mac_rate, rate.bit_length] }, over: device_rates }
    when: { ge: [tpp, { mul: [density, device.applicable_die_area] }] }
"""
DENSITY = """\
  density:
    dimension: performance_density
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 5.92 TPP/mm2
        cite: { source: act, at: s. 6, phrase: or more }
        provenance: verified
counting:
"""


def test_load_takes_the_largest_rate_of_a_device() -> None:
    regime = small(changed("rules:\n", DEVICE, text=changed("counting:\n", DENSITY)))
    chip = regime.rule("chip")
    assert chip is not None
    assert isinstance(chip.let["tpp"], Max)


def test_load_member_needs_a_declared_set() -> None:
    _, flaws = load(
        changed(
            "    when: { gt: [compute, line] }\n",
            "    when: { member: [model.is_modification, places] }\n",
        )
    )
    assert [flaw.message for flaw in flaws][1] == "there is no set 'places' in this file"


def test_load_lets_one_value_follow_another_on_its_last_day() -> None:
    later = (
        "        until: 2026-01-01\n        known: 2025-01-10\n        value: 10^25 FLOP\n"
        "        cite: { source: act, at: s. 2, phrase: greater than }\n"
        "        provenance: verified\n"
        "      - from: 2026-01-01\n        known: 2025-01-10\n        value: 10^26 FLOP\n"
    )
    old = "        known: 2025-01-10\n        value: 10^25 FLOP\n"
    assert len(small(changed(old, later)).parameters["line"].values) == 2


def test_load_due_may_run_from_a_recorded_day() -> None:
    old = "after: { earliest: [met, foreseen] }"
    text = changed(old, "after: { latest: [met, model.deployed_on] }")
    due = small(text).rules[0].obligations[0].due
    assert due is not None
    assert due.after is not None
    assert due.after.moments == ("met", "model.deployed_on")


def test_load_compares_dates_with_dates_only() -> None:
    day = (
        "  start:\n    dimension: date\n    values:\n      - from: 2025-06-01\n"
        "        known: 2025-01-10\n        value: 2025-08-02\n"
        "        cite: { source: act, at: s. 7, phrase: before }\n        provenance: verified\n"
        "counting:\n"
    )
    with_day = changed("counting:\n", day)
    old = "    when: { gt: [compute, line] }\n"
    good = changed(old, "    when: { lt: [model.placed_on_market_on, start] }\n", text=with_day)
    assert small(good).parameters["start"].values[0].value == date(2025, 8, 2)
    bad = changed(old, "    when: { lt: [compute, start] }\n", text=with_day)
    _, flaws = load(bad)
    assert flaws[0].message == "operations is compared with date"


def test_load_readings_answer_what_is_open() -> None:
    regime = small()
    counting = regime.counting["work"]
    assert counting.open_readings() == ("rollouts",)
    counted = resolve("work", counting, regime.readings, {})
    left = resolve("work", counting, regime.readings, {"rollouts": "out", "other.reading": "x"})
    assert counted.classify("rl_rollout", "float") == "counted"
    assert left.classify("rl_rollout", "float") == "excluded"
    assert left.classify("pretrain", "float") == "counted"
    assert left.classify("pretrain", "integer") == "excluded"
    assert left.classify("pretrain", "unknown") == "counted"
    assert left.follows("derived")
    assert not left.follows("distilled")
    assert left.same_provider == "collapse"


def test_load_refuses_an_alternative_that_is_not_there() -> None:
    with pytest.raises(RuleError, match="no alternative 'maybe'"):
        choose_readings(small().readings, {"rollouts": "maybe"})


def test_load_counting_set_refuses_words_nobody_classified() -> None:
    counted = resolve("work", small().counting["work"], small().readings, {})
    with pytest.raises(RuleError, match="'dreaming'"):
        counted.classify("dreaming", "float")
    with pytest.raises(RuleError, match="'complex'"):
        counted.classify("pretrain", "complex")
    with pytest.raises(RuleError, match="'adopted'"):
        counted.follows("adopted")


def test_load_every_shipped_regime_classifies_every_activity() -> None:
    regimes = load_cased(shipped_pack())
    assert {"eu.aia", "us.ca.sb53", "us.eo14110", "kr.aiba"} <= set(regimes)
    for regime in regimes.values():
        for name, counting in regime.counting.items():
            counted = resolve(name, counting, regime.readings, {})
            assert counted.activities | counted.excluded_activities == set(
                shipped_words().activities
            )


def test_load_schemas_are_the_ones_that_models_generate() -> None:
    for name in SCHEMAS:
        published = (ROOT / "schemas" / name).read_text("utf-8")
        assert published == schema_text(name), "run: flopledger rules schema -o schemas"


def test_load_schema_accepts_what_loads_and_refuses_what_does_not() -> None:
    jsonschema = supplied("jsonschema", "jsonschema")
    schemas = regime_schemas()
    regime = jsonschema.Draft202012Validator(schemas["regime.v1.schema.json"])
    facts = jsonschema.Draft202012Validator(schemas["facts.v1.schema.json"])
    facts.validate(shipped_pack().tree("vocabulary/facts.yaml"))
    regime.validate(parse_tree(SMALL, where=FILE))
    for tree in shipped_pack().under("regimes").values():
        regime.validate(tree)
    for old, new in (
        ("value: 10^25 FLOP\n", "value: 1e25 FLOP\n"),
        ("value: 10^25 FLOP\n", "value: 10^25\n"),
        ("{ gt: [compute, line] }", "{ xor: [compute, line] }"),
        ("  share:\n", "  Share_Of:\n"),
        ("stance: enforced", "stance: sometimes"),
    ):
        wrong = parse_tree(changed(old, new), where=FILE)
        assert not regime.is_valid(wrong), new


def test_load_lets_may_name_each_other_in_any_order() -> None:
    text = changed(
        "      compute: { sum: operations, counting: work, lineage: cumulative }\n",
        "      aa: { mul: [2, twice] }\n"
        "      compute: { sum: operations, counting: work, lineage: cumulative }\n"
        "      twice: { mul: [2, compute] }\n",
    )
    text = text.replace("when: { gt: [compute, line] }", "when: { gt: [aa, line] }", 1)
    assert small(text).rules[0].let.keys() == {"aa", "compute", "twice"}
    wrong = text.replace("twice: { mul: [2, compute] }", "twice: { mul: [2, line, compute] }")
    regime, flaws = load(wrong)
    assert regime is None
    assert "operations" in flaws[0].message
