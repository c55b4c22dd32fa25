"""A reckoning adds up one counting set: own work, base, and everything along the lineage.

Ancestors are sets. A ``cumulative`` figure stands for its model and all of that model's ancestors;
what it surely covers is not added again, and figures that may cover the same work add up to no
less than the larger and no more than the sum. What only may be an ancestor, or only may belong to
the same provider, raises the upper end and leaves the lower.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ledger.book.cluster import Cluster
from ledger.book.lone_work import NOTHING, LoneEnds, LoneWork, Words
from ledger.book.span import ANYTHING, Part, Span, total
from ledger.lineage import Edge, Graph, Lineage
from ledger.measure import Sums, TotalKey
from ledger.regime.counting import CountingSet
from ledger.regime.environment import Ends

__all__ = ["Reckoning", "Scope"]

Rows = Mapping[str, Sequence[tuple[TotalKey, Sums]]]
Scope: TypeAlias = Literal["own", "base", "cumulative"]


@dataclass(frozen=True, slots=True)
class _Group:
    """Models that are surely in a group, and those that may be.

    Attributes:
        sure: Surely in it.
        maybe: In it or perhaps in it; holds ``sure``.
    """

    sure: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()

    @property
    def perhaps(self) -> frozenset[str]:
        """Those that only may be in it."""
        return self.maybe - self.sure


def _certain(edge: Edge) -> bool:
    """Follow an edge that no other record contradicts."""
    return edge.certain


def _any(_edge: Edge) -> bool:
    """Follow every edge."""
    return True


def _inside(edge: Edge) -> bool:
    """Follow an edge that surely lies within one provider."""
    return edge.certain and edge.same_provider == "yes"


def _perhaps_inside(edge: Edge) -> bool:
    """Follow an edge that may lie within one provider."""
    return edge.same_provider != "no"


class Reckoning:
    """The sums of one counting set over one book."""

    def __init__(self, rows: Rows, lineage: Lineage, counting: CountingSet) -> None:
        """Prepare for one counting set.

        Args:
            rows: Primary totals by model.
            lineage: Steps that had happened.
            counting: What counts, every question answered.
        """
        self._rows = rows
        self._counting = counting
        self._graph: Graph = lineage.along(counting.relations)
        self._own: dict[str, Part] = {}
        self._lone: tuple[LoneWork, LoneEnds] | None = None
        self._counted: dict[tuple[str, str], bool] = {}
        self._figures = {
            model: parts
            for model, held in rows.items()
            if [key for key, _ in held if key.extent == "cumulative"]
            and (parts := tuple(self._figures_of(model)))
        }

    def own(self, model: str) -> Part:
        """Return everything since the last edge from another provider."""
        if self._stands_alone(model):
            return self._own_of(model)
        return self.own_together((model,))

    def own_together(self, models: Iterable[str]) -> Part:
        """Return everything since the last edges from other providers, of several models once."""
        groups = [self._own_group(model) for model in models]
        group = _Group(
            frozenset[str]().union(*(each.sure for each in groups)),
            frozenset[str]().union(*(each.maybe for each in groups)),
        )
        parts = [_if_sure(self._own_of(name), name in group.sure) for name in sorted(group.maybe)]
        unknown = _unknown_parents(self._own_unknowns(group))
        return total([*parts, *unknown, self._doubts(group)])

    def cumulative(self, model: str) -> Part:
        """Return the work of the model and all its ancestors."""
        if self._stands_alone(model):
            return self._own_of(model)
        return self._without(model, _Group())

    def together(self, models: Iterable[str]) -> Part:
        """Return the work of several models and all their ancestors, nothing twice."""
        return self._along(sorted(models), _Group())

    def base(self, model: str) -> Part:
        """Return the cumulative work without the own: the parents beyond the provider's edge."""
        group = self._own_group(model)
        part = self._without(model, group)
        unknown = self._own_unknowns(group)
        if not unknown:
            return part
        # The parent that nobody names may be any ancestor, so that all of them may be own.
        names = _unknown_parents(unknown)
        return part.with_span(part.span.perhaps(), *total(names).missing)

    def ends(self, models: Sequence[str], work: LoneWork, scope: Scope) -> list[Ends | None]:
        """Return the ends of many models: those of ``own``, ``base`` or ``cumulative``.

        No term is built on the way, since a ledger holds many models. None for a model to whose
        sum a figure belongs that includes others, and where the ends make no interval.

        Args:
            models: Names without prefix.
            work: The own work of the same rows.
            scope: Which of the three.
        """
        if self._lone is None or self._lone[0] is not work:
            self._lone = (work, work.counted(self._weigh))
        lone, edges, figures = self._lone[1], self._graph.edges, self._figures
        nothing: list[Ends | None] = [NOTHING] * len(models) if scope == "base" else []
        found = nothing or list(lone.many(models))
        if edges or figures:
            for place, model in enumerate(models):
                if model in figures:
                    found[place] = None
                elif model in edges:
                    found[place] = self._ends_along(model, lone, scope)
        return found

    def _ends_along(self, model: str, lone: LoneEnds, scope: Scope) -> Ends | None:
        """Return the ends of a model that was made from others; None where figures matter."""
        own = _Group() if scope == "cumulative" else self._own_group(model)
        walk = own if scope == "own" else self._walk(model)
        if not self._figures.keys().isdisjoint(walk.maybe):
            return None
        if scope == "own":
            hidden, found = bool(self._own_unknowns(own)), lone.together(own.sure, own.perhaps)
        else:
            hidden = any(edge.parent is None for edge in self._graph.edges_from(walk.maybe))
            sure = walk.sure - own.maybe
            found = lone.together(sure, walk.maybe - own.sure - sure)
        if found is None or not hidden:
            return found
        # The parent that nobody names may be any amount, and any ancestor may be that parent.
        none = scope == "base" and bool(self._own_unknowns(own))
        return 0 if none else found[0], None, 0 if none else found[2], None

    def _walk(self, model: str) -> _Group:
        """Return everything along the lineage of a model, not beyond models with figures."""
        maybe = self._graph.reach(model, follow=_any, barrier=self._figures)
        if not self._graph.problems:
            return _Group(maybe, maybe)
        return _Group(self._graph.reach(model, follow=_certain, barrier=self._figures), maybe)

    def _weigh(self, words: Words) -> Literal["counted", "known", "excluded"]:
        """Say whether work is counted, or is known to count nothing."""
        if self._counting.classify(*words) == "counted":
            return "counted"
        return "known" if words[0] in self._counting.activities else "excluded"

    @property
    def _collapses(self) -> bool:
        """Whether the edges of one provider leave one model."""
        return self._counting.same_provider == "collapse"

    def _counts(self, key: TotalKey) -> bool:
        """Whether the operations of a group are counted."""
        words = (key.activity, key.operation_kind)
        held = self._counted.get(words)
        if held is None:
            held = self._counted[words] = self._counting.classify(*words) == "counted"
        return held

    def _stands_alone(self, model: str) -> bool:
        """Whether a model was made from no other and has no figure that includes others."""
        return model not in self._figures and not self._graph.edges.get(model)

    def _own_of(self, model: str) -> Part:
        """Return a model's own counted work; unknown if nobody recorded any of it."""
        held = self._own.get(model)
        if held is None:
            held = self._own[model] = self._make_own(model)
        return held

    def _make_own(self, model: str) -> Part:
        """Add up a model's own counted rows, or bound them by its figures.

        Activities that are not counted, or work that had not happened, say nothing of the rest.
        """
        name = f"operations@model:{model}"
        rows = [row for row in self._rows.get(model, ()) if row[0].extent == "own"]
        counted = [(key, sums) for key, sums in rows if self._counts(key) and sums.rows]
        # Training in a kind of operation that is not counted is known, and counts nothing.
        activities = self._counting.activities
        if counted or any(key.activity in activities and sums.rows for key, sums in rows):
            return _part(model, counted)
        figures = self._figures.get(model)
        if figures is None:
            return Part(ANYTHING, frozenset({name}))
        return Part(total(figures).span.perhaps(), frozenset({name}))

    def _figures_of(self, model: str) -> Iterable[Part]:
        """Yield the counted cumulative figures of a model, one for each run."""
        runs: dict[str | None, list[tuple[TotalKey, Sums]]] = {}
        for key, sums in self._rows[model]:
            if key.extent == "cumulative" and sums.rows and self._counts(key):
                runs.setdefault(key.run, []).append((key, sums))
        return (_part(model, rows) for _, rows in sorted(runs.items(), key=lambda r: str(r[0])))

    def _own_group(self, model: str) -> _Group:
        """Return the models that are one with this one: those of its provider up to another's."""
        if not self._collapses:
            return _Group(frozenset({model}), frozenset({model}))
        return _Group(
            self._graph.reach(model, follow=_inside),
            self._graph.reach(model, follow=_perhaps_inside),
        )

    def _own_unknowns(self, group: _Group) -> list[Edge]:
        """Return the edges to parents that nobody names and that may be the provider's own."""
        return [
            edge
            for edge in self._graph.edges_from(group.maybe)
            if edge.parent is None and self._collapses and edge.same_provider != "no"
        ]

    def _doubts(self, group: _Group) -> Part:
        """Name the edges that make it doubtful what belongs to the provider."""
        names = set[str]()
        for edge in self._graph.edges_from(group.maybe):
            if edge.parent is None or edge.parent in group.sure:
                continue
            if self._collapses and edge.same_provider == "unknown":
                names.add(f"lineage.same_provider@model:{edge.model}")
            elif self._collapses and edge.same_provider == "yes" and not edge.certain:
                names.add(f"lineage.cycle@model:{edge.model}")
        return Part(missing=frozenset(names))

    def _without(self, model: str, own: _Group) -> Part:
        """Add up everything along the lineage of a model but what belongs to ``own``."""
        return self._along([model], own)

    def _along(self, models: Sequence[str], own: _Group) -> Part:
        """Add up everything along the lineage of some models but what belongs to ``own``."""
        reached = [self._walk(model) for model in models]
        walk = _Group(
            frozenset[str]().union(*(each.sure for each in reached)),
            frozenset[str]().union(*(each.maybe for each in reached)),
        )
        figures = sorted(walk.maybe & self._figures.keys())
        covered = self._covered(name for name in figures if name in walk.sure)
        kept = [name for name in figures if name not in covered]
        plain = sorted(walk.maybe - self._figures.keys() - covered)
        doubtful = self._doubtful(kept, plain)
        sure = walk.sure - doubtful - own.maybe
        parts = [_if_sure(self._own_of(x), x in sure) for x in plain if x not in own.sure]
        parts += self._overlaps(kept, walk.sure, own)
        # A parent that nobody names may be ours and still come from somebody else's model.
        parts += _unknown_parents(self._graph.edges_from(plain))
        if self._graph.problems:
            behind = frozenset[str]().union(*(self._reach(name) for name in kept))
            parts.append(_contradictions(self._graph.edges_from(behind), frozenset()))
            parts.append(_contradictions(self._graph.edges_from(plain), walk.sure))
        if own.maybe:
            parts.append(self._doubts(own))
        return total(parts)

    def _doubtful(self, figures: Sequence[str], plain: Sequence[str]) -> frozenset[str]:
        """Return the models whose work a figure may hold already."""
        found = set[str]()
        for figure in figures:
            found |= self._reach(figure) - {figure}
            found |= self._hidden_behind(figure, plain)
        return frozenset(found)

    def _hidden_behind(self, figure: str, models: Iterable[str]) -> frozenset[str]:
        """Return the models that may be the ancestor of a figure's model that nobody names.

        It may be any model but those that surely come after the figure's.
        """
        if not self._unnamed(figure):
            return frozenset()
        return frozenset(x for x in models if figure not in self._graph.reach(x, follow=_certain))

    def _unnamed(self, model: str) -> frozenset[str]:
        """Return the missing facts about ancestors of a model that nobody names."""
        edges = self._graph.edges_from(self._reach(model))
        return total(_unknown_parents(edges)).missing

    def _reach(self, model: str) -> frozenset[str]:
        """Return the model and everything that may be its ancestor."""
        return self._graph.reach(model, follow=_any)

    def _covered(self, figures: Iterable[str]) -> frozenset[str]:
        """Return the sure ancestors of models with figures: the figures hold their work."""
        covered = set[str]()
        for name in figures:
            covered |= self._graph.reach(name, follow=_certain) - {name}
        return frozenset(covered)

    def _overlaps(self, figures: Sequence[str], sure: frozenset[str], own: _Group) -> list[Part]:
        """Return one term for each cluster of figures that may hold the same work."""
        clusters: list[Cluster] = []
        for name in figures:
            parts = tuple(
                _if_sure(self._outside(name, part, own), name in sure)
                for part in self._figures[name]
            )
            joined = Cluster(self._reach(name), self._unnamed(name), (name,), parts)
            apart = []
            for other in clusters:
                if joined.touches(other):
                    joined = other.join(joined)
                else:
                    apart.append(other)
            clusters = [*apart, joined]
        return [cluster.part() for cluster in clusters]

    def _outside(self, model: str, figure: Part, own: _Group) -> Part:
        """Return what is left of a figure without the own work that it holds, or may hold."""
        sure = own.sure & self._graph.reach(model, follow=_certain)
        maybe = own.maybe & (self._reach(model) | self._hidden_behind(model, sorted(own.maybe)))
        if not maybe:
            return figure
        inside = total(self._own_of(name) for name in sorted(maybe))
        surely = total(self._own_of(name) for name in sorted(sure))
        return figure.with_span(figure.span.less(surely.span, inside.span), *inside.missing)


def _part(model: str, rows: Sequence[tuple[TotalKey, Sums]]) -> Part:
    """Return the term that groups of one model add up to."""
    sums = rows[0][1] if len(rows) == 1 else sum((group for _, group in rows), Sums())
    evidence: dict[str, int] = {}
    for key, group in rows:
        evidence[key.evidence] = evidence.get(key.evidence, 0) + group.lo
    span = Span.of(sums)
    missing = frozenset[str]() if span.legal.known else frozenset({f"operations@model:{model}"})
    return Part(span, missing, sums.rows, evidence)


def _if_sure(part: Part, sure: bool) -> Part:  # noqa: FBT001 - the one thing it asks
    """Return the term, or the term that may be nothing."""
    return part if sure else part.with_span(part.span.perhaps())


def _unknown_parents(edges: Iterable[Edge]) -> list[Part]:
    """Return a term without an upper end for each parent that nobody names."""
    return [
        Part(ANYTHING, frozenset({f"lineage.parent@model:{edge.model}"}))
        for edge in edges
        if edge.parent is None
    ]


def _contradictions(edges: Iterable[Edge], sure: frozenset[str]) -> Part:
    """Name the models whose ancestors are doubtful because records contradict each other."""
    return Part(
        missing=frozenset(
            f"lineage.cycle@model:{edge.model}"
            for edge in edges
            if not edge.certain and edge.parent not in sure
        )
    )
