"""An index lists what was looked at and has no rule: dead bills, texts without a number, silence.

A missing rule can mean that nobody looked. ``rules/index.yaml`` says for each text, and for each
jurisdiction that was checked, why there is none. Nothing in it is ever asked of a record.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, TypeAlias

from ledger.modelling import Field
from ledger.pack import Pack
from ledger.regime.diagnosis import Flaw, flawed, parse_node
from ledger.regime.scalar import Day, Localised, Node, RegimeId, Word
from ledger.regime.source import Provenance, Text

__all__ = ["INDEX_PATH", "Index", "IndexEntry", "IndexStatus", "load_index", "read_index"]

INDEX_PATH: Final = "index.yaml"
IndexStatus: TypeAlias = Literal[
    "in_force",
    "enacted",
    "proposed",
    "failed",
    "repealed",
    "suspended",
    "withdrawn",
    "voluntary",
    "reported",
    "silent",
    "unchecked",
    "false",
]


class IndexEntry(Node):
    """A text, or a jurisdiction, that was looked at.

    ``status`` says where it stands: ``in_force`` and ``enacted`` law without a line that could be
    drawn here, ``proposed``, ``failed``, ``repealed``, ``suspended`` or ``withdrawn`` texts, a
    ``voluntary`` one, ``reported`` where only the press knows of it, ``silent`` for a jurisdiction
    in which no line was found, ``unchecked`` where its figures were not read, and ``false`` for a
    document that is known to be wrong and must not be cited.
    """

    id: RegimeId
    title: Localised
    jurisdiction: Word
    cite: Text
    status: IndexStatus
    why: Text
    provenance: Provenance
    looked_at: Day


class Index(Node):
    """The file ``rules/index.yaml``."""

    schema_: Literal["index/1"] = Field(alias="schema")
    entries: tuple[IndexEntry, ...] = Field(min_length=1)


def load_index(pack: Pack) -> tuple[IndexEntry, ...]:
    """Return the entries of the index of a pack, by id in order; none where it has no index.

    Raises:
        RuleError: If the index is wrong; names the place, and what to write instead.
    """
    entries, flaws = read_index(pack, ())
    if flaws:
        raise flawed(flaws)
    return entries


def read_index(
    pack: Pack, regimes: Collection[str]
) -> tuple[tuple[IndexEntry, ...], tuple[Flaw, ...]]:
    """Read the index of a pack and collect what is wrong with it.

    Args:
        pack: The rule pack.
        regimes: Ids of its regimes, none of which may stand in the index.

    Returns:
        The entries by id in order, and every flaw; no entries if there are flaws.
    """
    if INDEX_PATH not in pack.files:
        return (), ()
    index, flaws = parse_node(Index, pack.files[INDEX_PATH], INDEX_PATH)
    if index is None:
        return (), flaws
    seen: set[str] = set()
    found: list[Flaw] = []
    for position, entry in enumerate(index.entries):
        place = f"entries[{position}].id"
        if entry.id in seen:
            message = f"{entry.id} stands twice in the index"
            found.append(Flaw(INDEX_PATH, place, "duplicate", message, "keep one of them"))
        if entry.id in regimes:
            message = f"{entry.id} has a rule file"
            found.append(Flaw(INDEX_PATH, place, "duplicate", message, "take it out of the index"))
        seen.add(entry.id)
    if found:
        return (), tuple(found)
    return tuple(sorted(index.entries, key=lambda entry: entry.id)), ()
