"""A tally counts how the subjects of one rule came out, whether or not each has a determination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from ledger.determination.model import Counts, Determination
from ledger.regime.source import LawStatus

__all__ = ["NEAREST", "Tally", "counted", "tallied"]

NEAREST: Final = 32
"""Determinations of a rule that are put together beside those met or foreseen."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How the subjects of one rule came out; the five findings add up to the subjects.

    Attributes:
        regime: Id of the regime.
        rule: Id of the rule.
        law: Status of the text on the day.
        subjects: Subjects asked.
        met: Met.
        not_met: Not met.
        undetermined: A needed fact is missing.
        excepted: An exception takes the subject out.
        out_of_scope: The rule does not concern the subject, or binds nobody on the day.
        foreseen: Of those not met, met once commitments count.
        left_open: Of those not met, undetermined now or with commitments.
        overdue: With a date that has passed.
    """

    regime: str
    rule: str
    law: LawStatus | None
    subjects: int
    met: int = 0
    not_met: int = 0
    undetermined: int = 0
    excepted: int = 0
    out_of_scope: int = 0
    foreseen: int = 0
    left_open: int = 0
    overdue: int = 0

    def counted(self, counts: Mapping[str, int], *, overdue: int) -> Self:
        """Return the tally with the numbers of each finding.

        Args:
            counts: Number by finding, ``out_of_scope``, ``foreseen`` and ``left_open``.
            overdue: Determinations with a date that has passed.
        """
        found = replace(
            self,
            met=counts.get("met", 0),
            not_met=counts.get("not_met", 0),
            undetermined=counts.get("undetermined", 0),
            excepted=counts.get("excepted", 0),
            out_of_scope=counts.get("out_of_scope", 0),
            foreseen=counts.get("foreseen", 0),
            left_open=counts.get("left_open", 0),
            overdue=overdue,
        )
        parts = (found.met, found.not_met, found.undetermined, found.excepted, found.out_of_scope)
        assert sum(parts) == found.subjects, "a subject has one finding or none"
        return found


def tallied(found: tuple[Determination, ...]) -> tuple[Tally, ...]:
    """Count determinations by regime and rule, in the order in which they stand."""
    held: dict[tuple[str, str], list[Determination]] = {}
    for determination in found:
        held.setdefault((determination.regime, determination.rule), []).append(determination)
    return tuple(_of(regime, rule, each) for (regime, rule), each in held.items())


def counted(tallies: tuple[Tally, ...]) -> Counts:
    """Add tallies up; every subject of every rule is counted once."""
    return Counts(
        determinations=sum(tally.subjects for tally in tallies),
        met=sum(tally.met for tally in tallies),
        not_met=sum(tally.not_met for tally in tallies),
        undetermined=sum(tally.undetermined for tally in tallies),
        excepted=sum(tally.excepted for tally in tallies),
        out_of_scope=sum(tally.out_of_scope for tally in tallies),
        foreseen=sum(tally.foreseen for tally in tallies),
        overdue=sum(tally.overdue for tally in tallies),
    )


def _of(regime: str, rule: str, found: list[Determination]) -> Tally:
    """Count the determinations of one rule."""
    counts = {
        "met": sum(d.finding == "met" for d in found),
        "not_met": sum(d.finding == "not_met" for d in found),
        "undetermined": sum(d.finding == "undetermined" for d in found),
        "excepted": sum(d.finding == "excepted" for d in found),
        "out_of_scope": sum(d.finding is None for d in found),
        "foreseen": sum(d.met and d.finding != "met" for d in found),
        "left_open": sum(d.undetermined for d in found),
    }
    tally = Tally(regime, rule, found[0].law, len(found))
    return tally.counted(counts, overdue=sum(d.overdue for d in found))
