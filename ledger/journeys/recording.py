"""Recording: records as JSON Lines, checked whole before the first is appended; and one fact."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Never

from ledger.canonical import INTEGER_MAX
from ledger.errors import InputError, LedgerError, Problem
from ledger.journeys.beside import Mentions, beside
from ledger.journeys.confidence import in_confidence, of_party
from ledger.journeys.excesses import excesses
from ledger.journeys.importing import CHUNK, Ledger, changed_problem
from ledger.journeys.parties import Parties
from ledger.record import Draft, draft_of, parse_record
from ledger.regime.vocabulary import Vocabulary

__all__ = [
    "FACT_EVIDENCE",
    "LINE_MAX",
    "FactGiven",
    "Lines",
    "Recorded",
    "fact_draft",
    "record_fact",
    "record_lines",
]

LINE_MAX = 262_144
"""Bytes of one line; an entry holds a quarter of it, and escapes can double a text."""

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


@dataclass(frozen=True, slots=True)
class Lines:
    """A text of JSON Lines.

    Attributes:
        data: UTF-8; one object a line as `schemas/record-*.v1.schema.json` say; empty lines and a
            byte order mark are passed over.
        source: its name, for messages.
    """

    data: bytes
    source: str


def record_lines(
    ledger: Ledger,
    given: Lines,
    vocabulary: Vocabulary,
    *,
    parties: Parties | None = None,
    dry_run: bool = False,
) -> Recorded:
    """Appends the records of a JSON Lines text, or none of them if any line is refused.

    Args:
        ledger: where to append.
        given: the text.
        vocabulary: the facts that may be stated.
        parties: whom holdings name in confidence; facts and filings about them are recorded under
            their pseudonyms. None leaves every subject as it is given.
        dry_run: say what would happen and append nothing.

    Raises:
        ConflictError: a reversal does not fit what it reverses.
        HeadMovedError: another writer appended meanwhile.
    """
    source = given.source
    drafts, lines, problems = _read(given.data, source, vocabulary)
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
    data: bytes, source: str, vocabulary: Vocabulary
) -> tuple[list[Draft], list[int], list[Problem]]:
    """Reads every line; gives the drafts, the line of each, and what was refused."""
    drafts, lines, problems = [], [], []
    plain = data.removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(plain.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            drafts.append(_draft(line, vocabulary))
            lines.append(number)
        except LedgerError as error:
            problems.append(
                Problem(source, number, error.code, error.message, error.remedy, why=error.why)
            )
    return drafts, lines, problems


def _draft(line: bytes, vocabulary: Vocabulary) -> Draft:
    """Reads one line strictly."""
    given = _object(line)
    _check_filled(given)
    draft = parse_record(given)
    if draft.type == "fact":
        _check_fact(draft, vocabulary)
    return draft


def _check_filled(given: Mapping[str, Any]) -> None:
    """Refuses a line of a form of missing facts that nobody filled."""
    value = given.get("value")
    if given.get("type") == "fact" and isinstance(value, dict) and value.get("value", "") is None:
        raise InputError(
            f"no value of {given.get('name')} is filled in",
            why="a fact that is not known is left out, and stays unknown",
            remedy="fill in the value, or delete the line",
        )


def _object(line: bytes) -> Mapping[str, Any]:
    """The JSON object of one line; nothing is rounded, dropped or overwritten."""
    if len(line) > LINE_MAX:
        raise InputError(f"the line has more than {LINE_MAX:,} bytes", remedy="split the record")
    if b"\0" in line:
        raise InputError(
            "the line holds a zero byte: the file is UTF-16 or no text",
            remedy="save the file as UTF-8",
        )
    try:
        value = _DECODER.decode(line.decode("utf-8").strip())
    except UnicodeDecodeError as error:
        raise InputError("the line is not UTF-8", remedy="save the file as UTF-8") from error
    except RecursionError as error:
        raise InputError("the line is nested too deep", remedy="records are flat") from error
    except json.JSONDecodeError as error:
        where = f"column {error.colno}"
        raise InputError(f"not JSON: {error.msg}, {where}", remedy="one object a line") from error
    if not isinstance(value, dict):
        raise InputError(
            f"the line holds a {type(value).__name__} and not an object",
            remedy='write {"type": "fact", …}',
        )
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"the key {twice!r} stands twice",
            why="readers of JSON disagree on which of the two counts",
            remedy="keep one",
        )
    return found


def _float(text: str) -> Never:
    """Refuses a number with a point or an exponent."""
    mantissa, _, exponent = text.lower().partition("e")
    exact = f'"{mantissa}*10^{exponent.lstrip("+")}"' if exponent else "an integer"
    raise InputError(
        f"{text[:40]} is a float",
        why="a float near 10^25 is exact only to about two billion operations",
        remedy=f"write all its digits as a text; {exact} means the same where a quantity is read",
    )


def _integer(text: str) -> int:
    """Reads an integer that every reader of JSON keeps exact."""
    if len(text) > len(str(-INTEGER_MAX)) or abs(int(text)) > INTEGER_MAX:
        raise InputError(
            f"the number {text[:40]} is beyond 2^53",
            why="many readers of JSON would round it",
            remedy=f'write it as a text of digits: "{text[:40]}"',
        )
    return int(text)


def _constant(text: str) -> Never:
    """Refuses NaN and the infinities."""
    raise InputError(f"{text} is not a number", remedy="write null for what is not known")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_float, parse_int=_integer, parse_constant=_constant
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
