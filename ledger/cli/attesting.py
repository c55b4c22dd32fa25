"""Attesting on the command line: the wiring of ledger, law, files and signers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ledger.attestation import Attestation
from ledger.claim import Completeness, Days
from ledger.cli.asking import evaluator_of, question_of, with_records
from ledger.cli.context import Context
from ledger.cli.opening import earlier_note, files_of, open_log, open_reader
from ledger.cli.output import write_text
from ledger.cli.record import read_input
from ledger.entry import Entry
from ledger.envelope import PAYLOAD_TYPE, Envelope
from ledger.errors import InputError, LedgerError, MissingError
from ledger.journeys.attesting import (
    Held,
    Told,
    attest,
    check_again,
    claimed_check,
    newest_of,
    record_envelope,
)
from ledger.journeys.checking import Records
from ledger.journeys.checking import check as check_records
from ledger.journeys.replaying import question_of_file
from ledger.journeys.stance import Span, Stance, doubts
from ledger.keys import Signer, VerifierKey
from ledger.pack import Pack, read_pack
from ledger.regime.cased import load_cased
from ledger.regime.load import load_regimes
from ledger.report.attestations import EnvelopeRow
from ledger.resources import rules_root
from ledger.statement import Statement
from ledger.stores.contract import LedgerStore
from ledger.stores.envelopes import EnvelopeFolder

__all__ = [
    "add_envelope",
    "draw_up",
    "envelope_in",
    "recorded_envelopes",
    "sign_file",
    "statement_in",
]

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def draw_up(context: Context, options: Mapping[str, Any]) -> Attestation:
    """Draw up an attestation of the ledger under its newest checkpoint.

    Args:
        context: The global options.
        options: Those of ``attest draft``.
    """
    told = Told(
        Days.parse(options["period"]),
        Completeness(options["claim"], tuple(options["omission"])),
        _newest(context),
    )
    question, engine = question_of(options), options["engine"]
    pack, store = read_pack(rules_root(context.rules)), open_reader(context)
    load_cased(pack)  # nobody signs by rules that could not be packed or adopted

    def drawn(records: Records) -> Attestation:
        checked = check_records(question, records, pack, evaluator_of(engine))
        return attest(told, checked, _held(records, pack, store))

    # What is signed rests on the entries as they are now, every one of them.
    attestation = with_records(replace(context, reread=True), question, engine, drawn)
    _warn(context, attestation, pack)
    return attestation


def _warn(context: Context, attestation: Attestation, pack: Pack) -> None:
    """Say what whoever verifies an attestation will look at."""
    document = claimed_check(attestation)
    at = document.coordinates
    span = Span.of(attestation.period, at.recorded_by, at.evaluated_at)
    for doubt in doubts(Stance.of(document), span, load_regimes(pack)):
        context.say(f"warning: whoever verifies it is told: {doubt}")


def sign_file(context: Context, file: str, person: Signer, output: str | None) -> None:
    """Sign a statement or an envelope, and write the envelope."""
    data = read_input(file)
    envelope = _either(data, file).sign(person)
    Statement.open(envelope)
    write_text(envelope.encode().decode(), output)
    context.say(f"signed by {person.verifier.encode()}; {len(envelope.signatures)} in all")


def envelope_in(file: str) -> Envelope:
    """Read an envelope that somebody signed.

    Raises:
        InputError: If the file holds none.
    """
    try:
        return Envelope.parse(read_input(file))
    except InputError as error:
        raise InputError(
            f"no signed envelope: {error.message}",
            where=file,
            remedy="take the file as flopledger attest sign wrote it",
        ) from error


def add_envelope(context: Context, envelope: Envelope, vkeys: Iterable[str]) -> None:
    """Check an attestation against the ledger, keep its envelope, and record it.

    Raises:
        InputError: If a key given has not signed, or the envelope carries no attestation.
        IntegrityError: If anything that it states comes out otherwise.
    """
    attestation = Attestation.open(envelope)
    _check_signers(context, envelope, [VerifierKey.parse(text) for text in vkeys])
    said = f"attestation {attestation.number} over {attestation.checkpoint.size} entries"
    digest = envelope.sha256()
    held = {entry.body["envelope_sha256"]: entry.seq for entry in _entries(open_reader(context))}
    if digest in held:
        # A crash may have left the entry unsigned; to append nothing signs it.
        open_log(context).append(())
        context.say(f"{said} is entry {held[digest]} already")
        return
    attestation.check_binding(earlier_note(context, attestation.checkpoint.size)[1])
    _check_figures(context, attestation)
    log = open_log(context)
    path = EnvelopeFolder(files_of(context).attestations).write(envelope)
    seq = record_envelope(
        log, envelope, size=attestation.checkpoint.size, number=attestation.number
    )
    context.say(f"{said} is entry {seq}; its envelope is {path}")


def recorded_envelopes(context: Context) -> tuple[EnvelopeRow, ...]:
    """Return every envelope that the ledger names, in order."""
    folder = EnvelopeFolder(files_of(context).attestations)
    rows = []
    for entry in _entries(open_reader(context)):
        digest = str(entry.body["envelope_sha256"])
        envelope: Envelope | None = None
        fault = ""
        try:
            envelope = Envelope.parse(folder.read(digest))
        except LedgerError as error:
            fault = error.message
        rows.append(EnvelopeRow(entry, envelope, fault))
    return tuple(rows)


def statement_in(context: Context, given: str) -> tuple[Statement, tuple[str, ...]]:
    """Return a statement, and the hints of who claims to have signed it.

    Args:
        context: The global options.
        given: A file, or the number of an attestation of the ledger.

    Raises:
        MissingError: If the ledger names no attestation of that number.
        InputError: If it is neither statement nor envelope.
    """
    if _NUMBER.fullmatch(given):
        envelope = _numbered(context, int(given))
    else:
        envelope = _either(read_input(given), given)
    return Statement.open(envelope), tuple(row.keyid or "" for row in envelope.signatures)


def _either(data: bytes, where: str) -> Envelope:
    """Read an envelope, or a statement as an envelope without signatures."""
    try:
        if b'"payloadType"' in data[-100_000:]:
            return Envelope.parse(data)
        Statement.parse(data.removesuffix(b"\n"))
    except InputError as error:
        raise InputError(
            f"neither a statement nor an envelope: {error.message}",
            where=where,
            remedy="take the file as flopledger wrote it",
        ) from error
    return Envelope(data.removesuffix(b"\n"), PAYLOAD_TYPE)


def _numbered(context: Context, number: int) -> Envelope:
    """Return the envelope of an attestation of the ledger."""
    folder = EnvelopeFolder(files_of(context).attestations)
    for entry in _entries(open_reader(context)):
        if entry.body["number"] == number:
            return Envelope.parse(folder.read(str(entry.body["envelope_sha256"])))
    raise MissingError(
        f"the ledger names no attestation {number}", remedy="list them: flopledger attest list"
    )


def _newest(context: Context) -> Statement | None:
    """Return the statement of the newest attestation that the ledger names."""
    folder = EnvelopeFolder(files_of(context).attestations)
    bodies = (entry.body for entry in _entries(open_reader(context)))
    return newest_of(bodies, folder.read)


def _entries(store: LedgerStore) -> Iterator[Entry]:
    """Yield the entries that name envelopes, in order; approvals among them."""
    return (entry for entry in store.mentioning("attestation") if entry.type == "attestation")


def _held(records: Records, pack: Pack, store: LedgerStore) -> Held:
    """Return what an attestation is held against."""
    leaves = (row.bytes for row in store.read(0, records.folded.size))
    return Held(records, pack, leaves)


def _check_figures(context: Context, attestation: Attestation) -> None:
    """Work everything out again at the checkpoint of an attestation."""
    document = claimed_check(attestation)
    pack, store = read_pack(rules_root(context.rules)), open_reader(context)
    before = _newest(context)
    with_records(
        context,
        question_of_file(document),
        "plain",
        lambda records: check_again(
            attestation, before, _held(records, pack, store), evaluator_of("plain")
        ),
        size=attestation.checkpoint.size,
    )


def _check_signers(context: Context, envelope: Envelope, keys: list[VerifierKey]) -> None:
    """Refuse an envelope that a key given has not signed."""
    signed = envelope.signed_by(keys)
    absent = [key.encode() for key in keys if key not in signed.keys]
    if absent:
        raise InputError(
            f"the envelope is not signed by {absent[0]}",
            remedy="let its owner sign: flopledger attest sign FILE --key …",
        )
    if signed.unknown:
        context.say(
            f"warning: {len(signed.unknown)} signatures were not checked; give the keys of their "
            "signers with --vkey"
        )
