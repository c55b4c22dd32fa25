"""Coverage is which answers of a rule the cases in its file show."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.regime.case import Case, Expectation
from ledger.regime.cased import CasedRegime
from ledger.regime.dated import APPLICABLE, standing_on
from ledger.regime.rule import Rule

__all__ = ["findings_unseen", "force_unseen", "scope_unseen"]

_FINDINGS = ("met", "not_met", "undetermined")


def findings_unseen(regime: CasedRegime) -> Iterator[tuple[str, str, str]]:
    """Every rule is seen met, not met and undetermined, or of open scope.

    Yields:
        Place, message and remedy of each rule that is not.
    """
    for index, rule in enumerate(regime.rules):
        held = [expected for _, expected in _expected(regime, rule)]
        seen = {expected.finding for expected in held}
        seen |= {expected.in_scope for expected in held if expected.in_scope == "undetermined"}
        missing = [finding for finding in _FINDINGS if finding not in seen]
        if missing:
            message = f"no case of {rule.id} comes out {' or '.join(missing)}"
            yield f"rules[{index}]", message, "add a case for each to cases:"


def scope_unseen(regime: CasedRegime) -> Iterator[tuple[str, str, str]]:
    """Every rule with a scope is seen out of it while it could bind somebody.

    Yields:
        Place, message and remedy of each rule that is not.
    """
    for index, rule in enumerate(regime.rules):
        if rule.scope is None:
            continue
        held = _expected(regime, rule)
        if not any(_out(each) and _binds(regime, case) for case, each in held):
            message = f"no case of {rule.id} is out of its scope"
            remedy = "add a case in which scope: is false, with in_scope: no, finding: none"
            yield f"rules[{index}]", message, remedy


def force_unseen(regime: CasedRegime) -> Iterator[tuple[str, str, str]]:
    """Every rule is seen on a day on which the regime binds nobody.

    Yields:
        Place, message and remedy of each rule that is not.
    """
    for index, rule in enumerate(regime.rules):
        held = _expected(regime, rule)
        if not any(_out(each) and not _binds(regime, case) for case, each in held):
            message = f"no case of {rule.id} stands on a day on which it is not in force"
            remedy = "add a case on such a day, with in_scope: no, finding: none"
            yield f"rules[{index}]", message, remedy


def _expected(regime: CasedRegime, rule: Rule) -> list[tuple[Case, Expectation]]:
    """Return what the cases expect of a rule."""
    return [
        (case, expected)
        for case in regime.cases
        for expected in case.expect.get(rule.id, {}).values()
    ]


def _out(expected: Expectation) -> bool:
    """Return whether the subject is expected to be out of scope, or not to be asked at all."""
    return expected.in_scope == "no" or expected.finding == "none"


def _binds(regime: CasedRegime, case: Case) -> bool:
    """Return whether the regime can bind somebody in a case, or is assumed to."""
    if regime.id in case.law.assume:
        return case.law.assume[regime.id] in APPLICABLE
    return standing_on(regime, case.law.in_force_on, case.law.law_known_on).applicable
