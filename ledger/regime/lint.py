"""A lint check finds what loads and is still wrong: words against numbers, gaps, what is untested.

Each check is a function from a regime to findings, listed in ``CHECKS`` under its id. A finding
names the place, what stands there and what to do, as a loading mistake does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from ledger.pack import Pack
from ledger.quantity import Quantity
from ledger.regime.case import AtLeast, Range
from ledger.regime.diagnosis import Flaw
from ledger.regime.dimension import conditions
from ledger.regime.gaps import gaps, stances, unknown_when_binding
from ledger.regime.load import REGIMES_FOLDER, load_regime
from ledger.regime.logic import always_or_never, described, uncovered
from ledger.regime.model import Regime
from ledger.regime.phrase import CONTRARY, comparator_of, compared, lost_exponent, mentions_lost
from ledger.regime.usage import texts, unused
from ledger.regime.vocabulary import Vocabulary, load_vocabulary

__all__ = ["CHECKS", "lint_pack", "lint_regime"]

_Found: TypeAlias = Iterator[tuple[str, str, str]]
_Check: TypeAlias = Callable[[Regime], _Found]
_FINDINGS: Final = ("met", "not_met", "undetermined")


def lint_pack(pack: Pack, vocabulary: Vocabulary | None = None) -> tuple[Flaw, ...]:
    """Return the findings of every check in every regime that loads.

    Args:
        pack: The rule pack.
        vocabulary: Its vocabulary if it was read already.

    Raises:
        MissingError: If the pack has no vocabulary.
        RuleError: If the vocabulary itself is wrong.
    """
    words = vocabulary or load_vocabulary(pack)
    found: list[Flaw] = []
    for file, tree in sorted(pack.under(REGIMES_FOLDER).items()):
        regime, _ = load_regime(file, tree, words)
        if regime is not None:
            found += lint_regime(file, regime)
    return tuple(found)


def lint_regime(file: str, regime: Regime) -> tuple[Flaw, ...]:
    """Return the findings of every check in one regime.

    Args:
        file: Path of its file below the rules folder.
        regime: What the file says.
    """
    found = [
        Flaw(file, place, check, message, remedy)
        for check, run in CHECKS.items()
        for place, message, remedy in run(regime)
    ]
    stem = file.rpartition("/")[2].removesuffix(".yaml")
    if stem != regime.id:
        message = f"the file of regime {regime.id} is named {stem}.yaml"
        found.append(Flaw(file, "id", "file-name", message, f"name it {regime.id}.yaml"))
    return tuple(found)


def _without_citation(regime: Regime) -> _Found:
    """A value of the law names the place in its source and quotes the deciding words."""
    for name, parameter in regime.parameters.items():
        for index, value in enumerate(parameter.values):
            missing = [key for key in ("at", "phrase") if getattr(value.cite, key) is None]
            if missing:
                place = f"parameters.{name}.values[{index}].cite"
                message = f"the citation of {value.value} has no {' and no '.join(missing)}"
                yield place, message, "give the section and quote the law's deciding words"


def _without_provenance(regime: Regime) -> _Found:
    """A file that people checked against the text rests on nothing from memory."""
    if regime.review.state != "checked":
        return
    if not regime.review.checked_against_text_by:
        yield "review", "it is checked by nobody", "name who compared it with the text"
    for name, parameter in regime.parameters.items():
        for index, value in enumerate(parameter.values):
            if value.provenance == "memory":
                place = f"parameters.{name}.values[{index}].provenance"
                message = f"{value.value} is from memory in a file marked checked"
                yield place, message, "compare it with the source, or mark the file draft"


def _against_phrase(regime: Regime) -> _Found:
    """The comparator is the one that the quoted words ask for."""
    for index, rule in enumerate(regime.rules):
        for item in compared(regime, rule):
            values = regime.parameters[item.parameter].values
            for phrase in dict.fromkeys(value.cite.phrase for value in values):
                wanted = None if phrase is None else comparator_of(phrase)
                if wanted is None or wanted == item.comparator:
                    continue
                if not item.settled and wanted == CONTRARY[item.comparator]:
                    continue
                message = f"the law says {phrase!r} ({wanted}) and the rule has {item.comparator}"
                place = f"rules[{index}].{item.place}"
                yield place, f"{item.parameter}: {message}", f"write {wanted}, or quote the words"


def _without_comparator(regime: Regime) -> _Found:
    """Where the quoted words name no comparator, the choice is a reading or an interpretation."""
    for index, rule in enumerate(regime.rules):
        if rule.interpretation is not None:
            continue
        for item in compared(regime, rule):
            for value in regime.parameters[item.parameter].values:
                phrase = value.cite.phrase
                if phrase is None or comparator_of(phrase) is not None:
                    continue
                message = f"{phrase!r} does not say whether {item.parameter} itself is caught"
                remedy = "quote the deciding words, or say in interpretation: why this comparator"
                yield f"rules[{index}].{item.place}", message, remedy


def _lost_exponents(regime: Regime) -> _Found:
    """No power of ten is printed flat, as 1025 for 10^25."""
    for place, quantity in _quantities(regime):
        if lost_exponent(quantity):
            yield _flat(place, str(quantity))
    for place, text in texts(regime):
        flat = mentions_lost(text)
        if flat is not None:
            yield _flat(place, flat)


def _quantities(regime: Regime) -> Iterator[tuple[str, Quantity]]:
    """Yield the figures of the parameters and of the cases with their paths."""
    for name, parameter in regime.parameters.items():
        for index, value in enumerate(parameter.values):
            if isinstance(value.value, Quantity):
                yield f"parameters.{name}.values[{index}].value", value.value
    for index, case in enumerate(regime.cases):
        for key in ("training", "commitments"):
            for position, row in enumerate(getattr(case, key)):
                for figure in _figures(row.operations):
                    yield f"cases[{index}].{key}[{position}].operations", figure


def _figures(operations: object) -> tuple[Quantity, ...]:
    """Return the quantities of a figure in a case."""
    match operations:
        case Quantity():
            return (operations,)
        case Range(low=low, point=point, high=high):
            return (low, high) if point is None else (low, point, high)
        case AtLeast():
            return (operations.at_least,)
        case _:
            return ()


def _flat(place: str, text: str) -> tuple[str, str, str]:
    """Return the finding for a power printed flat."""
    number = text.split(" ", maxsplit=1)[0]
    remedy = f"write 10^{number[2:]}, after looking at the text of the law"
    return place, f"{text} looks like a power of ten without its exponent", remedy


def _without_cases(regime: Regime) -> _Found:
    """Every rule is seen met, not met and undetermined, or of open scope, in its file's cases."""
    for index, rule in enumerate(regime.rules):
        held = [e for case in regime.cases for e in case.expect.get(rule.id, {}).values()]
        seen = {expected.finding for expected in held}
        seen |= {expected.in_scope for expected in held if expected.in_scope == "undetermined"}
        missing = [finding for finding in _FINDINGS if finding not in seen]
        if missing:
            message = f"no case of {rule.id} comes out {' or '.join(missing)}"
            yield f"rules[{index}]", message, "add a case for each to cases:"


def _uncovered_choice(regime: Regime) -> _Found:
    """The cases of a choose exclude each other and leave nothing out."""
    for index, rule in enumerate(regime.rules):
        if rule.choose is None:
            continue
        place = f"rules[{index}].choose"
        found = uncovered(rule.choose, regime.readings)
        if found is None:
            yield place, "the cases rest on too many facts to try all", "split the rule"
            continue
        none, two = found
        if none is not None:
            yield place, f"no case holds when {described(none)}", "add a case for it"
        if two is not None:
            yield place, f"two cases hold when {described(two)}", "make one of them exclude it"


def _constant(regime: Regime) -> _Found:
    """No condition is the same whatever the facts are."""
    for index, rule in enumerate(regime.rules):
        for place, condition in conditions(rule):
            constant = always_or_never(condition, regime.readings)
            if constant is not None:
                word = "always" if constant else "never"
                message = f"this condition {word} holds"
                yield f"rules[{index}].{place}", message, "remove it, or correct the operator"


def _views(regime: Regime) -> _Found:
    """What is foreseen rests on commitments, and what has happened does not."""
    for index, rule in enumerate(regime.rules):
        views = rule.views
        if views is None:
            continue
        if views.foreseen is not None and "committed" not in views.foreseen.basis:
            message = "the foreseen view rests on what has happened only"
            yield f"rules[{index}].views.foreseen", message, "write basis: [actual, committed]"
        if views.actual is not None and "committed" in views.actual.basis:
            message = "the actual view counts compute that is only committed"
            yield f"rules[{index}].views.actual", message, "write basis: [actual]"


CHECKS: Final[Mapping[str, _Check]] = {
    "no-citation": _without_citation,
    "unchecked": _without_provenance,
    "comparator": _against_phrase,
    "comparator-unsaid": _without_comparator,
    "lost-exponent": _lost_exponents,
    "time-gap": gaps,
    "stance": stances,
    "known-after-from": unknown_when_binding,
    "unused": unused,
    "no-case": _without_cases,
    "choose": _uncovered_choice,
    "constant": _constant,
    "views": _views,
}
