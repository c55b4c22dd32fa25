"""Recording: records as JSON Lines, checked whole before the first is appended; and one fact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ledger.errors import InputError, LedgerError, Problem
from ledger.journeys.beside import Mentions, beside
from ledger.journeys.changed import changed_problem
from ledger.journeys.confidence import in_confidence, of_party
from ledger.journeys.excesses import excesses
from ledger.journeys.importing import CHUNK, Ledger
from ledger.journeys.json_lines import Lines, numbered, read_object
from ledger.journeys.parties import Parties
from ledger.period import parse_day
from ledger.record.draft import Draft, draft_of, parse_record
from ledger.regime.vocabulary import Vocabulary

__all__ = [
    "FACT_EVIDENCE",
    "FactGiven",
    "Recorded",
    "fact_draft",
    "read_record",
    "record_fact",
    "record_lines",
]

NAME = "NAME"
"""Stands for a name that was left out."""

FACT_SOURCE = "fact set"
"""Where a fact comes from that somebody typed, in messages."""

FACT_EVIDENCE = ("hand", "1")
"""Importer and version of what somebody typed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of some records.

    Attributes:
        new: records appended, or that would be.
        same: records that the ledger already held.
        changed: records that the ledger holds with other content; not appended.
        superseded: provisional records that a final one replaced.
        refused: lines that could not be read.
        problems: every refused line, every changed record, and what a new fact clashes with.
        entries: numbers of the new entries.
    """

    new: int
    same: int
    changed: int
    superseded: int
    refused: int
    problems: tuple[Problem, ...]
    entries: tuple[int, ...]


def record_lines(
    ledger: Ledger,
    given: Lines,
    asked: tuple[Vocabulary, date],
    *,
    parties: Parties | None = None,
    dry_run: bool = False,
) -> Recorded:
    """Appends the records of a JSON Lines text, or none of them if any line is refused.

    Args:
        ledger: where to append.
        given: the text.
        asked: the facts that may be stated, and the UTC day on which they are recorded.
        parties: whom holdings name in confidence; facts and filings about them are recorded under
            their pseudonyms. None leaves every subject as it is given.
        dry_run: say what would happen and append nothing.

    Raises:
        ConflictError: a reversal does not fit what it reverses.
        HeadMovedError: another writer appended meanwhile.
    """
    source = given.source
    drafts, lines, problems = _read(given.data, source, *asked)
    if problems:
        refused = len({problem.line for problem in problems})
        return Recorded(0, 0, 0, 0, refused, tuple(problems), ())
    notes: list[Problem] = []
    if parties is not None:
        drafts, notes = in_confidence(drafts, lines, source, parties)
    write = ledger.preview if dry_run else ledger.append
    entries: list[int] = []
    same = superseded = 0
    for start in range(0, len(drafts), CHUNK):
        appended = write(drafts[start : start + CHUNK])
        entries.extend(appended.new)
        same += appended.same
        superseded += len(appended.superseded)
        problems += [
            changed_problem(source, lines[start + conflict.draft_index], conflict.seq)
            for conflict in appended.conflicts
        ]
    told = (*problems, *notes, *excesses(drafts, lines, (source, 0), ((), ())))
    return Recorded(len(entries), same, len(problems), superseded, 0, told, tuple(entries))


def _read(
    data: bytes, source: str, vocabulary: Vocabulary, today: date
) -> tuple[list[Draft], list[int], list[Problem]]:
    """Reads every line; gives the drafts, the line of each, and what was refused."""
    drafts, lines, problems = [], [], []
    for number, line in numbered(data):
        try:
            drafts.append(read_record(read_object(line), vocabulary, today))
            lines.append(number)
        except LedgerError as error:
            problems.append(
                Problem(source, number, error.code, error.message, error.remedy, why=error.why)
            )
    return drafts, lines, problems


def read_record(given: Mapping[str, Any], vocabulary: Vocabulary, today: date) -> Draft:
    """Reads one record as an object, to be recorded on a UTC day.

    Raises:
        InputError: it is no record, or a fact that nobody filled in, or says that something
            expired on a day that is still to come.
        RuleError: it states a fact that the vocabulary does not know.
    """
    _check_filled(given)
    draft = parse_record(given)
    if draft.type == "key":
        raise InputError(
            "keys are not recorded by hand",
            why="who signs the ledger follows from these records, and a slip would end it",
            remedy="use: flopledger key rotate, or flopledger key revoke",
        )
    if draft.type == "fact":
        _check_fact(draft, vocabulary)
    if draft.type == "commitment":
        _check_expired(draft, today)
    return draft


def _check_expired(draft: Draft, today: date) -> None:
    """Refuses a commitment that is said to have expired on a day that is still to come."""
    day = draft.body.get("expired_on")
    if day is not None and parse_day(str(day)) > today:
        raise InputError(
            f"expired_on is {day}, which is still to come: today is {today}",
            why="until then it may still be delivered",
            remedy="record it on that day, or leave expired_on out",
        )


def _check_filled(given: Mapping[str, Any]) -> None:
    """Refuses a line of a form of missing facts that nobody filled."""
    value = given.get("value")
    if given.get("type") == "fact" and isinstance(value, dict) and value.get("value", "") is None:
        raise InputError(
            f"no value of {given.get('name')} is filled in",
            why="a fact that is not known is left out, and stays unknown",
            remedy="fill in the value, or delete the line",
        )


@dataclass(frozen=True, slots=True)
class FactGiven:
    """A fact as somebody states it.

    Attributes:
        subject: `model:…`, `developer:…` and so on.
        name: a name of the vocabulary.
        value: the value as text; a set has commas between its words, a boolean is yes or no.
        valid_from: first day it holds, `YYYY-MM-DD`, or None for always.
        valid_until: first day it no longer holds, or None for open.
        source: where it is written down; may be empty.
        kind: what kind of source that is.
    """

    subject: str
    name: str
    value: str
    valid_from: str | None = None
    valid_until: str | None = None
    source: str = ""
    kind: str = "assertion"


def record_fact(
    ledger: Ledger,
    given: FactGiven,
    vocabulary: Vocabulary,
    mentions: Mentions,
    parties: Parties | None = None,
) -> Recorded:
    """Appends one fact; the same fact again adds nothing.

    Two values that hold on one day make the fact undetermined until one is reversed: both may
    have been stated, and the ledger keeps both. It is a finding, as a new subject is a note.

    Args:
        ledger: where to append.
        given: the fact.
        vocabulary: the facts that may be stated.
        mentions: the same ledger, to look up what it says beside the fact.
        parties: whom holdings name in confidence; a fact about one is recorded under its
            pseudonym. None leaves the subject as it is given.

    Raises:
        RuleError: there is no such fact; the error names the nearest.
        InputError: the subject is of another kind, or the value or a date cannot be read.
        HeadMovedError: another writer appended meanwhile.
    """
    subject = given.subject if parties is None else parties.stand_in(given.subject)
    draft = fact_draft(replace(given, subject=subject), vocabulary)
    notes = beside(draft.body, mentions)
    if parties is not None:
        renamed = subject != given.subject
        notes = (*notes, *of_party(FACT_SOURCE, None, subject, parties, renamed=renamed))
    appended = ledger.append([draft])
    assert not appended.conflicts, "a fact is its own identity"
    return Recorded(len(appended.new), appended.same, 0, 0, 0, notes, appended.new)


def fact_draft(given: FactGiven, vocabulary: Vocabulary) -> Draft:
    """Makes the record of one fact.

    Raises:
        RuleError: there is no such fact; the error names the nearest.
        InputError: the subject is of another kind, or the value or a date cannot be read.
    """
    _check_subject(given.subject, given.name, vocabulary)
    importer, version = FACT_EVIDENCE
    body = {
        "subject": given.subject,
        "name": given.name,
        "value": vocabulary.read_value(given.name, _yes_or_no(given, vocabulary)),
        "valid_from": given.valid_from,
        "valid_until": given.valid_until,
        "evidence": {
            "source_kind": given.kind,
            "file_sha256": None,
            "locator": given.source,
            "importer": importer,
            "importer_version": version,
        },
    }
    _check_validity(given.valid_from, given.valid_until)
    return draft_of("fact", body)


def _yes_or_no(given: FactGiven, vocabulary: Vocabulary) -> str:
    """The value in the words of the vocabulary, which says yes and no where JSON has booleans."""
    if vocabulary.fact(given.name).type != "boolean":
        return given.value
    said = {"true": "yes", "false": "no"}.get(given.value, given.value)
    if said not in {"yes", "no"}:
        raise InputError(
            f"{given.name}: {given.value!r} is neither yes nor no",
            why=f"{given.name} is of type boolean",
            remedy="write yes or no, or true or false, in lower case",
        )
    return said


def _check_subject(subject: str, name: str, vocabulary: Vocabulary) -> None:
    """Refuses a fact of a subject of another kind."""
    kind = vocabulary.fact(name).subject
    given, colon, rest = subject.partition(":")
    if not colon or given != kind or not rest:
        raise InputError(
            f"{name} is a fact of a {kind}, and {subject!r} is none",
            why="a fact under another subject would never be asked for",
            remedy=f"write {kind}:{rest or (NAME if colon else subject)}",
        )


def _check_validity(valid_from: str | None, valid_until: str | None) -> None:
    """Refuses a fact that holds on no day."""
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise InputError(
            f"the fact would hold from {valid_from} until before {valid_until}: on no day",
            remedy="valid-until is the first day on which it no longer holds",
        )


def _check_fact(draft: Draft, vocabulary: Vocabulary) -> None:
    """Refuses a recorded fact whose name, subject or value the vocabulary does not know."""
    body: Mapping[str, Any] = draft.body
    name, value = body["name"], body["value"]
    _check_subject(body["subject"], name, vocabulary)
    _check_validity(body["valid_from"], body["valid_until"])
    said = {True: "yes", False: "no"}.get(value["value"]) if value["kind"] == "boolean" else None
    meant = vocabulary.read_value(name, said or value["value"])
    if meant["kind"] != value["kind"]:
        raise InputError(
            f"{name} is a {meant['kind']}, not a {value['kind']}",
            remedy=f"write {json.dumps(meant, ensure_ascii=False)}",
        )
