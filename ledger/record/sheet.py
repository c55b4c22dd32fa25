"""A sheet is a sequence of drafts that are kept as columns: a draft is built where one is asked.

Most records of a table are new and are sealed as they are spelt, without a draft of their own. What
a sheet spells are the canonical bytes of the drafts that it builds; the tests hold both together.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, overload

from ledger.canonical import JSON
from ledger.record.draft import Draft
from ledger.record.whole import Whole

__all__ = ["Sheet", "Spelling"]


class Spelling(NamedTuple):
    """A draft as its canonical bytes.

    Attributes:
        before: The body with its pseudonyms, up to where ``idempotency_key`` has its place.
        behind: The rest of it; both together are the canonical bytes of the body without a key.
        key: Canonical bytes of the natural key, a list.
        hidden: Confidential fields.
        whole: What the record is a leg of, or None.
    """

    before: bytes
    behind: bytes
    key: bytes
    hidden: Mapping[str, str]
    whole: Whole | None


class Sheet(Sequence[Draft]):
    """Drafts of one type, kept as columns."""

    type: str
    """Record type of them all."""

    @overload
    def __getitem__(self, index: int) -> Draft: ...
    @overload
    def __getitem__(self, index: slice) -> Sheet: ...
    @abstractmethod
    def __getitem__(self, index: int | slice) -> Draft | Sheet:
        """Return one draft, or the sheet of some of them."""

    @abstractmethod
    def spellings(self, pseudonym: Callable[[str, str], str]) -> Iterator[Spelling]:
        """Yield the canonical bytes of each draft.

        Args:
            pseudonym: Gives the stand-in of the value of a confidential field.
        """

    @abstractmethod
    def fields(self, *names: str) -> Iterator[tuple[JSON, ...]]:
        """Yield some fields of the body of each draft, which are texts, integers or null."""

    @abstractmethod
    def surpassing(self) -> Sequence[int]:
        """Return the places of the allocations that state more operations than their ceiling."""
