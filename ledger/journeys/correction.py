"""A correction of one entry is a reversal and what replaces it, on the ledger or only supposed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.approval import restatement
from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.errors import ConflictError, MissingError
from ledger.log import Row
from ledger.log.seal import IRREVERSIBLE
from ledger.measure import StoredRecord
from ledger.record.draft import MODELS, Draft

_PROVISIONAL = "superseded_provisional"  # makes room for the final record, or a later state

__all__ = [
    "Correction",
    "Reads",
    "Reason",
    "corrected_entry",
    "recorded_correction",
    "supposed_correction",
]


class Reads(Protocol):
    """The part of a store that corrections need."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an entry is corrected.

    Attributes:
        word: A word of the reversal record, such as ``wrong_device``.
        root_cause: What went wrong; None if not known yet.
        discovered_on: Day on which it was found, ``YYYY-MM-DD``; None if not stated.
    """

    word: str
    root_cause: str | None = None
    discovered_on: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What takes an entry back, and what comes in its place.

    Attributes:
        entry: The entry corrected.
        reversal: Body of the reversal.
        replacements: Record type and public body of each replacement, in order.
        recorded: Number of the reversal; None while the correction is only supposed.
    """

    entry: Entry
    reversal: dict[str, JSON]
    replacements: tuple[tuple[str, dict[str, JSON]], ...]
    recorded: int | None

    @property
    def bodies(self) -> tuple[tuple[str, dict[str, JSON]], ...]:
        """Record type and body of everything that it adds, in order."""
        return (("reversal", self.reversal), *self.replacements)

    def approved(self) -> dict[str, JSON]:
        """Return what a second person approves of it."""
        return restatement(self.reversal, (body for _, body in self.replacements))


def corrected_entry(store: Reads, seq: int) -> Entry:
    """Return the entry to be corrected.

    Raises:
        MissingError: If there is no such entry.
        ConflictError: If entries of its type are never reversed.
    """
    row = next(store.read(seq, seq + 1), None)
    if row is None:
        raise MissingError(
            f"there is no entry {seq}", remedy="flopledger status shows how many there are"
        )
    entry = Entry.parse(row.bytes)
    if entry.type in IRREVERSIBLE:
        raise ConflictError(
            f"entry {seq} is a record of type {entry.type}, which is never reversed",
            why="what the ledger says about itself is corrected by a further record",
            remedy="name the entry with the figure or fact that is wrong"
            + (f"; this one reverses entry {entry.body['reverses']}" * (entry.type == "reversal")),
        )
    return entry


def supposed_correction(
    entry: Entry,
    drafts: Sequence[Draft],
    pseudonym: Callable[[str, str], str],
    reason: Reason,
) -> Correction:
    """Return a correction that nobody recorded.

    Args:
        entry: The entry corrected.
        drafts: What comes in its place.
        pseudonym: Gives the stand-in of a confidential value, from its field and text.
        reason: Why.
    """
    body: dict[str, JSON] = {
        "reverses": entry.seq,
        "hash": entry.hash().hex(),
        "reversed_type": entry.type,
        "reversed": entry.body,
        "reason": reason.word,
        "root_cause": reason.root_cause,
        "discovered_on": reason.discovered_on,
    }
    return Correction(
        entry, body, tuple((draft.type, _public(draft, pseudonym)) for draft in drafts), None
    )


def recorded_correction(
    store: Reads, entry: Entry, reversals: Sequence[StoredRecord], sizes: Iterable[int]
) -> Correction | None:
    """Return the correction of an entry that the ledger holds, or None.

    What stands behind the reversal in its transaction belongs to it, whatever type it is of, up to
    the next reversal or the approval. Each transaction ends under a checkpoint of its own. The
    final record of a job that was still running is the one behind its reversal alone: others of the
    same import have nothing to do with it.

    Args:
        store: Where entries are read from.
        entry: The entry corrected.
        reversals: The reversals of the ledger.
        sizes: Sizes of its checkpoints, in any order; gone through only if there is a correction.
    """
    found = next((r for r in reversals if r.body["reverses"] == entry.seq), None)
    if found is None:
        return None
    first = found.seq + 1
    stop = min((size for size in sizes if size >= first), default=first)
    if found.body["reason"] == _PROVISIONAL:
        stop = min(stop, first + 1)
    replacements = []
    for row in store.read(first, stop):
        after = Entry.parse(row.bytes)
        if after.type in IRREVERSIBLE or after.recorded_at != found.recorded_at:
            break
        body = {n: value for n, value in after.body.items() if n != "idempotency_key"}
        replacements.append((after.type, body))
    return Correction(entry, dict(found.body), tuple(replacements), found.seq)


def _public(draft: Draft, pseudonym: Callable[[str, str], str]) -> dict[str, JSON]:
    """Return the public body of a draft as it is sealed, without its key."""
    body = dict(draft.body)
    for name in MODELS[draft.type].PSEUDONYMS:
        value = draft.hidden.get(name)
        body[name + "_pseudonym"] = None if value is None else pseudonym(name, value)
    return body
