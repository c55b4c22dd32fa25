"""A cluster is published figures that may hold the same work, so that they cannot just be added."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.book.span import Part, total

__all__ = ["Cluster"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Published figures that may hold the same work.

    Attributes:
        reach: Their models and everything that may be an ancestor of one.
        unnamed: Missing facts about ancestors that nobody names.
        figures: Their models.
        parts: The figures.
    """

    reach: frozenset[str]
    unnamed: frozenset[str]
    figures: tuple[str, ...]
    parts: tuple[Part, ...]

    def touches(self, other: Cluster) -> bool:
        """Whether two clusters may hold the same work."""
        return bool(self.reach & other.reach or self.unnamed or other.unnamed)

    def join(self, other: Cluster) -> Cluster:
        """Return one cluster of both."""
        return Cluster(
            self.reach | other.reach,
            self.unnamed | other.unnamed,
            self.figures + other.figures,
            self.parts + other.parts,
        )

    def part(self) -> Part:
        """Return their sum: no less than the largest, no more than all together."""
        whole = total(self.parts)
        if len(self.parts) == 1:
            return whole.with_span(whole.span, *self.unnamed)
        span = self.parts[0].span
        for part in self.parts[1:]:
            span = span.overlapping(part.span)
        names = (f"operations@model:{model}" for model in self.figures)
        return whole.with_span(span, *names, *self.unnamed)
