"""Parties are those whom holdings name in confidence: who holds devices, who owns them, and where.

A leaf has a pseudonym in the place of such a name, and so has every subject made of holdings.
Whoever has the secret of the ledger may write the name. It becomes the pseudonym before anything is
looked for, and before anything is sealed: the name itself never stands in the open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Protocol, TypeAlias

from ledger.entry import Entry, Opening
from ledger.errors import InputError
from ledger.journeys.beside import Mentions

__all__ = ["CONFIDENTIAL", "Parties", "Pseudonym", "Shelf"]

CONFIDENTIAL: Final[Mapping[str, str]] = {
    "company": "ultimate_parent",
    "consignee": "consignee",
    "site": "site",
}
"""Kinds of subject that holdings make, with the confidential field that names them."""

Pseudonym: TypeAlias = Callable[[str, str], str]
"""Gives the stand-in of a value of a confidential field, under the secret of the ledger."""


class Shelf(Mentions, Protocol):
    """Where entries are found by what they mention, with what they hide: a store."""

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yields (seq, ord, bytes) of the openings of the entries [start, stop), in order."""


class Parties:
    """The parties of one ledger, for whoever has its secret."""

    def __init__(
        self, pseudonym: Pseudonym, shelf: Shelf, told: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Looks parties up in a ledger.

        Args:
            pseudonym: gives the stand-in of a value.
            shelf: the ledger.
            told: (field, value) that records name in confidence which are still to be appended.
        """
        self._pseudonym = pseudonym
        self._shelf = shelf
        self._held = {(field, pseudonym(field, value)): True for field, value in told}

    def beside(self, told: Iterable[tuple[str, str]]) -> Parties:
        """Returns the same parties, and those that some records name in confidence."""
        return Parties(self._pseudonym, self._shelf, told)

    def stand_in(self, subject: str) -> str:
        """Returns a subject with each name of a party that the ledger knows as its pseudonym.

        A name may hold strokes, as the parts of a subject are held apart by them: the longest
        name that is known counts.
        """
        parts = subject.split("/")
        found: list[str] = []
        while parts:
            taken, part = self._first(parts)
            found.append(part)
            parts = parts[taken:]
        return "/".join(found)

    def in_the_open(self, subject: str) -> bool:
        """Returns whether a subject gives a party another name than a pseudonym of the ledger."""
        named = (part.partition(":") for part in subject.split("/"))
        return any(
            kind in CONFIDENTIAL and not self._is_held(CONFIDENTIAL[kind], name)
            for kind, _, name in named
        )

    def names(self, subjects: Iterable[str]) -> Mapping[str, str]:
        """Returns the names behind the pseudonyms of some subjects, by ``kind:pseudonym``.

        A name is left out where every opening of it was erased, or is none of this secret.
        """
        parts = {part for subject in subjects for part in subject.split("/")}
        named = {part: self._name(*part.split(":", 1)) for part in sorted(parts) if ":" in part}
        return {part: name for part, name in named.items() if name is not None}

    def _first(self, parts: list[str]) -> tuple[int, str]:
        """Gives how many parts the first name takes, and what stands in for them."""
        kind, colon, _ = parts[0].partition(":")
        field = CONFIDENTIAL.get(kind, "") if colon else ""
        for taken in range(len(parts) if field else 0, 0, -1):
            name = "/".join(parts[:taken]).partition(":")[2]
            pseudonym = self._pseudonym(field, name)
            if self._is_held(field, pseudonym):
                return taken, f"{kind}:{pseudonym}"
        return 1, parts[0]

    def _is_held(self, field: str, pseudonym: str) -> bool:
        """Whether a record names a party by this pseudonym."""
        place = (field, pseudonym)
        if place not in self._held:
            self._held[place] = next(self._naming(field, pseudonym), None) is not None
        return self._held[place]

    def _naming(self, field: str, pseudonym: str) -> Iterator[Entry]:
        """Yields the entries that name a party by this pseudonym."""
        for entry in self._shelf.mentioning(pseudonym):
            if entry.body.get(f"{field}_pseudonym") == pseudonym:
                yield entry

    def _name(self, kind: str, pseudonym: str) -> str | None:
        """The name behind a pseudonym, if an opening holds it."""
        field = CONFIDENTIAL.get(kind)
        for entry in () if field is None else self._naming(field, pseudonym):
            for _, _, stored in self._shelf.openings(entry.seq, entry.seq + 1):
                name, value = _opened(stored)
                # An opening that somebody exchanged names another party.
                if name == field and self._pseudonym(name, value) == pseudonym:
                    return value
        return None


def _opened(stored: bytes) -> tuple[str, str]:
    """Gives the field and the value of an opening; a damaged one is for ``verify`` to name."""
    try:
        opening = Opening.parse(stored)
    except InputError:
        return "", ""
    return opening.name, opening.value
