"""How long a check may take: 100,000 models under all rules on training, 200 under all rules.

What is measured is the processor time and the memory of the command in a process of its own, so
that a busy machine does not fail a test.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from ledgers import fact, lineage

from ledger.pack import read_pack
from ledger.regime.cased import load_cased
from ledger.resources import rules_root

Run = Callable[..., Any]

PROMISED_S: Final = 60
PROMISED_KIB: Final = 4_000_000
FEW_PROMISED_S: Final = 2
DAY: Final = "2026-11-26"
TRAINED: Final = frozenset({"model", "run", "system", "developer", "group"})
ASKED: Final = ("--as-of", DAY, "--in-force-on", DAY, "--law-known-on", DAY)
ACTIVITIES: Final = ("pretrain", "continued_pretrain", "sft", "rl_update", "rl_rollout", "eval")
CHILD: Final = """
import gc, json, resource, sys
from ledger.cli.app import run
gc.set_threshold(200_000, 50, 50)  # as ``main`` does
def seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
codes, took = [], []
for _ in range(int(sys.argv[1])):
    began = seconds()
    codes.append(run(sys.argv[2:]))
    took.append(seconds() - began)
# Not ru_maxrss: that begins with what the process that started this one held.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([codes, took, int(peak)]))
"""


def rows(chance: Random, models: int) -> Iterator[dict[str, str]]:
    """Yield the runs of models, of which two in a hundred are far above every line or near it."""
    for model in range(models):
        large = chance.randrange(50) == 0
        exponent = chance.uniform(25.5, 27) if large else chance.uniform(19, 22.9)
        legs = chance.choice((1, 2, 3, 5))
        begun = date(2024, 1, 1) + timedelta(days=chance.randrange(700))
        for leg in range(legs):
            operations = int(10 ** (exponent - 18)) * 10**18 // legs + leg
            day = begun + timedelta(days=chance.randrange(60))
            undated, ranged = chance.randrange(100) < 3, chance.randrange(10) == 0
            yield {
                "run": f"model-{model}-r{leg // 2}",
                "model": f"model-{model}",
                "developer": f"dev-{chance.randrange(max(1, models // 40))}",
                "activity": ACTIVITIES[0] if leg == 0 else chance.choice(ACTIVITIES),
                "start": "" if undated else f"{day}T00:00:00Z",
                "end": "" if undated else f"{day + timedelta(days=1)}T00:00:00Z",
                "not_after": str(day) if undated else "",
                "device": "nvidia-h100-sxm5",
                "precision": "bf16",
                "sparsity": "dense",
                "operations": str(operations),
                "operations_low": str(operations * 9 // 10) if ranged else "",
                "operations_high": str(operations * 11 // 10) if ranged else "",
            }


def records(chance: Random, models: int) -> Iterator[dict[str, Any]]:
    """Yield steps between models, and facts of some."""
    for model in range(models):
        name = f"model-{model}"
        if model and chance.randrange(8) == 0:
            parent = f"model-{chance.randrange(model)}"
            provider = chance.choice(("yes", "yes", "no", "unknown"))
            relation = chance.choice(("derived", "derived", "initialised", "distilled"))
            yield {"type": "lineage", **lineage(name, parent, provider, relation)}
        if chance.randrange(7) == 0:
            general = chance.randrange(5) > 0
            for word, kind, value in (
                ("output_modalities", "set", ["text"]),
                ("significant_generality", "boolean", general),
                ("placed_on_market_on", "date", "2025-09-01"),
            ):
                yield {"type": "fact", **fact(f"model:{name}", f"model.{word}", kind, value)}


def ledger_of(flopledger: Run, models: int) -> None:
    """Make a ledger of so many models in the current folder."""
    chance = Random(models)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    made = list(rows(chance, models))
    with Path("runs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]))
        writer.writeheader()
        writer.writerows(made)
    lines = (json.dumps(record) + "\n" for record in records(chance, models))
    Path("records.jsonl").write_text("".join(lines))
    for command, file_name in (("import", "runs.csv"), ("record", "records.jsonl")):
        done = flopledger(command, file_name)
        assert done.code == 0, done.err


def checked(times: int, *arguments: str) -> tuple[list[float], int]:
    """Check in a process of its own; return the seconds of each time, and the peak in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(times), "check", *ASKED, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    codes, seconds, peak = json.loads(done.stdout)
    assert set(codes) == {1}, done.stderr
    return seconds, peak


def training_regimes() -> list[str]:
    """Return the regimes asked by default that have a rule about who trains, or what is trained."""
    regimes = load_cased(read_pack(rules_root())).values()
    return [
        regime.id
        for regime in regimes
        if not regime.optional and any(rule.subject in TRAINED for rule in regime.rules)
    ]


@pytest.mark.slow
def test_hundred_thousand_models_are_checked_in_time(flopledger: Run) -> None:
    ledger_of(flopledger, 100_000)
    named = training_regimes()
    assert len(named) >= 22
    arguments = [word for regime in named for word in ("--regime", regime)]
    (seconds,), peak = checked(1, *arguments, "-o", "check.txt")
    assert seconds < PROMISED_S, (seconds, peak)
    assert peak < PROMISED_KIB, (seconds, peak)


@pytest.mark.slow
def test_two_hundred_models_are_checked_at_once(flopledger: Run) -> None:
    ledger_of(flopledger, 200)
    # The first time reads the program and the law.
    (_, *seconds), _ = checked(3, "--optional", "-o", "check.json")
    assert min(seconds) < FEW_PROMISED_S, seconds
    whole = json.loads(Path("check.json").read_text())
    assert whole["counts"]["determinations"] == len(whole["determinations"]) > 200 * 20
