"""Devices of a Slurm job: what `AllocTRES` says of accelerators, by type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.errors import InputError

__all__ = ["Held", "accelerators", "is_slice"]

_GENERIC: Final = "gres/gpu"
_COUNT: Final = re.compile(r"[0-9]{1,9}")
_SLICE: Final = re.compile(r"(?:^|[_-])([1-7])g\.\d{1,3}gb")


@dataclass(frozen=True, slots=True)
class Held:
    """Accelerators of one type.

    Attributes:
        type: The site's word; empty where none is stated.
        count: How many.
    """

    type: str
    count: int


@lru_cache(maxsize=8192)  # millions of jobs ask for a few thousand things
def accelerators(tres: str) -> tuple[tuple[Held, ...], str]:
    """Return the accelerators that a job held, and what is odd about their counts.

    The generic entry counts all devices and typed entries name some of them, so that both stand
    for the same ones: the generic count is the number held, types share it out, and what no type
    names has none. Where typed entries exceed it, the larger number counts.

    Args:
        tres: ``billing=8,cpu=8,gres/gpu=2,gres/gpu:a100=2,mem=250G,node=1``, or nothing.

    Raises:
        InputError: If a count is no whole number, or an entry stands twice.
    """
    generic: int | None = None
    typed: dict[str, int] = {}
    for entry in tres.split(",") if tres else ():
        name, sign, value = entry.partition("=")
        kind, colon, word = name.partition(":")
        if kind != _GENERIC:
            continue
        if not sign or not _COUNT.fullmatch(value):
            raise InputError(
                f"{entry[:60]!r} states no count of devices",
                remedy="export AllocTRES as sacct writes it",
            )
        if word in typed or (not colon and generic is not None):
            raise InputError(f"{name[:60]!r} stands twice in AllocTRES")
        if colon:
            typed[word] = int(value)
        else:
            generic = int(value)
    return _shared(generic, typed)


@lru_cache(maxsize=1024)
def is_slice(word: str) -> bool:
    """Return whether a type is a MIG slice, such as ``1g.10gb`` or ``a100_3g.20gb``."""
    return _SLICE.search(word) is not None


def _shared(generic: int | None, typed: dict[str, int]) -> tuple[tuple[Held, ...], str]:
    """Share the generic count out to the types."""
    named = sum(typed.values())
    held = [Held(word, count) for word, count in typed.items() if count]
    if generic is None or generic == named:
        return tuple(held), ""
    if generic > named:
        return (*held, Held("", generic - named)), ""
    odd = f"gres/gpu states {generic} devices, its types {named}: the larger number counts"
    return tuple(held), odd
