"""A selection is the part of the law that a person asks about, with what is chosen and assumed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from ledger.errors import InputError, RuleError
from ledger.regime.load import find_regime
from ledger.regime.model import Regime, Regimes
from ledger.regime.rule import Rule
from ledger.regime.scalar import nearest
from ledger.regime.source import LawStatus

__all__ = ["Selection", "offered", "select"]

_IN_FORCE: Final[LawStatus] = "in_force"


@dataclass(frozen=True, slots=True)
class Selection:
    """Regimes and rules asked, readings chosen, standings assumed.

    Attributes:
        regimes: In the order of ids.
        rules: Rule ids by regime; a regime that is not there has all its rules asked.
        readings: Alternative by regime and reading.
        assumptions: Status by regime.
    """

    regimes: tuple[Regime, ...]
    rules: dict[str, frozenset[str]]
    readings: dict[str, dict[str, str]]
    assumptions: dict[str, LawStatus]

    def rules_of(self, regime: Regime) -> tuple[Rule, ...]:
        """Return the rules of a regime that are asked, in the order of the file."""
        wanted = self.rules.get(regime.id)
        return tuple(rule for rule in regime.rules if wanted is None or rule.id in wanted)


def select(
    regimes: Regimes,
    *,
    ids: Sequence[str] = (),
    rules: Sequence[str] = (),
    readings: Sequence[str] = (),
    assumptions: Sequence[str] = (),
) -> Selection:
    """Find what is named.

    Args:
        regimes: All regimes of the rules in use.
        ids: Regimes asked; none asks all.
        rules: ``RULE`` or ``REGIME/RULE``; none asks all.
        readings: ``ID=ALT`` or ``REGIME/ID=ALT``.
        assumptions: ``REGIME=in_force``.

    Raises:
        RuleError: If a regime, rule, reading or alternative does not exist.
        InputError: If a choice or an assumption is not written as it must be, or two alternatives
            of one reading are chosen.
    """
    wanted = [find_regime(regimes, name) for name in ids] or list(regimes.values())
    by_regime = _rules(wanted, rules)
    if by_regime:
        wanted = [regime for regime in wanted if regime.id in by_regime]
    return Selection(
        tuple(sorted(wanted, key=lambda regime: regime.id)),
        by_regime,
        _readings(wanted, readings),
        _assumptions(regimes, assumptions),
    )


def offered(regimes: Regimes, named: Iterable[str]) -> Regimes:
    """Return the regimes asked by default: optional ones only if something names them.

    Args:
        regimes: All regimes of the rules in use.
        named: Ids of regimes, and whatever else begins with one and a stroke or equals sign.
    """
    ids = {re.split("[/=]", name, maxsplit=1)[0] for name in named}
    return {name: r for name, r in regimes.items() if not r.optional or name in ids}


def _rules(regimes: Iterable[Regime], named: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the rules named, by regime; empty when none is named."""
    known = {
        f"{regime.id}/{rule.id}": (regime.id, rule.id)
        for regime in regimes
        for rule in regime.rules
    }
    found: dict[str, set[str]] = {}
    for name in named:
        places = [p for path, p in known.items() if name in {path, p[1]}]
        if not places:
            raise _no_rule(name, known)
        for regime_id, rule_id in places:
            found.setdefault(regime_id, set()).add(rule_id)
    return {regime_id: frozenset(ids) for regime_id, ids in found.items()}


def _no_rule(name: str, known: Mapping[str, tuple[str, str]]) -> RuleError:
    """Return the error for a name that no rule has: the rules of its regime, else what is near.

    Args:
        name: What was asked for.
        known: Path of each rule, to its regime and its id.
    """
    regime_id, stroke, rule_id = name.partition("/")
    of_regime = [path for path, place in known.items() if place[0] == regime_id]
    if of_regime and stroke:
        message = f"{regime_id} has no rule {rule_id!r}"
        return RuleError(message, remedy=nearest(name, of_regime))
    if of_regime:
        message = f"{name!r} is a regime, and one of its rules is asked for"
        return RuleError(message, remedy=f"write one of {', '.join(of_regime)}")
    words = {*known, *(place[1] for place in known.values())}
    near = get_close_matches(name, sorted(words), n=1)
    remedy = nearest(name, words) if near else "look them up: rules list, then rules show REGIME"
    return RuleError(f"there is no rule {name!r}", remedy=remedy)


def _readings(regimes: Sequence[Regime], given: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the alternatives chosen, for every regime that asks the question."""
    found: dict[str, dict[str, str]] = {}
    for text in given:
        name, sign, alternative = text.partition("=")
        if not sign or not name or not alternative:
            raise InputError(f"{text!r} chooses no reading", remedy="write --reading ID=ALT")
        regime_id, _, reading = name.rpartition("/")
        asking = [r for r in regimes if reading in r.readings and regime_id in {"", r.id}]
        if not asking:
            known = [f"{r.id}/{reading}" for r in regimes for reading in r.readings]
            raise RuleError(f"no rule rests on a reading {name!r}", remedy=nearest(name, known))
        for regime in asking:
            alternatives = regime.readings[reading].alternatives
            if alternative not in alternatives:
                raise RuleError(
                    f"reading {reading} has no alternative {alternative!r}",
                    where=regime.id,
                    remedy=nearest(alternative, alternatives),
                )
            chosen = found.setdefault(regime.id, {})
            if chosen.setdefault(reading, alternative) != alternative:
                raise InputError(
                    f"reading {reading} is chosen as {chosen[reading]!r} and as {alternative!r}",
                    where=regime.id,
                    remedy="choose one alternative",
                )
    return {regime_id: dict(sorted(held.items())) for regime_id, held in sorted(found.items())}


def _assumptions(regimes: Regimes, given: Sequence[str]) -> dict[str, LawStatus]:
    """Return the regimes assumed to be in force."""
    found: dict[str, LawStatus] = {}
    for text in given:
        name, sign, status = text.partition("=")
        if not sign or status != _IN_FORCE:
            raise InputError(f"{text!r} assumes nothing", remedy="write --assume REGIME=in_force")
        found[find_regime(regimes, name).id] = _IN_FORCE
    return dict(sorted(found.items()))
