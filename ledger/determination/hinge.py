"""A hinge is a comparison on which a finding hangs: a determination reports one of a rule's.

* Not met: of the comparisons that could still decide, the one that is nearest to its line. None
  can that stands in an arm of a choose that is ruled out, under a reading that was not chosen, or
  in an ``all`` of which another part is false whatever the amounts are. Which one is nearest is
  for the amounts to say; here all of them are returned.
* Met: the first in the order of the file that carries the finding: a true one in an ``all`` that
  is not itself true carries nothing.
* Undetermined: the first that is itself undecided, else the first. Where it is open which of
  several applies, for want of a fact that is no amount, there is no one of them to report.

Where none could decide, those come in its place that would if the fewest facts in their way were
otherwise; an arm that is ruled out and a reading that was not chosen stay out of it.

A ``not`` is taken into what it denies, so that each comparison says what it contributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ledger.regime.expression import All, Any, Choose, Comparison, Condition, Exists, Not, walk
from ledger.regime.name import reading_named
from ledger.regime.trace import Reason, Truth

__all__ = ["Hinges", "comparisons_of", "is_leaf", "leaf_truths"]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A comparison, or a part of a condition that compares nothing.

    Attributes:
        place: Among the leaves of the rule.
        comparison: Place among the rule's own comparisons, or None.
        denied: Whether it stands below an odd number of ``not``.
        chosen: Whether it is made of readings alone.
    """

    place: int
    comparison: int | None
    denied: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class _Joined:
    """Parts joined into one; ``decisive`` is the truth of one part that decides."""

    decisive: bool
    parts: tuple[_Node, ...]


_Node: TypeAlias = _Leaf | _Joined
_Arms: TypeAlias = tuple[tuple[_Node, _Node], ...]


@dataclass(frozen=True, slots=True)
class _Pick:
    """Comparisons that a part of a condition hangs on.

    Attributes:
        places: Among the rule's own comparisons, in the order of the file.
        blocked: How many facts stand in their way.
        undecided: Whether one of them is.
        guarded: Whether it is open that they apply, for want of a fact.
    """

    places: tuple[int, ...]
    blocked: int = 0
    undecided: bool = False
    guarded: bool = False


_NONE = _Pick(())


@dataclass(frozen=True, slots=True)
class Hinges:
    """The comparisons of one rule, and which of them matter where its leaves have some truths.

    What a combination of truths leads to is kept: many subjects share one.

    Attributes:
        single: The one comparison, or none, where no truth can make a difference; else None.
    """

    single: tuple[int, ...] | None
    _whole: _Node | _Arms
    _found: dict[tuple[Truth, ...], tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, condition: Condition | Choose) -> Hinges:
        """Read the condition of a rule."""
        builder = _Builder()
        if isinstance(condition, Choose):
            arms = tuple((builder.node(arm.case), builder.node(arm.then)) for arm in condition.arms)
            return cls(None if builder.comparisons else (), arms)
        whole = builder.node(condition)
        plain = builder.comparisons <= 1 and not builder.readings
        return cls(tuple(range(builder.comparisons)) if plain else None, whole)

    def at(self, truths: Sequence[Truth]) -> tuple[int, ...]:
        """Return the places of the comparisons to report one of, in the order of the file.

        Args:
            truths: Of the leaves of the rule's condition, in the order of the file.

        Returns:
            For a condition that is false, those of which the nearest to its line is reported; for
            one that is true, one; for an open one, one, or several if it is open which applies.
        """
        if self.single is not None:
            return self.single
        key = tuple(truths)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = _Reading(key).places(self._whole)
        return found


def comparisons_of(condition: Condition | Choose) -> tuple[Comparison, ...]:
    """Return a rule's own comparisons in the order of the file, those of members left out."""
    return tuple(_own(condition))


def is_leaf(condition: Condition) -> bool:
    """Whether a part of a condition is a comparison, or holds none of the rule's own."""
    return isinstance(condition, Comparison) or not comparisons_of(condition)


def leaf_truths(condition: Condition | Choose, reason: Reason) -> Iterator[Truth]:
    """Yield the truths of the leaves of a condition, in the order of the file."""
    if isinstance(condition, Choose):
        for arm, found in zip(condition.arms, reason.parts, strict=True):
            case, then = found.parts
            yield from leaf_truths(arm.case, case)
            yield from leaf_truths(arm.then, then)
    elif isinstance(condition, All | Any | Not) and not is_leaf(condition):
        items = (condition.item,) if isinstance(condition, Not) else condition.items
        for item, found in zip(items, reason.parts, strict=True):
            yield from leaf_truths(item, found)
    else:
        yield reason.truth


class _Builder:
    """Takes every ``not`` into what it denies, and numbers leaves and comparisons."""

    def __init__(self) -> None:
        """Begin with no leaf."""
        self.leaves = 0
        self.comparisons = 0
        self.readings = 0

    def node(self, condition: Condition, *, denied: bool = False) -> _Node:
        """Return a condition, or its contrary."""
        if isinstance(condition, Not) and not is_leaf(condition):
            return self.node(condition.item, denied=not denied)
        if isinstance(condition, All | Any) and not is_leaf(condition):
            parts = tuple(self.node(item, denied=denied) for item in condition.items)
            return _Joined(isinstance(condition, Any) is not denied, parts)
        place, number = self.leaves, None
        self.leaves += 1
        if isinstance(condition, Comparison):
            number = self.comparisons
            self.comparisons += 1
        chosen = _of_readings(condition)
        self.readings += chosen
        return _Leaf(place, number, denied, chosen)


class _Reading:
    """Reads which comparisons a condition hangs on from the truths of its leaves."""

    def __init__(self, truths: tuple[Truth, ...]) -> None:
        """Read some truths."""
        self._truths = truths

    def places(self, whole: _Node | _Arms) -> tuple[int, ...]:
        """Return the comparisons of a whole condition to report one of."""
        if isinstance(whole, tuple):
            truth, pick = self._chosen(whole)
        else:
            truth, pick = self._truth(whole), self._pick(whole)
        return pick.places[:1] if truth is True else pick.places

    def _chosen(self, arms: _Arms) -> tuple[Truth, _Pick]:
        """Return the truth of a choose, and what it hangs on: the arms that are not ruled out."""
        cases = [self._truth(case) for case, _ in arms]
        possible = [arm for arm, case in zip(arms, cases, strict=True) if case is not False]
        if cases.count(True) == 1:
            possible = [arms[cases.index(True)]]
        truths = {self._truth(then) for _, then in possible}
        truth = truths.pop() if len(truths) == 1 else None
        picks = [self._pick(then) for _, then in possible]
        picks = [pick for pick in picks if pick.places] or [self._pick(c) for c, _ in possible]
        if truth is None and len(possible) > 1:
            return None, _of_alternatives(picks, open_=True)
        return truth, _together(picks)

    def _pick(self, node: _Node) -> _Pick:
        """Return the comparisons that a part hangs on."""
        if isinstance(node, _Leaf):
            if node.comparison is None:
                return _NONE
            return _Pick((node.comparison,), undecided=self._truth(node) is None)
        if any(
            isinstance(part, _Leaf) and part.chosen and self._truth(part) is node.decisive
            for part in node.parts
        ):
            return _NONE
        truth = self._truth(node)
        if truth is None:
            return self._open(node)
        if truth is not node.decisive:
            return _together(self._pick(part) for part in node.parts)
        deciding = [p for p in node.parts if self._truth(p) is truth]
        others = [p for p in node.parts if self._truth(p) is not truth]
        settled = truth is False and any(self._settled(p) is False for p in node.parts)
        return self._first_that_matter(deciding, others, settled=settled)

    def _first_that_matter(
        self, deciding: Iterable[_Node], others: Iterable[_Node], *, settled: bool
    ) -> _Pick:
        """Return what the deciding parts hang on; else, with a fact in its way, the others.

        Args:
            deciding: Parts each of which decides.
            others: The other parts.
            settled: Whether a part decides whatever the amounts are, so that no comparison can.
        """
        pick = _together(self._pick(part) for part in deciding)
        if pick.places:
            return _blocked(pick) if settled else pick
        return _blocked(_together(self._pick(part) for part in others))

    def _open(self, node: _Joined) -> _Pick:
        """Return what an undecided part hangs on; a decided part of it only for want of others."""
        unknown = [part for part in node.parts if self._truth(part) is None]
        rest = [part for part in node.parts if self._truth(part) is not None]
        picks = [pick for part in unknown if (pick := self._pick(part)).places]
        if node.decisive:
            tried = [pick for part in rest if (pick := self._pick(part)).places]
            ready = [pick for pick in tried if not pick.blocked]
            several = [*picks, *ready] or tried
            return _of_alternatives(several, open_=any(pick.guarded for pick in several))
        pick = _foremost(picks or [self._pick(part) for part in rest])
        guarded = any(isinstance(part, _Leaf) and part.comparison is None for part in unknown)
        return _Pick(pick.places, pick.blocked, pick.undecided, guarded or pick.guarded)

    def _truth(self, node: _Node) -> Truth:
        """Return the truth of a part."""
        if isinstance(node, _Leaf):
            truth = self._truths[node.place]
            return truth if truth is None or not node.denied else not truth
        return _joined(node, [self._truth(part) for part in node.parts])

    def _settled(self, node: _Node) -> Truth:
        """Return the truth of a part whatever the amounts are; None if it hangs on them."""
        if isinstance(node, _Leaf):
            return None if node.comparison is not None else self._truth(node)
        return _joined(node, [self._settled(part) for part in node.parts])


def _joined(node: _Joined, truths: Sequence[Truth]) -> Truth:
    """Join by Kleene: one decisive truth decides, else one unknown leaves it open."""
    if node.decisive in truths:
        return node.decisive
    return None if None in truths else not node.decisive


def _together(picks: Iterable[_Pick]) -> _Pick:
    """Return all comparisons that the fewest facts stand in the way of."""
    held = [pick for pick in picks if pick.places]
    fewest = min((pick.blocked for pick in held), default=0)
    free = [pick for pick in held if pick.blocked == fewest]
    places = tuple(sorted(place for pick in free for place in pick.places))
    return _Pick(places, fewest, any(pick.undecided for pick in free))


def _of_alternatives(picks: Sequence[_Pick], *, open_: bool) -> _Pick:
    """Return all of several alternatives if it is open which applies, else the foremost."""
    if not (open_ and picks[1:]):
        return _foremost(picks)
    places = tuple(sorted({place for pick in picks for place in pick.places}))
    return _Pick(places, 0, any(pick.undecided for pick in picks), guarded=True)


def _foremost(picks: Sequence[_Pick]) -> _Pick:
    """Return the first that holds an undecided comparison, else the first."""
    held = [pick for pick in picks if pick.places]
    return next((pick for pick in held if pick.undecided), held[0] if held else _NONE)


def _blocked(pick: _Pick) -> _Pick:
    """Return a pick with one fact more in its way."""
    return _Pick(pick.places, pick.blocked + 1, pick.undecided, pick.guarded)


def _of_readings(condition: Condition) -> bool:
    """Whether a condition asks of nothing but readings."""
    names = [node for node in walk(condition) if isinstance(node, str)]
    asked = [reading_named(name) is not None for name in names]
    return bool(asked) and all(asked) and not comparisons_of(condition)


def _own(node: object) -> Iterator[Comparison]:
    """Yield the comparisons below a node, members left out."""
    if isinstance(node, Comparison):
        yield node
    elif not isinstance(node, str | Exists):
        for part in getattr(node, "parts", ()):
            yield from _own(part)
