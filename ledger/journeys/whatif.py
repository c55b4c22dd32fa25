"""What if: who enters, who leaves, which dates move, and which commitments a scenario touches.

The records are asked twice with the same coordinates, under the law in use and under a scenario.
Nothing is recorded, and whatever comes out under the scenario is hypothetical.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal, TypeAlias

from ledger.determination import Counts, Determination, Evaluator, Legs, World
from ledger.errors import InputError
from ledger.journeys.cautions import notes_of, still_due
from ledger.journeys.checking import Checked, Question, Records, check
from ledger.journeys.comparing import Compared, asked_by, knows, refuse_strange
from ledger.journeys.flip import Flip, Turn, flips
from ledger.journeys.scenario import Scenario, law_days
from ledger.journeys.selection import Selection, select
from ledger.measure import Leg, StoredRecord
from ledger.regime.edition import Lawbook

__all__ = ["Effect", "EffectKind", "Ledgers", "Touched", "WhatIf", "what_if"]

EffectKind: TypeAlias = Literal["enters", "leaves", "opens", "settles", "moves", "other"]
_DATED: Final[frozenset[EffectKind]] = frozenset({"enters", "leaves", "opens", "settles"})


@dataclass(frozen=True, slots=True)
class Effect:
    """What a scenario does to one subject under one rule.

    Attributes:
        kind: ``enters``: met or foreseen only under the scenario. ``leaves``: no longer met nor
            foreseen. ``opens``: no longer decided. ``settles``: decided, not met. ``moves``: met
            under both on other days or with other dates due. ``other``: only the standing of the
            law, the scope or the exception is another.
        since: First day of law from which on the two part so, up to the day asked; None for
            ``moves`` and ``other``.
        old: Under the law in use; None where it does not ask the subject.
        new: Under the scenario, hypothetical.
        turns: What is said otherwise.
    """

    kind: EffectKind
    since: date | None
    old: Determination | None
    new: Determination | None
    turns: tuple[Turn, ...]

    @property
    def place(self) -> tuple[str, str, str]:
        """Regime, rule and subject."""
        held = self.old or self.new
        assert held is not None, "an effect has a side"
        return held.regime, held.rule, held.subject


@dataclass(frozen=True, slots=True)
class Touched:
    """A commitment to a model whose outcome is another.

    Attributes:
        record: The commitment as it was recorded.
        counts: Whether it counts toward what is foreseen, by the day asked.
        places: Regime, rule and subject of each outcome that rests on it.
    """

    record: StoredRecord
    counts: bool
    places: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a scenario does to a ledger.

    Attributes:
        scenario: The law in use and the scenario.
        asked: Regimes that were asked.
        question: The coordinates under the law in use.
        supposed: The coordinates under the scenario.
        records: The ledger.
        counts: How many determinations came out how, before and under the scenario.
        effects: What changes, by regime, rule and subject.
        touched: Commitments concerned, in the order of entries.
        notes: What a reader must know beside that.
        checked: Everything that came out, before and under the scenario; None where nothing was
            asked.
    """

    scenario: Scenario
    asked: tuple[str, ...]
    question: Question
    supposed: Question
    records: Records
    counts: tuple[Counts, Counts]
    effects: tuple[Effect, ...]
    touched: tuple[Touched, ...]
    notes: tuple[str, ...]
    checked: tuple[Checked | None, Checked | None]


@dataclass(frozen=True, slots=True)
class Ledgers:
    """The ledger that is asked, and the one that is supposed.

    Attributes:
        present: The ledger.
        supposed: The ledger with another forward book, for the scenario; every regime is then
            asked. None where only the law is another.
    """

    present: Records
    supposed: Records | None = None


def what_if(
    scenario: Scenario,
    question: Question,
    taken: tuple[str, ...],
    ledgers: Ledgers,
    evaluator: Evaluator,
) -> WhatIf:
    """Ask a ledger under the law in use and under a scenario.

    Args:
        scenario: The law as it might be.
        question: The coordinates. Its readings and assumptions belong to the scenario.
        taken: Readings that are taken under both laws unless the scenario chooses otherwise.
        ledgers: The ledger, and the one that is supposed.
        evaluator: Gives the verdicts.

    Raises:
        RuleError: If a reading or regime named does not exist.
        InputError: If a reading or assumption is not written as it must be, or nothing is supposed.
    """
    law, records, supposed = scenario.law, ledgers.present, ledgers.supposed
    refuse_strange(replace(question, readings=taken), [law.old.regimes, law.new.regimes])
    chosen = select(law.new.regimes, readings=question.readings, assumptions=question.assumptions)
    ids = law.touched() | chosen.readings.keys() | chosen.assumptions.keys()
    if supposed is not None:
        ids |= {i for b in (law.old, law.new) for i, r in b.regimes.items() if not r.optional}
    elif not (scenario.drafts or scenario.settings or chosen.readings or chosen.assumptions):
        raise InputError(
            "nothing is supposed",
            remedy="write --set REGIME/PARAMETER=VALUE, --draft FILE, --reading or --assume",
        )
    today = replace(question, readings=taken, assumptions=())
    then = replace(question, readings=_readings(law.new, ids, taken, chosen))
    legs = _kept(records.legs)
    both = _Both(
        law,
        asked_by(today, law.old.regimes, ids),
        asked_by(then, law.new.regimes, ids),
        (replace(records, legs=legs), replace(supposed or records, legs=legs)),
        evaluator,
    )
    came = both.ask()
    effects = tuple(_effects(both, came.flips()))
    return WhatIf(
        scenario=scenario,
        asked=tuple(sorted(ids)),
        question=both.present,
        supposed=both.supposed,
        records=records,
        counts=came.counts,
        effects=effects,
        touched=tuple(_touched(effects, came.worlds[-1 if supposed is None else 0 :])),
        notes=(
            *notes_of(scenario, question, determined=bool(came.old or came.new)),
            *still_due(law, [effect.old for effect in effects if effect.old is not None]),
        ),
        checked=came.checked,
    )


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of asking both laws.

    Attributes:
        old: Determinations under the law in use.
        new: Those under the scenario, hypothetical.
        counts: How many came out how under each.
        checked: Everything that came out; None where there was nothing to ask.
    """

    old: tuple[Determination, ...]
    new: tuple[Determination, ...]
    counts: tuple[Counts, Counts]
    checked: tuple[Checked | None, Checked | None]

    @property
    def worlds(self) -> tuple[World, ...]:
        """The records that were asked."""
        return tuple(each.world for each in self.checked if each is not None)

    def flips(self) -> tuple[Flip, ...]:
        """Return what comes out otherwise."""
        return flips(self.old, self.new)


@dataclass(frozen=True, slots=True)
class _Both:
    """Asks the law in use and the scenario.

    Attributes:
        law: Both laws.
        present: The question to the law in use; it names no regime when there is none to ask.
        supposed: The question to the scenario.
        records: The ledger, as it is and as it is supposed.
        evaluator: Gives the verdicts.
    """

    law: Compared
    present: Question
    supposed: Question
    records: tuple[Records, Records]
    evaluator: Evaluator

    def ask(self) -> _Came:
        """Ask everything."""
        old = self._ask(self.present, self.law.old, self.records[0])
        new = self._ask(self.supposed, self.law.new, self.records[1])
        return _Came(
            () if old is None else old.document.determinations,
            () if new is None else tuple(map(_hypothetical, new.document.determinations)),
            (_counts(old), _counts(new)),
            (old, new),
        )

    def on(self, day: date, places: Iterable[tuple[str, str, str]]) -> _Came:
        """Ask both laws of another day about some regimes, rules and subjects."""
        asked = [
            _about(question, book, day, tuple(places))
            for question, book in ((self.present, self.law.old), (self.supposed, self.law.new))
        ]
        return replace(self, present=asked[0], supposed=asked[1]).ask()

    def _ask(self, question: Question, book: Lawbook, records: Records) -> Checked | None:
        """Ask one law, if it can be asked at all."""
        if not question.regimes:
            return None
        return check(question, records, book, self.evaluator)


def _about(
    question: Question, book: Lawbook, day: date, places: Iterable[tuple[str, str, str]]
) -> Question:
    """Return a question about some regimes, rules and subjects as far as a law has them."""
    known = [
        place
        for place in places
        if (regime := book.regimes.get(place[0])) is not None and regime.rule(place[1]) is not None
    ]
    ids = {place[0] for place in known}
    narrowed = asked_by(question, book.regimes, ids)
    return replace(
        narrowed,
        in_force_on=day,
        rules=tuple(sorted({f"{regime_id}/{rule}" for regime_id, rule, _ in known})),
        subjects=tuple(sorted({subject for _, _, subject in known})),
    )


def _readings(
    book: Lawbook, ids: Iterable[str], taken: Sequence[str], chosen: Selection
) -> tuple[str, ...]:
    """Return the readings of a scenario: those taken anyway unless it chooses otherwise."""
    wanted = sorted(set(ids) & book.regimes.keys())
    known = [text for text in taken if knows(book.regimes, wanted, "readings", text)]
    anyway = select(book.regimes, ids=wanted, readings=known).readings if wanted else {}
    return tuple(
        f"{regime_id}/{reading}={alternative}"
        for regime_id in sorted({*anyway, *chosen.readings})
        for reading, alternative in (
            anyway.get(regime_id, {}) | chosen.readings.get(regime_id, {})
        ).items()
    )


def _counts(checked: Checked | None) -> Counts:
    """Return how many determinations came out how; none where nothing was asked."""
    none = Counts(**dict.fromkeys(Counts.model_fields, 0))
    return none if checked is None else checked.document.counts


def _hypothetical(determination: Determination) -> Determination:
    """Return a determination stamped as what it is under a scenario."""
    return determination.model_copy(update={"hypothetical": True})


def _kept(legs: Legs) -> Legs:
    """Return what gives legs and asks for those of a model only once."""
    held: dict[str, tuple[Leg, ...]] = {}

    def ask(models: frozenset[str]) -> Mapping[str, tuple[Leg, ...]]:
        more = models - held.keys()
        if more:
            found = legs(more)
            held.update({model: found.get(model, ()) for model in more})
        return {model: held[model] for model in models}

    return ask


def _effects(both: _Both, found: Iterable[Flip]) -> Iterator[Effect]:
    """Yield what a scenario does, by regime, rule and subject, with the day from which it does."""
    effects = [Effect(_kind(flip.old, flip.new), None, *_sides(flip)) for flip in found]
    since: dict[tuple[str, str, str], date] = {}
    for regime_id in dict.fromkeys(effect.place[0] for effect in effects):
        own = {e.place: e.kind for e in effects if e.place[0] == regime_id and e.kind in _DATED}
        since |= _since(both, regime_id, own)
    for effect in effects:
        yield replace(effect, since=since.get(effect.place))


def _sides(flip: Flip) -> tuple[Determination | None, Determination | None, tuple[Turn, ...]]:
    """Return both sides of a flip and what turned."""
    return flip.old, flip.new, flip.turns


def _since(
    both: _Both, regime_id: str, kinds: Mapping[tuple[str, str, str], EffectKind]
) -> dict[tuple[str, str, str], date]:
    """Return the first day of law from which on each effect is the same, up to the day asked."""
    regimes = (both.law.old.regimes.get(regime_id), both.law.new.regimes.get(regime_id))
    days = [day for day in law_days(*regimes) if day <= both.present.in_force_on]
    since = dict.fromkeys(kinds, days[-1]) if days else {}
    pending = dict(kinds) if days else {}
    for day in reversed(days[:-1]):
        if not pending:
            break
        came = {
            (flip.regime, flip.rule, flip.subject): _kind(flip.old, flip.new)
            for flip in both.on(day, pending).flips()
        }
        pending = {place: kind for place, kind in pending.items() if came.get(place) == kind}
        since |= dict.fromkeys(pending, day)
    return since


def _kind(old: Determination | None, new: Determination | None) -> EffectKind:
    """Return what a flip comes to."""
    was_met, is_met = old is not None and old.met, new is not None and new.met
    was_open = old is not None and old.undetermined
    is_open = new is not None and new.undetermined
    if is_met:
        return "moves" if was_met else "enters"
    if is_open:
        return "other" if was_open else "opens"
    if was_met:
        return "leaves"
    return "settles" if was_open else "other"


def _touched(effects: Sequence[Effect], worlds: Iterable[World]) -> Iterator[Touched]:
    """Yield the commitments to models that an effect rests on, each once, in order of entries."""
    told: set[int] = set()
    for world in worlds:
        for each in _touched_in(effects, world):
            if each.record.seq not in told:
                told.add(each.record.seq)
                yield each


def _touched_in(effects: Iterable[Effect], world: World) -> Iterator[Touched]:
    """Yield those that stand in one ledger."""
    places: dict[str, list[tuple[str, str, str]]] = {}
    for effect in effects:
        if effect.kind != "other":
            for model in world.closure(effect.place[2]):
                places.setdefault(model, []).append(effect.place)
    counting = {contract.seq for contract in world.contracts}
    for record in world.book.commitments:
        body: Mapping[str, Any] = record.body
        if body["model"] in places:
            yield Touched(record, record.seq in counting, tuple(places[body["model"]]))
