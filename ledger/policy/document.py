"""The JSON form of a policy: the C2SP lines, and what they cannot say of keys, people and time.

Specification: ``schemas/policy.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from ledger.canonical import JSON, parse_spelling
from ledger.checkpoint import Checkpoint, Note
from ledger.custody import Revocation, RevocationReason
from ledger.errors import CanonicalError, InputError, IntegrityError
from ledger.keys import VerifierKey
from ledger.period import parse_instant
from ledger.policy.lines import near, parse_lines
from ledger.policy.roster import check_asked, check_once, check_roster
from ledger.policy.terms import MEMBERS, Act, KeyTerm, Person, Policy
from ledger.timestamp import parse_roots

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["SCHEMA", "parse_document"]

SCHEMA: Final = "flopledger/policy.v1"
LIST_MAX = 1024
COUNT_MAX = 99
DAYS_MAX = 36_500
_SIZE_MAX = 2**53 - 1
_ROLE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_ROLE_MAX = 32
_TEXT_MAX = 200
_ACTS: Final[Mapping[str, Act]] = {
    "attestation": "attestation",
    "restatement": "restatement",
    "adoption": "adoption",
    "key": "key",
}
_REASONS: Final[Mapping[str, RevocationReason]] = {
    "compromised": "compromised",
    "retired": "retired",
}

T = TypeVar("T")


def parse_document(data: bytes, *, limit: int, where: str) -> Policy:
    """Read a policy in its JSON form.

    Args:
        data: UTF-8 JSON, in any spelling.
        limit: Largest length taken, in bytes.
        where: Name of the file.

    Raises:
        InputError: If it is no such JSON, or a member says what it cannot say.
    """
    try:
        value = parse_spelling(data, limit=limit)
    except CanonicalError as error:
        raise InputError(error.message, where=where, remedy=error.remedy) from error
    root = _object(value, where, ("schema", "tlog_policy"), tuple(MEMBERS))
    if root["schema"] != SCHEMA:
        raise InputError(
            f"the policy says schema {str(root['schema'])[:60]!r}, not {SCHEMA!r}",
            where=f"{where} schema",
        )
    lines = _list(root["tlog_policy"], f"{where} tlog_policy", _line)
    policy = parse_lines(lines, where=f"{where} tlog_policy")
    asked = {name: value for name, value in root.items() if value is not None}
    policy = _with_people(policy, asked, where)
    policy = _with_keys(policy, asked, where)
    return replace(
        policy,
        window_days_max=_days(asked, "window_days_max", where),
        silence_days_max=_days(asked, "silence_days_max", where),
        remembered=_with_place(
            asked, "remembered", where, lambda v, at: _list(v, at, _remembered(policy))
        ),
        timestamp_roots=_with_place(
            asked, "timestamp_roots", where, lambda v, at: _list(v, at, _root)
        ),
    )


def _with_people(policy: Policy, asked: Mapping[str, JSON], where: str) -> Policy:
    """Add the people, and what is asked of them."""
    people = _with_place(asked, "people", where, lambda v, at: _list(v, at, _person))
    needed = _with_place(asked, "attestation", where, _needed)
    acts = _with_place(asked, "four_eyes", where, lambda v, at: _list(v, at, _one_of(_ACTS)))
    check_roster(people or (), [log.key for log in policy.logs], f"{where} people")
    for role, count in (needed or {}).items():
        holding = [person.name for person in people or () if role in person.roles]
        if len(holding) < count:
            known = {each for person in people or () for each in person.roles}
            raise InputError(
                f"{count} people must sign as {role}, and {len(holding)} of the policy may",
                where=f"{where} attestation",
                why="no attestation could ever satisfy it",
                remedy=near(role, sorted(known - {role})) if not holding and known else "",
            )
    check_once(acts or (), f"{where} four_eyes")
    check_asked(acts or (), needed, f"{where} four_eyes")
    eyes = None if acts is None else frozenset(acts)
    return replace(policy, people=people, attestation=needed, four_eyes=eyes)


def _with_keys(policy: Policy, asked: Mapping[str, JSON], where: str) -> Policy:
    """Add the limits of keys; each must be a key that the policy knows."""
    known = {log.key.encode(): log.key for log in policy.logs}
    known |= {witness.key.encode(): witness.key for witness in policy.witnesses}
    known |= {key.encode(): key for person in policy.people or () for key in person.keys}

    def term(value: JSON, at: str) -> KeyTerm:
        optional = ("from_size", "to_size", "not_before", "not_after", "revoked")
        root = _object(value, at, ("vkey",), optional)
        vkey = _text(root["vkey"], f"{at} vkey", 4000)
        if vkey not in known:
            raise InputError(
                f"no log, witness or person of the policy has the key {vkey[:60]!r}",
                where=f"{at} vkey",
                why="its limits would bind nothing",
                remedy="copy the key from the line that it limits",
            )
        return _limits(known[vkey], root, at)

    terms = _with_place(asked, "keys", where, lambda v, at: _list(v, at, term))
    check_once([each.key.encode() for each in terms or ()], f"{where} keys")
    return replace(policy, keys=terms)


def _limits(key: VerifierKey, root: Mapping[str, JSON], at: str) -> KeyTerm:
    """Return the limits of a key, each range with something in it."""

    def size(value: JSON, place: str) -> int:
        return _integer(value, place, 0, _SIZE_MAX)

    asked = {name: value for name, value in root.items() if value is not None}
    found = KeyTerm(
        key,
        _with_place(asked, "from_size", at, size) or 0,
        _with_place(asked, "to_size", at, size),
        _with_place(asked, "not_before", at, _instant),
        _with_place(asked, "not_after", at, _instant),
        _with_place(asked, "revoked", at, _revocation),
    )
    backwards = found.to_size is not None and found.to_size <= found.from_size
    if found.not_before is not None and found.not_after is not None:
        backwards = backwards or found.not_after <= found.not_before
    if backwards:
        raise InputError(
            f"the limits of {key.label} leave nothing that it may sign",
            where=at,
            remedy="from_size is below to_size, not_before is earlier than not_after",
        )
    return found


def _revocation(value: JSON, at: str) -> Revocation:
    """Read why and from where a key is no longer trusted."""
    root = _object(value, at, ("from_size", "at", "reason"), ())
    return Revocation(
        _integer(root["from_size"], f"{at} from_size", 0, _SIZE_MAX),
        _one_of(_REASONS)(root["reason"], f"{at} reason"),
        _instant(root["at"], f"{at} at"),
    )


def _person(value: JSON, at: str) -> Person:
    """Read one person."""
    root = _object(value, at, ("name", "roles", "vkeys"), ())
    roles = _list(root["roles"], f"{at} roles", _role)
    check_once(roles, f"{at} roles")
    keys = _list(root["vkeys"], f"{at} vkeys", _vkey)
    return Person(_text(root["name"], f"{at} name", _TEXT_MAX), frozenset(roles), keys)


def _needed(value: JSON, at: str) -> Mapping[str, int]:
    """Read how many people must sign in each role."""
    if not isinstance(value, dict) or not value:
        raise InputError("how many people must sign is an object of roles", where=at)
    return {
        _role(role, at): _integer(count, f"{at} {role[:40]}", 1, COUNT_MAX)
        for role, count in value.items()
    }


def _root(value: JSON, at: str) -> x509.Certificate:
    """Read one root of a timestamp authority."""
    try:
        found = parse_roots(_text(value, at, 40_000).encode())
    except InputError as error:
        raise InputError(error.message, where=at) from error
    if len(found) != 1:
        raise InputError(
            f"{len(found)} certificates in one text", where=at, remedy="write one each"
        )
    return found[0]


def _remembered(policy: Policy) -> Callable[[JSON, str], tuple[Note, Checkpoint]]:
    """Return the reader of a checkpoint from earlier: a log of the policy must have signed it."""

    def remembered(value: JSON, at: str) -> tuple[Note, Checkpoint]:
        text = _text(value, at, 65_536)
        try:
            note = Note.parse(text.encode())
            checkpoint = Checkpoint.parse(note.text)
        except InputError as error:
            raise InputError(f"no checkpoint: {error.message}", where=at) from error
        for key in policy.log_keys(checkpoint.origin):
            try:
                note.verify(key)
            except IntegrityError:
                continue
            return note, checkpoint
        raise InputError(
            f"the remembered checkpoint of {checkpoint.origin} over {checkpoint.size} entries is "
            "not signed by a log of the policy",
            where=at,
            why="what nobody signed proves nothing against anybody",
            remedy="copy the note whole, or add the log line of the key that signed it",
        )

    return remembered


def _days(asked: Mapping[str, JSON], name: str, where: str) -> int | None:
    """Read a number of days, or None where none is asked."""
    return _with_place(asked, name, where, lambda v, at: _integer(v, at, 1, DAYS_MAX))


def _with_place(
    asked: Mapping[str, JSON], name: str, where: str, read: Callable[[JSON, str], T]
) -> T | None:
    """Read a member that may be left out; messages name it."""
    return read(asked[name], f"{where} {name}") if name in asked else None


def _object(
    value: JSON, where: str, needed: tuple[str, ...], optional: tuple[str, ...]
) -> dict[str, JSON]:
    """Return an object with these members and no other."""
    if not isinstance(value, dict):
        raise InputError(f"a JSON object is expected, not {_kind(value)}", where=where)
    for name in value:
        if name not in needed and name not in optional:
            raise InputError(
                f"the member {name[:60]!r} is not known",
                where=where,
                why="what is not understood must not look as if it were asked",
                remedy=near(name, (*needed, *optional)),
            )
    for name in needed:
        if name not in value:
            raise InputError(f"the member {name!r} is missing", where=where)
    return value


def _list(value: JSON, where: str, read: Callable[[JSON, str], T]) -> tuple[T, ...]:
    """Read a list that is not empty."""
    if not isinstance(value, list):
        raise InputError(f"a list is expected, not {_kind(value)}", where=where)
    if not 0 < len(value) <= LIST_MAX:
        raise InputError(
            f"a list of {len(value)} items",
            where=where,
            why=f"an empty list looks as if something were asked; more than {LIST_MAX} is too long",
            remedy="leave the member out if nothing is asked",
        )
    return tuple(read(item, f"{where}[{number}]") for number, item in enumerate(value))


def _line(value: JSON, where: str) -> bytes:
    """Read one C2SP line."""
    text = _text(value, where, 8000, empty=True)
    if "\n" in text:
        raise InputError("a line of the policy holds a newline", where=where)
    return text.encode()


def _text(value: JSON, where: str, limit: int, *, empty: bool = False) -> str:
    """Read a text of at most so many characters."""
    if not isinstance(value, str) or len(value) > limit or not (value or empty):
        raise InputError(
            f"a text of 1 to {limit} characters is expected, not {_kind(value)}", where=where
        )
    return value


def _integer(value: JSON, where: str, least: int, most: int) -> int:
    """Read a whole number within bounds; true and false are none."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InputError(
            f"a whole number from {least} to {most} is expected, not {_kind(value)}", where=where
        )
    return value


def _instant(value: JSON, where: str) -> datetime:
    """Read a UTC time."""
    try:
        return parse_instant(_text(value, where, 40))
    except InputError as error:
        raise InputError(error.message, where=where, remedy=error.remedy) from error


def _vkey(value: JSON, where: str) -> VerifierKey:
    """Read the key of a person."""
    try:
        return VerifierKey.parse(_text(value, where, 400))
    except InputError as error:
        raise InputError(error.message, where=where, remedy=error.remedy) from error


def _role(value: JSON, where: str) -> str:
    """Read the word of a role."""
    role = _text(value, where, _ROLE_MAX)
    if not _ROLE.fullmatch(role):
        raise InputError(
            f"{role!r} is no role", where=where, remedy="write a kebab-case word such as officer"
        )
    return role


def _one_of(words: Mapping[str, T]) -> Callable[[JSON, str], T]:
    """Return the reader of one of these words."""

    def read(value: JSON, where: str) -> T:
        if not isinstance(value, str) or value not in words:
            said = str(value)[:60]
            raise InputError(f"{said!r} is not known here", where=where, remedy=near(said, words))
        return words[value]

    return read


def _kind(value: JSON) -> str:
    """Return what a value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return f"a text of {len(value)} characters"
        case list():
            return f"a list of {len(value)}"
    return "an object"
