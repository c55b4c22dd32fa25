"""A sentence is one line of a rule as a lawyer would say it; parts stand below it, indented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.quantity import Quantity
from ledger.regime import expression as node
from ledger.regime.dated import parameter_on
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.rule import Rule
from ledger.regime.words import in_words
from ledger.report.law import LawView, value_shown

__all__ = ["Sentence", "Speaker"]

_COMPARED: Final = {
    "gt": "is greater than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
}
_CONTRARY: Final = {"gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
_LINEAGE: Final = {
    "own": "operations of the {subject} itself",
    "base": "operations behind the {subject}: of what it was made from",
    "cumulative": "operations of the {subject} and of all that it was made from",
}
_SUM_FIELDS: Final = frozenset({"field", "counting", "lineage"})
_FORESEEN: Final = "committed or planned compute counted in"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line.

    Attributes:
        depth: How far it is indented.
        text: What it says.
    """

    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says what the expressions of one rule mean, with the figures of the day.

    What it does not know to say better it says in the words of the rule language.

    Attributes:
        view: The regime on a day.
        rule: The rule.
    """

    view: LawView
    rule: Rule

    def condition(self, asked: node.Condition | node.Choose) -> tuple[Sentence, ...]:
        """Return a condition as sentences."""
        return tuple(self._said(asked, 0, denied=False))

    def number(self, asked: node.Number) -> str:
        """Return a number in words, its figures with their values on the day."""
        match asked:
            case str():
                return self._number_named(asked)
            case node.Mul():
                return " × ".join(map(self.number, asked.factors))
            case node.Sum() if type(asked).model_fields.keys() <= _SUM_FIELDS:
                of = _LINEAGE[asked.lineage].format(subject=self.rule.subject)
                return f"{of}, as {asked.counting} counts them"
            case _:
                return in_words(asked)

    def _said(
        self, asked: node.Condition | node.Choose, depth: int, *, denied: bool
    ) -> Iterator[Sentence]:
        """Yield the sentences of a condition, or of its contrary."""
        match asked:
            case node.Not():
                yield from self._said(asked.item, depth, denied=not denied)
            case node.All() | node.Any():
                every = isinstance(asked, node.All)
                if denied:
                    head = "not all of these" if every else "none of these"
                else:
                    head = "all of these" if every else "at least one of these"
                yield Sentence(depth, f"{head}:")
                for item in asked.items:
                    yield from self._said(item, depth + 1, denied=False)
            case node.Choose():
                for arm in asked.arms:
                    yield from self._joined("in the case that", arm.case, depth)
                    yield from self._joined("then it is met if", arm.then, depth + 1)
            case node.Exists():
                ahead = f", {_FORESEEN}" if asked.view == "foreseen" else ""
                some = "for none" if denied else "for at least one"
                yield from self._joined(f"{some} of {asked.of}{ahead}:", asked.such_that, depth)
            case _:
                yield Sentence(depth, self._single(asked, denied=denied))

    def _joined(self, head: str, asked: node.Condition, depth: int) -> Iterator[Sentence]:
        """Yield a condition behind some words: on their line if it is one, else below them."""
        first, *more = self._said(asked, depth, denied=False)
        yield Sentence(depth, f"{head} {first.text}")
        yield from more

    def _single(self, asked: node.Condition, *, denied: bool) -> str:
        """Return a condition that needs no others, in one sentence."""
        match asked:
            case node.Comparison():
                word = _CONTRARY[asked.operator] if denied else asked.operator
                left, right = self.number(asked.left), self.number(asked.right)
                return f"{left} {_COMPARED[word]} {right}"
            case node.AnyOf():
                some = "none" if denied else "one"
                return f"{asked.fact} has {some} of: {', '.join(asked.values)}"
            case node.Member():
                return f"{asked.fact} is {'not ' if denied else ''}in the list {asked.set_id}"
            case str():
                return self._named(asked, denied=denied)
            case _:
                text = in_words(asked)
                return f"not ({text})" if denied else text

    def _named(self, name: str, *, denied: bool) -> str:
        """Return a bare name in the place of a condition: a rule, a reading or a fact."""
        reading, rule = reading_named(name), rule_named(name)
        if reading is not None:
            return f"the reading {reading[0]} is {'not ' if denied else ''}{reading[1]}"
        if rule is not None:
            return f"the rule {rule} is {'not met' if denied else 'met'}"
        return f"{name} is {'no' if denied else 'yes'}"

    def _number_named(self, name: str) -> str:
        """Return a bare name in the place of a number."""
        if is_factor(name) or is_fact(name) or name in self.rule.let:
            return name
        parameter = self.view.regime.parameters.get(name)
        if parameter is None:
            return name
        on, known = self.view.in_force_on, self.view.law_known_on
        found = parameter_on(parameter, on, known, nearest=True)
        if found is None:
            return f"{name} (no figure was published)"
        shown = value_shown(found.value)
        if isinstance(found.value, Quantity) and found.value.dimension == "ratio":
            shown = shown.removesuffix(f" {found.value.unit.symbol}")
        return f"{shown} ({name})"
