"""A question is a rule asked of one subject: every node of its expressions is answered here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final, Literal, Protocol, TypeAlias

from ledger.quantity import Dimension, Quantity
from ledger.regime import expression as node
from ledger.regime.answered import Answers, Known
from ledger.regime.environment import Rates
from ledger.regime.law import Law
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Comparator, Operand, Reason, Span, Truth, compare, together
from ledger.regime.words import in_words, value_in_words

__all__ = ["Concluded", "Concluding", "Question", "Sight"]

Sight: TypeAlias = Literal["legal", "error"]
_DATE: Final = "date"
_UNKNOWN_ROWS: Final = "device_rates"


class Concluded(Protocol):
    """What another rule found."""

    @property
    def truth(self) -> Truth:
        """Met, surely not, or unknown."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What would decide it, named from where the interpretation began."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, in the order scope, condition, exceptions."""


class Concluding(Protocol):
    """What a question may ask beyond its own rule."""

    @property
    def law(self) -> Law:
        """The law that is interpreted."""

    @property
    def answers(self) -> Answers:
        """What is known of subjects."""

    @property
    def home(self) -> str:
        """Subject with whom the interpretation began; its facts are named without it."""

    def sighted(self, rule: Rule, subject: str, view: ViewName, sight: Sight) -> Concluded:
        """Interpret another rule."""


@dataclass(frozen=True, slots=True)
class Question:
    """A rule, of whom it is asked, in which view and by which interval.

    Attributes:
        peers: Other rules, the law and the records.
        rule: The rule whose names are resolved.
        subject: Of whom.
        view: In which view.
        sight: By which interval.
        row: The row of a relation, inside ``max``; else None.
    """

    peers: Concluding
    rule: Rule
    subject: str
    view: ViewName
    sight: Sight
    row: Rates | None = None

    def condition(  # noqa: PLR0911 - one return for each operator
        self, asked: node.Condition | node.Choose
    ) -> Reason:
        """Answer a condition."""
        match asked:
            case str():
                return self._name(asked)
            case node.Gt() | node.Ge() | node.Lt() | node.Le():
                return self._comparison(asked)
            case node.All():
                return self._joined(asked, decisive=False)
            case node.Any():
                return self._joined(asked, decisive=True)
            case node.Not():
                part = self.condition(asked.item)
                truth = None if part.truth is None else not part.truth
                return self._reason(asked, truth, missing=part.missing, parts=(part,))
            case node.AnyOf():
                return self._overlap(asked, frozenset(asked.values), ())
            case node.Member():
                listed = self.peers.law.members(asked.set_id)
                return self._overlap(asked, listed, (f"set:{asked.set_id}",))
            case node.Exists():
                return self._exists(asked)
            case node.Choose():
                return self._choose(asked)

    def number(self, asked: node.Number) -> Operand:
        """Answer a number."""
        text = in_words(asked)
        match asked:
            case str():
                return self._number_named(asked)
            case node.Quote():
                return Operand(text, Span.point(asked.q.base), str(asked.q.dimension))
            case node.Mul():
                factors = tuple(self.number(factor) for factor in asked.factors)
                span = Span.point(1)
                for factor in factors:
                    span = span.times(factor.span)
                return Operand(text, span, _product(factors), _narrowing(span, factors), factors)
            case node.Sum():
                counting = self.peers.law.counting.get(asked.counting)
                if counting is None:
                    gaps = self.peers.law.unpublished(asked.counting)
                    return Operand(text, Span.unknown(), str(Dimension.OPERATIONS), gaps)
                total = self.peers.answers.total(self.subject, counting, asked.lineage, self.view)
                span = Span.of(total.legal if self.sight == "legal" else total.error)
                missing = () if span.known else total.missing or (f"operations@{self.subject}",)
                return Operand(text, span, str(Dimension.OPERATIONS), missing)
            case node.Max():
                return self._largest(asked)

    def _reason(
        self,
        asked: node.Expression,
        truth: Truth,
        *,
        missing: Sequence[str] = (),
        parts: Sequence[Reason] = (),
        value: str | None = None,
    ) -> Reason:
        """Build the reason of a node; what is decided misses nothing."""
        word = _kind(asked) if isinstance(asked, str) else asked.operator
        names = () if truth is not None else tuple(missing)
        return Reason(
            word, in_words(asked), truth, names, tuple(parts), subject=self.subject, value=value
        )

    def _name(self, name: str) -> Reason:
        """Answer a bare name: a rule, a reading, or a fact that is yes or no."""
        reading, rule = reading_named(name), rule_named(name)
        if reading is not None:
            chosen = self.peers.law.readings.get(reading[0])
            truth = None if chosen is None else chosen == reading[1]
            return self._reason(name, truth, missing=(f"reading:{reading[0]}",), value=chosen)
        if rule is not None:
            asked = self.peers.law.regime.rule(rule)
            if asked is None:
                return self._reason(name, None, missing=(name,))
            found = self.peers.sighted(asked, self.subject, self.view, self.sight)
            return self._reason(name, found.truth, missing=found.missing, parts=found.reasons)
        known = self._fact(name)
        truth = known.value if isinstance(known.value, bool) else None
        return self._reason(name, truth, missing=known.missing, value=_said(known))

    def _fact(self, name: str) -> Known:
        """Return a fact of the subject, its missing names told from where it all began."""
        known = self.peers.answers.fact(self.subject, name, self.view)
        missing = known.missing or (name,)
        if self.subject != self.peers.home:
            missing = tuple(m if "@" in m else f"{m}@{self.subject}" for m in missing)
        return replace(known, missing=missing)

    def _comparison(self, asked: node.Gt | node.Ge | node.Lt | node.Le) -> Reason:
        """Compare two numbers; numbers of two dimensions are not compared."""
        left, right = self.number(asked.left), self.number(asked.right)
        truth = compare(_comparator(asked), left.span, right.span)
        missing = together((left.missing, right.missing))
        if left.dimension and right.dimension and left.dimension != right.dimension:
            # Only a fact recorded in another unit can bring this about; the file was checked.
            truth, missing = None, (left.text, right.text)
        reason = self._reason(asked, truth, missing=missing)
        return replace(reason, operands=(left, right))

    def _joined(self, asked: node.All | node.Any, *, decisive: bool) -> Reason:
        """Join by Kleene: one decisive part decides, else one unknown part leaves it open."""
        parts = [self.condition(item) for item in asked.items]
        truths = {part.truth for part in parts}
        truth = decisive if decisive in truths else None if None in truths else not decisive
        return self._reason(
            asked, truth, missing=together(part.missing for part in parts), parts=parts
        )

    def _overlap(
        self,
        asked: node.AnyOf | node.Member,
        listed: frozenset[str] | None,
        unlisted: tuple[str, ...],
    ) -> Reason:
        """Say whether a fact has one of some values; an unknown list misses ``unlisted``."""
        known = self._fact(asked.fact)
        held = known.value
        words = frozenset((held,)) if isinstance(held, str) else held
        if not isinstance(words, frozenset):
            return self._reason(asked, None, missing=known.missing, value=_said(known))
        if listed is None:
            return self._reason(asked, None, missing=unlisted, value=_said(known))
        return self._reason(asked, not words.isdisjoint(listed), value=_said(known))

    def _exists(self, asked: node.Exists) -> Reason:
        """Ask every member; a foreseen question asks about the foreseen in any case."""
        view: ViewName = "foreseen" if "foreseen" in (self.view, asked.view) else "actual"
        parts = [
            replace(self, subject=member, view=view).condition(asked.such_that)
            for member in self.peers.answers.members(self.subject)
        ]
        truths = {part.truth for part in parts}
        truth = True if True in truths else None if None in truths else False
        missing = together(part.missing for part in parts)
        return self._reason(asked, truth, missing=missing, parts=parts)

    def _choose(self, asked: node.Choose) -> Reason:
        """Let the one true case decide, or the agreement of all arms that are not ruled out."""
        arms = [self._arm(arm) for arm in asked.arms]
        possible = [arm for arm in arms if arm.truth is not False]
        sure = [arm for arm in possible if arm.truth is True]
        if len(sure) == 1:
            truth, missing = sure[0].parts[1].truth, sure[0].parts[1].missing
        else:
            verdicts = {arm.parts[1].truth for arm in possible}
            truth = verdicts.pop() if len(verdicts) == 1 else None
            missing = together(part.missing for arm in possible for part in arm.parts)
        return self._reason(asked, truth, missing=missing or (f"rule:{self.rule.id}",), parts=arms)

    def _arm(self, arm: node.Choice) -> Reason:
        """Answer one arm of a choose; it has the truth of its case."""
        case, then = self.condition(arm.case), self.condition(arm.then)
        text = f"if {case.text}: {then.text}"
        return Reason("arm", text, case.truth, parts=(case, then), subject=self.subject)

    def _number_named(self, name: str) -> Operand:
        """Answer a bare name in the place of a number: a factor, a fact, a let, a parameter."""
        if is_factor(name):
            return Operand(name, Span.point(int(name)), str(Dimension.RATIO))
        if self.row is not None and name in self.row:
            return _operand(name, self.row[name], ())
        if is_fact(name):
            known = self._fact(name)
            value = known.value if isinstance(known.value, Quantity | date) else None
            return _operand(name, value, known.missing)
        if name in self.rule.let:
            return replace(self.number(self.rule.let[name]), text=name)
        found = self.peers.law.parameter(name)
        return _operand(name, None if found is None else found.value, (f"parameter:{name}",))

    def _largest(self, asked: node.Max) -> Operand:
        """Take the largest of a number over the rows of a relation."""
        text, rows = in_words(asked), self.peers.answers.rates(self.subject)
        if not rows:
            return Operand(text, Span.unknown(), None, (f"{_UNKNOWN_ROWS}@{self.subject}",))
        found = tuple(replace(self, row=row).number(asked.number) for row in rows)
        his = [each.span.hi for each in found if each.span.hi is not None]
        hi = max(his) if len(his) == len(found) else None
        span = Span(max(each.span.lo for each in found), hi)
        return Operand(text, span, found[0].dimension, _narrowing(span, found))


def _kind(name: str) -> str:
    """Return what a bare name asks for in the place of a condition."""
    prefix, colon, _ = name.partition(":")
    return prefix if colon else "fact"


def _comparator(asked: node.Gt | node.Ge | node.Lt | node.Le) -> Comparator:
    """Return the comparator of a node."""
    match asked:
        case node.Gt():
            return "gt"
        case node.Ge():
            return "ge"
        case node.Lt():
            return "lt"
        case node.Le():
            return "le"


def _operand(text: str, value: Quantity | date | None, missing: tuple[str, ...]) -> Operand:
    """Turn a value into an operand in its base unit; a day is its place in the calendar."""
    match value:
        case Quantity():
            return Operand(text, Span.point(value.base), str(value.dimension))
        case date():
            return Operand(text, Span.point(Fraction(value.toordinal())), _DATE)
        case None:
            return Operand(text, Span.unknown(), None, missing)


def _narrowing(span: Span, operands: Sequence[Operand]) -> tuple[str, ...]:
    """Return what would narrow a span that several operands made."""
    return () if span.known else together(operand.missing for operand in operands)


def _product(factors: Sequence[Operand]) -> str | None:
    """Return what a product measures: what its one factor that is no ratio measures."""
    others = [factor.dimension for factor in factors if factor.dimension != Dimension.RATIO]
    if not others:
        return str(Dimension.RATIO)
    return others[0] if len(others) == 1 else None


def _said(known: Known) -> str | None:
    """Write what is recorded of a fact; entries that contradict each other are named."""
    if known.value is not None:
        return value_in_words(known.value)
    if len(known.entries) > 1:
        return "entries " + ", ".join(str(entry) for entry in known.entries) + " differ"
    return None
