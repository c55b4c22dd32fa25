"""The weight of a determination is how much a reader must look at it: met, foreseen, open, or none.

It tells what a claim that lacks a determination keeps back, and what later records bring.
"""

from __future__ import annotations

from typing import Final

from ledger.determination import Determination

__all__ = ["is_ahead", "weight_of", "weight_words"]

_NOTHING: Final = 0
_OPEN: Final = 1
_FORESEEN: Final = 2
_MET: Final = 3


def weight_of(d: Determination | None) -> int:
    """Return how much a determination says; 0 of one that finds nothing, and of none.

    More than the nothing of a line that is not met say one that is undetermined or excepted (1),
    one that is foreseen to be met (2) and one that is met (3).
    """
    if d is None:
        return _NOTHING
    if d.finding == "met":
        return _MET
    if d.met:
        return _FORESEEN
    ahead = None if d.foreseen is None else d.foreseen.finding
    return _OPEN if d.undetermined or "excepted" in {d.finding, ahead} else _NOTHING


def is_ahead(d: Determination) -> bool:
    """Return whether what is foreseen says more than what is found, and is what counts."""
    if d.foreseen is None or d.finding == "met":
        return False
    return d.foreseen.finding == "met" or d.finding in {"not_met", None}


def weight_words(d: Determination) -> str:
    """Return what a determination with a weight finds, in words after its subject."""
    ahead = is_ahead(d)
    found = d.foreseen.finding if ahead and d.foreseen is not None else d.finding
    if found == "undetermined":
        return "cannot be decided" if not ahead else "cannot be foreseen"
    word = "met" if found == "met" else "excepted"
    return f"is foreseen to be {word}" if ahead else f"is {word}"
