"""Expounding tells one rule by itself: sentences, words of the law, what it counts, its duties."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.determination.ground import Ground, cited, ground_of, reached
from ledger.errors import RuleError
from ledger.journeys.checking import Question
from ledger.journeys.selection import select
from ledger.pack import Pack
from ledger.regime.counting import Counting, CountingSet, Open
from ledger.regime.dated import Standing, standing_on
from ledger.regime.expression import Choose, Condition
from ledger.regime.gist import gist
from ledger.regime.law import Law
from ledger.regime.load import load_regimes
from ledger.regime.name import rule_named
from ledger.regime.rule import Obligation, Rule
from ledger.regime.sentence import UNPUBLISHED, Sayer, Sentence, Wording
from ledger.regime.usage import texts
from ledger.regime.vocabulary import Vocabulary, load_vocabulary
from ledger.regime.words import in_words

__all__ = ["Counts", "Duty", "Exempted", "Expounded", "OpenQuestion", "Said", "expound"]

_DUTY = frozenset({"id", "actor", "action", "recipient", "content", "due", "cite", "provenance"})


@dataclass(frozen=True, slots=True)
class Said:
    """A condition as one line of operators and in sentences.

    Attributes:
        infix: The whole on one line.
        sentences: Node by node, parents first.
    """

    infix: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Exempted:
    """A circumstance that takes a subject out although the condition holds.

    Attributes:
        id: Its id in the rule.
        title: Its title; None if it has none.
        said: When it holds.
        cite: Where it stands.
    """

    id: str
    title: str | None
    said: Said
    cite: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What a counting set of the rule counts under the readings chosen.

    Attributes:
        id: Its id in the file.
        title: Its title.
        cite: Where it stands.
        counted: Activities counted, by their titles.
        excluded: Activities left out, by their titles.
        kinds: Kinds of operation counted.
        relations: Relations to parents whose operations count.
        same_provider: ``collapse`` when steps inside one provider leave one model, else
            ``ancestor``.
        resting: Places that rest on a reading, with the reading.
        interpretation: How the text was read; None if nothing had to be.
    """

    id: str
    title: str
    cite: str
    counted: tuple[str, ...]
    excluded: tuple[str, ...]
    kinds: tuple[str, ...]
    relations: tuple[str, ...]
    same_provider: str
    resting: tuple[tuple[str, str], ...]
    interpretation: str | None


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that the text leaves open and the rule rests on.

    Attributes:
        id: Id of the reading.
        question: The question.
        chosen: Alternative taken, and its title.
        others: The other alternatives with their titles.
        why: Why the default is what it is.
        is_default: Whether the default was taken.
    """

    id: str
    question: str
    chosen: tuple[str, str]
    others: tuple[tuple[str, str], ...]
    why: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Duty:
    """What someone must do once the rule is met.

    Attributes:
        id: Its id in the rule.
        actor: Who.
        action: What.
        recipient: To whom; None if nobody is named.
        content: What must be said.
        clock: When it falls due.
        more: Whatever else the file says of it, as (key, words).
        cite: Where it stands.
    """

    id: str
    actor: str
    action: str
    recipient: str | None
    content: tuple[str, ...]
    clock: str
    more: tuple[tuple[str, str], ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Expounded:
    """One rule by itself.

    Attributes:
        law: The law on a day, under the readings chosen.
        pack: Digest of the rule pack.
        rule: The rule.
        ground: What every determination under it rests on.
        standing: Where the regime stands.
        lets: Name, infix and phrase of each number that the rule names.
        scope: Whom it concerns; None for every subject of its kind.
        condition: When it is met.
        exceptions: When it is not, although the condition holds.
        rebuttal: Fact, clause and citation of the decision that answers it, or None.
        figures: The law's words for every number that it rests on.
        asks: Id and title of each other rule that it asks.
        counts: What it counts.
        questions: Open questions it rests on.
        duties: What follows.
    """

    law: Law
    pack: str
    rule: Rule
    ground: Ground
    standing: Standing
    lets: tuple[tuple[str, str, str], ...]
    scope: Said | None
    condition: Said
    exceptions: tuple[Exempted, ...]
    rebuttal: tuple[str, str, str] | None
    figures: tuple[Wording, ...]
    asks: tuple[tuple[str, str], ...]
    counts: tuple[Counts, ...]
    questions: tuple[OpenQuestion, ...]
    duties: tuple[Duty, ...]

    def cite_of(self, wording: Wording) -> str:
        """Return where the law's words for a number stand; empty for a number without a value."""
        if wording.source is None:
            return ""
        text = self.law.regime.sources[wording.source].cite
        return text if wording.at is None else f"{text}, {wording.at}"


def expound(question: Question, pack: Pack) -> Expounded:
    """Tell one rule by itself.

    Args:
        question: The days of the law, one rule, and readings; records are not asked.
        pack: The law.

    Raises:
        RuleError: If there is no such rule, or the name fits rules of several regimes.
        InputError: If a reading is not written as it must be.
    """
    words = load_vocabulary(pack)
    regimes = load_regimes(pack)
    selection = select(regimes, rules=question.rules, readings=question.readings)
    found = [(regime, rule) for regime in selection.regimes for rule in selection.rules_of(regime)]
    if len(found) != 1:
        paths = ", ".join(f"{regime.id}/{rule.id}" for regime, rule in found)
        raise RuleError("the name fits several rules", remedy=f"name one of {paths}")
    regime, rule = found[0]
    law = Law.on(
        regime,
        question.in_force_on,
        law_known_on=question.law_known_on,
        readings=selection.readings.get(regime.id),
        assumed=True,  # so that a rule of dead law is told with its last figures
    )
    return _Expounding(law, rule, words, Sayer(law, rule, words)).expounded(pack.digest)


@dataclass(frozen=True, slots=True)
class _Expounding:
    """One rule and what says it.

    Attributes:
        law: The law.
        rule: The rule.
        words: Its vocabulary.
        sayer: Says the parts of the rule.
    """

    law: Law
    rule: Rule
    words: Vocabulary
    sayer: Sayer

    def expounded(self, digest: str) -> Expounded:
        """Put everything together."""
        law, rule, sayer = self.law, self.rule, self.sayer
        standing = standing_on(law.regime, law.in_force_on, law.law_known_on)
        ground = ground_of(law, rule, standing.applies_from)
        rebuttal = rule.rebuttal
        return Expounded(
            law=law,
            pack=digest,
            rule=rule,
            ground=ground,
            standing=standing,
            lets=tuple((n, in_words(x), sayer.number(x)) for n, x in rule.let.items()),
            scope=None if rule.scope is None else self._said(rule.scope),
            condition=self._said(rule.condition),
            exceptions=tuple(
                Exempted(
                    item.id,
                    None if item.title is None else item.title["en"],
                    self._said(item.when),
                    cited(law, item.cite),
                )
                for item in rule.unless
            ),
            rebuttal=None
            if rebuttal is None
            else (rebuttal.fact, sayer.clause(rebuttal.fact), cited(law, rebuttal.cite)),
            figures=tuple(sayer.wordings(*reached(law, rule), *self._of_duties())),
            asks=tuple(self._asks()),
            counts=tuple(self._counts(each) for each in ground.countings),
            questions=tuple(self._questions(ground)),
            duties=tuple(self._duty(duty) for duty in rule.obligations),
        )

    def _said(self, node: Condition | Choose) -> Said:
        """Say a condition."""
        return Said(in_words(node), tuple(self.sayer.condition(node)))

    def _of_duties(self) -> Iterator[str]:
        """Yield the parameters that the duties of the rule name."""
        for duty in self.rule.obligations:
            if duty.due is not None:
                for _, text in texts(duty.due):
                    if text in self.law.regime.parameters:
                        yield text

    def _asks(self) -> Iterator[tuple[str, str]]:
        """Yield the other rules that the rule asks, each once."""
        named = (rule_named(node) for node in reached(self.law, self.rule) if isinstance(node, str))
        for rule_id in dict.fromkeys(name for name in named if name is not None):
            seen = self.law.regime.rule(rule_id)
            yield rule_id, UNPUBLISHED if seen is None else seen.title["en"]

    def _counts(self, settled: CountingSet) -> Counts:
        """Return what a counting set counts."""
        stated: Counting = self.law.regime.counting[settled.id]
        titles = {name: item.title["en"] for name, item in self.words.activities.items()}

        def listed(names: frozenset[str]) -> tuple[str, ...]:
            return tuple(title for name, title in titles.items() if name in names)

        return Counts(
            id=settled.id,
            title=stated.title["en"],
            cite=cited(self.law, stated.cite),
            counted=listed(settled.activities),
            excluded=listed(settled.excluded_activities),
            kinds=tuple(sorted(settled.operation_kinds)),
            relations=tuple(sorted(settled.relations)),
            same_provider=settled.same_provider,
            resting=tuple(
                (place, answer.reading)
                for place, answer in stated.classified()
                if isinstance(answer, Open)
            ),
            interpretation=stated.interpretation,
        )

    def _questions(self, ground: Ground) -> Iterator[OpenQuestion]:
        """Yield the open questions that the rule rests on."""
        for name, chosen in ground.readings.items():
            reading = self.law.regime.readings[name]
            titles = {key: item.title["en"] for key, item in reading.alternatives.items()}
            yield OpenQuestion(
                id=name,
                question=reading.question["en"],
                chosen=(chosen, titles.pop(chosen)),
                others=tuple(titles.items()),
                why=reading.why,
                is_default=chosen == reading.default,
            )

    def _duty(self, duty: Obligation) -> Duty:
        """Return what someone must do."""
        more = (
            (info.alias or name, held)
            for name, info in Obligation.model_fields.items()
            if name not in _DUTY and (held := getattr(duty, name)) is not None
        )
        return Duty(
            id=duty.id,
            actor=duty.actor,
            action=duty.action["en"],
            recipient=None if duty.recipient is None else duty.recipient["en"],
            content=duty.content,
            clock=self.sayer.clock(duty.due),
            more=tuple((key, gist(held)) for key, held in more),
            cite=cited(self.law, duty.cite),
        )
