"""Ledgers for tests of reports: one that has everything, one empty, one hostile."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from contracted import contract_text
from tables import ROW

from ledger.cli.app import run

NOW = "1795428000"  # 2026-11-23T10:00:00Z
UNDATED = {"start": "", "end": "", "devices": "", "device": ""}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(1)",
    "+1+1",
    "-2-2",
    "@SUM(1)",
    "$x^{2}$ & \\frac{",
    "]]><!-- -->",
    "https://evil.example/?a=1&b=2",
    "javascript:alert(1)",
    ">1",
    "*",
    "模型",
    "a" * 200,
)
"""Names of models that markup, formulas, links and conditions could be made of."""


@contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """Run in a folder, at one time, with the rules that ship."""
    before, kept = Path.cwd(), dict(os.environ)
    os.environ["SOURCE_DATE_EPOCH"] = NOW
    for name in ("FLOPLEDGER_LEDGER", "FLOPLEDGER_FILES", "FLOPLEDGER_RULES"):
        os.environ.pop(name, None)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(kept)


def flop(*words: str, code: int = 0) -> None:
    """Run the program, which must end with this status."""
    found = run(["--quiet", *words])
    assert found == code, (words, found)


def bring(name: str, *changes: Mapping[str, str]) -> None:
    """Import runs."""
    rows = [{**ROW, **change} for change in changes]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    Path(name).write_text(text.getvalue())
    flop("import", name, "--source", "csv")


@dataclass(frozen=True, slots=True)
class Lab:
    """A ledger with everything, and what was reported of it."""

    folder: Path

    def text(self, name: str) -> str:
        """A page."""
        return (self.folder / name).read_text("utf-8")


def lab(folder: Path) -> Lab:
    """A model below the European line with a forward that carries it over, one above, one open."""
    with at_work(folder):
        flop("init", "--origin", "ledger.example/lab-a")
        day = date(2026, 1, 5)
        runs = []
        for place in range(20):
            begin = day + timedelta(days=12 * place)
            times = {"start": f"{begin}T00:00:00Z", "end": f"{begin + timedelta(days=1)}T00:00:00Z"}
            figures = {"operations": "3*10^23", "operations_low": "21*10^22"}
            more = {"devices": "4096", "developer": "lab-a", "operations_high": "39*10^22"}
            runs.append({"run": f"a{place}", **times, **figures, **more})
        bring("runs.csv", *runs)
        flop("fact", "set", "model:falcon-2", "model.placed_on_market_on", "2027-06-01")
        flop("check", "-f", "json", "-o", "early.json", code=3)
        owl = {**UNDATED, "run": "b", "model": "owl-1", "not_after": "2026-11-20"}
        wren = {**UNDATED, "run": "c", "model": "wren", "not_after": "2026-11-20"}
        digits = "123456789012345678901234567"
        bring("more.csv", {**owl, "operations": digits}, {**wren, "operations": ""})
        Path("c.yaml").write_text(contract_text())
        flop("contract", "add", "c.yaml")
        flop("report", "-o", "first.html", code=1)
        flop("report", "-o", "r.html", "--since", "early.json", code=1)
        flop("report", "-o", "r.xlsx", "--since", "early.json", code=1)
        flop("report", "-o", "again.html", "--since", "early.json", code=1)
        flop("report", "-o", "again.xlsx", "--since", "early.json", code=1)
    return Lab(folder)


def hostile(folder: Path) -> Lab:
    """A ledger whose names try to be something else."""
    with at_work(folder):
        flop("init", "--origin", "ledger.example/hostile")
        runs = [
            {**UNDATED, "run": f"r{i}", "model": name, "not_after": "2026-11-20"}
            for i, name in enumerate(HOSTILE)
        ]
        bring("runs.csv", *({**each, "operations": "2*10^26"} for each in runs))
        flop("report", "-o", "r.html", code=1)
        flop("report", "-o", "r.xlsx", code=1)
    return Lab(folder)


def empty(folder: Path) -> Lab:
    """A ledger without an entry."""
    with at_work(folder):
        flop("init", "--origin", "ledger.example/empty")
        flop("report", "-o", "r.html", code=3)
        flop("report", "-o", "r.xlsx", code=3)
    return Lab(folder)


def shared(factory: pytest.TempPathFactory, make: Callable[[Path], Lab]) -> Lab:
    """Make a ledger once for all workers of a run; the others wait for the first."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = root / f"reported-{make.__name__}", root / f"reported-{make.__name__}.done"
    try:
        folder.mkdir()
    except FileExistsError:
        until = time.monotonic() + 600
        while not done.exists():
            assert time.monotonic() < until, f"{folder} was never finished"
            time.sleep(0.2)
        assert done.read_text() == "made", "it failed in another worker"
        return Lab(folder)
    said = "failed"
    try:
        make(folder)
        said = "made"
    finally:
        done.write_text(said)
    return Lab(folder)
