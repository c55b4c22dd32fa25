"""An impact is everything that used an entry, and how each would be or became another.

The records are asked twice with the same coordinates: as they stand with the entry, and with its
correction behind them. What was said earlier is asked again as it was known then: an attestation
over its own entries and by its own coordinates, a filing on the day it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from ledger.determination import Determination, Evaluator
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.checking import Checked, Question, Records, check
from ledger.journeys.correction import Correction
from ledger.journeys.flip import Turn, turns_of
from ledger.journeys.narrowing import about, about_everything, narrowed
from ledger.journeys.replaying import question_of_file
from ledger.measure import StoredRecord, unreversed
from ledger.period import parse_instant
from ledger.regime.edition import Lawbook

__all__ = [
    "Affected",
    "AttestationUsed",
    "CommitmentUsed",
    "Court",
    "FilingUsed",
    "Impact",
    "Late",
    "Views",
    "impact",
]

_Place = tuple[str, str, str]


class Views(Protocol):
    """Gives the records of a prefix, as they stood and as they would have stood corrected."""

    def records(self, size: int, supposed: Sequence[tuple[str, Any]], as_of: date) -> Records:
        """Fold the first entries, and record types and bodies that are supposed behind them.

        Args:
            size: Entries of the prefix.
            supposed: What is supposed behind it; may be empty.
            as_of: Last day whose work counts.
        """
        ...


@dataclass(frozen=True, slots=True)
class Late:
    """A duty that had fallen due by the day asked, once the entry is corrected.

    Attributes:
        obligation: Its id in the rule.
        on: Day on which it fell due.
        days: Days from then to the day asked.
    """

    obligation: str
    on: date
    days: int


@dataclass(frozen=True, slots=True)
class Affected:
    """A determination that rests on the entry.

    Attributes:
        old: With the entry as it was; None where the subject was not known without correction.
        new: With the correction; None where the subject is known no longer.
        turns: What is said otherwise; empty where only figures move.
        late: Duties that are overdue after the correction.
    """

    old: Determination | None
    new: Determination | None
    turns: tuple[Turn, ...]
    late: tuple[Late, ...]

    @property
    def place(self) -> _Place:
        """Regime, rule and subject."""
        held = self.old or self.new
        assert held is not None, "one side is there"
        return held.regime, held.rule, held.subject

    @property
    def flips(self) -> bool:
        """Whether more than figures is another."""
        return bool(self.turns)


@dataclass(frozen=True, slots=True)
class AttestationUsed:
    """A signed statement over entries among which the entry is.

    Attributes:
        record: The entry of the statement.
        kept: Whether the statement itself was at hand, with its coordinates.
        changes: What it would have said otherwise.
        lost: What of its question the law in use does not know, and so was not asked.
    """

    record: StoredRecord
    kept: bool
    changes: tuple[Affected, ...]
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilingUsed:
    """A filing made while the entry counted, under a rule whose outcome rests on it.

    Attributes:
        record: The entry of the filing.
        change: What was known on the day it was sent, and what is with the correction.
    """

    record: StoredRecord
    change: Affected


@dataclass(frozen=True, slots=True)
class CommitmentUsed:
    """A commitment that the entry delivers on, or whose model comes out otherwise.

    Attributes:
        record: The entry of the commitment.
        delivered: Device-microseconds delivered before and after, as far as known.
        foreseen: Rules whose foreseen outcome is another, with subjects.
    """

    record: StoredRecord
    delivered: tuple[int, int]
    foreseen: tuple[_Place, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything that used an entry.

    Attributes:
        correction: What is corrected, and how.
        question: The coordinates asked now.
        size: Entries among which both are asked, before the correction.
        determinations: Those that rest on the entry, by regime, rule and subject.
        asked: How many were asked.
        attestations: Signed statements that covered it.
        filings: Filings that rest on it.
        commitments: Commitments touched.
        alike: Numbers of standing entries of the same source and device, where the same mistake
            may be.
    """

    correction: Correction
    question: Question
    size: int
    determinations: tuple[Affected, ...]
    asked: int
    attestations: tuple[AttestationUsed, ...]
    filings: tuple[FilingUsed, ...]
    commitments: tuple[CommitmentUsed, ...]
    alike: tuple[int, ...]

    @property
    def flips(self) -> tuple[Affected, ...]:
        """Determinations of which more than figures is another."""
        return tuple(each for each in self.determinations if each.flips)

    @property
    def says_otherwise(self) -> bool:
        """Whether anything that is or was said would be another."""
        said = (*self.determinations, *(c for a in self.attestations for c in a.changes))
        return bool(self.filings) or any(each.flips for each in said)


@dataclass(frozen=True, slots=True)
class Court:
    """What determinations are asked with, and over which prefixes.

    Attributes:
        views: Gives prefixes, as they stood and corrected.
        law: The law in use.
        evaluator: Gives the verdicts.
        claims: Gives the check that a signed statement claims, by the digest of its envelope.
    """

    views: Views
    law: Lawbook
    evaluator: Evaluator
    claims: Callable[[str], CheckDocument | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Sides:
    """A prefix as it stood and corrected, and what came out over each."""

    old: Records
    new: Records
    before: Checked
    after: Checked

    def affected(self) -> tuple[Affected, ...]:
        """Return what comes out otherwise."""
        return tuple(_affected(self.before, self.after))


@dataclass(frozen=True, slots=True)
class _Asker:
    """Asks with and without a correction."""

    correction: Correction
    court: Court

    def ask(self, size: int, question: Question) -> _Sides:
        """Return the answers over a prefix as it stood, and corrected."""
        views, law, evaluator = self.court.views, self.court.law, self.court.evaluator
        old = views.records(size, (), question.as_of)
        new = views.records(size, self.correction.bodies, question.as_of)
        before = check(question, old, law, evaluator)
        return _Sides(old, new, before, check(question, new, law, evaluator))


def impact(
    correction: Correction,
    question: Question,
    records: Records,
    court: Court,
    *,
    alike: Sequence[int] = (),
) -> Impact:
    """Find everything that used an entry.

    Args:
        correction: The entry and its correction, recorded or supposed.
        question: The coordinates asked now; regimes, rules and subjects narrow it.
        records: The ledger as it stands.
        court: What is asked with, and over which prefixes.
        alike: Entries where the same mistake may be.

    Raises:
        RuleError: If a regime, rule or reading named does not exist.
    """
    asker = _Asker(correction, court)
    recorded = correction.recorded
    size = records.folded.size if recorded is None else recorded
    standing = [r for r in records.folded.records if r.seq < size]
    sides = asker.ask(size, question)
    changes = sides.affected()
    return Impact(
        correction=correction,
        question=question,
        size=size,
        determinations=changes,
        asked=sides.before.document.counts.determinations,
        attestations=tuple(_attestations(asker, question, standing)),
        filings=tuple(_filings(asker, question, standing)),
        commitments=tuple(_commitments(correction, sides, standing, changes)),
        alike=tuple(alike),
    )


def _affected(old: Checked, new: Checked) -> Iterator[Affected]:
    """Yield the determinations that differ in anything that rests on records."""
    ours = {_place(d): d for d in old.document.determinations}
    theirs = {_place(d): d for d in new.document.determinations}
    for place in sorted({*ours, *theirs}):
        before, after = ours.get(place), theirs.get(place)
        if before != after:
            as_of = new.document.coordinates.as_of
            yield Affected(before, after, tuple(turns_of(before, after)), _late(after, as_of))


def _place(d: Determination) -> _Place:
    """Return the rule and the subject of a determination."""
    return d.regime, d.rule, d.subject


def _late(d: Determination | None, as_of: date) -> tuple[Late, ...]:
    """Return the duties of a determination that are overdue."""
    if d is None or not d.overdue:
        return ()
    return tuple(
        Late(due.obligation, due.on, (as_of - due.on).days)
        for due in d.due
        if due.on is not None and due.on < as_of
    )


def _attestations(
    asker: _Asker, question: Question, standing: Sequence[StoredRecord]
) -> Iterator[AttestationUsed]:
    """Yield the statements over the entry, made before it was corrected."""
    seq = asker.correction.entry.seq
    for record in standing:
        size, number = record.body.get("size"), record.body.get("number")
        if record.type != "attestation" or not number:  # 0 is an approval
            continue
        assert isinstance(size, int)
        if size <= seq:
            continue
        claim, law = asker.court.claims(str(record.body["envelope_sha256"])), asker.court.law
        if claim is None:
            asked, lost = _then(question, record, law), tuple[str, ...]()
        else:
            part = narrowed(claim, law, "the rules in use")
            asked, lost = part.put(question_of_file(claim)), part.lost
        # A statement none of whose regimes the law has cannot be asked again.
        changes = asker.ask(size, asked).affected() if asked.regimes else ()
        yield AttestationUsed(record, claim is not None, changes, lost)


def _then(question: Question, record: StoredRecord, law: Lawbook) -> Question:
    """Return the question as it stood when a record was sealed."""
    day = parse_instant(record.recorded_at).date()
    then = replace(question, in_force_on=day, law_known_on=day, as_of=day)
    return about_everything(then, law)


def _filings(
    asker: _Asker, question: Question, standing: Sequence[StoredRecord]
) -> Iterator[FilingUsed]:
    """Yield the filings whose determination, as known when they were sent, rests on the entry."""
    for record in unreversed(standing):
        body = record.body
        regime = asker.court.law.regimes.get(str(body.get("regime")))
        if record.type != "filing" or record.seq <= asker.correction.entry.seq or regime is None:
            continue
        if regime.rule(str(body["rule"])) is None:
            continue
        day = parse_instant(str(body["sent_at"])).date()
        asked = replace(
            about(question, (regime,)),
            in_force_on=day,
            law_known_on=day,
            as_of=day,
            rules=(f"{regime.id}/{body['rule']}",),
            subjects=(str(body["subject"]),),
        )
        for change in asker.ask(record.seq, asked).affected():
            yield FilingUsed(record, change)


def _commitments(
    correction: Correction,
    sides: _Sides,
    standing: Sequence[StoredRecord],
    changes: Sequence[Affected],
) -> Iterator[CommitmentUsed]:
    """Yield the commitments that the entry delivers on, is, or whose model comes out otherwise."""
    bodies = [correction.entry.body, *(body for _, body in correction.replacements)]
    named = {body.get("commitment") for body in bodies} | {body.get("contract") for body in bodies}
    old, new = sides.old.folded.deliveries, sides.new.folded.deliveries
    for record in unreversed(standing):
        if record.type != "commitment":
            continue
        places = tuple(_ahead(record.body, changes))
        contract = str(record.body["contract"])
        if contract in named or places:
            delivered = (_delivered(old, contract), _delivered(new, contract))
            yield CommitmentUsed(record, delivered, places)


def _ahead(body: Mapping[str, Any], changes: Sequence[Affected]) -> Iterator[_Place]:
    """Yield the places of a model's commitment whose foreseen outcome is another."""
    for change in changes:
        if change.place[2] == f"model:{body['model']}" and any(
            turn.what.startswith(("foreseen", "finding")) for turn in change.turns
        ):
            yield change.place


def _delivered(deliveries: Mapping[str, Any], contract: str) -> int:
    """Return the device-microseconds delivered on a contract, as far as known."""
    found = deliveries.get(contract)
    return 0 if found is None else int(found.device_us)
