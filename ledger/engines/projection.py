"""A projection is the log as Parquet, segment by segment: derived, disposable, never believed.

A segment is used only while its files have the digests that its manifest states and the manifest
is sealed under the ledger's secret; otherwise it is built again. Where the caller has a signed root
to hold them against, the sealed ranges of whole segments stand for their leaves: together they
lead to that root, or all are built again. In every other case a range must be that of the leaves in
the store, hashed anew. Who has no secret builds from the leaves each time, so that nobody's forged
files are added up.
Specification: ``schemas/projection.v2.md``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
import polars as pl

from ledger.engines.columns import Columns, columns_of
from ledger.engines.leaves import Again, Chunk, Leaves, is_whole, read_chunk, read_range, segments
from ledger.engines.partials import Control, Partial, control_of_rows
from ledger.engines.place import Place
from ledger.engines.summaries import Summaries
from ledger.engines.unfinished import drop, is_draft, replacing
from ledger.errors import IntegrityError, LedgerError, MissingError
from ledger.measure import StoredRecord
from ledger.merkle import CompactRange

__all__ = ["VERSION", "ProjectedSegment", "Projection"]

VERSION = "flopledger/projection.v2"
MANY = 6
"""Segments that are to be built from which on other processes help: each takes some to begin."""


@dataclass(frozen=True, slots=True)
class ProjectedSegment:
    """A segment of the log in two files.

    Attributes:
        leaves: Merkle range over its entries.
        last: Leaf hash of its last entry, 64 hex digits.
        allocations: Parquet file, columns as ``ledger.engines.columns.SCHEMA``.
        records: File of the other records, one JSON object a line.
        digest: SHA-256 of the Parquet file, hex.
        settled: Last day that its work can have happened on; None if no day can change its sums.
        control: What all of its rows add up to.
    """

    leaves: CompactRange
    last: str
    allocations: Path
    records: Path
    digest: str
    settled: date | None
    control: Control

    @classmethod
    def of(cls, manifest: Mapping[str, Any], allocations: Path, records: Path) -> Self:
        """Read a manifest.

        Raises:
            ValueError: If it does not hold what it must; also KeyError, and LedgerError.
        """
        settled = manifest["settled"]
        return cls(
            CompactRange.parse(manifest["leaves"]),
            manifest["last"],
            allocations,
            records,
            manifest["allocations"],
            None if settled is None else date.fromisoformat(settled),
            {int(sign): tuple(map(int, sums)) for sign, sums in manifest["control"].items()},
        )

    @property
    def whole(self) -> bool:
        """Whether no later entry changes it."""
        return is_whole(self.leaves.start, self.leaves.stop)

    def complete(self, limit: int, as_of: date) -> bool:
        """Return whether all of its rows count, and no later day changes what they add."""
        settled = self.settled is None or self.settled <= as_of
        return self.leaves.stop <= limit and settled

    def read_records(self) -> Iterator[StoredRecord]:
        """Yield the records that are no allocations, in order."""
        for line in self.records.read_bytes().splitlines():
            value: dict[str, Any] = msgspec.json.decode(line)
            yield StoredRecord(value["seq"], value["recorded_at"], value["type"], value["body"])


class Projection:
    """The files of one ledger's projection, built from its leaves as they are needed."""

    def __init__(
        self, source: Leaves, place: Place | None = None, again: Again | None = None
    ) -> None:
        """Keep the projection of a source in a folder.

        Args:
            source: Where the entries are read from.
            place: Where the files go. A temporary folder, gone with this object, if None or if
                nothing can be written there.
            again: Opens the source in another process; None where this one builds alone.
        """
        self._source, self._again = source, again
        if place is not None and _writable(place.folder):
            self._folder, self._secret = place.folder, place.secret
        else:
            self._folder, self._secret = self._temporary(), secrets.token_bytes()
        self._summaries = Summaries(self._folder, self._secret)

    def segments(
        self,
        size: int,
        *,
        rebuild: bool = False,
        sealed: bool = False,
        rooted: bool = False,
        read: Sequence[ProjectedSegment] = (),
    ) -> tuple[ProjectedSegment, ...]:
        """Return the segments of a tree, building those that are missing, stale or damaged.

        Args:
            size: Entries in the tree.
            rebuild: Build every one of them again.
            sealed: Take whole segments for what they were when they were sealed, and do not read
                their leaves. Only for who compares the root of them all with a signed one.
            rooted: Whether that is so. Then other processes may build some of them, each from its
                own snapshot of the store.
            read: Segments whose leaves were read in the same snapshot of the store, and are not
                read again; their files are.

        Raises:
            IntegrityError: If an entry is missing or is not what was hashed.
        """
        found = []
        ranges = {(held.leaves.start, held.leaves.stop): held.leaves for held in read}
        made = self._made_beside(size) if rooted and not (rebuild or read) else {}
        for start, stop in segments(size):
            held = None if rebuild else made.get((start, stop)) or self._held(start, stop)
            if held and not ((sealed and held.whole) or (start, stop) in made):
                leaves = ranges.get((start, stop)) or read_range(self._source, start, stop)
                held = held if held.leaves == leaves else None
            found.append(held or self._build(start, stop, ranges.get((start, stop))))
        return tuple(found)

    def summary(self, segment: ProjectedSegment) -> Partial | None:
        """Return what a whole segment adds up to once all of it has happened, if that is kept."""
        leaves = segment.leaves
        return self._summaries.held(leaves.start, leaves.stop, segment.digest)

    def keep_summary(self, segment: ProjectedSegment, partial: Partial) -> None:
        """Keep what a whole segment adds up to; the caller has added it up himself."""
        leaves = segment.leaves
        self._summaries.keep(leaves.start, leaves.stop, segment.digest, partial)

    def _temporary(self) -> Path:
        """Return a new folder that goes when this object goes."""
        folder = Path(tempfile.mkdtemp(prefix="flopledger-projection-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _held(self, start: int, stop: int) -> ProjectedSegment | None:
        """Return a segment whose files are the sealed ones."""
        paths = self._paths(start, stop)
        try:
            manifest: Any = json.loads(paths["manifest"].read_bytes())
            if not _sound(manifest, start, stop, self._secret):
                return None
            segment = ProjectedSegment.of(manifest, paths["allocations"], paths["records"])
            files = {name: _digest(paths[name]) for name in ("allocations", "records")}
        except (OSError, ValueError, KeyError, LedgerError):
            return None
        if any(manifest[name] != digest for name, digest in files.items()):
            return None
        return segment

    def _made_beside(self, size: int) -> dict[tuple[int, int], ProjectedSegment]:
        """Build segments that are not there, with other processes where that is worth it."""
        manifests = {each: self._paths(*each)["manifest"] for each in segments(size)}
        missing = [each for each, path in manifests.items() if not path.exists()]
        if self._again is None or len(missing) < MANY:
            return {}
        # Processes take a while to load, and more to begin.
        from ledger.engines.beside import beside  # noqa: PLC0415
        from ledger.verify.crew import Crew  # noqa: PLC0415

        processes = min(Crew().processes, len(missing) // (MANY // 2)) - 1
        if not processes:
            return {}
        other = partial(_built_apart, self._again, Place(self._folder, self._secret))
        return beside(lambda each: self._build(*each, None), other, missing, processes)

    def _build(self, start: int, stop: int, leaves: CompactRange | None) -> ProjectedSegment:
        """Build one segment from its leaves, which must have the range that they had before."""
        chunk = read_chunk(self._source, start, stop)
        if leaves is not None and chunk.leaves != leaves:
            raise IntegrityError(
                f"the entries from {start} to {stop - 1} are not those that were added up",
                seq=start,
                why="an entry was changed after it was signed",
                remedy="run: flopledger verify",
            )
        columns = columns_of(chunk.data)
        try:
            manifest = self._write(chunk, columns)
        except OSError as error:
            raise MissingError(
                f"the projection cannot be written: {error.strerror or error}",
                where=str(self._folder),
                why="derived files are kept there, so that the next check is quick",
                remedy="make room there, or run the same command with --engine plain",
            ) from error
        self._drop_others(start, stop)
        paths = self._paths(start, stop)
        return ProjectedSegment.of(manifest, paths["allocations"], paths["records"])

    def _write(self, chunk: Chunk, columns: Columns) -> dict[str, Any]:
        """Write the files of one segment, the manifest last; return what that says."""
        start, stop = chunk.leaves.start, chunk.leaves.stop
        paths = self._paths(start, stop)
        settled = columns.allocations.select(pl.coalesce("day", "not_after").max()).item()
        control = control_of_rows(columns.allocations)
        manifest: dict[str, Any] = {
            "schema": VERSION,
            "start": start,
            "stop": stop,
            "leaves": chunk.leaves.encode(),
            "last": chunk.last.hex(),
            "settled": None if settled is None else str(settled),
            "control": {str(sign): list(map(str, sums)) for sign, sums in sorted(control.items())},
        }
        with replacing(paths["allocations"]) as path:
            columns.allocations.write_parquet(path, compression="zstd", compression_level=1)
            manifest["allocations"] = _digest(path)
        with replacing(paths["records"]) as path:
            path.write_bytes(b"".join(_line(record) for record in columns.records))
            manifest["records"] = _digest(path)
        manifest["seal"] = _seal(manifest, self._secret)
        with replacing(paths["manifest"]) as path:
            path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        return manifest

    def _paths(self, start: int, stop: int) -> Mapping[str, Path]:
        """Return the files of a segment by what they hold."""
        stem = f"{start:010d}-{stop:010d}"
        endings = {"manifest": "json", "allocations": "parquet", "records": "jsonl"}
        return {name: self._folder / f"{stem}.{ending}" for name, ending in endings.items()}

    def _drop_others(self, start: int, stop: int) -> None:
        """Remove the files of shorter or longer segments from the same entry."""
        kept = set(self._paths(start, stop).values())
        for path in self._folder.glob(f"{start:010d}-*"):
            if is_draft(path):
                drop(path)
            elif path not in kept:
                path.unlink(missing_ok=True)


def _built_apart(again: Again, place: Place, bounds: tuple[int, int]) -> ProjectedSegment:
    """Build one segment in another process, from the source as it opens it."""
    with again() as source, source.snapshot():
        return Projection(source, place)._build(*bounds, None)  # noqa: SLF001 - of this module


def _writable(folder: Path) -> bool:
    """Return whether files can be made in a folder; a read-only copy is checked all the same."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _sound(manifest: Any, start: int, stop: int, secret: bytes) -> bool:  # noqa: ANN401 - any JSON
    """Return whether a manifest is one of this version, of this segment, and sealed by us."""
    return (
        isinstance(manifest, dict)
        and manifest.get("schema") == VERSION
        and (manifest.get("start"), manifest.get("stop")) == (start, stop)
        and hmac.compare_digest(str(manifest.pop("seal", "")), _seal(manifest, secret))
    )


def _seal(manifest: Mapping[str, object], secret: bytes) -> str:
    """Return the keyed digest of a manifest without its seal, hex."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hmac.new(secret, b"projection\0" + text.encode(), "sha256").hexdigest()


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(record: StoredRecord) -> bytes:
    """Write a record as one line of JSON."""
    value = {
        "body": record.body,
        "recorded_at": record.recorded_at,
        "seq": record.seq,
        "type": record.type,
    }
    return msgspec.json.encode(value) + b"\n"
