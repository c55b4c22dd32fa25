"""Bundling on the command line: the wiring of store, notes, envelopes, rules and the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from ledger.audience import Audience
from ledger.bundle import assembled, write_bundle
from ledger.cli.context import Context
from ledger.cli.destination import writing
from ledger.cli.keeping import signed_leaves
from ledger.cli.opening import files_of, open_reader
from ledger.errors import InputError, MissingError
from ledger.journeys import bundling
from ledger.journeys.bundling import Beside, Bundled
from ledger.journeys.verifying import Leaves
from ledger.pack import pack_bytes
from ledger.resources import rules_root
from ledger.stores.bundles import write_folder
from ledger.stores.cosignatures import CosignaturesFile
from ledger.stores.envelopes import EnvelopeFolder
from ledger.stores.evidence import evidence_of
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.verify import verify

__all__ = ["drawn_up", "write_out"]

_TOKEN = re.compile(r"([0-9]{12})\.tsr")


def drawn_up(
    context: Context, audience: Audience, receipts: tuple[int, ...], at: int | None
) -> Bundled:
    """Verify the ledger, then choose what goes into a bundle of this very state of it.

    Whoever gets a bundle would find what ``verify`` finds; so nothing is handed out before it
    held. The ledger is read again while the bundle is written, from the same snapshot.

    Args:
        context: The global options.
        audience: Whom it is for.
        receipts: Numbers of single entries; none takes all.
        at: Size of the checkpoint; None takes the newest.

    Raises:
        MissingError: If there is no ledger, or no checkpoint of that size.
        InputError: If the audience may not have all entries.
        IntegrityError: If the ledger does not verify.
    """
    files, store = files_of(context), open_reader(context)
    # Notes first: whatever they cover is in any later state of the database.
    stop = NotesFile(files.checkpoints).settled_size()
    snapshot = store.snapshot()
    snapshot.__enter__()
    click.get_current_context().call_on_close(lambda: snapshot.__exit__(None, None, None))
    verify(evidence_of(store, files, stop))
    pack = pack_bytes(rules_root(context.rules))
    beside = _beside(files, stop, pack, partial(signed_leaves, context, store))
    if receipts:
        return bundling.receipts(store, beside, audience, at=at, seqs=receipts)
    return bundling.bundle(store, beside, audience, at=at)


def write_out(context: Context, made: Bundled, output: str) -> None:
    """Write a bundle as an archive or, without the ending ``.zip``, as a folder.

    Raises:
        InputError: If it cannot be written there.
    """
    parts = assembled(made.made, made.sources)
    if output.endswith(".zip"):
        if Path(output).exists() and not Path(output).is_file():
            raise InputError(f"{output} is no regular file", remedy="name a file OUT.zip")
        with writing(output) as file:
            write_bundle(file, parts)
    elif Path(output).suffix:
        raise InputError(
            f"{output} ends neither in .zip nor like a folder", remedy="name it OUT.zip"
        )
    else:
        write_folder(Path(output), parts)
    log, said = made.redactions, made.made
    what = f"{said.size} entries" if said.kind == "entries" else "receipts"
    context.say(
        f"wrote {output}: {what} of {said.origin} for the {said.audience}; confidential values: "
        f"{log.shown} shown, {log.withheld} withheld, {log.erased} erased"
    )
    for digest in made.absent:
        context.say(f"warning: an entry names statement {digest}, whose file is not kept")


def _beside(files: Files, stop: int, pack: bytes, signed: Callable[[bytes], Leaves]) -> Beside:
    """Return what stands beside the database, with the notes of the first ``stop`` bytes."""
    folder = EnvelopeFolder(files.attestations)

    def envelope(digest: str) -> bytes | None:
        try:
            return folder.read(digest)
        except MissingError:
            return None

    def anchor(digest: str) -> bytes | None:
        path = files.anchors / f"{digest}.note"
        return path.read_bytes() if path.is_file() else None

    return Beside(_notes(files, stop), envelope, anchor, _tokens(files), pack, signed)


def _notes(files: Files, stop: int) -> Iterator[bytes]:
    """Yield the notes that the log signed, then what witnesses answered about these."""
    texts = set()
    for record in NotesFile(files.checkpoints).notes(stop):
        yield record.removesuffix(b"\n")
        texts.add(record.partition(b"\n\n")[0] + b"\n")
    for note in CosignaturesFile(files.cosignatures).notes():
        # Whoever appended meanwhile may have got an answer over more than the snapshot holds.
        if note.text.encode() in texts:
            yield note.encode()


def _tokens(files: Files) -> dict[int, bytes]:
    """Return the time stamps beside a ledger, by size."""
    folder = files.timestamps
    if not folder.is_dir():
        return {}
    named = ((path, _TOKEN.fullmatch(path.name)) for path in sorted(folder.iterdir()))
    return {int(found[1]): path.read_bytes() for path, found in named if found}
