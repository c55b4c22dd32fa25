"""``flopledger impact`` lists everything that used an entry, and how each would be another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

from ledger.canonical import encode
from ledger.cli.asking import asking_options, evaluator_of, form_of, question_of, with_records
from ledger.cli.bench import pack_of
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import files_of, open_reader, signed_sizes
from ledger.cli.output import emit, output_options
from ledger.cli.record import read_input
from ledger.cli.restate import desk_of
from ledger.cli.views import LedgerViews
from ledger.entry import Entry
from ledger.envelope import Envelope
from ledger.journeys.check_document import CheckDocument
from ledger.journeys.checking import Question, Records
from ledger.journeys.correction import (
    Correction,
    Reason,
    corrected_entry,
    recorded_correction,
    supposed_correction,
)
from ledger.journeys.impact import Court, Impact, impact
from ledger.journeys.json_lines import Lines, read_objects
from ledger.journeys.replaying import read_check
from ledger.regime.edition import lawbook
from ledger.report.impact import impact_csv, impact_tables
from ledger.report.impact_document import impact_document
from ledger.statement import Statement
from ledger.stores.contract import LedgerStore
from ledger.stores.envelopes import EnvelopeFolder

__all__ = ["impact_command"]

EPILOG = """\b
Without --with, what the entry's own correction changed is shown; of an entry that nobody corrected,
what would change if it were taken back. The figures of the past are asked as they were known then:
an attestation over its own entries, a filing on the day it was sent.

\b
Examples:
  flopledger impact 17
  flopledger impact 17 --with right.jsonl
  flopledger impact 17 --regime eu.aia -o impact.md

Exit codes: 0 nothing that was said is another, 1 a determination, attestation or filing is,
2 could not evaluate, 4 integrity failure.
"""


@click.command("impact", epilog=EPILOG)
@click.argument("seq", type=click.IntRange(min=0))
@click.option("--with", "given", metavar="FILE|-", help="Records that would come in its place.")
@click.option("--regime", multiple=True, metavar="ID", help="Ask this body of law; repeatable.")
@asking_options
@click.option("--all", "everything", is_flag=True, help="List every determination.")
@output_options
@pass_context
def impact_command(
    context: Context,
    /,
    *,
    seq: int,
    given: str | None,
    everything: bool,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Show what used entry SEQ: determinations, attestations, filings, commitments."""
    question, engine = question_of(options), options["engine"]
    records = None if given is None else read_input(given)
    # What would come out otherwise is asked of the entries themselves: all of them are hashed.
    found = with_records(
        replace(context, reread=True),
        question,
        engine,
        lambda held: _impact(context, (seq, records), held, question, engine),
    )
    chosen = form_of(fmt, output)
    document = impact_document(found) if chosen == "json" else {}
    tables = impact_csv(found) if chosen == "csv" else impact_tables(found, everything=everything)
    emit(document, tables, fmt=chosen, output=output)
    for used in found.attestations:
        for sentence in used.lost:
            context.say(f"warning: attestation {used.record.body['number']}: {sentence}")
    return int(found.says_otherwise)


def _impact(
    context: Context,
    asked: tuple[int, bytes | None],
    records: Records,
    question: Question,
    engine: str,
) -> Impact:
    """Find the correction of an entry, by the records given or by the ledger, and ask both ways."""
    store = open_reader(context)
    correction = _correction(context, store, *asked, records)
    envelopes = EnvelopeFolder(files_of(context).attestations)
    court = Court(
        LedgerViews(store, records.origin, engine),
        lawbook(pack_of(context), {}),
        evaluator_of(engine),
        lambda digest: _claim(envelopes, digest),
    )
    return impact(
        correction, question, records, court, alike=tuple(_alike(store, correction.entry))
    )


def _claim(envelopes: EnvelopeFolder, digest: str) -> CheckDocument | None:
    """Return the check that a signed statement claims, or None if it is not kept here."""
    if digest not in envelopes.digests():
        return None
    envelope = Envelope.parse(envelopes.read(digest))
    claimed = Statement.open(envelope).predicate.get("check")
    if claimed is None:
        return None
    return read_check(encode(claimed), where=f"statement {digest}")


def _correction(
    context: Context, store: LedgerStore, seq: int, given: bytes | None, records: Records
) -> Correction:
    """Return the correction asked about: supposed, recorded, or that the entry is taken back."""
    entry = corrected_entry(store, seq)
    if given is None:
        reversals = [r for r in records.folded.records if r.type == "reversal"]
        found = recorded_correction(store, entry, reversals, signed_sizes(context))
        return found or supposed_correction(entry, (), lambda *_: "", Reason("withdrawn"))
    desk = desk_of(context, store, writable=False)
    drafts = desk.drafts(read_objects(Lines(given, "the file given with --with")))
    return supposed_correction(entry, drafts, desk.log.pseudonym, Reason("source_restated"))


def _alike(store: LedgerStore, entry: Entry) -> Iterator[int]:
    """Yield the allocations of the same device and source file, where the same mistake may be."""
    evidence, device = entry.body.get("evidence"), entry.body.get("device")
    digest = evidence.get("file_sha256") if isinstance(evidence, dict) else None
    if entry.type != "allocation" or not isinstance(digest, str):
        return
    for other in store.mentioning(digest):
        theirs = other.body.get("evidence")
        read = isinstance(theirs, dict) and theirs.get("file_sha256") == digest
        same = other.type == entry.type and other.body.get("device") == device
        if read and same and other.seq != entry.seq:
            yield other.seq
