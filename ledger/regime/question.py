"""A question is a rule asked of one subject: every node of its expressions is answered here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

from ledger.quantity import Dimension, Quantity
from ledger.regime import expression as node
from ledger.regime.environment import FactValue, Rates
from ledger.regime.grouping import Between, first_of, months_before
from ledger.regime.knowledge import Known
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.peers import Concluding, Sight
from ledger.regime.rule import Rule, ViewName
from ledger.regime.tally import tally
from ledger.regime.trace import (
    Comparator,
    Operand,
    Reason,
    Span,
    Truth,
    compare,
    product_of,
    summed,
    together,
)
from ledger.regime.words import value_in_words

__all__ = ["Question", "Sight"]

_DATE: Final = "date"
_UNKNOWN_ROWS: Final = "device_rates"


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

    def number(  # noqa: PLR0911 - one return for each operator
        self, asked: node.Number
    ) -> Operand:
        """Answer a number."""
        match asked:
            case str():
                return self._number_named(asked)
            case node.Quote():
                return Operand(str(asked.q), Span.point(asked.q.base), str(asked.q.dimension))
            case node.Mul():
                factors = tuple(self.number(factor) for factor in asked.factors)
                span = Span.point(1)
                for factor in factors:
                    span = span.times(factor.span)
                text, dimension = self.peers.law.words_of(asked), _product(factors)
                return Operand(text, span, dimension, _narrowing(span, factors), factors)
            case node.Sum():
                return self._sum(asked)
            case node.Max():
                return self._largest(asked)
            case node.Total():
                return self._total(asked)
            case node.Flow():
                return self._flow(asked)
            case node.AtWindow():
                return self._at_window(asked)

    def _sum(self, asked: node.Sum) -> Operand:
        """Add operations up by a counting set; one that nobody had published sums nothing."""
        text, dimension = self.peers.law.words_of(asked), str(Dimension.OPERATIONS)
        counting = self.peers.law.counting.get(asked.counting)
        if counting is None:
            gaps = self.peers.law.unpublished(asked.counting)
            return Operand(text, Span.unknown(), dimension, gaps)
        total = self.peers.answers.total(self.subject, counting, asked.lineage, self.view)
        span = Span.of(total.legal if self.sight == "legal" else total.error)
        missing = () if span.known else total.missing or (f"operations@{self.subject}",)
        return Operand(text, span, dimension, missing)

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
        text, names = self.peers.law.words_of(asked), () if truth is not None else tuple(missing)
        return Reason(word, text, truth, names, tuple(parts), None, self.subject, value)

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
            subject, unsaid = self._part(asked.subject)
            if subject is None:
                return self._reason(name, None, missing=(unsaid,))
            found = self.peers.sighted(asked, subject, self.view, self.sight)
            return self._reason(name, found.truth, missing=found.missing, parts=found.reasons)
        known = self._fact(name)
        truth = known.value if isinstance(known.value, bool) else None
        return self._reason(name, truth, missing=known.missing, value=_said(known))

    def _part(self, kind: str) -> tuple[str | None, str]:
        """Return the subject of a kind that this one stands for; a rate stands for its device."""
        return self.peers.answers.part(self.subject, kind)

    def _fact(self, name: str) -> Known:
        """Return a fact of the subject, its missing names told from where it all began."""
        if self.row is not None and name in self.row:
            return Known(self.row[name])
        subject, unsaid = self._part(name.partition(".")[0])
        if subject is None:
            return Known(None, (unsaid,))
        known = self.peers.answers.fact(subject, name, self.view)
        missing = known.missing or (name,)
        if subject != self.peers.home:
            missing = tuple(m if "@" in m else f"{m}@{subject}" for m in missing)
        return known if missing == known.missing else replace(known, missing=missing)

    def _comparison(self, asked: node.Gt | node.Ge | node.Lt | node.Le) -> Reason:
        """Compare two numbers; numbers of two dimensions are not compared."""
        left, right = self.number(asked.left), self.number(asked.right)
        truth = compare(_comparator(asked), left.span, right.span)
        missing = together((left.missing, right.missing))
        if left.dimension and right.dimension and left.dimension != right.dimension:
            # Only a fact recorded in another unit can bring this about; the file was checked.
            truth, missing = None, (left.text, right.text)
        text, names = self.peers.law.words_of(asked), () if truth is not None else missing
        return Reason(asked.operator, text, truth, names, (), (left, right), self.subject)

    def _joined(self, asked: node.All | node.Any, *, decisive: bool) -> Reason:
        """Join by Kleene: one decisive part decides, else one unknown part leaves it open."""
        parts = list[Reason]()
        for item in asked.items:
            parts.append(self.condition(item))
            if self.peers.brief and parts[-1].truth is decisive:
                break
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
        parts = list[Reason]()
        for member in self.peers.answers.members(asked.of, self.subject):
            parts.append(replace(self, subject=member, view=view).condition(asked.such_that))
            if self.peers.brief and parts[-1].truth is True:
                break
        truths = {part.truth for part in parts}
        truth = True if True in truths else None if None in truths else False
        missing = together(part.missing for part in parts)
        return self._reason(asked, truth, missing=missing, parts=parts)

    def _choose(self, asked: node.Choose) -> Reason:
        """Let the one true case decide, or the agreement of all arms that are not ruled out."""
        cases = [self.condition(arm.case) for arm in asked.arms]
        sole = [case.truth for case in cases].count(True) == 1
        arms = [
            self._arm(arm, case)
            for arm, case in zip(asked.arms, cases, strict=True)
            # An arm that is ruled out decides nothing, and beside the one true case none does.
            if not self.peers.brief or case.truth or (case.truth is None and not sole)
        ]
        possible = [arm for arm in arms if arm.truth is not False]
        sure = [arm for arm in possible if arm.truth is True]
        if len(sure) == 1:
            truth, missing = sure[0].parts[1].truth, sure[0].parts[1].missing
        else:
            verdicts = {arm.parts[1].truth for arm in possible}
            truth = verdicts.pop() if len(verdicts) == 1 else None
            missing = together(part.missing for arm in possible for part in arm.parts)
        return self._reason(asked, truth, missing=missing or (f"rule:{self.rule.id}",), parts=arms)

    def _arm(self, arm: node.Choice, case: Reason) -> Reason:
        """Answer one arm of a choose; it has the truth of its case."""
        then = self.condition(arm.then)
        text = f"if {case.text}: {then.text}"
        return Reason("arm", text, case.truth, parts=(case, then), subject=self.subject)

    def _number_named(self, name: str) -> Operand:
        """Answer a bare name in the place of a number: a factor, a fact, a let, a parameter."""
        if is_factor(name):
            return Operand(name, Span.point(int(name)), str(Dimension.RATIO))
        if is_fact(name):
            known = self._fact(name)
            return _operand(name, known.value, known.missing)
        if name in self.rule.let:
            return self._let(name)
        found = self.peers.law.parameter(name)
        return _operand(name, None if found is None else found.value, (f"parameter:{name}",))

    def _let(self, name: str) -> Operand:
        """Answer a let, once for a subject; inside ``max`` it may differ from row to row."""
        asked = (self.rule.id, name, self.subject, self.view, self.sight)
        held = None if self.row is not None else self.peers.lets.get(asked)
        if held is None:
            held = replace(self.number(self.rule.let[name]), text=name)
            if self.row is None:
                self.peers.lets[asked] = held
        return held

    def _largest(self, asked: node.Max) -> Operand:
        """Take the largest of a number over the rows of a relation that may be meant."""
        text, (device, unsaid) = self.peers.law.words_of(asked), self._part("device")
        rows = () if device is None else self.peers.answers.rates(device)
        found: list[Operand] = []
        sure: list[Operand] = []
        for row in rows or ():
            inner = replace(self, row=row)
            truth = True if asked.where is None else inner.condition(asked.where).truth
            if truth is not False:
                found.append(inner.number(asked.number))
            if truth is True:
                sure.append(found[-1])
        if not found:
            missing = unsaid if device is None else f"{_UNKNOWN_ROWS}@{device}"
            return Operand(text, Span.unknown(), None, (missing,))
        his = [each.span.hi for each in found if each.span.hi is not None]
        hi = max(his) if len(his) == len(found) else None
        span = Span(max((each.span.lo for each in sure), default=Fraction(0)), hi)
        missing_rows = _narrowing(span, found) or (f"{_UNKNOWN_ROWS}@{device}",)
        return Operand(text, span, found[0].dimension, () if span.known else missing_rows)

    def _total(self, asked: node.Total) -> Operand:
        """Add a number up over the holdings of the subject, some of them taken away."""
        held = [each for each in tally(self, asked) if each.counts is not False]
        added = summed(each.span for each in held if each.adds)
        span = added.less(summed(each.span for each in held if not each.adds))
        measured = (each.number.dimension for each in held if each.number is not None)
        dimension = next((each for each in measured if each is not None), None)
        missing = () if span.known else together(each.missing for each in held)
        return Operand(self.peers.law.words_of(asked), span, dimension, missing)

    def _at_window(self, asked: node.AtWindow) -> Operand:
        """Take a figure of the law for the first day of the subject's window."""
        window = self.peers.answers.window(self.subject)
        assert window is not None, "the file was checked: the subject looks at a window"
        found = self.peers.law.parameter(asked.parameter, window.start)
        gap = (f"parameter:{asked.parameter}",)
        return _operand(self.peers.law.words_of(asked), None if found is None else found.value, gap)

    def _flow(self, asked: node.Flow) -> Operand:
        """Add up the amounts recorded for the months before the day asked for."""
        text = self.peers.law.words_of(asked)
        found = self.peers.law.parameter(asked.preceding)
        if found is None or not isinstance(found.value, Quantity):
            return Operand(text, Span.unknown(), None, (f"parameter:{asked.preceding}",))
        stop = first_of(asked.ending, self.peers.answers.day)
        window = Between(months_before(stop, found.value.exact_int()), stop)
        subject, unsaid = self._part(asked.fact.partition(".")[0])
        if subject is None:
            return Operand(text, Span.unknown(), None, (unsaid,))
        span, dimension = self.peers.answers.flow(subject, asked.fact, window)
        name = asked.fact if subject == self.peers.home else f"{asked.fact}@{subject}"
        return Operand(text, span, dimension, () if span.known else (name,))


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


def _operand(text: str, value: FactValue | None, missing: tuple[str, ...]) -> Operand:
    """Turn a value into an operand in its base unit; a day is its place in the calendar."""
    match value:
        case Quantity():
            return Operand(text, Span.point(value.base), str(value.dimension))
        case date():
            return Operand(text, Span.point(Fraction(value.toordinal())), _DATE)
        case _:
            return Operand(text, Span.unknown(), None, missing)


def _narrowing(span: Span, operands: Sequence[Operand]) -> tuple[str, ...]:
    """Return what would narrow a span that several operands made."""
    return () if span.known else together(operand.missing for operand in operands)


def _product(factors: Sequence[Operand]) -> str | None:
    """Return what a product of operands measures."""
    return product_of(factor.dimension for factor in factors)


def _said(known: Known) -> str | None:
    """Write what is recorded of a fact; entries that are contradicted are named."""
    if known.value is not None:
        return value_in_words(known.value)
    if known.against_figure:
        return "no, against a figure that the ledger holds"
    if len(known.entries) > 1:
        return "entries " + ", ".join(str(entry) for entry in known.entries) + " differ"
    return None
