"""Replaying determines again what an earlier check wrote, from nothing but its coordinates.

What was asked is read off the determinations themselves: every rule asked has one for each subject
asked of its kind, so the rules and subjects that stand there are those that were asked, as far as
they had anything to say. Two fields are taken over from the file, because nothing in the ledger
says otherwise: ``coordinates.evaluated_at`` and ``ledger.unsigned_tail``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.book import Book
from ledger.determination import Asked, Determination, Evaluator, World, determine, tallied
from ledger.errors import InputError, IntegrityError, RuleError
from ledger.journeys.check_document import CheckDocument, Coordinates, Signed
from ledger.journeys.checking import Question, Records, devices_of, document_of
from ledger.journeys.selection import Selection, offered, select
from ledger.modelling import ValidationError
from ledger.pack import Pack
from ledger.period import format_instant, parse_instant
from ledger.regime.law import Law
from ledger.regime.load import load_regimes
from ledger.regime.model import Regimes

__all__ = ["Coverage", "Difference", "Replayed", "question_of_file", "read_check", "replay"]

_ABSENT: Final = "nothing"
_Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that the file states otherwise than the ledger and the law give it.

    Attributes:
        place: ``regime/rule subject`` of a determination, or a part of the document.
        field: Name of the field; empty for a whole determination.
        stated: What the file says, as JSON.
        found: What came out, as JSON.
    """

    place: str
    field: str
    stated: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what could be asked the file asks.

    Attributes:
        rules: Rules in the file.
        rules_held: Rules of the pack that have a subject among the entries; those of an optional
            regime only if the file asks one of them.
        subjects: Subjects in the file.
        subjects_held: Subjects of these rules among the entries.
    """

    rules: int
    rules_held: int
    subjects: int
    subjects_held: int

    @property
    def whole(self) -> bool:
        """Whether the file leaves nothing out."""
        return self.rules == self.rules_held and self.subjects == self.subjects_held


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out of a replay.

    Attributes:
        document: The check as it comes out.
        differences: Where the file says something else.
        coverage: How much of what could be asked was asked.
    """

    document: CheckDocument
    differences: tuple[Difference, ...]
    coverage: Coverage


def read_check(data: bytes, *, where: str) -> CheckDocument:
    """Read what ``check -f json`` wrote.

    Raises:
        InputError: If it is another document, or one of another version.
    """
    try:
        document = CheckDocument.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InputError(
            f"not the output of a check: {place or 'the file'}: {first['msg']}",
            where=where,
            why="only a whole flopledger/check.v1 document states its coordinates",
            remedy="write one: flopledger check -f json -o FILE",
        ) from error
    if document.ledger.size != document.coordinates.checkpoint.size:
        raise InputError(
            f"the file speaks of a ledger of {document.ledger.size} entries and of a checkpoint "
            f"over {document.coordinates.checkpoint.size}",
            where=where,
            remedy="take the file as it was written",
        )
    return document


def question_of_file(document: CheckDocument) -> Question:
    """Return the question whose answer the file states, as far as folding the ledger needs it."""
    at = document.coordinates
    return Question(
        in_force_on=at.in_force_on,
        law_known_on=at.law_known_on,
        as_of=at.as_of,
        evaluated_at=parse_instant(at.evaluated_at),
        recorded_by=None if at.recorded_by is None else parse_instant(at.recorded_by),
    )


def replay(document: CheckDocument, records: Records, pack: Pack, evaluator: Evaluator) -> Replayed:
    """Determine again and compare.

    Args:
        document: What an earlier check wrote.
        records: The ledger up to the checkpoint of that check, and what was recorded by then.
        pack: The law, and the catalogue of devices.
        evaluator: Gives the verdicts.

    Raises:
        RuleError: If the pack is not the one of the document, or knows no such reading.
        IntegrityError: If the entries have another root than the document states.
    """
    at = document.coordinates
    _check_pack(pack, at)
    _check_root(records, at)
    regimes = load_regimes(pack)
    world = World(Book(records.folded), as_of=at.as_of, legs=records.legs, devices=devices_of(pack))
    selection = _selection(document, regimes)
    asked = Asked(
        in_force_on=at.in_force_on,
        law_known_on=at.law_known_on,
        readings=selection.readings,
        assumptions=selection.assumptions,
        rules=selection.rules,
        subjects=frozenset(d.subject for d in document.determinations),
    )
    found = determine(asked, selection.regimes, world, evaluator)
    tailed = replace(records, unsigned_tail=document.ledger.unsigned_tail)
    coordinates = _coordinates(at, records, pack, selection)
    again = document_of(found, tallied(found), tailed, coordinates)
    return Replayed(
        again, tuple(_differences(document, again)), _coverage(document, regimes, world)
    )


def _check_pack(pack: Pack, at: Coordinates) -> None:
    """Refuse to judge by another law than that of the file."""
    if pack.digest != at.pack:
        raise RuleError(
            f"the file was determined by pack {at.pack}, the rules in use are pack {pack.digest}",
            why="other rules may well give another determination, which would prove nothing",
            remedy="give the pack of that day: flopledger --rules PACK.json check --replay FILE; "
            "flopledger rules pack -o PACK.json writes one while the rules are in use",
        )


def _check_root(records: Records, at: Coordinates) -> None:
    """Refuse a file about other entries than those that were signed here."""
    root = records.folded.root.hex()
    if root != at.checkpoint.root:
        raise IntegrityError(
            f"the first {at.checkpoint.size} entries have root {root}, the file states "
            f"{at.checkpoint.root}",
            why="the file speaks of entries that are not in this ledger",
            remedy="give the --ledger whose check it was; if this is the one, run: "
            "flopledger verify",
        )


def _selection(document: CheckDocument, regimes: Regimes) -> Selection:
    """Return the part of the law that was asked, with what was chosen and assumed."""
    at = document.coordinates
    readings = [
        f"{regime}/{reading}={alternative}"
        for regime, chosen in at.readings.items()
        for reading, alternative in chosen.items()
    ]
    assumed = [f"{regime}={status}" for regime, status in at.assumptions.items()]
    selection = select(regimes, readings=readings, assumptions=assumed)
    rules: dict[str, frozenset[str]] = {}
    for d in document.determinations:
        regime = regimes.get(d.regime)
        if regime is not None and regime.rule(d.rule) is not None:
            rules[d.regime] = rules.get(d.regime, frozenset()) | {d.rule}
    asked = tuple(regime for regime in selection.regimes if regime.id in rules)
    return replace(selection, regimes=asked, rules=rules)


def _coordinates(
    at: Coordinates, records: Records, pack: Pack, selection: Selection
) -> Coordinates:
    """Return the coordinates as they come out; only the moment of asking is taken over."""
    given = at.recorded_by
    return Coordinates(
        pack=pack.digest,
        checkpoint=Signed(size=records.folded.size, root=records.folded.root.hex()),
        in_force_on=at.in_force_on,
        law_known_on=at.law_known_on,
        recorded_by=records.folded.recorded_by
        if given is None
        else format_instant(parse_instant(given)),
        as_of=at.as_of,
        readings=selection.readings,
        assumptions=selection.assumptions,
        evaluated_at=at.evaluated_at,
    )


def _differences(stated: CheckDocument, found: CheckDocument) -> Iterator[Difference]:
    """Yield every field that differs, those of the document first."""
    said, came = _plain(stated), _plain(found)
    for part in ("ledger", "coordinates", "counts"):
        yield from _fields(part, said[part], came[part])
    mine, theirs = _by_place(came["determinations"]), _by_place(said["determinations"])
    repeats = Counter(map(_place, said["determinations"]))
    for place in sorted(mine.keys() | theirs.keys()):
        name = f"{place[0]}/{place[1]} {place[2]}"
        if place not in mine or place not in theirs:
            there, here = place in theirs, place in mine
            yield Difference(name, "", _presence(there), _presence(here))
        elif repeats[place] > 1:
            yield Difference(name, "", f"{repeats[place]} determinations", "one determination")
        else:
            yield from _fields(name, theirs[place], mine[place])


def _fields(
    place: str, stated: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[Difference]:
    """Yield the fields of two objects that differ."""
    for name in stated:
        if stated[name] != found[name]:
            yield Difference(place, name, stated[name], found[name])


def _presence(there: bool) -> str:  # noqa: FBT001 - a word for a truth
    """Return whether there is a determination, in words."""
    return "a determination" if there else _ABSENT


def _plain(document: CheckDocument) -> dict[str, Any]:
    """Return a document as JSON values."""
    return document.model_dump(mode="json", by_alias=True)


def _by_place(determinations: list[dict[str, Any]]) -> dict[_Place, dict[str, Any]]:
    """Return determinations by regime, rule and subject."""
    return {_place(each): each for each in determinations}


def _place(determination: Mapping[str, Any]) -> _Place:
    """Return where a determination belongs."""
    return determination["regime"], determination["rule"], determination["subject"]


def _coverage(document: CheckDocument, regimes: Regimes, world: World) -> Coverage:
    """Return how much of what could be asked was asked."""
    at = document.coordinates
    asked_of = {d.regime for d in document.determinations}
    held = {
        (regime.id, rule.id): set(world.subjects_of(law, rule))
        for regime in offered(regimes, asked_of).values()
        for law in (Law.on(regime, at.in_force_on, law_known_on=at.law_known_on),)
        for rule in regime.rules
    }
    asked = {place for d in document.determinations if (place := _rule_of(d)) in held}
    known = set[str]().union(*(held[place] for place in asked))
    return Coverage(
        rules=len(asked),
        rules_held=sum(bool(subjects) for subjects in held.values()),
        subjects=len({d.subject for d in document.determinations}),
        subjects_held=len(known),
    )


def _rule_of(determination: Determination) -> tuple[str, str]:
    """Return the rule of a determination."""
    return determination.regime, determination.rule
