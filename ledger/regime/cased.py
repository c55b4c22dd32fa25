"""A cased regime is a whole rule file: the law, and the cases that say what must come out of it.

Cases are most of a file and nothing that a determination reads, so who only asks the law loads it
without them (``ledger.regime.load``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from ledger.errors import LedgerError
from ledger.pack import Pack
from ledger.regime.case import Case, stated_facts
from ledger.regime.diagnosis import Flaw, parse_node
from ledger.regime.load import PACKS_HELD, by_id, read_files, sound
from ledger.regime.model import Regime
from ledger.regime.scalar import nearest
from ledger.regime.soundness import check_regime
from ledger.regime.vocabulary import Vocabulary, load_vocabulary
from ledger.yamltree import Tree

__all__ = [
    "CasedRegime",
    "CasedRegimes",
    "check_cases",
    "load_cased",
    "load_regime",
    "read_regime_files",
    "read_regimes",
]

_Found: TypeAlias = Iterator[tuple[str, str, str, str]]


class CasedRegime(Regime):
    """A rule file, ``rules/regimes/<jurisdiction>/<regime>.yaml``.

    An ``optional`` one, such as a proposal for a treaty or a voluntary framework, is asked only by
    name.
    """

    cases: tuple[Case, ...] = ()


CasedRegimes: TypeAlias = Mapping[str, CasedRegime]


@lru_cache(maxsize=PACKS_HELD)
def load_cased(pack: Pack) -> CasedRegimes:
    """Read every rule file of a pack whole, with its cases; see `load_regimes`."""
    return sound(read_regimes(pack))


def read_regimes(
    pack: Pack, vocabulary: Vocabulary | None = None
) -> tuple[CasedRegimes, tuple[Flaw, ...]]:
    """Read every regime of a rule pack with its cases and collect what is wrong.

    Args:
        pack: The rule pack.
        vocabulary: Its vocabulary if it was read already.

    Returns:
        The regimes without a flaw, by id in order, and every flaw of the others.

    Raises:
        MissingError: If the pack has no vocabulary.
        RuleError: If the vocabulary itself is wrong.
    """
    return by_id(*read_regime_files(pack, vocabulary or load_vocabulary(pack)))


def read_regime_files(pack: Pack, vocabulary: Vocabulary) -> tuple[CasedRegimes, tuple[Flaw, ...]]:
    """Read every regime of a rule pack with its cases and collect what is wrong.

    Args:
        pack: The rule pack.
        vocabulary: Its vocabulary.

    Returns:
        The regimes without a flaw by the path of their file, and every flaw of the others.
    """
    return read_files(pack, lambda file, tree: load_regime(file, tree, vocabulary))


def load_regime(
    file: str, tree: Tree, vocabulary: Vocabulary
) -> tuple[CasedRegime | None, tuple[Flaw, ...]]:
    """Read one rule file whole.

    Args:
        file: Its path, for messages.
        tree: What it holds, every scalar a text.
        vocabulary: Facts and activities.

    Returns:
        The regime and no flaws, or None and every flaw.
    """
    regime, flaws = parse_node(CasedRegime, tree, file)
    if regime is None:
        return None, flaws
    unsound = check_regime(file, regime, vocabulary) + check_cases(file, regime, vocabulary)
    return (None, unsound) if unsound else (regime, ())


def check_cases(file: str, regime: CasedRegime, vocabulary: Vocabulary) -> tuple[Flaw, ...]:
    """Return everything that keeps the cases of a regime from being run.

    Args:
        file: Path of the rule file, for messages.
        regime: What the file says.
        vocabulary: Facts and activities.
    """
    names = [case.name for case in regime.cases]
    found = [
        Flaw(file, "cases", "duplicate", f"two cases are named {name!r}", "rename one")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for index, case in enumerate(regime.cases):
        found += [Flaw(file, *flaw) for flaw in _case(f"cases[{index}]", case, regime, vocabulary)]
    return tuple(found)


def _case(place: str, case: Case, regime: Regime, vocabulary: Vocabulary) -> _Found:
    """Refuse a case that asks what the file cannot answer."""
    for rule_id in case.expect:
        if regime.rule(rule_id) is None:
            message = f"there is no rule {rule_id!r} in this file"
            remedy = nearest(rule_id, [rule.id for rule in regime.rules])
            yield f"{place}.expect.{rule_id}", "unresolved", message, remedy
    yield from _case_duties(place, case, regime)
    for reading, alternative in case.readings.items():
        known = regime.readings.get(reading)
        if known is None or alternative not in known.alternatives:
            words = regime.readings if known is None else known.alternatives
            message = f"{reading}={alternative} is not a reading of this file"
            remedy = nearest(reading if known is None else alternative, words)
            yield f"{place}.readings.{reading}", "unresolved", message, remedy
    rows = [("training", row.activity) for row in case.training]
    rows += [("commitments", row.activity) for row in case.commitments]
    for key, activity in rows:
        if activity not in vocabulary.activities:
            remedy = nearest(activity, vocabulary.activities)
            yield f"{place}.{key}", "unknown-activity", f"{activity!r} is no activity", remedy
    yield from _case_facts(place, case, vocabulary)


def _case_duties(place: str, case: Case, regime: Regime) -> _Found:
    """Refuse duties that no rule has: of one that is not there, nothing could come out wrong."""
    for rule_id, subjects in case.expect.items():
        rule = regime.rule(rule_id)
        known = [duty.id for duty in rule.obligations] if rule is not None else []
        for subject, expected in subjects.items() if rule is not None else ():
            for key in ("due", "binds"):
                for name in getattr(expected, key) or {}:
                    if name not in known:
                        where = f"{place}.expect.{rule_id}.{subject}.{key}.{name}"
                        message = f"rule {rule_id} has no obligation {name!r}"
                        yield where, "unresolved", message, nearest(name, known)


def _case_facts(place: str, case: Case, vocabulary: Vocabulary) -> _Found:
    """Refuse facts that nobody could record."""
    for subject, facts in case.facts.items():
        for name, stated in facts.items():
            for each in stated_facts(stated):
                try:
                    vocabulary.read_value(name, each.value)
                except LedgerError as error:
                    where = f"{place}.facts.{subject}.{name}"
                    yield where, "fact", error.message, error.remedy
