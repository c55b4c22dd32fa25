"""A check is one thing that lint looks for: its id, why it matters and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["LEVELS", "Check", "Level", "Stage", "finding", "refusal"]

Level: TypeAlias = Literal["error", "warning", "note"]
Stage: TypeAlias = Literal["load", "lint"]
# From the worst down.
LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that lint looks for.

    Attributes:
        id: Stable kebab-case word.
        stage: ``load`` when it keeps the file from loading, ``lint`` when the file loads.
        level: ``error`` for what is wrong, ``warning`` for what is missing or doubtful, ``note``
            for what will want attention.
        title: What is wrong, one short sentence without its full stop.
        why: Why it matters.
        remedy: What to write instead.
        wrong: Lines of a rule file that it refuses.
        right: The same lines as they should be; both empty where no line shows it.
    """

    id: str
    stage: Stage
    level: Level
    title: str
    why: str
    remedy: str
    wrong: str = ""
    right: str = ""


def refusal(  # noqa: PLR0913, PLR0917 - one argument for each part of an entry
    check_id: str, title: str, why: str, remedy: str, wrong: str = "", right: str = ""
) -> Check:
    """Return a check whose mistake keeps the file from loading; arguments as the attributes."""
    return Check(check_id, "load", "error", title, why, remedy, wrong, right)


def finding(  # noqa: PLR0913, PLR0917 - one argument for each part of an entry
    check_id: str,
    level: Level,
    title: str,
    why: str,
    remedy: str,
    wrong: str = "",
    right: str = "",
) -> Check:
    """Return a check of a file that loads; arguments as the attributes."""
    return Check(check_id, "lint", level, title, why, remedy, wrong, right)
