"""A lint check finds what loads and is still wrong: words against numbers, gaps, what is untested.

Each check is a function from a regime to findings, listed in ``CHECKS`` under its id; why it
matters stands in the registry. A finding names the place, what stands there and what to do, as a
loading mistake does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from ledger.pack import Pack
from ledger.quantity import Quantity
from ledger.regime.case import AtLeast, Range
from ledger.regime.cased import CasedRegime, load_regime
from ledger.regime.constant import choices, constants
from ledger.regime.coverage import findings_unseen, force_unseen, scope_unseen
from ledger.regime.diagnosis import Flaw
from ledger.regime.gaps import gaps, stances, unknown_when_binding
from ledger.regime.load import REGIMES_FOLDER
from ledger.regime.phrase import CONTRARY, comparator_of, compared, lost_exponent, mentions_lost
from ledger.regime.sourcing import old_reviews, uncited, unlocated, unverified
from ledger.regime.usage import texts, unused
from ledger.regime.vocabulary import Fact, Vocabulary, load_vocabulary

__all__ = ["CHECKS", "Look", "lint_pack", "lint_regime"]

_Found: TypeAlias = Iterator[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Look:
    """What a check looks at.

    Attributes:
        file: Path of the file below the rules folder.
        regime: What it says.
        facts: Facts of the vocabulary; empty when it is not known.
        on: Day of the caller, or None when nothing is to be old.
    """

    file: str
    regime: CasedRegime
    facts: Mapping[str, Fact]
    on: date | None


_Check: TypeAlias = Callable[[Look], _Found]


def lint_pack(
    pack: Pack, vocabulary: Vocabulary | None = None, today: date | None = None
) -> tuple[Flaw, ...]:
    """Return the findings of every check in every regime that loads.

    Args:
        pack: The rule pack.
        vocabulary: Its vocabulary if it was read already.
        today: Day on which the caller asks, or None when nothing is to be old.

    Raises:
        MissingError: If the pack has no vocabulary.
        RuleError: If the vocabulary itself is wrong.
    """
    words = vocabulary or load_vocabulary(pack)
    found: list[Flaw] = []
    for file, tree in sorted(pack.under(REGIMES_FOLDER).items()):
        regime, _ = load_regime(file, tree, words)
        if regime is not None:
            found += lint_regime(file, regime, words, today)
    return tuple(found)


def lint_regime(
    file: str,
    regime: CasedRegime,
    vocabulary: Vocabulary | None = None,
    today: date | None = None,
) -> tuple[Flaw, ...]:
    """Return the findings of every check in one regime.

    Args:
        file: Path of its file below the rules folder.
        regime: What the file says.
        vocabulary: Facts, so that what they can be is known; without it they may be anything.
        today: Day on which the caller asks, or None when nothing is to be old.
    """
    look = Look(file, regime, {} if vocabulary is None else vocabulary.facts, today)
    return tuple(
        Flaw(file, place, check, message, remedy)
        for check, run in CHECKS.items()
        for place, message, remedy in run(look)
    )


def _file_name(look: Look) -> _Found:
    """A file is named for its regime."""
    stem = look.file.rpartition("/")[2].removesuffix(".yaml")
    if stem != look.regime.id:
        message = f"the file of regime {look.regime.id} is named {stem}.yaml"
        yield "id", message, f"name it {look.regime.id}.yaml"


def _against_phrase(regime: CasedRegime) -> _Found:
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


def _without_comparator(regime: CasedRegime) -> _Found:
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


def _lost_exponents(regime: CasedRegime) -> _Found:
    """No power of ten is printed flat, as 1025 for 10^25."""
    for place, quantity in _quantities(regime):
        if lost_exponent(quantity):
            yield _flat(place, str(quantity))
    for place, text in texts(regime):
        flat = mentions_lost(text)
        if flat is not None:
            yield _flat(place, flat)


def _quantities(regime: CasedRegime) -> Iterator[tuple[str, Quantity]]:
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
    exponent = text.split(" ", maxsplit=1)[0][-2:]
    power = "the power of ten" if exponent == "10" else f"10^{exponent}"
    remedy = f"write {power}, after looking at the text of the law"
    return place, f"{text} looks like a power of ten without its exponent", remedy


def _views(regime: CasedRegime) -> _Found:
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
    "no-citation": lambda look: uncited(look.regime),
    "unchecked": lambda look: unverified(look.regime),
    "review-old": lambda look: old_reviews(look.regime, look.on),
    "source-unlocated": lambda look: unlocated(look.regime),
    "comparator": lambda look: _against_phrase(look.regime),
    "comparator-unsaid": lambda look: _without_comparator(look.regime),
    "lost-exponent": lambda look: _lost_exponents(look.regime),
    "time-gap": lambda look: gaps(look.regime),
    "stance": lambda look: stances(look.regime),
    "known-after-from": lambda look: unknown_when_binding(look.regime),
    "unused": lambda look: unused(look.regime),
    "no-case": lambda look: findings_unseen(look.regime),
    "no-case-out-of-scope": lambda look: scope_unseen(look.regime),
    "no-case-not-in-force": lambda look: force_unseen(look.regime),
    "choose": lambda look: choices(look.regime, look.facts),
    "constant": lambda look: constants(look.regime, look.facts),
    "views": lambda look: _views(look.regime),
    "file-name": _file_name,
}
