"""Recomputing asks the law again about what was attested of a bundle's leaves.

Twice: under the rules that the bundle brings, where every byte must come out as attested, and
under the verifier's own, where a difference is a finding with its cause. The first is asked as the
claim asks. The second is asked as the verifier asks: of every rule and subject, with default
readings, and on days that the claim's period and entries leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ledger.attestation import Attestation
from ledger.book import Book
from ledger.canonical import JSON, encode
from ledger.claim import Population
from ledger.determination import Determination, Evaluator, Legs, World
from ledger.errors import InputError, IntegrityError, RuleError
from ledger.journeys.attesting import claimed_check, unborne
from ledger.journeys.causes import Causes
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.checking import Question, Records, check, devices_of
from ledger.journeys.comparing import Compared, compare_books
from ledger.journeys.flip import flips
from ledger.journeys.grading import Tables
from ledger.journeys.naming import alike_names
from ledger.journeys.replaying import Coverage, question_of_file, replay
from ledger.journeys.selection import offered
from ledger.journeys.stance import Span, Stance, doubts, idle
from ledger.journeys.totals import Counted, totals_of
from ledger.journeys.weight import weight_of, weight_words
from ledger.measure import Engine, Leg
from ledger.pack import Pack, unpack
from ledger.period import parse_instant
from ledger.regime.cased import load_cased
from ledger.regime.edition import lawbook
from ledger.regime.load import load_regimes
from ledger.verify.bundle import KEPT, BundleLeaves, Comparison, Contrast

__all__ = ["Asking", "Counting", "Rows"]

_ALTERED = "the same rules and the same entries give the same result: one of them was changed"
_NAMED = ("developer", "model", "run")
_NOTHING = "a claim that says nothing of any rule must not look as if nothing were met"


class Rows:
    """The leaves of a bundle as an engine reads them; the walk read every one strictly before."""

    def __init__(self, leaves: BundleLeaves) -> None:
        """Read nothing yet."""
        self._leaves = leaves

    @property
    def reversed_by(self) -> Mapping[int, int]:
        """Which entry reverses which."""
        return self._leaves.reversed_by

    def read(self, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, bytes and hash of the entries [start, stop) that exist, in order."""
        return self._leaves.read(start, stop)


class Counting(Engine, Protocol):
    """An engine that also counts how much there is."""

    def population(self, size: int, as_of: date) -> Population:
        """Return how much the entries [0, size) hold."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What a claim rests on, folded once.

    Attributes:
        document: The claimed check.
        records: The fold at its coordinates.
        stance: Whence it asks.
        span: The days that it leaves open.
    """

    document: CheckDocument
    records: Records
    stance: Stance
    span: Span

    @property
    def own(self) -> Stance:
        """Whence the verifier asks about the same entries."""
        return self.stance.within(self.span)


class Asking:
    """Asks the law about the leaves of one bundle; see ``Recomputation``."""

    def __init__(
        self,
        leaves: BundleLeaves,
        packed: bytes | None,
        own: Pack,
        evaluator: Evaluator,
        engine_of: Callable[[Rows], Counting],
    ) -> None:
        """Read the rules of the bundle.

        Args:
            leaves: The leaves, whose root was compared with the signed one.
            packed: The rule pack of the bundle, or None if it brings none.
            own: The verifier's rules.
            evaluator: Gives the verdicts.
            engine_of: Makes what adds up.

        Raises:
            IntegrityError: If the bundle's rules cannot be read.
        """
        self._leaves = leaves
        self._engine = engine_of(Rows(leaves))
        self._evaluator = evaluator
        self._own = own
        self._held: dict[int, _Held] = {}
        self._borne: set[int] = set()  # claims that leave nothing out, and come out again
        self._found: dict[int, tuple[Determination, ...]] = {}  # what the own law finds for them
        try:
            self._pack = None if packed is None else unpack(packed, where="pack.json")[0]
        except (RuleError, InputError) as error:
            raise IntegrityError(error.message, where="member 'pack.json'") from error

    def totals(self, attestation: Attestation) -> Comparison:
        """Compare population and totals, under the rules that the bundle brings."""
        pack, lacking = self._rules_of(attestation)
        if pack is None:
            return Comparison(0, lacking=lacking)
        held = self._hold(attestation)
        at = held.document.coordinates
        world = self._world(held, pack)
        counted = Counted(
            # What somebody else sent is read whole, cases too: a file is sound or it is not.
            load_cased(pack).values(),
            at.in_force_on,
            at.law_known_on,
            dict(at.readings),
        )
        found: dict[str, JSON] = dict(totals_of(world, counted, Tables.from_pack(pack)))
        size = attestation.checkpoint.size
        found["population"] = self._engine.population(size, at.as_of).value()
        stated: dict[str, JSON] = {**attestation.totals}
        stated["population"] = attestation.population.value()
        contrasts = tuple(
            contrast for name in found for contrast in _rows(name, stated.get(name), found[name])
        )
        rows = sum(len(rows) for rows in found.values() if isinstance(rows, list | dict))
        names = alike_names(name for kind in _NAMED for name in world.subjects(kind))
        return Comparison(rows, contrasts, findings=_of(attestation.number, names))

    def claims(self, attestation: Attestation) -> Comparison:
        """Compare the claimed determinations, under the rules that the bundle brings."""
        pack, lacking = self._rules_of(attestation)
        held = self._hold(attestation)
        number = attestation.number
        told = (f"attestation {number} asks {held.stance.words()}",)
        months = (key.month for key in held.records.folded.grades if key.month is not None)
        odd = [
            *doubts(held.stance, held.span, load_regimes(self._own)),
            *filter(None, (idle(attestation.period, months),)),
        ]
        if pack is None:
            return Comparison(0, lacking=lacking, notes=told, findings=_of(number, odd))
        replayed = replay(held.document, held.records, pack, self._evaluator)
        differences = (*unborne(held.document, held.records), *replayed.differences)
        contrasts = [
            Contrast(d.place, d.field, d.stated, d.found, "altered", _ALTERED) for d in differences
        ]
        count, cover = len(held.document.determinations), replayed.coverage
        if not count and cover.rules_held:
            contrasts.append(
                Contrast("check", "", "no determination", _rules(cover), "altered", _NOTHING)
            )
        elif not cover.whole:
            odd.append(_left_out(cover))
        elif not contrasts:
            self._borne.add(number)
        return Comparison(count, tuple(contrasts), notes=told, findings=_of(number, odd))

    def own_law(self, attestation: Attestation) -> Comparison:
        """Compare them with what comes out under the verifier's own rules."""
        held = self._hold(attestation)
        at, own, stated = held.document.coordinates, held.own, held.document.determinations
        same = at.pack == self._own.digest
        note = (
            f"the verifier's rules are those of the claim: pack {at.pack[:12]}…"
            if same
            else f"the verifier's rules are pack {self._own.digest[:12]}…, those of the claim "
            f"{at.pack[:12]}…"
        )
        if same and own == held.stance and attestation.number in self._borne:
            # The very question that was just asked again.
            self._found[attestation.number] = stated
            return Comparison(len(stated), notes=(note,))
        found = self._judge(attestation, own, attestation.checkpoint.size)
        self._found[attestation.number] = found
        if own != held.stance:
            note = f"{note}; the verifier asks {own.words()}"
        causes = Causes(
            None if same else self._compared(at.pack),
            *(held.stance, own),
            known=load_regimes(self._own),
            same=same,
        )
        differ = flips(stated, found)
        lacked = [each for each in differ if each.old is None]
        told = [each for each in differ if each.old is not None or weight_of(each.new)]
        contrasts = tuple(contrast for flip in told for contrast in causes.contrasts(flip))
        quiet = len(lacked) - sum(each.old is None for each in told)
        more = f"{quiet} that the claim does not ask are not met" if quiet else ""
        asked = {_place(d) for d in (*stated, *found)}
        return Comparison(len(asked), contrasts, notes=tuple(filter(None, (note, more))))

    def beyond(self, attestation: Attestation) -> Comparison:
        """Look at what came after the newest claim, or after the days that it asks about.

        It is held against what ``own_law`` found for that claim, which is asked before.
        """
        held, leaves = self._hold(attestation), self._leaves
        size = attestation.checkpoint.size
        before = self._engine.population(size, held.stance.as_of).by_type
        later = sum(
            count - before.get(kind, 0) for kind, count in leaves.types.items() if kind not in KEPT
        )
        sealed = leaves.recorded_by if later else held.records.folded.recorded_by
        if sealed is None:
            return Comparison(0)
        newest = held.own.not_before(parse_instant(sealed).date())
        if not later and newest == held.own:
            return Comparison(0)
        found = self._judge(attestation, newest, leaves.size if later else size)
        was = {_place(d): d for d in self._found[attestation.number]}
        more = [d for d in found if weight_of(d) > weight_of(was.get(_place(d)))]
        what = (
            f"{_records(later)} came after attestation {attestation.number}, the newest"
            if later
            else f"attestation {attestation.number} asks about days before its own last entry"
        )
        if not more:
            return Comparison(0, notes=(f"{what}: your rules find nothing more with that",))
        return Comparison(
            0,
            findings=tuple(
                f"{what}: your rules find with that, and not before, that {d.regime}/{d.rule} "
                f"{d.subject} {weight_words(d)}"
                for d in more
            ),
        )

    def _judge(
        self, attestation: Attestation, stance: Stance, size: int
    ) -> tuple[Determination, ...]:
        """Determine everything under the verifier's rules, about the entries [0, size)."""
        held = self._hold(attestation)
        claimed = {d.regime for d in held.document.determinations}
        regimes = offered(load_regimes(self._own), claimed)
        if not regimes:
            return ()
        records = held.records
        if (size, stance.as_of) != (attestation.checkpoint.size, held.stance.as_of):
            records = self._records(attestation.checkpoint.origin, size, stance.as_of)
        question = Question(
            in_force_on=stance.in_force_on,
            law_known_on=stance.law_known_on,
            as_of=stance.as_of,
            evaluated_at=held.span.evaluated,
            regimes=tuple(regimes),
            optional=True,
        )
        return check(question, records, self._own, self._evaluator).document.determinations

    def _compared(self, digest: str) -> Compared | None:
        """Return the rules of a claim beside the verifier's; None where the bundle has none."""
        if self._pack is None or self._pack.digest != digest:
            return None
        return compare_books(lawbook(self._pack, {}), lawbook(self._own, {}))

    def _rules_of(self, attestation: Attestation) -> tuple[Pack | None, str]:
        """Return the bundle's rules or our own if they are those of the claim, else why not."""
        digest = self._hold(attestation).document.coordinates.pack
        for pack in (self._pack, self._own):
            if pack is not None and pack.digest == digest:
                return pack, ""
        if self._pack is None:
            return None, f"the bundle does not bring its rules, pack {digest[:12]}…"
        return None, (
            f"attestation {attestation.number} was determined by pack {digest[:12]}…, the "
            f"bundle brings pack {self._pack.digest[:12]}…"
        )

    def _world(self, held: _Held, pack: Pack) -> World:
        """Return the records of a claim as rules ask them."""
        return World(
            Book(held.records.folded),
            as_of=held.document.coordinates.as_of,
            legs=held.records.legs,
            devices=devices_of(pack),
        )

    def _hold(self, attestation: Attestation) -> _Held:
        """Fold what a claim rests on, once."""
        held = self._held.get(attestation.number)
        if held is None:
            held = self._held[attestation.number] = self._fold(attestation)
        return held

    def _fold(self, attestation: Attestation) -> _Held:
        """Fold the leaves at the coordinates of a claim."""
        where = f"attestation {attestation.number}"
        try:
            document = claimed_check(attestation)
            question_of_file(document)
        except InputError as error:
            raise IntegrityError(error.message, where=where) from error
        log, at = attestation.checkpoint, document.coordinates
        records = self._records(log.origin, log.size, at.as_of)
        records.folded.require_root(log.root)
        span = Span.of(attestation.period, records.folded.recorded_by, at.evaluated_at)
        return _Held(document, records, Stance.of(document), span)

    def _records(self, origin: str, size: int, as_of: date) -> Records:
        """Fold the entries [0, size)."""
        folded = self._engine.fold(size=size, limit=size, as_of=as_of)
        return Records(origin, folded, 0, _legs(self._engine, size, as_of))


def _legs(fold: Engine, limit: int, as_of: date) -> Legs:
    """Return what gives the legs of some models; the leaves are gone over once for each set."""
    held: dict[frozenset[str], Mapping[str, tuple[Leg, ...]]] = {}

    def legs(models: frozenset[str]) -> Mapping[str, tuple[Leg, ...]]:
        if models not in held:
            held[models] = fold.legs(models, limit=limit, as_of=as_of)
        return held[models]

    return legs


def _place(d: Determination) -> tuple[str, str, str]:
    """Return body of law, rule and subject of a determination."""
    return d.regime, d.rule, d.subject


def _of(number: int, sentences: Iterable[str]) -> tuple[str, ...]:
    """Return sentences about one attestation."""
    return tuple(f"attestation {number}: {each}" for each in sentences)


def _rules(cover: Coverage) -> str:
    """Return how much could be asked."""
    return f"determinations of {cover.rules_held} rules"


def _left_out(cover: Coverage) -> str:
    """Return what a claim leaves out."""
    return (
        f"the claim asks {cover.rules} of {cover.rules_held} rules and {cover.subjects} of "
        f"{cover.subjects_held} subjects: of the others it says nothing"
    )


def _records(count: int) -> str:
    """Return a number of entries that say something of work, holdings, contracts or facts."""
    return "1 record" if count == 1 else f"{count} records"


def _rows(name: str, stated: JSON, found: JSON) -> Iterator[Contrast]:
    """Yield the rows of a part of the totals that differ."""
    left = stated if isinstance(stated, list) else [stated]
    right = found if isinstance(found, list) else [found]
    for index in range(max(len(left), len(right))):
        said = left[index] if index < len(left) else None
        came = right[index] if index < len(right) else None
        if said != came:
            yield from _fields(f"{name} row {index + 1}" if len(right) > 1 else name, said, came)


def _fields(place: str, said: JSON, came: JSON) -> Iterator[Contrast]:
    """Yield the members of a row that differ."""
    if not isinstance(said, dict) or not isinstance(came, dict):
        yield Contrast(place, "", _text(said), _text(came), "altered", _ALTERED)
        return
    label = " ".join(str(came[n]) for n in ("regime", "counting_set", "model") if n in came)
    for member in sorted(said.keys() | came.keys()):
        one, other = said.get(member), came.get(member)
        if one != other:
            where = f"{place} ({label})" if label else place
            yield Contrast(where, member, _text(one), _text(other), "altered", _ALTERED)


def _text(value: JSON) -> JSON:
    """Return a value as a verdict shows it: objects as their canonical text."""
    return encode(value).decode() if isinstance(value, dict | list) else value
