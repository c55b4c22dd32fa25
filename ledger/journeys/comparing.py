"""Comparing puts two editions of the law side by side, in their words and in what they lead to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ledger.determination import Determination, Evaluator
from ledger.errors import LedgerError, RuleError
from ledger.journeys.casework import Bench
from ledger.journeys.checking import Question, Records, check
from ledger.journeys.flip import Flip, flips
from ledger.journeys.selection import select
from ledger.pack import Pack
from ledger.regime.case import Case
from ledger.regime.difference import Change, Difference, changes, difference
from ledger.regime.edition import Edition, Lawbook, without
from ledger.regime.load import REGIMES_FOLDER
from ledger.regime.model import Regime, Regimes
from ledger.yamltree import Tree

__all__ = [
    "CaseFlip",
    "Compared",
    "OnLedger",
    "Redline",
    "Unasked",
    "asked_by",
    "compare",
    "compare_books",
    "flips_on_cases",
    "flips_on_ledger",
    "knows",
    "refuse_strange",
]

Holder: TypeAlias = Literal["both", "old", "new"]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two editions of the law side by side.

    Attributes:
        old: The one.
        new: The other.
        added: Regimes that only the new one has, in the order of ids.
        removed: Regimes that only the old one has.
        differences: Where regimes that both have differ; one for each that does.
        files: Where files that hold no regime differ; the path begins with that of the file.
        rewritten: Ids of regimes that are only written otherwise and say the same.
    """

    old: Lawbook
    new: Lawbook
    added: tuple[Regime, ...]
    removed: tuple[Regime, ...]
    differences: tuple[Difference, ...]
    files: tuple[Change, ...]
    rewritten: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything differs; another spelling of the same is no difference."""
        return bool(self.added or self.removed or self.differences or self.files)

    def touched(self) -> frozenset[str]:
        """Return the ids of the regimes under which something can come out otherwise."""
        found = {regime.id for regime in (*self.added, *self.removed)}
        found |= {each.new.id for each in self.differences if each.of_law}
        if self.files:
            # Words or devices may be others under any law; optional ones are asked by name only.
            both = (*self.old.regimes.values(), *self.new.regimes.values())
            found |= {regime.id for regime in both if not regime.optional}
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class CaseFlip:
    """A flip on a case of a rule file.

    Attributes:
        case: Name of the case.
        of: Whose case it is: ``both`` files hold it, or only ``old`` or ``new`` does.
        flip: What comes out otherwise.
    """

    case: str
    of: Holder
    flip: Flip


@dataclass(frozen=True, slots=True)
class Unasked:
    """A case that one of the laws cannot be asked about.

    Attributes:
        regime: Id of the regime.
        case: Name of the case.
        law: ``old`` or ``new``.
        why: What it lacks, in words.
    """

    regime: str
    case: str
    law: Literal["old", "new"]
    why: str


@dataclass(frozen=True, slots=True)
class OnLedger:
    """What two laws lead to on a ledger.

    Attributes:
        question: The coordinates.
        records: The ledger.
        flips: What comes out otherwise.
    """

    question: Question
    records: Records
    flips: tuple[Flip, ...]


@dataclass(frozen=True, slots=True)
class Redline:
    """Two laws side by side, and what they lead to.

    Attributes:
        given: What the user named, old and new.
        compared: The two laws.
        cases: Flips on the cases of both files; empty when a ledger was asked.
        unasked: Cases that one of the laws cannot be asked about.
        ledger: What they lead to on a ledger; None when none was asked.
    """

    given: tuple[str, str]
    compared: Compared
    cases: tuple[CaseFlip, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    ledger: OnLedger | None = None


def compare(old: Edition, new: Edition, rules: Pack) -> Compared:
    """Put two editions side by side.

    An edition that cannot stand alone, such as one regime file, is read over the other one; two
    such editions are read over the rules in use, and only what they hold is compared.

    Args:
        old: The one.
        new: The other.
        rules: The rules in use.

    Raises:
        RuleError: If a file is wrong; names it as it was given.
        MissingError: If there is no vocabulary.
    """
    if old.whole:
        first = old.read(rules)
        return compare_books(first, new.read(first.pack))
    if new.whole:
        second = new.read(rules)
        return compare_books(old.read(second.pack), second)
    below = without(rules, old.ids() | new.ids())
    return compare_books(old.read(below), new.read(below))


def compare_books(old: Lawbook, new: Lawbook) -> Compared:
    """Put two sets of rules that were read side by side."""
    both = [regime_id for regime_id in old.regimes if regime_id in new.regimes]
    pairs = [(old.regimes[name], new.regimes[name]) for name in both]
    found = [difference(*pair) for pair in pairs]
    same = [each.new.id for each in found if not each]
    ours, theirs = _trees(old.pack), _trees(new.pack)
    return Compared(
        old,
        new,
        tuple(regime for name, regime in new.regimes.items() if name not in old.regimes),
        tuple(regime for name, regime in old.regimes.items() if name not in new.regimes),
        tuple(each for each in found if each),
        tuple(_files(old.pack, new.pack)),
        tuple(name for name in same if ours[name] != theirs[name]),
    )


def flips_on_cases(
    compared: Compared, bench_of: Callable[[Lawbook], Bench]
) -> tuple[tuple[CaseFlip, ...], tuple[Unasked, ...]]:
    """Ask the cases of both files of both laws.

    Args:
        compared: The two laws.
        bench_of: Gives where cases of a law are run.

    Returns:
        What comes out otherwise, and the cases that one of the laws cannot be asked about.
    """
    first, second = bench_of(compared.old), bench_of(compared.new)
    found: list[CaseFlip] = []
    unasked: list[Unasked] = []
    for each in compared.differences:
        for of, case in _cases(each) if each.of_law else ():
            came: list[Sequence[Determination]] = []
            laws: tuple[tuple[Literal["old", "new"], Bench, Regime], ...] = (
                ("old", first, each.old),
                ("new", second, each.new),
            )
            for law, bench, regime in laws:
                try:
                    came.append(bench.determinations(regime, case))
                except LedgerError as error:
                    unasked.append(Unasked(regime.id, case.name, law, error.message))
            if len(came) == len(laws):
                found += [CaseFlip(case.name, of, flip) for flip in flips(*came)]
    return tuple(found), tuple(unasked)


def flips_on_ledger(
    compared: Compared, question: Question, records: Records, evaluator: Evaluator
) -> OnLedger:
    """Ask both laws about a ledger with the same coordinates.

    Args:
        compared: The two laws.
        question: The coordinates; regimes that say the same in both are not asked.
        records: The ledger.
        evaluator: Gives the verdicts.

    Raises:
        RuleError: If neither law knows a reading or regime that the question names.
        InputError: If a reading or assumption is not written as it must be.
    """
    laws = (compared.old, compared.new)
    refuse_strange(question, [law.regimes for law in laws])
    touched = compared.touched()
    found = [
        check(asked, records, law, evaluator).document.determinations
        if (asked := asked_by(question, law.regimes, touched)).regimes
        else ()
        for law in laws
    ]
    return OnLedger(question, records, flips(*found))


def asked_by(question: Question, regimes: Regimes, ids: Collection[str]) -> Question:
    """Return the part of a question that a set of regimes can answer.

    Args:
        question: What is asked.
        regimes: The regimes.
        ids: Ids of the regimes wanted; those that are not there are left out.

    Returns:
        The question; it names no regime when none of those wanted is there.
    """
    wanted = tuple(sorted(set(ids) & regimes.keys()))

    def known(option: str, texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text for text in texts if knows(regimes, wanted, option, text))

    return replace(
        question,
        regimes=wanted,
        readings=known("readings", question.readings),
        assumptions=known("assumptions", question.assumptions),
    )


def refuse_strange(question: Question, laws: Sequence[Regimes]) -> None:
    """Refuse a reading or an assumption that no law knows.

    Args:
        question: What is asked.
        laws: Regimes that it may mean; the last of them names what is nearest.

    Raises:
        RuleError: If none of them has the reading, alternative or regime named.
        InputError: If one is not written as it must be.
    """
    named = (("readings", question.readings), ("assumptions", question.assumptions))
    for option, texts in named:
        for text in texts:
            if not any(knows(regimes, (), option, text) for regimes in laws):
                select(laws[-1], **{option: [text]})


def knows(regimes: Regimes, ids: Sequence[str], option: str, text: str) -> bool:
    """Return whether what a choice or an assumption names is there.

    Args:
        regimes: All regimes of a law.
        ids: Those whose readings may be chosen; none means all.
        option: ``readings`` or ``assumptions``.
        text: As it was written.

    Raises:
        InputError: If it is not written as it must be.
    """
    try:
        select(regimes, ids=ids, **{option: [text]})
    except RuleError:
        return False
    return True


def _cases(found: Difference) -> Iterator[tuple[Holder, Case]]:
    """Yield the cases of both files, and which file holds each."""
    for case in found.old.cases:
        yield ("both" if case in found.new.cases else "old"), case
    for case in found.new.cases:
        if case not in found.old.cases:
            yield "new", case


def _trees(pack: Pack) -> dict[str, Tree]:
    """Return the regime files of a pack by the id that they state."""
    trees = pack.under(REGIMES_FOLDER).values()
    return {str(tree["id"]): tree for tree in trees if isinstance(tree, dict)}


def _files(old: Pack, new: Pack) -> Iterator[Change]:
    """Yield where the files differ that hold no regime."""
    for path in sorted({*old.files, *new.files}):
        if not path.startswith(REGIMES_FOLDER):
            yield from changes(old.files.get(path), new.files.get(path), path)
