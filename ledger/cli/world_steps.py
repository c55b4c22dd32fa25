"""The steps of the world are the commands by which its parties made it, and the pages they print.

A command stands as somebody would type it in the folder of the world. ``"$(cat FILE)"`` is the
content of a file, and ``> FILE`` keeps what is printed. To add a page, add one line to ``PAGES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.cli.world_work import LABS, ORIGINS, quarters

__all__ = ["FOLDERS", "FORGED", "FORKED", "FORKING", "LEDGERS", "PAGES", "TODAY", "Step", "history"]

TODAY = "2026-11-23T10:00:00Z"
FORGED = Path("broken/forged/ledger.db")
FORKED = Path("broken/fork/ledger.db")

_FOUNDED = "2024-11-25T09:00:00Z"
_FINDINGS, _INTEGRITY = 1, 4
LEDGERS = tuple(f"--ledger labs/{lab}/ledger.db" for lab in LABS)
"""The option that names the ledger of each lab."""

_A, _B, _C = LEDGERS
_IMPORTED_ON = {"q1": "04-01", "q2": "07-01", "q3": "10-01", "q4": "01-01"}
_CONTRACTS = (
    ("2026-02-02", "cloud-2", "fwd-2026-q2-expired"),
    ("2026-06-01", "reseller", "opt-2027-q2-exercised"),
    ("2026-08-03", "cloud-1", "fwd-2027-q2-novated"),
    ("2026-09-14", "cloud-1", "res-2026-q4"),
    ("2026-10-05", "reseller", "opt-2027-q3"),
    ("2026-10-26", "cloud-2", "fwd-2027-q1-below-h"),
    ("2026-11-02", "lab-a", "plan-2027-h2"),
    ("2026-11-02", "cloud-1", "fwd-2027-inference"),
    ("2026-11-09", "cloud-2", "fwd-2027-q2-apart"),
    ("2026-11-12", "reseller", "res-2027-h1-inference"),
    ("2026-11-16", "cloud-1", "fwd-2027-q1"),
    ("2026-11-19", "reseller", "fwd-2027-q2-unallocated"),
)
FOLDERS = {
    "cloud-1": "clouds/cloud-1",
    "cloud-2": "clouds/cloud-2",
    "reseller": "reseller",
    "lab-a": "labs/lab-a",
}
_MONDAYS = ("01-05", "01-12", "01-19", "01-26", "02-02", "02-09")


@dataclass(frozen=True, slots=True)
class Step:
    """One command.

    Attributes:
        at: The time at which it runs.
        command: What stands after ``flopledger``.
        status: The exit status that belongs to it.
        needs: A package that may be missing; the step is left out then.
    """

    at: str
    command: str
    status: int = 0
    needs: str | None = None


def history(source: Path) -> list[Step]:
    """Return two years of commands, in order of time, up to where a ledger forks.

    Args:
        source: The folder of the shipped tables.
    """
    steps = [*_founding(), *_quarterly(source), *_clouds(), *_mistake(), *_forward_book()]
    return sorted(steps, key=lambda step: step.at)


def _founding() -> Iterator[Step]:
    """Yield how the ledgers and the key of a cloud came to be."""
    for lab in LABS:
        ledger, origin = f"--ledger labs/{lab}/ledger.db", f"{ORIGINS}/{lab}"
        yield Step(_FOUNDED, f"{ledger} init --origin {origin} > labs/{lab}/key.txt")
        work = f"labs/{lab}/work"
        yield Step(_FOUNDED, f"{ledger} import {work}/published-parents.csv --source csv")
        yield Step(_FOUNDED, f"{ledger} record {work}/models.jsonl")
    key = f"key new {ORIGINS}/cloud-1 -o clouds/cloud-1/cloud-1.pem > clouds/cloud-1/key.txt"
    yield Step(_FOUNDED, key)


def _quarterly(source: Path) -> Iterator[Step]:
    """Yield the imports at the end of each quarter; the last quarter is not over."""
    for quarter in quarters(source):
        year, _, name = quarter.partition("-")
        day = f"{int(year) + (name == 'q4')}-{_IMPORTED_ON[name]}"
        at = min(f"{day}T08:00:00Z", "2026-11-23T08:00:00Z")
        for lab in LABS:
            table = f"labs/{lab}/work/{quarter}.csv"
            yield Step(at, f"--ledger labs/{lab}/ledger.db import {table} --source csv")


def _clouds() -> Iterator[Step]:
    """Yield what the clouds say of early 2026, and who records it."""
    receipt, customer = "clouds/cloud-1/receipt-2026-02.json", f"{ORIGINS}/lab-a"
    lines = " ".join(
        f"--line 2026-{day}T00:00:00Z..2026-{day[:-2]}{int(day[-2:]) + 1:02}T00:00:00Z,"
        "nvidia-h100-sxm5,448000"
        for day in _MONDAYS
    )
    yield Step(
        "2026-02-16T09:00:00Z",
        f"receipt make --key clouds/cloud-1/cloud-1.pem --customer {customer} "
        f"--number 2026-02/1 {lines} -o {receipt}",
    )
    yield Step(
        "2026-02-17T09:00:00Z",
        f'{_A} receipt book {receipt} --vkey "$(cat clouds/cloud-1/key.txt)" '
        "--run a2-preference --model synth-a2 --developer lab-a",
    )
    bill = "clouds/cloud-2/bill-lab-b.csv --source focus --map clouds/cloud-2/bill.map.yaml"
    yield Step("2026-03-05T09:00:00Z", f"{_B} import {bill}")
    pods = "clouds/cloud-2/pods-lab-c.json --source kubernetes --map clouds/cloud-2/pods.map.yaml"
    at = "--set at=2026-02-10T00:00:00Z --set role=corroborating"
    yield Step("2026-02-11T09:00:00Z", f"{_C} import {pods} {at}")


def _mistake() -> Iterator[Step]:
    """Yield the run that held H200 and was booked as H20."""
    yield Step("2026-07-02T09:00:00Z", f"{_A} record labs/lab-a/work/h20.jsonl")


def _forward_book() -> Iterator[Step]:
    """Yield a dozen contracts, and what became of some of them."""
    for day, party, name in _CONTRACTS:
        path = f"{FOLDERS[party]}/contracts/{name}.yaml"
        yield Step(f"{day}T12:00:00Z", f"{_A} contract add {path}")
    yield Step("2026-07-06T12:00:00Z", f"{_A} contract expire fwd-2026-q2-expired --on 2026-07-01")
    yield Step(
        "2026-09-21T12:00:00Z",
        f"{_A} contract novate fwd-2027-q2-novated --seller Reseller --since 2027-04-01",
    )
    yield Step("2026-10-19T12:00:00Z", f"{_A} contract exercise opt-2027-q2-exercised")
    delivered = "clouds/cloud-1/delivered-res-2026-q4.jsonl"
    yield Step("2026-11-03T12:00:00Z", f"{_A} contract deliver res-2026-q4 {delivered}")


FORKING = (
    Step("2026-11-20T09:00:00Z", f"{_C} fact set model:synth-c2 model.is_modification yes"),
    Step(
        "2026-11-20T09:05:00Z",
        f"--ledger {FORKED} fact set model:synth-c2 model.is_modification no",
    ),
)
"""The same ledger continued twice: what one says at entry N, the other denies."""

_EACH = (
    ("check --all -o pages/{lab}-check.json", (_FINDINGS,) * 3),
    ("position --by-month -o pages/{lab}-position.json", (0,) * 3),
    ("deadlines --ics pages/{lab}-duties.ics -o pages/{lab}-deadlines.json", (_FINDINGS,) * 3),
    ("reconcile -o pages/{lab}-reconcile.json", (_FINDINGS, _FINDINGS, 0)),
    ("verify -o pages/{lab}-verify.json", (0,) * 3),
    ("bundle authority/{lab}.zip --for authority", (0,) * 3),
)
"""What every lab prints, with the exit status of each: a new page is one more line."""

_LATER = (
    *(
        f"verify authority/{lab}.zip --policy authority/policy.txt "
        f"--transcript pages/{lab}-verdict.html -o pages/{lab}-verdict.json"
        for lab in LABS
    ),
)

_OTHERS = (
    (f"{_A} forecast -o pages/lab-a-forecast.json", _FINDINGS),
    (f"{_A} contract list -o pages/lab-a-contracts.json", 0),
    (f"{_A} position --by-month -o pages/lab-a-position.csv", 0),
    (
        (
            f"{_A} impact {{h20}} --regime eu.aia --with labs/lab-a/work/h200.jsonl "
            "-o pages/lab-a-impact.json"
        ),
        _FINDINGS,
    ),
    (
        (
            f"{_A} restate {{h20}} --with labs/lab-a/work/h200.jsonl --reason wrong_device "
            "--root-cause sku-table --discovered-on 2026-11-20 "
            "--propose pages/lab-a-restatement.json"
        ),
        0,
    ),
    (
        (
            f"{_A} rules whatif --draft law/eu.aia.amended.yaml --in-force-on 2027-08-02 "
            "-o pages/lab-a-whatif.json"
        ),
        0,
    ),
    (f"--ledger {FORGED} verify -o pages/forged-verify.json", _INTEGRITY),
    (
        (
            "witness compare labs/lab-c/ledger.db.checkpoints broken/fork/ledger.db.checkpoints "
            '--vkey "$(cat labs/lab-c/key.txt)" -o pages/fork.txt'
        ),
        _INTEGRITY,
    ),
)

PAGES = (
    *(
        Step(TODAY, f"--ledger labs/{lab}/ledger.db {command.format(lab=lab)}", statuses[number])
        for number, lab in enumerate(LABS)
        for command, statuses in _EACH
    ),
    *(Step(TODAY, command) for command in _LATER),
    *(Step(TODAY, command, status) for command, status in _OTHERS),
    Step(TODAY, f"{_A} report -o pages/lab-a-report.html", _FINDINGS, "matplotlib"),
    Step(TODAY, f"{_A} report -o pages/lab-a-report.xlsx", _FINDINGS, "xlsxwriter"),
)
"""What can be opened in the end. A new page is one more line of ``_EACH`` or ``_OTHERS``."""
