"""People sign statements; what counts is how many of them there are, and in which roles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ledger.anchoring import Written, window_of
from ledger.entry import Entry
from ledger.envelope import Envelope
from ledger.errors import IntegrityError
from ledger.period import parse_instant
from ledger.policy import Person, Policy

__all__ = ["Naming", "Signers", "require_roles", "signers_of"]


@dataclass(frozen=True, slots=True)
class Naming:
    """The entry that names a statement: what shows when people signed it, which they do not say.

    Attributes:
        seq: Its number: entries in the ledger when the statement was recorded.
        stated: Its ``recorded_at``, UTC.
        by: Time by which it is shown from outside to have been there; None if nothing shows it.
    """

    seq: int
    stated: datetime
    by: datetime | None

    @classmethod
    def of(cls, entry: Entry, written: Sequence[Written]) -> Self:
        """Return what an entry shows, with the windows of all entries."""
        return cls(entry.seq, parse_instant(entry.recorded_at), window_of(written, entry.seq).by)


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signed a statement.

    Attributes:
        people: People of the policy, each once.
        refused: Names of those whose key was not trusted then, with the reason.
        unshown: Why it cannot be checked that a key was still trusted, a sentence each.
        unknown: Hints of signatures by nobody known; shown, never trusted.
    """

    people: tuple[Person, ...]
    refused: tuple[str, ...]
    unshown: tuple[str, ...]
    unknown: tuple[str, ...]

    def words(self) -> str:
        """Return the names with their roles, as they follow on ``signed by``."""
        named = [f"{p.name} ({', '.join(sorted(p.roles))})" for p in self.people]
        words = "; ".join(named) or "nobody whom the policy knows"
        count = len(self.unknown)
        if count:
            signatures = (
                "1 signature is by a key" if count == 1 else f"{count} signatures are by keys"
            )
            words += f" ({signatures} that the policy does not know: not counted)"
        if self.refused:
            words += f" (not counted: {'; '.join(self.refused)})"
        return words


def signers_of(envelope: Envelope, policy: Policy, named: Naming) -> Signers:
    """Return who signed a statement, keys coming from the policy alone.

    Args:
        envelope: The statement with its signatures.
        policy: Who is known.
        named: The entry that names it, for keys whose trust begins or ends.

    Raises:
        IntegrityError: If a signature claims to be by a known key and is not.
    """
    keys = [key for person in policy.people or () for key in person.keys]
    signed = envelope.signed_by(keys)
    people: list[Person] = []
    refused: list[str] = []
    unshown: list[str] = []
    for key in signed.keys:
        person = policy.person(key)
        assert person is not None
        term = policy.term(key)
        why = term.lapse(named.seq, named.stated)
        if why:
            refused.append(f"{person.name}: {why}")
            continue
        doubt = term.lapse_unstated(named.seq, named.by)
        if doubt:
            unshown.append(f"entry {named.seq}, {person.name}: {doubt}")
        if person not in people:
            people.append(person)
    return Signers(tuple(people), tuple(refused), tuple(unshown), signed.unknown)


def require_roles(
    people: Sequence[Person],
    needed: Mapping[str, int],
    *,
    apart: bool,
    recorders: Collection[bytes],
    where: str,
) -> None:
    """Do nothing if so many different people signed in each role.

    Args:
        people: Who signed.
        needed: How many people in each role.
        apart: Whether nobody may fill two roles, and no holder of a log key any but recorder.
        recorders: Public keys of the log.
        where: The statement, for messages.

    Raises:
        IntegrityError: Naming the role that is short.
    """
    for role, count in needed.items():
        able = [each for each in people if _may(each, role, apart=apart, recorders=recorders)]
        if len(able) < count:
            holding = [p.name for p in people if role in p.roles and p not in able]
            raise IntegrityError(
                f"{_people(len(able))} signed as {role}, and the policy asks for {count}",
                where=where,
                why=f"{', '.join(holding)} holds the key of the log: whoever records does not "
                "approve"
                if holding
                else "signatures of one person count once, those of unknown keys not at all",
                remedy="ask for the statement with the missing signatures",
            )
    if apart and not _placed(people, needed, recorders):
        raise IntegrityError(
            "somebody would have to fill two of the roles: too few different people signed",
            where=where,
            why="the policy asks for four eyes: one person stands for one role",
            remedy="ask for the statement with the signature of one more person",
        )


def _people(count: int) -> str:
    """Return a number of people."""
    return "1 person" if count == 1 else f"{count} people"


def _may(person: Person, role: str, *, apart: bool, recorders: Collection[bytes]) -> bool:
    """Whether a person can stand for a role."""
    if role not in person.roles:
        return False
    records = any(key.public in recorders for key in person.keys)
    return not (apart and records and role != "recorder")


def _placed(
    people: Sequence[Person], needed: Mapping[str, int], recorders: Collection[bytes]
) -> bool:
    """Whether every place of every role can be filled by a person of its own."""
    places = [role for role, count in needed.items() for _ in range(count)]
    holder: dict[str, int] = {}

    def fill(place: int, tried: set[str]) -> bool:
        role = places[place]
        for person in _able(people, role, recorders):
            if person.name in tried:
                continue
            tried.add(person.name)
            if person.name not in holder or fill(holder[person.name], tried):
                holder[person.name] = place
                return True
        return False

    return all(fill(place, set()) for place in range(len(places)))


def _able(people: Sequence[Person], role: str, recorders: Collection[bytes]) -> Iterable[Person]:
    """Return who can stand for a role under four eyes."""
    return [each for each in people if _may(each, role, apart=True, recorders=recorders)]
