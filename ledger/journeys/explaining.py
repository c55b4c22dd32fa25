"""Explaining gives the reasons of one determination, down to entries and to words of the law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.book import Book
from ledger.determination import Asked, Determination, Evaluator, World, determine, within_tables
from ledger.determination.conclusion import MODEL_GAP
from ledger.determination.ground import cited, reached
from ledger.errors import MissingError, RuleError
from ledger.journeys.checking import Question, Records, devices_of
from ledger.journeys.selection import Selection, select
from ledger.journeys.supposing import Supposition, suppositions
from ledger.journeys.tallies import CountedHolding, tallies
from ledger.measure import Leg
from ledger.pack import Pack
from ledger.regime.answered import Answers
from ledger.regime.dated import NOWHERE, DatedValue, Standing, standing_on
from ledger.regime.expression import AtWindow, Expression, Sum
from ledger.regime.grouping import leading
from ledger.regime.interpret import Interpreter, Outcome
from ledger.regime.law import Law
from ledger.regime.load import load_regimes
from ledger.regime.model import Regime
from ledger.regime.question import Question as Asking
from ledger.regime.rule import Rule
from ledger.regime.scalar import nearest
from ledger.regime.source import Provenance
from ledger.regime.trace import COMPARATORS
from ledger.regime.vocabulary import Vocabulary, load_vocabulary
from ledger.regime.words import value_in_words

__all__ = ["CountedLeg", "Explanation", "FactLine", "Figure", "explain"]

_RUN_GAP: Final = "operations@run:"
_SEVERAL_MAX: Final = 8
_ASKS: Final = frozenset({"fact", "any-of", "member", *COMPARATORS})


@dataclass(frozen=True, slots=True)
class Figure:
    """A number or day of the law that the rule rests on.

    Attributes:
        name: Parameter of the rule file.
        value: As the law states it.
        phrase: Words of the law that decide; None if the file quotes none.
        cite: Where they stand.
        provenance: How far the figure was checked against its source.
    """

    name: str
    value: str
    phrase: str | None
    cite: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class CountedLeg:
    """Work of a model that the rule's totals look at.

    Attributes:
        model: Model, without prefix.
        counted_by: Counting sets of the rule that count it.
        leg: The work; its entries are alike in all but amounts.
    """

    model: str
    counted_by: tuple[str, ...]
    leg: Leg


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact that the rule asks about.

    Attributes:
        subject: Of whom.
        name: Word of the vocabulary.
        said: What is recorded or follows from the lineage, in words; None if nothing.
        entries: Entries that say so.
    """

    subject: str
    name: str
    said: str | None
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons of one determination.

    Attributes:
        determination: What is explained.
        title: Title of the rule.
        standing: Where the regime stands.
        standing_cite: Where that is written; None when nothing of it was known.
        effect: What kind of rule it is.
        interpretation: How the text was read; None if nothing had to be.
        outcome: The tree of reasons; None when the rule binds nobody on the day, or was not
            published.
        figures: Numbers of the law.
        legs: Work looked at, in order of model and entry.
        holdings: Devices looked at, total by total and in order of entry.
        facts: Facts asked.
        supposed: What each missing thing would decide.
    """

    determination: Determination
    title: str
    standing: Standing
    standing_cite: str | None
    effect: str
    interpretation: str | None
    outcome: Outcome | None
    figures: tuple[Figure, ...]
    legs: tuple[CountedLeg, ...]
    holdings: tuple[CountedHolding, ...]
    facts: tuple[FactLine, ...]
    supposed: tuple[Supposition, ...]


def explain(question: Question, records: Records, pack: Pack, evaluator: Evaluator) -> Explanation:
    """Give the reasons of one determination.

    Args:
        question: The coordinates, one rule and one subject.
        records: The ledger.
        pack: The law.
        evaluator: Gives the verdict.

    Raises:
        RuleError: If there is no such rule, or the name fits rules of several regimes.
        MissingError: If no record speaks of the subject.
    """
    words = load_vocabulary(pack)
    regimes = load_regimes(pack)
    selection = select(
        regimes,
        rules=question.rules,
        readings=question.readings,
        assumptions=question.assumptions,
    )
    regime, rule = _only_rule(selection)
    world = World(
        Book(records.folded), as_of=question.as_of, legs=records.legs, devices=devices_of(pack)
    )
    law = Law.on(regime, question.in_force_on, law_known_on=question.law_known_on)
    known = within_tables(law, rule, world.subjects_of(law, rule))
    subject = _only_subject(question.subjects[0], rule, known)
    asked = Asked(
        in_force_on=question.in_force_on,
        law_known_on=question.law_known_on,
        readings=selection.readings,
        assumptions=selection.assumptions,
        rules=selection.rules,
        subjects=frozenset({subject}),
    )
    (determination,) = determine(asked, [regime], world, evaluator)
    law = Law.on(
        regime,
        question.in_force_on,
        law_known_on=question.law_known_on,
        readings=selection.readings.get(regime.id),
        assumed=regime.id in selection.assumptions,
    )
    seen = law.regime.rule(rule.id) or rule
    return _Explaining(law, seen, subject, world, words, determination).explanation()


@dataclass(frozen=True, slots=True)
class _Explaining:
    """One rule, one subject, and what is known of both.

    Attributes:
        law: The law.
        rule: The rule.
        subject: With its prefix.
        world: The records.
        words: Facts that a rule may ask about.
        determination: What is explained.
    """

    law: Law
    rule: Rule
    subject: str
    world: World
    words: Vocabulary
    determination: Determination

    def explanation(self) -> Explanation:
        """Put everything together."""
        law, rule = self.law, self.rule
        published = law.regime.rule(rule.id) is not None
        standing = (
            standing_on(law.regime, law.in_force_on, law.law_known_on) if published else NOWHERE
        )
        outcome = self._outcome(standing) if published else None
        missing = self.determination.missing
        return Explanation(
            determination=self.determination,
            title=rule.title["en"],
            standing=standing,
            standing_cite=None if standing.cite is None else cited(law, standing.cite),
            effect=rule.effect,
            interpretation=rule.interpretation,
            outcome=outcome,
            figures=tuple(self._figures()),
            legs=() if outcome is None else tuple(self._legs()),
            holdings=() if outcome is None else tuple(tallies(law, self._asking())),
            facts=() if outcome is None else tuple(self._facts(outcome)),
            supposed=()
            if outcome is None
            else suppositions(law, outcome, self._gaps(missing), self.world.present, self.words),
        )

    def _gaps(self, missing: Iterable[str]) -> dict[str, str]:
        """Return missing names with those that totals give: work of a run is its model's."""
        models = {
            f"{_RUN_GAP}{leg.run}": f"{MODEL_GAP}{model}"
            for model, legs in self.world.legs(self.world.closure(self.subject)).items()
            for leg in legs
        }
        return {name: models.get(name, name) for name in missing}

    def _outcome(self, standing: Standing) -> Outcome | None:
        """Return the tree of reasons, if the rule is asked at all."""
        if not standing.applicable and not self.determination.hypothetical:
            return None
        return self._interpreter().outcome(self.rule.id)

    def _interpreter(self) -> Interpreter:
        """Return an interpreter of the law for the subject, by what happened."""
        return Interpreter(self.law, Answers(self.law, self.world.present), self.subject)

    def _asking(self) -> Asking:
        """Return the rule asked of the subject by the legal intervals."""
        return Asking(self._interpreter(), self.rule, self.subject, "actual", "legal")

    def _valued(self, node: Expression) -> tuple[str, DatedValue | None]:
        """Return the parameter that a node names, with its value; else nothing."""
        window = Answers(self.law, self.world.present).window(self.subject)
        if isinstance(node, AtWindow) and window is not None:
            return node.parameter, self.law.parameter(node.parameter, window.start)
        if isinstance(node, str) and node in self.law.regime.parameters:
            return node, self.law.parameter(node)
        return "", None

    def _figures(self) -> Iterator[Figure]:
        """Yield the parameters that the rule rests on, each once."""
        valued = (self._valued(node) for node in reached(self.law, self.rule))
        for name, value in dict(valued).items():
            if value is not None:
                yield Figure(
                    name,
                    str(value.value),
                    value.cite.phrase,
                    cited(self.law, value.cite),
                    value.provenance,
                )

    def _legs(self) -> Iterator[CountedLeg]:
        """Yield the work that the rule's counting sets look at."""
        sums = [node for node in reached(self.law, self.rule) if isinstance(node, Sum)]
        named = dict.fromkeys(node.counting for node in sums)
        sets = [self.law.counting[name] for name in named if name in self.law.counting]
        if not sets:
            return
        for model, legs in self.world.legs(self.world.closure(self.subject)).items():
            for leg in legs:
                kinds = (leg.activity, leg.operation_kind)
                counted = tuple(each.id for each in sets if each.classify(*kinds) == "counted")
                yield CountedLeg(model, counted, leg)

    def _facts(self, outcome: Outcome) -> Iterator[FactLine]:
        """Yield the facts asked, in the order in which they were, each once."""
        seen = set[tuple[str, str]]()
        for root in outcome.reasons:
            for reason in root.walk():
                asked = [word for word in reason.text.split() if word in self.words.facts]
                for name in asked if reason.operator in _ASKS else ():
                    if (reason.subject, name) not in seen:
                        seen.add((reason.subject, name))
                        yield self._fact(reason.subject, name)

    def _fact(self, subject: str, name: str) -> FactLine:
        """Return a fact as recorded, or as the lineage and the figures imply."""
        known = Answers(self.law, self.world.present).fact(subject, name, "actual")
        said = None if known.value is None else value_in_words(known.value)
        return FactLine(subject, name, said, known.entries)


def _only_rule(selection: Selection) -> tuple[Regime, Rule]:
    """Return the one rule that is meant."""
    found = [(regime, rule) for regime in selection.regimes for rule in selection.rules_of(regime)]
    if len(found) != 1:
        paths = ", ".join(f"{regime.id}/{rule.id}" for regime, rule in found)
        raise RuleError("the name fits several rules", remedy=f"name one of {paths}")
    return found[0]


def _only_subject(name: str, rule: Rule, known: Sequence[str]) -> str:
    """Return the subject that is meant, with its prefix."""
    for subject in (name, f"{rule.subject}:{name}"):
        if subject in known:
            return subject
        several = [each for each in known if subject in leading(each)]
        if len(several) == 1:
            return several[0]
        if several:
            raise MissingError(
                f"{name!r} means {len(several)} subjects of {rule.id}",
                why="one determination is explained at a time",
                remedy="write one of " + ", ".join(several[:_SEVERAL_MAX]),
            )
    raise MissingError(
        f"no record speaks of a {rule.subject} {name!r}",
        why=f"{rule.id} asks about each {rule.subject} in the ledger",
        remedy=nearest(name, known) if known else "import or record what it is about first",
    )
