"""Distinct texts are counted exactly, in memory while they are few and on the disk beyond that."""

from __future__ import annotations

from ledger.importers.scratch import Scratch

__all__ = ["DistinctTexts"]

_WAITING_MAX = 4096


class DistinctTexts:
    """A set of texts of which only the number is asked."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: set[str] = set()
        self._scratch: Scratch | None = None

    def __len__(self) -> int:
        """Return how many different texts were added."""
        if self._scratch is None:
            return len(self._waiting)
        self._move(self._scratch)
        return self._scratch.number("SELECT count(*) FROM texts")

    def add(self, text: str) -> None:
        """Add a text."""
        self._waiting.add(text)
        if len(self._waiting) >= _WAITING_MAX:
            if self._scratch is None:
                self._scratch = Scratch("texts (text BLOB PRIMARY KEY) WITHOUT ROWID")
            self._move(self._scratch)

    def _move(self, scratch: Scratch) -> None:
        """Move what waits to the disk."""
        rows = ((text.encode("utf-8", "surrogatepass"),) for text in sorted(self._waiting))
        scratch.put("INSERT OR IGNORE INTO texts VALUES (?)", rows)
        self._waiting.clear()
