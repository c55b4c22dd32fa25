"""What is lacking: the facts that would decide open determinations, as a form to fill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ledger.determination import Determination
from ledger.journeys.recording import FACT_EVIDENCE
from ledger.regime.answered import BASE_OBTAINABLE
from ledger.regime.vocabulary import Vocabulary

__all__ = ["Lacking", "lacking"]

_HOLDING = "holding:"
_KINDS = {"enum": "text"}
"""Types of the vocabulary that records hold under another kind."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """One thing that would help to decide.

    Attributes:
        name: a fact of the vocabulary, or what else is missing, such as `operations`.
        subject: of whom, with its prefix.
        rules: the rules that wait for it, `regime/rule` with the subject that they ask about.
        meaning: what the fact says, in English; empty for what is no fact.
        values: how a value is written; for a fact that entries state differently, which they are.
        record: the record to fill, its value null; None for what is no fact, for a fact that
            entries state differently, and for what an entry of devices leaves out.
    """

    name: str
    subject: str
    rules: tuple[str, ...]
    meaning: str
    values: str
    record: dict[str, Any] | None


def lacking(found: Iterable[Determination], vocabulary: Vocabulary) -> tuple[Lacking, ...]:
    """Collects what open determinations lack; facts first, each once.

    Args:
        found: determinations; those that lack nothing add nothing.
        vocabulary: the facts that may be stated.
    """
    waiting: dict[tuple[str, str], list[str]] = {}
    differing: dict[tuple[str, str], tuple[int, ...]] = {}
    for determination in found:
        for missing in determination.missing:
            name, _, subject = missing.partition("@")
            rule = f"{determination.regime}/{determination.rule} {determination.subject}"
            waiting.setdefault((subject or determination.subject, name), []).append(rule)
        for contradiction in determination.contradictions:
            name, _, subject = contradiction.name.partition("@")
            differing[subject or determination.subject, name] = contradiction.entries
    items = [
        _item(*key, tuple(rules), vocabulary, entries=differing.get(key, ()))
        for key, rules in sorted(waiting.items())
    ]
    return tuple(sorted(items, key=lambda item: item.record is None))


def _item(
    subject: str,
    name: str,
    rules: tuple[str, ...],
    vocabulary: Vocabulary,
    *,
    entries: tuple[int, ...],
) -> Lacking:
    """One thing that is lacking, with the record to fill if it is a fact."""
    fact = vocabulary.facts.get(name)
    if fact is None:
        return Lacking(name, subject, rules, "", "", None)
    if subject.startswith(_HOLDING):
        # What a record of devices leaves out is stated in that record, and nowhere else.
        seq = subject.removeprefix(_HOLDING)
        told = f"reverse entry {seq} and record it anew, complete"
        return Lacking(name, subject, rules, fact.description["en"], told, None)
    if entries:
        # One more statement would settle nothing: one that stands has to go.
        named = ", ".join(map(str, entries))
        told = f"contradictory: reverse one of entries {named}"
        if name == BASE_OBTAINABLE:
            told = f"contradictory: reverse what is wrong, {named} or the figure of the base"
        return Lacking(name, subject, rules, fact.description["en"], told, None)
    importer, version = FACT_EVIDENCE
    record = {
        "type": "fact",
        "subject": subject,
        "name": name,
        "value": {"kind": _KINDS.get(fact.type, fact.type), "value": None},
        "valid_from": None,
        "valid_until": None,
        "evidence": {
            "source_kind": "assertion",
            "file_sha256": None,
            "locator": "",
            "importer": importer,
            "importer_version": version,
        },
    }
    words = {"boolean": "true or false", "set": "words, sorted", "date": "YYYY-MM-DD"}
    values = ", ".join(fact.values or ()) or words.get(fact.type) or f"such as {fact.example}"
    return Lacking(name, subject, rules, fact.description["en"], values, record)
