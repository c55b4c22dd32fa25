"""What is measured by itself goes into a whole run, and says when that was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from bench import __main__ as command
from bench import results, scaling, summary
from bench.session import Settings
from test_bench import outcome_of

MACHINE = {
    "date": "2026-11-26 10:00 UTC",
    "commit": "aaaaaaaaaaaa",
    "processor": "P",
    "processors": "2",
    "two processes at once": "1.80 times the work of one, median of 3",
    "memory": "24 GiB",
    "write and fdatasync": "0.2 ms, median of 50",
    "Python": "3.11.7",
    "SQLite": "3.40.1",
    "polars": "2.1.0",
}
LATER = MACHINE | {"date": "2026-11-27 11:00 UTC", "commit": "bbbbbbbbbbbb"}


def document(machine: dict[str, str], *ratios: float) -> dict[str, Any]:
    outcomes = [outcome_of([ratio], [1.0]) for ratio in ratios]
    return results.document(machine, Settings(), outcomes, [])


def test_a_row_measured_by_itself_takes_the_place_of_the_first_and_says_so() -> None:
    merged = results.merged(document(MACHINE, 1.9), document(LATER, 1.4))
    (row,) = merged["benchmarks"]
    assert row["ratio"] == 1.4
    assert merged["machine"] == MACHINE
    assert "by itself on 2026-11-27 11:00 UTC at commit bbbbbbbbbbbb, where" in results.page(merged)
    assert "Measured by themselves, as `RESULTS.md` says of each: B99." in summary.summary(merged)
    assert json.loads(json.dumps(merged)) == merged


def test_a_row_of_the_whole_run_says_nothing_of_it() -> None:
    whole = document(MACHINE, 1.9)
    whole["benchmarks"][0]["id"] = "B2"
    merged = results.merged(whole, document(LATER, 1.4))
    assert [(row["id"], "alone" in row) for row in merged["benchmarks"]] == [
        ("B2", False),
        ("B99", True),
    ]
    assert results.alone(merged["benchmarks"][0]) == ""


def test_a_row_that_was_not_measured_takes_no_place() -> None:
    later = document(LATER, 1.4)
    later["benchmarks"][0]["status"] = "failed"
    assert results.merged(document(MACHINE, 1.9), later) == document(MACHINE, 1.9)


@pytest.mark.parametrize("name", ["processor", "polars"])
def test_a_row_of_another_machine_is_not_put_in(name: str, tmp_path: Path) -> None:
    other = LATER | {name: "another"}
    with pytest.raises(AssertionError, match=f"another {name}"):
        results.merged(document(MACHINE, 1.9), document(other, 1.4))
    results.write(tmp_path, document(MACHINE, 1.9))
    with pytest.raises(click.BadParameter, match=f"has another {name}"):
        command.held_in(tmp_path, other, Settings(), None)


def test_a_row_measured_otherwise_is_not_put_in(tmp_path: Path) -> None:
    results.write(tmp_path, document(MACHINE, 1.9))
    for other, name in ((Settings(scale=0.5), "scale"), (Settings(repetitions=1), "repetitions")):
        with pytest.raises(click.BadParameter, match=f"has another {name}"):
            command.held_in(tmp_path, LATER, other, None)
    assert command.held_in(tmp_path, LATER, Settings(), None) == document(MACHINE, 1.9)


def test_a_row_is_put_into_nothing_but_a_whole_run(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="holds no results"):
        command.held_in(tmp_path, LATER, Settings(), None)


def test_a_whole_run_is_not_written_over_by_a_part(tmp_path: Path) -> None:
    results.write(tmp_path, document(MACHINE, 1.9))
    with pytest.raises(click.BadParameter, match="name benchmarks"):
        command.held_in(tmp_path, LATER, Settings(), None, laws=scaling.LAWS)
    with pytest.raises(click.BadParameter, match="another folder than that of -o"):
        command.held_in(tmp_path, LATER, Settings(), tmp_path)


def drawn(machine: dict[str, str], law: scaling.Law, *seconds: float) -> dict[str, Any]:
    points = [scaling.Point(10**n, taken, 200, None) for n, taken in enumerate(seconds, 4)]
    curve = scaling.Curve(law, tuple(points))
    return results.document(machine, Settings(), [], [curve])


def test_a_law_measured_by_itself_takes_its_place_and_says_so() -> None:
    first, second, *_ = scaling.LAWS
    whole = drawn(MACHINE, first, 1, 10, 100)
    whole["scaling"] += drawn(MACHINE, second, 1, 10, 100)["scaling"]
    merged = results.merged(whole, drawn(LATER, first, 2, 20, 200))
    assert [(c["name"], c["points"][0]["seconds"], "alone" in c) for c in merged["scaling"]] == [
        (first.name, 2, True),
        (second.name, 1, False),
    ]
    told = f"- **{first.name}**: Measured by itself on 2026-11-27 11:00 UTC at commit bbbbbbbbbbbb"
    assert told in results.page(merged)
    assert f"“{first.name}”." in summary.summary(merged)
    failed = results.document(LATER, Settings(), [], [scaling.Curve(first, (), "no disk")])
    assert results.merged(whole, failed) == whole


def test_a_law_over_other_sizes_is_not_put_in(tmp_path: Path) -> None:
    law, other = scaling.LAWS[:2]
    results.write(tmp_path, drawn(MACHINE, law, 1, 10))
    for laws, sizes in (([law], [10_000]), ([law], [10_000, 10**6]), ([other], [10_000, 100_000])):
        with pytest.raises(click.BadParameter, match="has other sizes"):
            command.held_in(tmp_path, LATER, Settings(), None, laws=laws, sizes=sizes)
    assert command.held_in(
        tmp_path, LATER, Settings(), None, laws=[law], sizes=[10_000, 100_000]
    ) == drawn(MACHINE, law, 1, 10)


def test_laws_are_chosen_by_name() -> None:
    law = scaling.LAWS[1]
    assert command.chosen([], [law.name]) == ([], (law,))
    assert [one.id for one in command.chosen(["B2"], [])[0]] == ["B2"]
    assert command.chosen(["B2"], [])[1] == ()
    assert command.chosen(["scaling"], []) == ([], scaling.LAWS)
    assert len(command.chosen([], [])[0]) > 20
    repeated = command.repeated([], 1.0, 3, command.SIZES, [law.name])
    assert repeated == f'{command.COMMAND} --law "{law.name}"'


def test_a_law_is_missed_in_memory_too() -> None:
    def verdict(*peaks: float) -> str:
        sizes = (10_000, 100_000, 1_000_000)
        points = [scaling.Point(n, n / 1e5, mb, None) for n, mb in zip(sizes, peaks, strict=True)]
        return scaling.Curve(scaling.LAWS[0], tuple(points)).verdict

    assert verdict(200, 220, 240) == "holds"
    assert verdict(200, 300, 450) == "MISSED in memory"


def test_the_page_and_the_readme_tell_how_memory_grows(tmp_path: Path) -> None:
    points = tuple(scaling.Point(n, n / 1e5, n / 1e3, None) for n in (10_000, 100_000, 1_000_000))
    curve = scaling.Curve(scaling.LAWS[0], points)
    found = results.document(MACHINE, Settings(), [], [curve])
    for path in results.write(tmp_path, found):
        assert path.exists()
    assert "| **1.00** | 1.05 | **1.00** | 0.10 | **MISSED in memory** |" in results.page(found)
    assert ", MISSED in memory |" in summary.summary(found)
    assert "Bounds missed: import." in results.page(found)


def test_a_law_says_how_its_limit_grows_and_whether_it_falls_behind() -> None:
    def curve(*shares: float | None) -> scaling.Curve:
        points = [scaling.Point(10**n, 10.0**n, 1, share) for n, share in enumerate(shares)]
        return scaling.Curve(scaling.LAWS[0], tuple(points))

    assert (curve(None, None, None).of_limit, curve(None, None).verdict) == (None, "holds")
    assert curve(0.5, 0.5, 0.46).verdict == "holds"
    assert curve(0.5, 0.9, 0.44).verdict == "MISSED in its share"
    found = curve(0.9, 0.4, 0.4, 4.0)
    assert found.of_limit == pytest.approx(1.5)
    text = results.page(results.document({}, Settings(), [], [found]))
    assert "- **import**: Its limit grows with an exponent of 1.50." in text
    told = "is had: “import” 1.50, and 0.90 at 1, 0.40 at 10, 0.40 at 100, 4.00 at 1,000."
    assert told in summary.summary(
        document({**MACHINE}, 1.0) | {"scaling": [results._curve(found)]}
    )
