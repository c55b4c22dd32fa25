"""Recomputing asks the law again about what was attested of a bundle's leaves.

Twice: under the rules that the bundle brings, where every byte must come out as attested, and
under the verifier's own, where a difference is a finding with its cause. The causes are told apart
by comparing the two sets of rules, and by what the verifier's rules miss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from ledger.attestation import Attestation
from ledger.book import Book
from ledger.canonical import JSON, encode
from ledger.claim import Population
from ledger.determination import Determination, Evaluator, Legs, World
from ledger.errors import InputError, IntegrityError, RuleError
from ledger.journeys.attesting import claimed_check
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.checking import Records, check, devices_of
from ledger.journeys.comparing import Compared, compare_books
from ledger.journeys.flip import Flip, Turn, flips
from ledger.journeys.grading import Tables
from ledger.journeys.narrowing import narrowed
from ledger.journeys.replaying import question_of_file, replay
from ledger.journeys.totals import Counted, totals_of
from ledger.measure import Engine, Leg
from ledger.pack import Pack, unpack
from ledger.regime.edition import Lawbook, lawbook
from ledger.regime.load import load_regimes
from ledger.verify.bundle import BundleLeaves, Comparison, Contrast

__all__ = ["Asking", "Counting", "Rows"]

_ALTERED = "the same rules and the same entries give the same result: one of them was changed"


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
    """

    document: CheckDocument
    records: Records


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
        self._engine = engine_of(Rows(leaves))
        self._evaluator = evaluator
        self._own = own
        self._held: dict[int, _Held] = {}
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
            load_regimes(pack).values(), at.in_force_on, at.law_known_on, dict(at.readings)
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
        return Comparison(rows, contrasts)

    def claims(self, attestation: Attestation) -> Comparison:
        """Compare the claimed determinations, under the rules that the bundle brings."""
        pack, lacking = self._rules_of(attestation)
        if pack is None:
            return Comparison(0, lacking=lacking)
        held = self._hold(attestation)
        replayed = replay(held.document, held.records, pack, self._evaluator)
        contrasts = tuple(
            Contrast(d.place, d.field, d.stated, d.found, "altered", _ALTERED)
            for d in replayed.differences
        )
        cover = replayed.coverage
        note = (
            ""
            if cover.whole
            else (
                f"the claim asks {cover.rules} of {cover.rules_held} rules and {cover.subjects} of "
                f"{cover.subjects_held} subjects: of the others it says nothing"
            )
        )
        return Comparison(
            len(held.document.determinations), contrasts, notes=(note,) if note else ()
        )

    def own_law(self, attestation: Attestation) -> Comparison:
        """Compare them with what comes out under the verifier's own rules."""
        held = self._hold(attestation)
        at = held.document.coordinates
        if at.pack == self._own.digest:
            note = f"the verifier's rules are those of the claim: pack {at.pack[:12]}…"
            return Comparison(len(held.document.determinations), notes=(note,))
        ours = lawbook(self._own, {})
        theirs = None
        if self._pack is not None and self._pack.digest == at.pack:
            theirs = lawbook(self._pack, {})
        compared = None if theirs is None else compare_books(theirs, ours)
        found, lost = self._judge(held, ours)
        stated = held.document.determinations
        why = _Why(compared, held.document, ours)
        contrasts = tuple(
            contrast for flip in flips(stated, found) for contrast in why.contrasts(flip)
        )
        note = (
            f"the verifier's rules are pack {self._own.digest[:12]}…, those of the claim "
            f"{at.pack[:12]}…"
        )
        return Comparison(len(stated), contrasts, notes=(note, *lost))

    def _judge(
        self, held: _Held, ours: Lawbook
    ) -> tuple[tuple[Determination, ...], tuple[str, ...]]:
        """Determine under the verifier's rules what the claim determines.

        Returns:
            The determinations, and what of the question his rules do not know.
        """
        part = narrowed(held.document, ours, "the verifier's rules")
        if not part.regimes:
            return (), part.lost
        question = replace(part.put(question_of_file(held.document)), optional=True)
        found = check(question, held.records, ours, self._evaluator).document.determinations
        asked = {(d.regime, d.subject) for d in held.document.determinations}
        return tuple(d for d in found if (d.regime, d.subject) in asked), part.lost

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
        try:
            document = claimed_check(attestation)
        except InputError as error:
            raise IntegrityError(
                error.message, where=f"attestation {attestation.number}"
            ) from error
        log, as_of = attestation.checkpoint, document.coordinates.as_of
        fold = self._engine
        folded = fold.fold(size=log.size, limit=log.size, as_of=as_of, root=log.root)
        legs = _legs(fold, log.size, as_of)
        return _Held(document, Records(log.origin, folded, document.ledger.unsigned_tail, legs))


def _legs(fold: Engine, limit: int, as_of: date) -> Legs:
    """Return what gives the legs of some models; the leaves are gone over once for each set."""
    held: dict[frozenset[str], Mapping[str, tuple[Leg, ...]]] = {}

    def legs(models: frozenset[str]) -> Mapping[str, tuple[Leg, ...]]:
        if models not in held:
            held[models] = fold.legs(models, limit=limit, as_of=as_of)
        return held[models]

    return legs


class _Why:
    """Says why determinations differ under two sets of rules."""

    def __init__(self, compared: Compared | None, document: CheckDocument, ours: Lawbook) -> None:
        """Index what differs by regime."""
        self._known = compared is not None
        self._changes: Mapping[str, Any] = (
            {} if compared is None else {each.new.id: each for each in compared.differences}
        )
        self._document = document
        self._ours = ours

    def contrasts(self, flip: Flip) -> Iterator[Contrast]:
        """Yield each thing that a determination says otherwise, with its cause."""
        place = f"{flip.regime}/{flip.rule} {flip.subject}"
        for turn in flip.turns:
            cause, why = self._cause(flip, turn)
            yield Contrast(place, turn.what, turn.old, turn.new, cause, why)

    def _cause(self, flip: Flip, turn: Turn) -> tuple[Any, str]:
        """Return the cause of one difference, in a word and in words."""
        if flip.new is None or flip.old is None:
            side = "the claim" if flip.new is None else "the verifier's rules"
            return "other_subject", f"only {side} asks this rule of this subject"
        new = flip.new
        gone = sorted(set(new.missing) - set(flip.old.missing))
        if turn.what == "finding" and new.finding == "undetermined" and gone:
            return "withheld", (
                f"under the verifier's rules it cannot be decided: the leaves do not hold "
                f"{', '.join(gone)}"
            )
        found = self._changes.get(flip.regime)
        if found is None:
            if not self._known:
                return "other_law", "the bundle does not bring the rules of the claim to compare"
            return "other_law", "a rule, word or device outside of this regime's file differs"
        return self._of_law(flip, found)

    def _of_law(self, flip: Flip, found: Any) -> tuple[Any, str]:  # noqa: ANN401 - a Difference
        """Name the reading, parameter or rule that differs."""
        readings = [c.place for c in found.changes if c.section == "readings"]
        named = [_value(each) for each in found.values]
        rules = [
            f"{c.place}: {c.old or 'nothing'} → {c.new or 'nothing'}"
            for c in found.changes
            if c.is_of(flip.rule)
        ]
        others = [c.place for c in found.changes if c.section not in {"readings", "rules"}]
        words = "; ".join(_first([*named, *rules, *others]))
        if readings and not words:
            return "other_reading", f"an open question is answered otherwise: {readings[0]}"
        return "other_law", words or "the rule file of this regime differs"


def _value(change: Any) -> str:  # noqa: ANN401 - a ValueChange
    """Return a parameter that differs, in words."""
    old, new = (None if v is None else str(v.value) for v in (change.old, change.new))
    return f"parameter {change.parameter}: {old or 'nothing'} → {new or 'nothing'}"


def _first(texts: list[str]) -> list[str]:
    """Return a few of them, and how many more there are."""
    few = 4
    more = [f"and {len(texts) - few} more"] if len(texts) > few else []
    return [*texts[:few], *more]


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
