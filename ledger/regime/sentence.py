"""A sentence says one node of a rule to a lawyer, with the law's own words beside its numbers.

The catalogue has one template a kind of node. A kind that it does not know is said in the words of
the rule file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.quantity import Quantity
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    Choose,
    Comparison,
    Condition,
    Exists,
    Expression,
    Flow,
    Max,
    Member,
    Mul,
    Not,
    Sum,
    Total,
    walk,
)
from ledger.regime.gist import gist, written
from ledger.regime.law import Law
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.rule import Due, Rule
from ledger.regime.source import Provenance
from ledger.regime.vocabulary import Vocabulary
from ledger.regime.words import in_words

__all__ = ["CATALOGUE", "UNPUBLISHED", "Sayer", "Sentence", "Wording"]

# Stands for the title of a part of the law that nobody could read by the day asked for.
UNPUBLISHED: Final = "not published by that day"

CATALOGUE: Final[Mapping[str, str]] = {
    "all": "all of the following hold:",
    "any": "at least one of the following holds:",
    "not": "the following does not hold:",
    "choose": "the one of these cases that applies decides:",
    "case": "in the case that",
    "then": "the rule is met if",
    "gt": "{left} is greater than {right}",
    "ge": "{left} is {right} or more",
    "lt": "{left} is less than {right}",
    "le": "{left} is {right} or less",
    "any-of": "{fact} includes at least one of {values}",
    "member": "{fact} is on the list {set}",
    "exists": "at least one of the {of} ({view}) fulfils this:",
    "fact": "it is recorded that {clause} ({name})",
    "not fact": "it is recorded as not so that {clause} ({name})",
    "rule": "the rule “{title}” ({rule}) is met for the same subject",
    "reading": "the open question “{question}” is answered by “{answer}” ({reading})",
    "parameter": "{value} ({name})",
    "no value": "{name}, which has no value on that day",
    "let": "{number} ({name})",
    "number fact": "{clause} ({name})",
    "sum": "the operations of {lineage}, counted as “{title}” ({counting})",
    "max": "the largest {number} over {over}{where}",
    "total": "the sum of {number} over holdings{alike} {events} {window}{where}",
    "flow": "{fact}, added up over the {period} before the {ending} of the day asked for",
    "where": ", as far as {infix}",
    "alike": " of the same {keys}",
    "less": "{events}, less those {taken}",
    "window": "in the window",
    "to-date": "up to its end",
    "own": "the subject itself",
    "base": "what the subject was made from",
    "cumulative": "the subject and of what it was made from",
    "within": "within {period} after {moment}",
    "on": "on {day}",
    "earliest": "the earliest of {moments}",
    "latest": "the latest of {moments}",
    "met": "the day on which the rule is met",
    "foreseen": "the day from which it is foreseen to be met",
    "moment fact": "the day recorded as {name}",
    "standing": "standing, without a date",
}

_VIEWS: Final = {"actual": "by what was done", "foreseen": "with what is committed"}
_MOMENTS: Final = frozenset({"met", "foreseen"})


@dataclass(frozen=True, slots=True)
class Wording:
    """The law's own words for a number.

    Attributes:
        figure: Id of the parameter.
        value: The number or day, as the law states it; None when none binds on the day.
        phrase: Words that decide; None if the file quotes none.
        source: Id of the source.
        at: Place in it.
        provenance: How far it was checked; None without a value.
    """

    figure: str
    value: Quantity | date | None
    phrase: str | None
    source: str | None
    at: str | None
    provenance: Provenance | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One node of a condition.

    Attributes:
        depth: How many nodes stand above it.
        kind: Kind of node, as in the catalogue.
        text: The node in a sentence, without the nodes below it.
        infix: The node and all below it as one line of operators.
        wordings: The law's words for the numbers of a comparison.
    """

    depth: int
    kind: str
    text: str
    infix: str
    wordings: tuple[Wording, ...] = ()


@dataclass(frozen=True, slots=True)
class Sayer:
    """Says the parts of one rule.

    Attributes:
        law: The law on a day, under the readings chosen.
        rule: The rule.
        words: Facts that it may ask about.
    """

    law: Law
    rule: Rule
    words: Vocabulary

    def condition(self, node: Condition | Choose, depth: int = 0) -> Iterator[Sentence]:
        """Yield a condition node by node, parents first."""
        kind, text, below = self._said(node)
        wordings = tuple(self.wordings(*node.parts)) if isinstance(node, Comparison) else ()
        yield Sentence(depth, kind, text, in_words(node), wordings)
        if isinstance(node, Choose):
            for arm in node.arms:
                for key, inner in (("case", arm.case), ("then", arm.then)):
                    yield Sentence(depth + 1, key, CATALOGUE[key], in_words(inner))
                    yield from self.condition(inner, depth + 2)
        for part in below:
            yield from self.condition(part, depth + 1)

    def number(self, node: Expression) -> str:
        """Return a number as a phrase that names what it is."""
        match node:
            case str():
                return self._named_number(node)
            case Mul():
                return " times ".join(self.number(factor) for factor in node.factors)
            case Sum():
                stated = self.law.regime.counting.get(node.counting)
                title = UNPUBLISHED if stated is None else stated.title["en"]
                return _filled(
                    "sum",
                    lineage=CATALOGUE[node.lineage],
                    title=title,
                    counting=node.counting,
                )
            case Max() | Total():
                return self._over_rows(node)
            case Flow():
                return _filled(
                    "flow",
                    fact=self._named_number(node.fact),
                    period=self._named_number(node.preceding),
                    ending=node.ending,
                )
            case _:
                return in_words(node)

    def wordings(self, *numbers: Expression) -> Iterator[Wording]:
        """Yield the law's words for the figures in some numbers, lets followed, each once."""
        for name in dict.fromkeys(name for number in numbers for name in self._figures(number)):
            held = self.law.parameter(name)
            if held is None:
                yield Wording(name, None, None, None, None, None)
            else:
                cite = held.cite
                yield Wording(name, held.value, cite.phrase, cite.source, cite.at, held.provenance)

    def clock(self, due: Due | None) -> str:
        """Return when a duty falls due, as a phrase."""
        if due is None:
            return CATALOGUE["standing"]
        parts = []
        if due.within is not None and due.after is not None:
            moments = [self._moment(moment) for moment in due.after.moments]
            which = "earliest" if due.after.earliest else "latest"
            several = _filled(which, moments="; ".join(moments))
            moment = moments[0] if len(moments) == 1 else several
            parts.append(_filled("within", period=self.number(due.within), moment=moment))
        if due.on is not None:
            parts.append(_filled("on", day=self.number(due.on)))
        others = type(due).model_fields.keys() - {"within", "after", "on"}
        parts += [f"{name} {gist(held)}" for name in sorted(others) if (held := getattr(due, name))]
        return ", and not before that, ".join(parts)

    def clause(self, name: str) -> str:
        """Return what a fact says, as a clause; its name where the vocabulary has no such word."""
        fact = self.words.facts.get(name)
        if fact is None:
            return name
        text = fact.description["en"].partition(". ")[0].rstrip(".").removeprefix("Whether ")
        return text[:1].lower() + text[1:] if text[1:2].islower() else text

    def _said(self, node: Condition | Choose) -> tuple[str, str, tuple[Condition, ...]]:
        """Return the kind of a node, what it says by itself, and the conditions below it."""
        match node:
            case str():
                kind, text = self._named_condition(node)
                return kind, text, ()
            case Not(item=str() as name) if is_fact(name):
                return "not fact", _filled("not fact", clause=self.clause(name), name=name), ()
            case Not():
                return "not", CATALOGUE["not"], (node.item,)
            case All() | Any():
                return node.operator, CATALOGUE[node.operator], node.items
            case Exists():
                kind, _, what = node.of.partition(".")
                text = _filled("exists", of=f"{what} of the {kind}", view=_VIEWS[node.view])
                return "exists", text, (node.such_that,)
            case _:
                return node.operator, self._said_alone(node), ()

    def _said_alone(self, node: Condition | Choose) -> str:
        """Return what a node says that stands over no other condition."""
        match node:
            case Comparison():
                left, right = self.number(node.left), self.number(node.right)
                return _filled(node.operator, left=left, right=right)
            case AnyOf():
                fact = self._named_number(node.fact)
                return _filled("any-of", fact=fact, values=", ".join(node.values))
            case Member():
                fact = self._named_number(node.fact)
                return _filled("member", fact=fact, set=node.set_id)
            case Choose():
                return CATALOGUE["choose"]
            case _:
                return in_words(node)

    def _named_condition(self, name: str) -> tuple[str, str]:
        """Return the kind and the sentence of a name in a condition's place."""
        rule, reading = rule_named(name), reading_named(name)
        if rule is not None:
            seen = self.law.regime.rule(rule)
            title = UNPUBLISHED if seen is None else seen.title["en"]
            return "rule", _filled("rule", title=title, rule=rule)
        if reading is not None:
            held = self.law.regime.readings.get(reading[0])
            answer = UNPUBLISHED if held is None else held.alternatives[reading[1]].title["en"]
            question = UNPUBLISHED if held is None else held.question["en"]
            text = _filled("reading", question=question, answer=answer, reading=reading[0])
            return "reading", text
        return "fact", _filled("fact", clause=self.clause(name), name=name)

    def _named_number(self, name: str) -> str:
        """Return the phrase for a name in a number's place."""
        if is_factor(name):
            return name
        if is_fact(name):
            clause = self.clause(name)
            return name if clause == name else _filled("number fact", clause=clause, name=name)
        if name in self.rule.let:
            return _filled("let", number=self.number(self.rule.let[name]), name=name)
        if name not in self.law.regime.parameters:
            return name
        held = self.law.parameter(name)
        if held is None:
            return _filled("no value", name=name)
        return _filled("parameter", value=written(held.value), name=name)

    def _over_rows(self, total: Max | Total) -> str:
        """Return the phrase for the largest or the sum of a number over rows."""
        if isinstance(total, Max):
            over, number = total.over.replace("_", " "), self.number(total.number)
            return _filled("max", number=number, over=over, where=_where(total))
        events = " or ".join(total.add)
        if total.less:
            events = _filled("less", events=events, taken=" or ".join(total.less))
        return _filled(
            "total",
            number=self.number(total.number),
            alike="" if total.of is None else _filled("alike", keys=" and ".join(total.of)),
            events=events,
            window=CATALOGUE[total.during],
            where=_where(total),
        )

    def _figures(self, number: Expression) -> Iterator[str]:
        """Yield the parameters in a number, through the lets of the rule."""
        for node in walk(number):
            if isinstance(node, str):
                if node in self.rule.let:
                    yield from self._figures(self.rule.let[node])
                elif node in self.law.regime.parameters:
                    yield node

    def _moment(self, moment: str) -> str:
        """Return the moment from which a period runs."""
        return CATALOGUE[moment] if moment in _MOMENTS else _filled("moment fact", name=moment)


def _where(node: Max | Total) -> str:
    """Return which rows a number over rows takes; nothing if it takes all."""
    return "" if node.where is None else _filled("where", infix=in_words(node.where))


def _filled(kind: str, **parts: str) -> str:
    """Return a template of the catalogue with its places filled."""
    return CATALOGUE[kind].format(**parts)
