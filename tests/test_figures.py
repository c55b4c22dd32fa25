"""Figures: every way in which a run's operations were found, side by side, with reasons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import allocation
from tables import catalogue, small_rules

from ledger.cli.context import Context
from ledger.cli.show_run import show_run
from ledger.entry import Entry, genesis_prev
from ledger.errors import MissingError
from ledger.importers.telemetry import IMPORTER
from ledger.journeys.disagreement import percent
from ledger.journeys.figures import RunFigures, figures_of, run_figures
from ledger.report.figures import figures_document, figures_schema, figures_tables
from ledger.report.render import to_terminal

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "ledger" / "_demo" / "h100"
SCHEMA = ROOT / "schemas" / "run-figures.v1.schema.json"


def demo(run: str) -> RunFigures:
    """The figures of one of the shipped runs."""
    drafts = IMPORTER.read(DEMO / f"run_{run}.json", {}, catalogue()).drafts
    return run_figures(run, {seq: draft.body for seq, draft in enumerate(drafts)})


def by_method(found: RunFigures) -> dict[str, Any]:
    """Each figure by its method."""
    return {figure.method: figure for figure in found.figures}


def bodies(*changes: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Allocation bodies by entry number."""
    return {seq: allocation(**change) for seq, change in enumerate(changes)}


@pytest.mark.parametrize(
    ("run", "reference", "six_nd", "trainer", "pipe"),
    [
        ("pretrain-bf16", 16_642_474_285_989_888, 841_123, 837_492, 963_137),
        ("continue-tf32", 5_251_782_930_333_696, 841_123, 837_492, 1_285_802),
        ("lora-bf16", 6_331_061_504_049_152, 1_170_494, 1_165_467, 935_821),
    ],
)
def test_figures_of_real_runs_stand_to_the_counted_one_as_measured(
    run: str, reference: int, six_nd: int, trainer: int, pipe: int
) -> None:
    document = figures_document(demo(run))
    assert document["reference"] == str(reference)
    ppm = {part["method"]: part["ratio"]["ppm"] for part in document["figures"]}
    assert ppm == {
        "counter": 1_000_000,
        "architecture": six_nd,
        "framework_reported": trainer,
        "hardware": pipe,
    }


def test_figures_ratios_are_exact_fractions() -> None:
    found = demo("pretrain-bf16")
    ratio = by_method(found)["architecture"].ratio
    assert ratio == Fraction(13_998_370_213_330_944, 16_642_474_285_989_888)
    part = figures_document(found)["figures"][1]["ratio"]
    assert Fraction(part["exact"]) == ratio


def test_figures_six_n_d_is_said_to_leave_attention_out() -> None:
    (why,) = by_method(demo("pretrain-bf16"))["architecture"].why
    assert "leaves out attention" in why
    assert "2707272505491456 operations or 16.27 %" in why
    assert "of the rest it is 100.45 %" in why


def test_figures_frozen_weights_are_said_to_take_four_n() -> None:
    found = demo("lora-bf16")
    first, second = by_method(found)["architecture"].why
    assert "only 1,572,864 are" in first
    assert "4·N + 2·n" in first
    assert "4953041514004480, 78.23 %" in first
    assert "comes to 6378833217323008, 100.75 %" in second
    assert found.derived[0].operations == 4_953_041_514_004_480


def test_figures_trainer_is_said_to_follow_six_n_d_without_embeddings() -> None:
    first, second = by_method(demo("pretrain-bf16"))["framework_reported"].why
    assert "follows 6·N·D" in first
    assert "302,311,424" in second
    assert "1,310,720 parameters left out are embeddings" in second


def test_figures_pipe_is_said_to_count_cycles_and_to_leave_gaps_open() -> None:
    figure = by_method(demo("lora-bf16"))["hardware"]
    assert figure.operations is None
    text = " ".join(figure.why)
    assert "busy cycles, not operations" in text
    assert "up to 1980 MHz, while the peak is stated at 1830 MHz" in text
    assert "1361 of 50466 device-milliseconds held were not sampled" in text


def test_figures_counted_ones_are_said_to_take_both_triangles() -> None:
    assert "both triangles" in by_method(demo("pretrain-bf16"))["counter"].why[0]


def test_figures_are_worked_out_again_from_recorded_inputs() -> None:
    found = by_method(demo("lora-bf16"))
    assert found["counter"].recomputed == 6_331_061_504_049_152
    assert found["hardware"].recomputed == found["hardware"].low
    assert found["framework_reported"].recomputed is None


def test_figures_that_their_inputs_do_not_give_are_named() -> None:
    inputs = {"formula": "dense", "parameters": 10, "tokens": 10}
    found = run_figures(
        "r", bodies({"operations": 601, "method": "architecture", "method_inputs": inputs})
    )
    assert "6·N·D: its inputs give 600, not what it states" in figures_tables(found)[0].notes


def test_figures_say_whether_their_inputs_give_them_again() -> None:
    told = [row[6] for row in figures_tables(demo("pretrain-bf16"))[0].rows]
    assert told[:4] == ["agrees", "agrees", "no formula is recorded", "agrees"]
    inputs = {"formula": "dense", "parameters": 10, "tokens": 10}
    leg = {"method": "architecture", "method_inputs": inputs}
    for operations, expected in ((600, "agrees"), (300, "agrees"), (299, "gives 600")):
        found = run_figures("r", bodies(*[{"operations": operations, **leg}] * 2))
        assert figures_tables(found)[0].rows[0][6] == expected, operations


def test_figures_legs_of_one_figure_add_up() -> None:
    leg = {"method": "counter", "method_inputs": {"tokens": 7}}
    found = run_figures("r", bodies({"operations": 5, **leg}, {"operations": 8, **leg}))
    (figure,) = found.figures
    assert (figure.operations, figure.entries, found.reference) == (13, (0, 1), 13)
    assert figure.inputs == {"tokens": 7}


def test_figures_corroborating_ones_never_add() -> None:
    found = run_figures("r", bodies({"operations": 5}, {"operations": 8, "role": "corroborating"}))
    assert found.reference == 5
    assert [figure.ratio for figure in found.figures] == [1, Fraction(8, 5)]


def test_figures_unknown_is_not_zero() -> None:
    found = run_figures("r", bodies({"operations": 5, "method": "counter"}, {}))
    counted, unknown = found.figures
    assert (counted.operations, unknown.operations, unknown.low) == (5, None, None)
    assert unknown.ratio is None
    assert unknown.why == ("no operations are stated; they are unknown, which is not zero",)
    nothing = run_figures("r", bodies({}))
    assert nothing.reference is None
    notes = " ".join(figures_tables(nothing)[0].notes)
    assert "no primary record states operations" in notes
    assert figures_document(nothing)["reference"] is None


def test_figures_leg_without_a_figure_hides_the_sum() -> None:
    leg = {"method": "counter"}
    (figure,) = run_figures("r", bodies({"operations": 5, **leg}, leg)).figures
    assert (figure.operations, figure.unstated) == (None, 1)


def test_figures_above_the_ceiling_are_impossible() -> None:
    held = {"device_us": "1000000", "peak_operations_per_s": "7", "ceiling_operations": "7"}
    tables = figures_tables(run_figures("r", bodies({"operations": 8, **held})))
    assert any(note.startswith("impossible") for note in tables[0].notes)
    tables = figures_tables(run_figures("r", bodies({"operations": 7, **held})))
    assert not any(note.startswith("impossible") for note in tables[0].notes)


def test_figures_odd_inputs_do_no_harm() -> None:
    odd = {"formula": "dense", "parameters": "many", "tokens": "", "steps": "1/2"}
    found = run_figures(
        "r", bodies({"operations": 5, "method": "architecture", "method_inputs": odd})
    )
    assert found.figures[0].recomputed is None
    assert to_terminal(figures_tables(found), width=80, color=False)


def test_figures_percent_is_rounded_to_the_nearest() -> None:
    assert percent(Fraction(1, 3)) == "33.33 %"
    assert percent(Fraction(2, 3)) == "66.67 %"
    assert percent(Fraction(1, 20_000)) == "0.01 %"
    assert percent(Fraction(0)) == "0.00 %"


class Shelf:
    """Entries in a list."""

    def __init__(self, *records: tuple[str, dict[str, Any]]) -> None:
        self.entries = [
            Entry(
                seq=seq,
                id=f"00000000-0000-4000-8000-{seq:012}",
                type=kind,
                recorded_at="2026-01-01T00:00:00Z",
                origin="ledger.example/h",
                prev=genesis_prev("ledger.example/h"),
                salt="AAAAAAAAAAAAAAAAAAAAAA",
                sd=(),
                body=body,
            )
            for seq, (kind, body) in enumerate(records)
        ]

    def find_run(self, run: str) -> Iterator[Entry]:
        return iter([entry for entry in self.entries if entry.body.get("run") == run])

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        return iter([(entry.seq, entry.encode(), entry.hash()) for entry in self.entries])


def test_figures_leave_reversed_entries_out() -> None:
    wrong, right = allocation(operations=5), allocation(operations=8)
    reversal = {"reverses": 0, "reversed_type": "allocation", "reversed": wrong}
    shelf = Shelf(("allocation", wrong), ("reversal", reversal), ("allocation", right))
    assert figures_of(shelf, "r").reference == 8
    gone = Shelf(("allocation", wrong), ("reversal", reversal))
    with pytest.raises(MissingError, match="no record names the run 'r'"):
        figures_of(gone, "r")
    with pytest.raises(MissingError):
        figures_of(shelf, "r-2")


def test_figures_document_follows_its_published_schema() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == figures_schema()
    for run in ("pretrain-bf16", "lora-bf16"):
        jsonschema.validate(figures_document(demo(run)), figures_schema())
    jsonschema.validate(figures_document(run_figures("r", bodies({}))), figures_schema())


def test_figures_of_an_imported_run_are_shown(
    tmp_path: Path, flopledger: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    rules = str(small_rules(tmp_path))
    flopledger("init", "--origin", "ledger.example/h100")
    ran = flopledger("--rules", rules, "import", str(DEMO), "--source", "telemetry")
    assert ran.code == 0, ran.err
    context = Context(Path("ledger.db"), Path(rules), quiet=True, no_input=True, debug=False)
    capfd.readouterr()
    show_run(context, "lora-bf16", "json", None)
    document = json.loads(capfd.readouterr().out)
    jsonschema.validate(document, figures_schema())
    assert document["run"] == "lora-bf16"
    assert document["of_ceiling"]["ppm"] == 126_796
    show_run(context, "lora-bf16", "markdown", None)
    text = capfd.readouterr().out
    assert "Why they differ" in text
    assert "| 6·N·D | corroborating |" in text


def test_figures_published_runs_are_read_by_the_csv_importer(
    tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    table = DEMO.parent / "published_runs.csv"
    flopledger("init", "--origin", "ledger.example/published")
    rules = str(small_rules(tmp_path))
    ran = flopledger("--rules", rules, "import", str(table), "--source", "csv", "-f", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert (document["runs"], document["new"], document["refused"]) == (24, 24, 0)


def test_figures_time_that_nobody_states_is_unknown() -> None:
    found = run_figures("r", bodies({"operations": 8}))
    assert (found.device_us, found.untimed) == (None, 1)
    document = figures_document(found)
    assert (document["device_us"], document["legs_without_time"]) == (None, 1)
    jsonschema.validate(document, figures_schema())
    assert "held: unknown" in figures_tables(found)[0].notes[0]
    partly = run_figures("r", bodies({"operations": 8}, {"device_us": "5000000"}))
    assert (partly.device_us, partly.untimed) == (5_000_000, 1)
    assert "5 device-seconds, without 1 leg" in figures_tables(partly)[0].notes[0]
