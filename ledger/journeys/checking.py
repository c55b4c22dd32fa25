"""Checking asks the law about a ledger: determinations, counts, and what the exit status is.

The totals were folded from entries that reproduced the signed root; a later tail is reported and
not counted. The document names every coordinate from which it can be worked out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches

from ledger.book import Book
from ledger.determination import (
    Asked,
    CatalogueDevices,
    Determination,
    Devices,
    Evaluator,
    Legs,
    Tally,
    World,
    counted,
    determine,
    survey,
    tallied,
)
from ledger.errors import Problem
from ledger.hardware import Catalogue
from ledger.journeys.adoption import not_adopted
from ledger.journeys.check_document import (
    SCHEMA,
    CheckDocument,
    Coordinates,
    LedgerState,
    Signed,
)
from ledger.journeys.naming import naming_problems
from ledger.journeys.selection import Selection, offered, select
from ledger.measure import Folded
from ledger.methods.bound import entries_problems
from ledger.obligations import Workdays, filings_of_nothing
from ledger.pack import Pack
from ledger.period import format_instant
from ledger.regime.edition import Lawbook
from ledger.regime.grouping import leading
from ledger.regime.law import Law
from ledger.regime.load import load_regimes
from ledger.regime.model import Regime

FEW = 5_000
"""Determinations that are all put together, whoever asks."""

__all__ = [
    "Checked",
    "Question",
    "Records",
    "check",
    "devices_of",
    "document_of",
    "exit_status",
]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks.

    Attributes:
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen.
        as_of: Last day whose work and facts count.
        evaluated_at: When it is asked.
        recorded_by: Time given, or None for all that is signed.
        regimes: Ids; none asks all.
        rules: Rule ids, alone or after their regime and a stroke; none asks all.
        subjects: Subjects with or without prefix, or what subjects of holdings begin with; none
            asks all.
        readings: ``ID=ALT`` or ``REGIME/ID=ALT``.
        assumptions: ``REGIME=in_force``.
        optional: Whether optional regimes are asked that nobody named.
        workdays: Counts business days; what others work out again is asked without it.
    """

    in_force_on: date
    law_known_on: date
    as_of: date
    evaluated_at: datetime
    recorded_by: datetime | None = None
    regimes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    optional: bool = False
    workdays: Workdays | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """A fold that reproduced the signed root, and the legs below it.

    Attributes:
        origin: Name of the ledger.
        folded: What the entries add up to by the question's day.
        unsigned_tail: Entries after the newest checkpoint.
        legs: Gives legs by the same day and of the same prefix.
        above: Gives the entries of the same prefix that state more than their own ceiling.
    """

    origin: str
    folded: Folded
    unsigned_tail: int
    legs: Legs
    above: Callable[[], tuple[int, ...]] = tuple


@dataclass(frozen=True, slots=True)
class Checked:
    """What came out.

    Attributes:
        document: The result.
        world: The records that were asked.
        tallies: How the subjects of every rule came out, in the order of regimes and rules.
        whole: Whether the document holds every determination, or only what comes first.
        strangers: Subjects asked about that no rule asked knows.
        problems: Findings about the records themselves.
        known: Subjects that the rules asked know.
    """

    document: CheckDocument
    world: World
    tallies: tuple[Tally, ...]
    whole: bool
    strangers: tuple[str, ...]
    problems: tuple[Problem, ...]
    known: frozenset[str]

    def near(self, name: str) -> tuple[str, ...]:
        """Return the subjects nearest to a name that no rule asked knows."""
        return tuple(get_close_matches(name, sorted(self.known), n=3))


def check(
    question: Question,
    records: Records,
    pack: Pack | Lawbook,
    evaluator: Evaluator,
    *,
    whole: bool = True,
) -> Checked:
    """Ask the law about a ledger.

    Args:
        question: What is asked.
        records: The ledger.
        pack: The law and the catalogue of devices; regimes that were read are not read again.
        evaluator: Gives the verdicts.
        whole: Whether every determination is wanted; else, of many, only those that come first are
            put together and the others counted.

    Raises:
        RuleError: If a rule file is wrong, or a regime, rule or reading named does not exist.
        InputError: If a reading or assumption is not written as it must be.
    """
    regimes = pack.regimes if isinstance(pack, Lawbook) else load_regimes(pack)
    pack = pack.pack if isinstance(pack, Lawbook) else pack
    named = (*question.regimes, *question.rules, *question.assumptions)
    selection = select(
        regimes if question.optional else offered(regimes, named),
        ids=question.regimes,
        rules=question.rules,
        readings=question.readings,
        assumptions=question.assumptions,
    )
    book = Book(records.folded)
    world = World(book, as_of=question.as_of, legs=records.legs, devices=devices_of(pack))
    pairs = _asked(selection, world, question)
    # Rules about one kind of subject share the list of them.
    known = frozenset[str]().union(*{id(subjects): subjects for subjects in pairs}.values())
    wanted, strangers = _subjects(question.subjects, known)
    asked = Asked(
        in_force_on=question.in_force_on,
        law_known_on=question.law_known_on,
        readings=selection.readings,
        assumptions=selection.assumptions,
        rules=selection.rules,
        subjects=wanted,
        workdays=question.workdays,
    )
    whole = whole or sum(len(subjects) for subjects in pairs) <= FEW
    if whole:
        found = determine(asked, selection.regimes, world, evaluator)
        tallies = tallied(found)
    else:
        parts = list(survey(asked, selection.regimes, world, evaluator))
        found = tuple(each for _, held in parts for each in held)
        tallies = tuple(tally for tally, _ in parts if tally.subjects)
    coordinates = _coordinates(question, records, pack, selection)
    document = document_of(found, tallies, records, coordinates)
    problems = _problems(records, world, regimes, pack.digest, known)
    return Checked(document, world, tallies, whole, strangers, problems, known)


def _problems(
    records: Records,
    world: World,
    regimes: Mapping[str, Regime],
    pack: str,
    known: frozenset[str],
) -> tuple[Problem, ...]:
    """Return the findings about the records themselves."""
    book = world.book
    return (
        *book.problems(),
        *filings_of_nothing(regimes, book.records("filing")),
        *not_adopted(book.records("adoption"), pack, as_of=world.as_of),
        *entries_problems(records.origin, records.above()),
        *naming_problems(records.origin, known),
    )


def document_of(
    found: tuple[Determination, ...],
    tallies: tuple[Tally, ...],
    records: Records,
    coordinates: Coordinates,
) -> CheckDocument:
    """Return determinations as the published document."""
    return CheckDocument(
        schema=SCHEMA,
        ledger=LedgerState(
            origin=records.origin,
            size=records.folded.size,
            root=records.folded.root.hex(),
            unsigned_tail=records.unsigned_tail,
        ),
        coordinates=coordinates,
        counts=counted(tallies),
        determinations=found,
    )


def _asked(selection: Selection, world: World, question: Question) -> list[tuple[str, ...]]:
    """Return the subjects of every rule asked, in the order of regimes and rules."""
    return [
        world.subjects_of(law, rule)
        for regime in selection.regimes
        for law in (Law.on(regime, question.in_force_on, law_known_on=question.law_known_on),)
        for rule in selection.rules_of(regime)
    ]


def exit_status(checked: Checked) -> int:
    """Return 1 for findings, else 3 for what is undetermined or not there, else 0.

    Findings are lines met, now or foreseen, under a regime that binds and is not only assumed,
    which no filing closed, and dates that passed. A check of nothing is never clean, and neither
    is one that leaves out entries because they are not signed.
    """
    found = checked.document.determinations
    if any(determination.actionable for determination in found):
        return 1
    open_ = checked.strangers or checked.document.ledger.unsigned_tail
    if not checked.tallies or open_ or any(tally.left_open for tally in checked.tallies):
        return 3
    return 0


def _coordinates(
    question: Question, records: Records, pack: Pack, selection: Selection
) -> Coordinates:
    """Return what a determination can be worked out again from."""
    given = question.recorded_by
    return Coordinates(
        pack=pack.digest,
        checkpoint=Signed(size=records.folded.size, root=records.folded.root.hex()),
        in_force_on=question.in_force_on,
        law_known_on=question.law_known_on,
        recorded_by=records.folded.recorded_by if given is None else format_instant(given),
        as_of=question.as_of,
        readings=selection.readings,
        assumptions=selection.assumptions,
        evaluated_at=format_instant(question.evaluated_at),
    )


def devices_of(pack: Pack) -> Devices:
    """Return the rates and facts of the devices in the catalogue of a pack."""
    return CatalogueDevices(Catalogue.from_pack(pack))


def _subjects(
    given: Sequence[str], known: Iterable[str]
) -> tuple[frozenset[str] | None, tuple[str, ...]]:
    """Return the subjects meant, and those that nobody knows.

    What a subject of holdings begins with, such as the company alone, means each that does.
    """
    if not given:
        return None, ()
    by_name: dict[str, set[str]] = {}
    for subject in known:
        for name in (subject, *leading(subject)):
            by_name.setdefault(name, set()).add(subject)
            by_name.setdefault(name.partition(":")[2], set()).add(subject)
    wanted = frozenset(subject for name in given for subject in by_name.get(name, ()))
    return wanted, tuple(name for name in given if name not in by_name)
