"""Series of samples: which device and figure each is of, and every list of them in a file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from samples import MAP, NOON, answer, bodies, codes, pairs, read, seconds, written

from ledger.errors import InputError
from ledger.importers import line_stream
from ledger.importers.prometheus_json import JsonSamples
from ledger.importers.prometheus_labels import FIGURES
from ledger.importers.sampled_series import Sample


def test_two_exporters_of_one_device_keep_their_figures_apart(tmp_path: Path) -> None:
    """DCGM and NVML state the same of one device, each with samples of its own."""
    gpm = ({"__name__": "NVML_GPM_METRIC_GRAPHICS_UTIL"}, pairs(4, "25"))
    (body,) = bodies(read(written(tmp_path, answer(({}, pairs()), gpm))))
    inputs = body["method_inputs"]
    assert (inputs["presence"], inputs["busy_ms"], inputs["gpm_busy_ms"]) == (
        "busy",
        150_000,
        30_000,
    )
    assert len({name for name, _ in FIGURES.values()}) == len(FIGURES)


def test_a_label_that_a_map_asks_for_makes_no_other_record(tmp_path: Path) -> None:
    path = written(tmp_path, answer(({"team": "a"}, pairs())))
    by_team = MAP.replace("namespace: [llm]", "team: [a]").replace(
        "developer: acme", 'developer: acme, run: "{squad}-{team}"'
    )
    (plain,) = read(path).drafts
    reading = read(written(tmp_path, answer(({"team": "a", "squad": "s"}, pairs()))), by_team)
    (draft,) = reading.drafts
    assert draft.key == plain.key
    assert draft.body["run"] == "s-a"


def test_series_of_one_device_that_a_map_takes_for_two_models_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, answer(({"team": "a"}, pairs()), ({"team": "b"}, pairs(4))))
    reading = read(path, MAP.replace("namespace: [llm]", "team: [a]"))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert "its series differ in labels that the map asks for: team 'a', team 'b'" in (
        problem.message
    )
    both = read(path, MAP.replace("namespace: [llm]", "team: [a, b]"))
    assert (seconds(both), codes(both)) == ([300], [])


def test_a_distance_of_samples_that_changes_is_told(tmp_path: Path) -> None:
    """The step is told by the first samples; a longer one later on looks like gaps."""
    often = pairs(60)
    seldom = pairs(15, step=120, start=NOON + 60 * 30)
    reading = read(written(tmp_path, answer(({}, [*often, *seldom]))))
    (problem,) = (p for p in reading.problems if p.severity == "finding")
    assert problem.code == "step-changes"
    assert problem.message.startswith("14 of 14 gaps are 120 s long each")
    assert problem.remedy.endswith("--set step=120s")
    whole = read(written(tmp_path, answer(({}, [*often, *seldom]))), step="120s")
    assert (seconds(whole), codes(whole)) == ([3600], [])
    # Gaps of all lengths are gaps.
    odd = [(NOON + n * 30 + n * n * 70, "0.5") for n in range(20)]
    assert codes(read(written(tmp_path, answer(({}, [*pairs(60, start=NOON - 9000), *odd]))))) == []


def test_samples_that_no_one_can_read_are_told(tmp_path: Path) -> None:
    values = [*pairs(3), *pairs(2, "-1", start=NOON + 90), *pairs(1, "+Inf", start=NOON + 150)]
    reading = read(written(tmp_path, answer(({}, values))))
    (problem,) = (p for p in reading.problems if p.severity == "finding")
    assert (problem.code, seconds(reading)) == ("unreadable", [180])
    assert problem.message.startswith("3 samples state no number of zero or more")
    assert bodies(reading)[0]["method_inputs"]["busy_coverage_ppm"] == 500_000


def test_labels_that_are_no_text_are_refused(tmp_path: Path) -> None:
    reading = read(written(tmp_path, answer(({"pod": "\ud800"}, pairs()))))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert "holds a lone surrogate" in problem.message
    assert bodies(reading) == []


@pytest.mark.parametrize(("indent", "chunk"), [(None, 997), (1, 1024)])
def test_an_answer_of_any_length_is_read_in_pieces(
    indent: int | None, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_stream, "_BLOCK", chunk)
    number = 8_000
    value = json.loads(answer(({}, pairs(number, step=1)), ({"UUID": "GPU-2"}, pairs(3))))
    text = json.dumps(value, indent=indent)
    path = tmp_path / "long.json.gz"
    path.write_bytes(gzip.compress(text.encode(), 1))
    source = JsonSamples(line_stream.LineStream(path), ())
    total = 0
    for found in source.samples():
        assert not isinstance(found, InputError)
        total += found.time_ms if isinstance(found, Sample) else sum(found.times_ms)
    several = [*range(number), 0, 30, 60]
    assert total == sum((NOON + n) * 1000 for n in several)
    assert len(source.series) == 2


def test_answers_one_after_the_other_are_all_read(tmp_path: Path) -> None:
    second = answer(({"UUID": "GPU-2"}, pairs(4)))
    reading = read(written(tmp_path, answer(({}, pairs())) + "\n" + second))
    assert seconds(reading) == [300, 120]
    bare = json.dumps(json.loads(second)["data"]["result"])
    assert seconds(read(written(tmp_path, bare))) == [120]
    first = json.dumps(json.loads(answer(({}, pairs())))["data"]["result"])
    assert seconds(read(written(tmp_path, f"{first}\n[]\n{bare}\n"))) == [300, 120]
    mixed = answer(({}, pairs()))[:-1] + ',"warnings":["a \\"]{ b"]}' + bare
    assert seconds(read(written(tmp_path, mixed))) == [300, 120]


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        ("}", "an answer is followed by no other: '}' follows"),
        ("[1]", "an answer is followed by no other: '[1]' follows"),
        ('{"status":"error","error":"query timed out"}', "no answer to a query: query timed out"),
        ('{"status":"error","error":"too many"}' + answer(({}, pairs())), "a query: too many"),
        (answer(({}, pairs()))[:-1], "the answer is broken off"),
        (answer(({}, pairs()))[:-1] + ',"warnings":["', "the answer is broken off"),
        ("\0", "is followed by no other"),
    ],
)
def test_what_follows_an_answer_is_another_or_a_refusal(
    tail: str, message: str, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, answer(({}, pairs())) + tail))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert message in problem.message
    assert bodies(reading) == []
