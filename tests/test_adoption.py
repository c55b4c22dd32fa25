"""Adoptions: which rule pack a ledger put in force, and a word when others are in use."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from regimes import ROOT, SMALL, changed

from ledger.pack import packed_bytes

Run = Callable[..., Any]
CLOCK = datetime(2026, 11, 23, 12, tzinfo=UTC)
WARNING = "warning[pack-not-adopted]"


@pytest.fixture
def packs(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Found a ledger; write the packs ``old.json`` and ``new.json``, and return their digests."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(CLOCK.timestamp())))
    monkeypatch.setenv("FLOPLEDGER_RULES", "old.json")
    (tmp_path / "rules" / "regimes" / "xx").mkdir(parents=True)
    for name in ("vocabulary", "hardware"):
        (tmp_path / "rules" / name).mkdir()
        for path in (ROOT / "rules" / name).glob("*.yaml"):
            (tmp_path / "rules" / name / path.name).write_bytes(path.read_bytes())
    texts = {
        "old": SMALL,
        "new": changed("10^25 FLOP\n        cite", "10^24 FLOP\n        cite"),
    }
    digests = {}
    for name, text in texts.items():
        (tmp_path / "rules" / "regimes" / "xx" / "xx.small.yaml").write_text(text)
        (tmp_path / f"{name}.json").write_bytes(packed_bytes(tmp_path / "rules"))
        listed = flopledger("--rules", f"{name}.json", "rules", "list", "-f", "json")
        digests[name] = json.loads(listed.out)["pack"]
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    return digests


def adopted(flopledger: Run, pack: str, *arguments: str) -> Any:
    """Adopt a pack and return what was recorded."""
    ran = flopledger("--rules", pack, "rules", "adopt", "--by", "officer", "-f", "json", *arguments)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_adoption_is_an_entry_and_the_same_again_adds_nothing(
    flopledger: Run, packs: dict[str, str]
) -> None:
    assert adopted(flopledger, "old.json")["new"] == 1
    again = adopted(flopledger, "old.json")
    assert (again["new"], again["same"]) == (0, 1)
    shown = json.loads(flopledger("show", "0", "-f", "json").out)
    assert shown["type"] == "adoption"
    stated = {"by": "officer", "on": "2026-11-23", "pack_digest": packs["old"]}
    assert {name: shown["body"][name] for name in stated} == stated
    assert flopledger("verify").code == 0


def test_check_says_when_other_rules_than_the_adopted_ones_are_in_use(
    flopledger: Run, packs: dict[str, str]
) -> None:
    assert WARNING not in flopledger("check").err, "nothing was ever adopted"
    adopted(flopledger, "old.json")
    assert WARNING not in flopledger("check").err
    told = flopledger("--rules", "new.json", "check").err
    assert WARNING in told
    assert packs["old"] in told
    assert packs["new"] in told
    adopted(flopledger, "new.json", "--on", "2026-11-24")
    assert WARNING not in flopledger("check").err, "it serves from tomorrow only"
    tomorrow = ("check", "--as-of", "2026-11-24")
    assert WARNING in flopledger(*tomorrow).err
    assert WARNING not in flopledger("--rules", "new.json", *tomorrow).err
    # What was reversed was never put in force.
    entry = json.loads(flopledger("show", "1", "-f", "json").out)
    reversal = {
        "type": "reversal",
        "reverses": 1,
        "hash": entry["hash"],
        "reversed_type": "adoption",
        "reversed": entry["body"],
        "reason": "withdrawn",
        "root_cause": None,
        "discovered_on": None,
    }
    Path("r.jsonl").write_text(json.dumps(reversal))
    assert flopledger("record", "r.jsonl").code == 0
    assert WARNING not in flopledger(*tomorrow).err


def test_adoption_of_one_day_counts_in_the_order_of_entries(
    flopledger: Run, packs: dict[str, str]
) -> None:
    del packs
    adopted(flopledger, "new.json")
    adopted(flopledger, "old.json")
    adopted(flopledger, "new.json", "--on", "2026-01-01")
    assert WARNING not in flopledger("check").err
    assert WARNING in flopledger("--rules", "new.json", "check").err


def test_adoption_needs_a_name_and_rules_that_load(flopledger: Run, packs: dict[str, str]) -> None:
    del packs
    assert flopledger("rules", "adopt").code == 2
    assert flopledger("rules", "adopt", "--by", "").code == 2
    assert flopledger("rules", "adopt", "--by", "officer", "--on", "soon").code == 2
    held = json.loads(Path("old.json").read_bytes())
    del held["files"]["vocabulary/facts.yaml"], held["sources"]["vocabulary/facts.yaml"]
    text = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    Path("less.json").write_text(text)
    assert flopledger("--rules", "less.json", "rules", "adopt", "--by", "officer").code == 2
    assert json.loads(flopledger("status", "-f", "json").out)["size"] == 0
