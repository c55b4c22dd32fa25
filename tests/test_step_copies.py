"""Logs of ranks that grow from import to import: one of them adds, and it stays the same one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lawbooks import Run
from megatronlogs import bodies, codes, read, step, written
from retelling import Imports, standing
from sealed import entries, leg, reversal

from ledger.cli.context import Context
from ledger.journeys.copies import settle
from ledger.log import Appended, Conflict
from ledger.log.wholes import judge
from ledger.record import Draft

ASKED = ("--set", "zone=UTC", "--set", "activity=pretrain")


def grown(folder: Path, **lasts: int) -> Path:
    """Logs of ranks up to these steps, a line every ten and a second a step."""
    folder.mkdir(exist_ok=True)
    for name, last in lasts.items():
        lines = (step(n, n) for n in range(10, last + 1, 10))
        written(folder, *lines, name=f"{name}.log")
    return folder


def test_which_of_two_logs_adds_stays_the_same_while_both_grow(
    imports: Imports, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    for rank0, rank7 in ((100, 90), (190, 200), (990, 1000)):
        ran = imports(grown(logs, rank0=rank0, rank7=rank7), *ASKED)
        assert ran["device_us"] == 8 * rank0 * 10**6
        assert ran["changed"] == 0
    context = Context(tmp_path / "ledger.db", None, quiet=True, no_input=True, debug=False)
    roles = {entry.body["run"]: entry.body["role"] for entry in standing(context)}
    assert roles == {"rank0": "primary", "rank7": "corroborating"}


THREE = RANK0, RANK3, RANK7 = "rank0", "rank3", "rank7"


def days(*told: dict[str, int]) -> tuple[dict[str, int], ...]:
    return told


@pytest.mark.parametrize(
    ("told", "speaks"),
    [
        (days({RANK7: 100}, {RANK0: 200, RANK7: 200}), RANK7),
        (days({RANK7: 100}, {RANK0: 190, RANK7: 200}), RANK7),
        (days({RANK0: 100}, {RANK0: 200, RANK7: 200}), RANK0),
        (days({RANK0: 100, RANK7: 100}, {RANK0: 200, RANK7: 200}), RANK0),
        (days({RANK7: 1000}, {RANK0: 1000, RANK7: 1000}), RANK7),
        (days({RANK7: 500}, {RANK0: 1000, RANK7: 1000}), RANK7),
        (days({RANK7: 500}, {RANK0: 600, RANK7: 510}, {RANK0: 1000, RANK7: 1000}), RANK7),
        (days({RANK7: 90}, dict.fromkeys(THREE, 90), dict.fromkeys(THREE, 200)), RANK7),
        # Too few lines at first to be told for a copy: both add, until they are known.
        (days({RANK0: 30, RANK7: 100}, {RANK0: 200, RANK7: 200}), RANK0),
        (days({RANK0: 100, RANK7: 30}, {RANK0: 200, RANK7: 200}), RANK0),
    ],
)
def test_a_log_that_adds_already_goes_on_to_add_whichever_came_first(
    imports: Imports, tmp_path: Path, told: tuple[dict[str, int], ...], speaks: str
) -> None:
    for lasts in told:
        grown(tmp_path / "logs", **lasts)
        dry = imports(tmp_path / "logs", *ASKED, "--dry-run")
        ran = imports(tmp_path / "logs", *ASKED)
        assert (dry["new"], dry["held_device_us"]) == (ran["new"], ran["held_device_us"])
        assert ran["changed"] == 0
    assert ran["device_us"] == 8 * told[-1][speaks] * 10**6
    assert ran["held_device_us"] == {"pretrain": str(ran["device_us"])}
    assert holders(tmp_path) == {speaks}
    # Read again, it says the same, and adds nothing.
    again = imports(tmp_path / "logs", *ASKED)
    assert (again["new"], again["changed"], again["device_us"]) == (0, 0, ran["device_us"])


def holders(folder: Path) -> set[str]:
    """Runs of which records hold something that adds."""
    context = Context(folder / "ledger.db", None, quiet=True, no_input=True, debug=False)
    bodies = [entry.body for entry in standing(context) if entry.body["role"] == "primary"]
    return {str(body["run"]) for body in bodies if body["device_us"] != "0"}


def repeats(ran: dict[str, Any]) -> list[str]:
    return [p["message"] for p in ran["problems"] if p["code"] == "ranks-repeat"]


def test_what_each_log_is_beside_the_ledger_is_told(imports: Imports, tmp_path: Path) -> None:
    logs = grown(tmp_path / "logs", rank7=100)
    imports(logs, *ASKED)
    (told,) = repeats(imports(grown(logs, rank0=200, rank7=200), *ASKED))
    assert "rank7.log, which adds already as entry 0: recorded as corroborating" in told


@pytest.mark.parametrize("order", [("rank0", "rank7"), ("rank7", "rank0")])
@pytest.mark.parametrize(("last", "final"), [(100, False), (1000, True)])
def test_ranks_that_came_one_by_one_add_once_or_are_named(
    imports: Imports, tmp_path: Path, order: tuple[str, str], last: int, *, final: bool
) -> None:
    logs = grown(tmp_path / "logs", rank0=last, rank7=last)
    for name in order:
        imports(logs / f"{name}.log", *ASKED)
    ran = imports(logs, *ASKED)
    (told,) = repeats(ran)
    both = 8 * last * 10**6 * 2
    if final:
        assert (ran["new"], ran["changed"], ran["device_us"]) == (0, 0, both)
        assert "both are final: the time counts twice" in told
        entry = order.index("rank7")
        assert f"this adds as well, as entry {entry}, and" in told
    else:
        assert ran["device_us"] == both // 2
        assert "replaced by records that hold nothing" in told
        (again,) = repeats(imports(logs, *ASKED))
        assert again.endswith("its records hold nothing, and stay so")


def test_a_log_that_stopped_and_adds_is_told_and_can_be_taken_back(
    imports: Imports, flopledger: Run, tmp_path: Path
) -> None:
    logs = grown(tmp_path / "logs", rank0=100, rank7=110)
    imports(logs, *ASKED)
    ran = imports(grown(logs, rank0=100, rank7=200), *ASKED)
    assert (ran["changed"], ran["device_us"]) == (0, 8 * 100 * 10**6)
    (short,) = (p for p in ran["problems"] if p["code"] == "ranks-short")
    assert short["file"].endswith("rank0.log")
    assert "`flopledger show run:rank0` and `flopledger show run:rank7`" in short["remedy"]
    shown = [json.loads(flopledger("show", f"run:{r}", "-f", "json").out) for r in (RANK0, RANK7)]
    seqs = [seq for run in shown for figure in run["figures"] for seq in figure["entries"]]
    assert len(seqs) == 2
    context = Context(tmp_path / "ledger.db", None, quiet=True, no_input=True, debug=False)
    for seq in seqs:
        told = reversal(entries(context)[seq])
        path = tmp_path / "reversal.jsonl"
        path.write_text(json.dumps({"type": "reversal", **told.body}) + "\n", "utf-8")
        assert flopledger("record", str(path)).code == 0
    assert imports(logs, *ASKED)["device_us"] == 8 * 200 * 10**6
    assert holders(tmp_path) == {"rank7"}


@pytest.mark.parametrize(("longer", "short"), [(200, True), (190, False)])
def test_how_short_a_log_is_follows_from_its_steps_where_its_time_is_unknown(
    flopledger: Run, tmp_path: Path, longer: int, *, short: bool
) -> None:
    def written_to(rank0: int, rank7: int) -> Path:
        for name, last in (("rank0", rank0), ("rank7", rank7)):
            lines = (step(n, n) for n in range(10, last + 1, 10))
            written(tmp_path / "logs", *lines, head="  log_interval .... 10\n", name=f"{name}.log")
        return tmp_path / "logs"

    (tmp_path / "logs").mkdir()
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    for last in (110, longer):
        ran = flopledger("import", str(written_to(100, last)), *ASKED, "-f", "json")
    told = [problem["code"] for problem in json.loads(ran.out)["problems"]]
    assert ("ranks-short" in told) is short


def test_without_a_store_to_ask_what_stands_is_taken_to_add(tmp_path: Path) -> None:
    """Nothing is emptied then, and no log adds beside one that may."""
    reading = read(grown(tmp_path, rank0=200, rank7=200))
    rank0, rank7 = reading.drafts

    def settled(*against: int) -> list[tuple[Any, Any]]:
        conflicts = tuple(Conflict(each, 10 + each, ()) for each in against)
        told = settle(reading.copies, (rank0, rank7), lambda _: Appended(conflicts=conflicts), None)
        drafts = [draft for draft in told.told if isinstance(draft, Draft)]
        assert len(drafts) == len(told.told)
        return [(draft.body["run"], draft.body["role"]) for draft in drafts]

    assert settled() == [("rank0", "primary"), ("rank7", "corroborating")]
    assert settled(0) == [("rank0", "primary"), ("rank7", "corroborating")]
    assert settled(1) == [("rank0", "corroborating"), ("rank7", "primary")]
    assert settled(0, 1) == []


def test_a_final_record_of_another_role_takes_nothings_place() -> None:
    primary = dict(leg(0, status="provisional").body)
    final = {**primary, "status": "final"}
    assert judge(primary, final) == "replaces"
    assert judge(primary, {**final, "role": "corroborating"}) == "differs"
    assert judge({**final, "role": "corroborating"}, primary) == "differs"


@pytest.mark.parametrize(("last", "speaks"), [(500, "rank7"), (510, "rank0")])
def test_a_log_that_lost_half_of_its_lines_does_not_speak_for_the_run(
    tmp_path: Path, last: int, speaks: str
) -> None:
    reading = read(grown(tmp_path, rank0=last, rank7=1000))
    assert codes(reading) == ["ranks-repeat"]
    assert [b["run"] for b in bodies(reading) if b["role"] == "primary"] == [speaks]
