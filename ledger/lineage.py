"""Lineage says which models a model was made from: sets of ancestors, never sums over paths.

A diamond counts its top once. A record that nobody can order (a cycle) is a finding and makes the
edges inside it doubtful; so does an edge whose provider is unknown, where that matters. Every
walk is a loop over an explicit stack, so a chain of any length is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ledger.errors import Problem
from ledger.measure import StoredRecord, unreversed
from ledger.period import parse_day

__all__ = ["Edge", "Graph", "Lineage"]

NAMED_MAX = 12  # models or entries that a finding names; nobody reads more of a cycle


@dataclass(frozen=True, slots=True)
class Edge:
    """That a model was made from another.

    Attributes:
        seq: Entry that says so.
        model: The later model.
        parent: The earlier one; None if a parent exists and nobody says which.
        relation: ``derived``, ``merged``, ``initialised`` or ``distilled``.
        same_provider: ``yes``, ``no`` or ``unknown``.
        certain: False inside a cycle, where one of the records must be wrong.
    """

    seq: int
    model: str
    parent: str | None
    relation: str
    same_provider: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Graph:
    """The edges of some relations, each marked certain or not.

    Attributes:
        edges: Edges to parents, by the later model.
        problems: One finding for each group of models that descend from one another.
    """

    edges: Mapping[str, tuple[Edge, ...]]
    problems: tuple[Problem, ...]

    def reach(
        self, model: str, *, follow: Callable[[Edge], bool], barrier: Collection[str] = ()
    ) -> frozenset[str]:
        """Return the model and everything that edges lead to.

        Args:
            model: Where to start; it is in the result.
            follow: Whether an edge is followed.
            barrier: Models that are entered but not left.
        """
        found = {model}
        open_ends = [model]
        while open_ends:
            here = open_ends.pop()
            if here in barrier:
                continue
            for edge in self.edges.get(here, ()):
                if edge.parent is not None and edge.parent not in found and follow(edge):
                    found.add(edge.parent)
                    open_ends.append(edge.parent)
        return frozenset(found)

    def edges_from(self, models: Iterable[str]) -> tuple[Edge, ...]:
        """Return the edges that leave some models, in order of model and entry."""
        return tuple(edge for model in sorted(models) for edge in self.edges.get(model, ()))


class Lineage:
    """The lineage records of a prefix of the log."""

    def __init__(self, records: Iterable[StoredRecord], *, as_of: date | None = None) -> None:
        """Read the lineage among ``records``; reversed steps and later ones are left out.

        Args:
            records: Records in order.
            as_of: Last day whose steps count; None counts every step. Undated steps count.
        """
        found = [
            _edge(record)
            for record in unreversed(records)
            if record.type == "lineage" and _happened(record.body, as_of)
        ]
        self._edges = _settle_providers(found)
        self._graphs: dict[frozenset[str], Graph] = {}

    def models(self) -> frozenset[str]:
        """Return the models that were made from others."""
        return frozenset(edge.model for edge in self._edges)

    def parents(self) -> frozenset[str]:
        """Return the models that others were made from, as far as named."""
        return frozenset(edge.parent for edge in self._edges if edge.parent is not None)

    def edges(self) -> tuple[Edge, ...]:
        """Return every edge in order of entry."""
        return self._edges

    def problems(self) -> tuple[Problem, ...]:
        """Return a finding for each cycle over all relations."""
        return self.along(frozenset(edge.relation for edge in self._edges)).problems

    def along(self, relations: frozenset[str]) -> Graph:
        """Return the graph of some relations."""
        held = self._graphs.get(relations)
        if held is None:
            held = _graph([edge for edge in self._edges if edge.relation in relations])
            self._graphs[relations] = held
        return held


def _edge(record: StoredRecord) -> Edge:
    """Read a lineage record."""
    body: Mapping[str, Any] = record.body
    return Edge(record.seq, body["model"], body["parent"], body["relation"], body["same_provider"])


def _happened(body: Mapping[str, Any], as_of: date | None) -> bool:
    """Whether a step had happened by a day; an undated one counts as happened."""
    return as_of is None or body["on"] is None or parse_day(body["on"]) <= as_of


def _settle_providers(edges: list[Edge]) -> tuple[Edge, ...]:
    """Make the provider unknown where two records of the same parent differ."""
    said: dict[tuple[str, str], set[str]] = {}
    for edge in edges:
        if edge.parent is not None:
            said.setdefault((edge.model, edge.parent), set()).add(edge.same_provider)
    return tuple(
        replace(edge, same_provider="unknown")
        if edge.parent is not None and len(said[edge.model, edge.parent]) > 1
        else edge
        for edge in edges
    )


def _graph(edges: list[Edge]) -> Graph:
    """Index edges by the later model and mark those inside cycles."""
    ahead: dict[str, list[Edge]] = {}
    for edge in edges:
        ahead.setdefault(edge.model, []).append(edge)
    group = _groups({model: [e.parent for e in out if e.parent] for model, out in ahead.items()})

    def marked(edge: Edge) -> Edge:
        if edge.parent is None or group[edge.model] != group[edge.parent]:
            return edge
        return replace(edge, certain=False)

    by_model = {model: tuple(marked(edge) for edge in out) for model, out in ahead.items()}
    doubtful: dict[int, list[Edge]] = {}
    for out in by_model.values():
        for edge in out:
            if not edge.certain:
                doubtful.setdefault(group[edge.model], []).append(edge)
    return Graph(by_model, tuple(_cycle(found) for found in doubtful.values()))


def _cycle(edges: list[Edge]) -> Problem:
    """Build the finding for models that descend from one another."""
    models = _some(sorted({edge.model for edge in edges}))
    entries = sorted(edge.seq for edge in edges)
    return Problem(
        source=f"entry {entries[0]}",
        line=None,
        code="lineage-cycle",
        message=f"{models} descend from one another (entries {_some(entries)})",
        remedy="record a reversal of the step that did not happen with `flopledger record`; "
        f"`flopledger show {entries[-1]}` shows the newest",
        severity="finding",
        why="their ancestors' operations cannot be counted exactly while it stands",
    )


def _some(items: Sequence[object]) -> str:
    """Name the first few, and say how many more there are."""
    text = ", ".join(str(item) for item in items[:NAMED_MAX])
    return text if len(items) <= NAMED_MAX else f"{text} and {len(items) - NAMED_MAX} more"


def _groups(parents: Mapping[str, list[str]]) -> dict[str, int]:
    """Number the strongly connected components (Tarjan), with a stack of our own.

    Args:
        parents: Edges from each model.

    Returns:
        A number for every model named; two models have the same one exactly when each leads to
        the other.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    group: dict[str, int] = {}
    pending: list[str] = []
    for start in parents:
        if start in order:
            continue
        walk = [(start, iter(parents[start]))]
        order[start] = low[start] = len(order)
        pending.append(start)
        while walk:
            here, rest = walk[-1]
            step = next(rest, None)
            if step is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[here])
                if low[here] == order[here]:
                    _close(here, pending, group)
            elif step not in order:
                order[step] = low[step] = len(order)
                pending.append(step)
                walk.append((step, iter(parents.get(step, ()))))
            elif step not in group:
                low[here] = min(low[here], order[step])
    return group


def _close(root: str, pending: list[str], group: dict[str, int]) -> None:
    """Give one number to everything pending down to ``root``."""
    number = len(group)
    while True:
        member = pending.pop()
        group[member] = number
        if member == root:
            return
