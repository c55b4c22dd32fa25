"""Generated triples: a rule tree, a ledger and coordinates, all from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from ledgers import Record, allocation, commitment, fact, lineage, records, undated
from worlds import world_of

from ledger.determination import World
from ledger.regime.cased import CasedRegime
from ledger.regime.diagnosis import parse_node
from ledger.regime.law import Law
from ledger.regime.vocabulary import ACTIVITIES

LINE = 10**25
TODAY = date(2026, 6, 1)
EARLIER, LATE = date(2026, 1, 31), "2026-02-01"
MODELS = ("a", "b", "c", "d")
DEVELOPERS = ("acme", "best")
BOOLEANS = (
    "model.significant_generality",
    "model.is_foundation_model",
    "model.is_modification",
    "model.same_provider_as_base",
    "model.base_compute_obtainable",
)
AMOUNTS = (0, 1, LINE // 3, LINE // 3 + 1, LINE // 2, LINE - 1, LINE, LINE + 1, 3 * LINE, 10**28)
CITE = {"source": "act"}


@dataclass(frozen=True, slots=True)
class Triple:
    """What both evaluators are asked.

    Attributes:
        law: A regime of random rules, on a day, under readings.
        world: A random ledger by a day.
        subjects: Subjects by kind.
    """

    law: Law
    world: World
    subjects: dict[str, tuple[str, ...]]


def triple(seed: int) -> Triple:
    """Return the triple of a seed."""
    random = Random(seed)
    regime, flaws = parse_node(CasedRegime, _regime(random), "random.yaml")
    assert regime is not None, flaws
    readings = random.choice([{"open": "in"}, {"open": "out"}, {}])
    on, known = random.choice([date(2026, 1, 1), TODAY]), random.choice([None, TODAY, EARLIER])
    law = Law.on(regime, on, law_known_on=known, readings=readings)
    as_of = TODAY + timedelta(days=random.randint(-40, 5))
    world = world_of(records(*_ledger(random)), as_of=as_of)
    kinds = ("model", "developer")
    return Triple(law, world, {kind: world.subjects(kind) for kind in kinds})


def _regime(random: Random) -> dict[str, Any]:
    """Return a regime with a handful of rules, each of which may ask those before it."""
    rules: list[dict[str, Any]] = []
    for number in range(random.randint(1, 3)):
        earlier = [rule["id"] for rule in rules]
        rules.append({**_rule(random, f"rule-{number}", earlier), **_known(random)})
    if random.random() < 0.5:
        asked = random.choice([rule["id"] for rule in rules])
        rules.append(_developer_rule(random, asked))
    return {
        "schema": "regime/1",
        "id": "xx.random",
        "title": {"en": "Random Act"},
        "jurisdiction": "XX",
        "review": {"state": "draft", "encoded_by": "tests"},
        "sources": {"act": {"cite": "Act", "published": "2025-01-01", "binding": "law"}},
        "lifecycle": [{"on": "2025-01-01", "event": "applies", "cite": CITE}],
        "parameters": _parameters(random),
        "sets": {"listed": {"of": "word", "values": [_dated({"members": ["text", "other"]})]}},
        "counting": {
            "one": {**_counting(random), **_known(random)},
            "two": {**_counting(random), **_known(random)},
        },
        "readings": {
            "open": {
                "question": {"en": "Open"},
                "default": "in",
                "alternatives": {
                    "in": {"title": {"en": "In"}, "effect": "counted"},
                    "out": {"title": {"en": "Out"}, "effect": "excluded"},
                },
                "why": "Nobody says.",
                **_known(random),
            }
        },
        "rules": rules,
    }


def _known(random: Random) -> dict[str, str]:
    """Return the day on which a part of the law was published, if it is a late one."""
    return {"known": LATE} if random.random() < 0.15 else {}


def _dated(value: dict[str, Any], begins: str = "2025-01-01") -> dict[str, Any]:
    """Return a dated value of the law."""
    dates = {"from": begins, "known": "2025-01-01", "cite": CITE, "provenance": "memory"}
    return {**dates, **value}


def _parameters(random: Random) -> dict[str, Any]:
    """Return figures around those of the ledgers; one of them does not bind yet."""
    line = random.choice([LINE, LINE, LINE + 1, 3 * LINE, 1])
    figures = {
        "line": ("operations", f"{line} FLOP", "2025-01-01"),
        "far": ("operations", "10^26 FLOP", random.choice(["2025-01-01", "2027-01-01"])),
        "share": ("ratio", random.choice(["1/3 ratio", "2/7 ratio", "1 ratio"]), "2025-01-01"),
        "money": ("money_usd", random.choice(["500_000_000 USD", "0.07 USD"]), "2025-01-01"),
        "day": ("date", "2026-05-01", "2025-01-01"),
    }
    return {
        name: {"dimension": dimension, "values": [_dated({"value": value}, begins)]}
        for name, (dimension, value, begins) in figures.items()
    }


def _counting(random: Random) -> dict[str, Any]:
    """Return a counting set."""
    counts = ["counted", "counted", "excluded", {"open": "open"}]
    return {
        "title": {"en": "Counted"},
        "cite": CITE,
        "operation_kinds": {
            kind: random.choice(counts) for kind in ("float", "integer", "unknown")
        },
        "activities": {name: random.choice(counts) for name in ACTIVITIES},
        "lineage": {
            "relations": {
                relation: random.choice(["follow", "follow", "stop"])
                for relation in ("derived", "merged", "initialised", "distilled")
            },
            "same_provider": random.choice(["collapse", "ancestor"]),
        },
    }


def _rule(random: Random, name: str, earlier: list[str]) -> dict[str, Any]:
    """Return a rule about models."""
    lets = {
        f"sum-{scope}": {
            "sum": "operations",
            "counting": random.choice(["one", "two"]),
            "lineage": scope,
        }
        for scope in ("own", "base", "cumulative")
    }
    rule: dict[str, Any] = {
        "id": name,
        "title": {"en": name},
        "subject": "model",
        "effect": "indication",
        "cite": CITE,
        "let": lets,
        "views": {"foreseen": {"basis": ["actual", "committed"]}},
    }
    if random.random() < 0.25:
        arms = random.randint(2, 3)
        rule["choose"] = [
            {"case": _condition(random, earlier, 1), "then": _condition(random, earlier, 1)}
            for _ in range(arms)
        ]
    else:
        rule["when"] = _condition(random, earlier, 3)
    if random.random() < 0.3:
        rule["scope"] = _condition(random, earlier, 1)
    if random.random() < 0.4:
        rule["unless"] = [
            {"id": f"not-{i}", "when": _condition(random, earlier, 1), "cite": CITE}
            for i in range(random.randint(1, 2))
        ]
    return rule


def _developer_rule(random: Random, asked: str) -> dict[str, Any]:
    """Return a rule about developers that asks about their models."""
    exists = {
        "exists": {
            "of": "developer.models",
            "such-that": random.choice([f"rule:{asked}", "model.is_foundation_model"]),
            "view": random.choice(["actual", "foreseen"]),
        }
    }
    revenue = {"gt": ["developer.group_revenue_prior_calendar_year", "money"]}
    when = random.choice(
        [exists, {"not": exists}, {"all": [exists, revenue]}, {"any": [revenue, exists]}]
    )
    return {
        "id": "developer",
        "title": {"en": "Developer"},
        "subject": "developer",
        "effect": "definition",
        "cite": CITE,
        "when": when,
    }


def _condition(random: Random, earlier: list[str], depth: int) -> Any:
    """Return a condition of at most some depth."""
    if depth > 0 and random.random() < 0.6:
        kind = random.choice(["all", "any", "not"])
        if kind == "not":
            return {"not": _condition(random, earlier, depth - 1)}
        parts = [_condition(random, earlier, depth - 1) for _ in range(random.randint(1, 3))]
        return {kind: parts}
    if earlier and random.random() < 0.15:
        return f"rule:{random.choice(earlier)}"
    modalities = ["text", "audio_speech"]
    return random.choice(
        [
            random.choice(BOOLEANS),
            "reading:open=in",
            {"any-of": ["model.output_modalities", modalities]},
            {"member": ["model.output_modalities", "listed"]},
            _comparison(random),
            _comparison(random),
            _comparison(random),
        ]
    )


def _comparison(random: Random) -> Any:
    """Return a comparison of operations, of money or of days."""
    operator = random.choice(["gt", "ge", "lt", "le"])
    total = random.choice(["sum-own", "sum-base", "sum-cumulative"])
    other = random.choice(["sum-own", "sum-base", "sum-cumulative"])
    pairs = [
        (total, "line"),
        (total, "line"),
        (total, "far"),
        ("line", total),
        (total, {"mul": ["share", other]}),
        ({"mul": ["3", total]}, {"mul": ["share", "share", other]}),
        ({"mul": [total, total]}, {"mul": ["line", other]}),
        ({"mul": ["999999999", total]}, "line"),
        (total, other),
        ("model.compute_cost", "money"),
        ({"mul": ["share", "model.compute_cost"]}, "money"),
        ("model.deployed_on", "day"),
    ]
    return {operator: list(random.choice(pairs))}


def _ledger(random: Random) -> list[Record | dict[str, Any]]:
    """Return a short ledger with every kind of record that a rule can rest on."""
    given: list[Record | dict[str, Any]] = [
        _allocation(random) for _ in range(random.randint(0, 6))
    ]
    for _ in range(random.randint(0, 3)):
        child, parent = random.sample(MODELS, 2)
        step = lineage(
            child,
            random.choice([parent, parent, parent, None]),
            random.choice(["yes", "no", "no", "unknown"]),
            random.choice(["derived", "merged", "initialised", "distilled"]),
            on=random.choice([None, "2026-05-10"]),
        )
        given.append(("lineage", step))
    given += [("fact", _fact(random)) for _ in range(random.randint(0, 6))]
    given += [("commitment", _commitment(random, n)) for n in range(random.randint(0, 2))]
    return given


def _allocation(random: Random) -> dict[str, Any]:
    """Return an allocation with a point, a range, one end, or nothing."""
    low, point, high = sorted(random.choice(AMOUNTS) for _ in range(3))
    stated = [random.random() < 0.5, random.random() < 0.8, random.random() < 0.5]
    texts = [str(v) if known else None for v, known in zip((low, point, high), stated, strict=True)]
    day = TODAY - timedelta(days=random.randint(0, 60))
    dated = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    return allocation(
        random.choice(MODELS),
        run=random.choice(["r1", "r2"]),
        developer=random.choice([*DEVELOPERS, None]),
        activity=random.choice(["pretrain", "pretrain", "sft", "eval"]),
        extent=random.choice(["own", "own", "own", "cumulative"]),
        operation_kind=random.choice(["float", "float", "integer", "unknown"]),
        operations_low=texts[0],
        operations=texts[1],
        operations_high=texts[2],
        **(dated if random.random() < 0.7 else undated(day)),
    )


def _fact(random: Random) -> dict[str, Any]:
    """Return a fact; now and then in a unit that cannot be compared."""
    model = f"model:{random.choice(MODELS)}"
    until = random.choice([None, None, "2026-05-20"])
    if random.random() < 0.5:
        value = random.random() < 0.5
        return fact(model, random.choice(BOOLEANS), "boolean", value, valid_until=until)
    words = random.choice([["text"], ["other"], ["audio_speech", "text"], []])
    cost = random.choice(["600_000_000 USD", "0.21 USD", "0.03 USD", "5 FLOP"])
    developer = f"developer:{random.choice(DEVELOPERS)}"
    revenue = "developer.group_revenue_prior_calendar_year"
    return random.choice(
        [
            fact(model, "model.output_modalities", "set", words, valid_from=until),
            fact(model, "model.compute_cost", "quantity", cost),
            fact(model, "model.deployed_on", "date", random.choice(["2026-04-30", "2026-05-02"])),
            fact(developer, revenue, "quantity", random.choice(["10^9 USD", "1 USD"])),
        ]
    )


def _commitment(random: Random, number: int) -> dict[str, Any]:
    """Return a commitment to a model, or to none."""
    return commitment(
        random.choice([*MODELS, None]),
        random.choice([*DEVELOPERS, None]),
        contract=f"c-{number}",
        kind=random.choice(["forward", "plan", "option"]),
        operations=random.choice([None, str(random.choice(AMOUNTS))]),
        agreed_on="2026-04-20",
    )
