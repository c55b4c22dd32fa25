"""To decide is to say whether a rule is met, and nothing else: no words, no reasons, no gaps.

It is what ``interpret`` finds, for those who ask the same rule for many days and read the answer
alone. What stands elsewhere cannot change a part that is decided, so that no more is looked at.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import cache
from typing import TypeAlias

from ledger.quantity import Dimension, Quantity
from ledger.regime import expression as node
from ledger.regime.answered import Answers
from ledger.regime.environment import FactValue
from ledger.regime.interpret import Finding, Interpreter
from ledger.regime.law import Law
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.question import Question, Sight
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Span, Truth, product_of

__all__ = ["Decider"]

_End: TypeAlias = int | Fraction
_Number: TypeAlias = tuple[_End, _End | None, str | None]
"""Both ends in the base unit, the upper one None where nothing bounds it, and what it measures."""
_Place: TypeAlias = tuple[str, str, ViewName, Sight]

_OPERATIONS = str(Dimension.OPERATIONS)
_RATIO = str(Dimension.RATIO)


class Decider:
    """Decides rules of one law by one standpoint; what was decided is kept."""

    def __init__(self, law: Law, answers: Answers) -> None:
        """Decide nothing yet."""
        self._law = law
        self._answers = answers
        self._found: dict[_Place, Finding | None] = {}

    def finding(self, rule: Rule, subject: str, view: ViewName, sight: Sight) -> Finding | None:
        """Return what a rule finds for a subject; None out of scope.

        Args:
            rule: A rule of the law, in which no rules refer to each other in a circle.
            subject: With its prefix.
            view: Which rows totals rest on.
            sight: Which interval of totals is seen.
        """
        place = (rule.id, subject, view, sight)
        if place not in self._found:
            self._found[place] = _Asking(self, rule, subject, view, sight).finding()
        return self._found[place]

    def truth(
        self, rule: Rule, asked: node.Condition, subject: str, view: ViewName, sight: Sight
    ) -> Truth:
        """Return the truth of a condition that stands in a rule."""
        return _Asking(self, rule, subject, view, sight).truth(asked)

    @property
    def law(self) -> Law:
        """The law."""
        return self._law

    @property
    def answers(self) -> Answers:
        """What is known of subjects."""
        return self._answers


class _Asking:
    """A rule, asked of one subject."""

    __slots__ = ("answers", "decider", "law", "rule", "sight", "subject", "view")

    def __init__(
        self, decider: Decider, rule: Rule, subject: str, view: ViewName, sight: Sight
    ) -> None:
        """Ask of whom, in which view and by which interval."""
        self.decider, self.law, self.answers = decider, decider.law, decider.answers
        self.rule, self.subject, self.view, self.sight = rule, subject, view, sight

    def finding(self) -> Finding | None:
        """Put scope, condition and exceptions together."""
        rule = self.rule
        scope = True if rule.scope is None else self.truth(rule.scope)
        if scope is False:
            return None
        truth = self.truth(rule.condition)
        if truth is False:
            return "not_met"
        exceptions = [self.truth(item.when) for item in rule.unless]
        if True in exceptions:
            return "excepted"
        return "undetermined" if None in (scope, truth, *exceptions) else "met"

    def truth(  # noqa: PLR0911 - one return for each operator
        self, asked: node.Condition | node.Choose
    ) -> Truth:
        """Decide a condition."""
        match asked:
            case str():
                return self._name(asked)
            case node.Gt() | node.Ge() | node.Lt() | node.Le():
                return self._compared(asked)
            case node.All():
                return self._joined(asked.items, decisive=False)
            case node.Any():
                return self._joined(asked.items, decisive=True)
            case node.Not():
                return _not(self.truth(asked.item))
            case node.AnyOf():
                return self._overlap(asked.fact, frozenset(asked.values))
            case node.Member():
                return self._overlap(asked.fact, self.law.members(asked.set_id))
            case node.Exists():
                return self._exists(asked)
            case node.Choose():
                return self._chosen(asked)

    def _name(self, name: str) -> Truth:
        """Decide a bare name: a rule, a reading, or a fact that is yes or no."""
        reading, rule = reading_named(name), rule_named(name)
        if reading is not None:
            chosen = self.law.readings.get(reading[0])
            return None if chosen is None else chosen == reading[1]
        if rule is None:
            value = self._fact(name)
            return value if isinstance(value, bool) else None
        asked = self.law.regime.rule(rule)
        subject = None if asked is None else self.answers.part(self.subject, asked.subject)[0]
        if asked is None or subject is None:
            return None
        found = self.decider.finding(asked, subject, self.view, self.sight)
        return None if found == "undetermined" else found == "met"

    def _fact(self, name: str) -> FactValue | None:
        """Return a fact of what the subject stands for, or None."""
        subject, _ = self.answers.part(self.subject, name.partition(".")[0])
        return None if subject is None else self.answers.fact(subject, name, self.view).value

    def _joined(self, items: tuple[node.Condition, ...], *, decisive: bool) -> Truth:
        """Join by Kleene."""
        joined: Truth = not decisive
        for item in items:
            truth = self.truth(item)
            if truth is decisive:
                return decisive
            if truth is None:
                joined = None
        return joined

    def _overlap(self, fact: str, listed: frozenset[str] | None) -> Truth:
        """Say whether a fact has one of some values."""
        held = self._fact(fact)
        words = frozenset((held,)) if isinstance(held, str) else held
        if listed is None or not isinstance(words, frozenset):
            return None
        return not words.isdisjoint(listed)

    def _exists(self, asked: node.Exists) -> Truth:
        """Ask every member until one fulfils the condition."""
        view: ViewName = "foreseen" if "foreseen" in (self.view, asked.view) else "actual"
        joined: Truth = False
        for member in self.answers.members(asked.of, self.subject):
            truth = _Asking(self.decider, self.rule, member, view, self.sight).truth(
                asked.such_that
            )
            if truth is True:
                return True
            if truth is None:
                joined = None
        return joined

    def _chosen(self, asked: node.Choose) -> Truth:
        """Let the one true case decide, or the agreement of all arms that are not ruled out."""
        cases = [self.truth(arm.case) for arm in asked.arms]
        if cases.count(True) == 1:
            return self.truth(asked.arms[cases.index(True)].then)
        possible = [arm for arm, case in zip(asked.arms, cases, strict=True) if case is not False]
        if not possible:
            return None
        first = self.truth(possible[0].then)
        alike = first is not None and all(self.truth(arm.then) is first for arm in possible[1:])
        return first if alike else None

    def _compared(self, asked: node.Comparison) -> Truth:
        """Compare two numbers; ``a >= b`` is what ``a < b`` is not."""
        greater, smaller = asked.left, asked.right
        if isinstance(asked, node.Lt | node.Ge):
            greater, smaller = smaller, greater
        truth = self._exceeds(greater, smaller)
        return _not(truth) if isinstance(asked, node.Ge | node.Le) else truth

    def _exceeds(self, greater: node.Number, smaller: node.Number) -> Truth:
        """Say whether one number is greater than another; those of two dimensions are not compared.

        It is for every value in the ranges, or for none, or unknown.
        """
        lo, hi, measured = self._number(greater)
        other_lo, other_hi, other = self._number(smaller)
        if measured and other and measured != other:
            return None
        if other_hi is not None and lo > other_hi:
            return True
        if hi is not None and hi <= other_lo:
            return False
        return None

    def _number(  # noqa: PLR0911 - one return for each operator
        self, asked: node.Number
    ) -> _Number:
        """Return a number."""
        match asked:
            case str() if is_factor(asked):
                return int(asked), int(asked), _RATIO
            case str() if is_fact(asked):
                return _of_value(self._fact(asked))
            case str() if asked in self.rule.let:
                return self._number(self.rule.let[asked])
            case str():
                found = self.law.parameter(asked)
                return _of_value(None if found is None else found.value)
            case node.Quote():
                return _of_value(asked.q)
            case node.Mul():
                return _product([self._number(factor) for factor in asked.factors])
            case node.Sum():
                return self._sum(asked)
            case _:
                return self._interpreted(asked)

    def _sum(self, asked: node.Sum) -> _Number:
        """Add operations up by a counting set; one that nobody had published sums nothing."""
        counting = self.law.counting.get(asked.counting)
        if counting is None:
            return 0, None, _OPERATIONS
        found = self.answers.bounds((self.subject,), counting, asked.lineage, self.view)
        if self.sight == "legal":
            return found.lo[0], found.hi[0], _OPERATIONS
        return found.error_lo[0], found.error_hi[0], _OPERATIONS

    def _interpreted(self, asked: node.Number) -> _Number:
        """Return a number over rows of other relations, or of a window: the interpreter's."""
        peers = Interpreter(self.law, self.answers, self.subject, brief=True)
        question = Question(peers, self.rule, self.subject, self.view, self.sight)
        found = question.number(asked)
        return found.span.lo, found.span.hi, found.dimension


def _not(truth: Truth) -> Truth:
    """Return the contrary; unknown stays unknown."""
    return None if truth is None else not truth


def _of_value(value: FactValue | None) -> _Number:
    """Return a value in its base unit; a day is its place in the calendar."""
    match value:
        case Quantity():
            base = value.base
            whole = base.numerator if base.denominator == 1 else base
            return whole, whole, str(value.dimension)
        case date():
            return value.toordinal(), value.toordinal(), "date"
        case _:
            unknown = Span.unknown()
            return unknown.lo, unknown.hi, None


def _product(factors: list[_Number]) -> _Number:
    """Multiply end by end; nothing times something unbounded is still nothing."""
    lo: _End = 1
    hi: _End | None = 1
    for factor_lo, factor_hi, _ in factors:
        if 0 in (hi, factor_hi):
            lo, hi = 0, 0
        else:
            hi = None if hi is None or factor_hi is None else hi * factor_hi
            lo = lo * factor_lo
    return lo, hi, _measured(tuple(measured for _, _, measured in factors))


@cache
def _measured(dimensions: tuple[str | None, ...]) -> str | None:
    """Return what a product measures; there are few ways to multiply."""
    return product_of(dimensions)
