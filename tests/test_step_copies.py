"""Logs of ranks that grow from import to import: one of them adds, and it stays the same one."""

from __future__ import annotations

from pathlib import Path

import pytest
from megatronlogs import bodies, codes, read, step, written
from retelling import Imports, standing
from sealed import leg

from ledger.cli.context import Context
from ledger.log.wholes import judge

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
