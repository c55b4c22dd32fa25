"""Attesting draws up what a person signs about a ledger, and checks it before it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from ledger.attestation import Attestation, check_follows
from ledger.book import Book
from ledger.canonical import JSON, encode
from ledger.checkpoint import Checkpoint
from ledger.claim import Completeness, Days
from ledger.determination import Evaluator, World
from ledger.envelope import Envelope
from ledger.errors import ConflictError, InputError, IntegrityError
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.checking import Checked, Records, devices_of
from ledger.journeys.grading import Tables
from ledger.journeys.importing import Ledger
from ledger.journeys.replaying import Difference, read_check, replay
from ledger.journeys.totals import Counted, population_of, totals_of
from ledger.pack import Pack
from ledger.record.draft import draft_of
from ledger.regime.load import load_regimes
from ledger.statement import Statement

__all__ = [
    "Held",
    "Told",
    "attest",
    "check_again",
    "claimed_check",
    "newest_of",
    "record_envelope",
    "unborne",
]


@dataclass(frozen=True, slots=True)
class Told:
    """What a person adds to what the ledger says.

    Attributes:
        period: Days that the attestation is about.
        completeness: What is claimed about runs that are not recorded.
        before: Statement of the attestation before, or None for the first.
    """

    period: Days
    completeness: Completeness
    before: Statement | None


def newest_of(
    bodies: Iterable[dict[str, JSON]], envelope_of: Callable[[str], bytes]
) -> Statement | None:
    """Return the statement of a ledger's newest attestation, or None if there is none.

    Args:
        bodies: Bodies of its ``attestation`` entries, in order.
        envelope_of: Gives the file that an entry names by its digest.

    Raises:
        IntegrityError: If the file is not the one that the entry names.
    """
    attested = [body for body in bodies if body["number"] != 0]
    if not attested:
        return None
    digest = str(attested[-1]["envelope_sha256"])
    envelope = Envelope.parse(envelope_of(digest))
    if envelope.sha256() != digest:
        raise IntegrityError(
            f"the file of attestation {attested[-1]['number']} is not the one recorded",
            where=digest,
            remedy="put the file back as it was signed",
        )
    return Statement.open(envelope)


@dataclass(frozen=True, slots=True)
class Held:
    """What an attestation is held against.

    Attributes:
        records: The ledger up to the checkpoint, by the day of the check.
        pack: The law.
        leaves: Every entry under the checkpoint, in order; gone through once.
    """

    records: Records
    pack: Pack
    leaves: Iterable[bytes]


def attest(told: Told, checked: Checked, held: Held) -> Attestation:
    """Draw up an attestation of a ledger at its newest checkpoint.

    Args:
        told: What a person adds.
        checked: Every determination that is claimed.
        held: What the determinations rest on.

    Raises:
        InputError: If the check does not rest on the whole ledger, or its time is before the last
            entry.
    """
    folded = held.records.folded
    _check_asked(checked, held.records)
    last = None if told.before is None else Attestation.parse(told.before)
    return Attestation(
        checkpoint=Checkpoint(held.records.origin, folded.size, folded.root),
        number=1 if last is None else last.number + 1,
        previous=None if told.before is None else told.before.payload_sha256(),
        period=told.period,
        completeness=told.completeness,
        population=population_of(held.leaves),
        totals=_totals(checked.world, checked.document, held.pack),
        check=_plain(checked.document),
    )


def _check_asked(checked: Checked, records: Records) -> None:
    """Refuse a check that no attestation can claim."""
    folded, document = records.folded, checked.document
    partly = folded.limit not in {None, folded.size} or not checked.whole
    if partly or document.coordinates.recorded_by != folded.recorded_by:
        raise InputError(
            "an attestation is about everything under a checkpoint",
            remedy="leave --recorded-by out",
        )
    if records.unsigned_tail:
        raise InputError(
            f"{records.unsigned_tail} entries after the newest checkpoint are not signed",
            why="an attestation is about all there is",
            remedy="the next append signs them; record what is still to be recorded",
        )
    sealed, asked = folded.recorded_by, document.coordinates.evaluated_at
    if sealed is not None and asked < sealed:
        raise InputError(
            f"the clock says {asked}, and the last entry was recorded {sealed}",
            why="nobody can attest what is not there yet",
            remedy="set the clock",
        )


def unborne(document: CheckDocument, records: Records) -> Iterator[Difference]:
    """Yield what of a claimed check is true of no attestation of these entries.

    A check that is asked again may count less than all and leave a tail unsigned, and replaying
    takes its word for that. An attestation is about everything.
    """
    stated, found = document.coordinates.recorded_by, records.folded.recorded_by
    if stated != found:
        yield Difference("coordinates", "recorded_by", stated, found)
    if document.ledger.unsigned_tail:
        yield Difference("ledger", "unsigned_tail", document.ledger.unsigned_tail, 0)


def claimed_check(attestation: Attestation) -> CheckDocument:
    """Return the check that an attestation claims.

    Raises:
        InputError: If it is no whole ``flopledger/check.v1`` document.
    """
    return read_check(encode(dict(attestation.check)), where="the attestation")


def check_again(
    attestation: Attestation, before: Statement | None, held: Held, evaluator: Evaluator
) -> None:
    """Work everything out again that an attestation says of a ledger.

    Args:
        attestation: What is to be recorded.
        before: Statement of the attestation before it, or None.
        held: The ledger up to the checkpoint of the attestation, and the law its check names.
        evaluator: Gives the verdicts.

    Raises:
        RuleError: If the pack is another one than the check names.
        IntegrityError: If anything comes out otherwise.
    """
    records, pack = held.records, held.pack
    folded = records.folded
    attestation.check_binding(Checkpoint(records.origin, folded.size, folded.root))
    check_follows(attestation, before)
    document = claimed_check(attestation)
    replayed = replay(document, records, pack, evaluator)
    for difference in (*unborne(document, records), *replayed.differences):
        raise _otherwise(
            f"{difference.place} {difference.field}".strip(), difference.stated, difference.found
        )
    asked = replayed.coverage
    if not asked.whole:
        raise _otherwise(
            "a check",
            f"{asked.rules} rules of {asked.subjects} subjects",
            f"{asked.rules_held} rules of {asked.subjects_held} subjects",
        )
    world = World(
        Book(folded),
        as_of=document.coordinates.as_of,
        legs=records.legs,
        devices=devices_of(pack),
    )
    again = _totals(world, document, pack)
    for name, rows in again.items():
        for stated, found in _pairs(attestation.totals[name], rows):
            if stated != found:
                raise _otherwise(f"totals {name}", stated, found)
    population = population_of(held.leaves)
    if population != attestation.population:
        raise _otherwise("population", attestation.population.value(), population.value())


def record_envelope(ledger: Ledger, envelope: Envelope, *, size: int, number: int) -> int:
    """Append that an envelope was signed, and return the number of the entry.

    The file of the envelope must be on the disk before: an entry that names a file that nobody
    has could never be verified.

    Args:
        ledger: Where to append.
        envelope: What was signed.
        size: Entries that it speaks of.
        number: Its number in the series; 0 for an approval.

    Raises:
        ConflictError: If another envelope bears this number.
        HeadMovedError: If another writer appended meanwhile.
    """
    digest = envelope.sha256()
    body = {"envelope_sha256": digest, "size": size, "number": number}
    # Two people who record the same number meet here, and one of them learns of it.
    key = ("number", str(number)) if number else ("envelope", digest)
    appended = ledger.append([draft_of("attestation", body, key=key)])
    for conflict in appended.conflicts:
        raise ConflictError(
            f"entry {conflict.seq} records another attestation {number}",
            why="attestations are a series, and each number is given once",
            remedy="draw it up anew: flopledger attest draft",
        )
    if not appended.new:
        raise ConflictError(
            f"this envelope is recorded already: {digest}",
            why="what was signed is recorded once",
            remedy="nothing is to be done: it stands there already",
        )
    return appended.new[0]


def _totals(world: World, document: CheckDocument, pack: Pack) -> dict[str, JSON]:
    """Return the totals under the law that a check names, of every regime of the pack."""
    at = document.coordinates
    counted = Counted(
        load_regimes(pack).values(), at.in_force_on, at.law_known_on, dict(at.readings)
    )
    return totals_of(world, counted, Tables.from_pack(pack))


def _plain(document: CheckDocument) -> dict[str, JSON]:
    """Return a check as JSON values."""
    return cast("dict[str, JSON]", document.model_dump(mode="json", by_alias=True))


def _pairs(stated: JSON, found: JSON) -> Iterable[tuple[Any, Any]]:
    """Return rows side by side; where one list is longer, against None."""
    assert isinstance(stated, list)
    assert isinstance(found, list)
    length = max(len(stated), len(found))
    left = [*stated, *[None] * (length - len(stated))]
    return zip(left, [*found, *[None] * (length - len(found))], strict=True)


def _otherwise(place: str, stated: object, found: object) -> IntegrityError:
    """Return the error for a part that comes out otherwise."""
    return IntegrityError(
        f"the attestation states {place} as {_short(stated)}; it comes out as {_short(found)}",
        where=place,
        why="what is signed must be what the ledger and the law say",
        remedy="draw it up anew: flopledger attest draft",
    )


def _short(value: object) -> str:
    """Return a value in few words."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 200 else text[:200] + "…"  # noqa: PLR2004 - a line or two
