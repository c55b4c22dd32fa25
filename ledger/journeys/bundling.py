"""Bundling chooses what goes into a bundle: which entries, notes, statements and openings.

The newest checkpoint in a bundle decides how much of the ledger it holds. Which confidential values
are opened follows from the audience alone, and what is left out is counted in the log of
redactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from ledger.audience import Audience, shows
from ledger.bundle import Made, Redactions, Source, entry_lines
from ledger.bundle.names import (
    DISCLOSURES,
    ENTRIES,
    PACK,
    REDACTIONS,
    anchor_name,
    attestation_name,
    numbered,
)
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint, Note
from ledger.entry import Entry, Opening
from ledger.errors import InputError, IntegrityError, MissingError
from ledger.journeys.verifying import prove
from ledger.log import Row

__all__ = ["CHECKPOINTS_MAX", "Beside", "Bundled", "Entries", "bundle", "receipts"]

CHECKPOINTS_MAX: Final = 1000
"""Notes in a bundle beyond those that anything rests on; of more, every so many is taken."""


class Entries(Protocol):
    """The part of a store that a bundle is made from."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        ...

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, ord, bytes) of the openings of the entries [start, stop), in order."""
        ...

    def hashes(self, stop: int) -> list[bytes]:
        """Return the leaf hashes of the entries [0, stop)."""
        ...

    def vkey(self) -> str:
        """Return the text of the key that signs the ledger."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the database.

    Attributes:
        notes: Signed notes, oldest first; several of one size are one note with all signatures.
        envelope: Gives the file of a signed statement by its SHA-256, or None.
        anchor: Gives the cosigned note that an anchor entry names by its SHA-256, or None.
        timestamps: RFC 3161 responses over checkpoints, by size.
        pack: The rule pack, canonical JSON.
    """

    notes: Iterable[bytes]
    envelope: Callable[[str], bytes | None]
    anchor: Callable[[str], bytes | None]
    timestamps: Mapping[int, bytes]
    pack: bytes


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle that is about to be written.

    Attributes:
        made: What it says of itself.
        sources: What gives the bytes of each member but the manifest.
        redactions: What it shows and withholds.
        absent: Digests of statements that entries name and nobody has kept.
    """

    made: Made
    sources: Mapping[str, Source]
    redactions: Redactions
    absent: tuple[str, ...]


def bundle(ledger: Entries, beside: Beside, audience: Audience, *, at: int | None) -> Bundled:
    """Choose the members of a bundle with every entry under a checkpoint.

    Args:
        ledger: The entries and openings, from one state of the database.
        beside: What stands beside it.
        audience: Whom the bundle is for.
        at: Size of the checkpoint; None takes the newest.

    Raises:
        InputError: If a counterparty would get the whole ledger, or nothing would be in it.
        MissingError: If no checkpoint of that size was signed here.
        IntegrityError: If two notes of one size say different things, or entries are missing.
    """
    if audience == "counterparty":
        raise InputError(
            "a counterparty gets receipts of single entries, not the whole ledger",
            why="the values that it may see are those of its own contracts and sites, and an "
            "entry does not say whose they are",
            remedy="name the entries: --receipts 17 --receipts 18",
        )
    notes = _notes(beside.notes)
    size = _size(notes, at)
    named = _named(ledger, size)
    chosen = _chosen(notes, size, {each.size for each in named} | set(beside.timestamps))
    sources = _of_notes(chosen, notes, beside.timestamps)
    sources[ENTRIES] = lambda: entry_lines(row.bytes for row in ledger.read(0, size))
    sources[PACK] = lambda: [beside.pack]
    absent = []
    for each in named:
        data = (beside.envelope if each.statement else beside.anchor)(each.digest)
        name = attestation_name if each.statement else anchor_name
        if data is not None:
            sources[name(each.digest)] = partial(list, [data])
        elif each.statement:
            absent.append(each.digest)
    redactions = _with_openings(sources, ledger, range(size), audience)
    made = Made("entries", _origin(notes, size), size, audience)
    return Bundled(made, sources, redactions, tuple(sorted(absent)))


def receipts(
    ledger: Entries, beside: Beside, audience: Audience, *, at: int | None, seqs: Sequence[int]
) -> Bundled:
    """Choose the members of a bundle with single entries and their proofs.

    Args:
        ledger: The entries and openings, from one state of the database.
        beside: What stands beside it.
        audience: Whom the bundle is for.
        at: Size of the checkpoint that the proofs lead to; None takes the newest.
        seqs: Numbers of the entries.

    Raises:
        InputError: If an entry is not among the signed ones.
        MissingError: If no checkpoint of that size was signed here.
        IntegrityError: If the entries lead to another root.
    """
    notes = _notes(beside.notes)
    size = _size(notes, at)
    sources = _of_notes({size}, notes, beside.timestamps)
    wanted = sorted(set(seqs))
    for seq in wanted:
        proof = prove(ledger, notes[size].encode(), seq)
        leaf = next(row.bytes for row in ledger.read(seq, seq + 1))
        sources[numbered("proofs", seq)] = partial(list, [proof.encode()])
        sources[numbered("leaves", seq)] = partial(list, [leaf])
    redactions = _with_openings(sources, ledger, wanted, audience)
    made = Made("receipts", _origin(notes, size), size, audience)
    return Bundled(made, sources, redactions, ())


def _notes(records: Iterable[bytes]) -> dict[int, Note]:
    """Return the notes by size, the signatures of one size together."""
    found: dict[int, Note] = {}
    for record in records:
        try:
            note = Note.parse(record)
            size = Checkpoint.parse(note.text).size
        except InputError:
            # What a crash left at the end of the file; verify says so if it is anything else.
            continue
        held = found.setdefault(size, note)
        if held.text != note.text:
            raise IntegrityError(
                f"two notes over {size} entries say different things",
                where=f"checkpoint {size}",
                remedy="flopledger verify says which of them the entries follow",
            )
        more = tuple(line for line in note.signatures if line not in held.signatures)
        found[size] = Note(held.text, held.signatures + more)
    return found


def _size(notes: Mapping[int, Note], at: int | None) -> int:
    """Return the size of the checkpoint asked for."""
    if not notes:
        raise IntegrityError("the checkpoint file holds no note")
    size = max(notes) if at is None else at
    if size not in notes:
        below = [each for each in sorted(notes) if each < size]
        raise MissingError(
            f"no checkpoint over {size} entries was signed here",
            remedy=f"use --at {below[-1]}" if below else "leave --at out",
        )
    if size == 0:
        raise InputError(
            "the ledger holds no signed entry",
            why="a verifier refuses a bundle in which there is nothing to check",
            remedy="record something first",
        )
    return size


def _origin(notes: Mapping[int, Note], size: int) -> str:
    """Return the name of the ledger."""
    return Checkpoint.parse(notes[size].text).origin


@dataclass(frozen=True, slots=True)
class _Named:
    """A file that an entry names.

    Attributes:
        statement: Whether it is a signed statement; else evidence from outside.
        digest: Its SHA-256, 64 hex digits.
        size: Entries that it is about.
    """

    statement: bool
    digest: str
    size: int


def _named(ledger: Entries, size: int) -> list[_Named]:
    """Return every file that entries name, in their order."""
    found = []
    for row in ledger.read(0, size):
        if row.bytes.endswith((b'"type":"attestation","v":1}', b'"type":"anchor","v":1}')):
            entry = Entry.parse(row.bytes)
            statement = entry.type == "attestation"
            digest = entry.body["envelope_sha256" if statement else "evidence_sha256"]
            about = entry.body["size"]
            assert isinstance(digest, str)
            assert isinstance(about, int)
            found.append(_Named(statement, digest, about))
    return found


def _chosen(notes: Mapping[int, Note], size: int, needed: set[int]) -> set[int]:
    """Return the sizes of the notes that go into a bundle.

    Those that something rests on are all there: the last one, those of statements, anchors and
    time stamps, and those that several keys signed. Of the others at most so many.
    """
    held = [each for each in sorted(notes) if each <= size]
    kept = {each for each in held if each in needed or len(notes[each].signatures) > 1}
    others = [each for each in held if each not in kept and each != size]
    step = -(-len(others) // CHECKPOINTS_MAX) or 1
    return kept | set(others[::step]) | {size}


def _of_notes(
    chosen: set[int], notes: Mapping[int, Note], timestamps: Mapping[int, bytes]
) -> dict[str, Source]:
    """Return the members of notes and time stamps."""
    sources: dict[str, Source] = {
        numbered("checkpoints", size): partial(list, [notes[size].encode()]) for size in chosen
    }
    for size in chosen & timestamps.keys():
        sources[numbered("timestamps", size)] = partial(list, [timestamps[size]])
    return sources


def _with_openings(
    sources: dict[str, Source], ledger: Entries, seqs: Sequence[int], audience: Audience
) -> Redactions:
    """Add disclosures and the log of redactions; return the log."""
    redactions = _redactions(ledger, seqs, audience)
    if redactions.shown:
        sources[DISCLOSURES] = lambda: _disclosures(ledger, seqs, audience)
    sources[REDACTIONS] = lambda: [redactions.encode()]
    return redactions


def _redactions(ledger: Entries, seqs: Sequence[int], audience: Audience) -> Redactions:
    """Count what is shown, withheld and erased among some entries."""
    digests = 0
    opened: list[tuple[str, str, bool]] = []
    for seq, kind, count, openings in _opened(ledger, seqs):
        del seq
        digests += count
        opened += [(kind, each.name, shows(audience, each.name)) for _, each in openings]
    return Redactions.of(audience, opened, erased=digests - len(opened))


def _disclosures(ledger: Entries, seqs: Sequence[int], audience: Audience) -> Iterator[bytes]:
    """Yield the lines of the openings that the audience sees."""
    for seq, _, _, openings in _opened(ledger, seqs):
        for stored, opening in openings:
            if shows(audience, opening.name):
                yield encode({"disclosure": stored.decode(), "seq": seq}) + b"\n"


def _opened(
    ledger: Entries, seqs: Sequence[int]
) -> Iterator[tuple[int, str, int, list[tuple[bytes, Opening]]]]:
    """Yield number, type, digests and openings of each entry."""
    spans = [seqs] if isinstance(seqs, range) else [range(seq, seq + 1) for seq in seqs]
    for span in spans:
        rows = ledger.openings(span.start, span.stop)
        held = next(rows, None)
        for row in ledger.read(span.start, span.stop):
            found = []
            while held is not None and held[0] == row.seq:
                found.append((held[2], Opening.parse(held[2])))
                held = next(rows, None)
            entry = Entry.parse(row.bytes)
            yield row.seq, entry.type, len(entry.sd), found
