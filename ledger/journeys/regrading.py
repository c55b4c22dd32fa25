"""Regrading counts the same records by the evidence grade that reconciling their runs gives them.

A record alone has the grade that its source gives it. What other records confirm or contradict
shows only over a whole run, and may be otherwise after the next entry: so the reconciled grade is
worked out from the entries at each asking and stored nowhere. Amounts stay what they are; only
the letter moves, up or down. A figure that includes ancestors is no work of its run, and keeps its
letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from ledger.determination import Legs
from ledger.determination.model import Evidence
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.journeys.checking import Checked, Records
from ledger.journeys.reconciling import Reconciliation, reconcile
from ledger.measure import (
    Contribution,
    GradeSums,
    Leg,
    StoredRecord,
    Sums,
    TotalKey,
    add_into,
    allocation_of,
)

__all__ = ["Held", "Regraded", "Shared", "regrade", "shared"]

_Group = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Held:
    """What stands under one grade, of own primary work that had happened.

    Attributes:
        operations: Sum of the legal lower ends.
        device_us: Device-microseconds, as far as stated.
    """

    operations: int = 0
    device_us: int = 0

    def __add__(self, other: Held) -> Held:
        """Return the amounts of both."""
        return Held(self.operations + other.operations, self.device_us + other.device_us)


@dataclass(frozen=True, slots=True)
class Regraded:
    """The records of a ledger by their reconciled grade.

    Attributes:
        found: The reconciliation that the grades follow from.
        recorded: What stands under each grade as recorded, ``A`` to ``E``.
        reconciled: The same by the reconciled grade; the sums over all grades are equal.
        moved: What the totals gain and lose, key by key; it adds up to nothing.
    """

    found: Reconciliation
    recorded: Mapping[str, Held]
    reconciled: Mapping[str, Held]
    moved: Mapping[TotalKey, Sums]

    def over(self, records: Records) -> Records:
        """Return a fold of the same entries by the same day, under the reconciled grades."""
        totals = dict(records.folded.totals)
        add_into(totals, self.moved)
        return replace(
            records, folded=replace(records.folded, totals=totals), legs=self._legs(records.legs)
        )

    def _legs(self, legs: Legs) -> Legs:
        """Return what gives the legs under their reconciled letters."""
        letters = {line.run: line.grade.figure for line in self.found.runs}

        def regraded(models: frozenset[str]) -> Mapping[str, tuple[Leg, ...]]:
            return {
                model: tuple(
                    replace(leg, evidence=letters.get(leg.run, leg.evidence))
                    if leg.extent == "own"
                    else leg
                    for leg in held
                )
                for model, held in legs(models).items()
            }

        return regraded


@dataclass(frozen=True, slots=True)
class Shared:
    """The total behind one determination, shared out by grade.

    Attributes:
        regime: Id of the regime.
        rule: Id of the rule.
        subject: Subject.
        recorded: Parts per million by the grade of each record alone.
        reconciled: The same by the grade of its run.
    """

    regime: str
    rule: str
    subject: str
    recorded: Evidence
    reconciled: Evidence


def regrade(entries: Iterable[Entry], tolerances: Mapping[str, int], *, as_of: date) -> Regraded:
    """Reconcile a ledger, and count its records by what follows.

    Args:
        entries: Its entries, in order; gone through once.
        tolerances: As `parse_tolerances` gives them.
        as_of: Last day whose work counts.
    """
    runs = _Runs(as_of)
    found = reconcile(runs.watch(entries), tolerances, as_of=as_of)
    grades = {line.run: line.grade for line in found.runs}
    recorded, reconciled = ({letter: Held() for letter in "ABCDE"} for _ in range(2))
    moved: dict[TotalKey, Sums] = {}
    for (run, states), groups in runs.groups.items():
        for key, (sums, device_us) in groups.items():
            letter = grades[run].of(figure=states) if run in grades else key.evidence
            held = Held(sums.lo, device_us)
            recorded[key.evidence] += held
            reconciled[letter] += held
            if letter != key.evidence:
                add_into(moved, {key: -sums})
                add_into(moved, {key._replace(evidence=letter): sums})
    return Regraded(found, recorded, reconciled, moved)


def shared(recorded: Checked, reconciled: Checked) -> tuple[Shared, ...]:
    """Return the shares of every total that is counted, in the order of the determinations.

    Args:
        recorded: A check under the recorded grades.
        reconciled: The same under the reconciled ones.

    Raises:
        IntegrityError: If anything but the shares differs: a grade never moves an amount.
    """
    pairs = zip(recorded.document.determinations, reconciled.document.determinations, strict=True)
    rows = []
    for one, other in pairs:
        if one != other.model_copy(update={"evidence_share": one.evidence_share}):
            raise IntegrityError(
                f"{one.regime}/{one.rule} of {one.subject} comes out otherwise by another grade",
                why="a grade says how far an amount is borne out, and is no part of it",
                remedy="report this: it is a fault of the program",
            )
        if one.evidence_share != Evidence():
            rows.append(
                Shared(one.regime, one.rule, one.subject, one.evidence_share, other.evidence_share)
            )
    return tuple(rows)


class _Runs:
    """Adds up own primary work run by run, apart by whether a record states a figure."""

    def __init__(self, as_of: date) -> None:
        """Begin with nothing."""
        self._as_of = as_of
        self.groups: dict[_Group, dict[TotalKey, tuple[Sums, int]]] = {}

    def watch(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield the entries, and take each on its way."""
        for entry in entries:
            if entry.type in {"allocation", "reversal"}:
                self._take(StoredRecord(entry.seq, entry.recorded_at, entry.type, entry.body))
            yield entry

    def _take(self, record: StoredRecord) -> None:
        """Add an allocation, or take back the one that is reversed."""
        signed = allocation_of(record)
        if signed is None:
            return
        sign, body = signed
        made = Contribution.of(body)
        if made.total.role != "primary" or made.total.extent != "own":
            return
        states = body["operations"] is not None or body["operations_low"] is not None
        when = made.happened(self._as_of)
        sums = Sums(*made.operations(when))
        device_us = GradeSums(*made.capacity(when)).device_us
        if sign < 0:
            sums, device_us = -sums, -device_us
        group = self.groups.setdefault((made.run, states), {})
        held, held_us = group.get(made.total, (Sums(), 0))
        group[made.total] = held + sums, held_us + device_us
