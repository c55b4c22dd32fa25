"""Casework runs the cases of a rule file the way a ledger is checked: leaves, fold, determinations.

A case becomes entries with the bytes a log would hold; an engine folds them, and what comes out is
compared with what the file expects, field by field. Business days of a case are Monday to Friday:
holidays differ from place to place and change, and a case must come out alike everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias

from ledger.book import Book
from ledger.canonical import JSON
from ledger.determination import (
    Asked,
    Determination,
    Devices,
    Evaluator,
    StatedDevices,
    World,
    binds,
    determine,
)
from ledger.determination.amounts import decimal
from ledger.entry import Entry, genesis_prev
from ledger.log import Row
from ledger.measure import Engine
from ledger.merkle import leaf_hash
from ledger.record.draft import MODELS, Draft
from ledger.regime.boundary import Boundary, boundaries
from ledger.regime.case import Case, Days, Expectation
from ledger.regime.cased import CasedRegime
from ledger.regime.cases import Recorded, records_of, subject_of
from ledger.regime.environment import Rates
from ledger.regime.law import Law
from ledger.regime.model import Regime
from ledger.regime.rule import Rule
from ledger.regime.vocabulary import Vocabulary

__all__ = ["Bench", "CaseResult", "Inscribed", "Mismatch", "mismatches"]

_ORIGIN: Final = "cases.invalid"
_SALT: Final = "A" * 22  # a case hides nothing, so its salt may be anything
_NONE: Final = "none"
_FRIDAY: Final = 4


class Inscribed:
    """The entries of a case, read as a store is read."""

    def __init__(self, records: Iterable[Recorded]) -> None:
        """Inscribe records in order, each linked to the one before."""
        self._rows: list[Row] = []
        prev = genesis_prev(_ORIGIN)
        for seq, record in enumerate(records):
            entry = Entry(
                seq=seq,
                id=f"00000000-0000-4000-8000-{seq:012x}",
                type=record.draft.type,
                recorded_at=f"{record.on}T00:00:00Z",
                origin=_ORIGIN,
                prev=prev,
                salt=_SALT,
                sd=(),
                body=_open_body(record.draft),
            )
            leaf = entry.encode()
            digest = leaf_hash(leaf)
            prev = digest.hex()
            self._rows.append(Row(seq, leaf, digest))

    @property
    def size(self) -> int:
        """Entries inscribed."""
        return len(self._rows)

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        yield from self._rows[start:stop]


class _Weekdays:
    """Counts Monday to Friday, whatever the regime."""

    def moved(self, regime: str, day: date, days: int) -> date:
        """Return the day that many weekdays away; the day itself is not counted."""
        del regime
        step = timedelta(days=1 if days > 0 else -1)
        left = abs(days)
        while left:
            day += step
            left -= day.weekday() <= _FRIDAY
        return day


def _open_body(draft: Draft) -> dict[str, JSON]:
    """Return the body of a record; a case hides nothing, so names are their own pseudonyms."""
    names = sorted(MODELS[draft.type].PSEUDONYMS)
    return {**draft.body, **{f"{name}_pseudonym": draft.hidden.get(name) for name in names}}


OpenEngine: TypeAlias = Callable[[Inscribed], Engine]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One field that did not come out as a case expects.

    Attributes:
        rule: Id of the rule.
        subject: With its prefix.
        field: Field of the expectation.
        expected: What the case says.
        found: What came out.
    """

    rule: str
    subject: str
    field: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case.

    Attributes:
        regime: Id of the regime.
        case: The case.
        generated: Whether it was generated around a line, and not written in the file.
        mismatches: Fields that came out otherwise; empty when the case passes.
    """

    regime: str
    case: Case
    generated: bool
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.mismatches


@dataclass(frozen=True, slots=True)
class Bench:
    """Where cases are run.

    Attributes:
        vocabulary: Types of facts.
        open_engine: Opens an engine over the entries of a case.
        evaluator: Gives the verdicts.
        devices: Looks up devices whose rates a case does not state; None knows none.
    """

    vocabulary: Vocabulary
    open_engine: OpenEngine
    evaluator: Evaluator
    devices: Devices | None = None

    def run(self, regime: Regime, case: Case, *, generated: bool = False) -> CaseResult:
        """Run one case and compare what comes out.

        Raises:
            LedgerError: If the case states what no ledger would accept.
        """
        world = self.world(case)
        found = self.determined(regime, case, world, frozenset(case.expect))
        told = tuple(mismatches(regime, case, found, world))
        return CaseResult(regime.id, case, generated, told)

    def run_written(self, regime: CasedRegime) -> tuple[CaseResult, ...]:
        """Run the cases written in a rule file, in order."""
        return tuple(self.run(regime, case) for case in regime.cases)

    def run_generated(
        self, regime: Regime, rules: frozenset[str] | None = None
    ) -> tuple[tuple[CaseResult, ...], tuple[Boundary, ...]]:
        """Run the cases generated around every line of a regime.

        Args:
            regime: The regime.
            rules: Rules whose lines are tried; None tries all.

        Returns:
            The results, and the boundaries for which no world was found in which they decide.
        """

        def judge(regime: Regime, case: Case) -> str:
            ((rule, subjects),) = case.expect.items()
            ((name, _),) = subjects.items()
            asked = regime.rule(rule)
            assert asked is not None, "a generated case asks a rule of its regime"
            subject = subject_of(name, asked.subject)
            found = self.determinations(regime, case, frozenset({rule}))
            return next((d.finding or _NONE for d in found if d.subject == subject), _NONE)

        around = boundaries(regime, self.vocabulary, judge, rules)
        results = tuple(
            self.run(regime, case, generated=True) for boundary in around for case in boundary.cases
        )
        return results, tuple(boundary for boundary in around if not boundary.cases)

    def determinations(
        self, regime: Regime, case: Case, rules: frozenset[str] | None = None
    ) -> tuple[Determination, ...]:
        """Return what a case leads to under a regime.

        Args:
            regime: The regime.
            case: The case.
            rules: Rules asked; None asks all.
        """
        return self.determined(regime, case, self.world(case), rules)

    def world(self, case: Case) -> World:
        """Return the records of a case by its day, whatever the regime."""
        inscribed = Inscribed(records_of(case, self.vocabulary))
        engine, as_of = self.open_engine(inscribed), case.evaluated_on
        size = inscribed.size
        return World(
            Book(engine.fold(size=size, limit=size, as_of=as_of)),
            as_of=as_of,
            legs=lambda models: engine.legs(models, limit=size, as_of=as_of),
            devices=StatedDevices(_rates(case), self.devices),
        )

    def determined(
        self, regime: Regime, case: Case, world: World, rules: frozenset[str] | None = None
    ) -> tuple[Determination, ...]:
        """Return what the law that a case asks says about a world."""
        asked = Asked(
            in_force_on=case.law.in_force_on,
            law_known_on=case.law.law_known_on or date.max,
            readings={regime.id: case.readings},
            assumptions=case.law.assume,
            rules={} if rules is None else {regime.id: rules},
            workdays=_Weekdays(),
        )
        return determine(asked, [regime], world, self.evaluator)


def mismatches(
    regime: Regime, case: Case, found: Iterable[Determination], world: World
) -> Iterator[Mismatch]:
    """Yield what came out otherwise than a case expects, of the records in its world."""
    by_place = {(d.rule, d.subject): d for d in found}
    for rule_id, subjects in case.expect.items():
        rule = regime.rule(rule_id)
        kind = "" if rule is None else rule.subject
        for name, expected in subjects.items():
            subject = subject_of(name, kind)
            yield from _compare(rule_id, subject, expected, by_place.get((rule_id, subject)))
            if rule is not None and expected.binds:
                yield from _compare_duties(_law_of(regime, case), world, rule, subject, expected)


def _law_of(regime: Regime, case: Case) -> Law:
    """Return the law that a case asks."""
    return Law.on(
        regime,
        case.law.in_force_on,
        law_known_on=case.law.law_known_on or date.max,
        readings=case.readings,
        assumed=regime.id in case.law.assume,
    )


def _compare_duties(
    law: Law, world: World, rule: Rule, subject: str, expected: Expectation
) -> Iterator[Mismatch]:
    """Yield the duties that bind the subject otherwise than expected."""
    duties = {duty.id: duty for duty in rule.obligations}
    for name, wanted in (expected.binds or {}).items():
        bound = binds(law, world, rule, subject, duties[name])
        shown = "undetermined" if bound is None else _words(bound)
        if shown != wanted:
            yield Mismatch(rule.id, subject, f"binds {name}", wanted, shown)


def _rates(case: Case) -> Mapping[str, list[Rates]]:
    """Return the rate rows that a case states, by device."""
    found: dict[str, list[Rates]] = {}
    for row in case.device_rates:
        stated: Rates = {
            "rate.mac_rate": row.mac_rate,
            "rate.bit_length": row.bit_length,
            "rate.operand": row.operand,
        }
        found.setdefault(row.device, []).append(stated)
    return found


def _compare(
    rule: str, subject: str, expected: Expectation, found: Determination | None
) -> Iterator[Mismatch]:
    """Yield the fields that came out otherwise; a field that is not stated is not asked."""
    if found is None:
        yield Mismatch(rule, subject, "subject", "a determination", "none: nothing is known of it")
        return
    shown = _shown(found)
    for name in expected.model_fields_set - {"binds", "due", "met_on", "margin"}:
        wanted = _words(getattr(expected, name))
        if wanted != shown[name]:
            yield Mismatch(rule, subject, name, wanted, shown[name])
    yield from _compare_days(rule, subject, expected, found)
    if expected.margin is not None:
        wanted = decimal(expected.margin.base)
        if wanted != found.margin:
            yield Mismatch(rule, subject, "margin", wanted, found.margin or _NONE)


def _compare_days(
    rule: str, subject: str, expected: Expectation, found: Determination
) -> Iterator[Mismatch]:
    """Yield the days that came out otherwise."""
    if expected.met_on is not None:
        days = expected.met_on
        wanted = days if isinstance(days, Days) else Days(earliest=days, latest=days)
        stated = found.met_on
        if stated is None or (stated.earliest, stated.latest) != (wanted.earliest, wanted.latest):
            shown = _NONE if stated is None else f"{stated.earliest} to {stated.latest}"
            yield Mismatch(rule, subject, "met_on", f"{wanted.earliest} to {wanted.latest}", shown)
    due = {item.obligation: _words(item.on) for item in found.due}
    for obligation, day in (expected.due or {}).items():
        shown = due.get(obligation, _NONE)
        if shown != _words(day):
            yield Mismatch(rule, subject, f"due {obligation}", _words(day), shown)


def _shown(found: Determination) -> dict[str, str]:
    """Return the fields of a determination in the words of an expectation."""
    foreseen = found.foreseen
    return {
        "finding": _words(found.finding),
        "in_scope": _words(found.in_scope),
        "law": _words(found.law),
        "enforcement": _words(found.enforcement),
        "missing": _words(found.missing),
        "foreseen": _words(None if foreseen is None else foreseen.finding),
        "foreseen_on": _words(None if foreseen is None else foreseen.on),
        "by": _words(found.exception),
        "robust": _words(found.robust),
        "rebutted": _words(found.rebutted),
        "hypothetical": _words(found.hypothetical),
    }


def _words(value: object) -> str:
    """Write a value as rule files do: yes and no, ``none``, days, names sorted."""
    match value:
        case None:
            return _NONE
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(sorted(value)) or _NONE
        case _:
            return str(value)
