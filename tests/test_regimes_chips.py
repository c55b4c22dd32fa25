"""What is particular to the chip regimes: every part of the catalogue, and what a reading moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Final

import pytest
from regimes import shipped_pack, shipped_words

from ledger.determination import Determination, Evaluator, PlainEvaluator
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.plain import PlainEngine
from ledger.hardware import Catalogue
from ledger.journeys.casework import Bench
from ledger.journeys.checking import devices_of
from ledger.regime.case import Case
from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.dated import standing_on
from ledger.regime.diagnosis import parse_node
from ledger.regime.lint import lint_regime

CHIPS: Final = (
    "us.232.semiconductors",
    "us.bis.guidance-2025-05-13",
    "us.ear.2026-h200",
    "us.ear.3a090",
    "us.ear.3a090-2022",
    "us.ear.3a090-presumption",
    "us.ear.3a090c",
    "us.ear.744-23",
    "us.ear.h20-letters",
    "us.ear.nac-aca",
    "wa.4a3b",
)
A1, A2, B1 = "3A090.a.1", "3A090.a.2", "3A090.b.1"
NOT, NOTE_2 = "not 3A090", "not 3A090 note2 non datacenter"
CONSUMER = "3A090.a nac aca eligible non datacenter"
NO_AREA, NO_RATES = "undetermined die area unknown", "unknown no published throughput"

# The class of every part since 2023-11-17, written down by hand from a table made apart from the
# rule files. One part differs from it: see the test below.
CLASSES: Final[Mapping[str, str]] = {
    "nvidia-v100-sxm2": NOT,
    "nvidia-a100-40gb": A1,
    "nvidia-a100-80gb": A1,
    "nvidia-a800-80gb": A1,
    "nvidia-h800-sxm5": A1,
    "nvidia-h100-sxm5": A1,
    "nvidia-h100-pcie": A1,
    "nvidia-h100-nvl": A1,
    "nvidia-h20": NOT,
    "nvidia-h200-sxm": A1,
    "nvidia-l4": A2,
    "nvidia-l40s": A1,
    "nvidia-l20": NOT,
    "nvidia-a10": NOT,
    "nvidia-rtx-4090": CONSUMER,
    "nvidia-rtx-4090d": NOTE_2,
    "nvidia-rtx-5090": CONSUMER,
    "nvidia-rtx-5090d": NOTE_2,
    "nvidia-b100": A1,
    "nvidia-b200": A1,
    "nvidia-gb200": A1,
    "nvidia-b300": A1,
    "nvidia-gb300": A1,
    "nvidia-rubin": A1,
    "amd-mi210": B1,
    "amd-mi250x": A1,
    "amd-mi300x": A1,
    "amd-mi308x": NO_RATES,
    "amd-mi325x": A1,
    "amd-mi355x": A1,
    "intel-gaudi2": A1,
    "intel-gaudi3": A1,
    "google-tpu-v3": NO_AREA,
    "google-tpu-v4": NO_AREA,
    "google-tpu-v5e": A2,
    "google-tpu-v5p": A1,
    "google-tpu-v6e": A1,
    "google-tpu7x": A1,
    "aws-trainium1": NO_AREA,
    "aws-trainium2": A1,
    "aws-trainium3": A1,
    "huawei-ascend-910b": A1,
    "huawei-ascend-910c": A1,
    "huawei-ascend-950pr": A1,
    "cerebras-wse3": "3A090.a.1 on any plausible reading",
    "microsoft-maia-200": A1,
}

Found = Mapping[tuple[str, str], Determination]


@cache
def regimes() -> dict[str, CasedRegime]:
    return load_cased(shipped_pack())


@cache
def catalogue() -> Catalogue:
    return Catalogue.from_pack(shipped_pack())


@cache
def found_under(regime: str, tf32: str = "left-out", *, plain: bool = False) -> Found:
    """Return determinations by rule and device, of eight of every part of the catalogue."""
    rows = [
        {"device": name, "quantity": "8 accelerator", "event": "installed", "on": "2026-01-05"}
        for name in catalogue().devices
    ]
    asked = "tf32-operand" in regimes()[regime].readings
    tree: dict[str, Any] = {
        "name": "every part",
        "law": {"in_force_on": "2026-11-22"},
        "holdings": rows,
        "readings": {"tf32-operand": tf32} if asked else {},
        "expect": {"any": {"x": {}}},
    }
    case, flaws = parse_node(Case, tree, "test")
    assert case is not None, flaws
    evaluator = PlainEvaluator() if plain else ColumnEvaluator()
    bench = Bench(shipped_words(), PlainEngine, evaluator, devices_of(shipped_pack()))
    found = bench.determinations(regimes()[regime], case)
    return {(each.rule, each.subject.removeprefix("device:")): each for each in found}


def class_of(name: str, list_: Found, exceptions: Found) -> str:
    """Put the findings about a part into the words of the table."""
    of = {rule: list_[rule, name] for rule in ("a-1", "a-2", "b-1", "b-2", "paragraph-a")}
    if of["paragraph-a"].finding == "undetermined":
        rates = any(gap.startswith("device_rates") for gap in of["paragraph-a"].missing)
        return NO_RATES if rates else NO_AREA
    if of["a-1"].finding == "met":
        return CONSUMER if exceptions["item", name].finding == "met" else A1
    if any(found.exception == "note-2" for found in of.values()):
        return NOTE_2
    named = {"a-2": A2, "b-1": B1, "b-2": "3A090.b.2"}
    return next((word for rule, word in named.items() if of[rule].finding == "met"), NOT)


def test_every_part_of_the_catalogue_has_the_class_of_the_table() -> None:
    list_, exceptions = found_under("us.ear.3a090"), found_under("us.ear.nac-aca")
    found = {name: class_of(name, list_, exceptions) for name in catalogue().devices}
    # No dense rate of the wafer is published, so nothing is said of it where the table guesses.
    assert found == {**CLASSES, "cerebras-wse3": NO_RATES}


def test_both_evaluators_say_the_same_of_the_catalogue() -> None:
    assert found_under("us.ear.3a090", plain=True) == found_under("us.ear.3a090")


def test_classes_name_every_part_of_the_catalogue() -> None:
    assert set(CLASSES) == set(catalogue().devices)


def moved(regime: str, rule: str, alternative: str) -> dict[str, str]:
    """Return the parts whose finding another length of TF32 changes, and to what."""
    before, after = found_under(regime), found_under(regime, alternative)
    names = [name for asked, name in before if asked == rule]
    return {
        name: str(after[rule, name].finding)
        for name in names
        if before[rule, name].finding != after[rule, name].finding
    }


@pytest.mark.parametrize("rule", ["paragraph-a", "paragraph-b"])
def test_tf32_at_19_bits_changes_no_paragraph(rule: str) -> None:
    assert moved("us.ear.3a090", rule, "bits-19") == {}


def test_tf32_at_32_bits_moves_trainium1_into_the_list() -> None:
    assert moved("us.ear.3a090", "paragraph-a", "bits-32") == {"aws-trainium1": "met"}


def test_tf32_at_32_bits_moves_the_other_trainiums_out_of_the_review() -> None:
    assert moved("us.ear.2026-h200", "parameters", "bits-32") == {
        "aws-trainium1": "met",
        "aws-trainium2": "not_met",
        "aws-trainium3": "not_met",
    }


def met(regime: str, rule: str) -> set[str]:
    """Return the parts of the catalogue that meet a rule."""
    found = found_under(regime)
    return {name for (asked, name), each in found.items() if asked == rule and each.met}


def test_tariff_windows_hold_two_parts_only() -> None:
    assert met("us.232.semiconductors", "within-windows") == {"nvidia-h200-sxm", "amd-mi325x"}


def test_guidance_flags_the_named_maker_only() -> None:
    found = met("us.bis.guidance-2025-05-13", "general-prohibition-10")
    assert found == {name for name in catalogue().devices if name.startswith("huawei-")}


def test_no_part_of_the_catalogue_is_asked_about_as_memory() -> None:
    assert {each.in_scope for each in found_under("us.ear.3a090c").values()} == {False}


def test_figures_from_memory_are_told_with_the_finding() -> None:
    found = found_under("us.ear.3a090")
    told = [note for note in found["a-1", "nvidia-l40s"].notes if "throughput" in note]
    assert told == ["hardware figure not verified: throughput of nvidia-l40s is from memory"]
    # One figure can be weaker than its group: this one decides the class of the part.
    weak = "hardware figure not verified: fp8 matrix of nvidia-l4 is from memory"
    assert weak in found["a-2", "nvidia-l4"].notes
    # What a rule does not ask is not told: no line of this rule rests on the links.
    assert not [note for note in found["a-1", "nvidia-l4"].notes if "scale up" in note]
    letters = found_under("us.ear.h20-letters")["within-letters", "nvidia-l4"]
    assert [note for note in letters.notes if "scale up" in note]


@pytest.mark.parametrize("evaluator", [PlainEvaluator(), ColumnEvaluator()])
@pytest.mark.parametrize(
    ("reading", "amount", "margin"),
    [("counted", "160.56", "90.56"), ("left-out", "80.4", "10.4")],
)
def test_amount_reported_is_that_of_the_reading_chosen(
    evaluator: Evaluator, reading: str, amount: str, margin: str
) -> None:
    regime = regimes()["wa.4a3b"]
    (case,) = (case for case in regime.cases if case.name == "with them 160.56")
    case = case.model_copy(update={"readings": {"matrix-units": reading}})
    (found,) = Bench(shipped_words(), PlainEngine, evaluator).determinations(regime, case)
    assert found.measured is not None
    assert found.measured["adjusted_performance"].point == amount
    assert (found.threshold, found.margin) == ("70", margin)


@pytest.mark.parametrize("name", CHIPS)
def test_rule_file_has_no_findings(name: str) -> None:
    found = [flaw.code for flaw in lint_regime(f"{name}.yaml", regimes()[name])]
    # What the line was before, nobody has read: `lint.yaml` passes over it and says so.
    assert found == (["time-gap"] if name == "wa.4a3b" else [])


def test_press_figures_are_asked_only_by_name() -> None:
    assert {name for name in CHIPS if regimes()[name].optional} == {"us.ear.h20-letters"}


def test_figures_from_memory_are_marked() -> None:
    weak = {
        f"{name} {figure}"
        for name in CHIPS
        for figure, parameter in regimes()[name].parameters.items()
        if any(value.provenance == "memory" for value in parameter.values)
    }
    assert weak == {
        "us.ear.h20-letters combined-bandwidth",
        "us.ear.h20-letters interconnect-bandwidth",
        "us.ear.h20-letters memory-bandwidth",
        "wa.4a3b other-weight",
        "wa.4a3b vector-weight",
    }


def test_notice_names_recipient_content_and_the_25_days() -> None:
    rule = regimes()["us.ear.nac-aca"].rule("nac")
    assert rule is not None
    (notice,) = rule.obligations
    assert notice.due is not None
    assert (notice.due.ahead, notice.due.before) == ("notice-period", "transaction.planned_on")
    assert "memory bandwidth" in notice.content
    assert notice.recipient is not None
    assert "SNAP-R" in notice.recipient["en"]


@pytest.mark.parametrize(
    ("regime", "day", "law"),
    [
        ("us.ear.3a090-2022", date(2022, 10, 6), None),
        ("us.ear.3a090-2022", date(2023, 11, 16), "in_force"),
        ("us.ear.3a090-2022", date(2023, 11, 17), "rescinded"),
        ("us.ear.3a090", date(2023, 11, 16), "enacted"),
        ("us.ear.3a090", date(2023, 11, 17), "in_force"),
        ("us.ear.3a090c", date(2024, 12, 30), "enacted"),
        ("us.ear.3a090c", date(2024, 12, 31), "in_force"),
        ("us.ear.2026-h200", date(2026, 1, 14), "enacted"),
        ("us.ear.2026-h200", date(2026, 1, 15), "in_force"),
        ("us.232.semiconductors", date(2026, 1, 15), "in_force"),
    ],
)
def test_standing_changes_on_the_days_of_the_rules(regime: str, day: date, law: str | None) -> None:
    assert standing_on(regimes()[regime], day).law == law
