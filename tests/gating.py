"""A gating is the record that every mutant of a rule file was tried, and none lived.

``python tests/gating.py`` tries the files that changed since, or those named, and writes the record
of each whose mutants are all told apart, follow from the language, or are listed with a reason::

    python tests/gating.py us.ca.sb53 kr.aiba

A record holds for the meaning of one file: its law and its cases, without titles and other prose.
It says nothing of a change to the evaluator, the vocabulary or the catalogue of devices; samples
on every run, and all of them under ``pytest -m slow``, look at those.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from regimes import shipped_pack, shipped_words

from ledger.canonical import encode
from ledger.determination import PlainEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.journeys.checking import devices_of
from ledger.journeys.gate import Gate, Verdict
from ledger.regime.cased import CasedRegime, load_cased
from ledger.yamltree import Tree

FOLDER = Path(__file__).resolve().parent / "mutants"
RECORD = FOLDER / "gated.yaml"
HEAD = """\
# Rule files of which every mutant was tried, at the meaning that `file` is the digest of, with how
# many were told by a written case, a check or a probe, follow from the language, or are listed as
# equivalent. Written by `python tests/gating.py`. Under not_gated stands, by hand, which files
# were not tried to the end, and why.
"""
# Texts for people, which no finding and no check rests on; whether they are there may matter.
PROSE = frozenset(
    {"title", "question", "interpretation", "why", "note", "text", "action", "content", "name"}
)


@dataclass(frozen=True)
class Gated:
    """What became of the mutants of one file.

    Attributes:
        file: Digest of the meaning of the file.
        mutants: All of them.
        case: Told by a written case.
        check: Told by a check of the file.
        probe: Told by a probe.
        same: Say the same, as follows from the language.
        listed: Listed as equivalent, with the reason.
    """

    file: str
    mutants: int
    case: int
    check: int
    probe: int
    same: int
    listed: int

    @property
    def adds_up(self) -> bool:
        """Whether each mutant has one fate."""
        return self.mutants == self.case + self.check + self.probe + self.same + self.listed


def meaning(tree: Tree) -> Tree:
    """Return a rule file without its prose and without who reviewed it."""
    if isinstance(tree, list):
        return [meaning(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        key: _blank(value) if key in PROSE else meaning(value)
        for key, value in tree.items()
        if key != "review"
    }


def _blank(value: Tree) -> Tree:
    """Return a text without its words; what is no text stays, and an empty one stays empty."""
    if isinstance(value, str):
        return "text" if value else ""
    if isinstance(value, dict) and all(len(language) == 2 for language in value):
        return {language: _blank(text) for language, text in value.items()}
    return meaning(value)


def digest(tree: Tree) -> str:
    """Return the digest of what a rule file means, 64 hex digits."""
    return hashlib.sha256(encode(meaning(tree))).hexdigest()


@cache
def digests() -> Mapping[str, str]:
    """Return the digest of every shipped rule file by regime."""
    files = shipped_pack().under("regimes").values()
    return {str(tree["id"]): digest(tree) for tree in files if isinstance(tree, dict)}


@cache
def equivalents() -> Mapping[str, Mapping[str, str]]:
    """Return the mutants that no case can tell, with the reason, by regime and id."""
    found = yaml.safe_load((FOLDER / "equivalent.yaml").read_text("utf-8")) or {}
    return {regime: dict(listed) for regime, listed in found.items()}


def recorded() -> tuple[dict[str, Gated], dict[str, str]]:
    """Return the records by regime, and why other regimes have none."""
    if not RECORD.exists():
        return {}, {}
    found = yaml.safe_load(RECORD.read_text("utf-8"))
    gated = {regime: Gated(**fields) for regime, fields in (found["gated"] or {}).items()}
    return gated, dict(found["not_gated"] or {})


def written(gated: Mapping[str, Gated], not_gated: Mapping[str, str]) -> str:
    """Return the text of the record."""
    document = {
        "gated": {name: asdict(gated[name]) for name in sorted(gated)},
        "not_gated": dict(sorted(not_gated.items())),
    }
    return HEAD + yaml.safe_dump(document, sort_keys=False, width=100)


def bench() -> Bench:
    """Return where cases of the shipped rules are run."""
    devices = devices_of(shipped_pack())
    return Bench(shipped_words(), PlainEngine, PlainEvaluator(), devices)


def fate(regime: str, verdict: Verdict) -> str:
    """Return what became of a mutant, as a field of the record, or ``lives``.

    One that is listed and told apart after all lives, too: the list is wrong.
    """
    listed = verdict.mutant.id in equivalents().get(regime, {})
    if verdict.survives:
        return "listed" if listed else "lives"
    return "lives" if listed else verdict.by or "same"


def gate(place: Bench, regime: CasedRegime, file: str) -> tuple[Gated | None, list[str]]:
    """Try every mutant of a regime.

    Args:
        place: Where cases are run.
        regime: The regime.
        file: Digest of its meaning.

    Returns:
        The record, or None if one lives; and those that live.
    """
    fates, alive = Counter[str](), list[str]()
    started = time.process_time()
    _say(f"{regime.id}: begun")
    for verdict in Gate(place, regime).verdicts():
        became = fate(regime.id, verdict)
        fates[became] += 1
        if became == "lives":
            alive.append(verdict.mutant.id)
            _say(f"{regime.id}: LIVES {verdict.mutant.id} {verdict.told_by}")
    _say(f"{regime.id}: {dict(fates)}, {time.process_time() - started:.0f} s")
    fields: dict[str, Any] = {name: fates[name] for name in ("case", "check", "probe", "same")}
    made = Gated(file, sum(fates.values()), **fields, listed=fates["listed"])
    return (None if alive else made), alive


def stale(gated: Mapping[str, Gated]) -> list[str]:
    """Return the regimes without a record of what they mean now."""
    now = digests()
    return [name for name in now if name not in gated or gated[name].file != now[name]]


def main(named: Iterable[str]) -> int:
    """Try the regimes named, or else all that have no record; 1 if a mutant lives."""
    regimes, place, lives = load_cased(shipped_pack()), bench(), False
    wanted = list(named) or stale(recorded()[0])
    for name in sorted(wanted, key=lambda each: len(regimes[each].cases)):
        made, alive = gate(place, regimes[name], digests()[name])
        lives = lives or bool(alive)
        if made is not None:
            # Read anew: somebody may have gated another file meanwhile.
            gated, not_gated = recorded()
            not_gated.pop(name, None)
            RECORD.write_text(written(gated | {name: made}, not_gated), "utf-8")
    return int(lives)


def _say(text: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
