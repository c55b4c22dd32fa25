"""Attestations for people: what a statement says before it is signed, and those recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.attestation import Attestation
from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.envelope import Envelope
from ledger.report.table import Column, Table

__all__ = ["EnvelopeRow", "attestation_tables", "list_document", "list_table"]

SCHEMA: Final = "flopledger/attestations.v1"
_CLAIMS: Final = {
    "every-run-recorded": "every run of the period is recorded",
    "known-omissions": "runs are known to be missing",
}


@dataclass(frozen=True, slots=True)
class EnvelopeRow:
    """An entry that names an envelope.

    Attributes:
        entry: The entry.
        envelope: The envelope, or None if its file cannot be used.
        fault: Why not; empty if it can.
    """

    entry: Entry
    envelope: Envelope | None
    fault: str

    @property
    def signers(self) -> tuple[str, ...]:
        """Who claims to have signed; nothing is checked here."""
        rows = () if self.envelope is None else self.envelope.signatures
        return tuple(row.keyid or "unnamed" for row in rows)


def list_document(rows: Sequence[EnvelopeRow]) -> dict[str, Any]:
    """Return the envelopes of a ledger as JSON."""
    return {
        "schema": SCHEMA,
        "attestations": [
            {
                "seq": row.entry.seq,
                "recorded_at": row.entry.recorded_at,
                "number": row.entry.body["number"],
                "size": row.entry.body["size"],
                "envelope_sha256": row.entry.body["envelope_sha256"],
                "claimed_signers": list(row.signers),
                "fault": row.fault or None,
            }
            for row in rows
        ],
    }


def list_table(rows: Sequence[EnvelopeRow]) -> Table:
    """Return the envelopes of a ledger as a table."""
    return Table(
        f"{len(rows)} signed statements recorded",
        (
            Column("entry", "right"),
            Column("number", "right"),
            Column("over entries", "right"),
            Column("recorded"),
            Column("claims to be signed by", wide=True),
        ),
        tuple(
            (
                str(row.entry.seq),
                str(row.entry.body["number"] or "approval"),
                str(row.entry.body["size"]),
                row.entry.recorded_at,
                row.fault or ", ".join(row.signers),
            )
            for row in rows
        ),
        ("signatures are checked with keys from outside: flopledger verify --policy FILE",),
    )


def attestation_tables(attestation: Attestation, signers: Sequence[str]) -> tuple[Table, ...]:
    """Return what an attestation says.

    Args:
        attestation: The attestation.
        signers: Hints of who claims to have signed it; none for a draft.
    """
    return (_said(attestation, signers), _by_grade(attestation), _by_counting_set(attestation))


def _said(attestation: Attestation, signers: Sequence[str]) -> Table:
    """Return the parts that are no figures."""
    log, days = attestation.checkpoint, attestation.period
    counts, coordinates = attestation.check["counts"], attestation.check["coordinates"]
    assert isinstance(counts, dict)
    assert isinstance(coordinates, dict)
    population = attestation.population
    rows = [
        ("ledger", log.origin),
        ("entries", f"{log.size}, root {log.root.hex()}"),
        ("period", f"from {days.start} to before {days.end}"),
        ("completeness", _CLAIMS[attestation.completeness.claim]),
        *(("missing", text) for text in attestation.completeness.omissions),
        ("population", f"{population.runs} runs, {population.models} models"),
        ("check as of", f"{coordinates['as_of']}, law of {coordinates['in_force_on']}"),
        ("law", f"pack {coordinates['pack']}"),
        ("determinations", ", ".join(f"{name} {count}" for name, count in counts.items())),
        ("previous", attestation.previous or "none: it is the first"),
        *(("claims to be signed by", name or "unnamed") for name in signers),
    ]
    title = f"attestation {attestation.number}" + ("" if signers else ", not signed")
    return Table(title, (Column("part"), Column("text", wide=True)), tuple(rows))


def _by_grade(attestation: Attestation) -> Table:
    """Return the totals by grade."""
    rows = attestation.totals["by_grade"]
    assert isinstance(rows, list)
    return Table(
        "totals by grade",
        (
            Column("precision"),
            Column("sparsity"),
            Column("interconnect"),
            Column("scale"),
            Column("device-microseconds", "right"),
            Column("PFLOP-hours", "right"),
            Column("operations from", "right"),
            Column("to", "right"),
        ),
        tuple(_grade_row(row) for row in rows if isinstance(row, dict)),
    )


def _grade_row(row: dict[str, JSON]) -> tuple[str, ...]:
    """Return one row by grade; what is not known is said."""
    operations, hours, links = row["operations"], row["pflop_hours"], row["interconnect"]
    assert isinstance(operations, dict)
    assert isinstance(hours, dict)
    assert isinstance(links, list)
    return (
        str(row["precision"]),
        str(row["sparsity"]),
        " or ".join(map(str, links)),
        str(row["scale"] or "unknown"),
        str(row["device_us"] or "unknown"),
        str(hours["value"] or "unknown"),
        str(operations["low"]),
        str(operations["high"] or "no end"),
    )


def _by_counting_set(attestation: Attestation) -> Table:
    """Return the totals by counting set, of models and all that they were made from."""
    rows = attestation.totals["by_counting_set"]
    assert isinstance(rows, list)
    found = []
    for row in rows:
        assert isinstance(row, dict)
        whole = row["cumulative"]
        assert isinstance(whole, dict)
        found.append(
            (
                str(row["regime"]),
                str(row["counting_set"]),
                str(row["model"]),
                str(whole["low"]),
                str(whole["high"] or "no end"),
            )
        )
    return Table(
        "operations by counting set, ancestors included where the set follows them",
        (
            Column("regime"),
            Column("counting set"),
            Column("model"),
            Column("from", "right"),
            Column("to", "right"),
        ),
        tuple(found),
    )
