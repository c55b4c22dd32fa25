"""A waiver passes over one finding of lint until a day, and says why.

They stand in ``lint.yaml`` of the rules folder, which is no law and belongs to no pack. A waiver
that has run out, or that no finding needs, is a finding itself, so that the list stays short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Self

from ledger.modelling import Field, model_validator
from ledger.pack import LINT_NAME
from ledger.regime.diagnosis import Flaw, parse_node
from ledger.regime.registry import REGISTRY
from ledger.regime.scalar import Day, Identifier, Node, nearest, refuse
from ledger.regime.source import Text
from ledger.yamltree import Tree

__all__ = ["Waived", "Waiver", "Waivers", "apply_waivers", "parse_waivers"]


# What keeps a file from loading cannot be passed over.
_WAIVABLE: Final = tuple(each.id for each in REGISTRY.values() if each.stage == "lint")


class Waiver(Node):
    """One finding passed over: which check, in which file, where, why and until when.

    The place is the path that lint prints, or the id of a rule; what lies below it is meant too.
    """

    check: Identifier
    file: Text
    place: Text | None = None
    rule: Identifier | None = None
    reason: Text
    until: Day

    @model_validator(mode="after")
    def _placed(self) -> Self:
        """A waiver names a rule or a path, never a whole file."""
        if (self.place is None) == (self.rule is None):
            raise refuse(
                "condition",
                "an exception names a rule or a place, one of both",
                "write rule: with the id of the rule, or place: as lint prints it",
            )
        if self.check not in _WAIVABLE:
            message = f"{self.check!r} is no check whose findings can be passed over"
            raise refuse("unresolved", message, nearest(self.check, _WAIVABLE))
        return self

    def covers(self, flaw: Flaw, rules: Sequence[str]) -> bool:
        """Return whether a finding is meant.

        Args:
            flaw: The finding.
            rules: Ids of the rules of its file, in order.
        """
        place = self.place
        if place is None:
            if self.rule not in rules:
                return False
            place = f"rules[{rules.index(self.rule)}]"
        below = flaw.place[len(place) :]
        inside = flaw.place.startswith(place) and below[:1] in {"", ".", "["}
        return inside and (flaw.file, flaw.code) == (self.file, self.check)


class Waivers(Node):
    """``rules/lint.yaml``: what lint passes over."""

    schema_: Literal["lint/1"] = Field(alias="schema")
    exceptions: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that is passed over.

    Attributes:
        flaw: The finding.
        waiver: Why, and until when.
    """

    flaw: Flaw
    waiver: Waiver


def parse_waivers(tree: Tree) -> tuple[tuple[Waiver, ...], tuple[Flaw, ...]]:
    """Read ``lint.yaml``.

    Args:
        tree: What it holds, every scalar a text.

    Returns:
        The waivers and no flaws, or none and every flaw.
    """
    found, flaws = parse_node(Waivers, tree, LINT_NAME)
    return () if found is None else found.exceptions, flaws


def apply_waivers(
    flaws: Sequence[Flaw],
    waivers: Sequence[Waiver],
    rules: Mapping[str, Sequence[str] | None],
    today: date | None,
) -> tuple[tuple[Flaw, ...], tuple[Waived, ...]]:
    """Pass over what the waivers name, and find what is wrong with them.

    Args:
        flaws: The findings of lint.
        waivers: The waivers, in the order of their file.
        rules: Ids of the rules of each file, in order; None for a file that does not load, whose
            waivers are left in peace.
        today: Day of the caller; None lets no waiver run out.

    Returns:
        The findings that stay, those on the waivers last, and those passed over.
    """
    running = [each for each in waivers if today is None or today < each.until]
    kept, waived, used = list[Flaw](), list[Waived](), list[Waiver]()
    for flaw in flaws:
        by = [each for each in running if each.covers(flaw, rules.get(flaw.file) or ())]
        used += by
        if by:
            waived.append(Waived(flaw, by[0]))
        else:
            kept.append(flaw)
    for index, each in enumerate(waivers):
        place = f"exceptions[{index}]"
        if each not in running:
            message = f"the exception from {each.check} ran out on {each.until}"
            remedy = "mend what it passes over, or say until when and why it goes on"
            kept.append(Flaw(LINT_NAME, f"{place}.until", "exception-expired", message, remedy))
        elif each not in used and rules.get(each.file, ()) is not None:
            message = f"no finding of {each.check} is passed over in {each.file}"
            remedy = "remove it, or correct what it names"
            kept.append(Flaw(LINT_NAME, place, "exception-unused", message, remedy))
    return tuple(kept), tuple(waived)
