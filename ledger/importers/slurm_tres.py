"""Devices of a Slurm job: what `AllocTRES` says of accelerators, by type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.errors import InputError

__all__ = ["Held", "accelerators", "is_slice", "others"]

_GENERIC: Final = "gres/gpu"
_PARTS: Final = ("gres/shard", "gres/mps")
"""Parts of devices: how many make one is set up on each node."""
_MEASURES: Final = frozenset({"gres/gpumem", "gres/gpuutil"})
_COUNT: Final = re.compile(r"[0-9]{1,9}")
_SLICE: Final = re.compile(r"(?:^|[._-])([1-7])g\.\d{1,3}gb")


@dataclass(frozen=True, slots=True)
class Held:
    """Accelerators of one type.

    Attributes:
        type: The site's word; empty where none is stated. Of parts it begins with ``shard`` or
            ``mps``.
        count: How many.
        part: Whether each is a part of a device of unknown size.
    """

    type: str
    count: int
    part: bool = False


@lru_cache(maxsize=8192)  # millions of jobs ask for a few thousand things
def accelerators(tres: str) -> tuple[tuple[Held, ...], str]:
    """Return the accelerators that a job held, or parts of them, and what is odd about them.

    The generic entry counts all devices and typed entries name some of them, so that both stand
    for the same ones: the generic count is the number held, types share it out, and what no type
    names has none. Where typed entries exceed it, the larger number counts. Parts beside whole
    devices lie in those.

    Args:
        tres: ``billing=8,cpu=8,gres/gpu=2,gres/gpu:a100=2,mem=250G,node=1``, or nothing.

    Raises:
        InputError: If a count is no whole number, or an entry stands twice.
    """
    held, odd = _counted(tres, _GENERIC)
    if held:
        return held, odd
    parts = []
    for kind in _PARTS:
        found, said = _counted(tres, kind)
        odd = odd or said
        name = kind.removeprefix("gres/")
        parts += [Held(f"{name}:{p.type}" if p.type else name, p.count, part=True) for p in found]
    return tuple(parts), odd


@lru_cache(maxsize=8192)
def others(tres: str) -> frozenset[str]:
    """Return the generic resources of which nobody knows whether they are devices."""
    names = (entry.partition("=")[0].partition(":")[0] for entry in tres.split(","))
    known = {_GENERIC, *_PARTS, *_MEASURES}
    return frozenset(name for name in names if name.startswith("gres/") and name not in known)


def _counted(tres: str, wanted: str) -> tuple[tuple[Held, ...], str]:
    """Return what a job held of one generic resource, by type, and what is odd about it."""
    generic: int | None = None
    typed: dict[str, int] = {}
    for entry in tres.split(",") if tres else ():
        name, sign, value = entry.partition("=")
        kind, colon, word = name.partition(":")
        if kind != wanted:
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
    return _shared(generic, typed, wanted)


@lru_cache(maxsize=1024)
def is_slice(word: str) -> bool:
    """Return whether a type is a MIG slice, such as ``1g.10gb`` or ``a100_3g.20gb``."""
    return _SLICE.search(word) is not None


def _shared(
    generic: int | None, typed: dict[str, int], wanted: str
) -> tuple[tuple[Held, ...], str]:
    """Share the generic count out to the types."""
    named = sum(typed.values())
    held = [Held(word, count) for word, count in typed.items() if count]
    if generic is None or generic == named:
        return tuple(held), ""
    if generic > named:
        return (*held, Held("", generic - named)), ""
    odd = f"{wanted} states {generic} devices, its types {named}: the larger number counts"
    return tuple(held), odd
